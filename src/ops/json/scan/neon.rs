//! The kernel for arm64, whose baseline has NEON.

use std::arch::aarch64::{
    uint8x16_t, vaddv_u8, vandq_u8, vceqq_u8, vcgeq_u8, vcltq_u8, vdupq_n_u8, vget_high_u8,
    vget_low_u8, vld1q_u8, vorrq_u8,
};

use super::{BLOCK, Raw, Task};

/// The bit of each byte in a half register.
const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

pub(super) fn run<T: Task>(task: T) -> T::Output {
    // SAFETY: every arm64 CPU that Rust's targets are for has NEON.
    unsafe { run_neon(task) }
}

#[target_feature(enable = "neon")]
fn run_neon<T: Task>(task: T) -> T::Output {
    task.run(|block| {
        let mut raw = Raw::default();
        let (quarters, _) = block.as_chunks::<16>();
        for (index, quarter) in quarters.iter().enumerate() {
            let bytes = load(quarter);
            // The bit in which `[` and `{`, and `]` and `}`, differ.
            let curly = vorrq_u8(bytes, vdupq_n_u8(0x20));
            let place = index * 16;
            raw.quote |= mask(vceqq_u8(bytes, vdupq_n_u8(b'"'))) << place;
            raw.backslash |= mask(vceqq_u8(bytes, vdupq_n_u8(b'\\'))) << place;
            raw.open |= mask(vceqq_u8(curly, vdupq_n_u8(b'{'))) << place;
            raw.close |= mask(vceqq_u8(curly, vdupq_n_u8(b'}'))) << place;
            raw.comma |= mask(vceqq_u8(bytes, vdupq_n_u8(b','))) << place;
            raw.colon |= mask(vceqq_u8(bytes, vdupq_n_u8(b':'))) << place;
            raw.space |= mask(spaces(bytes)) << place;
            raw.control |= mask(vcltq_u8(bytes, vdupq_n_u8(0x20))) << place;
            raw.high |= mask(vcgeq_u8(bytes, vdupq_n_u8(0x80))) << place;
        }
        raw
    })
}

#[inline]
#[target_feature(enable = "neon")]
fn spaces(bytes: uint8x16_t) -> uint8x16_t {
    let is = |byte| vceqq_u8(bytes, vdupq_n_u8(byte));
    vorrq_u8(
        vorrq_u8(is(b' '), is(b'\t')),
        vorrq_u8(is(b'\n'), is(b'\r')),
    )
}

/// A bit for each byte of which all bits are set; in the others none is.
#[inline]
#[target_feature(enable = "neon")]
fn mask(bytes: uint8x16_t) -> u64 {
    let hits = vandq_u8(bytes, load(&BITS));
    let (low, high) = (vaddv_u8(vget_low_u8(hits)), vaddv_u8(vget_high_u8(hits)));
    u64::from(low) | u64::from(high) << 8
}

#[inline]
#[target_feature(enable = "neon")]
fn load(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: 16 bytes are readable there.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

const _: () = assert!(BLOCK == 64);
