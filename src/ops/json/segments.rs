//! All segments of a text on all threads.
//!
//! Threads take segments in order. Whether a segment begins inside a string depends on the quotes of
//! all before it: a thread that takes one counts its quotes, and those of earlier ones that nobody
//! has counted yet. All else about a segment is found without what stands before it (`walk`).

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::index::Settings;
use super::scalar::is_escape;
use super::scan::{BLOCK, Raw, State, Task, Tokens, Transfer, block_at, dispatch, resolve};
use super::walk::{Stack, Summary, Walk};
use crate::error::Error;
use crate::pool::Context;

/// The depth at a block's first byte, and the least in it, from that at the segment's.
pub(super) type Depth = [i16; 2];

/// What threads share while they scan.
struct Shared<'a, I> {
    bytes: &'a [u8],
    settings: Settings,
    /// Segments that nobody has taken.
    work: Mutex<I>,
    /// What each segment does to the state of strings, and the state at its first byte.
    transfers: Vec<AtomicU8>,
    states: Vec<AtomicU8>,
    processed: AtomicU64,
    stop: AtomicBool,
    context: &'a Context<'a>,
}

/// What a thread keeps from one segment to the next.
#[derive(Default)]
struct Scratch {
    tokens: Tokens,
    stack: Stack,
}

const UNKNOWN: u8 = u8::MAX;

/// Scans all segments, whose masks and depths go to `targets`. `None` where one is wrong.
pub(super) fn scan_all<'t>(
    bytes: &[u8],
    settings: Settings,
    targets: impl Iterator<Item = (&'t mut [u64], &'t mut [Depth])> + Send,
    context: &Context<'_>,
) -> Result<Option<Vec<Summary>>, Error> {
    let segments = bytes.len().div_ceil(settings.segment);
    let mut summaries = vec![Summary::default(); segments];
    let unknown = || (0..segments).map(|_| AtomicU8::new(UNKNOWN)).collect();
    let shared = Shared {
        bytes,
        settings,
        work: Mutex::new(summaries.iter_mut().zip(targets).enumerate()),
        transfers: unknown(),
        states: unknown(),
        processed: AtomicU64::new(0),
        stop: AtomicBool::new(false),
        context,
    };
    if let Some(first) = shared.states.first() {
        first.store(0, Ordering::Release);
    }
    let outcome = match context.split().team() {
        Some(team) if segments > 1 => team.install(|| {
            let others = Mutex::new(Ok(()));
            let own = rayon::scope(|scope| {
                for _ in 1..team.threads().min(segments) {
                    scope.spawn(|_| {
                        if let Err(error) = shared.scan_some() {
                            *others.lock().unwrap_or_else(PoisonError::into_inner) = Err(error);
                        }
                    });
                }
                shared.scan_some()
            });
            own.and(others.into_inner().unwrap_or_else(PoisonError::into_inner))
        }),
        _ => shared.scan_some(),
    };
    let is_wrong = shared.stop.into_inner();
    drop(shared.work);
    outcome?;
    Ok((!is_wrong).then_some(summaries))
}

impl<'s, 't, I> Shared<'_, I>
where
    I: Iterator<Item = (usize, (&'s mut Summary, (&'t mut [u64], &'t mut [Depth])))> + Send,
{
    /// Scans the next segment that nobody has taken, until there is none.
    fn scan_some(&self) -> Result<(), Error> {
        let mut scratch = Scratch::default();
        while !self.stop.load(Ordering::Relaxed) {
            let next = self
                .work
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .next();
            let Some((segment, (summary, (within, depths)))) = next else {
                break;
            };
            let found = self.scan(segment, within, depths, &mut scratch);
            if let Err(error) = self.advance() {
                self.stop.store(true, Ordering::Relaxed);
                return Err(error);
            }
            match found {
                Some(found) if !found.is_wrong => *summary = found,
                _ => self.stop.store(true, Ordering::Relaxed),
            }
        }
        Ok(())
    }

    fn advance(&self) -> Result<(), Error> {
        let total = self.bytes.len() as u64;
        let step = self.settings.segment as u64;
        let before = self.processed.fetch_add(step, Ordering::Relaxed);
        let processed = (before + step).min(total);
        self.context.checkpoint(processed, Some(total))
    }

    fn scan(
        &self,
        segment: usize,
        within: &mut [u64],
        depths: &mut [Depth],
        scratch: &mut Scratch,
    ) -> Option<Summary> {
        let (first, end) = self.range(segment);
        let (inside, escaped) = self.state(segment);
        let mut state = State::new(inside, escaped);
        if let Some(before) = first.checked_sub(1) {
            state = state.after(self.bytes[before]);
        }
        scratch.tokens.clear();
        let has_high = dispatch(Scan {
            bytes: &self.bytes[..end],
            all: self.bytes,
            first,
            skipped: if segment == 0 {
                self.settings.skipped
            } else {
                0
            },
            state: &mut state,
            within,
            depths,
            tokens: &mut scratch.tokens,
        })?;
        if has_high && !is_utf8(self.bytes, first, end) {
            return None;
        }
        if end == self.bytes.len() && state.is_inside() {
            return None;
        }
        let walk = Walk {
            bytes: self.bytes,
            base: first,
            max_depth: self.settings.max_depth,
        };
        Some(walk.segment(&scratch.tokens, inside, segment == 0, &mut scratch.stack))
    }

    fn range(&self, segment: usize) -> (usize, usize) {
        let first = segment * self.settings.segment;
        (first, self.bytes.len().min(first + self.settings.segment))
    }

    /// Whether `segment` begins inside a string, and after a backslash that escapes.
    fn state(&self, segment: usize) -> (bool, bool) {
        // Those who take the next segments need it.
        self.transfer(segment);
        let mut known = segment;
        while self.states[known].load(Ordering::Acquire) == UNKNOWN {
            known -= 1;
        }
        let state = self.states[known].load(Ordering::Acquire);
        let mut state = (state & 1 != 0, state & 2 != 0);
        for earlier in known..segment {
            state = self.transfer(earlier).apply(state);
            let packed = u8::from(state.0) | u8::from(state.1) << 1;
            self.states[earlier + 1].store(packed, Ordering::Release);
        }
        state
    }

    fn transfer(&self, segment: usize) -> Transfer {
        let known = self.transfers[segment].load(Ordering::Relaxed);
        if known != UNKNOWN {
            return Transfer::unpack(known);
        }
        let (first, end) = self.range(segment);
        let transfer = Transfer::of(&self.bytes[first..end]);
        self.transfers[segment].store(transfer.pack(), Ordering::Relaxed);
        transfer
    }
}

/// Whether the characters that begin in `first..end` are UTF-8, where some are not ASCII.
fn is_utf8(bytes: &[u8], first: usize, end: usize) -> bool {
    let is_continuation = |byte: &&u8| **byte & 0xc0 == 0x80;
    let continued = |at: usize| {
        bytes[at..]
            .iter()
            .take(3)
            .take_while(is_continuation)
            .count()
    };
    // After ASCII nothing is continued, and whoever has it has not looked.
    let after_high = first > 0 && bytes[first - 1] >= 0x80;
    let first = if after_high {
        first + continued(first)
    } else {
        first
    };
    let end = end + continued(end);
    simdutf8::basic::from_utf8(&bytes[first.min(end)..end]).is_ok()
}

/// Finds the tokens of a segment, and what of it goes into the index.
struct Scan<'a> {
    /// Up to the end of the segment.
    bytes: &'a [u8],
    all: &'a [u8],
    first: usize,
    /// Bytes that are passed over.
    skipped: usize,
    state: &'a mut State,
    /// Both empty where there is no index.
    within: &'a mut [u64],
    depths: &'a mut [Depth],
    tokens: &'a mut Tokens,
}

impl Task for Scan<'_> {
    /// Whether there are other characters than ASCII's; `None` where something is wrong.
    type Output = Option<bool>;

    #[inline(always)]
    fn run(self, raw: impl Fn(&[u8; BLOCK]) -> Raw + Copy) -> Option<bool> {
        let Self {
            bytes,
            all,
            first,
            skipped,
            state,
            within,
            depths,
            tokens,
        } = self;
        let mut high = 0;
        let mut depth = 0_i16;
        let mut at = first;
        let mut places = within.iter_mut().zip(depths);
        while at < bytes.len() {
            let mut found = block_at(bytes, at, raw);
            if at == first && skipped > 0 {
                let mask = (1 << skipped) - 1;
                found.space |= mask;
                found.high &= !mask;
            }
            let block = resolve(found, state);
            high |= found.high;
            if block.control != 0 || !escapes_are_valid(all, at, block.escaped) {
                return None;
            }
            tokens.push_bits(u32::try_from(at - first).unwrap_or(u32::MAX), block.tokens);
            if let Some((within, depths)) = places.next() {
                *within = block.within;
                let start = depth;
                let least = lowest(block.open, block.close, &mut depth);
                *depths = [start, least];
            }
            at += BLOCK;
        }
        Some(high != 0)
    }
}

/// The least depth in a block, and that after it.
#[inline(always)]
fn lowest(open: u64, close: u64, depth: &mut i16) -> i16 {
    let mut least = *depth;
    if close == 0 {
        *depth = depth.saturating_add(open.count_ones().try_into().unwrap_or(i16::MAX));
        return least;
    }
    let mut brackets = open | close;
    while brackets != 0 {
        let bit = brackets & brackets.wrapping_neg();
        if open & bit != 0 {
            *depth = depth.saturating_add(1);
        } else {
            *depth = depth.saturating_sub(1);
            least = least.min(*depth);
        }
        brackets ^= bit;
    }
    least
}

#[inline(always)]
pub(super) fn escapes_are_valid(bytes: &[u8], base: usize, mut escaped: u64) -> bool {
    while escaped != 0 {
        if !is_escape(bytes, base + escaped.trailing_zeros() as usize) {
            return false;
        }
        escaped &= escaped - 1;
    }
    true
}
