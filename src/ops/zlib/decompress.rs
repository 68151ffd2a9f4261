//! Decompressing data that is at hand, into memory of the right size.

use super::decoder::{Decoder, Step};
use super::failure::too_large;
use super::inflater::{OF_FAST_PATH, TOO_SMALL_TO_BE_FAST};
use super::member;
use super::settings::{Packing, Unpacking};
use super::spare;
use super::zstd;
use crate::error::{Error, ErrorKind};
use crate::ops::source::position;
use crate::ops::table::Memory;
use crate::pool::Context;

/// Input that is read, and output that is written, between two looks at the cancellation.
const PIECE: usize = 1 << 20;

/// Deflate makes at most 258 bytes of a quarter of a byte.
const LARGEST_RATIO: u64 = 1032;

/// Zstandard makes a block of 128 KiB of four bytes.
const LARGEST_ZSTD_RATIO: u64 = 32 << 10;

/// Output of unknown length is given room for so many times its input: more is suspicious, and counted
/// before memory is taken for it.
const USUAL_RATIO: u64 = 64;
const SMALLEST_ROOM: u64 = 64 << 10;

/// What compressed data has become.
pub struct Decompressed {
    content: Content,
    /// Bytes of the input that it took. What comes after them is not part of the compressed data.
    pub consumed: u64,
}

impl Drop for Decompressed {
    fn drop(&mut self) {
        if let Content::Bytes(bytes) = &mut self.content {
            spare::put(std::mem::take(bytes));
        }
    }
}

enum Content {
    Bytes(Vec<u8>),
    /// So many bytes of it.
    Memory(Memory, usize),
}

impl AsRef<[u8]> for Decompressed {
    fn as_ref(&self) -> &[u8] {
        match &self.content {
            Content::Bytes(bytes) => bytes,
            Content::Memory(memory, length) => &memory[..*length],
        }
    }
}

/// The length that `data` says its content has, where it does, and where that can be.
#[must_use]
pub fn expected_length(unpacking: &Unpacking, data: &[u8]) -> Option<u64> {
    match unpacking {
        Unpacking::Inflate(settings) => {
            let is_gzip = match settings.packing {
                Packing::Gzip => true,
                Packing::Either => data.starts_with(&[0x1f, 0x8b]),
                Packing::Zlib | Packing::Raw => false,
            };
            // RFC 1952, section 2.3.1: of the last member, modulo 2^32.
            let length = data.last_chunk().filter(|_| is_gzip)?;
            let length = u64::from(u32::from_le_bytes(*length));
            (length <= data.len() as u64 * LARGEST_RATIO).then_some(length)
        }
        Unpacking::Brotli(_) => None,
        Unpacking::Zstd(_) => {
            zstd::content_size(data).filter(|size| *size <= data.len() as u64 * LARGEST_ZSTD_RATIO)
        }
    }
}

/// Decompresses `data`, to at most `limit` bytes.
///
/// Data that is not `finished` may end early: what is there of it is given.
pub fn decompress(
    unpacking: &Unpacking,
    data: &[u8],
    finished: bool,
    limit: u64,
    context: &Context<'_>,
) -> Result<Decompressed, Error> {
    let room = match expected_length(unpacking, data) {
        Some(length) => length,
        None => (data.len() as u64 * USUAL_RATIO)
            .max(SMALLEST_ROOM)
            .min(limit),
    };
    // What says that it is larger than it may be is counted first.
    if room <= limit
        && let Some(done) = attempt(unpacking, data, finished, room, context)?
    {
        return Ok(done);
    }
    let length = count(unpacking, data, finished, limit, SCRATCH, context)
        .or_else(|error| explain(error, unpacking, data, finished, limit, context))?;
    if let Some(done) = attempt(unpacking, data, finished, length, context)? {
        return Ok(done);
    }
    into_room(unpacking, data, finished, length, context)?
        // Somebody writes to the data meanwhile.
        .ok_or_else(|| too_large(length))
}

/// The content, in at most `room` bytes; `None` where it has more, or where another way has to be
/// taken.
fn attempt(
    unpacking: &Unpacking,
    data: &[u8],
    finished: bool,
    room: u64,
    context: &Context<'_>,
) -> Result<Option<Decompressed>, Error> {
    let Unpacking::Inflate(settings) = unpacking else {
        return into_room(unpacking, data, finished, room, context);
    };
    let room = position(room);
    let expected = expected_length(unpacking, data).map(position);
    let read = member::read(settings, data, expected, room, context);
    context.checkpoint(data.len() as u64, Some(data.len() as u64))?;
    Ok(read.map(|(bytes, consumed)| Decompressed {
        content: Content::Bytes(bytes),
        consumed: consumed as u64,
    }))
}

/// The content, in at most `room` bytes; `None` where there is more of it.
fn into_room(
    unpacking: &Unpacking,
    data: &[u8],
    finished: bool,
    room: u64,
    context: &Context<'_>,
) -> Result<Option<Decompressed>, Error> {
    // One byte more, to see the end, or that there is more.
    let capacity = usize::try_from(room)
        .unwrap_or(usize::MAX)
        .saturating_add(1);
    let mut memory = Memory::zeroed(capacity)?;
    let mut decoder = Decoder::new(unpacking)?;
    let mut length = 0;
    let end = pieces(&mut decoder, data, finished, context, |step| {
        let end = memory.len().min(length + PIECE);
        let done = step(&mut memory[length..end])?;
        length += done.written;
        Ok((done, length < capacity))
    })?;
    Ok(end
        .filter(|_| length < capacity)
        .map(|consumed| Decompressed {
            content: Content::Memory(memory, length),
            consumed,
        }))
}

/// Finds out what is wrong where the fast way has lost it, by the slow one.
fn explain(
    error: Error,
    unpacking: &Unpacking,
    data: &[u8],
    finished: bool,
    limit: u64,
    context: &Context<'_>,
) -> Result<u64, Error> {
    match error.kind() {
        ErrorKind::Compressed { message, .. } if message == OF_FAST_PATH => {
            let small = TOO_SMALL_TO_BE_FAST;
            count(unpacking, data, finished, limit, small, context)
        }
        _ => Err(error),
    }
}

/// Output that is counted and not kept.
const SCRATCH: usize = 128 << 10;

/// How long the content is; fails where that is more than `limit`.
fn count(
    unpacking: &Unpacking,
    data: &[u8],
    finished: bool,
    limit: u64,
    scratch: usize,
    context: &Context<'_>,
) -> Result<u64, Error> {
    let mut scratch = Memory::zeroed(scratch)?;
    let mut decoder = Decoder::new(unpacking)?;
    let mut length = 0;
    let end = pieces(&mut decoder, data, finished, context, |step| {
        let done = step(&mut scratch)?;
        length += done.written as u64;
        Ok((done, length <= limit))
    })?;
    end.filter(|_| length <= limit)
        .map(|_| length)
        .ok_or_else(|| too_large(limit))
}

/// One step of a decoder into the given output.
type StepInto<'a> = dyn FnMut(&mut [u8]) -> Result<Step, Error> + 'a;

/// Drives a decoder through `data`, while `output` takes what it writes and wants more. How much of
/// the data it took; `None` where it was stopped.
fn pieces(
    decoder: &mut Decoder,
    data: &[u8],
    finished: bool,
    context: &Context<'_>,
    mut output: impl FnMut(&mut StepInto<'_>) -> Result<(Step, bool), Error>,
) -> Result<Option<u64>, Error> {
    let mut consumed = 0;
    loop {
        context.checkpoint(consumed as u64, Some(data.len() as u64))?;
        let piece = &data[consumed..data.len().min(consumed + PIECE)];
        let is_all = consumed + piece.len() == data.len();
        let mut room = 0;
        let (step, wants_more) = output(&mut |output| {
            room = output.len();
            decoder.step(piece, is_all && finished, output)
        })?;
        consumed += step.consumed;
        let is_stuck = is_all && step.written < room;
        // A gzip member that ends with its piece may be followed by another.
        if (step.is_ended && (consumed == data.len() || step.consumed < piece.len())) || is_stuck {
            return Ok(Some(consumed as u64));
        }
        if !wants_more {
            return Ok(None);
        }
    }
}
