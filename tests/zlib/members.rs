//! What stands around gzip members, and after the end of all formats, with the verdicts of `node:zlib`.

use offloop::ops::zlib::{Encoding, Inflate, Packing, Unpacking, Wrapper, crc32, expected_length};

use crate::samples::{noise, records};
use crate::{NO_LIMIT, deflate, formats, oracle, pack, reader, unpack, unpack_in_steps};

/// Compressed bytes that are read at once.
const PIECE: usize = 1 << 20;

/// A member of `length` bytes, most of which are a comment (RFC 1952, section 2.3.1).
fn member(data: &[u8], length: usize) -> Vec<u8> {
    const COMMENT: u8 = 16;
    let packed = oracle::libdeflate_write(Wrapper::Raw, 6, data);
    let mut member = vec![0x1f, 0x8b, 8, COMMENT, 0, 0, 0, 0, 0, 255];
    member.resize(length - packed.len() - 9, b'c');
    member.push(0);
    member.extend(packed);
    member.extend(crc32(data, 0).to_le_bytes());
    member.extend(u32::try_from(data.len()).expect("a length").to_le_bytes());
    assert_eq!(member.len(), length);
    member
}

/// Of a file with another member in it already.
fn tails() -> Vec<(Vec<u8>, Result<&'static str, &'static str>)> {
    let zeros_and_a_member = [vec![0], member(b"ghi", 40)].concat();
    vec![
        (vec![], Ok("abc")),
        (member(b"def", 40), Ok("abcdef")),
        (
            [member(b"def", 50), member(b"", 60), member(b"ghi", 70)].concat(),
            Ok("abcdefghi"),
        ),
        (vec![0], Ok("abc")),
        (vec![0; 1000], Ok("abc")),
        ([member(b"def", 40), vec![0; 10]].concat(), Ok("abcdef")),
        // Zeros are the end: what comes after them is not looked at.
        (zeros_and_a_member, Ok("abc")),
        (
            b"garbage".to_vec(),
            Err("Z_DATA_ERROR: incorrect header check"),
        ),
        (
            b"\x1f\x8b\xff\xff".to_vec(),
            Err("Z_DATA_ERROR: unknown compression method"),
        ),
        (b"\x1f".to_vec(), Err("Z_BUF_ERROR: unexpected end of file")),
        (
            b"\x1f\x8b".to_vec(),
            Err("Z_BUF_ERROR: unexpected end of file"),
        ),
        (
            member(b"def", 40)[..39].to_vec(),
            Err("Z_BUF_ERROR: unexpected end of file"),
        ),
        (
            [member(b"def", 40), b"PK".to_vec()].concat(),
            Err("Z_DATA_ERROR: incorrect header check"),
        ),
    ]
}

#[test]
fn members_that_end_anywhere_in_a_piece() {
    for packing in [Packing::Gzip, Packing::Either] {
        let unpacking = Unpacking::Inflate(Inflate::new(packing));
        for length in [40, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE] {
            let first = member(b"abc", length);
            for (tail, expected) in tails() {
                let data = [&first[..], &tail].concat();
                let whole = unpack(&unpacking, &data, true, NO_LIMIT);
                let label = || format!("{length} and {}: {whole:?}", tail.escape_ascii());
                for steps in [[PIECE, 2], [length, 10], [length - 1, 10], [usize::MAX, 3]] {
                    let found = unpack_in_steps(&unpacking, &data, true, steps);
                    assert_eq!(found, whole, "{steps:?}: {}", label());
                }
                match (&whole, expected) {
                    (Ok((found, _)), Ok(expected)) => {
                        assert_eq!(found, expected.as_bytes(), "{}", label());
                    }
                    (Err(error), Err(expected)) => {
                        assert!(error.starts_with(expected), "{}", label());
                    }
                    _ => panic!("{}", label()),
                }
            }
        }
    }
}

#[test]
fn many_members() {
    let unpacking = reader(&deflate(Wrapper::Gzip, 6));
    let one = pack(&deflate(Wrapper::Gzip, 6), records(100), true);
    let data = one.repeat(3000);
    let expected = Ok((records(100).repeat(3000), data.len() as u64));
    assert!(unpack(&unpacking, &data, true, NO_LIMIT) == expected);
    assert!(unpack_in_steps(&unpacking, &data, true, [1000, 1000]) == expected);
    let long = [noise((3 << 20) + 17), records(5)]
        .map(|data| pack(&deflate(Wrapper::Gzip, 1), data, true));
    let (found, _) = unpack(&unpacking, &long.concat(), true, NO_LIMIT).expect("two members");
    assert!(found == [noise((3 << 20) + 17), records(5)].concat());
}

/// Only gzip goes on after the end.
#[test]
fn what_comes_after_the_end_is_left() {
    for encoding in &formats()[1..] {
        let packed = pack(encoding, records(1000), true);
        for tail in [&b"\0"[..], b"garbage", b"\0\0\0\0", &packed] {
            let data = [&packed[..], tail].concat();
            let expected = Ok((records(1000).to_vec(), packed.len() as u64));
            assert!(
                unpack(&reader(encoding), &data, true, NO_LIMIT) == expected,
                "{encoding:?}"
            );
            assert!(
                unpack(&reader(encoding), &data, false, NO_LIMIT) == expected,
                "{encoding:?}"
            );
            for steps in [
                [1, 1],
                [packed.len(), 300],
                [usize::MAX, 3000],
                [usize::MAX, 1000],
            ] {
                let found = unpack_in_steps(&reader(encoding), &data, true, steps);
                assert!(found == expected, "{steps:?}, {encoding:?}");
            }
        }
    }
}

#[test]
fn gzip_or_zlib_by_the_first_bytes() {
    let either = Unpacking::Inflate(Inflate::new(Packing::Either));
    for wrapper in [Wrapper::Gzip, Wrapper::Zlib] {
        let packed = pack(&deflate(wrapper, 6), records(1000), true);
        let expected = Ok((records(1000).to_vec(), packed.len() as u64));
        assert!(unpack(&either, &packed, true, NO_LIMIT) == expected);
        for most_in in [1, 2, 3, usize::MAX] {
            assert!(unpack_in_steps(&either, &packed, true, [most_in, 100]) == expected);
        }
    }
    let raw = pack(&deflate(Wrapper::Raw, 6), records(1000), true);
    let error = unpack(&either, &raw, true, NO_LIMIT).expect_err("neither");
    assert!(
        error.starts_with("Z_DATA_ERROR: incorrect header check"),
        "{error}"
    );
}

#[test]
fn lengths_that_are_told() {
    for length in [0, 1, 255, 256, 257, 65_791, 65_792, 300_000] {
        for encoding in formats() {
            let packed = pack(&encoding, records(length), true);
            let expected = match &encoding {
                Encoding::Deflate(settings) => {
                    (settings.wrapper == Wrapper::Gzip).then_some(length as u64)
                }
                Encoding::Brotli(_) => None,
                Encoding::Zstd(_) => Some(length as u64),
            };
            let told = expected_length(&reader(&encoding), &packed);
            assert_eq!(told, expected, "{encoding:?}");
        }
    }
    let gzip = reader(&deflate(Wrapper::Gzip, 6));
    let either = Unpacking::Inflate(Inflate::new(Packing::Either));
    let packed = pack(&deflate(Wrapper::Gzip, 6), records(1000), true);
    assert_eq!(expected_length(&either, &packed), Some(1000));
    for data in [&b""[..], b"\x1f\x8b\x08", b"(\xb5/\xfd"] {
        for unpacking in formats().iter().map(reader).chain([either.clone()]) {
            assert_eq!(
                expected_length(&unpacking, data),
                None,
                "{}",
                data.escape_ascii()
            );
        }
    }
    // More than deflate can make of so few bytes.
    let mut lying = packed.clone();
    let at = lying.len() - 1;
    lying[at] = 0x7f;
    assert_eq!(expected_length(&gzip, &lying), None);
}

/// What a header or a trailer says of the length is checked, and takes no memory.
#[test]
fn lengths_that_are_wrong() {
    let gzip = deflate(Wrapper::Gzip, 6);
    let packed = pack(&gzip, records(1000), true);
    let at = packed.len() - 4;
    for wrong in [0, 1, 999, 1001, 100_000, u32::MAX] {
        let data = [&packed[..at], &wrong.to_le_bytes()].concat();
        let error = unpack(&reader(&gzip), &data, true, NO_LIMIT).expect_err("it is wrong");
        assert!(
            error.starts_with("Z_DATA_ERROR: incorrect length check at byte "),
            "{error}"
        );
    }
    // A frame of one byte, which it says is one of 2^62 (RFC 8878, section 3.1.1.1).
    let claim = [
        &b"(\xb5/\xfd\xc0\x58"[..],
        &(1_u64 << 62).to_le_bytes(),
        b"\x09\x00\x00x",
    ]
    .concat();
    for limit in [1 << 20, NO_LIMIT] {
        let error = unpack(&reader(&crate::zstd(&[])), &claim, true, limit).expect_err("it lies");
        assert!(
            error.starts_with("ZSTD_error_corruption_detected: "),
            "{limit}: {error}"
        );
    }
}
