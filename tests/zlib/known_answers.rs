//! Published streams and checksums.

use offloop::ops::zlib::{Brotli, Inflate, Packing, Unpacking, Zstd, crc32};
use serde::Deserialize;

use crate::{NO_LIMIT, unpack, unpack_in_steps};

#[derive(Deserialize)]
struct Vectors {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    source: String,
    format: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    name: String,
    hex: Option<String>,
    dictionary: Option<String>,
    window_bits: Option<u8>,
    output: Option<Content>,
    consumed: Option<u64>,
    expect: Option<String>,
    message: Option<String>,
    input: Option<Content>,
    value: Option<String>,
}

#[derive(Deserialize)]
struct Content {
    hex: Option<String>,
    text: Option<String>,
    repeat: Option<Repeat>,
}

#[derive(Deserialize)]
struct Repeat {
    text: String,
    count: usize,
}

impl Content {
    fn bytes(&self) -> Vec<u8> {
        match (&self.hex, &self.text, &self.repeat) {
            (Some(hex), ..) => unhex(hex),
            (_, Some(text), _) => text.clone().into_bytes(),
            (.., Some(repeat)) => repeat.text.repeat(repeat.count).into_bytes(),
            _ => panic!("no content"),
        }
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    let decoded = data_encoding::HEXLOWER.decode(hex.as_bytes());
    decoded.expect("the vectors are hexadecimal")
}

fn unpacking(format: &str, vector: &Vector) -> Unpacking {
    let dictionary = vector.dictionary.as_deref().map(unhex).unwrap_or_default();
    let inflate = |packing| {
        let usual = Inflate::new(packing);
        Unpacking::Inflate(Inflate {
            window_bits: vector.window_bits.unwrap_or(usual.window_bits),
            dictionary: dictionary.clone(),
            ..usual
        })
    };
    match format {
        "gzip" => inflate(Packing::Gzip),
        "deflate" => inflate(Packing::Zlib),
        "deflateRaw" => inflate(Packing::Raw),
        "brotli" => Unpacking::Brotli(Brotli::default()),
        "zstd" => Unpacking::Zstd(Zstd::default()),
        other => panic!("{other}"),
    }
}

fn is_read(format: &str, vector: &Vector, label: &str) {
    let unpacking = unpacking(format, vector);
    let data = vector.hex.as_deref().map(unhex).expect("data");
    let mut found = vec![unpack(&unpacking, &data, true, NO_LIMIT)];
    for steps in [[1, 1], [3, 1000], [usize::MAX, 100]] {
        found.push(unpack_in_steps(&unpacking, &data, true, steps));
    }
    for found in found {
        match (&vector.output, found) {
            (Some(output), Ok((found, consumed))) => {
                assert!(found == output.bytes(), "{label}");
                let expected = vector.consumed.unwrap_or(data.len() as u64);
                assert_eq!(consumed, expected, "{label}");
            }
            (None, Err(error)) => {
                let code = vector.expect.as_deref().expect("a code");
                let message = vector.message.as_deref().unwrap_or_default();
                assert!(
                    error.starts_with(&format!("{code}: {message}")),
                    "{error}: {label}"
                );
            }
            (_, found) => panic!("{found:?}: {label}"),
        }
    }
}

fn is_checksum(format: &str, vector: &Vector, label: &str) {
    let input = vector.input.as_ref().expect("an input").bytes();
    let value = vector.value.as_deref().expect("a value");
    let found = match format {
        "crc32" => crc32(&input, 0),
        "adler32" => {
            // Behind the stream (RFC 1950, section 2.2).
            let packed = crate::pack(&crate::deflate(crate::WRAPPERS[1], 6), &input, true);
            u32::from_be_bytes(*packed.last_chunk().expect("a checksum"))
        }
        other => panic!("{other}"),
    };
    assert_eq!(format!("{found:08x}"), value, "{label}");
}

#[test]
fn known_answers() {
    let all = include_str!("../../vectors/zlib.json");
    let all: Vectors = serde_json::from_str(all).expect("the schema of vectors/README.md");
    for group in all.groups {
        for vector in &group.vectors {
            let label = format!("{}, {}", group.source, vector.name);
            if vector.hex.is_some() {
                is_read(&group.format, vector, &label);
            } else {
                is_checksum(&group.format, vector, &label);
            }
        }
    }
}
