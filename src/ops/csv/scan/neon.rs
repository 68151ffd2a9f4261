//! The kernel for arm64, whose baseline has NEON.

use std::arch::aarch64::{
    uint8x16_t, vaddv_u8, vandq_u8, vceqq_u8, vdupq_n_u8, vget_high_u8, vget_low_u8, vld1q_u8,
};

use super::{BLOCK, Index, Masks, Outcome, Piece, Separators, index_with};

/// The bit of each byte in a half register.
const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

pub(super) fn index(piece: Piece<'_>, separators: Separators, out: &mut Index) -> Outcome {
    index_with(piece, separators, out, |block, delimiter, quote| Masks {
        delimiter: equal(block, delimiter),
        quote: equal(block, quote),
        line_feed: equal(block, b'\n'),
        carriage_return: equal(block, b'\r'),
    })
}

/// A bit for each byte of `block` that is `byte`.
#[inline(always)]
fn equal(block: &[u8; BLOCK], byte: u8) -> u64 {
    let (quarters, _) = block.as_chunks::<16>();
    let mut mask = 0;
    for (index, quarter) in quarters.iter().enumerate() {
        mask |= u64::from(quarter_mask(quarter, byte)) << (index * 16);
    }
    mask
}

#[inline(always)]
fn quarter_mask(quarter: &[u8; 16], byte: u8) -> u16 {
    // SAFETY: 16 bytes are readable at each place, and arm64 has NEON.
    let (bytes, bits): (uint8x16_t, uint8x16_t) =
        unsafe { (vld1q_u8(quarter.as_ptr()), vld1q_u8(BITS.as_ptr())) };
    // SAFETY: arm64 has NEON.
    let hits = unsafe { vandq_u8(vceqq_u8(bytes, vdupq_n_u8(byte)), bits) };
    // SAFETY: as above.
    let (low, high) = unsafe { (vaddv_u8(vget_low_u8(hits)), vaddv_u8(vget_high_u8(hits))) };
    u16::from(low) | u16::from(high) << 8
}
