//! scrypt, RFC 7914.

mod block_mix;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::ops::Range;

use zeroize::Zeroizing;

use super::arena::Arena;
use super::pbkdf2::one_iteration;
use super::{Derive, Plan, Secret, Work};
use crate::error::{Error, ErrorKind};
use crate::ops::digest::{Algorithm, Digest};
use crate::pool::{Company, Context, Lockstep};
use block_mix::{Access, CHUNK};

/// Bytes of V that are written or read between two looks at the cancel token: 1 ms of one block alone.
const STEP_BYTES: usize = 1 << 20;

/// Bytes of the key that a step makes at most: 1 ms.
const KEY_STEP: usize = 64 << 10;

/// Blocks in lockstep at most, on the CPUs that have the instructions.
const MOST: usize = 2;

/// A byte that PBKDF2 makes with one iteration.
const PBKDF2_NANOS: u64 = 15;

/// What it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cost {
    /// N, a power of two above 1.
    pub n: u64,
    /// The block size, in 128 bytes.
    pub r: u32,
    /// How often, one after the other.
    pub p: u32,
}

impl Cost {
    /// Working memory in bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        // X, and what a step mixes between.
        let blocks = u64::from(self.p) + 1 + 2 * MOST as u64;
        let block = 128 * u64::from(self.r);
        block.saturating_mul(self.n.saturating_add(blocks))
    }

    /// What it takes on one core, in nanoseconds.
    #[must_use]
    pub fn estimated_nanos(self) -> u64 {
        // 128 bytes written and mixed once more, measured with SSE2.
        const NANOS: u64 = 240;
        // And made by PBKDF2 at first.
        let each = self
            .n
            .saturating_mul(NANOS)
            .saturating_add(128 * PBKDF2_NANOS);
        each.saturating_mul(u64::from(self.r))
            .saturating_mul(u64::from(self.p))
    }
}

/// One computation, from its inputs to its key.
pub struct Scrypt {
    cost: Cost,
    /// HMAC under the password, and what it is after the salt.
    keyed: Digest,
    salted: Digest,
    /// The blocks that are mixed already, of `p`.
    mixed: Secret,
    /// Which block is being mixed, and how far: up to 2 N steps.
    index: u32,
    step: u64,
    /// That block, X, in the order of [`block_mix`].
    x: Zeroizing<Vec<u32>>,
    /// Room for X and the next X of [`MOST`] blocks.
    scratch: Zeroizing<Vec<u32>>,
    /// V.
    memory: Arena,
    /// The key, and how much of it is made.
    key: Secret,
    made: usize,
}

impl Scrypt {
    /// The work of a key of `length` bytes. `password` is made where the work is done.
    pub fn work(
        cost: Cost,
        salt: Secret,
        length: usize,
        password: impl FnOnce() -> Result<Secret, Error> + Send + 'static,
    ) -> Work<Self> {
        let plan = Plan {
            bytes: cost.bytes().saturating_add(super::output_bytes(length)),
            nanos: cost
                .estimated_nanos()
                .saturating_add(PBKDF2_NANOS.saturating_mul(length as u64)),
            company: Company::of::<Work<Self>>(u64::from(cost.r), Self::most()),
        };
        Work::new(plan, move || Self::new(cost, &password()?, &salt, length))
    }

    /// How many pieces this CPU does side by side.
    fn most() -> usize {
        #[cfg(target_arch = "x86_64")]
        if crate::ops::avx2::Avx2::detect().is_some() {
            return MOST;
        }
        1
    }

    fn new(cost: Cost, password: &[u8], salt: &[u8], length: usize) -> Result<Self, Error> {
        let wanted = cost.bytes();
        let refuse = || ErrorKind::OutOfMemory { wanted };
        let block = (cost.r as usize).checked_mul(128).ok_or_else(refuse)?;
        let whole = usize::try_from(cost.n)
            .ok()
            .and_then(|n| n.checked_mul(block));
        let blocks = (cost.p as usize).checked_mul(block);
        let keyed = Digest::hmac(Algorithm::Sha256, password)?;
        let mut salted = keyed.clone();
        salted.update(salt);
        let words = |count: usize| {
            let mut words = Zeroizing::new(Vec::new());
            words.try_reserve_exact(count).map_err(|_| refuse())?;
            words.resize(count, 0);
            Ok::<_, Error>(words)
        };
        let mut scrypt = Self {
            cost,
            keyed,
            salted,
            mixed: super::zeros(blocks.ok_or_else(refuse)?)?,
            index: 0,
            step: 0,
            x: words(block / 4)?,
            scratch: words((block / 4).checked_mul(2 * MOST).ok_or_else(refuse)?)?,
            memory: Arena::take(whole.ok_or_else(refuse)?)?,
            key: super::zeros(length)?,
            made: 0,
        };
        scrypt.load();
        Ok(scrypt)
    }

    /// The place of the block at hand among all of them.
    fn block(&self) -> Range<usize> {
        let length = 4 * self.x.len();
        let start = self.index as usize * length;
        start..start + length
    }

    /// Starts on a block: RFC 7914, section 6, step 1.
    fn load(&mut self) {
        let place = self.block();
        let block = &mut self.mixed[place];
        // Each has 4 r blocks of PBKDF2.
        one_iteration(&self.salted, 1 + 4 * self.cost.r * self.index, block);
        let words = block.as_chunks::<4>().0.as_chunks::<CHUNK>().0;
        for (x, words) in self.x.as_chunks_mut::<CHUNK>().0.iter_mut().zip(words) {
            *x = std::array::from_fn(|i| u32::from_le_bytes(words[5 * i % CHUNK]));
        }
    }

    /// Puts a block that is mixed into its place.
    fn unload(&mut self) {
        let place = self.block();
        let block = &mut self.mixed[place];
        let words = block.as_chunks_mut::<4>().0.as_chunks_mut::<CHUNK>().0;
        for (x, words) in self.x.as_chunks::<CHUNK>().0.iter().zip(words) {
            for (i, word) in x.iter().enumerate() {
                words[5 * i % CHUNK] = word.to_le_bytes();
            }
        }
    }

    /// Counts `steps`, and ends what they have ended.
    fn count(&mut self, steps: u64) {
        self.step += steps;
        if self.step < 2 * self.cost.n {
            return;
        }
        self.unload();
        self.index += 1;
        self.step = 0;
        if self.index < self.cost.p {
            return self.load();
        }
        self.salted = self.keyed.clone();
        self.salted.update(&self.mixed);
    }

    fn is_mixed(&self) -> bool {
        self.index == self.cost.p
    }

    /// Makes the next part of the key: section 6, step 3.
    fn make(&mut self) {
        let part = self.key[self.made..].chunks_mut(KEY_STEP).next();
        if let Some(part) = part {
            let block = self.made / Algorithm::Sha256.digest_length();
            let block = u32::try_from(block).unwrap_or_else(|_| unreachable!("RFC 8018's limit"));
            one_iteration(&self.salted, 1 + block, part);
            self.made += part.len();
        }
    }
}

/// Goes on with all of `pieces` by as many steps as the shortest has left, [`STEP_BYTES`] at most.
/// `step` is a version of [`block_mix::step`] with so many lanes.
fn mix<const LANES: usize>(
    mut pieces: [&mut Scrypt; LANES],
    step: impl Fn(&[u32], &mut [u32], &mut [Access<'_>]),
) {
    let words = 32 * pieces[0].cost.r as usize;
    let most = (STEP_BYTES / (4 * words)).max(1) as u64;
    let left = pieces.iter().map(|piece| 2 * piece.cost.n - piece.step);
    let steps = left.fold(most, u64::min);
    let done = pieces.each_ref().map(|piece| piece.step);
    let costs = pieces.each_ref().map(|piece| piece.cost);
    let mut scratch = std::mem::take(&mut pieces[0].scratch);
    let (mut x, rest) = scratch.split_at_mut(words * LANES);
    let mut y = &mut rest[..words * LANES];
    // A row of each lane in turn.
    let row = |row: usize, lane: usize| (row * LANES + lane) * 4..(row * LANES + lane + 1) * 4;
    for (lane, piece) in pieces.iter().enumerate() {
        for (at, words) in piece.x.as_chunks::<4>().0.iter().enumerate() {
            x[row(at, lane)].copy_from_slice(words);
        }
    }
    let mut memories = pieces.each_mut().map(|piece| piece.memory.all::<u32>());
    for now in 0..steps {
        let mut lane = 0;
        let mut accesses = memories.each_mut().map(|memory| {
            let (at, n) = (done[lane] + now, costs[lane].n);
            // Integerify: the last 64 bytes as a number, whose second word is at place 13.
            let low = x[row(words / 4 - 4, lane)][0];
            let high = x[row(words / 4 - 1, lane)][1];
            lane += 1;
            let block = if at < n {
                at
            } else {
                (u64::from(low) | u64::from(high) << 32) & (n - 1)
            };
            let block = usize::try_from(block)
                .unwrap_or_else(|_| unreachable!("all N blocks are in memory"));
            let block = &mut memory[block * words..][..words];
            if at < n {
                Access::Store(block)
            } else {
                Access::Add(block)
            }
        });
        step(x, y, &mut accesses);
        std::mem::swap(&mut x, &mut y);
    }
    for (lane, piece) in pieces.iter_mut().enumerate() {
        for (at, words) in piece.x.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            words.copy_from_slice(&x[row(at, lane)]);
        }
        piece.count(steps);
    }
    pieces[0].scratch = scratch;
}

impl Lockstep for Scrypt {
    fn advance(pieces: &mut [&mut Self], _: &Context<'_>) {
        let mut mixing = Vec::with_capacity(pieces.len());
        for piece in pieces {
            if piece.is_mixed() {
                piece.make();
            } else {
                mixing.push(&mut **piece);
            }
        }
        #[cfg(target_arch = "x86_64")]
        if let [first, second] = &mut mixing[..]
            && let Some(avx2) = crate::ops::avx2::Avx2::detect()
        {
            return mix([first, second], |x, y, lanes| {
                x86::step_two(avx2, x, y, lanes);
            });
        }
        for piece in mixing {
            #[cfg(target_arch = "x86_64")]
            mix([piece], x86::step_one);
            #[cfg(not(target_arch = "x86_64"))]
            mix([piece], block_mix::step::<block_mix::Portable>);
        }
    }

    fn has_ended(&self) -> bool {
        self.is_mixed() && self.made == self.key.len()
    }
}

impl Derive for Scrypt {
    fn key(self) -> Secret {
        self.key
    }
}
