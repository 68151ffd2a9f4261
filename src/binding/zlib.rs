//! The exports behind `zlib.*`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::Env;
use napi::bindgen_prelude::{External, Unknown};
use napi_derive::napi;

use super::output::Output;
use super::{JobOptions, Returned, environment, input, native_path, number, returned};
use crate::error::{Error, ErrorKind};
use crate::ops::zlib::{
    self, Brotli, Decoder, Deflate, Encoder, Encoding, Ending, Inflate, Packing, Segment, Strategy,
    Unpacking, Wrapper, Zstd,
};
use crate::pool::LaneKind;

/// Work above this goes to the bulk lane: far more than a password check may have to wait.
const BULK_NANOS: u64 = 5_000_000;

/// What a byte of input costs, about, on one thread.
const DEFLATE_NANOS: u64 = 25;
const BROTLI_NANOS: u64 = 60;
const THOROUGH_BROTLI_NANOS: u64 = 1500;
const ZSTD_NANOS: u64 = 10;
const DECOMPRESS_NANOS: u64 = 12;

/// Brotli's quality, by its number, and from which value on it is thorough.
const QUALITY: u32 = 1;
const THOROUGH_FROM: u32 = 10;

/// Output that is expected of each byte of input where nothing else is known.
const USUAL_RATIO: u64 = 4;

fn lane(length: usize, nanos: u64) -> LaneKind {
    if (length as u64).saturating_mul(nanos) > BULK_NANOS {
        LaneKind::Bulk
    } else {
        LaneKind::Interactive
    }
}

fn compress_nanos(encoding: &Encoding) -> u64 {
    match encoding {
        Encoding::Deflate(_) => DEFLATE_NANOS,
        Encoding::Zstd(_) => ZSTD_NANOS,
        Encoding::Brotli(settings) => {
            let mut qualities = settings.parameters.iter().filter(|(id, _)| *id == QUALITY);
            let quality = qualities.next_back().map_or(u32::MAX, |(_, value)| *value);
            if quality < THOROUGH_FROM {
                BROTLI_NANOS
            } else {
                THOROUGH_BROTLI_NANOS
            }
        }
    }
}

/// Numbers of JavaScript as C takes them: whole, and modulo 2^32.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "as a Uint32Array of JavaScript does it"
)]
fn word(value: f64) -> u32 {
    value as i64 as u32
}

fn pairs(params: &[f64]) -> Vec<(u32, u32)> {
    params
        .as_chunks()
        .0
        .iter()
        .map(|[key, value]| (word(*key), word(*value)))
        .collect()
}

fn signed_pairs(params: &[f64]) -> Vec<(i32, i32)> {
    let signed = |(key, value): (u32, u32)| (key.cast_signed(), value.cast_signed());
    pairs(params).into_iter().map(signed).collect()
}

fn dictionary_bytes(env: Env, dictionary: Option<Unknown<'_>>) -> Result<Vec<u8>, Error> {
    match dictionary {
        None => Ok(Vec::new()),
        Some(dictionary) => Ok(input(env, &dictionary, true)?.to_vec()),
    }
}

fn strategy(value: f64) -> Strategy {
    match word(value) {
        1 => Strategy::Filtered,
        2 => Strategy::HuffmanOnly,
        3 => Strategy::Rle,
        4 => Strategy::Fixed,
        _ => Strategy::Default,
    }
}

/// zlib's levels; -1 is the default.
fn level(value: f64) -> u8 {
    const DEFAULT: u8 = 6;
    u8::try_from(word(value)).unwrap_or(DEFAULT)
}

fn byte(value: Option<&f64>, usual: u8) -> u8 {
    value.map_or(usual, |value| u8::try_from(word(*value)).unwrap_or(usual))
}

/// What `lib/zlib-options.js` asks for:
///
/// - `codec`: 0 gzip, 1 deflate, 2 raw deflate, 3 brotli, 4 Zstandard;
/// - `params`: level, window bits, memory level and strategy of deflate; of the others keys and
///   values, one after the other.
fn encoding(
    env: Env,
    codec: u32,
    params: &[f64],
    dictionary: Option<Unknown<'_>>,
) -> Result<Encoding, Error> {
    let dictionary = dictionary_bytes(env, dictionary)?;
    Ok(match codec {
        3 => Encoding::Brotli(Brotli {
            parameters: pairs(params),
        }),
        4 => {
            // The length that the caller promises comes first; negative for none.
            let (pledged, rest) = params.split_first().unwrap_or((&-1.0, &[]));
            Encoding::Zstd(Zstd {
                parameters: signed_pairs(rest),
                dictionary,
                pledged_length: (*pledged >= 0.0).then(|| number::from_js(*pledged)),
            })
        }
        _ => {
            let wrapper = match codec {
                0 => Wrapper::Gzip,
                1 => Wrapper::Zlib,
                _ => Wrapper::Raw,
            };
            let usual = Deflate::new(wrapper);
            Encoding::Deflate(Deflate {
                level: params.first().map_or(usual.level, |value| level(*value)),
                // As zlib does.
                window_bits: byte(params.get(1), usual.window_bits).clamp(9, 15),
                mem_level: byte(params.get(2), usual.mem_level).clamp(1, 9),
                strategy: params
                    .get(3)
                    .map_or(usual.strategy, |value| strategy(*value)),
                dictionary,
                ..usual
            })
        }
    })
}

/// As [`encoding`]: 0 gunzip, 1 inflate, 2 raw inflate, 3 unzip, 4 brotli, 5 Zstandard; of inflate
/// there is the number of window bits.
fn unpacking(
    env: Env,
    codec: u32,
    params: &[f64],
    dictionary: Option<Unknown<'_>>,
) -> Result<Unpacking, Error> {
    let dictionary = dictionary_bytes(env, dictionary)?;
    Ok(match codec {
        4 => Unpacking::Brotli(Brotli {
            parameters: pairs(params),
        }),
        5 => Unpacking::Zstd(Zstd {
            parameters: signed_pairs(params),
            dictionary,
            pledged_length: None,
        }),
        _ => {
            let usual = Inflate::new(match codec {
                0 => Packing::Gzip,
                1 => Packing::Zlib,
                2 => Packing::Raw,
                _ => Packing::Either,
            });
            Unpacking::Inflate(Inflate {
                window_bits: byte(params.first(), usual.window_bits),
                dictionary,
                ..usual
            })
        }
    })
}

/// `data`, compressed.
#[napi(catch_unwind)]
pub fn zlib_compress(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    codec: u32,
    params: Vec<f64>,
    dictionary: Option<Unknown<'_>>,
    finish: bool,
    max_output: f64,
    data: Unknown<'_>,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    let outcome = encoding(env, codec, &params, dictionary).and_then(|encoding| {
        encoding.check()?;
        let data = input(env, &data, job.copy)?;
        let lane = lane(data.len(), compress_nanos(&encoding));
        let route = job.route(lane, data.len() as u64 / 2);
        environment(env).submit(env.raw(), route, move |context| {
            let limit = number::from_js(max_output);
            zlib::compress(&encoding, &data, finish, limit, context).map(Output::Buffer)
        })?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}

/// `data`, decompressed, and how much of it was taken.
#[napi(catch_unwind)]
pub fn zlib_decompress(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    codec: u32,
    params: Vec<f64>,
    dictionary: Option<Unknown<'_>>,
    finish: bool,
    max_output: f64,
    data: Unknown<'_>,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    let outcome = unpacking(env, codec, &params, dictionary).and_then(|unpacking| {
        // Fails where a parameter is refused.
        Decoder::new(&unpacking)?;
        let data = input(env, &data, job.copy)?;
        let limit = number::from_js(max_output);
        let expected = zlib::expected_length(&unpacking, &data)
            .unwrap_or((data.len() as u64).saturating_mul(USUAL_RATIO));
        let route = job.route(lane(data.len(), DECOMPRESS_NANOS), expected.min(limit));
        environment(env).submit(env.raw(), route, move |context| {
            zlib::decompress(&unpacking, &data, finish, limit, context)
                .map(|done| Output::Decompressed(Box::new(done)))
        })?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}

/// The CRC-32 of `data`, after bytes whose CRC-32 is `value`.
#[napi(catch_unwind)]
pub fn zlib_crc32(env: Env, data: Unknown<'_>, value: u32) -> napi::Result<u32> {
    match input(env, &data, false) {
        Ok(data) => Ok(zlib::crc32(&data, value)),
        Err(error) => returned(env, Err(error)).map(|_| 0),
    }
}

/// Input bytes of a segment of a stream.
#[napi(catch_unwind)]
#[must_use]
pub fn zlib_block(codec: u32) -> u32 {
    let encoding = match codec {
        0..=2 => Encoding::Deflate(Deflate::new(Wrapper::Raw)),
        _ => Encoding::Zstd(Zstd::default()),
    };
    number::small(Encoder::segment_length(&encoding))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A compressed stream in the making.
pub struct Stream(Arc<Mutex<Encoder>>);

/// A part of a stream. Empty while a job has it, and after an error.
pub struct Part {
    encoder: Arc<Mutex<Encoder>>,
    segment: Arc<Mutex<Option<Segment>>>,
}

/// What an export gives that is no job: null, with an exception, where it failed.
fn external<T: 'static>(env: Env, made: Result<T, Error>) -> napi::Result<Option<External<T>>> {
    match made {
        Ok(value) => Ok(Some(External::new(value))),
        Err(error) => returned(env, Err(error)).map(|_| None),
    }
}

/// Starts a compressed stream.
#[napi(catch_unwind)]
pub fn zlib_encoder(
    env: Env,
    codec: u32,
    params: Vec<f64>,
    dictionary: Option<Unknown<'_>>,
) -> napi::Result<Option<External<Stream>>> {
    let made = encoding(env, codec, &params, dictionary)
        .and_then(Encoder::new)
        .map(|encoder| Stream(Arc::new(Mutex::new(encoder))));
    external(env, made)
}

/// The next segment of a stream, once all of the one before has been pushed.
#[napi(catch_unwind)]
pub fn zlib_segment(env: Env, stream: &External<Stream>) -> napi::Result<Option<External<Part>>> {
    let made = lock(&stream.0).begin().map(|segment| Part {
        encoder: Arc::clone(&stream.0),
        segment: Arc::new(Mutex::new(Some(segment))),
    });
    external(env, made)
}

/// Compresses the next bytes of a segment. `op`: 0 for more to come, 1 for a flush, 2 for a full
/// flush, 3 for the end of the segment, 4 for that of the stream.
#[napi(catch_unwind)]
pub fn zlib_push(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    part: &External<Part>,
    op: u32,
    data: Unknown<'_>,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    let ending = match op {
        0 => Ending::More,
        1 => Ending::Flush,
        2 => Ending::FullFlush,
        3 => Ending::Segment,
        _ => Ending::Stream,
    };
    let outcome = input(env, &data, job.copy).and_then(|data| {
        lock(&part.encoder).note(&data, ending)?;
        let state = Arc::clone(&part.segment);
        let route = job.route(LaneKind::Bulk, data.len() as u64);
        environment(env).submit(env.raw(), route, move |_| {
            let taken = lock(&state).take();
            let mut segment = taken.ok_or(ErrorKind::Cancelled)?;
            let output = segment.push(&data, ending)?;
            *lock(&state) = Some(segment);
            Ok(Output::Buffer(output))
        })?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}

/// What stands behind the segments of a stream, after the last of them has been compressed.
#[napi(catch_unwind)]
pub fn zlib_trailer(env: Env, stream: &External<Stream>) -> Returned {
    let trailer = lock(&stream.0).trailer();
    returned(env, Ok(Output::Buffer(trailer)))
}

/// How the segments that begin later are compressed.
#[napi(catch_unwind)]
pub fn zlib_set_params(stream: &External<Stream>, new_level: f64, new_strategy: f64) {
    lock(&stream.0).set_level(level(new_level), strategy(new_strategy));
}

/// A compressed stream that is read. Empty while a job has it, and after an error.
pub struct Reading(Arc<Mutex<Option<Decoder>>>);

/// Starts reading a compressed stream.
#[napi(catch_unwind)]
pub fn zlib_decoder(
    env: Env,
    codec: u32,
    params: Vec<f64>,
    dictionary: Option<Unknown<'_>>,
) -> napi::Result<Option<External<Reading>>> {
    let made = unpacking(env, codec, &params, dictionary)
        .and_then(|unpacking| Decoder::new(&unpacking))
        .map(|decoder| Reading(Arc::new(Mutex::new(Some(decoder)))));
    external(env, made)
}

/// At most `most` bytes of the content, how many of `data` were taken for it, and whether it has
/// ended. Nothing comes after `data` that is the `last`.
#[napi(catch_unwind)]
pub fn zlib_decode(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    reading: &External<Reading>,
    last: bool,
    most: f64,
    data: Unknown<'_>,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    let outcome = input(env, &data, job.copy).and_then(|data| {
        let most = number::length(most);
        let state = Arc::clone(&reading.0);
        let route = job.route(LaneKind::Bulk, most as u64);
        environment(env).submit(env.raw(), route, move |_| {
            let taken = lock(&state).take();
            let mut decoder = taken.ok_or(ErrorKind::Cancelled)?;
            let (bytes, step) = decoder.next(&data, last, most)?;
            *lock(&state) = Some(decoder);
            Ok(Output::Decoded(bytes, step.consumed as u64, step.is_ended))
        })?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}

/// Compresses a file to another, or decompresses it. How many bytes were read and written. Paths are
/// bytes in the system's form.
#[napi(catch_unwind)]
pub fn zlib_file(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    decompress: bool,
    params: Vec<f64>,
    max_output: f64,
    from: Unknown<'_>,
    to: Unknown<'_>,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    let path = |value: &Unknown<'_>| input(env, value, true).and_then(|path| native_path(&path));
    let outcome = path(&from).and_then(|from| {
        let to = path(&to)?;
        let settings = encoding(env, 0, &params, None)?;
        let limit = number::from_js(max_output);
        let route = job.route(LaneKind::Bulk, zlib::FILE_BUFFERS);
        environment(env).submit(env.raw(), route, move |context| {
            let (read, written) = match &settings {
                Encoding::Deflate(settings) if !decompress => {
                    zlib::gzip_file(settings, &from, &to, limit, context)?
                }
                _ => zlib::gunzip_file(&from, &to, limit, context)?,
            };
            Ok(Output::Counts(read, written))
        })?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}
