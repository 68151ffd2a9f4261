//! Filling the memory: which block is made of which, RFC 9106 section 3.4.

use rayon::prelude::*;

use super::block::{Block, Compress, Portable};
use super::{Variant, Version};
use crate::pool::Context;

/// Slices of a lane, at whose ends the lanes meet.
const SLICES: usize = 4;

/// Blocks that a step fills: 0.6 ms.
const STEP: usize = 2048;

/// Blocks of a lane from which on the lanes go over several threads: 20 µs, what it takes to call one.
const TEAM_FROM: usize = 64;

/// References in one block of addresses.
const ADDRESSES: usize = 128;

/// How the memory is divided.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub(super) lanes: usize,
    /// Blocks of one lane in one slice.
    segment: usize,
}

impl Layout {
    pub(super) fn new(memory: usize, lanes: usize) -> Self {
        Self {
            lanes,
            segment: memory / (SLICES * lanes),
        }
    }

    pub(super) fn blocks(self) -> usize {
        self.lanes * self.lane_blocks()
    }

    pub(super) fn lane_blocks(self) -> usize {
        SLICES * self.segment
    }
}

/// How far the filling is.
pub(super) struct Filling {
    variant: Variant,
    version: Version,
    passes: u32,
    layout: Layout,
    pass: u32,
    slice: usize,
    /// The next block of each lane in this slice.
    index: usize,
}

impl Filling {
    pub(super) fn new(variant: Variant, version: Version, passes: u32, layout: Layout) -> Self {
        // The first two blocks of each lane come from the inputs.
        Self {
            variant,
            version,
            passes,
            layout,
            pass: 0,
            slice: 0,
            index: 2,
        }
    }

    pub(super) fn layout(&self) -> Layout {
        self.layout
    }

    pub(super) fn is_complete(&self) -> bool {
        self.pass == self.passes
    }

    /// Fills some blocks of each lane, up to the end of the slice at most.
    pub(super) fn advance(&mut self, memory: &mut [Block], context: &Context<'_>) {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = crate::ops::avx2::Avx2::detect() {
            return self.advance_with(avx2, memory, context);
        }
        self.advance_with(Portable, memory, context);
    }

    pub(super) fn advance_with<C: Compress>(
        &mut self,
        compress: C,
        memory: &mut [Block],
        context: &Context<'_>,
    ) {
        let Layout { lanes, segment, .. } = self.layout;
        // The next block of addresses starts with the step.
        let step = (STEP / lanes).max(1).next_multiple_of(ADDRESSES);
        let end = segment.min((self.index / step + 1) * step);
        let range = self.index..end;
        let mut own: Vec<&mut [Block]> = Vec::with_capacity(lanes);
        let mut segments: Vec<&[Block]> = Vec::with_capacity(lanes * SLICES);
        for (number, blocks) in memory.chunks_exact_mut(segment).enumerate() {
            if number % SLICES == self.slice {
                own.push(blocks);
                segments.push(&[]);
            } else {
                segments.push(blocks);
            }
        }
        let fill = |(lane, own): (usize, &mut [Block])| {
            LaneFill {
                filling: self,
                segments: &segments,
                lane,
            }
            .fill(compress, own, range.clone());
        };
        match context.split().team() {
            Some(team) if lanes > 1 && range.len() >= TEAM_FROM => {
                team.install(|| own.into_par_iter().enumerate().for_each(fill));
            }
            _ => own.into_iter().enumerate().for_each(fill),
        }
        self.index = end;
        if self.index == segment {
            self.index = 0;
            self.slice += 1;
        }
        if self.slice == SLICES {
            self.slice = 0;
            self.pass += 1;
        }
    }

    /// Whether the references of this slice depend on nothing secret.
    fn is_independent(&self) -> bool {
        match self.variant {
            Variant::Argon2d => false,
            Variant::Argon2i => true,
            Variant::Argon2id => self.pass == 0 && self.slice < SLICES / 2,
        }
    }
}

/// One lane of a slice. `segments` are all of the memory, lane by lane and slice by slice, those
/// of this slice being empty: the lanes fill them now, and none reads another's.
struct LaneFill<'a> {
    filling: &'a Filling,
    segments: &'a [&'a [Block]],
    lane: usize,
}

/// A block to read: its segment and its place there.
#[derive(Clone, Copy)]
struct Place {
    segment: usize,
    index: usize,
}

impl LaneFill<'_> {
    fn fill<C: Compress>(&self, compress: C, own: &mut [Block], range: std::ops::Range<usize>) {
        let Filling {
            version,
            pass,
            slice,
            ..
        } = *self.filling;
        let over = pass > 0 && version == Version::V13;
        let independent = self.filling.is_independent();
        let mut addresses = [0; ADDRESSES];
        let before = self.lane * SLICES + (slice + SLICES - 1) % SLICES;
        // Where the reference of the next block is, as far as it is known ahead.
        let mut ahead = None;
        let start = range.start;
        for index in range {
            if independent && (index == start || index % ADDRESSES == 0) {
                self.addresses(compress, index / ADDRESSES, &mut addresses);
            }
            let (done, rest) = own.split_at_mut(index);
            let previous = match done.last() {
                Some(block) => block,
                None => &self.segments[before][self.filling.layout.segment - 1],
            };
            let word = if independent {
                addresses[index % ADDRESSES]
            } else {
                previous[0]
            };
            let place = ahead.take().unwrap_or_else(|| self.place(index, word));
            let reference = self.block(done, place);
            let next = index + 1;
            compress.compress(previous, reference, &mut rest[0], over, |word| {
                if next == self.filling.layout.segment || (independent && next % ADDRESSES == 0) {
                    return None;
                }
                let word = if independent {
                    addresses[next % ADDRESSES]
                } else {
                    word
                };
                let place = self.place(next, word);
                ahead = Some(place);
                Some(self.block(done, place))
            });
        }
    }

    fn block<'b>(&'b self, done: &'b [Block], place: Place) -> &'b Block {
        if place.segment == self.lane * SLICES + self.filling.slice {
            &done[place.index]
        } else {
            &self.segments[place.segment][place.index]
        }
    }

    /// The reference for the block at `index`, from the 64 bits J1 and J2: section 3.4.2.
    fn place(&self, index: usize, word: u64) -> Place {
        let Filling {
            pass,
            slice,
            ref layout,
            ..
        } = *self.filling;
        let Layout { lanes, segment, .. } = *layout;
        let lane = if pass == 0 && slice == 0 {
            self.lane
        } else {
            (word >> 32) as usize % lanes
        };
        let before = if pass == 0 {
            slice * segment
        } else {
            (SLICES - 1) * segment
        };
        let area = if lane == self.lane {
            before + index - 1
        } else {
            before - usize::from(index == 0)
        };
        let x = (word & 0xffff_ffff).pow(2) >> 32;
        let back = (area as u64 * x) >> 32;
        let start = if pass == 0 {
            0
        } else {
            (slice + 1) % SLICES * segment
        };
        let position = (start + area - 1 - back as usize) % layout.lane_blocks();
        Place {
            segment: lane * SLICES + position / segment,
            index: position % segment,
        }
    }

    /// A block of addresses, section 3.4.1.2.
    fn addresses<C: Compress>(&self, compress: C, block: usize, addresses: &mut Block) {
        let Filling {
            variant,
            passes,
            pass,
            slice,
            ref layout,
            ..
        } = *self.filling;
        let zero = [0; 128];
        let mut input = zero;
        let numbers = [
            u64::from(pass),
            self.lane as u64,
            slice as u64,
            layout.blocks() as u64,
            u64::from(passes),
            variant as u64,
            block as u64 + 1,
        ];
        input[..numbers.len()].copy_from_slice(&numbers);
        let mut middle = zero;
        compress.compress(&zero, &input, &mut middle, false, |_| None);
        compress.compress(&zero, &middle, addresses, false, |_| None);
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::{Block, Compress, Context, Filling, Layout, Portable, Variant, Version};
    use crate::ops::avx2::Avx2;
    use crate::pool::{CancelToken, LaneKind, Split};

    fn filled<C: Compress>(compress: C, variant: Variant, version: Version) -> Vec<Block> {
        let layout = Layout::new(1200, 3);
        let mut memory = vec![[0; 128]; layout.blocks()];
        for (index, block) in memory.iter_mut().enumerate() {
            // What the first two blocks of a lane hold, and what a job before has left in the others.
            block.fill(0x9e37_79b9_7f4a_7c15u64.wrapping_mul(index as u64 + 1));
        }
        let split = Split::new(LaneKind::Interactive, 1);
        let cancel = CancelToken::default();
        let mut filling = Filling::new(variant, version, 3, layout);
        while !filling.is_complete() {
            filling.advance_with(compress, &mut memory, &Context::new(&cancel, &split));
        }
        memory
    }

    /// The portable version is not told of the next reference ahead.
    #[test]
    fn references_known_ahead_are_those_found_in_time() {
        let Some(avx2) = Avx2::detect() else { return };
        for variant in [Variant::Argon2d, Variant::Argon2i, Variant::Argon2id] {
            for version in [Version::V10, Version::V13] {
                let expected = filled(Portable, variant, version);
                assert!(
                    filled(avx2, variant, version) == expected,
                    "{variant:?} {version:?}"
                );
            }
        }
    }
}
