//! The compression function with AVX2: two permutations at a time, one in each half of a register.

use std::arch::x86_64::{
    __m256i, _MM_HINT_T0, _mm_prefetch, _mm256_add_epi64, _mm256_alignr_epi8, _mm256_loadu_si256,
    _mm256_mul_epu32, _mm256_permute2x128_si256, _mm256_setr_epi8, _mm256_shuffle_epi8,
    _mm256_shuffle_epi32, _mm256_srli_epi64, _mm256_storeu_si256, _mm256_xor_si256,
};

use super::block::{Block, Compress};
use crate::ops::avx2::Avx2;

impl Compress for Avx2 {
    #[inline]
    fn compress<'a>(
        self,
        previous: &Block,
        reference: &Block,
        out: &mut Block,
        over: bool,
        next: impl FnOnce(u64) -> Option<&'a Block>,
    ) {
        // SAFETY: `Avx2` exists only where the instructions were found.
        unsafe { compress(previous, reference, out, over, next) }
    }
}

/// Registers of one block.
const PARTS: usize = 32;

/// `a + b + 2 * low(a) * low(b)`, RFC 9106 section 3.6.
macro_rules! blamka {
    ($a:expr, $b:expr) => {{
        let product = _mm256_mul_epu32($a, $b);
        _mm256_add_epi64(_mm256_add_epi64($a, $b), _mm256_add_epi64(product, product))
    }};
}

/// GB on four columns, or four diagonals, of two permutations: each of `a` to `d` is two registers,
/// whose low halves belong to one permutation and high halves to the other.
macro_rules! mix {
    ($a0:ident $a1:ident $b0:ident $b1:ident $c0:ident $c1:ident $d0:ident $d1:ident, $by24:ident, $by16:ident) => {
        $a0 = blamka!($a0, $b0);
        $a1 = blamka!($a1, $b1);
        $d0 = _mm256_shuffle_epi32::<0xb1>(_mm256_xor_si256($d0, $a0));
        $d1 = _mm256_shuffle_epi32::<0xb1>(_mm256_xor_si256($d1, $a1));
        $c0 = blamka!($c0, $d0);
        $c1 = blamka!($c1, $d1);
        $b0 = _mm256_shuffle_epi8(_mm256_xor_si256($b0, $c0), $by24);
        $b1 = _mm256_shuffle_epi8(_mm256_xor_si256($b1, $c1), $by24);
        $a0 = blamka!($a0, $b0);
        $a1 = blamka!($a1, $b1);
        $d0 = _mm256_shuffle_epi8(_mm256_xor_si256($d0, $a0), $by16);
        $d1 = _mm256_shuffle_epi8(_mm256_xor_si256($d1, $a1), $by16);
        $c0 = blamka!($c0, $d0);
        $c1 = blamka!($c1, $d1);
        $b0 = rotate63!(_mm256_xor_si256($b0, $c0));
        $b1 = rotate63!(_mm256_xor_si256($b1, $c1));
    };
}

macro_rules! rotate63 {
    ($x:expr) => {{
        let x = $x;
        _mm256_xor_si256(_mm256_srli_epi64::<63>(x), _mm256_add_epi64(x, x))
    }};
}

/// The permutation P of two rows, or two columns.
macro_rules! permute {
    ($a0:ident $a1:ident $b0:ident $b1:ident $c0:ident $c1:ident $d0:ident $d1:ident, $by24:ident, $by16:ident) => {
        mix!($a0 $a1 $b0 $b1 $c0 $c1 $d0 $d1, $by24, $by16);
        // To the diagonals: within each half, `b` moves by one word, `c` by two, `d` by three.
        let (b0, b1) = ($b0, $b1);
        $b0 = _mm256_alignr_epi8::<8>(b1, b0);
        $b1 = _mm256_alignr_epi8::<8>(b0, b1);
        let (d0, d1) = ($d0, $d1);
        $d0 = _mm256_alignr_epi8::<8>(d0, d1);
        $d1 = _mm256_alignr_epi8::<8>(d1, d0);
        mix!($a0 $a1 $b0 $b1 $c1 $c0 $d0 $d1, $by24, $by16);
        // And back.
        let (b0, b1) = ($b0, $b1);
        $b0 = _mm256_alignr_epi8::<8>(b0, b1);
        $b1 = _mm256_alignr_epi8::<8>(b1, b0);
        let (d0, d1) = ($d0, $d1);
        $d0 = _mm256_alignr_epi8::<8>(d1, d0);
        $d1 = _mm256_alignr_epi8::<8>(d0, d1);
    };
}

#[target_feature(enable = "avx2")]
fn compress<'a>(
    previous: &Block,
    reference: &Block,
    out: &mut Block,
    over: bool,
    next: impl FnOnce(u64) -> Option<&'a Block>,
) {
    let by24 = _mm256_setr_epi8(
        3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10, //
        3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10,
    );
    let by16 = _mm256_setr_epi8(
        2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9, //
        2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9,
    );
    let (previous, _) = previous.as_chunks::<4>();
    let (reference, _) = reference.as_chunks::<4>();
    let (out, _) = out.as_chunks_mut::<4>();
    let zero = _mm256_xor_si256(by16, by16);
    let mut state = [zero; PARTS];
    // What is added to the permuted block in the end.
    let mut rest = [zero; PARTS];

    // Rows 0 and 1, 2 and 3, and so on. A register of `state` has a part of both.
    macro_rules! rows {
        ($($pair:literal)*) => {$(
            let base = 8 * $pair;
            macro_rules! sum {
                ($part:literal) => {{
                    let sum = _mm256_xor_si256(
                        load(&previous[base + $part]),
                        load(&reference[base + $part]),
                    );
                    rest[base + $part] = if over {
                        _mm256_xor_si256(sum, load(&out[base + $part]))
                    } else {
                        sum
                    };
                    sum
                }};
            }
            let (low, high) = (sum!(0), sum!(4));
            let mut a0 = _mm256_permute2x128_si256::<0x20>(low, high);
            let mut a1 = _mm256_permute2x128_si256::<0x31>(low, high);
            let (low, high) = (sum!(1), sum!(5));
            let mut b0 = _mm256_permute2x128_si256::<0x20>(low, high);
            let mut b1 = _mm256_permute2x128_si256::<0x31>(low, high);
            let (low, high) = (sum!(2), sum!(6));
            let mut c0 = _mm256_permute2x128_si256::<0x20>(low, high);
            let mut c1 = _mm256_permute2x128_si256::<0x31>(low, high);
            let (low, high) = (sum!(3), sum!(7));
            let mut d0 = _mm256_permute2x128_si256::<0x20>(low, high);
            let mut d1 = _mm256_permute2x128_si256::<0x31>(low, high);
            permute!(a0 a1 b0 b1 c0 c1 d0 d1, by24, by16);
            state[base] = _mm256_permute2x128_si256::<0x20>(a0, a1);
            state[base + 4] = _mm256_permute2x128_si256::<0x31>(a0, a1);
            state[base + 1] = _mm256_permute2x128_si256::<0x20>(b0, b1);
            state[base + 5] = _mm256_permute2x128_si256::<0x31>(b0, b1);
            state[base + 2] = _mm256_permute2x128_si256::<0x20>(c0, c1);
            state[base + 6] = _mm256_permute2x128_si256::<0x31>(c0, c1);
            state[base + 3] = _mm256_permute2x128_si256::<0x20>(d0, d1);
            state[base + 7] = _mm256_permute2x128_si256::<0x31>(d0, d1);
        )*};
    }
    rows!(0 1 2 3);

    // Columns 0 and 1, 2 and 3, and so on: side by side in memory.
    macro_rules! column {
        ($pair:literal) => {
            let mut a0 = state[$pair];
            let mut a1 = state[4 + $pair];
            let mut b0 = state[8 + $pair];
            let mut b1 = state[12 + $pair];
            let mut c0 = state[16 + $pair];
            let mut c1 = state[20 + $pair];
            let mut d0 = state[24 + $pair];
            let mut d1 = state[28 + $pair];
            permute!(a0 a1 b0 b1 c0 c1 d0 d1, by24, by16);
            store(&mut out[$pair], _mm256_xor_si256(a0, rest[$pair]));
            store(&mut out[4 + $pair], _mm256_xor_si256(a1, rest[4 + $pair]));
            store(&mut out[8 + $pair], _mm256_xor_si256(b0, rest[8 + $pair]));
            store(&mut out[12 + $pair], _mm256_xor_si256(b1, rest[12 + $pair]));
            store(&mut out[16 + $pair], _mm256_xor_si256(c0, rest[16 + $pair]));
            store(&mut out[20 + $pair], _mm256_xor_si256(c1, rest[20 + $pair]));
            store(&mut out[24 + $pair], _mm256_xor_si256(d0, rest[24 + $pair]));
            store(&mut out[28 + $pair], _mm256_xor_si256(d1, rest[28 + $pair]));
        };
    }
    column!(0);
    // The block's first word is there, which says where the next reference is: fetch it while the
    // other columns are done.
    if let Some(block) = next(out[0][0]) {
        for line in block.as_chunks::<8>().0 {
            _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast());
        }
    }
    column!(1);
    column!(2);
    column!(3);
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(words: &[u64; 4]) -> __m256i {
    // SAFETY: the reference is to 32 readable bytes, and the load needs no alignment.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(words: &mut [u64; 4], value: __m256i) {
    // SAFETY: the reference is to 32 writable bytes, and the store needs no alignment.
    unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), value) }
}
