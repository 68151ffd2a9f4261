//! Deflate of input that is at hand, with what stands around it.

use std::collections::TryReserveError;

use super::deflate::{self, End};
use super::failure::out_of_memory;
use super::primed;
use super::settings::{DEFAULT_MEM_LEVEL, Deflate, Strategy, Wrapper};
use crate::error::Error;

/// The method of RFC 1950 and RFC 1952.
const DEFLATE: u8 = 8;
/// An operating system that the writer does not name (RFC 1952, section 2.3.1).
const UNKNOWN_SYSTEM: u8 = 255;

/// What of the settings' dictionary counts.
pub(super) fn dictionary(settings: &Deflate) -> &[u8] {
    if settings.wrapper == Wrapper::Gzip {
        return &[];
    }
    let window = 1 << settings.window_bits;
    let dictionary = &settings.dictionary;
    &dictionary[dictionary.len() - dictionary.len().min(window)..]
}

/// What stands before the deflate stream.
pub(super) fn header(settings: &Deflate) -> Vec<u8> {
    let is_fast = settings.level < 2
        || matches!(
            settings.strategy,
            Strategy::HuffmanOnly | Strategy::Rle | Strategy::Fixed
        );
    match settings.wrapper {
        Wrapper::Gzip => {
            // RFC 1952, section 2.3.1: no name, no time, and how hard the compressor has tried.
            let effort = match settings.level {
                9 => 2,
                _ if is_fast => 4,
                _ => 0,
            };
            vec![0x1f, 0x8b, DEFLATE, 0, 0, 0, 0, 0, effort, UNKNOWN_SYSTEM]
        }
        Wrapper::Zlib => {
            // RFC 1950, section 2.2.
            const HAS_DICTIONARY: u8 = 0x20;
            let method = (settings.window_bits - 8) << 4 | DEFLATE;
            let effort = match settings.level {
                _ if is_fast => 0,
                0..=5 => 1,
                6 => 2,
                _ => 3,
            };
            let mut flags = effort << 6;
            if !settings.dictionary.is_empty() {
                flags |= HAS_DICTIONARY;
            }
            let rest = (u16::from(method) << 8 | u16::from(flags)) % 31;
            flags += u8::try_from(31 - rest).unwrap_or_default();
            let mut header = vec![method, flags];
            if !settings.dictionary.is_empty() {
                let sum = zlib_rs::adler32::adler32(1, &settings.dictionary);
                header.extend(sum.to_be_bytes());
            }
            header
        }
        Wrapper::Raw => Vec::new(),
    }
}

/// From this level on the first bytes of a block say who compresses it.
const SAMPLED_FROM: u8 = 5;
/// What is looked at, of blocks that are longer: 3 % of the time of the longest.
const SAMPLE: usize = 16 << 10;
const SAMPLED_BLOCK: usize = 2 * SAMPLE;
/// Data that becomes smaller than this share is full of long matches, of which zlib's chains find
/// longer ones: JSON of equal records, by 3 to 7 %. Of CSV, text and code ours makes less than zlib.
const REPETITIVE: usize = 4;

/// Compresses blocks, one after the other, with working memory that it keeps.
pub(super) enum Engine {
    /// What the defaults of zlib's memory level and strategy stand for.
    Own(Box<deflate::Encoder>),
    /// The rest.
    Zlib,
}

/// zlib-rs' level that is as thorough as zlib's.
fn chain_level(level: u8) -> u8 {
    match level {
        6 => 7,
        9 => 8,
        level => level,
    }
}

impl Engine {
    pub(super) fn new(settings: &Deflate) -> Result<Self, Error> {
        let is_usual =
            settings.strategy == Strategy::Default && settings.mem_level >= DEFAULT_MEM_LEVEL;
        if !is_usual {
            return Ok(Self::Zlib);
        }
        let encoder = deflate::Encoder::new(settings.level, settings.window_bits);
        Ok(Self::Own(Box::new(encoder.map_err(no_memory)?)))
    }

    /// The blocks of `data[start..]`, which refer to the window before `start`, at the end of `out`.
    /// They end at a byte: with an empty stored block, or with the final one where this is the `last`
    /// piece. They depend on the arguments and the settings only.
    pub(super) fn compress(
        &mut self,
        settings: &Deflate,
        data: &[u8],
        start: usize,
        last: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        match self {
            Self::Zlib => primed::compress(settings, data, start, last, out),
            Self::Own(encoder) => {
                if settings.level >= SAMPLED_FROM && is_repetitive(encoder, data, start, out)? {
                    let settings = Deflate {
                        level: chain_level(settings.level),
                        dictionary: Vec::new(),
                        ..*settings
                    };
                    return primed::compress(&settings, data, start, last, out);
                }
                let end = if last { End::Last } else { End::Flush };
                encoder.compress(data, start, end, out).map_err(no_memory)
            }
        }
    }
}

/// Whether the first bytes of `data[start..]` are full of long matches. `out` is as it was before.
fn is_repetitive(
    encoder: &mut deflate::Encoder,
    data: &[u8],
    start: usize,
    out: &mut Vec<u8>,
) -> Result<bool, Error> {
    if data.len() - start <= SAMPLED_BLOCK {
        return Ok(false);
    }
    let from = out.len();
    let sample = &data[..start + SAMPLE];
    encoder
        .compress(sample, start, End::Flush, out)
        .map_err(no_memory)?;
    let length = out.len() - from;
    out.truncate(from);
    Ok(length < SAMPLE / REPETITIVE)
}

fn no_memory(_: TryReserveError) -> Error {
    out_of_memory(size_of::<deflate::Encoder>())
}
