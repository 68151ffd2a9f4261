//! Deflate streams that are at hand, on all threads: what stands around them is read here, and the
//! stream by [`inflate`](super::inflate).
//!
//! Only what is as it should be is read. Whatever is wrong, or uncommon, is left to the
//! [`Inflater`](super::inflater::Inflater), which has zlib's word for it.

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use super::failure::reserve;
use super::inflate::{Inflated, Runner, inflate};
use super::settings::{Inflate, Packing};
use crate::pool::{Context, Team};

/// The flags of a gzip header (RFC 1952, section 2.3.1).
const HAS_HEADER_CRC: u8 = 2;
const HAS_EXTRA: u8 = 4;
const HAS_NAME: u8 = 8;
const HAS_COMMENT: u8 = 16;
const RESERVED: u8 = 0xe0;

const DEFLATE: u8 = 8;
/// Less is read by one thread, in 10 ms at most: two would wait for each other where others have the
/// processors.
const SHARED_FROM: usize = 2 << 20;
/// The largest window, which every stream may have.
const ANY_WINDOW: [u8; 2] = [0, 15];
/// Of a zlib header (RFC 1950, section 2.2).
const HAS_DICTIONARY: u8 = 0x20;

/// The content of `data`, of at most `limit` bytes and probably `expected`, and how much of `data` it
/// takes. `None` where it is not plain.
pub(super) fn read(
    settings: &Inflate,
    data: &[u8],
    expected: Option<usize>,
    limit: usize,
    context: &Context<'_>,
) -> Option<(Vec<u8>, usize)> {
    if !ANY_WINDOW.contains(&settings.window_bits) {
        return None;
    }
    let threads = Threads {
        team: context.split().team().filter(|_| data.len() >= SHARED_FROM),
        context,
    };
    let gunzip = |rest: &[u8], limit| {
        let start = gzip_body(rest)?;
        let body = inflate(&rest[start..], expected, limit, &threads)?;
        let end = start + body.consumed;
        let (crc, length) = rest.get(end..end + 8)?.split_at(4);
        let is_right = crc == body.crc32.to_le_bytes()
            && length == &(body.output.len() as u64).to_le_bytes()[..4];
        is_right.then_some((body.output, end + 8))
    };
    match settings.packing {
        Packing::Raw if settings.dictionary.is_empty() => {
            let Inflated {
                output, consumed, ..
            } = inflate(data, expected, limit, &threads)?;
            Some((output, consumed))
        }
        Packing::Raw => None,
        Packing::Gzip => members(data, limit, gunzip),
        Packing::Either if data.starts_with(&[0x1f, 0x8b]) => members(data, limit, gunzip),
        Packing::Zlib | Packing::Either => {
            let start = zlib_body(data)?;
            let body = inflate(&data[start..], expected, limit, &threads)?;
            let end = start + body.consumed;
            let sum = zlib_rs::adler32::adler32(1, &body.output);
            let is_right = data.get(end..end + 4)? == sum.to_be_bytes();
            is_right.then_some((body.output, end + 4))
        }
    }
}

/// All members, one after the other. What begins with a zero is padding.
fn members(
    data: &[u8],
    limit: usize,
    read: impl Fn(&[u8], usize) -> Option<(Vec<u8>, usize)>,
) -> Option<(Vec<u8>, usize)> {
    let (mut all, mut end) = read(data, limit)?;
    while data.get(end).is_some_and(|byte| *byte != 0) {
        let (next, length) = read(&data[end..], limit - all.len())?;
        reserve(&mut all, next.len()).ok()?;
        all.extend_from_slice(&next);
        end += length;
    }
    Some((all, end))
}

/// Where the deflate stream begins in a gzip member.
fn gzip_body(data: &[u8]) -> Option<usize> {
    const FIXED: usize = 10;
    let [0x1f, 0x8b, DEFLATE, flags, ..] = *data else {
        return None;
    };
    if flags & (RESERVED | HAS_HEADER_CRC) != 0 || data.len() < FIXED {
        return None;
    }
    let mut at = FIXED;
    if flags & HAS_EXTRA != 0 {
        let length = data.get(at..)?.first_chunk()?;
        at += 2 + usize::from(u16::from_le_bytes(*length));
    }
    for flag in [HAS_NAME, HAS_COMMENT] {
        if flags & flag != 0 {
            at += memchr::memchr(0, data.get(at..)?)? + 1;
        }
    }
    (at <= data.len()).then_some(at)
}

/// Where the deflate stream begins in a zlib stream.
fn zlib_body(data: &[u8]) -> Option<usize> {
    let [method, flags, ..] = *data else {
        return None;
    };
    let is_right = method & 15 == DEFLATE
        && method >> 4 <= 7
        && flags & HAS_DICTIONARY == 0
        && u16::from_be_bytes([method, flags]).is_multiple_of(31);
    is_right.then_some(2)
}

struct Threads<'a> {
    team: Option<Team>,
    context: &'a Context<'a>,
}

impl Runner for Threads<'_> {
    fn threads(&self) -> usize {
        self.team.as_ref().map_or(1, Team::threads)
    }

    fn for_each(&self, count: usize, task: &(dyn Fn(usize) + Sync)) {
        match &self.team {
            None => (0..count).for_each(task),
            Some(team) => {
                team.install(|| (0..count).into_par_iter().with_max_len(1).for_each(task));
            }
        }
    }

    fn is_cancelled(&self) -> bool {
        self.context.check().is_err()
    }
}
