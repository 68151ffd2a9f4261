//! The kernel for arm64, whose baseline has NEON.

use std::arch::aarch64::{
    uint8x16_t, vaddv_u8, vandq_u8, vceqq_u8, vdupq_n_u8, vget_high_u8, vget_low_u8, vld1q_u8,
};

use super::{BLOCK, Index, Masks, Outcome, Piece, Separators, index_with};

/// The bit of each byte in a half register.
const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

pub(super) fn index(piece: Piece<'_>, separators: Separators, out: &mut Index) -> Outcome {
    // SAFETY: every arm64 CPU that Rust's targets are for has NEON.
    unsafe { index_neon(piece, separators, out) }
}

#[target_feature(enable = "neon")]
fn index_neon(piece: Piece<'_>, separators: Separators, out: &mut Index) -> Outcome {
    index_with(piece, separators, out, |block, delimiter, quote| Masks {
        delimiter: equal(block, delimiter),
        quote: equal(block, quote),
        line_feed: equal(block, b'\n'),
        carriage_return: equal(block, b'\r'),
    })
}

/// A bit for each byte of `block` that is `byte`.
#[inline]
#[target_feature(enable = "neon")]
fn equal(block: &[u8; BLOCK], byte: u8) -> u64 {
    let (quarters, _) = block.as_chunks::<16>();
    let mut mask = 0;
    for (index, quarter) in quarters.iter().enumerate() {
        let hits = vandq_u8(vceqq_u8(load(quarter), vdupq_n_u8(byte)), load(&BITS));
        let (low, high) = (vaddv_u8(vget_low_u8(hits)), vaddv_u8(vget_high_u8(hits)));
        mask |= (u64::from(low) | u64::from(high) << 8) << (index * 16);
    }
    mask
}

#[inline]
#[target_feature(enable = "neon")]
fn load(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: 16 bytes are readable there.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}
