//! What is compressed is read by other implementations, and what they compress is read.

use offloop::ops::zlib::{self, Deflate, Encoding, Wrapper, Zstd, crc32};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::samples::{noise, records, repeats, zeros};
use crate::{
    NO_LIMIT, STRATEGIES, WRAPPERS, ZSTD_CHECKSUM, ZSTD_CONTENT_SIZE, ZSTD_DICTIONARY_ID,
    ZSTD_LEVEL, ZSTD_WINDOW_LOG, brotli, deflate, formats, is_data, oracle, pack, reader, unpack,
    zstd,
};

fn round_trip(encoding: &Encoding, data: &[u8]) {
    is_data(encoding, &pack(encoding, data, true), data);
}

/// Every combination of zlib's settings but the dictionary, with another wrapper each.
fn deflate_settings() -> Vec<Deflate> {
    let mut all = Vec::new();
    for level in 0..=9 {
        for window_bits in 9..=15 {
            for mem_level in 1..=9 {
                for strategy in STRATEGIES {
                    all.push(Deflate {
                        level,
                        window_bits,
                        mem_level,
                        strategy,
                        ..Deflate::new(WRAPPERS[all.len() % WRAPPERS.len()])
                    });
                }
            }
        }
    }
    all
}

#[test]
fn deflate_with_every_setting() {
    for settings in deflate_settings() {
        let is_default = settings.mem_level == 8 && settings.strategy == zlib::Strategy::Default;
        round_trip(
            &Encoding::Deflate(settings),
            records(if is_default { 40_000 } else { 3000 }),
        );
    }
}

#[test]
fn deflate_of_zlib_with_every_setting() {
    for settings in deflate_settings() {
        let data = records(3000);
        let packed = oracle::zlib_write(&settings, data);
        let found = unpack(
            &reader(&Encoding::Deflate(settings)),
            &packed,
            true,
            NO_LIMIT,
        );
        assert!(found == Ok((data.to_vec(), packed.len() as u64)));
    }
}

#[test]
fn deflate_of_libdeflate_at_every_level() {
    for level in 0..=12 {
        for wrapper in WRAPPERS {
            for data in [
                records(0),
                records(1),
                records(300_000),
                noise(70_000),
                zeros(70_000),
            ] {
                let packed = oracle::libdeflate_write(wrapper, level, data);
                let found = unpack(&reader(&deflate(wrapper, 6)), &packed, true, NO_LIMIT);
                assert!(found == Ok((data.to_vec(), packed.len() as u64)), "{level}");
            }
        }
    }
}

#[test]
fn brotli_of_every_quality_and_window() {
    for quality in 0..=11 {
        for window_log in 10..=24 {
            let length = if quality < 10 { 20_000 } else { 2000 };
            round_trip(&brotli(quality, window_log), records(length));
        }
        for data in [repeats(100_000), noise(100_000), zeros(100_000)] {
            let length = if quality < 10 { data.len() } else { 5000 };
            round_trip(&brotli(quality, 22), &data[..length]);
        }
    }
}

#[test]
fn brotli_of_the_other_encoder() {
    for quality in 0..=11 {
        for window_log in [10, 16, 22, 24] {
            let data = records(if quality < 10 { 20_000 } else { 2000 });
            let packed = oracle::brotli_write(quality, window_log, data);
            let found = unpack(&reader(&brotli(0, 10)), &packed, true, NO_LIMIT);
            assert!(
                found == Ok((data.to_vec(), packed.len() as u64)),
                "{quality}"
            );
        }
    }
}

#[test]
fn zstd_of_every_level_and_window() {
    for level in -7..=22 {
        for data in [records(20_000), repeats(20_000), noise(5000), zeros(5000)] {
            round_trip(&zstd(&[(ZSTD_LEVEL, level)]), data);
        }
        let checksum = [
            (ZSTD_LEVEL, level),
            (ZSTD_CHECKSUM, 1),
            (ZSTD_CONTENT_SIZE, 0),
        ];
        round_trip(&zstd(&checksum), records(20_000));
    }
    for window_log in 10..=24 {
        let window = [(ZSTD_WINDOW_LOG, window_log), (ZSTD_LEVEL, window_log - 9)];
        round_trip(&zstd(&window), records(50_000));
    }
}

#[test]
fn zstd_of_the_library_by_itself() {
    for level in [-7, -1, 1, 2, 3, 4, 5, 8, 12, 15, 17, 20, 22] {
        for data in [
            records(0),
            records(20_000),
            repeats(if level < 5 { 300_000 } else { 3000 }),
        ] {
            let packed = oracle::zstd_write(&Zstd::default(), level, data);
            let found = unpack(&reader(&zstd(&[])), &packed, true, NO_LIMIT);
            assert!(found == Ok((data.to_vec(), packed.len() as u64)), "{level}");
        }
    }
}

#[test]
fn every_small_length() {
    let mut encodings = formats();
    encodings.extend([0, 1, 9].map(|level| deflate(Wrapper::Gzip, level)));
    encodings.extend([brotli(0, 22), brotli(11, 22), zstd(&[(ZSTD_LEVEL, 19)])]);
    for encoding in encodings {
        for length in 0..=300 {
            round_trip(&encoding, &records(1000)[length..2 * length]);
        }
    }
}

/// Around the ends of blocks of deflate (256 KiB), brotli (1 MiB, 4 MiB from quality 10 on) and
/// Zstandard (2 MiB; its windows of level 1 and 3).
#[test]
fn lengths_around_the_ends_of_blocks() {
    let around = |block: usize| [block - 1, block, block + 1];
    for (index, level) in [0, 1, 6, 9].into_iter().enumerate() {
        for length in around(256 << 10).into_iter().chain(around(512 << 10)) {
            round_trip(&deflate(WRAPPERS[index % 3], level), records(length));
        }
        round_trip(
            &deflate(WRAPPERS[(index + 1) % 3], level),
            repeats((512 << 10) + 1),
        );
    }
    for length in around(1 << 20).into_iter().chain([(2 << 20) + 1]) {
        round_trip(&brotli(1, 22), records(length));
        round_trip(&brotli(5, 18), repeats(length));
    }
    round_trip(&brotli(10, 22), zeros((4 << 20) + 1));
    for length in around(2 << 20).into_iter().chain([(4 << 20) + 1]) {
        round_trip(&zstd(&[(ZSTD_LEVEL, 1)]), records(length));
        round_trip(&zstd(&[(ZSTD_CHECKSUM, 1)]), repeats(length));
    }
}

/// A block that begins without knowing the offsets of the one before must not use them.
#[test]
fn zstd_blocks_of_nothing_but_repeats() {
    for level in [-5, 1, 3, 5, 9, 16] {
        for window_log in [0, 17] {
            let parameters = [(ZSTD_LEVEL, level), (ZSTD_WINDOW_LOG, window_log)];
            let length = if level < 2 {
                (4 << 20) + 70_000
            } else {
                (2 << 20) + 70_000
            };
            round_trip(&zstd(&parameters), repeats(length));
        }
    }
}

fn with_dictionary(encoding: &Encoding, dictionary: &[u8]) -> Encoding {
    let dictionary = dictionary.to_vec();
    match encoding.clone() {
        Encoding::Deflate(settings) => Encoding::Deflate(Deflate {
            dictionary,
            ..settings
        }),
        Encoding::Zstd(settings) => Encoding::Zstd(Zstd {
            dictionary,
            ..settings
        }),
        Encoding::Brotli(_) => unreachable!("brotli has a dictionary of its own"),
    }
}

#[test]
fn dictionaries() {
    for encoding in [
        deflate(Wrapper::Zlib, 6),
        deflate(Wrapper::Zlib, 0),
        deflate(Wrapper::Raw, 9),
        deflate(Wrapper::Raw, 1),
        zstd(&[]),
        zstd(&[(ZSTD_LEVEL, 19), (ZSTD_CHECKSUM, 1)]),
    ] {
        for length in [1, 2, 100, 1000, 32_767, 32_768, 32_769, 100_000] {
            let encoding = with_dictionary(&encoding, &records(length + 900)[900..]);
            let packed = pack(&encoding, records(1000), true);
            is_data(&encoding, &packed, records(1000));
        }
        let encoding = with_dictionary(&encoding, noise(1000));
        let is_stored = matches!(&encoding, Encoding::Deflate(settings) if settings.level == 0);
        assert_eq!(pack(&encoding, noise(1000), true).len() < 100, !is_stored);
        for length in [
            0,
            1,
            (256 << 10) + 1,
            if is_stored { 0 } else { (2 << 20) + 1 },
        ] {
            round_trip(&encoding, repeats(length));
        }
    }
    for settings in deflate_settings().into_iter().step_by(97) {
        let settings = Deflate {
            dictionary: records(2000).to_vec(),
            ..settings
        };
        let packed = oracle::zlib_write(&settings, records(3000));
        let found = unpack(
            &reader(&Encoding::Deflate(settings)),
            &packed,
            true,
            NO_LIMIT,
        );
        assert!(found == Ok((records(3000).to_vec(), packed.len() as u64)));
    }
}

/// Gzip has no dictionaries, as zlib has it.
#[test]
fn gzip_takes_no_note_of_a_dictionary() {
    let encoding = deflate(Wrapper::Gzip, 6);
    let with_one = with_dictionary(&encoding, records(1000));
    assert_eq!(
        pack(&with_one, records(1000), true),
        pack(&encoding, records(1000), true),
    );
}

#[test]
fn trained_dictionaries() {
    let samples: Vec<_> = records(200_000).chunks(400).collect();
    let dictionary = ::zstd::dict::from_samples(&samples, 4096).expect("a dictionary");
    for level in [-1, 1, 3, 6, 13, 19] {
        let encoding = zstd(&[(ZSTD_LEVEL, level), (ZSTD_CHECKSUM, 1)]);
        let with_one = with_dictionary(&encoding, &dictionary);
        let packed = pack(&with_one, records(300), true);
        is_data(&with_one, &packed, records(300));
        assert!(packed.len() < pack(&encoding, records(300), true).len());
        if level <= 6 {
            round_trip(&with_one, records((2 << 20) + 1));
        }
        let settings = Zstd {
            dictionary: dictionary.clone(),
            ..Zstd::default()
        };
        let packed = oracle::zstd_write(&settings, level, records(3000));
        let found = unpack(&reader(&with_one), &packed, true, NO_LIMIT);
        assert!(found == Ok((records(3000).to_vec(), packed.len() as u64)));
        // Its number says that another one is wrong.
        let none = unpack(&reader(&encoding), &packed, true, NO_LIMIT);
        let none = none.expect_err("it is not known");
        assert!(none.starts_with("ZSTD_error_dictionary_wrong: "), "{none}");
    }
    let [told, untold] = [1, 0].map(|shown| {
        let encoding = with_dictionary(&zstd(&[(ZSTD_DICTIONARY_ID, shown)]), &dictionary);
        let packed = pack(&encoding, records(300), true);
        let found = unpack(&reader(&encoding), &packed, true, NO_LIMIT);
        assert!(found == Ok((records(300).to_vec(), packed.len() as u64)));
        packed
    });
    assert!(untold.len() < told.len());
}

/// Unfinished output has all there was, and becomes a stream by what would end one.
#[test]
fn unfinished_output_can_be_gone_on_with() {
    for data in [
        records(0),
        records(1),
        noise(1000),
        records((256 << 10) + 1),
        repeats((2 << 20) + 1),
    ] {
        for encoding in formats() {
            let unpacking = reader(&encoding);
            let unfinished = pack(&encoding, data, false);
            let found = unpack(&unpacking, &unfinished, false, NO_LIMIT);
            assert!(
                found == Ok((data.to_vec(), unfinished.len() as u64)),
                "{encoding:?}"
            );
            let error = unpack(&unpacking, &unfinished, true, NO_LIMIT).expect_err("it has no end");
            let end = format!(
                "Z_BUF_ERROR: unexpected end of file at byte {}",
                unfinished.len()
            );
            assert_eq!(error, end, "{encoding:?}");
            let end = match &encoding {
                // A final block with fixed codes, and nothing in it (RFC 1951, section 3.2.6).
                Encoding::Deflate(settings) => match settings.wrapper {
                    Wrapper::Gzip => {
                        let length = u32::try_from(data.len()).expect("a length").to_le_bytes();
                        [&[3, 0], &crc32(data, 0).to_le_bytes()[..], &length].concat()
                    }
                    Wrapper::Zlib => {
                        [&[3, 0], &libdeflater::adler32(data).to_be_bytes()[..]].concat()
                    }
                    Wrapper::Raw => vec![3, 0],
                },
                // The last meta-block, which is empty (RFC 7932, section 9.2).
                Encoding::Brotli(_) => vec![3],
                Encoding::Zstd(settings) if settings.parameters.is_empty() => vec![1, 0, 0],
                Encoding::Zstd(_) => {
                    let hash = twox(data);
                    [&[1, 0, 0], &hash[..]].concat()
                }
            };
            is_data(&encoding, &[unfinished, end].concat(), data);
        }
    }
}

/// The checksum of a frame of the library's own (RFC 8878, section 3.1.1).
fn twox(data: &[u8]) -> [u8; 4] {
    let packed = oracle::zstd_write(&Zstd::default(), 2, data);
    *packed.last_chunk().expect("a checksum")
}

#[test]
fn checksums_of_bytes_in_parts() {
    for length in [0, 1, 15, 16, 17, 1000, 70_000] {
        let data = records(length);
        assert_eq!(crc32(data, 0), libdeflater::crc32(data));
        for at in [0, 1, length / 2, length] {
            let (first, rest) = data.split_at(at.min(length));
            assert_eq!(crc32(rest, crc32(first, 0)), libdeflater::crc32(data));
        }
    }
}

/// Bytes with something to find in them.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        vec(any::<u8>(), 0..50),
        (any::<u8>(), 0..600_usize).prop_map(|(byte, length)| vec![byte; length]),
        (0..20_000_usize, 0..1000_usize)
            .prop_map(|(at, length)| records(21_000)[at..at + length].to_vec()),
    ];
    vec(part, 0..12).prop_map(|parts| parts.concat())
}

fn encoding() -> impl Strategy<Value = Encoding> {
    prop_oneof![
        (
            select(&WRAPPERS),
            0..=9_u8,
            9..=15_u8,
            1..=9_u8,
            select(&STRATEGIES)
        )
            .prop_map(|(wrapper, level, window_bits, mem_level, strategy)| {
                Encoding::Deflate(Deflate {
                    level,
                    window_bits,
                    mem_level,
                    strategy,
                    ..Deflate::new(wrapper)
                })
            }),
        (0..=11_u32, 10..=24_u32).prop_map(|(quality, window_log)| brotli(quality, window_log)),
        (-10..=19, 10..=23, 0..=1, 0..=1).prop_map(|(level, window_log, checksum, size)| {
            zstd(&[
                (ZSTD_LEVEL, level),
                (ZSTD_WINDOW_LOG, window_log),
                (ZSTD_CHECKSUM, checksum),
                (ZSTD_CONTENT_SIZE, size),
            ])
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_with_any_settings(data in bytes(), encoding in encoding()) {
        round_trip(&encoding, &data);
    }
}
