//! Compression: deflate in its three wrappers (RFC 1950, 1951, 1952), brotli (RFC 7932) and
//! Zstandard (RFC 8878), with the settings and the errors of Node.js's `node:zlib`.
//!
//! Compressed data is made of blocks that are compressed side by side and joined, so that it is one
//! stream for whoever reads it. Where the blocks begin depends on the input and the settings alone,
//! never on the threads: the same input gives the same bytes everywhere.
//!
//! | format | a block | what it knows of the input before it | how blocks are joined |
//! |---|---|---|---|
//! | deflate | [`deflate`](Deflate) blocks of 512 KiB | the window of 32 KiB, as a dictionary | an empty stored block ends at a byte (pigz's way) |
//! | brotli | meta-blocks of 1 or 4 MiB | how long it is | a flush ends at a byte |
//! | Zstandard | blocks of 2 MiB or a window | an eighth of the window or more, as a prefix | always at bytes |

mod brotli;
mod checksum;
mod compress;
mod decoder;
mod decompress;
mod deflate;
mod encoder;
mod failure;
mod file;
mod inflate;
mod inflater;
mod member;
mod opened;
mod primed;
mod settings;
mod spare;
mod whole;
mod zstd;

pub use compress::compress;
pub use decoder::{Decoder, Step};
pub use decompress::{Decompressed, decompress, expected_length};
pub use encoder::{Encoder, Ending, Segment};
pub use file::{FILE_BUFFERS, gunzip_file, gzip_file};
pub(in crate::ops) use opened::{Ahead, Compression, content};
pub use settings::{
    Brotli, Deflate, Encoding, Inflate, Packing, Strategy, Unpacking, Wrapper, Zstd,
};

/// The CRC-32 of `data` (RFC 1952), after bytes whose CRC-32 is `value`.
#[must_use]
pub fn crc32(data: &[u8], value: u32) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(value);
    hasher.update(data);
    hasher.finalize()
}
