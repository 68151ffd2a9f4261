//! The kernel for any CPU: eight bytes at a time in one word.

use super::{BLOCK, Raw, Task};

const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
const HIGH: u64 = 0x8080_8080_8080_8080;

pub(super) fn run<T: Task>(task: T) -> T::Output {
    task.run(|block| {
        let mut raw = Raw::default();
        let (words, _) = block.as_chunks::<8>();
        for (index, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            // The bit in which `[` and `{`, and `]` and `}`, differ.
            let curly = word | 0x2020_2020_2020_2020;
            let is = |byte| equal(word, byte);
            let place = index * 8;
            raw.quote |= mask(is(b'"')) << place;
            raw.backslash |= mask(is(b'\\')) << place;
            raw.open |= mask(equal(curly, b'{')) << place;
            raw.close |= mask(equal(curly, b'}')) << place;
            raw.comma |= mask(is(b',')) << place;
            raw.colon |= mask(is(b':')) << place;
            raw.space |= mask(is(b' ') | is(b'\t') | is(b'\n') | is(b'\r')) << place;
            // Those whose top three bits are zero.
            raw.control |= mask(equal(word & 0xe0e0_e0e0_e0e0_e0e0, 0)) << place;
            raw.high |= mask(word & HIGH) << place;
        }
        raw
    })
}

/// The high bit of each byte that is `byte`. Unlike the usual trick exact in every byte.
#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    let difference = word ^ u64::from_le_bytes([byte; BLOCK / 8]);
    !(((difference & LOW) + LOW) | difference | LOW)
}

/// The eight high bits, side by side.
#[inline(always)]
fn mask(high: u64) -> u64 {
    (high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}
