//! The structural index of a JSON text: what in it is a string, and how deep it is.
//!
//! For each block of 64 bytes it has a mask of the bytes inside strings, the depth at the first byte,
//! and the least depth in the block: twelve bytes. All else is found in the text again, 64 bytes at
//! a time. Containers that go over the boundary of a segment of 64 KiB are in a list, so that any of
//! them is skipped in one step; for each boundary there are the commas of the containers that it
//! cuts, so that an element of any number is found in one segment.
//!
//! Threads take segments in order. Whether a segment begins inside a string depends on the quotes of
//! all before it: a thread that takes one counts its quotes, and those of earlier ones that nobody
//! has counted yet. All else about a segment is found without what stands before it (`grammar`), and
//! a last pass joins what segments say of one another.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::grammar::{self, Stack, Summary, Walk};
use super::scalar::is_escape;
use super::scan::{BLOCK, Raw, State, Task, Tokens, Transfer, block_at, dispatch, resolve};
use crate::error::Error;
use crate::ops::table::Memory;
use crate::pool::Context;

/// Bytes of a segment: its tokens stay in the second-level cache.
pub(super) const SEGMENT: usize = 64 << 10;

/// How a text is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// Bytes at the beginning that are passed over.
    pub(super) skipped: usize,
    /// The most containers inside one another, at most [`MOST_DEPTH`].
    pub(super) max_depth: usize,
    /// Bytes of a segment, whole blocks and at most 64 KiB.
    pub(super) segment: usize,
}

/// Containers further inside have no marks at segments' boundaries: they would take more memory than
/// the text.
const MARKED: usize = 1024;

/// Beyond this the depths of a segment's blocks do not fit. Twice as many may be counted in a text
/// that is wrong, and no more matter.
pub(super) const MOST_DEPTH: usize = 32_000;

/// The depth at a block's first byte, and the least in it, from that at the segment's.
type Depth = [i16; 2];

/// A container that goes over a segment's boundary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) open: u64,
    pub(super) close: u64,
    pub(super) commas: u64,
}

/// The structural index of a text.
#[derive(Debug)]
pub(super) struct Index {
    /// Masks of the bytes in strings, for each block; then depths.
    memory: Memory,
    blocks: usize,
    pub(super) segment: usize,
    /// The depth at each segment's first byte.
    bases: Vec<u32>,
    /// In the order in which they open.
    spans: Vec<Span>,
    /// For each segment but the first, the commas before it of the containers around its first
    /// byte, the outermost first.
    marks: Vec<u64>,
    /// Where those of a segment begin.
    mark_starts: Vec<usize>,
}

impl Index {
    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.memory.len()
            + size_of_val(&*self.bases)
            + size_of_val(&*self.spans)
            + size_of_val(&*self.marks)
            + size_of_val(&*self.mark_starts)
    }

    pub(super) fn within(&self) -> &[u64] {
        bytemuck::cast_slice(&self.memory[..self.blocks * size_of::<u64>()])
    }

    pub(super) fn depths(&self) -> &[Depth] {
        let from = self.blocks * size_of::<u64>();
        bytemuck::cast_slice(&self.memory[from..from + self.blocks * size_of::<Depth>()])
    }

    /// The depth at a segment's first byte.
    pub(super) fn base(&self, segment: usize) -> i64 {
        self.bases.get(segment).copied().map_or(0, i64::from)
    }

    /// The span that begins at `open`.
    pub(super) fn span(&self, open: usize) -> Option<Span> {
        let found = self
            .spans
            .binary_search_by_key(&(open as u64), |span| span.open);
        found.ok().map(|index| self.spans[index])
    }

    /// The commas before `segment` of the container at `level` around its first byte, of which the
    /// outermost has level 1. `None` where that has no mark.
    pub(super) fn mark(&self, segment: usize, level: usize) -> Option<u64> {
        let start = *self.mark_starts.get(segment.checked_sub(1)?)?;
        let end = self.mark_starts.get(segment).copied();
        let marks = &self.marks[start..end.unwrap_or(self.marks.len())];
        marks.get(level.checked_sub(1)?).copied()
    }
}

/// Indexes `bytes`; `None` where they are not JSON.
pub(super) fn build(
    bytes: &[u8],
    settings: Settings,
    context: &Context<'_>,
) -> Result<Option<Index>, Error> {
    let Settings {
        max_depth, segment, ..
    } = settings;
    let blocks = bytes.len().div_ceil(BLOCK);
    let segments = bytes.len().div_ceil(segment);
    let mut memory = Memory::zeroed(blocks * (size_of::<u64>() + size_of::<Depth>()))?;
    let (within, depths) = memory.split_at_mut(blocks * size_of::<u64>());
    let within: &mut [u64] = bytemuck::cast_slice_mut(within);
    let depths: &mut [Depth] = bytemuck::cast_slice_mut(depths);
    let own = segment / BLOCK;
    let targets = within.chunks_mut(own).zip(depths.chunks_mut(own));
    let Some(summaries) = scan_all(bytes, settings, targets, context)? else {
        return Ok(None);
    };
    let mut index = Index {
        memory,
        blocks,
        segment,
        bases: Vec::with_capacity(segments),
        spans: Vec::new(),
        marks: Vec::new(),
        mark_starts: Vec::with_capacity(segments),
    };
    let mut joined = grammar::Context::new();
    for (number, summary) in summaries.iter().enumerate() {
        index
            .bases
            .push(u32::try_from(joined.levels.len()).unwrap_or(u32::MAX));
        let base = (number * segment) as u64;
        let spans = &mut index.spans;
        let step = joined.step(summary, base, max_depth, |level, at| {
            if let Some(number) = level.number {
                let span: &mut Span = &mut spans[number];
                span.close = at;
                span.commas = level.commas;
            }
        });
        if step.is_none() {
            return Ok(None);
        }
        if number + 1 < segments {
            index.cut(&mut joined);
        }
    }
    Ok(joined.is_end().then_some(index))
}

/// Whether `bytes` are JSON.
pub(super) fn check(
    bytes: &[u8],
    settings: Settings,
    context: &Context<'_>,
) -> Result<bool, Error> {
    let segments = bytes.len().div_ceil(settings.segment);
    let targets = (0..segments).map(|_| (&mut [][..], &mut [][..]));
    let Some(summaries) = scan_all(bytes, settings, targets, context)? else {
        return Ok(false);
    };
    let mut joined = grammar::Context::new();
    let mut step = |summary| joined.step(summary, 0, settings.max_depth, |_, _| {});
    let is_whole = summaries.iter().all(|summary| step(summary).is_some());
    Ok(is_whole && joined.is_end())
}

impl Index {
    /// Notes what is open between two segments.
    fn cut(&mut self, joined: &mut grammar::Context) {
        self.mark_starts.push(self.marks.len());
        for (depth, level) in joined.levels.iter_mut().enumerate() {
            level.number.get_or_insert_with(|| {
                self.spans.push(Span {
                    open: level.at,
                    close: u64::MAX,
                    commas: 0,
                });
                self.spans.len() - 1
            });
            if depth < MARKED {
                self.marks.push(level.commas);
            }
        }
    }
}

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
fn scan_all<'t>(
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
