//! What every use of Intel's SHA extensions needs for SHA-256.
//!
//! The use of the instructions follows Intel's "Intel SHA Extensions" (2013).

use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_blend_epi16, _mm_loadu_si128,
    _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_shuffle_epi32, _mm_storeu_si128,
};

use super::sha2_tables::K256;

/// Proof that this CPU has the instructions.
#[derive(Clone, Copy)]
pub(super) struct ShaNi(());

impl ShaNi {
    pub(super) fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("sha")
            && is_x86_feature_detected!("ssse3")
            && is_x86_feature_detected!("sse4.1");
        has.then_some(Self(()))
    }
}

/// The constants of four rounds.
#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn constants(step: usize) -> __m128i {
    load(&K256.as_chunks::<4>().0[step])
}

/// The next four words of the message schedule, from the last sixteen.
#[inline]
#[target_feature(enable = "sha,sse2,ssse3")]
pub(super) fn schedule(w0: __m128i, w1: __m128i, w2: __m128i, w3: __m128i) -> __m128i {
    let sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8::<4>(w3, w2));
    _mm_sha256msg2_epu32(sum, w3)
}

/// From the standard's order of the words, A to H, to the one of the instructions: ABEF, CDGH.
#[inline]
#[target_feature(enable = "sse2,ssse3,sse4.1")]
pub(super) fn pack([abcd, efgh]: [__m128i; 2]) -> [__m128i; 2] {
    let cdab = _mm_shuffle_epi32::<0xb1>(abcd);
    let efgh = _mm_shuffle_epi32::<0x1b>(efgh);
    [
        _mm_alignr_epi8::<8>(cdab, efgh),
        _mm_blend_epi16::<0xf0>(efgh, cdab),
    ]
}

/// The inverse of [`pack`].
#[inline]
#[target_feature(enable = "sse2,ssse3,sse4.1")]
pub(super) fn unpack([abef, cdgh]: [__m128i; 2]) -> [__m128i; 2] {
    let feba = _mm_shuffle_epi32::<0x1b>(abef);
    let dchg = _mm_shuffle_epi32::<0xb1>(cdgh);
    [
        _mm_blend_epi16::<0xf0>(feba, dchg),
        _mm_alignr_epi8::<8>(dchg, feba),
    ]
}

/// Eight words, in two registers.
#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn load_state(words: &[u32; 8]) -> [__m128i; 2] {
    let (halves, _) = words.as_chunks::<4>();
    [load(&halves[0]), load(&halves[1])]
}

/// The inverse of [`load_state`].
#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn store_state(values: [__m128i; 2], words: &mut [u32; 8]) {
    let (halves, _) = words.as_chunks_mut::<4>();
    for (half, value) in halves.iter_mut().zip(values) {
        // SAFETY: the reference is to 16 writable bytes, and the store needs no alignment.
        unsafe { _mm_storeu_si128(half.as_mut_ptr().cast(), value) }
    }
}

/// Four words.
#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn load(words: &[u32; 4]) -> __m128i {
    // SAFETY: the reference is to 16 readable bytes, and the load needs no alignment.
    unsafe { _mm_loadu_si128(words.as_ptr().cast()) }
}
