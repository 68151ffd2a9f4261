//! Any bytes, as deflate in each wrapper: nothing panics or hangs, pieces change nothing, and what is
//! read has the limit that it is given.

#![no_main]

mod unpacked;

use libfuzzer_sys::fuzz_target;
use offloop::ops::zlib::{Inflate, Packing, Unpacking};

fuzz_target!(|data: &[u8]| {
    for packing in [Packing::Zlib, Packing::Raw, Packing::Either] {
        unpacked::agrees(&Unpacking::Inflate(Inflate::new(packing)), data);
    }
});
