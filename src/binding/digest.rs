//! The exports behind `hash.*`.

use std::sync::{Arc, Mutex, PoisonError};

use napi::Env;
use napi::bindgen_prelude::{Array, External, Unknown};
use napi_derive::napi;
use zeroize::Zeroizing;

use super::bytes::Bytes;
use super::output::Output;
use super::{
    INLINE_NANOS, JobOptions, Returned, environment, inline, input, inputs, native_path, number,
    returned, secret,
};
use crate::error::{Error, ErrorKind};
use crate::ops::digest::{
    self, Algorithm, Digest, Encoding, FILE_BUFFERS, Mode, Spec, digest_file, digest_many,
};
use crate::pool::{Context, LaneKind};

/// Work above this goes to the bulk lane: far more than a password check may have to wait.
const BULK_NANOS: u64 = 5_000_000;

/// A message's fixed cost, whatever its length.
const MESSAGE_NANOS: u64 = 300;

/// What `lib/hash.js` asks for, its names resolved to numbers. Plain arguments and no object: reading
/// five properties would take the JavaScript thread longer than all the rest of the call.
///
/// - `algorithm`: the position in `algorithms()`;
/// - `mode`: 0 for plain, 1 for the algorithm's own keyed mode, 2 for HMAC;
/// - `encoding`: 0 bytes, 1 hex, 2 base64, 3 base64url, 4 latin1;
/// - `length`: of the output, for algorithms of any length; -1 for the usual one;
/// - `key`: for modes 1 and 2.
fn resolve(
    env: Env,
    [algorithm, mode, encoding]: [u32; 3],
    length: f64,
    key: Option<Unknown<'_>>,
) -> Result<(Spec, Encoding), Error> {
    let key = match &key {
        None => Zeroizing::default(),
        Some(key) => secret(env, key)?,
    };
    let spec = Spec {
        algorithm: *Algorithm::ALL
            .get(algorithm as usize)
            .unwrap_or_else(|| unreachable!("lib/hash.js takes the number from `algorithms()`")),
        mode: match mode {
            1 => Mode::Keyed(key),
            2 => Mode::Hmac(key),
            _ => Mode::Plain,
        },
        length: (length >= 0.0).then(|| number::length(length)),
    };
    let encoding = match encoding {
        1 => Encoding::Hex,
        2 => Encoding::Base64,
        3 => Encoding::Base64Url,
        4 => Encoding::Latin1,
        _ => Encoding::Buffer,
    };
    Ok((spec, encoding))
}

/// The cost of a digest of `bytes` message bytes, its output included.
fn estimated_nanos(spec: &Spec, messages: usize, bytes: usize) -> u64 {
    let output = spec.length.unwrap_or(0);
    spec.algorithm.estimated_nanos(bytes.saturating_add(output)) + messages as u64 * MESSAGE_NANOS
}

fn lane(nanos: u64) -> LaneKind {
    if nanos > BULK_NANOS {
        LaneKind::Bulk
    } else {
        LaneKind::Interactive
    }
}

/// Memory of results that the usual small ones do not take: BLAKE3 outputs of any length, in their
/// encoding.
fn output_bytes(spec: &Spec, encoding: Encoding, messages: usize) -> u64 {
    let length = spec.length.unwrap_or(0);
    let one = length.saturating_add(encoding.extra_bytes(length));
    one.saturating_mul(messages) as u64
}

/// Below this a digest crosses as text of one byte a character, of which `lib/hash.js` makes a
/// `Buffer` in Node's pool: 0.2 µs where a `Buffer` made here costs 1.5.
const SMALL: usize = 1 << 10;

fn output(digest: Vec<u8>, encoding: Encoding) -> Result<Output, Error> {
    if encoding == Encoding::Buffer && digest.len() < SMALL {
        Ok(Output::Latin1(digest))
    } else {
        encoding.encode(digest).map(Output::from)
    }
}

/// The names, in the order of the numbers.
#[napi(catch_unwind)]
#[must_use]
pub fn algorithms() -> Vec<&'static str> {
    Algorithm::ALL
        .iter()
        .map(|algorithm| algorithm.name())
        .collect()
}

/// The digest of one message.
#[napi(catch_unwind)]
pub fn digest(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    algorithm: u32,
    mode: u32,
    encoding: u32,
    length: f64,
    key: Option<Unknown<'_>>,
    data: Unknown<'_>,
) -> Returned {
    let options = JobOptions::new(slot, priority, flags);
    let outcome =
        resolve(env, [algorithm, mode, encoding], length, key).and_then(|(spec, encoding)| {
            let data = input(env, &data, options.copy)?;
            let nanos = estimated_nanos(&spec, 1, data.len());
            if nanos < INLINE_NANOS && options.may_stay() {
                let digest = inline(|context| digest::digest_inline(&spec, &data, context))?;
                return output(digest, encoding);
            }
            let route = options.route(lane(nanos), output_bytes(&spec, encoding, 1));
            environment(env).submit(env.raw(), route, move |context| {
                let digest = digest::digest(&spec, &data, context)?;
                output(digest, encoding)
            })?;
            Ok(Output::Undefined)
        });
    returned(env, outcome)
}

/// The digests of many messages, one after the other in one buffer.
#[napi(catch_unwind, js_name = "digestMany")]
pub fn many(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    algorithm: u32,
    mode: u32,
    encoding: u32,
    length: f64,
    key: Option<Unknown<'_>>,
    messages: Array<'_>,
) -> Returned {
    let options = JobOptions::new(slot, priority, flags);
    let outcome = resolve(env, [algorithm, mode, encoding], length, key).and_then(|(spec, _)| {
        let messages = inputs(env, &messages, options.copy)?;
        let bytes = messages.iter().map(|message| message.len()).sum();
        let nanos = estimated_nanos(&spec, messages.len(), bytes);
        if nanos < INLINE_NANOS && options.may_stay() {
            let digests = inline(|context| digest_many(&spec, &messages, context))?;
            return Ok(Output::Buffer(digests));
        }
        let bytes = output_bytes(&spec, Encoding::Buffer, messages.len());
        let route = options.route(lane(nanos), bytes);
        environment(env).submit(env.raw(), route, move |context| {
            digest_many(&spec, &messages, context).map(Output::Buffer)
        })?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}

/// The digest of a file. `path` is bytes in the system's form.
#[napi(catch_unwind, js_name = "digestFile")]
pub fn file(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    algorithm: u32,
    mode: u32,
    encoding: u32,
    length: f64,
    key: Option<Unknown<'_>>,
    path: Unknown<'_>,
) -> Returned {
    let options = JobOptions::new(slot, priority, flags);
    let outcome =
        resolve(env, [algorithm, mode, encoding], length, key).and_then(|(spec, encoding)| {
            let path = native_path(&input(env, &path, true)?)?;
            let route = options.route(
                LaneKind::Bulk,
                FILE_BUFFERS.saturating_add(output_bytes(&spec, encoding, 1)),
            );
            environment(env).submit(env.raw(), route, move |context| {
                let digest = digest_file(&spec, &path, context)?;
                output(digest, encoding)
            })?;
            Ok(Output::Undefined)
        });
    returned(env, outcome)
}

/// A digest in progress, between the jobs of one stream. Empty while a job has it, and after the
/// last one.
pub struct Stream(Arc<Mutex<Option<(Digest, Spec, Encoding)>>>);

impl Stream {
    /// Runs `step` on the state. JavaScript starts the next job of a stream when the one before has
    /// settled, so the state is there unless that one failed.
    fn with<R>(
        state: &Mutex<Option<(Digest, Spec, Encoding)>>,
        step: impl FnOnce((Digest, Spec, Encoding)) -> Result<(Option<Digest>, R), Error>,
    ) -> Result<R, Error> {
        let taken = state.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((digest, spec, encoding)) = taken else {
            return Err(ErrorKind::Cancelled.into());
        };
        let (digest, result) = step((digest, spec.clone(), encoding))?;
        if let Some(digest) = digest {
            *state.lock().unwrap_or_else(PoisonError::into_inner) = Some((digest, spec, encoding));
        }
        Ok(result)
    }
}

/// Starts a digest in parts; null, with an exception, where the specification is wrong.
#[napi(catch_unwind)]
pub fn stream_start(
    env: Env,
    algorithm: u32,
    mode: u32,
    encoding: u32,
    length: f64,
    key: Option<Unknown<'_>>,
) -> napi::Result<Option<External<Stream>>> {
    let started =
        resolve(env, [algorithm, mode, encoding], length, key).and_then(|(spec, encoding)| {
            let digest = spec.start()?;
            Ok(Stream(Arc::new(Mutex::new(Some((digest, spec, encoding))))))
        });
    match started {
        Ok(stream) => Ok(Some(External::new(stream))),
        Err(error) => returned(env, Err(error)).map(|_| None),
    }
}

/// Appends `chunks` to the message.
#[napi(catch_unwind)]
pub fn stream_update(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    stream: &External<Stream>,
    chunks: Array<'_>,
) -> Returned {
    let options = JobOptions::new(slot, priority, flags);
    let outcome = inputs(env, &chunks, options.copy).and_then(|chunks| {
        let state = Arc::clone(&stream.0);
        let route = options.route(LaneKind::Bulk, 0);
        environment(env).submit(env.raw(), route, move |context| {
            Stream::with(&state, |(mut digest, ..)| {
                append(&mut digest, &chunks, context)?;
                Ok((Some(digest), Output::Undefined))
            })
        })?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}

/// Appends the last `chunks` and ends the message.
#[napi(catch_unwind)]
pub fn stream_finish(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    stream: &External<Stream>,
    chunks: Array<'_>,
) -> Returned {
    let options = JobOptions::new(slot, priority, flags);
    let outcome = inputs(env, &chunks, options.copy).and_then(|chunks| {
        let state = Arc::clone(&stream.0);
        let length = {
            let state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state
                .as_ref()
                .map_or(0, |(_, spec, encoding)| output_bytes(spec, *encoding, 1))
        };
        let route = options.route(LaneKind::Bulk, length);
        environment(env).submit(env.raw(), route, move |context| {
            Stream::with(&state, |(mut digest, _, encoding)| {
                append(&mut digest, &chunks, context)?;
                let digest = digest.finish(context)?;
                Ok((None, output(digest, encoding)?))
            })
        })?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}

fn append(digest: &mut Digest, chunks: &[Bytes], context: &Context<'_>) -> Result<(), Error> {
    let piece = digest.piece();
    for piece in chunks.iter().flat_map(|chunk| chunk.chunks(piece)) {
        context.check()?;
        digest.update_split(piece, context.split());
    }
    Ok(())
}
