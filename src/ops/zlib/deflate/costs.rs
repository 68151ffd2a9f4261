//! What literals and matches cost in bits: what the optimal parse minimises.

use super::entropy::{FRACTION, log2};
use super::symbols::{
    DISTANCE_SYMBOLS, LENGTH_EXTRA, LENGTH_SLOT, MAX_MATCH, MIN_MATCH, distance_extra,
    distance_slot,
};
use super::tokens::Histogram;

/// Costs are in units of this many, which leaves the low bits of a sum for what it is the cost of.
pub(super) const UNIT: u32 = 1 << 10;
/// More than any way through a segment costs, and twice it is still below 2^32.
pub(super) const NEVER: u32 = 1 << 30;
/// The cost of a bit; the fraction's five bits matter little and come for free.
const BIT: u32 = UNIT << 5;

/// What a symbol costs of which there are `count` among `total`, with which `log_total` is. One
/// that didn't occur so far costs as much as one that occurred half a time.
fn cost(count: u32, total_log: u32) -> u32 {
    let bits = total_log.saturating_sub(log2(2 * count)) + (1 << FRACTION);
    let bits = if count == 0 {
        total_log + (1 << FRACTION)
    } else {
        bits
    };
    bits.clamp(1 << (FRACTION - 1), 13 << FRACTION) / (1 << FRACTION >> 5) * UNIT
}

/// The costs under the codes that fit a block.
pub(super) struct Costs {
    /// By literal.
    pub(super) literal: [u32; 256],
    /// By length; the low bits hold the length, times two. Lengths that no match has cost
    /// [`NEVER`].
    pub(super) length: [u32; 512],
    /// By distance, up to 256 as it is, above by its high bits.
    distance: [u32; 512],
}

impl Costs {
    /// A guess: a literal takes six bits, the symbols of a match five each.
    pub(super) fn guess() -> Self {
        Self::with(|_| 6 * BIT, |_| 5 * BIT, |_| 5 * BIT)
    }

    /// The costs under codes that fit a block with these symbols.
    pub(super) fn new(statistics: &Histogram) -> Self {
        let litlen_log = log2(statistics.litlen.iter().sum());
        let distance_log = log2(statistics.distance.iter().sum());
        Self::with(
            |literal| cost(statistics.litlen[literal], litlen_log),
            |slot| cost(statistics.litlen[257 + slot], litlen_log),
            |slot| cost(statistics.distance[slot], distance_log),
        )
    }

    /// The costs by those of the literals, the length symbols and the distance symbols.
    fn with(
        literal: impl Fn(usize) -> u32,
        length_symbol: impl Fn(usize) -> u32,
        distance_symbol: impl Fn(usize) -> u32,
    ) -> Self {
        let mut costs = Self {
            literal: [0; 256],
            length: [NEVER; 512],
            distance: [0; 512],
        };
        for (byte, cost) in costs.literal.iter_mut().enumerate() {
            *cost = literal(byte);
        }
        let mut symbols = [0; LENGTH_EXTRA.len()];
        for (slot, (cost, &extra)) in symbols.iter_mut().zip(&LENGTH_EXTRA).enumerate() {
            *cost = length_symbol(slot) + u32::from(extra) * BIT;
        }
        for (length, &slot) in (MIN_MATCH..=MAX_MATCH).zip(&LENGTH_SLOT) {
            costs.length[length as usize] = symbols[usize::from(slot)] + 2 * length;
        }
        let mut symbols = [0; DISTANCE_SYMBOLS];
        for ((slot, cost), number) in symbols.iter_mut().enumerate().zip(0..) {
            *cost = distance_symbol(slot) + distance_extra(number) * BIT;
        }
        for (at, cost) in (0..).zip(&mut costs.distance) {
            let distance = if at <= 256 {
                at.max(1)
            } else {
                (at - 256) * 128 + 1
            };
            *cost = symbols[distance_slot(distance) as usize];
        }
        costs
    }

    /// The cost of a distance.
    #[inline(always)]
    pub(super) fn distance(&self, distance: u32) -> u32 {
        let far = 256 + (distance.wrapping_sub(1) >> 7);
        let at = if distance <= 256 { distance } else { far };
        self.distance[(at & 511) as usize]
    }
}
