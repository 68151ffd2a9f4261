//! Message digests, checksums and HMAC, one shot or in parts, of one message, many, or a file.
//!
//! The crates below choose their instructions at run time: SHA-NI, ARMv8 crypto, AVX2, AVX-512,
//! carry-less multiplication.

mod algorithm;
mod encode;
mod file;
mod hasher;
mod many;
#[cfg(target_arch = "x86_64")]
mod sha256_lanes;

pub use algorithm::Algorithm;
pub use encode::{Encoded, Encoding};
pub use file::{FILE_BUFFERS, digest_file};
pub use many::digest_many;

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
use crate::pool::{Context, Split};
use hasher::Hasher;

/// Work between two looks at the cancel token for algorithms that run on one thread: 0.7 ms of
/// SHA-256, 1.7 ms of MD5.
const SERIAL_PIECE: usize = 1 << 20;

/// The same for algorithms that split: 3 ms of BLAKE3 on two cores.
const PARALLEL_PIECE: usize = 16 << 20;

/// What to compute.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The hash function.
    pub algorithm: Algorithm,
    /// How a key enters, if one does.
    pub mode: Mode,
    /// Output length in bytes, for algorithms of any length (BLAKE3); `None` for the usual one.
    pub length: Option<usize>,
}

/// How a key enters a digest.
#[derive(Clone, Debug)]
pub enum Mode {
    /// No key.
    Plain,
    /// The algorithm's own keyed mode: BLAKE2 (RFC 7693, section 2.9) and BLAKE3 (its paper,
    /// section 2.3).
    Keyed(Zeroizing<Vec<u8>>),
    /// HMAC (RFC 2104) over the algorithm.
    Hmac(Zeroizing<Vec<u8>>),
}

/// A digest in progress.
#[derive(Clone)]
pub struct Digest {
    inner: Hasher,
    /// HMAC's outer hash, which has taken its key and waits for the inner digest.
    outer: Option<Hasher>,
    length: usize,
}

impl Spec {
    /// A digest of no bytes yet.
    pub fn start(&self) -> Result<Digest, Error> {
        let length = match self.length {
            Some(length) if self.algorithm.any_length() => length,
            Some(length) if length != self.algorithm.digest_length() => {
                return Err(ErrorKind::InvalidArgument {
                    name: "options.length",
                    expected: format!(
                        "{} (the length of {})",
                        self.algorithm.digest_length(),
                        self.algorithm.name()
                    ),
                    received: length.to_string(),
                }
                .into());
            }
            _ => self.algorithm.digest_length(),
        };
        let (inner, outer) = match &self.mode {
            Mode::Plain => (Hasher::new(self.algorithm), None),
            Mode::Keyed(key) => (Hasher::keyed(self.algorithm, key)?, None),
            Mode::Hmac(key) => {
                let Digest { inner, outer, .. } = Digest::hmac(self.algorithm, key)?;
                (inner, outer)
            }
        };
        Ok(Digest {
            inner,
            outer,
            length,
        })
    }
}

impl Digest {
    /// HMAC (RFC 2104) of no bytes yet.
    pub(in crate::ops) fn hmac(algorithm: Algorithm, key: &[u8]) -> Result<Self, Error> {
        let (inner, outer) = hmac_start(algorithm, key)?;
        Ok(Self {
            inner,
            outer: Some(outer),
            length: algorithm.digest_length(),
        })
    }

    /// The digest of all the bytes so far, at its usual length.
    pub(in crate::ops) fn finish_fixed(self) -> Vec<u8> {
        let inner = self.inner.finish_fixed();
        match self.outer {
            None => inner,
            Some(mut outer) => {
                outer.update(&Zeroizing::new(inner));
                outer.finish_fixed()
            }
        }
    }

    /// Appends `bytes` to the message, on this thread.
    pub fn update(&mut self, bytes: &[u8]) {
        self.inner.update(bytes);
    }

    /// Appends `bytes` to the message, over the threads of `split` where the algorithm can.
    pub fn update_split(&mut self, bytes: &[u8], split: &Split) {
        if self.inner.splits(bytes.len())
            && let Some(team) = split.team()
        {
            self.inner.update_split(bytes, &team);
        } else {
            self.inner.update(bytes);
        }
    }

    /// How many bytes to hash between two checkpoints.
    #[must_use]
    pub fn piece(&self) -> usize {
        if self.inner.splits(PARALLEL_PIECE) {
            PARALLEL_PIECE
        } else {
            SERIAL_PIECE
        }
    }

    /// The digest of all the bytes so far.
    pub fn finish(self, context: &Context<'_>) -> Result<Vec<u8>, Error> {
        match self.outer {
            None => self.inner.finish(self.length, context),
            Some(mut outer) => {
                let inner = Zeroizing::new(self.inner.finish(self.length, context)?);
                outer.update(&inner);
                outer.finish(self.length, context)
            }
        }
    }
}

/// The digest of `message`.
pub fn digest(spec: &Spec, message: &[u8], context: &Context<'_>) -> Result<Vec<u8>, Error> {
    let mut digest = spec.start()?;
    let total = message.len() as u64;
    let mut processed = 0;
    for piece in message.chunks(digest.piece()) {
        context.checkpoint(processed, Some(total))?;
        digest.update_split(piece, context.split());
        processed += piece.len() as u64;
    }
    context.checkpoint(total, Some(total))?;
    digest.finish(context)
}

/// The digest of `message` on this thread, for messages too small to be worth a job.
pub fn digest_inline(spec: &Spec, message: &[u8], context: &Context<'_>) -> Result<Vec<u8>, Error> {
    let mut digest = spec.start()?;
    digest.update(message);
    digest.finish(context)
}

/// RFC 2104, section 2: the two hashes after their padded keys.
fn hmac_start(algorithm: Algorithm, key: &[u8]) -> Result<(Hasher, Hasher), Error> {
    let padded = hmac_key(algorithm, key)?;
    let start = |pad: u8| {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(&xor(&padded, pad));
        hasher
    };
    Ok((start(HMAC_INNER), start(HMAC_OUTER)))
}

/// What the key of HMAC is combined with for its inner hash.
pub(in crate::ops) const HMAC_INNER: u8 = 0x36;

/// And for its outer one.
pub(in crate::ops) const HMAC_OUTER: u8 = 0x5c;

/// RFC 2104, section 2: the key in one block of the algorithm.
pub(in crate::ops) fn hmac_key(
    algorithm: Algorithm,
    key: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let Some(block) = algorithm.hmac_block() else {
        return Err(ErrorKind::InvalidArgument {
            name: "algorithm",
            expected: "an algorithm with HMAC".to_owned(),
            received: algorithm.name().to_owned(),
        }
        .into());
    };
    let mut padded = Zeroizing::new(vec![0u8; block]);
    if key.len() > block {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(key);
        let short = Zeroizing::new(hasher.finish_fixed());
        padded[..short.len()].copy_from_slice(&short);
    } else {
        padded[..key.len()].copy_from_slice(key);
    }
    Ok(padded)
}

/// Each byte of `key` with `pad`.
pub(in crate::ops) fn xor(key: &[u8], pad: u8) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(key.iter().map(|byte| byte ^ pad).collect())
}
