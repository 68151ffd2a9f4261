//! Round trips through zlib-rs, which knows nothing of this encoder.

use zlib_rs::{Inflate, InflateFlush, Status};

use super::huffman::{MAX_BITS, code_lengths, code_words};
use super::{Encoder, End};

/// A generator of pseudorandom numbers (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    /// The next number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    /// A byte below `bound`.
    fn byte(&mut self, bound: u64) -> u8 {
        u8::try_from(self.below(bound)).expect("bound is at most 256")
    }
}

/// Data of several kinds.
const KINDS: [&str; 7] = ["zeros", "random", "text", "few", "runs", "fibonacci", "far"];

/// So many bytes of a kind.
fn data(kind: &str, length: usize) -> Vec<u8> {
    let mut random = Random(0x1234_5678_9ABC_DEF1 ^ length as u64);
    let mut bytes = Vec::with_capacity(length + 300);
    while bytes.len() < length {
        match kind {
            "zeros" => bytes.push(0),
            "random" => bytes.push(random.byte(256)),
            "few" => bytes.push(b'a' + random.byte(3)),
            "text" => {
                let words = [
                    "alpha,",
                    "beta,",
                    "2026-11-24T",
                    "true\n",
                    "\"quoted\",",
                    "Zoë ",
                    "12",
                ];
                let word = words[usize::from(random.byte(7))];
                bytes.extend_from_slice(word.as_bytes());
                bytes.push(b'0' + random.byte(10));
            }
            "runs" => {
                let (byte, count) = (random.byte(256), random.below(300));
                bytes.extend((0..count).map(|_| byte));
            }
            "fibonacci" => {
                // Byte n about as often as the nth Fibonacci number: the deepest of Huffman trees.
                let mut sum = random.below(1_000_000);
                let (mut a, mut b, mut byte) = (1, 1, 30);
                while sum >= a && byte > 0 {
                    sum -= a;
                    (a, b) = (b, a + b);
                    byte -= 1;
                }
                bytes.push(byte);
            }
            _ => {
                // Copies from as far away as they may be, and farther.
                let back = 32_000 + usize::try_from(random.below(1200)).expect("small");
                for _ in 0..20 {
                    let byte = bytes
                        .len()
                        .checked_sub(back)
                        .map_or(random.byte(256), |at| bytes[at]);
                    bytes.push(byte);
                }
                bytes.push(random.byte(256));
            }
        }
    }
    bytes.truncate(length);
    bytes
}

/// Inflates raw DEFLATE with a window of so many bits, piece by piece so that the window counts.
fn inflate(deflated: &[u8], window_bits: u8, length: usize) -> Vec<u8> {
    let mut inflate = Inflate::new(false, window_bits);
    let mut bytes = Vec::with_capacity(length);
    let mut input = deflated;
    let mut piece = [0; 200];
    loop {
        let (read, written) = (inflate.total_in(), inflate.total_out());
        let status = inflate.decompress(input, &mut piece, InflateFlush::NoFlush);
        let status = status.unwrap_or_else(|error| panic!("{error:?} at {written}"));
        let read = usize::try_from(inflate.total_in() - read).expect("small");
        let written = usize::try_from(inflate.total_out() - written).expect("small");
        input = &input[read..];
        bytes.extend_from_slice(&piece[..written]);
        match status {
            Status::StreamEnd => break,
            _ => assert!(read + written > 0, "the end is missing"),
        }
    }
    assert!(input.is_empty(), "{} bytes after the end", input.len());
    bytes
}

/// Compresses in blocks that end at `cuts` and at the data's end.
fn deflate(encoder: &mut Encoder, data: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut start = 0;
    for &cut in cuts {
        encoder
            .compress(&data[..cut], start, End::Flush, &mut out)
            .expect("memory");
        assert!(out.ends_with(&[0, 0, 0xFF, 0xFF]));
        start = cut;
    }
    encoder
        .compress(data, start, End::Last, &mut out)
        .expect("memory");
    out
}

/// Checks the round trip, and that the output is no longer than stored blocks would be.
fn check(encoder: &mut Encoder, data: &[u8], cuts: &[usize], window_bits: u8) -> usize {
    let out = deflate(encoder, data, cuts);
    let back = inflate(&out, window_bits, data.len());
    assert!(
        back == data,
        "{} bytes {:?} {:02x?} {:?}",
        data.len(),
        &data[..data.len().min(9)],
        &out[..out.len().min(20)],
        &back[..back.len().min(9)]
    );
    let stored = data.len() + 5 * (data.len().div_ceil(0xFFFF).max(1) + 3 * cuts.len());
    assert!(
        out.len() <= stored,
        "{} bytes became {}",
        data.len(),
        out.len()
    );
    out.len()
}

#[test]
fn short_inputs() {
    for level in 0..=9 {
        let mut encoder = Encoder::new(level, 15).expect("memory");
        for kind in KINDS {
            let bytes = data(kind, 600);
            for length in 0..=bytes.len() {
                check(&mut encoder, &bytes[..length], &[], 15);
            }
        }
    }
}

#[test]
fn lengths_around_limits() {
    for level in 0..=9 {
        let mut encoder = Encoder::new(level, 15).expect("memory");
        for kind in KINDS {
            let bytes = data(kind, (128 << 10) + 1);
            for limit in [32_448, 32_768, 0xFFFF, 2 * 0xFFFF, 128 << 10] {
                for length in limit - 1..=limit + 1 {
                    check(&mut encoder, &bytes[..length], &[], 15);
                }
            }
        }
    }
}

#[test]
fn joined_blocks() {
    for level in 0..=9 {
        let mut encoder = Encoder::new(level, 15).expect("memory");
        for kind in KINDS {
            let bytes = data(kind, 300_000);
            check(
                &mut encoder,
                &bytes,
                &[0, 1, 1, 700, 33_000, 98_304, 200_000, 300_000],
                15,
            );
        }
    }
}

#[test]
fn windows() {
    for window_bits in 9..=15 {
        for level in 1..=9 {
            let mut encoder = Encoder::new(level, window_bits).expect("memory");
            for kind in KINDS {
                let bytes = data(kind, 70_000);
                check(&mut encoder, &bytes, &[20_000, 45_000], window_bits);
            }
        }
    }
}

#[test]
fn history_is_used() {
    let bytes = data("random", 20_000);
    let twice = [&bytes[..], &bytes[..]].concat();
    for level in 1..=9 {
        let mut encoder = Encoder::new(level, 15).expect("memory");
        let mut out = Vec::new();
        encoder
            .compress(&twice, bytes.len(), End::Last, &mut out)
            .expect("memory");
        assert!(out.len() < 500, "level {level}: {} bytes", out.len());
    }
}

#[test]
fn earlier_use_does_not_matter() {
    let inputs: Vec<_> = KINDS
        .iter()
        .flat_map(|kind| [5, 300, 70_000].map(|n| data(kind, n)))
        .collect();
    for level in 0..=9 {
        let mut used = Encoder::new(level, 15).expect("memory");
        for input in inputs.iter().chain(inputs.iter().rev()) {
            let cut = input.len() / 3;
            let fresh = deflate(&mut Encoder::new(level, 15).expect("memory"), input, &[cut]);
            assert!(deflate(&mut used, input, &[cut]) == fresh);
        }
    }
}

#[test]
fn levels_are_worth_it() {
    let bytes = data("text", 400_000);
    let lengths: Vec<_> = (0..=9)
        .map(|level| {
            check(
                &mut Encoder::new(level, 15).expect("memory"),
                &bytes,
                &[],
                15,
            )
        })
        .collect();
    assert!(lengths[1] < lengths[0] / 2 && lengths[6] < lengths[1] && lengths[9] < lengths[6]);
}

#[test]
fn zeros_shrink_a_thousandfold() {
    let bytes = data("zeros", 1 << 20);
    for level in 1..=9 {
        let length = check(
            &mut Encoder::new(level, 15).expect("memory"),
            &bytes,
            &[],
            15,
        );
        assert!(length < 1100, "level {level}: {length} bytes");
    }
}

#[test]
fn code_lengths_are_limited_and_complete() {
    let mut random = Random(7);
    for used in 0..=286 {
        for spread in [1, 100, 1 << 20] {
            let mut frequencies = [0; 286];
            for frequency in &mut frequencies[..used] {
                *frequency = 1 + u32::try_from(random.below(spread)).expect("small");
            }
            check_code(&frequencies, MAX_BITS);
        }
    }
    let mut fibonacci = [0; 19];
    let (mut a, mut b) = (1, 1);
    for frequency in &mut fibonacci {
        *frequency = a;
        (a, b) = (b, a + b);
    }
    check_code(&fibonacci, 7);
    let mut fibonacci = [0; 26];
    let (mut a, mut b) = (1, 1);
    for frequency in &mut fibonacci {
        *frequency = a;
        (a, b) = (b, a + b);
    }
    check_code(&fibonacci, MAX_BITS);
}

/// Checks that a code fills the code space, stays below the limit and has distinct words.
fn check_code<const N: usize>(frequencies: &[u32; N], limit: usize) {
    let mut lengths = [0; N];
    code_lengths(frequencies, limit, &mut lengths);
    assert!(lengths.iter().all(|&bits| usize::from(bits) <= limit));
    let taken: u32 = lengths
        .iter()
        .filter(|&&bits| bits != 0)
        .map(|&bits| 1 << (15 - bits))
        .sum();
    assert_eq!(taken, 1 << 15);
    for (&frequency, &bits) in frequencies.iter().zip(&lengths) {
        assert!(frequency == 0 || bits != 0);
    }
    let words = code_words(&lengths);
    let mut seen: Vec<_> = words
        .iter()
        .zip(&lengths)
        .filter(|(_, bits)| **bits != 0)
        .collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(
        seen.len(),
        lengths.iter().filter(|&&bits| bits != 0).count()
    );
}
