//! bcrypt: N. Provos and D. Mazières, "A Future-Adaptable Password Scheme", 1999.

mod blowfish;
mod pi;

use zeroize::{Zeroize, Zeroizing};

use super::{Derive, Plan, Secret, Work};
use crate::error::Error;
use crate::pool::{Company, Context, Lockstep};
use blowfish::{Blowfish, KEY_WORDS, Key};

/// Bytes of a password that enter.
pub const LONGEST_PASSWORD: usize = 72;

/// Bytes of the salt.
pub const SALT: usize = 16;

/// Bytes of the hash: the last of 24 is left out, as in the first implementation.
pub const HASH: usize = 23;

/// Rounds in a step: 1 ms for one state, 1.5 for four.
const STEP: u64 = 16;

/// States in lockstep at most. Four take 1.5 times as long as one; of more the tables do not
/// fit the first cache.
const MOST: usize = 4;

/// What a hash takes on one core, in nanoseconds.
pub(super) fn estimated_nanos(cost: u32) -> u64 {
    // Two key schedules, measured.
    const ROUND_NANOS: u64 = 67_000;
    ROUND_NANOS << cost
}

/// One computation, from its inputs to its hash.
pub struct Bcrypt {
    state: Box<Blowfish>,
    password: Key,
    salt: Key,
    left: u64,
    /// Empty until the end.
    hash: Secret,
}

impl Bcrypt {
    /// The work of a hash with 2 to the power of `cost` rounds. `password` is made where the work is
    /// done; of it the first 72 bytes enter, its terminating zero being one of them.
    pub fn work(
        cost: u32,
        salt: [u8; SALT],
        password: impl FnOnce() -> Result<Secret, Error> + Send + 'static,
    ) -> Work<Self> {
        let plan = Plan {
            bytes: 0,
            nanos: estimated_nanos(cost),
            company: Company::of::<Work<Self>>(0, MOST),
        };
        Work::new(plan, move || Ok(Self::new(cost, &salt, &password()?)))
    }

    fn new(cost: u32, salt: &[u8; SALT], password: &[u8]) -> Self {
        let password = &password[..password.len().min(LONGEST_PASSWORD)];
        let terminated = password.iter().chain(&[0]).copied();
        let password = cycle(terminated);
        let salt = cycle(salt.iter().copied());
        let mut state = Box::new(Blowfish::new());
        state.expand_salted(&password, &salt);
        Self {
            state,
            password,
            salt,
            left: 1 << cost,
            hash: Secret::default(),
        }
    }

    /// Encrypts the text of the paper 64 times: its section 5.
    fn finish(&mut self) {
        let mut hash = Zeroizing::new(Vec::with_capacity(HASH + 1));
        for pair in b"OrpheanBeholderScryDoubt".as_chunks::<8>().0 {
            let mut text = u64::from_be_bytes(*pair);
            for _ in 0..64 {
                text = self.state.encrypt(text);
            }
            hash.extend(text.to_be_bytes());
        }
        hash.truncate(HASH);
        self.hash = hash;
    }
}

/// Words of a key that is repeated as often as it takes.
#[expect(clippy::unnecessary_box_returns, reason = "a copy would not be wiped")]
fn cycle(bytes: impl Iterator<Item = u8> + Clone) -> Key {
    let mut bytes = bytes.cycle();
    let mut key = Box::new(Zeroizing::new([0; KEY_WORDS]));
    for word in key.iter_mut() {
        for _ in 0..4 {
            *word = *word << 8 | u32::from(bytes.next().unwrap_or_default());
        }
    }
    key
}

impl Drop for Bcrypt {
    fn drop(&mut self) {
        self.state.zeroize();
    }
}

impl Lockstep for Bcrypt {
    fn advance(pieces: &mut [&mut Self], _: &Context<'_>) {
        for group in pieces.chunks_mut(MOST) {
            match group {
                [a] => rounds([a]),
                [a, b] => rounds([a, b]),
                [a, b, c] => rounds([a, b, c]),
                [a, b, c, d] => rounds([a, b, c, d]),
                _ => {}
            }
        }
    }

    fn has_ended(&self) -> bool {
        self.left == 0
    }
}

impl Derive for Bcrypt {
    fn key(mut self) -> Secret {
        std::mem::take(&mut self.hash)
    }
}

fn rounds<const LANES: usize>(mut pieces: [&mut Bcrypt; LANES]) {
    let rounds = pieces
        .iter()
        .fold(STEP, |rounds, piece| rounds.min(piece.left));
    // Side by side in memory, so that one register reaches all.
    let mut states: Zeroizing<[Blowfish; LANES]> =
        Zeroizing::new(pieces.each_ref().map(|piece| (*piece.state).clone()));
    let passwords = pieces.each_ref().map(|piece| &**piece.password);
    let salts = pieces.each_ref().map(|piece| &**piece.salt);
    for _ in 0..rounds {
        blowfish::expand(&mut states, passwords);
        blowfish::expand(&mut states, salts);
    }
    for (piece, state) in pieces.iter_mut().zip(states.iter()) {
        (*piece.state).clone_from(state);
        piece.left -= rounds;
        if piece.left == 0 {
            piece.finish();
        }
    }
}
