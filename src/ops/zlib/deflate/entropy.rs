//! How many bits symbols take, by how often they occur: what decides where blocks end and what
//! the optimal parse takes for cheap.
//!
//! All in integers, so that the output is the same on every processor.

use super::tokens::Histogram;

/// The fraction's bits of a logarithm.
pub(super) const FRACTION: u32 = 16;
/// The bits of a number, below its highest, that [`LOG`] tells apart.
const INDEX_BITS: u32 = 7;

/// The logarithms to base 2 of 1 + i / 128.
const LOG: [u16; 1 << INDEX_BITS] = {
    let mut table = [0; 1 << INDEX_BITS];
    let mut at = 0;
    while at < table.len() {
        // Squaring doubles the logarithm; a square of 2 or more yields a one bit.
        let mut power = ((1 << INDEX_BITS) + at as u64) << (31 - INDEX_BITS);
        let mut bit = 0;
        while bit < FRACTION {
            power = (power * power) >> 31;
            table[at] <<= 1;
            if power >> 32 != 0 {
                power >>= 1;
                table[at] |= 1;
            }
            bit += 1;
        }
        at += 1;
    }
    table
};

/// The logarithm to base 2 of a number, 0 for 0, with [`FRACTION`] bits of fraction. It is exact
/// to within 0.012.
pub(super) fn log2(number: u32) -> u32 {
    let exponent = number.max(1).ilog2();
    // The highest bit goes to bit 31.
    let mantissa = number << (31 - exponent);
    let index = (mantissa >> (31 - INDEX_BITS)) & ((1 << INDEX_BITS) - 1);
    (exponent << FRACTION) + u32::from(LOG[index as usize])
}

/// How many bits an ideal code takes for symbols that occur so often.
fn bits(counts: &[u32]) -> u64 {
    let total: u32 = counts.iter().sum();
    let saved: u64 = counts
        .iter()
        .map(|&n| u64::from(n) * u64::from(log2(n)))
        .sum();
    (u64::from(total) * u64::from(log2(total))).saturating_sub(saved) >> FRACTION
}

/// About how many bits a block takes, without the extra bits, which are the same in any block.
///
/// A header takes four bits for each symbol that occurs, by experience, and 60 more.
pub(super) fn block_bits(histogram: &Histogram) -> u64 {
    let used = |counts: &[u32]| counts.iter().filter(|&&n| n != 0).count() as u64;
    let header = 60 + 4 * (used(&histogram.litlen) + used(&histogram.distance));
    header + bits(&histogram.litlen) + bits(&histogram.distance)
}
