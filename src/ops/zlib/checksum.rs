//! The checksums at the end of gzip and zlib streams, put together from those of the blocks.

use zlib_rs::adler32::{adler32, adler32_combine};

use super::settings::Wrapper;

/// The Adler-32 of nothing.
const ADLER_START: u32 = 1;

/// The checksum of some bytes, and how many they are.
#[derive(Clone, Debug)]
pub(super) struct Checksum {
    kind: Kind,
    length: u64,
}

#[derive(Clone, Debug)]
enum Kind {
    Crc(crc32fast::Hasher),
    Adler(u32),
    None,
}

impl Checksum {
    /// Of no bytes, as `wrapper` has it.
    pub(super) fn new(wrapper: Wrapper) -> Self {
        let kind = match wrapper {
            Wrapper::Gzip => Kind::Crc(crc32fast::Hasher::new()),
            Wrapper::Zlib => Kind::Adler(ADLER_START),
            Wrapper::Raw => Kind::None,
        };
        Self { kind, length: 0 }
    }

    pub(super) fn update(&mut self, data: &[u8]) {
        match &mut self.kind {
            Kind::Crc(hasher) => hasher.update(data),
            Kind::Adler(sum) => *sum = adler32(*sum, data),
            Kind::None => {}
        }
        self.length += data.len() as u64;
    }

    /// Adds that of the bytes that come next.
    pub(super) fn append(&mut self, next: &Self) {
        match (&mut self.kind, &next.kind) {
            (Kind::Crc(hasher), Kind::Crc(other)) => hasher.combine(other),
            (Kind::Adler(sum), Kind::Adler(other)) => {
                *sum = adler32_combine(*sum, *other, next.length);
            }
            _ => {}
        }
        self.length += next.length;
    }

    /// What stands behind the deflate stream (RFC 1952, section 2.3.1; RFC 1950, section 2.2).
    pub(super) fn trailer(self) -> Vec<u8> {
        match self.kind {
            Kind::Crc(hasher) => {
                // The length modulo 2^32: its low half.
                let [a, b, c, d, ..] = self.length.to_le_bytes();
                let mut trailer = hasher.finalize().to_le_bytes().to_vec();
                trailer.extend([a, b, c, d]);
                trailer
            }
            Kind::Adler(sum) => sum.to_be_bytes().to_vec(),
            Kind::None => Vec::new(),
        }
    }
}
