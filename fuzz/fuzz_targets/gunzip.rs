//! Any bytes, as gzip members: see `unpacked.rs`. A checksum is hard to guess, so what is deflate is also
//! put between a header and its trailer.

#![no_main]

mod unpacked;

use libfuzzer_sys::fuzz_target;
use offloop::ops::zlib::{Inflate, Packing, Unpacking, crc32};

fuzz_target!(|data: &[u8]| {
    let gzip = Unpacking::Inflate(Inflate::new(Packing::Gzip));
    let raw = Unpacking::Inflate(Inflate::new(Packing::Raw));
    unpacked::agrees(&gzip, data);
    let Ok((content, consumed)) = unpacked::agrees(&raw, data) else {
        return;
    };
    let length = u32::try_from(content.len()).expect("below the limit");
    let trailer = [crc32(&content, 0).to_le_bytes(), length.to_le_bytes()].concat();
    let member = [b"\x1f\x8b\x08\0\0\0\0\0\0\xff", &data[..consumed], &trailer].concat();
    let length = member.len();
    assert_eq!(unpacked::agrees(&gzip, &member), Ok((content, length)));
});
