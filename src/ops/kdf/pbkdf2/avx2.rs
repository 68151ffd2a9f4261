//! HMAC-SHA-512 of up to four chains in lockstep, and HMAC-SHA-256 of up to eight where there is no
//! SHA-NI, with AVX2: each chain has one lane of every register.

use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_add_epi64, _mm256_and_si256, _mm256_andnot_si256,
    _mm256_loadu_si256, _mm256_or_si256, _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_slli_epi32,
    _mm256_slli_epi64, _mm256_srli_epi32, _mm256_srli_epi64, _mm256_storeu_si256, _mm256_xor_si256,
};

use zeroize::Zeroize;

use super::sha2::{Chain, Word as _};
use crate::ops::avx2::Avx2;
use crate::ops::sha2_tables::{K256, K512};

/// Chains of SHA-256 in lockstep at most.
pub(super) const LANES_256: usize = 8;

/// Chains of SHA-512 in lockstep at most.
pub(super) const LANES_512: usize = 4;

/// As [`super::Prf::iterate`].
pub(super) fn iterate256(_: Avx2, chains: &mut [&mut Chain<u32>], rounds: u32) {
    // SAFETY: `Avx2` exists only where the instructions were found.
    unsafe { sha256_lanes(chains, rounds) }
}

/// As [`super::Prf::iterate`].
pub(super) fn iterate512(_: Avx2, chains: &mut [&mut Chain<u64>], rounds: u32) {
    if let [chain] = chains {
        // SAFETY: `Avx2` exists only where the instructions were found.
        unsafe { sha512_alone(chain, rounds) }
    } else {
        // SAFETY: as above.
        unsafe { sha512_lanes(chains, rounds) }
    }
}

/// One word of each lane.
trait Lanes: Copy {
    fn constant(round: usize) -> Self;
    fn xor(self, other: Self) -> Self;
    fn add(self, other: Self) -> Self;
    /// FIPS 180-4, sections 4.1.2 and 4.1.3.
    fn choose(self, f: Self, g: Self) -> Self;
    fn majority(self, b: Self, c: Self) -> Self;
    fn big_sigma0(self) -> Self;
    fn big_sigma1(self) -> Self;
    fn small_sigma0(self) -> Self;
    fn small_sigma1(self) -> Self;
}

/// The compression function of FIPS 180-4, section 6.2.2, with `16 * GROUPS` rounds. All of it is
/// inlined into a function that has the instructions.
#[inline(always)]
fn compress<W: Lanes, const GROUPS: usize>(state: [W; 8], mut w: [W; 16]) -> [W; 8] {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
    macro_rules! rounds {
        ($group:ident, $($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident $j:literal),*) => {$(
            if $group > 0 {
                w[$j] = w[$j]
                    .add(w[($j + 14) % 16].small_sigma1())
                    .add(w[($j + 9) % 16])
                    .add(w[($j + 1) % 16].small_sigma0());
            }
            let t = $h
                .add(W::constant(16 * $group + $j))
                .add(w[$j])
                .add($e.choose($f, $g))
                .add($e.big_sigma1());
            $d = $d.add(t);
            $h = t.add($a.majority($b, $c)).add($a.big_sigma0());
        )*};
    }
    for group in 0..GROUPS {
        rounds!(group,
            a b c d e f g h 0, h a b c d e f g 1, g h a b c d e f 2, f g h a b c d e 3,
            e f g h a b c d 4, d e f g h a b c 5, c d e f g h a b 6, b c d e f g h a 7,
            a b c d e f g h 8, h a b c d e f g 9, g h a b c d e f 10, f g h a b c d e 11,
            e f g h a b c d 12, d e f g h a b c 13, c d e f g h a b 14, b c d e f g h a 15);
    }
    [
        state[0].add(a),
        state[1].add(b),
        state[2].add(c),
        state[3].add(d),
        state[4].add(e),
        state[5].add(f),
        state[6].add(g),
        state[7].add(h),
    ]
}

/// The rounds of PBKDF2 on the words of all lanes; `padding` is what follows a digest in its block.
#[inline(always)]
fn iterate<W: Lanes, const GROUPS: usize>(
    [inner, outer, mut u, mut sum]: [[W; 8]; 4],
    padding: [W; 8],
    rounds: u32,
) -> [[W; 8]; 2] {
    for _ in 0..rounds {
        u = compress::<W, GROUPS>(inner, message(u, padding));
        u = compress::<W, GROUPS>(outer, message(u, padding));
        for i in 0..8 {
            sum[i] = sum[i].xor(u[i]);
        }
    }
    [u, sum]
}

#[inline(always)]
fn message<W: Lanes>(digest: [W; 8], padding: [W; 8]) -> [W; 16] {
    let [a, b, c, d, e, f, g, h] = digest;
    let [i, j, k, l, m, n, o, p] = padding;
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

#[target_feature(enable = "avx2,bmi1,bmi2")]
fn sha512_alone(chain: &mut Chain<u64>, rounds: u32) {
    let words = [chain.keyed.inner, chain.keyed.outer, chain.u, chain.sum];
    [chain.u, chain.sum] = iterate::<u64, 5>(words, u64::PADDING, rounds);
}

/// The words of one chain, whose rotations BMI2 does without a copy.
impl Lanes for u64 {
    #[inline(always)]
    fn constant(round: usize) -> Self {
        K512[round]
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self ^ other
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn choose(self, f: Self, g: Self) -> Self {
        (self & f) ^ (!self & g)
    }

    #[inline(always)]
    fn majority(self, b: Self, c: Self) -> Self {
        (self & b) ^ (self & c) ^ (b & c)
    }

    #[inline(always)]
    fn big_sigma0(self) -> Self {
        self.rotate_right(28) ^ self.rotate_right(34) ^ self.rotate_right(39)
    }

    #[inline(always)]
    fn big_sigma1(self) -> Self {
        self.rotate_right(14) ^ self.rotate_right(18) ^ self.rotate_right(41)
    }

    #[inline(always)]
    fn small_sigma0(self) -> Self {
        self.rotate_right(1) ^ self.rotate_right(8) ^ self >> 7
    }

    #[inline(always)]
    fn small_sigma1(self) -> Self {
        self.rotate_right(19) ^ self.rotate_right(61) ^ self >> 6
    }
}

/// An instruction in a method that has no target feature of its own.
macro_rules! instruction {
    ($call:expr) => {
        // SAFETY: used in the functions below only, whose caller has found AVX2. Loads and stores are
        // of arrays of 32 bytes, and need no alignment.
        unsafe { $call }
    };
}

macro_rules! lanes {
    (
        $name:ident: [$word:ty; $lanes:ident], bits: $bits:literal, rounds: 16 * $groups:literal,
        constants: $constants:ident, function: $function:ident,
        set: $set:ident, add: $add:ident, left: $left:ident, right: $right:ident,
        big_sigma0: [$s0a:literal $s0b:literal $s0c:literal],
        big_sigma1: [$s1a:literal $s1b:literal $s1c:literal],
        small_sigma0: [$t0a:literal $t0b:literal $t0c:literal],
        small_sigma1: [$t1a:literal $t1b:literal $t1c:literal],
    ) => {
        #[derive(Clone, Copy)]
        struct $name(__m256i);

        impl $name {
            #[inline(always)]
            fn gather(words: [$word; $lanes]) -> Self {
                Self(instruction!(_mm256_loadu_si256(words.as_ptr().cast())))
            }

            #[inline(always)]
            fn scatter(self) -> [$word; $lanes] {
                let mut words = [0; $lanes];
                instruction!(_mm256_storeu_si256(words.as_mut_ptr().cast(), self.0));
                words
            }

            #[inline(always)]
            fn rotate<const BITS: i32, const REST: i32>(self) -> Self {
                let right = instruction!($right::<BITS>(self.0));
                let left = instruction!($left::<REST>(self.0));
                Self(instruction!(_mm256_or_si256(left, right)))
            }

            #[inline(always)]
            fn shift<const BITS: i32>(self) -> Self {
                Self(instruction!($right::<BITS>(self.0)))
            }

            #[inline(always)]
            fn and(self, other: Self) -> Self {
                Self(instruction!(_mm256_and_si256(self.0, other.0)))
            }
        }

        impl Lanes for $name {
            #[inline(always)]
            fn constant(round: usize) -> Self {
                Self(instruction!($set($constants[round].cast_signed())))
            }

            #[inline(always)]
            fn xor(self, other: Self) -> Self {
                Self(instruction!(_mm256_xor_si256(self.0, other.0)))
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Self(instruction!($add(self.0, other.0)))
            }

            #[inline(always)]
            fn choose(self, f: Self, g: Self) -> Self {
                let not = Self(instruction!(_mm256_andnot_si256(self.0, g.0)));
                self.and(f).xor(not)
            }

            #[inline(always)]
            fn majority(self, b: Self, c: Self) -> Self {
                // One operation less than in the standard.
                self.and(b).xor(c.and(self.xor(b)))
            }

            #[inline(always)]
            fn big_sigma0(self) -> Self {
                self.rotate::<$s0a, { $bits - $s0a }>()
                    .xor(self.rotate::<$s0b, { $bits - $s0b }>())
                    .xor(self.rotate::<$s0c, { $bits - $s0c }>())
            }

            #[inline(always)]
            fn big_sigma1(self) -> Self {
                self.rotate::<$s1a, { $bits - $s1a }>()
                    .xor(self.rotate::<$s1b, { $bits - $s1b }>())
                    .xor(self.rotate::<$s1c, { $bits - $s1c }>())
            }

            #[inline(always)]
            fn small_sigma0(self) -> Self {
                self.rotate::<$t0a, { $bits - $t0a }>()
                    .xor(self.rotate::<$t0b, { $bits - $t0b }>())
                    .xor(self.shift::<$t0c>())
            }

            #[inline(always)]
            fn small_sigma1(self) -> Self {
                self.rotate::<$t1a, { $bits - $t1a }>()
                    .xor(self.rotate::<$t1b, { $bits - $t1b }>())
                    .xor(self.shift::<$t1c>())
            }
        }

        /// At most as many chains as there are lanes.
        #[target_feature(enable = "avx2,bmi1,bmi2")]
        fn $function(chains: &mut [&mut Chain<$word>], rounds: u32) {
            // [inner, outer, u, sum][word][lane]
            let mut words = [[[0; $lanes]; 8]; 4];
            for (lane, chain) in chains.iter().enumerate() {
                let Chain { keyed, u, sum } = &**chain;
                for (to, from) in words.iter_mut().zip([&keyed.inner, &keyed.outer, u, sum]) {
                    for (to, from) in to.iter_mut().zip(from) {
                        to[lane] = *from;
                    }
                }
            }
            let zero = $name::gather([0; $lanes]);
            let mut registers = [[zero; 8]; 4];
            for (to, from) in registers.iter_mut().zip(&words) {
                for (to, from) in to.iter_mut().zip(from) {
                    *to = $name::gather(*from);
                }
            }
            let mut padding = [zero; 8];
            for (to, from) in padding.iter_mut().zip(<$word>::PADDING) {
                *to = $name::gather([from; $lanes]);
            }
            let [u, sum] = iterate::<$name, $groups>(registers, padding, rounds);
            for i in 0..8 {
                let (u, sum) = (u[i].scatter(), sum[i].scatter());
                for (lane, chain) in chains.iter_mut().enumerate() {
                    chain.u[i] = u[lane];
                    chain.sum[i] = sum[lane];
                }
            }
            words.zeroize();
        }
    };
}

lanes!(
    U32x8: [u32; LANES_256], bits: 32, rounds: 16 * 4,
    constants: K256, function: sha256_lanes,
    set: _mm256_set1_epi32, add: _mm256_add_epi32, left: _mm256_slli_epi32, right: _mm256_srli_epi32,
    big_sigma0: [2 13 22],
    big_sigma1: [6 11 25],
    small_sigma0: [7 18 3],
    small_sigma1: [17 19 10],
);
lanes!(
    U64x4: [u64; LANES_512], bits: 64, rounds: 16 * 5,
    constants: K512, function: sha512_lanes,
    set: _mm256_set1_epi64x, add: _mm256_add_epi64, left: _mm256_slli_epi64, right: _mm256_srli_epi64,
    big_sigma0: [28 34 39],
    big_sigma1: [14 18 41],
    small_sigma0: [1 8 7],
    small_sigma1: [19 61 6],
);
