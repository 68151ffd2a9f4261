//! Up to eight characters in one word, the first in its lowest byte.
//!
//! The arithmetic is that of Lemire, "Quickly parsing eight digits" (2018).

/// The character `0`, eight times.
const ZEROS: u64 = 0x3030_3030_3030_3030;
const ONES: u64 = 0x0101_0101_0101_0101;
const DOTS: u64 = 0x2e2e_2e2e_2e2e_2e2e;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The first bytes of `text`, at most eight, with zeros behind them. In two loads that overlap.
#[inline(always)]
pub(in crate::ops) fn word(text: &[u8]) -> u64 {
    if let Some(first) = text.first_chunk::<8>() {
        return u64::from_le_bytes(*first);
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << ((text.len() - 4) * 8);
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<2>(), text.last_chunk::<2>()) {
        let (first, last) = (u16::from_le_bytes(*first), u16::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << ((text.len() - 2) * 8);
    }
    text.first().copied().map_or(0, u64::from)
}

/// The number that the first `count` characters of `word` are, from one to eight digits.
#[inline(always)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "eight digits, and a count up to eight"
)]
pub(in crate::ops) fn digits(word: u64, count: usize) -> Option<u32> {
    debug_assert!((1..=8).contains(&count), "digits of one word");
    let bits = count as u32 * 8;
    // Behind as many zeros as make eight.
    let eight = word << (64 - bits) | ZEROS.checked_shr(bits).unwrap_or(0);
    let are_digits = (eight & 0xf0f0_f0f0_f0f0_f0f0)
        | ((eight.wrapping_add(0x0606_0606_0606_0606) & 0xf0f0_f0f0_f0f0_f0f0) >> 4);
    if are_digits != 0x3333_3333_3333_3333 {
        return None;
    }
    let pairs = (eight & 0x0f0f_0f0f_0f0f_0f0f).wrapping_mul(2561) >> 8;
    let quads = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul(6_553_601) >> 16;
    let number = (quads & 0x0000_ffff_0000_ffff).wrapping_mul(42_949_672_960_001) >> 32;
    Some(number as u32)
}

/// The position of the first dot in `word`, or 8.
#[inline(always)]
pub(in crate::ops) fn dot(word: u64) -> usize {
    let difference = word ^ DOTS;
    let zero = difference.wrapping_sub(ONES) & !difference & HIGH;
    zero.trailing_zeros() as usize / 8
}

/// `word` without its byte at `position`.
#[inline(always)]
pub(in crate::ops) fn without(word: u64, position: usize) -> u64 {
    let below = (1_u64 << (position * 8)) - 1;
    word & below | word >> 8 & !below
}

#[cfg(test)]
mod tests {
    use super::{digits, dot, without, word};

    #[test]
    fn every_length_and_every_wrong_character() {
        let text = b"98765432";
        for count in 1..=8 {
            let text = &text[..count];
            let expected = std::str::from_utf8(text)
                .ok()
                .and_then(|text| text.parse().ok());
            assert_eq!(digits(word(text), count), expected);
            for position in 0..count {
                for wrong in (0..=255_u8).filter(|byte| !byte.is_ascii_digit()) {
                    let mut text = text.to_vec();
                    text[position] = wrong;
                    assert_eq!(digits(word(&text), count), None, "{}", text.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn a_dot_is_found_and_taken_out() {
        for (text, position, rest) in [
            (&b"1.25"[..], 1, &b"125"[..]),
            (b".5", 0, b"5"),
            (b"1234567.", 7, b"1234567"),
            (b"12", 8, b"12"),
        ] {
            assert_eq!(dot(word(text)), position);
            if position < 8 {
                assert_eq!(without(word(text), position), word(rest));
            }
        }
    }
}
