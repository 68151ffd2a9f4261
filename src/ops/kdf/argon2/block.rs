//! The compression function G of RFC 9106, section 3.5.

/// 1 KiB, as 64-bit words.
pub(super) type Block = [u64; 128];

pub(super) const BLOCK_BYTES: usize = size_of::<Block>();

/// A version of G for one kind of CPU.
pub(super) trait Compress: Copy + Send + Sync {
    /// Makes `out` of `previous` and `reference`; `over` adds what was there before.
    ///
    /// `next` is called as soon as the first word of `out` is known, and names the block that will
    /// be read soon, to be fetched meanwhile: a miss of the cache takes as long as the rest.
    fn compress<'a>(
        self,
        previous: &Block,
        reference: &Block,
        out: &mut Block,
        over: bool,
        next: impl FnOnce(u64) -> Option<&'a Block>,
    );
}

/// For every CPU.
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl Compress for Portable {
    fn compress<'a>(
        self,
        previous: &Block,
        reference: &Block,
        out: &mut Block,
        over: bool,
        _: impl FnOnce(u64) -> Option<&'a Block>,
    ) {
        let mut state: Block = std::array::from_fn(|i| previous[i] ^ reference[i]);
        for i in 0..128 {
            out[i] = if over { out[i] ^ state[i] } else { state[i] };
        }
        for row in 0..8 {
            permute(&mut state, |i| 16 * row + i);
        }
        for column in 0..8 {
            permute(&mut state, |i| 2 * column + 16 * (i / 2) + i % 2);
        }
        for i in 0..128 {
            out[i] ^= state[i];
        }
    }
}

/// The permutation P on the 16 words that `place` names.
#[inline(always)]
fn permute(state: &mut Block, place: impl Fn(usize) -> usize) {
    let mut v: [u64; 16] = std::array::from_fn(|i| state[place(i)]);
    for i in 0..4 {
        mix(&mut v, [i, 4 + i, 8 + i, 12 + i]);
    }
    for i in 0..4 {
        mix(
            &mut v,
            [i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4],
        );
    }
    for (i, word) in v.into_iter().enumerate() {
        state[place(i)] = word;
    }
}

/// The function GB.
#[inline(always)]
fn mix(v: &mut [u64; 16], [a, b, c, d]: [usize; 4]) {
    const LOW: u64 = 0xffff_ffff;
    let add = |x: u64, y: u64| {
        let product = (x & LOW).wrapping_mul(y & LOW);
        x.wrapping_add(y).wrapping_add(product.wrapping_mul(2))
    };
    v[a] = add(v[a], v[b]);
    v[d] = (v[d] ^ v[a]).rotate_right(32);
    v[c] = add(v[c], v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(24);
    v[a] = add(v[a], v[b]);
    v[d] = (v[d] ^ v[a]).rotate_right(16);
    v[c] = add(v[c], v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(63);
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use proptest::prelude::*;

    use super::{Block, Compress, Portable};
    use crate::ops::avx2::Avx2;

    fn blocks(seed: u64) -> [Block; 3] {
        let mut word = seed;
        std::array::from_fn(|_| {
            std::array::from_fn(|_| {
                word = word.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                word ^ word >> 29
            })
        })
    }

    proptest! {
        #[test]
        fn every_version_agrees_with_the_portable_one(seed: u64, over: bool) {
            let Some(avx2) = Avx2::detect() else { return Ok(()) };
            let [previous, reference, mut expected] = blocks(seed);
            let mut out = expected;
            Portable.compress(&previous, &reference, &mut expected, over, |_| None);
            let mut first = None;
            avx2.compress(&previous, &reference, &mut out, over, |word| {
                first = Some(word);
                None
            });
            prop_assert_eq!(out, expected);
            prop_assert_eq!(first, Some(expected[0]));
        }
    }
}
