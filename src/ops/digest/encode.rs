//! Digests as text, under Node's names for the encodings.

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};

use crate::error::{Error, ErrorKind};

/// How a digest is handed back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// The bytes themselves.
    Buffer,
    /// Lower-case hexadecimal.
    Hex,
    /// RFC 4648, section 4, padded.
    Base64,
    /// RFC 4648, section 5, without padding.
    Base64Url,
    /// One character a byte (`latin1`, `binary`).
    Latin1,
}

/// A digest as it was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Encoded {
    /// Bytes.
    Buffer(Vec<u8>),
    /// Text, one byte a character.
    Latin1(Vec<u8>),
}

impl Encoding {
    /// Encodes `digest`.
    pub fn encode(self, digest: Vec<u8>) -> Result<Encoded, Error> {
        let alphabet = match self {
            Self::Buffer => return Ok(Encoded::Buffer(digest)),
            Self::Latin1 => return Ok(Encoded::Latin1(digest)),
            Self::Hex => &HEXLOWER,
            Self::Base64 => &BASE64,
            Self::Base64Url => &BASE64URL_NOPAD,
        };
        let length = alphabet.encode_len(digest.len());
        let mut text = Vec::new();
        if text.try_reserve_exact(length).is_err() {
            return Err(ErrorKind::OutOfMemory {
                wanted: length as u64,
            }
            .into());
        }
        text.resize(length, 0);
        alphabet.encode_mut(&digest, &mut text);
        Ok(Encoded::Latin1(text))
    }

    /// Bytes that [`encode`](Self::encode) takes beside a digest of `length` bytes.
    #[must_use]
    pub fn extra_bytes(self, length: usize) -> usize {
        match self {
            Self::Buffer | Self::Latin1 => 0,
            // Hexadecimal is the longest.
            Self::Hex | Self::Base64 | Self::Base64Url => length.saturating_mul(2),
        }
    }
}
