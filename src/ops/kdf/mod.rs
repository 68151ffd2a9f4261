//! Password hashing and key derivation.
//!
//! Each function is a piece of work in steps ([`Lockstep`](crate::pool::Lockstep)), of which one
//! thread does several side by side where that fills the gaps that one leaves: Blowfish states,
//! SHA-2 chains, Salsa20 cores. Passwords, salts, keys and working memory are wiped.

mod arena;
pub mod argon2;
pub mod bcrypt;
mod hkdf;
pub mod password;
pub mod pbkdf2;
pub mod scrypt;
mod work;

pub use arena::set_budget as set_arena_budget;
pub use hkdf::hkdf;
#[cfg(feature = "binding")]
pub(crate) use work::with_work;
pub use work::{AnyWork, Derive, Plan, Work};

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};

/// Bytes that are wiped when they are dropped.
pub type Secret = Zeroizing<Vec<u8>>;

/// What a result counts in the budget: the usual ones nothing.
fn output_bytes(length: usize) -> u64 {
    if length < 1 << 20 { 0 } else { length as u64 }
}

/// Room for a result, whose length a caller has chosen.
fn zeros(length: usize) -> Result<Secret, Error> {
    let mut bytes = Secret::default();
    let wanted = length as u64;
    bytes
        .try_reserve_exact(length)
        .map_err(|_| ErrorKind::OutOfMemory { wanted })?;
    bytes.resize(length, 0);
    Ok(bytes)
}
