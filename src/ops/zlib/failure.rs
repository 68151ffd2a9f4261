//! Errors of compressed data, with the codes that Node.js gives them.

use crate::error::{Error, ErrorKind};

/// What is wrong with compressed data at `byte_offset`. The code and the number are zlib's, brotli's
/// or Zstandard's.
pub(super) fn failure(message: &str, code: &'static str, errno: i32, byte_offset: u64) -> Error {
    ErrorKind::Compressed {
        message: message.to_owned(),
        code,
        errno,
        byte_offset: Some(byte_offset),
    }
    .into()
}

/// Compressed data that ends too early, in whatever format: what zlib says of it.
pub(super) fn unexpected_end(byte_offset: u64) -> Error {
    failure("unexpected end of file", "Z_BUF_ERROR", -5, byte_offset)
}

/// A parameter that the library does not take.
pub(super) fn refused_parameter(message: &str) -> Error {
    ErrorKind::Compressed {
        message: message.to_owned(),
        code: "ERR_ZLIB_INITIALIZATION_FAILED",
        errno: 0,
        byte_offset: None,
    }
    .into()
}

/// More output than `limit` allows.
pub(super) fn too_large(limit: u64) -> Error {
    ErrorKind::OutputTooLarge { limit }.into()
}

pub(super) fn out_of_memory(wanted: usize) -> Error {
    ErrorKind::OutOfMemory {
        wanted: wanted as u64,
    }
    .into()
}

/// Makes room for `more` bytes at the end of `bytes`.
pub(super) fn reserve(bytes: &mut Vec<u8>, more: usize) -> Result<(), Error> {
    bytes.try_reserve(more).map_err(|_| out_of_memory(more))
}
