//! HMAC-SHA-256 and HMAC-SHA-512, in as many lanes as the CPU has.

use std::marker::PhantomData;
use std::ops::BitXorAssign;

use zeroize::{Zeroize, Zeroizing};

use super::{Prf, first};
use crate::ops::digest::{Algorithm, Digest, HMAC_INNER, HMAC_OUTER, xor};
use crate::ops::sha2_tables::{START256, START512};

/// SHA-2 with words of type `W`.
pub struct Sha2<W>(PhantomData<W>);

/// SHA-256.
pub type Sha256 = Sha2<u32>;

/// SHA-512.
pub type Sha512 = Sha2<u64>;

impl<W> Default for Sha2<W> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// The states after HMAC's two padded keys.
#[derive(Clone)]
pub struct Keyed<W: Zeroize> {
    pub(super) inner: [W; 8],
    pub(super) outer: [W; 8],
}

/// One chain, from its first U on.
pub struct Chain<W: Zeroize> {
    pub(super) keyed: Keyed<W>,
    pub(super) u: [W; 8],
    pub(super) sum: [W; 8],
}

impl<W: Zeroize> Drop for Keyed<W> {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

impl<W: Zeroize> Drop for Chain<W> {
    fn drop(&mut self) {
        self.u.zeroize();
        self.sum.zeroize();
    }
}

/// What differs between the two.
pub trait Word: Copy + Zeroize + BitXorAssign + Send + Default + 'static {
    /// The function with words of this size.
    const ALGORITHM: Algorithm;
    /// FIPS 180-4, section 5.3.
    const START: [Self; 8];
    /// The last half of a message of one digest behind one block: its padding, and its length in bits.
    const PADDING: [Self; 8];
    /// Rounds of a chain in a step.
    const STEP: u32;

    /// How many chains run side by side on this CPU.
    fn lanes() -> usize;

    /// Goes on with at most so many.
    fn iterate(chains: &mut [&mut Chain<Self>], rounds: u32);

    /// The compression function on one CPU's portable version, or ARMv8's instructions.
    fn compress(state: &mut [Self; 8], block: &[Self; 16]);

    /// From big-endian bytes.
    fn read(bytes: &[u8]) -> Self;

    /// To big-endian bytes, as many as `out` takes.
    fn write(self, out: &mut [u8]);
}

macro_rules! word {
    ($word:ty, $algorithm:ident, $start:ident, $step:literal, $compress:ident) => {
        const ALGORITHM: Algorithm = Algorithm::$algorithm;
        const START: [Self; 8] = $start;
        const PADDING: [Self; 8] = [
            1 << (Self::BITS - 1),
            0,
            0,
            0,
            0,
            0,
            0,
            // A block of 16 words and a digest of 8.
            (24 * Self::BITS) as Self,
        ];
        const STEP: u32 = $step;

        fn compress(state: &mut [Self; 8], block: &[Self; 16]) {
            let mut bytes = Zeroizing::new([0; 16 * size_of::<Self>()]);
            for (bytes, word) in bytes.chunks_exact_mut(size_of::<Self>()).zip(block) {
                bytes.copy_from_slice(&word.to_be_bytes());
            }
            sha2::block_api::$compress(state, std::slice::from_ref(&*bytes));
        }

        fn read(bytes: &[u8]) -> Self {
            let bytes = bytes.try_into();
            Self::from_be_bytes(bytes.unwrap_or_else(|_| unreachable!("a word's bytes")))
        }

        fn write(self, out: &mut [u8]) {
            out.copy_from_slice(&self.to_be_bytes()[..out.len()]);
        }
    };
}

impl Word for u32 {
    word!(u32, Sha256, START256, 4096, compress256);

    fn lanes() -> usize {
        #[cfg(target_arch = "x86_64")]
        if crate::ops::sha_ni::ShaNi::detect().is_some() {
            return super::sha256_ni::MOST;
        } else if crate::ops::avx2::Avx2::detect().is_some() {
            return super::avx2::LANES_256;
        }
        1
    }

    fn iterate(chains: &mut [&mut Chain<Self>], rounds: u32) {
        #[cfg(target_arch = "x86_64")]
        if let Some(sha_ni) = crate::ops::sha_ni::ShaNi::detect() {
            return super::sha256_ni::iterate(sha_ni, chains, rounds);
        } else if let Some(avx2) = crate::ops::avx2::Avx2::detect()
            && chains.len() > 1
        {
            return super::avx2::iterate256(avx2, chains, rounds);
        }
        portable(chains, rounds);
    }
}

impl Word for u64 {
    word!(u64, Sha512, START512, 2048, compress512);

    fn lanes() -> usize {
        #[cfg(target_arch = "x86_64")]
        if crate::ops::avx2::Avx2::detect().is_some() {
            return super::avx2::LANES_512;
        }
        1
    }

    fn iterate(chains: &mut [&mut Chain<Self>], rounds: u32) {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = crate::ops::avx2::Avx2::detect() {
            return super::avx2::iterate512(avx2, chains, rounds);
        }
        portable(chains, rounds);
    }
}

impl<W: Word> Prf for Sha2<W> {
    type Key = Keyed<W>;
    type Chain = Chain<W>;

    const STEP: u32 = W::STEP;

    fn algorithm(&self) -> Algorithm {
        W::ALGORITHM
    }

    fn lanes(&self) -> usize {
        W::lanes()
    }

    fn key(&self, block: &[u8], _: &Digest) -> Keyed<W> {
        let state = |pad: u8| {
            let padded = xor(block, pad);
            let mut words = Zeroizing::new([W::default(); 16]);
            for (word, bytes) in words.iter_mut().zip(padded.chunks_exact(size_of::<W>())) {
                *word = W::read(bytes);
            }
            let mut state = W::START;
            W::compress(&mut state, &words);
            state
        };
        Keyed {
            inner: state(HMAC_INNER),
            outer: state(HMAC_OUTER),
        }
    }

    fn chain(&self, key: &Keyed<W>, salted: &Digest, block: u32) -> Chain<W> {
        let first = first(salted.clone(), block);
        let mut u = [W::default(); 8];
        for (word, bytes) in u.iter_mut().zip(first.chunks_exact(size_of::<W>())) {
            *word = W::read(bytes);
        }
        Chain {
            keyed: key.clone(),
            u,
            sum: u,
        }
    }

    fn iterate(chains: &mut [&mut Chain<W>], rounds: u32) {
        W::iterate(chains, rounds);
    }

    fn output(chain: &Chain<W>, out: &mut [u8]) {
        for (out, word) in out.chunks_mut(size_of::<W>()).zip(chain.sum) {
            word.write(out);
        }
    }
}

/// One chain after the other.
pub(super) fn portable<W: Word>(chains: &mut [&mut Chain<W>], rounds: u32) {
    for chain in chains {
        let mut block = Zeroizing::new([W::default(); 16]);
        let (digest, padding) = block.split_at_mut(8);
        padding.copy_from_slice(&W::PADDING);
        digest.copy_from_slice(&chain.u);
        for _ in 0..rounds {
            for keyed in [&chain.keyed.inner, &chain.keyed.outer] {
                chain.u = *keyed;
                W::compress(&mut chain.u, &block);
                block[..8].copy_from_slice(&chain.u);
            }
            for (sum, word) in chain.sum.iter_mut().zip(chain.u) {
                *sum ^= word;
            }
        }
    }
}
