//! Output that is larger than it may be, jobs that are given up, and progress.

use std::sync::Mutex;

use offloop::error::ErrorKind;
use offloop::ops::zlib::{
    Encoder, Encoding, Ending, Inflate, Packing, Unpacking, Wrapper, compress, decompress,
};
use offloop::pool::{CancelToken, Context, Progress};

use crate::samples::{noise, records, repeats, zeros};
use crate::{NO_LIMIT, SPLITS, brotli, deflate, formats, pack, reader, zstd};

/// The limit that was exceeded.
fn too_large<T>(outcome: Result<T, offloop::error::Error>) -> u64 {
    let error = outcome.err().expect("it is too large");
    assert_eq!(error.code(), "ERR_BUFFER_TOO_LARGE");
    match error.kind() {
        ErrorKind::OutputTooLarge { limit } => *limit,
        kind => panic!("{kind:?}"),
    }
}

#[test]
fn content_of_exactly_the_limit_and_one_byte_more() {
    let token = CancelToken::default();
    for encoding in formats() {
        for data in [
            records(1),
            records(1000),
            repeats((1 << 20) + 3),
            noise(200_000),
        ] {
            let packed = pack(&encoding, data, true);
            let length = data.len() as u64;
            for split in SPLITS.iter() {
                let context = Context::new(&token, split);
                let within = |limit| decompress(&reader(&encoding), &packed, true, limit, &context);
                for limit in [length, length + 1, 2 * length + 100_000] {
                    assert!(
                        within(limit).expect("it is within").as_ref() == data,
                        "{limit}"
                    );
                }
                for limit in [length - 1, length / 2, 0] {
                    assert_eq!(too_large(within(limit)), limit, "{encoding:?}");
                }
            }
        }
        let empty = pack(&encoding, &[], true);
        let context = Context::new(&token, &SPLITS[0]);
        let empty = decompress(&reader(&encoding), &empty, true, 0, &context);
        assert_eq!(empty.expect("it is within").as_ref(), b"");
    }
}

#[test]
fn compressed_data_of_exactly_the_limit_and_one_byte_more() {
    let token = CancelToken::default();
    for encoding in formats() {
        for data in [records(0), records(1000), noise(300_000)] {
            let length = pack(&encoding, data, true).len() as u64;
            for split in SPLITS.iter() {
                let context = Context::new(&token, split);
                let within = |limit| compress(&encoding, data, true, limit, &context);
                assert_eq!(within(length).expect("it is within").len() as u64, length);
                for limit in [length - 1, length / 2, 0] {
                    assert_eq!(too_large(within(limit)), limit, "{encoding:?}");
                }
            }
        }
    }
}

/// Zeros, far more than any limit of the test. None of them has an end.
fn bombs() -> Vec<(Unpacking, Vec<u8>)> {
    const MIB: usize = 1 << 20;
    let mut bombs = Vec::new();
    for (packing, header) in [
        (Packing::Gzip, &b"\x1f\x8b\x08\0\0\0\0\0\0\xff"[..]),
        (Packing::Either, b"\x1f\x8b\x08\0\0\0\0\0\0\xff"),
        (Packing::Zlib, b"\x78\x9c"),
        (Packing::Raw, b""),
    ] {
        let unfinished = pack(&deflate(Wrapper::Raw, 9), zeros(MIB), false);
        let data = [header, &unfinished.repeat(4000)].concat();
        bombs.push((Unpacking::Inflate(Inflate::new(packing)), data));
    }
    let encoding = brotli(1, 24);
    let mut encoder = Encoder::new(encoding.clone()).expect("good settings");
    let mut packed = Vec::new();
    for _ in 0..500 {
        let mut segment = encoder.begin().expect("memory");
        encoder.note(zeros(MIB), Ending::Segment).expect("memory");
        packed.extend(segment.push(zeros(MIB), Ending::Segment).expect("memory"));
    }
    bombs.push((reader(&encoding), packed));
    // Blocks of 128 KiB in 4 bytes, in a frame that says nothing of its length.
    let blocks = [0x02, 0, 0x10, 0].repeat(500_000);
    let silent = [&b"(\xb5/\xfd\0\x58"[..], &blocks].concat();
    // And in one that says 64 GiB.
    let length = 500_000_u64 << 17;
    let honest = [&b"(\xb5/\xfd\xc0\x58"[..], &length.to_le_bytes(), &blocks].concat();
    bombs.extend([silent, honest].map(|data| (reader(&zstd(&[])), data)));
    bombs
}

#[test]
fn bombs_are_given_up_at_the_limit() {
    let token = CancelToken::default();
    for (unpacking, data) in bombs() {
        for finished in [true, false] {
            for limit in [0, 1, 1000, 1 << 20, 16 << 20] {
                let context = Context::new(&token, &SPLITS[1]);
                let outcome = decompress(&unpacking, &data, finished, limit, &context);
                assert_eq!(too_large(outcome), limit, "{unpacking:?}");
            }
        }
    }
}

#[test]
fn cancelled_jobs_stop() {
    let token = CancelToken::default();
    token.cancel();
    for encoding in formats() {
        let packed = pack(&encoding, records(1000), true);
        for split in SPLITS.iter() {
            let context = Context::new(&token, split);
            for data in [records(0), records(5 << 20)] {
                let outcome = compress(&encoding, data, true, NO_LIMIT, &context);
                assert_eq!(outcome.expect_err("cancelled").code(), "ABORT_ERR");
            }
            let outcome = decompress(&reader(&encoding), &packed, true, NO_LIMIT, &context);
            assert_eq!(
                outcome
                    .err()
                    .map(|error| error.code().to_owned())
                    .as_deref(),
                Some("ABORT_ERR")
            );
        }
    }
}

/// Cancels its job at the first report behind `at`, and keeps what it was told.
struct Watch<'a> {
    at: u64,
    token: &'a CancelToken,
    told: Mutex<Vec<(u64, Option<u64>)>>,
}

impl Progress for Watch<'_> {
    fn advance(&self, processed: u64, total: Option<u64>) {
        self.told.lock().expect("no panic").push((processed, total));
        if processed > self.at {
            self.token.cancel();
        }
    }
}

/// Runs a job with a watch, and says what it was told.
fn watched<T>(
    at: u64,
    run: impl FnOnce(&Context<'_>) -> Result<T, offloop::error::Error>,
) -> (bool, Vec<(u64, Option<u64>)>) {
    let token = CancelToken::default();
    let watch = Watch {
        at,
        token: &token,
        told: Mutex::default(),
    };
    let context = Context::new(&token, &SPLITS[2]).with_progress(Some(&watch));
    let error = run(&context).err();
    if let Some(error) = &error {
        assert_eq!(error.code(), "ABORT_ERR");
    }
    (error.is_none(), watch.told.into_inner().expect("no panic"))
}

#[test]
fn jobs_tell_their_progress_and_stop_on_the_way() {
    const LENGTH: usize = (2 << 20) + 500_000;
    for encoding in formats() {
        let data = noise(LENGTH);
        let pack = |context: &Context<'_>| compress(&encoding, data, true, NO_LIMIT, context);
        let (is_done, told) = watched(u64::MAX, pack);
        assert!(is_done);
        assert!(told.len() > 1, "{told:?}");
        assert_eq!(
            told.iter().max(),
            Some(&(LENGTH as u64, Some(LENGTH as u64)))
        );
        let (is_done, told) = watched(0, pack);
        assert!(
            !is_done && told.iter().all(|(behind, _)| *behind < LENGTH as u64),
            "{told:?}"
        );

        let packed =
            pack(&Context::new(&CancelToken::default(), &SPLITS[1])).expect("it is compressed");
        let unpack = |context: &Context<'_>| {
            decompress(&reader(&encoding), &packed, true, NO_LIMIT, context)
        };
        let (is_done, told) = watched(u64::MAX, unpack);
        assert!(is_done);
        assert!(!told.is_empty() && told.is_sorted(), "{told:?}");
        assert!(
            told.iter()
                .all(|(_, total)| *total == Some(packed.len() as u64)),
            "{told:?}"
        );
        // Deflate at hand is read in one go.
        if let Encoding::Deflate(_) = encoding {
            continue;
        }
        let (is_done, told) = watched(0, unpack);
        assert!(
            !is_done && told.last().is_some_and(|(behind, _)| *behind < 2 << 20),
            "{told:?}"
        );
    }
}

#[test]
fn unfinished_output_has_a_limit_too() {
    let token = CancelToken::default();
    let context = Context::new(&token, &SPLITS[0]);
    for encoding in formats() {
        let outcome = compress(&encoding, records(1000), false, 3, &context);
        assert_eq!(too_large(outcome), 3);
    }
}
