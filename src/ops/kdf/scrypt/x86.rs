//! Rows in SSE2, which every x86-64 has, and rows of two blocks in AVX2.

use std::arch::x86_64::{
    __m128i, __m256i, _MM_HINT_T0, _mm_add_epi32, _mm_loadu_si128, _mm_or_si128, _mm_prefetch,
    _mm_shuffle_epi32, _mm_slli_epi32, _mm_srli_epi32, _mm_storeu_si128, _mm_xor_si128,
    _mm256_add_epi32, _mm256_castsi256_si128, _mm256_extracti128_si256, _mm256_loadu_si256,
    _mm256_or_si256, _mm256_set_m128i, _mm256_shuffle_epi32, _mm256_slli_epi32, _mm256_srli_epi32,
    _mm256_storeu_si256, _mm256_xor_si256,
};

use super::block_mix::{Access, Row, step};
use crate::ops::avx2::Avx2;

/// One step of one block.
pub(super) fn step_one(x: &[u32], y: &mut [u32], lanes: &mut [Access<'_>]) {
    fetch(lanes);
    step::<One>(x, y, lanes);
}

/// One step of two blocks.
pub(super) fn step_two(_: Avx2, x: &[u32], y: &mut [u32], lanes: &mut [Access<'_>]) {
    // SAFETY: `Avx2` exists only where the instructions were found.
    unsafe { step_two_avx2(x, y, lanes) }
}

#[target_feature(enable = "avx2")]
fn step_two_avx2(x: &[u32], y: &mut [u32], lanes: &mut [Access<'_>]) {
    fetch(lanes);
    step::<Two>(x, y, lanes);
}

/// An instruction in a method that has no target feature of its own.
macro_rules! instruction {
    ($call:expr) => {
        // SAFETY: every x86-64 has SSE2; `Two` is used in `step_two_avx2` only, whose caller has found
        // AVX2. Loads and stores are of slices whose length was checked, and need no alignment.
        unsafe { $call }
    };
}

/// Lines of the cache that are asked for: 4 KiB, four times the usual block.
const MOST_LINES: usize = 64;

/// Asks for what will be read: the places are random, and a miss takes as long as a core of Salsa20.
#[inline(always)]
fn fetch(lanes: &[Access<'_>]) {
    for lane in lanes {
        if let Access::Add(block) = lane {
            for line in block.as_chunks::<16>().0.iter().take(MOST_LINES) {
                instruction!(_mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()));
            }
        }
    }
}

#[derive(Clone, Copy)]
struct One(__m128i);

impl Row for One {
    const LANES: usize = 1;

    #[inline(always)]
    fn load(words: &[u32]) -> Self {
        assert!(words.len() >= 4);
        Self(instruction!(_mm_loadu_si128(words.as_ptr().cast())))
    }

    #[inline(always)]
    fn store(self, words: &mut [u32]) {
        assert!(words.len() >= 4);
        instruction!(_mm_storeu_si128(words.as_mut_ptr().cast(), self.0));
    }

    #[inline(always)]
    fn access(self, lanes: &mut [Access<'_>], place: usize) -> Self {
        match &mut lanes[0] {
            Access::Store(block) => {
                self.store(&mut block[place..]);
                self
            }
            Access::Add(block) => self.xor(Self::load(&block[place..])),
        }
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(instruction!(_mm_xor_si128(self.0, other.0)))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(instruction!(_mm_add_epi32(self.0, other.0)))
    }

    #[inline(always)]
    fn rotate<const BITS: i32, const REST: i32>(self) -> Self {
        let left = instruction!(_mm_slli_epi32::<BITS>(self.0));
        let right = instruction!(_mm_srli_epi32::<REST>(self.0));
        Self(instruction!(_mm_or_si128(left, right)))
    }

    #[inline(always)]
    fn turn<const BY: i32>(self) -> Self {
        Self(instruction!(_mm_shuffle_epi32::<BY>(self.0)))
    }
}

/// The low half is the first lane's, the high half the second's.
#[derive(Clone, Copy)]
struct Two(__m256i);

impl Row for Two {
    const LANES: usize = 2;

    #[inline(always)]
    fn load(words: &[u32]) -> Self {
        assert!(words.len() >= 8);
        Self(instruction!(_mm256_loadu_si256(words.as_ptr().cast())))
    }

    #[inline(always)]
    fn store(self, words: &mut [u32]) {
        assert!(words.len() >= 8);
        instruction!(_mm256_storeu_si256(words.as_mut_ptr().cast(), self.0));
    }

    #[inline(always)]
    fn access(self, lanes: &mut [Access<'_>], place: usize) -> Self {
        let [first, second] = lanes else {
            unreachable!("two lanes")
        };
        let low = One(instruction!(_mm256_castsi256_si128(self.0)));
        let high = One(instruction!(_mm256_extracti128_si256::<1>(self.0)));
        let low = low.access(std::slice::from_mut(first), place);
        let high = high.access(std::slice::from_mut(second), place);
        Self(instruction!(_mm256_set_m128i(high.0, low.0)))
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(instruction!(_mm256_xor_si256(self.0, other.0)))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(instruction!(_mm256_add_epi32(self.0, other.0)))
    }

    #[inline(always)]
    fn rotate<const BITS: i32, const REST: i32>(self) -> Self {
        let left = instruction!(_mm256_slli_epi32::<BITS>(self.0));
        let right = instruction!(_mm256_srli_epi32::<REST>(self.0));
        Self(instruction!(_mm256_or_si256(left, right)))
    }

    #[inline(always)]
    fn turn<const BY: i32>(self) -> Self {
        Self(instruction!(_mm256_shuffle_epi32::<BY>(self.0)))
    }
}
