//! Data that is cut short or damaged: an error that says where, or other bytes; the same from a decoder
//! that sees it in steps.

use offloop::ops::zlib::{Encoder, Encoding, Ending, Unpacking, Wrapper};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::samples::{noise, records, repeats};
use crate::{NO_LIMIT, Outcome, formats, pack, reader, unpack, unpack_in_steps};

/// Small files with blocks of each kind.
fn files(encoding: &Encoding) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all: Vec<_> = [
        records(0),
        records(1),
        records(300),
        noise(40),
        repeats(200),
    ]
    .into_iter()
    .map(|data| (data.to_vec(), pack(encoding, data, true)))
    .collect();
    let mut encoder = Encoder::new(encoding.clone()).expect("good settings");
    let mut packed = Vec::new();
    for (data, ending) in [
        (records(100), Ending::Segment),
        (repeats(50), Ending::Flush),
        (records(100), Ending::Stream),
    ] {
        let mut segment = encoder.begin().expect("memory");
        encoder.note(data, ending).expect("memory");
        packed.extend(segment.push(data, ending).expect("memory"));
        if ending == Ending::Flush {
            encoder.note(&[], Ending::Segment).expect("memory");
            packed.extend(segment.push(&[], Ending::Segment).expect("memory"));
        }
    }
    packed.extend(encoder.trailer());
    all.push(([records(100), repeats(50), records(100)].concat(), packed));
    all
}

/// Whether two outcomes are the same but for the place, which is where a decoder has got to when it sees
/// what is wrong, and for what the libraries' fast loops do not say as their slow ones do.
fn is_same(steps: &Outcome, whole: &Outcome) -> bool {
    let kind = |error: &String| {
        let code = error.split(':').next().unwrap_or_default();
        let many = ["ERR__ERROR_FORMAT_", "ZSTD_error_"].map(|many| code.starts_with(many));
        (
            many,
            if many.contains(&true) { "" } else { code }.to_owned(),
        )
    };
    match (steps, whole) {
        (Err(steps), Err(whole)) => kind(steps) == kind(whole),
        // Zstandard is stricter with a frame that it sees in one piece: that its last block, which is
        // empty, says so, and that the content has the length that the header says.
        (Ok(_), Err(error)) => error.starts_with("ZSTD_error_corruption_detected: "),
        _ => steps == whole,
    }
}

/// What all ways to read it agree on.
fn agreed(unpacking: &Unpacking, data: &[u8]) -> Outcome {
    let whole = unpack(unpacking, data, true, NO_LIMIT);
    for steps in [[usize::MAX, 1 << 16], [1, 64], [7, 1], [usize::MAX, 1]] {
        let found = unpack_in_steps(unpacking, data, true, steps);
        assert!(
            is_same(&found, &whole),
            "{found:?} in {steps:?} but {whole:?}: {}",
            data.escape_ascii()
        );
    }
    if let Err(error) = &whole {
        assert!(
            !error.contains("GENERIC"),
            "{error}: {}",
            data.escape_ascii()
        );
        let (_, place) = error.rsplit_once(" at byte ").expect("a place");
        let place: usize = place.parse().expect("a number");
        assert!(place <= data.len(), "{error} of {} bytes", data.len());
    }
    whole
}

#[test]
fn cut_short_anywhere() {
    for encoding in formats() {
        let unpacking = reader(&encoding);
        for (data, packed) in files(&encoding) {
            for length in 0..packed.len() {
                let error = agreed(&unpacking, &packed[..length]).expect_err("it is cut short");
                let end = format!("Z_BUF_ERROR: unexpected end of file at byte {length}");
                assert_eq!(error, end, "{encoding:?}");
                // What is there of it is given to who wants no more.
                for steps in [None, Some([1, 64]), Some([usize::MAX, 7])] {
                    let packed = &packed[..length];
                    let found = match steps {
                        None => unpack(&unpacking, packed, false, NO_LIMIT),
                        Some(steps) => unpack_in_steps(&unpacking, packed, false, steps),
                    };
                    let (found, consumed) = found.expect("nothing is wrong with it");
                    assert!(data.starts_with(&found));
                    assert_eq!(consumed, length as u64);
                }
            }
        }
    }
}

#[test]
fn damaged_in_any_bit() {
    for encoding in formats() {
        let unpacking = reader(&encoding);
        let has_checksum = match &encoding {
            Encoding::Deflate(settings) => settings.wrapper != Wrapper::Raw,
            Encoding::Brotli(_) => false,
            Encoding::Zstd(settings) => !settings.parameters.is_empty(),
        };
        for (data, mut packed) in files(&encoding) {
            for bit in 0..packed.len() * 8 {
                packed[bit / 8] ^= 1 << (bit % 8);
                let found = agreed(&unpacking, &packed);
                if has_checksum && let Ok((found, _)) = found {
                    // In a part of the header that says nothing of the content.
                    assert!(found == data, "bit {bit} of {}", packed.escape_ascii());
                }
                packed[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }
}

#[test]
fn long_files_damaged_here_and_there() {
    for encoding in formats() {
        let unpacking = reader(&encoding);
        let mut packed = pack(&encoding, &records(5 << 20)[..(2 << 20) + 70_000], true);
        let length = packed.len();
        for place in 0..4 {
            let at = length / 5 * (place + 1);
            packed[at] ^= 0x10;
            let whole = unpack(&unpacking, &packed, true, NO_LIMIT);
            let steps = unpack_in_steps(&unpacking, &packed, true, [50_000, 90_000]);
            assert!(is_same(&steps, &whole), "{at} of {encoding:?}");
            packed[at] ^= 0x10;
        }
    }
}

#[test]
fn errors_say_what_and_where() {
    let encodings = formats();
    let [gzip, zlib, raw, brotli, zstd, checked] = &encodings[..] else {
        unreachable!("six formats");
    };
    let packed = |encoding| pack(encoding, records(100), true);
    let damaged = |encoding, from_end: usize| {
        let mut packed = packed(encoding);
        let at = packed.len() - from_end;
        packed[at] ^= 1;
        (packed, format!(" at byte {}", at + from_end))
    };
    let (data, end) = damaged(gzip, 8);
    let data_check = unpack(&reader(gzip), &data, true, NO_LIMIT).expect_err("damaged");
    assert!(
        data_check.starts_with("Z_DATA_ERROR: incorrect data check at byte "),
        "{data_check}"
    );
    let (data, _) = damaged(gzip, 4);
    let length_check = unpack(&reader(gzip), &data, true, NO_LIMIT).expect_err("damaged");
    assert!(
        length_check.starts_with("Z_DATA_ERROR: incorrect length check at byte "),
        "{length_check}"
    );
    assert!(length_check.ends_with(&end), "{length_check}");
    let cases: [(&Encoding, &[u8], &str); 10] = [
        (
            gzip,
            b"\x1f\x8c",
            "Z_DATA_ERROR: incorrect header check at byte 2",
        ),
        (
            gzip,
            b"PK",
            "Z_DATA_ERROR: incorrect header check at byte 2",
        ),
        (
            gzip,
            b"\x1f\x8b\x07\x00",
            "Z_DATA_ERROR: unknown compression method at byte 4",
        ),
        (
            gzip,
            b"\x1f\x8b\x08\xe0",
            "Z_DATA_ERROR: unknown header flags set at byte 4",
        ),
        (
            zlib,
            b"\x78\x9d",
            "Z_DATA_ERROR: incorrect header check at byte 2",
        ),
        (
            zlib,
            b"\x79\x18",
            "Z_DATA_ERROR: unknown compression method at byte 2",
        ),
        (
            zlib,
            b"\x78\xbb\x01\x02\x03\x04\x03",
            "Z_NEED_DICT: Missing dictionary at byte 6",
        ),
        (raw, b"\x06", "Z_DATA_ERROR: invalid block type at byte 1"),
        (
            raw,
            b"\x00\x00\x00\x00\x00",
            "Z_DATA_ERROR: invalid stored block lengths at byte 5",
        ),
        (
            zstd,
            b"not zstandard",
            "ZSTD_error_prefix_unknown: Unknown frame descriptor at byte ",
        ),
    ];
    for (encoding, data, expected) in cases {
        let error = unpack(&reader(encoding), data, true, NO_LIMIT).expect_err("it is wrong");
        assert!(
            error.starts_with(expected),
            "{error} of {}",
            data.escape_ascii()
        );
    }
    let (data, _) = damaged(checked, 1);
    let error = unpack(&reader(checked), &data, true, NO_LIMIT).expect_err("damaged");
    let begin = "ZSTD_error_checksum_wrong: Restored data doesn't match checksum at byte ";
    assert!(error.starts_with(begin), "{error}");
    // Bits of padding that are not zero (RFC 7932, section 9.2).
    let error = unpack(&reader(brotli), &[0x16], true, NO_LIMIT).expect_err("it is wrong");
    let begin = "ERR__ERROR_FORMAT_PADDING_2: Decompression failed at byte 1";
    assert!(error.starts_with(begin), "{error}");
}

fn mutated() -> impl Strategy<Value = (Encoding, Vec<u8>)> {
    let bytes = vec(any::<u8>(), 1..8);
    let edits = vec((any::<Index>(), bytes, 0..4_u8), 0..4);
    (select(formats()), any::<Index>(), edits).prop_map(|(encoding, file, edits)| {
        let files = files(&encoding);
        let mut data = files[file.index(files.len())].1.clone();
        for (at, bytes, kind) in edits {
            let at = at.index(data.len() + 1);
            match kind {
                0 => data.truncate(at),
                1 if at < data.len() => drop(data.remove(at)),
                2 if at < data.len() => data[at] = bytes[0],
                _ => drop(data.splice(at..at, bytes)),
            }
        }
        (encoding, data)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_damage((encoding, data) in mutated()) {
        drop(agreed(&reader(&encoding), &data));
    }
}
