//! Any bytes, as brotli: see `unpacked.rs`.

#![no_main]

mod unpacked;

use libfuzzer_sys::fuzz_target;
use offloop::ops::zlib::{Brotli, Unpacking};

fuzz_target!(|data: &[u8]| {
    drop(unpacked::agrees(
        &Unpacking::Brotli(Brotli::default()),
        data,
    ));
});
