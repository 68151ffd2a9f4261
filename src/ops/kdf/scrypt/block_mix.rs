//! scryptBlockMix with Salsa20/8, of one block or of two in lockstep.
//!
//! Words are kept in the order of the diagonals, in which a round of Salsa20 works on whole rows: the
//! word at place `i` of 64 bytes is the standard's at place `5 * i % 16`. One chain of rounds is
//! bound by their latency; two rows side by side in a register take as long as one.

/// The words of 64 bytes, Salsa20's block.
pub(super) const CHUNK: usize = 16;

/// What a step does with one lane's part of the memory V.
pub(super) enum Access<'a> {
    /// The first half of scryptROMix: the block is put there.
    Store(&'a mut [u32]),
    /// The second half: what is there is added to the block.
    Add(&'a [u32]),
}

/// Four words of each of [`LANES`](Self::LANES) blocks.
///
/// The methods use instructions that the CPU must have; whoever calls [`step`] with a type has found
/// that it does. The types do not leave this module's family.
pub(super) trait Row: Copy {
    const LANES: usize;
    /// Words of all lanes, those of one lane side by side.
    fn load(words: &[u32]) -> Self;
    fn store(self, words: &mut [u32]);
    /// Puts each lane's four words at `place` of its memory, or adds what is there.
    fn access(self, lanes: &mut [Access<'_>], place: usize) -> Self;
    fn xor(self, other: Self) -> Self;
    fn add(self, other: Self) -> Self;
    fn rotate<const BITS: i32, const REST: i32>(self) -> Self;
    /// Turns the four words of each lane by `BY` places.
    fn turn<const BY: i32>(self) -> Self;
}

/// One step of scryptROMix (RFC 7914, section 5) for each lane: `x` and its place in V, to `y`.
///
/// All of it is inlined into a function that has the instructions, so no closure is handed to
/// another function here.
#[inline(always)]
pub(super) fn step<R: Row>(x: &[u32], y: &mut [u32], lanes: &mut [Access<'_>]) {
    let chunk = CHUNK * R::LANES;
    let chunks = x.len() / chunk;
    let mut state = read::<R>(x, chunks - 1, lanes);
    for at in 0..chunks {
        let input = read::<R>(x, at, lanes);
        let before = [
            state[0].xor(input[0]),
            state[1].xor(input[1]),
            state[2].xor(input[2]),
            state[3].xor(input[3]),
        ];
        let after = salsa20_8(before);
        state = [
            after[0].add(before[0]),
            after[1].add(before[1]),
            after[2].add(before[2]),
            after[3].add(before[3]),
        ];
        let to = at / 2 + at % 2 * (chunks / 2);
        let row = 4 * R::LANES;
        let out = &mut y[to * chunk..][..chunk];
        state[0].store(&mut out[..row]);
        state[1].store(&mut out[row..2 * row]);
        state[2].store(&mut out[2 * row..3 * row]);
        state[3].store(&mut out[3 * row..]);
    }
}

/// The rows of one chunk, after their turn in V.
#[inline(always)]
fn read<R: Row>(x: &[u32], at: usize, lanes: &mut [Access<'_>]) -> [R; 4] {
    let row = 4 * R::LANES;
    let words = &x[at * 4 * row..][..4 * row];
    let place = at * CHUNK;
    [
        R::load(&words[..row]).access(lanes, place),
        R::load(&words[row..2 * row]).access(lanes, place + 4),
        R::load(&words[2 * row..3 * row]).access(lanes, place + 8),
        R::load(&words[3 * row..]).access(lanes, place + 12),
    ]
}

/// Salsa20/8 without its last addition: RFC 7914, section 3.
#[inline(always)]
fn salsa20_8<R: Row>([mut a, mut b, mut c, mut d]: [R; 4]) -> [R; 4] {
    for _ in 0..4 {
        // Columns.
        b = b.xor(a.add(d).rotate::<7, 25>());
        c = c.xor(b.add(a).rotate::<9, 23>());
        d = d.xor(c.add(b).rotate::<13, 19>());
        a = a.xor(d.add(c).rotate::<18, 14>());
        (b, c, d) = (b.turn::<0x93>(), c.turn::<0x4e>(), d.turn::<0x39>());
        // Rows: the same on the turned diagonals.
        d = d.xor(a.add(b).rotate::<7, 25>());
        c = c.xor(d.add(a).rotate::<9, 23>());
        b = b.xor(c.add(d).rotate::<13, 19>());
        a = a.xor(b.add(c).rotate::<18, 14>());
        (b, c, d) = (b.turn::<0x39>(), c.turn::<0x4e>(), d.turn::<0x93>());
    }
    [a, b, c, d]
}

/// For every CPU. On x86-64 only the tests use it, which has SSE2 always.
#[cfg(any(test, not(target_arch = "x86_64")))]
#[derive(Clone, Copy)]
pub(super) struct Portable([u32; 4]);

#[cfg(any(test, not(target_arch = "x86_64")))]
impl Row for Portable {
    const LANES: usize = 1;

    fn load(words: &[u32]) -> Self {
        Self(std::array::from_fn(|i| words[i]))
    }

    fn store(self, words: &mut [u32]) {
        words.copy_from_slice(&self.0);
    }

    fn access(self, lanes: &mut [Access<'_>], place: usize) -> Self {
        match &mut lanes[0] {
            Access::Store(block) => {
                block[place..place + 4].copy_from_slice(&self.0);
                self
            }
            Access::Add(block) => self.xor(Self::load(&block[place..place + 4])),
        }
    }

    fn xor(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] ^ other.0[i]))
    }

    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].wrapping_add(other.0[i])))
    }

    fn rotate<const BITS: i32, const REST: i32>(self) -> Self {
        Self(self.0.map(|word| word << BITS | word >> REST))
    }

    fn turn<const BY: i32>(self) -> Self {
        Self(std::array::from_fn(|i| {
            self.0[(BY.cast_unsigned() >> (2 * i)) as usize & 3]
        }))
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::super::x86::{step_one, step_two};
    use super::{Access, Portable, step};
    use crate::ops::avx2::Avx2;

    const WORDS: usize = 32 * 3;

    fn words(seed: u32) -> Vec<u32> {
        let mut word = seed;
        let mut next = || {
            word = word.wrapping_mul(0x915f_77f5).wrapping_add(1);
            word ^ word >> 15
        };
        (0..WORDS).map(|_| next()).collect()
    }

    /// The result, and what is in the memory then.
    fn portable(x: &[u32], memory: &[u32], stores: bool) -> (Vec<u32>, Vec<u32>) {
        let (mut y, mut memory) = (vec![0; WORDS], memory.to_vec());
        let access = if stores {
            Access::Store(&mut memory)
        } else {
            Access::Add(&memory)
        };
        step::<Portable>(x, &mut y, &mut [access]);
        (y, memory)
    }

    #[test]
    fn one_block_with_sse2_as_with_the_portable_version() {
        for stores in [true, false] {
            let (x, mut memory) = (words(1), words(2));
            let expected = portable(&x, &memory, stores);
            let mut y = vec![0; WORDS];
            let access = if stores {
                Access::Store(&mut memory)
            } else {
                Access::Add(&memory)
            };
            step_one(&x, &mut y, &mut [access]);
            assert_eq!((y, memory), expected, "stores: {stores}");
        }
    }

    #[test]
    fn two_blocks_with_avx2_as_one_by_one() {
        let Some(avx2) = Avx2::detect() else { return };
        for stores in [[true, true], [true, false], [false, true], [false, false]] {
            let x = [words(1), words(2)];
            let mut memory = [words(3), words(4)];
            let expected = [0, 1].map(|lane| portable(&x[lane], &memory[lane], stores[lane]));
            let pairs = x[0].as_chunks::<4>().0.iter().zip(x[1].as_chunks::<4>().0);
            let mixed: Vec<u32> = pairs.flat_map(|(a, b)| [*a, *b].concat()).collect();
            let mut y = vec![0; 2 * WORDS];
            let mut lane = 0;
            let mut accesses = memory.each_mut().map(|memory| {
                lane += 1;
                if stores[lane - 1] {
                    Access::Store(memory)
                } else {
                    Access::Add(memory)
                }
            });
            step_two(avx2, &mixed, &mut y, &mut accesses);
            for (lane, (y_expected, memory_expected)) in expected.into_iter().enumerate() {
                let rows = y.as_chunks::<4>().0.iter().skip(lane).step_by(2);
                let own: Vec<u32> = rows.flatten().copied().collect();
                assert_eq!(own, y_expected, "lane {lane}, stores: {stores:?}");
                assert_eq!(
                    memory[lane], memory_expected,
                    "lane {lane}, stores: {stores:?}"
                );
            }
        }
    }
}
