//! The kernel for x86-64 with AVX2: 32 bytes in one register.

use std::arch::x86_64::{
    __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8,
};

use super::{BLOCK, Index, Masks, Outcome, Piece, Separators, index_with};
use crate::ops::avx2::Avx2;

pub(super) fn index(_: Avx2, piece: Piece<'_>, separators: Separators, out: &mut Index) -> Outcome {
    // SAFETY: `Avx2` is the proof that this CPU has the instructions.
    unsafe { index_avx2(piece, separators, out) }
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn index_avx2(piece: Piece<'_>, separators: Separators, out: &mut Index) -> Outcome {
    index_with(piece, separators, out, |block, delimiter, quote| {
        let (halves, _) = block.as_chunks::<32>();
        let (low, high) = (load(&halves[0]), load(&halves[1]));
        Masks {
            delimiter: equal(low, high, delimiter),
            quote: equal(low, high, quote),
            line_feed: equal(low, high, b'\n'),
            carriage_return: equal(low, high, b'\r'),
        }
    })
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(bytes: &[u8; BLOCK / 2]) -> __m256i {
    // SAFETY: 32 bytes are readable there; the instruction takes any alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

/// A bit for each byte that is `byte`.
#[inline]
#[target_feature(enable = "avx2")]
fn equal(low: __m256i, high: __m256i, byte: u8) -> u64 {
    let pattern = _mm256_set1_epi8(byte.cast_signed());
    let mask = |half| _mm256_movemask_epi8(_mm256_cmpeq_epi8(half, pattern)).cast_unsigned();
    u64::from(mask(low)) | u64::from(mask(high)) << 32
}
