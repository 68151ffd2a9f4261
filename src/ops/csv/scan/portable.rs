//! The kernel for any CPU: eight bytes at a time in one word.

use super::{BLOCK, Index, Masks, Outcome, Piece, Separators, index_with};

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
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let pattern = u64::from_le_bytes([byte; 8]);
    let (words, _) = block.as_chunks::<8>();
    let mut mask = 0;
    for (index, word) in words.iter().enumerate() {
        let difference = u64::from_le_bytes(*word) ^ pattern;
        // The high bit of each byte that is zero; unlike the usual trick exact in every byte.
        let zero = !(((difference & LOW) + LOW) | difference | LOW);
        // The eight high bits, side by side.
        let bits = (zero >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask |= bits << (index * 8);
    }
    mask
}
