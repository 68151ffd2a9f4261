//! Stored password hashes: made, verified, and compared with a policy.

mod fields;
mod phc;

use constant_time_eq::constant_time_eq;

use super::argon2::{self, Argon2, Inputs, Variant, Version};
use super::bcrypt::{self, Bcrypt};
use super::scrypt::{self, Scrypt};
use super::{AnyWork, Secret, pbkdf2};
use crate::error::{Error, ErrorKind};
use crate::ops::digest::{Algorithm, Digest};

/// Bytes of the salt of a new hash.
const SALT: usize = 16;

/// Bytes of the output of a new hash, bcrypt's aside.
const OUTPUT: usize = 32;

/// What a hash costs: the function and its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cost {
    /// Argon2, RFC 9106.
    Argon2(Variant, Version, argon2::Cost),
    /// scrypt, RFC 7914.
    Scrypt(scrypt::Cost),
    /// bcrypt with 2 to this power rounds.
    Bcrypt(u32),
    /// PBKDF2, RFC 8018, with HMAC over SHA-256 or SHA-512 and so many iterations.
    Pbkdf2(Algorithm, u32),
}

/// What a stored hash may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Working memory in bytes.
    pub memory: u64,
    /// Time of one core in nanoseconds, as [`Cost::estimated_nanos`] counts it.
    pub nanos: u64,
}

/// A password and what it is peppered with.
pub struct Password {
    /// Its bytes.
    pub bytes: Secret,
    /// A secret that is not stored beside the hashes.
    pub pepper: Option<Secret>,
}

impl Cost {
    /// Working memory in bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        match self {
            Self::Argon2(.., cost) => cost.bytes(),
            Self::Scrypt(cost) => cost.bytes(),
            Self::Bcrypt(_) | Self::Pbkdf2(..) => 0,
        }
    }

    /// What an output of `length` bytes takes on one core, in nanoseconds: an estimate that is the
    /// same on every machine.
    #[must_use]
    pub fn estimated_nanos(self, length: usize) -> u64 {
        match self {
            Self::Argon2(.., cost) => cost.estimated_nanos(),
            Self::Scrypt(cost) => cost.estimated_nanos(),
            Self::Bcrypt(cost) => bcrypt::estimated_nanos(cost),
            Self::Pbkdf2(algorithm, iterations) => {
                pbkdf2::estimated_nanos(algorithm, iterations, length)
            }
        }
    }

    /// The work of making `length` bytes.
    fn work(
        self,
        password: Password,
        salt: &[u8],
        associated_data: &[u8],
        length: usize,
    ) -> AnyWork {
        let copy = |bytes: &[u8]| Secret::new(bytes.to_vec());
        let salt = copy(salt);
        match self {
            Self::Argon2(variant, version, cost) => {
                let Password { bytes, pepper } = password;
                let inputs = Inputs {
                    message: bytes,
                    nonce: salt,
                    secret: pepper.unwrap_or_default(),
                    associated_data: copy(associated_data),
                };
                AnyWork::Argon2(Argon2::work(variant, version, cost, inputs, length))
            }
            Self::Scrypt(cost) => {
                AnyWork::Scrypt(Scrypt::work(cost, salt, length, || password.peppered()))
            }
            Self::Bcrypt(cost) => {
                let salt = salt.as_slice().try_into();
                let salt = salt.unwrap_or_else(|_| unreachable!("bcrypt's salt has 16 bytes"));
                AnyWork::Bcrypt(Bcrypt::work(cost, salt, || password.peppered()))
            }
            Self::Pbkdf2(algorithm, iterations) => {
                AnyWork::pbkdf2(algorithm, salt, iterations, length, || password.peppered())
            }
        }
    }
}

impl Password {
    /// What takes the password's place where the function has no secret of its own: HMAC-SHA-384 under
    /// the pepper, in base64, so that bcrypt's 72 bytes hold it and none is zero. OWASP's Password
    /// Storage Cheat Sheet, "Pre-Hashing Passwords with bcrypt".
    fn peppered(self) -> Result<Secret, Error> {
        let Some(pepper) = self.pepper else {
            return Ok(self.bytes);
        };
        let mut hmac = Digest::hmac(Algorithm::Sha384, &pepper)?;
        hmac.update(&self.bytes);
        let tag = Secret::new(hmac.finish_fixed());
        Ok(Secret::new(data_encoding::BASE64.encode(&tag).into_bytes()))
    }
}

/// A hash in the making.
pub struct NewHash {
    cost: Cost,
    salt: [u8; SALT],
}

impl NewHash {
    /// The work of it, and what makes a stored hash of the work's result.
    pub fn start(cost: Cost, password: Password) -> Result<(AnyWork, Self), Error> {
        if let Cost::Bcrypt(_) = cost
            && password.pepper.is_none()
        {
            refuse_for_bcrypt(&password.bytes)?;
        }
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt).map_err(|error| ErrorKind::Io {
            syscall: "getrandom",
            path: None,
            source: error.into(),
        })?;
        let work = cost.work(password, &salt, &[], OUTPUT);
        Ok((work, Self { cost, salt }))
    }

    /// The hash as it is stored.
    #[must_use]
    pub fn encode(&self, output: &[u8]) -> String {
        phc::encode(self.cost, &self.salt, output)
    }
}

/// What bcrypt would silently cut off is an error where a hash is made.
fn refuse_for_bcrypt(password: &[u8]) -> Result<(), Error> {
    let refuse = |expected: &str, received: String| -> Error {
        ErrorKind::InvalidArgument {
            name: "password",
            expected: expected.to_owned(),
            received,
        }
        .into()
    };
    if password.len() > bcrypt::LONGEST_PASSWORD {
        let received = format!("{} bytes", password.len());
        return Err(refuse(
            "at most 72 bytes, of which bcrypt takes no more,",
            received,
        ));
    }
    if let Some(offset) = password.iter().position(|&byte| byte == 0) {
        let received = format!("one at byte {offset}");
        return Err(refuse(
            "no NUL, at which other implementations of bcrypt stop,",
            received,
        ));
    }
    Ok(())
}

/// A hash that was stored.
pub struct StoredHash {
    cost: Cost,
    salt: Secret,
    output: Secret,
    /// Argon2's associated data.
    associated_data: Secret,
}

impl std::fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut hash = f.debug_struct("StoredHash");
        hash.field("cost", &self.cost).finish_non_exhaustive()
    }
}

impl StoredHash {
    /// Reads a PHC string, or one of the other forms that are told apart from it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        phc::parse(text)
    }

    /// Fails where the hash asks for more than `limits`. Nothing has been spent on it until then.
    pub fn check(&self, limits: Limits) -> Result<(), Error> {
        let refuse = |expected: String, received: String| -> Error {
            ErrorKind::HashFormat {
                expected,
                received,
                byte_offset: None,
            }
            .into()
        };
        let bytes = self.cost.bytes();
        if bytes > limits.memory {
            return Err(refuse(
                format!("a cost of at most {} bytes (limits.memory)", limits.memory),
                format!("one of {bytes}"),
            ));
        }
        let nanos = self.cost.estimated_nanos(self.output.len());
        if nanos > limits.nanos {
            return Err(refuse(
                format!(
                    "a cost of at most {} ms (limits.time)",
                    limits.nanos / 1_000_000
                ),
                format!("one of about {} ms", nanos / 1_000_000),
            ));
        }
        Ok(())
    }

    /// The work of verifying `password`, whose result [`matches`](Self::matches) takes.
    #[must_use]
    pub fn work(&self, password: Password) -> AnyWork {
        let Self {
            cost,
            salt,
            output,
            associated_data,
        } = self;
        cost.work(password, salt, associated_data, output.len())
    }

    /// Whether `output` is this hash's, in constant time.
    #[must_use]
    pub fn matches(&self, output: &[u8]) -> bool {
        constant_time_eq(&self.output, output)
    }
}

/// Whether `text` differs from what a new hash under `policy` would be, but for its salt and output.
pub fn needs_rehash(text: &str, policy: Cost) -> Result<bool, Error> {
    let stored = StoredHash::parse(text)?;
    let output = match policy {
        Cost::Bcrypt(_) => bcrypt::HASH,
        _ => OUTPUT,
    };
    let same = stored.cost == policy
        && stored.salt.len() == SALT
        && stored.output.len() == output
        && phc::encode(policy, &stored.salt, &stored.output) == text;
    Ok(!same)
}
