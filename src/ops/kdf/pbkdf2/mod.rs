//! PBKDF2 with HMAC, RFC 8018 section 5.2.
//!
//! Each block of the output is a chain of its own. Chains of one computation, and of several in
//! lockstep, run side by side in the lanes of the hash functions that have them.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod other;
mod sha2;
#[cfg(target_arch = "x86_64")]
mod sha256_ni;

use super::{Derive, Plan, Secret, Work};
use crate::error::{Error, ErrorKind};
use crate::ops::digest::{Algorithm, Digest, hmac_key};
use crate::pool::{Company, Context, Lockstep};

pub use other::Other;
pub use sha2::{Sha2, Sha256, Sha512};

/// HMAC over one hash function, iterated.
pub trait Prf: Send + Sized + 'static {
    /// HMAC under the password, as the chains have it.
    type Key: Send;

    /// The key, U, and the sum T.
    type Chain: Send;

    /// Rounds of a chain in a step: about 1 ms.
    const STEP: u32;

    /// The hash function.
    fn algorithm(&self) -> Algorithm;

    /// How many chains run side by side on this CPU.
    fn lanes(&self) -> usize;

    /// From the password in one block of the hash function, and HMAC under it.
    fn key(&self, block: &[u8], keyed: &Digest) -> Self::Key;

    /// A chain at its first U. `salted` is HMAC under the password, of the salt.
    fn chain(&self, key: &Self::Key, salted: &Digest, block: u32) -> Self::Chain;

    /// Goes on with at most [`lanes`](Self::lanes) chains by `rounds`.
    fn iterate(chains: &mut [&mut Self::Chain], rounds: u32);

    /// The sum T, as much as `out` takes.
    fn output(chain: &Self::Chain, out: &mut [u8]);
}

/// One computation, from its inputs to its key.
pub struct Pbkdf2<P: Prf> {
    prf: P,
    hmac: P::Key,
    /// HMAC under the password, of the salt.
    salted: Digest,
    iterations: u32,
    key: Secret,
    running: Vec<Running<P>>,
    /// The next block to start, and how many there are.
    next: u32,
    blocks: u32,
}

/// A chain under way.
struct Running<P: Prf> {
    /// Its block of the output.
    block: u32,
    /// Rounds still to do.
    left: u32,
    /// In a place of its own, which is wiped with it.
    chain: Box<P::Chain>,
}

impl<P: Prf> Pbkdf2<P> {
    /// The work of a key of `length` bytes. `iterations` is at least 1. `password` is made where the
    /// work is done.
    pub fn work(
        prf: P,
        salt: Secret,
        iterations: u32,
        length: usize,
        password: impl FnOnce() -> Result<Secret, Error> + Send + 'static,
    ) -> Work<Self> {
        let plan = Plan {
            bytes: super::output_bytes(length),
            nanos: estimated_nanos(prf.algorithm(), iterations, length),
            company: Company::of::<Work<Self>>(0, prf.lanes()),
        };
        Work::new(plan, move || {
            Self::new(prf, &password()?, &salt, iterations, length)
        })
    }

    fn new(
        prf: P,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
        length: usize,
    ) -> Result<Self, Error> {
        let block = hmac_key(prf.algorithm(), password)?;
        let mut salted = Digest::hmac(prf.algorithm(), &block)?;
        let hmac = prf.key(&block, &salted);
        salted.update(salt);
        let blocks = u32::try_from(length.div_ceil(prf.algorithm().digest_length()));
        let wanted = length as u64;
        let mut computation = Self {
            running: Vec::with_capacity(prf.lanes()),
            prf,
            hmac,
            salted,
            iterations,
            key: super::zeros(length)?,
            next: 0,
            blocks: blocks.map_err(|_| ErrorKind::OutOfMemory { wanted })?,
        };
        computation.turn_over();
        Ok(computation)
    }

    /// Takes the chains that have ended into the output, and starts others.
    fn turn_over(&mut self) {
        let block_length = self.prf.algorithm().digest_length();
        let key = &mut self.key;
        self.running.retain(|running| {
            if running.left == 0 {
                let start = running.block as usize * block_length;
                let end = key.len().min(start + block_length);
                P::output(&running.chain, &mut key[start..end]);
            }
            running.left > 0
        });
        while self.running.len() < self.prf.lanes() && self.next < self.blocks {
            let block = self.next;
            // RFC 8018 counts from 1.
            let chain = self.prf.chain(&self.hmac, &self.salted, block + 1);
            self.running.push(Running {
                block,
                left: self.iterations - 1,
                chain: Box::new(chain),
            });
            self.next += 1;
        }
    }
}

impl<P: Prf> Lockstep for Pbkdf2<P> {
    fn advance(pieces: &mut [&mut Self], _: &Context<'_>) {
        let lanes = pieces[0].prf.lanes();
        // Of short chains, as many in one step as one long one takes.
        let mut budget = P::STEP;
        while budget > 0 && pieces.iter().any(|piece| !piece.running.is_empty()) {
            let mut most = 1;
            let mut running: Vec<&mut Running<P>> = pieces
                .iter_mut()
                .flat_map(|piece| &mut piece.running)
                .collect();
            for group in running.chunks_mut(lanes) {
                let rounds = group.iter().map(|running| running.left);
                let rounds = rounds.fold(budget, u32::min);
                most = most.max(rounds);
                for running in group.iter_mut() {
                    running.left -= rounds;
                }
                let mut chains: Vec<&mut P::Chain> = group
                    .iter_mut()
                    .map(|running| &mut *running.chain)
                    .collect();
                P::iterate(&mut chains, rounds);
            }
            budget -= most;
            for piece in pieces.iter_mut() {
                piece.turn_over();
            }
        }
    }

    fn has_ended(&self) -> bool {
        self.running.is_empty()
    }
}

impl<P: Prf> Derive for Pbkdf2<P> {
    fn key(self) -> Secret {
        self.key
    }
}

/// What `length` bytes take on one core, in nanoseconds: two compressions for each iteration of each
/// block, and four before the first.
pub(super) fn estimated_nanos(algorithm: Algorithm, iterations: u32, length: usize) -> u64 {
    let compression = algorithm.estimated_nanos(algorithm.hmac_block().unwrap_or_default());
    let blocks = length.div_ceil(algorithm.digest_length()) as u64;
    let compressions = (2 * u64::from(iterations) + 4).saturating_mul(blocks);
    compressions.saturating_mul(compression)
}

/// PBKDF2-HMAC-SHA-256 with one iteration, as scrypt has it: `out` from the block numbered `block` on.
pub(super) fn one_iteration(salted: &Digest, block: u32, out: &mut [u8]) {
    for (block, out) in (block..).zip(out.chunks_mut(Algorithm::Sha256.digest_length())) {
        let first = first(salted.clone(), block);
        out.copy_from_slice(&first[..out.len()]);
    }
}

/// The first U of a block.
fn first(mut salted: Digest, block: u32) -> Secret {
    salted.update(&block.to_be_bytes());
    Secret::new(salted.finish_fixed())
}

/// On a CPU that has a kernel, the published vectors (`tests/kdf.rs`) go through that kernel; here
/// all the others are held to it.
#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::sha2::{Chain, Word, portable};
    use super::{Digest, Prf, Sha2, avx2, hmac_key, sha256_ni};
    use crate::ops::avx2::Avx2;
    use crate::ops::sha_ni::ShaNi;

    type Words<W> = ([W; 8], [W; 8]);

    /// U and the sum of so many chains after some rounds.
    fn run<W: Word>(count: u8, iterate: impl Fn(&mut [&mut Chain<W>], u32)) -> Vec<Words<W>> {
        let prf = Sha2::<W>::default();
        let chain = |index: u8| {
            let password = vec![index; 3 + 40 * usize::from(index)];
            let block = hmac_key(W::ALGORITHM, &password).expect("HMAC is defined over it");
            let keyed = Digest::hmac(W::ALGORITHM, &block).expect("HMAC is defined over it");
            let key = prf.key(&block, &keyed);
            prf.chain(&key, &keyed, index.into())
        };
        let mut chains: Vec<Chain<W>> = (0..count).map(chain).collect();
        for rounds in [1, 7, 30] {
            iterate(&mut chains.iter_mut().collect::<Vec<_>>(), rounds);
        }
        chains.iter().map(|chain| (chain.u, chain.sum)).collect()
    }

    #[test]
    fn every_version_of_sha256_agrees_with_the_portable_one() {
        for count in 1..=8 {
            let expected = run(count, portable::<u32>);
            if let Some(sha_ni) = ShaNi::detect()
                && usize::from(count) <= sha256_ni::MOST
            {
                let found = run(count, |chains, rounds| {
                    sha256_ni::iterate(sha_ni, chains, rounds);
                });
                assert_eq!(found, expected, "{count} with SHA-NI");
            }
            if let Some(avx2) = Avx2::detect() {
                let found = run(count, |chains, rounds| {
                    avx2::iterate256(avx2, chains, rounds);
                });
                assert_eq!(found, expected, "{count} with AVX2");
            }
        }
    }

    #[test]
    fn every_version_of_sha512_agrees_with_the_portable_one() {
        for count in 1..=4 {
            let expected = run(count, portable::<u64>);
            if let Some(avx2) = Avx2::detect() {
                let found = run(count, |chains, rounds| {
                    avx2::iterate512(avx2, chains, rounds);
                });
                assert_eq!(found, expected, "{count} with AVX2");
            }
        }
    }
}
