//! The kernel for x86-64 with AVX2: 32 bytes in one register.

use std::arch::x86_64::{
    __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8,
    _mm256_or_si256, _mm256_set1_epi8, _mm256_setr_epi8, _mm256_shuffle_epi8,
};

use super::{BLOCK, Raw, Task};
use crate::ops::avx2::Avx2;

#[inline]
pub(super) fn run<T: Task>(_: Avx2, task: T) -> T::Output {
    // SAFETY: `Avx2` is the proof that this CPU has the instructions.
    unsafe { run_avx2(task) }
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn run_avx2<T: Task>(task: T) -> T::Output {
    task.run(|block| {
        let (halves, _) = block.as_chunks::<32>();
        let (low, high) = (load(&halves[0]), load(&halves[1]));
        // The bit in which `[` and `{`, and `]` and `}`, differ.
        let bit = _mm256_set1_epi8(0x20);
        let (curly_low, curly_high) = (_mm256_or_si256(low, bit), _mm256_or_si256(high, bit));
        Raw {
            quote: equal(low, high, b'"'),
            backslash: equal(low, high, b'\\'),
            open: equal(curly_low, curly_high, b'{'),
            close: equal(curly_low, curly_high, b'}'),
            comma: equal(low, high, b','),
            colon: equal(low, high, b':'),
            space: mask(spaces(low), spaces(high)),
            control: mask(controls(low), controls(high)),
            high: mask(low, high),
        }
    })
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(bytes: &[u8; BLOCK / 2]) -> __m256i {
    // SAFETY: 32 bytes are readable there; the instruction takes any alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

/// The high bit of each byte.
#[inline]
#[target_feature(enable = "avx2")]
fn mask(low: __m256i, high: __m256i) -> u64 {
    let bits = |half| _mm256_movemask_epi8(half).cast_unsigned();
    u64::from(bits(low)) | u64::from(bits(high)) << 32
}

/// A bit for each byte that is `byte`.
#[inline]
#[target_feature(enable = "avx2")]
fn equal(low: __m256i, high: __m256i, byte: u8) -> u64 {
    let pattern = _mm256_set1_epi8(byte.cast_signed());
    mask(
        _mm256_cmpeq_epi8(low, pattern),
        _mm256_cmpeq_epi8(high, pattern),
    )
}

/// Each byte that is the one which its low four bits choose: of those only whitespace is there.
#[inline]
#[target_feature(enable = "avx2")]
fn spaces(half: __m256i) -> __m256i {
    // Where there is none, a byte with other low bits.
    #[rustfmt::skip]
    let table = _mm256_setr_epi8(
        0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0x09, 0x0a, 0, 0, 0x0d, 0, 0,
        0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0x09, 0x0a, 0, 0, 0x0d, 0, 0,
    );
    _mm256_cmpeq_epi8(half, _mm256_shuffle_epi8(table, half))
}

#[inline]
#[target_feature(enable = "avx2")]
fn controls(half: __m256i) -> __m256i {
    _mm256_cmpeq_epi8(_mm256_min_epu8(half, _mm256_set1_epi8(0x1f)), half)
}
