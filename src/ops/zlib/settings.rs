//! What compressed data is made with, and read with.

use super::{brotli, zstd};
use crate::error::Error;

/// How data is compressed.
#[derive(Clone, Debug)]
pub enum Encoding {
    /// Deflate in one of its wrappers.
    Deflate(Deflate),
    /// Brotli.
    Brotli(Brotli),
    /// Zstandard.
    Zstd(Zstd),
}

/// What stands around a deflate stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapper {
    /// A gzip member (RFC 1952): CRC-32 and length at the end.
    Gzip,
    /// A zlib stream (RFC 1950): Adler-32 at the end.
    Zlib,
    /// Nothing (RFC 1951).
    Raw,
}

/// How zlib looks for matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// For most data.
    #[default]
    Default,
    /// Few short matches: for data of small, random differences.
    Filtered,
    /// No matches at all.
    HuffmanOnly,
    /// Matches of distance 1 only.
    Rle,
    /// No Huffman codes of its own.
    Fixed,
}

/// The settings of deflate, as zlib names them.
#[derive(Clone, Debug)]
pub struct Deflate {
    /// What stands around it.
    pub wrapper: Wrapper,
    /// From 0, which only stores, to 9, the smallest.
    pub level: u8,
    /// The logarithm of the window: 9 to 15. (zlib takes 8 for 9.)
    pub window_bits: u8,
    /// How much memory zlib takes, 1 to 9; 8 by default.
    pub mem_level: u8,
    /// How it looks for matches.
    pub strategy: Strategy,
    /// What the reader knows already; its last 32 KiB count. Gzip has none.
    pub dictionary: Vec<u8>,
}

/// zlib's own.
const DEFAULT_LEVEL: u8 = 6;
const DEFAULT_WINDOW_BITS: u8 = 15;
pub(super) const DEFAULT_MEM_LEVEL: u8 = 8;

impl Deflate {
    /// zlib's defaults.
    #[must_use]
    pub fn new(wrapper: Wrapper) -> Self {
        Self {
            wrapper,
            level: DEFAULT_LEVEL,
            window_bits: DEFAULT_WINDOW_BITS,
            mem_level: DEFAULT_MEM_LEVEL,
            strategy: Strategy::Default,
            dictionary: Vec::new(),
        }
    }
}

/// The parameters of brotli's encoder or decoder by their numbers in its header files.
#[derive(Clone, Debug, Default)]
pub struct Brotli {
    /// Number and value.
    pub parameters: Vec<(u32, u32)>,
}

/// The parameters of Zstandard's encoder or decoder by their numbers in `zstd.h`.
#[derive(Clone, Debug, Default)]
pub struct Zstd {
    /// Number and value.
    pub parameters: Vec<(i32, i32)>,
    /// What the reader knows already, in `zstd --train`'s form or any other.
    pub dictionary: Vec<u8>,
    /// How long the input will be, where the caller has said so.
    pub pledged_length: Option<u64>,
}

impl Encoding {
    /// Fails where the library refuses a parameter.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Self::Deflate(_) => Ok(()),
            Self::Brotli(settings) => brotli::Compressor::new(settings, 0).map(drop),
            Self::Zstd(settings) => zstd::Plan::new(settings, None).check(),
        }
    }
}

/// What a deflate stream is expected in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Gzip members, one after the other.
    Gzip,
    /// A zlib stream.
    Zlib,
    /// A bare deflate stream.
    Raw,
    /// Gzip or zlib, whichever its first bytes say.
    Either,
}

/// The settings of inflate.
#[derive(Clone, Debug)]
pub struct Inflate {
    /// What stands around it.
    pub packing: Packing,
    /// The logarithm of the largest window, 8 to 15; 0 for what the header says.
    pub window_bits: u8,
    /// What the writer took for known.
    pub dictionary: Vec<u8>,
}

impl Inflate {
    /// zlib's defaults.
    #[must_use]
    pub fn new(packing: Packing) -> Self {
        Self {
            packing,
            window_bits: DEFAULT_WINDOW_BITS,
            dictionary: Vec::new(),
        }
    }
}

/// How compressed data is read.
#[derive(Clone, Debug)]
pub enum Unpacking {
    /// Deflate in a wrapper.
    Inflate(Inflate),
    /// Brotli.
    Brotli(Brotli),
    /// Zstandard.
    Zstd(Zstd),
}
