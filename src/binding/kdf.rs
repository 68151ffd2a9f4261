//! The exports behind `kdf.*`.

use napi::Env;
use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use super::output::Output;
use super::{INLINE_NANOS, JobOptions, Returned, environment, inline, number, returned, secret};
use crate::error::Error;
use crate::ops::digest::Algorithm;
use crate::ops::kdf::argon2::{self, Argon2, Inputs, Variant, Version};
use crate::ops::kdf::scrypt::{self, Scrypt};
use crate::ops::kdf::{AnyWork, Derive, Plan, Secret, Work, hkdf, with_work};
use crate::pool::{Company, LaneKind};

/// Work above this goes to the bulk lane: a login may have to wait for it.
const BULK_NANOS: u64 = 1_000_000_000;

/// A byte of a password or a salt, with the slowest of the hash functions.
const INPUT_NANOS: u64 = 8;

/// A longer password or salt is no usual one.
const LONG_INPUT: usize = 64 << 10;

/// Runs `work` at once or as a job, and makes the result of its key by `finish`. `input` is the bytes
/// of what is hashed in the beginning.
pub(super) fn run(
    env: Env,
    options: JobOptions,
    input: usize,
    work: AnyWork,
    finish: impl FnOnce(Secret) -> Output + Send + 'static,
) -> Result<Output, Error> {
    with_work!(work, work => run_one(env, options, input, work, finish))
}

fn run_one<D: Derive>(
    env: Env,
    options: JobOptions,
    input: usize,
    work: Work<D>,
    finish: impl FnOnce(Secret) -> Output + Send + 'static,
) -> Result<Output, Error> {
    let Plan {
        bytes,
        nanos,
        company,
    } = work.plan();
    let nanos = nanos.saturating_add(INPUT_NANOS * input as u64);
    // What takes memory has to fetch it first.
    if nanos < INLINE_NANOS && bytes == 0 && options.may_stay() {
        return inline(|context| work.derive(context)).map(finish);
    }
    // Its first step takes in all of the input, for which no company should wait.
    let company = if input > LONG_INPUT {
        Company::of::<Work<D>>(u64::MAX, 1)
    } else {
        company
    };
    let route = options.route(lane(nanos), bytes);
    let finish = |work: Work<D>| work.key().map(finish);
    environment(env).submit_steps(env.raw(), route, company, work, finish)?;
    Ok(Output::Undefined)
}

fn lane(nanos: u64) -> LaneKind {
    if nanos > BULK_NANOS {
        LaneKind::Bulk
    } else {
        LaneKind::Interactive
    }
}

fn algorithm(number: u32) -> Algorithm {
    *Algorithm::ALL
        .get(number as usize)
        .unwrap_or_else(|| unreachable!("lib/kdf.js takes the number from `algorithms()`"))
}

/// A parameter that JavaScript has checked to be a whole number of 32 bits.
pub(super) fn parameter(value: f64) -> u32 {
    u32::try_from(number::from_js(value)).unwrap_or(u32::MAX)
}

/// scrypt, RFC 7914.
#[napi(catch_unwind, js_name = "kdfScrypt")]
pub fn kdf_scrypt(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    password: Unknown<'_>,
    salt: Unknown<'_>,
    keylen: f64,
    n: f64,
    r: f64,
    p: f64,
) -> Returned {
    let options = JobOptions::new(slot, priority, flags);
    let outcome = (|| {
        let cost = scrypt::Cost {
            n: number::from_js(n),
            r: parameter(r),
            p: parameter(p),
        };
        let (password, salt) = (secret(env, &password)?, secret(env, &salt)?);
        let input = password.len() + salt.len();
        let work = Scrypt::work(cost, salt, number::length(keylen), || Ok(password));
        run(env, options, input, AnyWork::Scrypt(work), Output::from)
    })();
    returned(env, outcome)
}

/// PBKDF2, RFC 8018. `digest` is the position in `algorithms()`.
#[napi(catch_unwind, js_name = "kdfPbkdf2")]
pub fn kdf_pbkdf2(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    password: Unknown<'_>,
    salt: Unknown<'_>,
    iterations: f64,
    keylen: f64,
    digest: u32,
) -> Returned {
    let options = JobOptions::new(slot, priority, flags);
    let outcome = (|| {
        let (password, salt) = (secret(env, &password)?, secret(env, &salt)?);
        let (iterations, length) = (parameter(iterations), number::length(keylen));
        let input = password.len() + salt.len();
        let digest = algorithm(digest);
        let work = AnyWork::pbkdf2(digest, salt, iterations, length, || Ok(password));
        run(env, options, input, work, Output::from)
    })();
    returned(env, outcome)
}

/// Argon2, RFC 9106. `variant` is 0 for Argon2id, 1 for Argon2i, 2 for Argon2d; `memory` is in KiB.
#[napi(catch_unwind, js_name = "kdfArgon2")]
pub fn kdf_argon2(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    variant: u32,
    message: Unknown<'_>,
    nonce: Unknown<'_>,
    parallelism: f64,
    tag_length: f64,
    memory: f64,
    passes: f64,
    key: Option<Unknown<'_>>,
    associated_data: Option<Unknown<'_>>,
) -> Returned {
    let options = JobOptions::new(slot, priority, flags);
    let outcome = (|| {
        let optional = |value: &Option<Unknown<'_>>| match value {
            Some(value) => secret(env, value),
            None => Ok(Secret::default()),
        };
        let inputs = Inputs {
            message: secret(env, &message)?,
            nonce: secret(env, &nonce)?,
            secret: optional(&key)?,
            associated_data: optional(&associated_data)?,
        };
        let variant = match variant {
            1 => Variant::Argon2i,
            2 => Variant::Argon2d,
            _ => Variant::Argon2id,
        };
        let cost = argon2::Cost {
            memory: parameter(memory),
            passes: parameter(passes),
            parallelism: parameter(parallelism),
        };
        let length = number::length(tag_length);
        let input = inputs.length();
        let work = Argon2::work(variant, Version::V13, cost, inputs, length);
        run(env, options, input, AnyWork::Argon2(work), Output::from)
    })();
    returned(env, outcome)
}

/// HKDF, RFC 5869. `digest` is the position in `algorithms()`.
#[napi(catch_unwind, js_name = "kdfHkdf")]
pub fn kdf_hkdf(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    digest: u32,
    ikm: Unknown<'_>,
    salt: Unknown<'_>,
    info: Unknown<'_>,
    keylen: f64,
) -> Returned {
    let options = JobOptions::new(slot, priority, flags);
    let outcome = (|| {
        let (ikm, salt, info) = (secret(env, &ikm)?, secret(env, &salt)?, secret(env, &info)?);
        let (digest, length) = (algorithm(digest), number::length(keylen));
        // Each digest of the output takes in the information, the one before, and the two padded keys.
        let digests = 1 + length / digest.digest_length();
        let bytes = ikm.len() + salt.len() + digests.saturating_mul(info.len() + 512);
        let nanos = digest.estimated_nanos(bytes);
        if nanos < INLINE_NANOS && options.may_stay() {
            return hkdf(digest, &ikm, &salt, &info, length).map(Output::from);
        }
        let route = options.route(lane(nanos), 0);
        environment(env).submit(env.raw(), route, move |_| {
            hkdf(digest, &ikm, &salt, &info, length).map(Output::from)
        })?;
        Ok(Output::Undefined)
    })();
    returned(env, outcome)
}

impl From<Secret> for Output {
    fn from(secret: Secret) -> Self {
        Self::Secret(secret)
    }
}
