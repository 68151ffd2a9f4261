//! The exports behind `password.*`.

use napi::Env;
use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use super::kdf::{parameter, run};
use super::output::Output;
use super::{JobOptions, Returned, number, returned, secret};
use crate::error::Error;
use crate::ops::digest::Algorithm;
use crate::ops::kdf::argon2::{self, Variant, Version};
use crate::ops::kdf::password::{self, Cost, Limits, NewHash, Password, StoredHash};
use crate::ops::kdf::{Secret, scrypt};

/// What `lib/password.js` asks for, its names resolved to numbers:
///
/// - 0, Argon2id: memory in KiB, passes, parallelism;
/// - 1, scrypt: N, r, p;
/// - 2, bcrypt: the cost;
/// - 3 and 4, PBKDF2 with SHA-256 and SHA-512: the iterations.
fn cost(algorithm: u32, [first, second, third]: [f64; 3]) -> Cost {
    match algorithm {
        0 => Cost::Argon2(
            Variant::Argon2id,
            Version::V13,
            argon2::Cost {
                memory: parameter(first),
                passes: parameter(second),
                parallelism: parameter(third),
            },
        ),
        1 => Cost::Scrypt(scrypt::Cost {
            n: number::from_js(first),
            r: parameter(second),
            p: parameter(third),
        }),
        2 => Cost::Bcrypt(parameter(first)),
        3 => Cost::Pbkdf2(Algorithm::Sha256, parameter(first)),
        _ => Cost::Pbkdf2(Algorithm::Sha512, parameter(first)),
    }
}

/// The bytes that are hashed in the beginning.
fn length(password: &Password) -> usize {
    password.bytes.len() + password.pepper.as_ref().map_or(0, |pepper| pepper.len())
}

fn with_pepper(
    env: Env,
    password: &Unknown<'_>,
    pepper: Option<&Unknown<'_>>,
) -> Result<Password, Error> {
    Ok(Password {
        bytes: secret(env, password)?,
        pepper: pepper.map(|pepper| secret(env, pepper)).transpose()?,
    })
}

/// A new hash, as a string.
#[napi(catch_unwind, js_name = "passwordHash")]
pub fn hash(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    algorithm: u32,
    first: f64,
    second: f64,
    third: f64,
    password: Unknown<'_>,
    pepper: Option<Unknown<'_>>,
) -> Returned {
    let options = JobOptions::new(slot, priority, flags);
    let outcome = with_pepper(env, &password, pepper.as_ref()).and_then(|password| {
        let input = length(&password);
        let cost = cost(algorithm, [first, second, third]);
        let (work, new) = NewHash::start(cost, password)?;
        let encode = move |output: Secret| Output::Latin1(new.encode(&output).into_bytes());
        run(env, options, input, work, encode)
    });
    returned(env, outcome)
}

/// Whether a password is the one of a stored hash, as a boolean.
#[napi(catch_unwind, js_name = "passwordVerify")]
pub fn verify(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    hash: String,
    password: Unknown<'_>,
    pepper: Option<Unknown<'_>>,
    memory_limit: f64,
    time_limit: f64,
) -> Returned {
    let options = JobOptions::new(slot, priority, flags);
    let limits = Limits {
        memory: number::from_js(memory_limit),
        nanos: number::from_js(time_limit).saturating_mul(1_000_000),
    };
    let outcome = (|| {
        let stored = StoredHash::parse(&hash)?;
        stored.check(limits)?;
        let password = with_pepper(env, &password, pepper.as_ref())?;
        let input = length(&password);
        let work = stored.work(password);
        run(env, options, input, work, move |output| {
            Output::Boolean(stored.matches(&output))
        })
    })();
    returned(env, outcome)
}

/// Whether a stored hash differs from what a new one would be.
#[napi(catch_unwind, js_name = "passwordNeedsRehash")]
pub fn needs_rehash(
    env: Env,
    hash: String,
    algorithm: u32,
    first: f64,
    second: f64,
    third: f64,
) -> Returned {
    let policy = cost(algorithm, [first, second, third]);
    let outcome = password::needs_rehash(&hash, policy).map(Output::Boolean);
    returned(env, outcome)
}
