//! Encodings of a CSV: all but UTF-8 are decoded before they are parsed.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, mem};

use super::options::Encoding;
use crate::error::{Error, ErrorKind};

const UTF16_LE_MARK: &[u8] = &[0xff, 0xfe];
const UTF16_BE_MARK: &[u8] = &[0xfe, 0xff];

/// The encoding of bytes that begin with `head`.
pub(super) fn encoding(declared: Encoding, head: &[u8]) -> Encoding {
    match declared {
        Encoding::Utf8 if head.starts_with(UTF16_LE_MARK) => Encoding::Utf16Le,
        Encoding::Utf8 if head.starts_with(UTF16_BE_MARK) => Encoding::Utf16Be,
        declared => declared,
    }
}

/// Other encodings as UTF-8, piece by piece.
pub(super) enum Decoder {
    Utf8,
    Latin1,
    Utf16(encoding_rs::Decoder),
}

impl Decoder {
    pub(super) fn new(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Utf8 => Self::Utf8,
            Encoding::Latin1 => Self::Latin1,
            Encoding::Utf16Le => Self::Utf16(UTF_16LE.new_decoder_without_bom_handling()),
            Encoding::Utf16Be => Self::Utf16(UTF_16BE.new_decoder_without_bom_handling()),
        }
    }

    /// The next bytes as UTF-8. A lone surrogate becomes U+FFFD.
    pub(super) fn decode<'a>(
        &mut self,
        bytes: &'a [u8],
        last: bool,
    ) -> Result<Cow<'a, [u8]>, Error> {
        let wanted = match self {
            Self::Utf8 => return Ok(Cow::Borrowed(bytes)),
            Self::Latin1 => bytes.len().checked_mul(2),
            Self::Utf16(decoder) => decoder.max_utf8_buffer_length(bytes.len()),
        };
        let wanted = wanted.unwrap_or(usize::MAX);
        let mut text = Vec::new();
        if text.try_reserve_exact(wanted).is_err() {
            return Err(ErrorKind::OutOfMemory {
                wanted: wanted as u64,
            }
            .into());
        }
        text.resize(wanted, 0);
        let written = match self {
            Self::Utf8 => 0,
            Self::Latin1 => mem::convert_latin1_to_utf8(bytes, &mut text),
            Self::Utf16(decoder) => decoder.decode_to_utf8(bytes, &mut text, last).2,
        };
        text.truncate(written);
        Ok(Cow::Owned(text))
    }
}

/// How many bytes `text` had in `encoding`.
pub(super) fn encoded_length(encoding: Encoding, text: &[u8]) -> u64 {
    let lead = |byte: &&u8| **byte & 0xc0 != 0x80;
    let characters = || text.iter().filter(lead).count();
    let units = || characters() + text.iter().filter(|byte| **byte >= 0xf0).count();
    let length = match encoding {
        Encoding::Utf8 => text.len(),
        Encoding::Latin1 => characters(),
        Encoding::Utf16Le | Encoding::Utf16Be => units() * 2,
    };
    length as u64
}
