//! HMAC over any hash function, one chain at a time.

use super::{Prf, Secret, first};
use crate::ops::digest::{Algorithm, Digest};

/// Any function that HMAC is defined over.
pub struct Other(pub Algorithm);

/// HMAC under the password, U, and the sum T.
pub struct Chain {
    keyed: Digest,
    u: Secret,
    sum: Secret,
}

impl Prf for Other {
    type Key = Digest;
    type Chain = Chain;

    const STEP: u32 = 1024;

    fn algorithm(&self) -> Algorithm {
        self.0
    }

    fn lanes(&self) -> usize {
        1
    }

    fn key(&self, _: &[u8], keyed: &Digest) -> Digest {
        keyed.clone()
    }

    fn chain(&self, keyed: &Digest, salted: &Digest, block: u32) -> Chain {
        let u = first(salted.clone(), block);
        Chain {
            keyed: keyed.clone(),
            sum: u.clone(),
            u,
        }
    }

    fn iterate(chains: &mut [&mut Chain], rounds: u32) {
        for chain in chains {
            for _ in 0..rounds {
                let mut hmac = chain.keyed.clone();
                hmac.update(&chain.u);
                chain.u = Secret::new(hmac.finish_fixed());
                for (sum, byte) in chain.sum.iter_mut().zip(&*chain.u) {
                    *sum ^= byte;
                }
            }
        }
    }

    fn output(chain: &Chain, out: &mut [u8]) {
        out.copy_from_slice(&chain.sum[..out.len()]);
    }
}
