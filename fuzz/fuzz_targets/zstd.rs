//! Any bytes, as a frame of Zstandard: see `unpacked.rs`.

#![no_main]

mod unpacked;

use libfuzzer_sys::fuzz_target;
use offloop::ops::zlib::{Unpacking, Zstd};

fuzz_target!(|data: &[u8]| {
    drop(unpacked::agrees(&Unpacking::Zstd(Zstd::default()), data));
});
