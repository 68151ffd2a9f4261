//! Decodes DEFLATE (RFC 1951) from one whole buffer to another, with several threads.
//!
//! One stream is cut into chunks. How they are shared out is in [`state`], how a thread begins in
//! the middle of a stream in [`find`] and [`marked`].
//!
//! Nothing here relies on the input staying as it is: it may be memory that another thread writes.

mod bits;
mod blocks;
mod checksum;
mod find;
mod front;
mod header;
mod job;
mod kernels;
mod marked;
mod state;
mod symbols;
mod tables;
mod worker;

#[cfg(test)]
mod tests;

use std::sync::{Condvar, Mutex, PoisonError};

use super::spare;

use self::checksum::Piece;
use self::front::Front;
use self::job::Job;
use self::marked::WINDOW;
use self::state::{Outcome, Plan, State};

/// Symbols that a chunk becomes, roughly: with their window they take 2 MiB.
const SYMBOLS: usize = ((1 << 20) - WINDOW - BLOCK) / 9 * 8;
/// The least and the most input in a chunk, in bytes. In a smaller one a block is hardly found
/// before the front is there; of larger ones there are too few to keep threads busy to the end.
const CHUNK: std::ops::RangeInclusive<usize> = 64 << 10..=512 << 10;
/// Symbols that a chunk may become, per byte of input. What is more is decoded by the front.
const EXPANSION: usize = 16;
/// What text becomes, per byte of input.
const TYPICAL_EXPANSION: usize = 4;
/// What many compressors' blocks become, roughly.
const BLOCK: usize = 1 << 17;
/// The fewest symbols that there is room for: more than a block of most compressors.
const LEAST_ROOM: usize = 1 << 19;
/// The most that a byte of input can become: a match of 258 bytes, whose two codes have one bit
/// each.
const MOST_EXPANSION: usize = 1032;

/// Where the work runs.
pub(super) trait Runner: Sync {
    /// How many threads it may use.
    fn threads(&self) -> usize;
    /// Calls `task` with each number below `count`, side by side where there are threads. All calls
    /// have come back as it does.
    fn for_each(&self, count: usize, task: &(dyn Fn(usize) + Sync));
    /// Whether nobody waits for the result any more.
    fn is_cancelled(&self) -> bool;
}

/// A decoded stream.
pub(super) struct Inflated {
    /// The data.
    pub(super) output: Vec<u8>,
    /// The bytes of input that the stream takes.
    pub(super) consumed: usize,
    /// The CRC-32 of the data, as gzip has it.
    pub(super) crc32: u32,
}

/// Decodes the raw deflate stream at the beginning of `input`, to `limit` bytes at most. `expected`
/// is how many they probably are.
///
/// `None` where the data are not valid, are more than the limit, where there is no memory or nobody
/// waits. Beside the output it takes memory for two bytes per byte of `limit` at most, and some
/// hundred KiB a thread.
pub(super) fn inflate<R: Runner>(
    input: &[u8],
    expected: Option<usize>,
    limit: usize,
    runner: &R,
) -> Option<Inflated> {
    let expected = expected.unwrap_or_else(|| input.len().saturating_mul(TYPICAL_EXPANSION));
    // So much input becomes `SYMBOLS`.
    let parts = (expected / SYMBOLS).max(1);
    let (least, most) = CHUNK.into_inner();
    let chunk = (input.len() / parts).clamp(least, most);
    inflate_chunks(input, Some(expected), limit, runner, chunk)
}

/// [`inflate`], with so many bytes of input in a chunk.
fn inflate_chunks<R: Runner>(
    input: &[u8],
    expected: Option<usize>,
    limit: usize,
    runner: &R,
    chunk: usize,
) -> Option<Inflated> {
    let most = limit.min(input.len().saturating_mul(MOST_EXPANSION));
    let guess = expected.unwrap_or_else(|| input.len().saturating_mul(TYPICAL_EXPANSION));
    let wanted = guess.min(most);
    let mut output = spare::take(wanted).or_else(|| kernels::zeros(wanted))?;
    let mut pieces = Vec::new();
    let (mut position, mut written) = (0, 0);
    loop {
        let front = Front {
            output: &mut output,
            at: written,
            offset: 0,
            position,
        };
        let plan = plan(input.len(), guess, limit, chunk.max(1), runner.threads());
        match run(input, front, plan, runner, &mut pieces) {
            Outcome::Done { position, written } => {
                output.truncate(written);
                return Some(Inflated {
                    output,
                    consumed: usize::try_from(position.div_ceil(8)).ok()?,
                    crc32: checksum::combine(pieces),
                });
            }
            Outcome::Full {
                position: next,
                written: end,
            } => {
                (position, written) = (next, end);
                let more = most.min(output.len().saturating_mul(2).max(1 << 16));
                output
                    .try_reserve_exact(more.checked_sub(output.len()).filter(|more| *more > 0)?)
                    .ok()?;
                output.resize(more, 0);
            }
            Outcome::Declined => return None,
        }
    }
}

/// How to cut an input of `length` bytes, probably to become `expected`.
fn plan(length: usize, expected: usize, limit: usize, chunk: usize, threads: usize) -> Plan {
    let pending = threads + 1;
    // Every pending chunk and every thread may have memory of its own.
    let room = chunk
        .saturating_mul(EXPANSION)
        .max(LEAST_ROOM)
        .min(limit / (pending + threads).max(1));
    // A chunk becomes more or less than its share, and ends with the block behind its end.
    let share = expected / length.div_ceil(chunk).max(1);
    let typical = share
        .saturating_add(share / 8)
        .saturating_add(BLOCK)
        .min(room);
    let alone = threads < 2 || room < WINDOW;
    Plan {
        chunk: chunk as u64 * 8,
        chunks: if alone {
            0
        } else {
            length.div_ceil(chunk) as u64
        },
        pending,
        typical,
        room,
    }
}

/// Decodes from `front` on. `pieces` are added to.
fn run<R: Runner>(
    input: &[u8],
    front: Front<'_>,
    plan: Plan,
    runner: &R,
    pieces: &mut Vec<Piece>,
) -> Outcome {
    let threads = if plan.chunks > 1 { runner.threads() } else { 1 };
    let job = Job {
        input,
        state: Mutex::new(State::new(front, &plan)),
        plan,
        runner,
        wake: Condvar::new(),
    };
    if threads > 1 {
        runner.for_each(threads, &|_| job.work());
    } else {
        job.work();
    }
    let state = job.state.into_inner();
    let mut state = state.unwrap_or_else(PoisonError::into_inner);
    pieces.append(&mut state.pieces);
    state.outcome.unwrap_or(Outcome::Declined)
}
