//! One state machine over the crates that do the hashing.

use rayon::prelude::*;
use sha2::Digest as _;

use super::algorithm::Algorithm;
use crate::error::{Error, ErrorKind};
use crate::pool::{Context, Team};

/// Below this a CRC is done before a second thread has woken: 30 µs of work.
const CRC_SPLIT: usize = 256 << 10;

/// Below this BLAKE3's tree is not worth more than one thread: 100 µs of work.
const BLAKE3_SPLIT: usize = 128 << 10;

/// Output of BLAKE3 between two checkpoints.
const XOF_PIECE: usize = 1 << 20;

#[derive(Clone)]
pub(super) enum Hasher {
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha224(sha2::Sha224),
    Sha256(sha2::Sha256),
    Sha384(sha2::Sha384),
    Sha512(sha2::Sha512),
    Sha512_256(sha2::Sha512_256),
    Sha3_256(sha3::Sha3_256),
    Sha3_512(sha3::Sha3_512),
    Blake2b512(Box<blake2b_simd::State>),
    Blake2s256(Box<blake2s_simd::State>),
    Blake3(Box<blake3::Hasher>),
    Xxh64(twox_hash::XxHash64),
    Xxh3_64(Box<twox_hash::XxHash3_64>),
    Xxh3_128(Box<twox_hash::XxHash3_128>),
    Crc32(crc32fast::Hasher),
    Crc32c(Crc32c),
}

/// CRC-32C of a prefix, and how many bytes that prefix has.
#[derive(Clone)]
pub(super) struct Crc32c(crc_fast::Digest);

impl Crc32c {
    fn new() -> Self {
        Self(crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc32Iscsi))
    }
}

/// Runs `$body` with `$state` bound to the state of any of the algorithms that implement `Digest`.
macro_rules! with_digest {
    ($hasher:expr, $state:ident => $body:expr, $($rest:tt)*) => {
        match $hasher {
            Hasher::Md5($state) => $body,
            Hasher::Sha1($state) => $body,
            Hasher::Sha224($state) => $body,
            Hasher::Sha256($state) => $body,
            Hasher::Sha384($state) => $body,
            Hasher::Sha512($state) => $body,
            Hasher::Sha512_256($state) => $body,
            Hasher::Sha3_256($state) => $body,
            Hasher::Sha3_512($state) => $body,
            $($rest)*
        }
    };
}

impl Hasher {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Md5 => Self::Md5(md5::Md5::new()),
            Algorithm::Sha1 => Self::Sha1(sha1::Sha1::new()),
            Algorithm::Sha224 => Self::Sha224(sha2::Sha224::new()),
            Algorithm::Sha256 => Self::Sha256(sha2::Sha256::new()),
            Algorithm::Sha384 => Self::Sha384(sha2::Sha384::new()),
            Algorithm::Sha512 => Self::Sha512(sha2::Sha512::new()),
            Algorithm::Sha512_256 => Self::Sha512_256(sha2::Sha512_256::new()),
            Algorithm::Sha3_256 => Self::Sha3_256(sha3::Sha3_256::new()),
            Algorithm::Sha3_512 => Self::Sha3_512(sha3::Sha3_512::new()),
            Algorithm::Blake2b512 => Self::Blake2b512(Box::new(blake2b_simd::State::new())),
            Algorithm::Blake2s256 => Self::Blake2s256(Box::new(blake2s_simd::State::new())),
            Algorithm::Blake3 => Self::Blake3(Box::new(blake3::Hasher::new())),
            Algorithm::Xxh64 => Self::Xxh64(twox_hash::XxHash64::with_seed(0)),
            Algorithm::Xxh3_64 => Self::Xxh3_64(Box::new(twox_hash::XxHash3_64::new())),
            Algorithm::Xxh3_128 => Self::Xxh3_128(Box::new(twox_hash::XxHash3_128::new())),
            Algorithm::Crc32 => Self::Crc32(crc32fast::Hasher::new()),
            Algorithm::Crc32c => Self::Crc32c(Crc32c::new()),
        }
    }

    /// The algorithm's own keyed mode.
    pub(super) fn keyed(algorithm: Algorithm, key: &[u8]) -> Result<Self, Error> {
        let refuse = |expected: String| -> Error {
            ErrorKind::InvalidArgument {
                name: "options.key",
                expected,
                received: format!("{} bytes", key.len()),
            }
            .into()
        };
        let Some((shortest, longest)) = algorithm.key_lengths() else {
            return Err(refuse(format!(
                "no key, {} has no keyed mode (use hash.hmac),",
                algorithm.name()
            )));
        };
        if !(shortest..=longest).contains(&key.len()) {
            return Err(refuse(if shortest == longest {
                format!("a key of {shortest} bytes")
            } else {
                format!("a key of {shortest} to {longest} bytes")
            }));
        }
        Ok(match algorithm {
            Algorithm::Blake2b512 => {
                Self::Blake2b512(Box::new(blake2b_simd::Params::new().key(key).to_state()))
            }
            Algorithm::Blake2s256 => {
                Self::Blake2s256(Box::new(blake2s_simd::Params::new().key(key).to_state()))
            }
            _ => {
                let mut array = zeroize::Zeroizing::new([0; blake3::KEY_LEN]);
                array.copy_from_slice(key);
                Self::Blake3(Box::new(blake3::Hasher::new_keyed(&array)))
            }
        })
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        with_digest!(self, state => state.update(bytes),
            Self::Blake2b512(state) => { state.update(bytes); }
            Self::Blake2s256(state) => { state.update(bytes); }
            Self::Blake3(state) => { state.update(bytes); }
            Self::Xxh64(state) => std::hash::Hasher::write(state, bytes),
            Self::Xxh3_64(state) => std::hash::Hasher::write(&mut **state, bytes),
            Self::Xxh3_128(state) => state.write(bytes),
            Self::Crc32(state) => state.update(bytes),
            Self::Crc32c(state) => state.0.update(bytes),
        );
    }

    /// Whether [`update_split`](Self::update_split) gains from more than one thread for this many
    /// bytes.
    pub(super) fn splits(&self, bytes: usize) -> bool {
        match self {
            Self::Blake3(_) => bytes >= BLAKE3_SPLIT,
            Self::Crc32(_) | Self::Crc32c(_) => bytes >= CRC_SPLIT,
            _ => false,
        }
    }

    /// As [`update`](Self::update), over the threads of `team`.
    pub(super) fn update_split(&mut self, bytes: &[u8], team: &Team) {
        let share = bytes.len().div_ceil(team.threads()).max(1);
        match self {
            Self::Blake3(state) => {
                team.install(|| state.update_rayon(bytes));
            }
            Self::Crc32(state) => {
                let parts: Vec<crc32fast::Hasher> = team.install(|| {
                    bytes
                        .par_chunks(share)
                        .map(|part| {
                            let mut hasher = crc32fast::Hasher::new();
                            hasher.update(part);
                            hasher
                        })
                        .collect()
                });
                for part in &parts {
                    state.combine(part);
                }
            }
            Self::Crc32c(state) => {
                let parts: Vec<crc_fast::Digest> = team.install(|| {
                    bytes
                        .par_chunks(share)
                        .map(|part| {
                            let mut digest = Crc32c::new().0;
                            digest.update(part);
                            digest
                        })
                        .collect()
                });
                for part in &parts {
                    state.0.combine(part);
                }
            }
            _ => self.update(bytes),
        }
    }

    /// The digest at its usual length.
    pub(super) fn finish_fixed(self) -> Vec<u8> {
        with_digest!(self, state => state.finalize().to_vec(),
            Self::Blake2b512(state) => state.finalize().as_bytes().to_vec(),
            Self::Blake2s256(state) => state.finalize().as_bytes().to_vec(),
            Self::Blake3(state) => state.finalize().as_bytes().to_vec(),
            Self::Xxh64(state) => std::hash::Hasher::finish(&state).to_be_bytes().to_vec(),
            Self::Xxh3_64(state) => std::hash::Hasher::finish(&*state).to_be_bytes().to_vec(),
            Self::Xxh3_128(state) => state.finish_128().to_be_bytes().to_vec(),
            Self::Crc32(state) => state.finalize().to_be_bytes().to_vec(),
            Self::Crc32c(state) => {
                let crc = u32::try_from(state.0.finalize())
                    .unwrap_or_else(|_| unreachable!("a CRC of 32 bits"));
                crc.to_be_bytes().to_vec()
            }
        )
    }

    /// The digest, at `length` bytes where the algorithm has any length.
    pub(super) fn finish(self, length: usize, context: &Context<'_>) -> Result<Vec<u8>, Error> {
        let Self::Blake3(state) = &self else {
            return Ok(self.finish_fixed());
        };
        let mut output = Vec::new();
        if output.try_reserve_exact(length).is_err() {
            return Err(ErrorKind::OutOfMemory {
                wanted: length as u64,
            }
            .into());
        }
        let reader = state.finalize_xof();
        let team = context.split().team();
        let batch = XOF_PIECE * team.as_ref().map_or(1, Team::threads);
        while output.len() < length {
            context.check()?;
            let start = output.len();
            output.resize(length.min(start + batch), 0);
            let fill = |(index, piece): (usize, &mut [u8])| {
                let mut reader = reader.clone();
                reader.set_position((start + index * XOF_PIECE) as u64);
                reader.fill(piece);
            };
            let fresh = &mut output[start..];
            match &team {
                Some(team) if fresh.len() > XOF_PIECE => team.install(|| {
                    fresh.par_chunks_mut(XOF_PIECE).enumerate().for_each(fill);
                }),
                _ => fill((0, fresh)),
            }
        }
        Ok(output)
    }
}
