//! Inputs, the same at every run.

use std::fmt::Write as _;
use std::sync::LazyLock;

/// As long as the longest input of a test.
const LENGTH: usize = (5 << 20) + 100;

static NOISE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(LENGTH + 8);
    while bytes.len() < LENGTH {
        // Marsaglia, "Xorshift RNGs", section 3.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes
});

static RECORDS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut text = String::with_capacity(LENGTH + 200);
    for (row, random) in noise(8 * LENGTH / 40).chunks_exact(8).enumerate() {
        let [a, b, c, ..] = [0, 1, 2].map(|at| random[at]);
        writeln!(
            text,
            "{row},customer-{a:03},{b}.{c:02},2024-{:02}-17,open",
            a % 12
        )
        .expect("memory");
        if text.len() >= LENGTH {
            break;
        }
    }
    text.into_bytes()
});

static REPEATS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut bytes: Vec<u8> = noise(37).iter().copied().cycle().take(LENGTH).collect();
    for at in (5000..LENGTH).step_by(5000) {
        bytes[at] ^= 0x55;
    }
    bytes
});

/// What cannot be made smaller.
pub(crate) fn noise(length: usize) -> &'static [u8] {
    &NOISE[..length]
}

/// Lines like those of a CSV.
pub(crate) fn records(length: usize) -> &'static [u8] {
    &RECORDS[..length]
}

/// The same 37 bytes over and over, with another byte now and then: nothing but repeated offsets.
pub(crate) fn repeats(length: usize) -> &'static [u8] {
    &REPEATS[..length]
}

/// Nothing but zeros.
pub(crate) fn zeros(length: usize) -> &'static [u8] {
    static ZEROS: [u8; LENGTH] = [0; LENGTH];
    &ZEROS[..length]
}
