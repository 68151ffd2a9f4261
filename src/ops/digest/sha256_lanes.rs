//! SHA-256 of two messages in lockstep on one core, with SHA-NI.
//!
//! One message is bound by the latency of `sha256rnds2`, whose unit can start a second one in the
//! meantime. Two independent messages fill that gap: 1.8 times the throughput of one on Zen 3.
//! FIPS 180-4, section 6.2.

use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_loadu_si128, _mm_set_epi64x, _mm_sha256rnds2_epu32,
    _mm_shuffle_epi8, _mm_shuffle_epi32,
};

use super::{Algorithm, SERIAL_PIECE};
use crate::error::Error;
use crate::ops::sha_ni::{ShaNi, constants, load, load_state, pack, schedule, store_state, unpack};
use crate::ops::sha2_tables::START256;

const BLOCK: usize = 64;
const LANES: usize = 2;

type State = [u32; 8];
type Block = [u8; BLOCK];

/// FIPS 180-4, section 5.3.2.
const SHA224_START: State = [
    0xc105_9ed8,
    0x367c_d507,
    0x3070_dd17,
    0xf70e_5939,
    0xffc0_0b31,
    0x6858_1511,
    0x64f9_8fa7,
    0xbefa_4fa4,
];

/// Two lanes of a CPU that has the instructions.
#[derive(Clone, Copy)]
pub(super) struct Lanes(ShaNi);

impl Lanes {
    pub(super) fn detect() -> Option<Self> {
        ShaNi::detect().map(Self)
    }

    /// The digests of `messages` into `digests`, telling `advance` of the bytes done.
    pub(super) fn digest<M: AsRef<[u8]>>(
        self,
        algorithm: Algorithm,
        messages: &[M],
        digests: &mut [u8],
        advance: impl Fn(usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let start = if algorithm == Algorithm::Sha224 {
            SHA224_START
        } else {
            START256
        };
        let mut waiting = messages
            .iter()
            .zip(digests.chunks_exact_mut(algorithm.digest_length()))
            .map(|(message, digest)| Message::new(start, message.as_ref(), digest));
        let (mut first, mut second) = (waiting.next(), waiting.next());
        while let (Some(a), Some(b)) = (&mut first, &mut second) {
            let count = a.ready().min(b.ready()).min(SERIAL_PIECE / BLOCK);
            let (state_a, blocks_a) = a.take(count);
            let (state_b, blocks_b) = b.take(count);
            self.compress([state_a, state_b], [blocks_a, blocks_b]);
            advance(LANES * count * BLOCK)?;
            if a.finished() {
                first = waiting.next();
            }
            if b.finished() {
                second = waiting.next();
            }
        }
        // The last message has no company.
        if let Some(mut message) = first.or(second) {
            loop {
                let count = message.ready().min(SERIAL_PIECE / BLOCK);
                let (state, blocks) = message.take(count);
                sha2::block_api::compress256(state, blocks);
                advance(count * BLOCK)?;
                if message.finished() {
                    break;
                }
            }
        }
        Ok(())
    }

    #[expect(
        clippy::unused_self,
        reason = "the proof that the instructions are there"
    )]
    fn compress(self, states: [&mut State; LANES], blocks: [&[Block]; LANES]) {
        // SAFETY: `ShaNi` exists only where the instructions were found.
        unsafe { compress(states, blocks) }
    }
}

/// One message on its way through a lane.
struct Message<'a> {
    state: State,
    /// Whole blocks still to come, of the message and then of its padding.
    blocks: &'a [Block],
    padding: Padding,
    digest: &'a mut [u8],
}

/// The last one or two blocks: FIPS 180-4, section 5.1.1.
struct Padding {
    blocks: [Block; 2],
    next: usize,
    end: usize,
}

impl<'a> Message<'a> {
    fn new(start: State, message: &'a [u8], digest: &'a mut [u8]) -> Self {
        let (blocks, rest) = message.as_chunks::<BLOCK>();
        let mut padded = [0; 2 * BLOCK];
        padded[..rest.len()].copy_from_slice(rest);
        padded[rest.len()] = 0x80;
        let end = if rest.len() < BLOCK - 8 { 1 } else { 2 };
        let bits = (message.len() as u64).wrapping_mul(8);
        padded[end * BLOCK - 8..end * BLOCK].copy_from_slice(&bits.to_be_bytes());
        let (padded, _) = padded.as_chunks::<BLOCK>();
        Self {
            state: start,
            blocks,
            padding: Padding {
                blocks: [padded[0], padded[1]],
                next: 0,
                end,
            },
            digest,
        }
    }

    /// Blocks that lie in one piece: at least one until the message is finished.
    fn ready(&self) -> usize {
        if self.blocks.is_empty() {
            self.padding.end - self.padding.next
        } else {
            self.blocks.len()
        }
    }

    /// The next `count` blocks, at most [`ready`](Self::ready), and the state to put them through.
    fn take(&mut self, count: usize) -> (&mut State, &[Block]) {
        let blocks = if self.blocks.is_empty() {
            let next = self.padding.next;
            self.padding.next += count;
            &self.padding.blocks[next..next + count]
        } else {
            let (taken, rest) = self.blocks.split_at(count);
            self.blocks = rest;
            taken
        };
        (&mut self.state, blocks)
    }

    /// Writes the digest when all blocks have been through.
    fn finished(&mut self) -> bool {
        let finished = self.padding.next == self.padding.end;
        if finished {
            // SHA-224 keeps seven of the eight words.
            for (out, word) in self.digest.chunks_exact_mut(4).zip(self.state) {
                out.copy_from_slice(&word.to_be_bytes());
            }
        }
        finished
    }
}

/// Puts as many blocks of each lane through its state as the shorter one has.
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn compress(states: [&mut State; LANES], blocks: [&[Block]; LANES]) {
    let swap = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    let mut abef = [load(&[0; 4]); LANES];
    let mut cdgh = abef;
    for lane in 0..LANES {
        [abef[lane], cdgh[lane]] = pack(load_state(states[lane]));
    }

    let [first, second] = blocks;
    for pair in first.iter().zip(second) {
        let pair = [pair.0, pair.1];
        let (abef_before, cdgh_before) = (abef, cdgh);
        let mut words = [[abef[0]; 4]; LANES];
        for (words, block) in words.iter_mut().zip(pair) {
            for (word, bytes) in words.iter_mut().zip(block.as_chunks::<16>().0) {
                *word = _mm_shuffle_epi8(load_bytes(bytes), swap);
            }
        }
        // Four rounds of each lane in turn. Written out by a macro, so that the words are registers:
        // whether the compiler unrolls a loop here depends on the build, and half the speed on that.
        macro_rules! four_rounds {
            ($($step:literal)*) => {$(
                let key = constants($step);
                four_rounds!(lane 0, $step, key);
                four_rounds!(lane 1, $step, key);
            )*};
            (lane $lane:literal, $step:literal, $key:ident) => {
                let w = &mut words[$lane];
                if $step >= 4 {
                    w[$step % 4] = schedule(
                        w[$step % 4],
                        w[($step + 1) % 4],
                        w[($step + 2) % 4],
                        w[($step + 3) % 4],
                    );
                }
                let sum = _mm_add_epi32(w[$step % 4], $key);
                cdgh[$lane] = _mm_sha256rnds2_epu32(cdgh[$lane], abef[$lane], sum);
                let high = _mm_shuffle_epi32(sum, 0x0e);
                abef[$lane] = _mm_sha256rnds2_epu32(abef[$lane], cdgh[$lane], high);
            };
        }
        four_rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        for lane in 0..LANES {
            abef[lane] = _mm_add_epi32(abef[lane], abef_before[lane]);
            cdgh[lane] = _mm_add_epi32(cdgh[lane], cdgh_before[lane]);
        }
    }

    for (lane, state) in states.into_iter().enumerate() {
        store_state(unpack([abef[lane], cdgh[lane]]), state);
    }
}

#[inline]
#[target_feature(enable = "sse2")]
fn load_bytes(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: the reference is to 16 readable bytes, and the load needs no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::Digest as _;

    use super::{Algorithm, Lanes};

    fn check(algorithm: Algorithm, messages: &[Vec<u8>]) {
        let Some(lanes) = Lanes::detect() else {
            return;
        };
        let length = algorithm.digest_length();
        let mut digests = vec![0; messages.len() * length];
        lanes
            .digest(algorithm, messages, &mut digests, |_| Ok(()))
            .expect("nothing cancels");
        for (message, digest) in messages.iter().zip(digests.chunks_exact(length)) {
            let expected = match algorithm {
                Algorithm::Sha224 => sha2::Sha224::digest(message).to_vec(),
                _ => sha2::Sha256::digest(message).to_vec(),
            };
            assert_eq!(digest, expected, "{} bytes", message.len());
        }
    }

    #[test]
    fn every_pair_of_lengths_around_the_block_boundaries() {
        let lengths = [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 1000];
        for a in lengths {
            for b in lengths {
                let message = |length: usize| (0..251).cycle().take(length).collect();
                check(Algorithm::Sha256, &[message(a), message(b)]);
                check(Algorithm::Sha224, &[message(a), message(b)]);
            }
        }
    }

    proptest! {
        #[test]
        fn any_messages(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..9)) {
            check(Algorithm::Sha256, &messages);
        }
    }
}
