//! What every key derivation has in common.

use super::Secret;
use super::argon2::Argon2;
use super::bcrypt::Bcrypt;
use super::pbkdf2::{Other, Pbkdf2, Sha256, Sha512};
use super::scrypt::Scrypt;
use crate::error::{Error, ErrorKind};
use crate::ops::digest::Algorithm;
use crate::pool::{Company, Context, Lockstep};

/// Work whose result is a key.
pub trait Derive: Lockstep {
    /// The key, once the work has ended.
    fn key(self) -> Secret;
}

/// What is known of work before it starts.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Working memory in bytes; 0 where it is not worth counting.
    pub bytes: u64,
    /// What it takes on one core, in nanoseconds: an estimate, to choose where to run.
    pub nanos: u64,
    /// The work that one thread does side by side with it.
    pub company: Company,
}

type Start<D> = Box<dyn FnOnce() -> Result<D, Error> + Send>;

/// Work that starts with its first step, on the thread that does it: its inputs may be long, and its
/// result's memory too.
pub struct Work<D> {
    plan: Plan,
    state: State<D>,
}

enum State<D> {
    Waiting(Start<D>),
    Started(Box<D>),
    Failed(Error),
}

impl<D: Derive> Work<D> {
    pub(super) fn new(
        plan: Plan,
        start: impl FnOnce() -> Result<D, Error> + Send + 'static,
    ) -> Self {
        Self {
            plan,
            state: State::Waiting(Box::new(start)),
        }
    }

    /// What was known of it before.
    #[must_use]
    pub fn plan(&self) -> Plan {
        self.plan
    }

    /// Does all of it on this thread.
    pub fn derive(mut self, context: &Context<'_>) -> Result<Secret, Error> {
        while !self.has_ended() {
            context.check()?;
            Self::advance(&mut [&mut self], context);
        }
        self.key()
    }

    /// The key, once the work has ended.
    pub fn key(self) -> Result<Secret, Error> {
        match self.state {
            State::Started(work) if work.has_ended() => Ok(work.key()),
            State::Failed(error) => Err(error),
            State::Started(_) | State::Waiting(_) => Err(ErrorKind::Cancelled.into()),
        }
    }

    fn start(&mut self) {
        let failed = State::Failed(ErrorKind::Cancelled.into());
        self.state = match std::mem::replace(&mut self.state, failed) {
            State::Waiting(start) => match start() {
                Ok(work) => State::Started(Box::new(work)),
                Err(error) => State::Failed(error),
            },
            other => other,
        };
    }
}

impl<D: Derive> Lockstep for Work<D> {
    fn advance(pieces: &mut [&mut Self], context: &Context<'_>) {
        let mut started: Vec<&mut D> = Vec::with_capacity(pieces.len());
        for piece in pieces {
            piece.start();
            match &mut piece.state {
                State::Started(work) if !work.has_ended() => started.push(work),
                _ => {}
            }
        }
        if !started.is_empty() {
            D::advance(&mut started, context);
        }
    }

    fn has_ended(&self) -> bool {
        match &self.state {
            State::Waiting(_) => false,
            State::Started(work) => work.has_ended(),
            State::Failed(_) => true,
        }
    }
}

/// Work of any type.
pub enum AnyWork {
    /// Argon2.
    Argon2(Work<Argon2>),
    /// bcrypt.
    Bcrypt(Work<Bcrypt>),
    /// scrypt.
    Scrypt(Work<Scrypt>),
    /// PBKDF2-HMAC-SHA-256.
    Pbkdf2Sha256(Work<Pbkdf2<Sha256>>),
    /// PBKDF2-HMAC-SHA-512.
    Pbkdf2Sha512(Work<Pbkdf2<Sha512>>),
    /// PBKDF2 over another hash function.
    Pbkdf2Other(Work<Pbkdf2<Other>>),
}

/// Evaluates `$body` with `$work` bound to the work of whatever type.
macro_rules! with_work {
    ($any:expr, $work:ident => $body:expr) => {
        match $any {
            $crate::ops::kdf::AnyWork::Argon2($work) => $body,
            $crate::ops::kdf::AnyWork::Bcrypt($work) => $body,
            $crate::ops::kdf::AnyWork::Scrypt($work) => $body,
            $crate::ops::kdf::AnyWork::Pbkdf2Sha256($work) => $body,
            $crate::ops::kdf::AnyWork::Pbkdf2Sha512($work) => $body,
            $crate::ops::kdf::AnyWork::Pbkdf2Other($work) => $body,
        }
    };
}
#[cfg(feature = "binding")]
pub(crate) use with_work;

impl AnyWork {
    /// The work of PBKDF2 with HMAC over `algorithm`; see [`Pbkdf2::work`].
    pub fn pbkdf2(
        algorithm: Algorithm,
        salt: Secret,
        iterations: u32,
        length: usize,
        password: impl FnOnce() -> Result<Secret, Error> + Send + 'static,
    ) -> Self {
        match algorithm {
            Algorithm::Sha256 => {
                let prf = Sha256::default();
                Self::Pbkdf2Sha256(Pbkdf2::work(prf, salt, iterations, length, password))
            }
            Algorithm::Sha512 => {
                let prf = Sha512::default();
                Self::Pbkdf2Sha512(Pbkdf2::work(prf, salt, iterations, length, password))
            }
            other => {
                let prf = Other(other);
                Self::Pbkdf2Other(Pbkdf2::work(prf, salt, iterations, length, password))
            }
        }
    }

    /// Does all of it on this thread.
    pub fn derive(self, context: &Context<'_>) -> Result<Secret, Error> {
        with_work!(self, work => work.derive(context))
    }
}
