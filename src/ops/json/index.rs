//! The structural index of a JSON text: what in it is a string, and how deep it is.
//!
//! For each block of 64 bytes it has a mask of the bytes inside strings, the depth at the first byte,
//! and the least depth in the block: twelve bytes. All else is found in the text again, 64 bytes at
//! a time. Containers that go over the boundary of a segment of 64 KiB are in a list, so that any of
//! them is skipped in one step; for each boundary there are the commas of the containers that it
//! cuts, so that an element of any number is found in one segment.

use super::join::Joined;
use super::scan::BLOCK;
use super::segments::{Depth, scan_all};
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
    let mut joined = Joined::new();
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
    let mut joined = Joined::new();
    let mut step = |summary| joined.step(summary, 0, settings.max_depth, |_, _| {});
    let is_whole = summaries.iter().all(|summary| step(summary).is_some());
    Ok(is_whole && joined.is_end())
}

impl Index {
    /// Notes what is open between two segments.
    fn cut(&mut self, joined: &mut Joined) {
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
