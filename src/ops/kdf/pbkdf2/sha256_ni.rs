//! HMAC-SHA-256 of one chain, or of two in lockstep, with SHA-NI.
//!
//! One chain is bound by the latency of `sha256rnds2`, whose unit can start another in the meantime:
//! on Zen 3 two chains take as long as one. Three and more do not fit the registers, and take as long
//! as one after the other.

use std::arch::x86_64::{_mm_add_epi32, _mm_sha256rnds2_epu32, _mm_shuffle_epi32, _mm_xor_si128};

use super::sha2::{Chain, Word};
use crate::ops::sha_ni::{ShaNi, constants, load, load_state, pack, schedule, store_state, unpack};

/// Chains in lockstep at most.
pub(super) const MOST: usize = 2;

/// As [`super::Prf::iterate`].
pub(super) fn iterate(_: ShaNi, chains: &mut [&mut Chain<u32>], rounds: u32) {
    match chains {
        // SAFETY: `ShaNi` exists only where the instructions were found.
        [a] => unsafe { one([a], rounds) },
        // SAFETY: as above.
        [a, b] => unsafe { two([a, b], rounds) },
        _ => unreachable!("one or two chains"),
    }
}

/// Sixteen steps of four rounds. Written out by a macro, so that the words are registers: whether the
/// compiler unrolls a loop here depends on the build, and half the speed on that.
macro_rules! steps {
    ($lanes:tt $abef:ident $cdgh:ident $words:ident $($step:literal)*) => {$(
        let key = constants($step);
        steps!(@lanes $lanes, $step, key, $abef $cdgh $words);
    )*};
    (@lanes [$($lane:literal)*], $step:literal, $key:ident, $abef:ident $cdgh:ident $words:ident) => {$({
        let w = &mut $words[$lane];
        if $step >= 4 {
            w[$step % 4] = schedule(
                w[$step % 4],
                w[($step + 1) % 4],
                w[($step + 2) % 4],
                w[($step + 3) % 4],
            );
        }
        let sum = _mm_add_epi32(w[$step % 4], $key);
        $cdgh[$lane] = _mm_sha256rnds2_epu32($cdgh[$lane], $abef[$lane], sum);
        let high = _mm_shuffle_epi32::<0x0e>(sum);
        $abef[$lane] = _mm_sha256rnds2_epu32($abef[$lane], $cdgh[$lane], high);
    })*};
}

macro_rules! kernel {
    ($name:ident, $count:literal, $lanes:tt) => {
        #[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
        fn $name(chains: [&mut Chain<u32>; $count], rounds: u32) {
            let zero = load(&[0; 4]);
            let padding = <u32 as Word>::PADDING;
            let (halves, _) = padding.as_chunks::<4>();
            let padding = [load(&halves[0]), load(&halves[1])];
            // The states in the instructions' order, U and the sum in the standard's.
            let mut inner = [[zero; 2]; $count];
            let mut outer = inner;
            let mut u = inner;
            let mut sum = inner;
            for lane in 0..$count {
                let chain = &chains[lane];
                inner[lane] = pack(load_state(&chain.keyed.inner));
                outer[lane] = pack(load_state(&chain.keyed.outer));
                u[lane] = load_state(&chain.u);
                sum[lane] = load_state(&chain.sum);
            }
            for _ in 0..rounds {
                for keyed in [&inner, &outer] {
                    let mut abef = [zero; $count];
                    let mut cdgh = [zero; $count];
                    let mut words = [[zero; 4]; $count];
                    for lane in 0..$count {
                        [abef[lane], cdgh[lane]] = keyed[lane];
                        words[lane] = [u[lane][0], u[lane][1], padding[0], padding[1]];
                    }
                    steps!($lanes abef cdgh words 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
                    for lane in 0..$count {
                        u[lane] = unpack([
                            _mm_add_epi32(abef[lane], keyed[lane][0]),
                            _mm_add_epi32(cdgh[lane], keyed[lane][1]),
                        ]);
                    }
                }
                for lane in 0..$count {
                    sum[lane][0] = _mm_xor_si128(sum[lane][0], u[lane][0]);
                    sum[lane][1] = _mm_xor_si128(sum[lane][1], u[lane][1]);
                }
            }
            for (lane, chain) in chains.into_iter().enumerate() {
                store_state(u[lane], &mut chain.u);
                store_state(sum[lane], &mut chain.sum);
            }
        }
    };
}

kernel!(one, 1, [0]);
kernel!(two, 2, [0 1]);
