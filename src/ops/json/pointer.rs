//! JSON Pointer (RFC 6901).

use crate::error::{Error, ErrorKind};

/// The reference tokens of a pointer, unescaped, in UTF-8; a lone surrogate in what would be its
/// three bytes (WTF-8), as keys have it.
pub(super) type Reference = Vec<u8>;

/// Reads `text`, UTF-16 as JavaScript has it.
pub(super) fn parse(text: &[u16]) -> Result<Vec<Reference>, Error> {
    let text = wtf8(text);
    let Some(rest) = text.strip_prefix(b"/") else {
        return if text.is_empty() {
            Ok(Vec::new())
        } else {
            Err(refused(
                "a JSON pointer, which is empty or begins with `/`,",
                &text,
            ))
        };
    };
    rest.split(|byte| *byte == b'/')
        .map(|token| {
            unescape(token)
                .ok_or_else(|| refused("`~0` or `~1` for every `~` in a JSON pointer,", &text))
        })
        .collect()
}

pub(super) fn refused(expected: &str, pointer: &[u8]) -> Error {
    ErrorKind::InvalidArgument {
        name: "pointer",
        expected: expected.trim_end_matches(',').to_owned(),
        received: format!("'{}'", String::from_utf8_lossy(pointer)),
    }
    .into()
}

/// Section 4: `~1` is `/`, and `~0` is `~`.
pub(super) fn unescape(token: &[u8]) -> Option<Reference> {
    let mut unescaped = Vec::with_capacity(token.len());
    let mut bytes = token.iter();
    while let Some(&byte) = bytes.next() {
        unescaped.push(match byte {
            b'~' => match bytes.next()? {
                b'0' => b'~',
                b'1' => b'/',
                _ => return None,
            },
            byte => byte,
        });
    }
    Some(unescaped)
}

/// Section 4: the number of an element, without leading zeros.
pub(super) fn element(reference: &[u8]) -> Option<u64> {
    let is_number = match reference {
        [b'0'] => true,
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let text = str::from_utf8(reference).ok()?;
    text.parse().ok().filter(|_| is_number)
}

/// UTF-16 to UTF-8, lone surrogates as they are.
pub(super) fn wtf8(text: &[u16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for unit in char::decode_utf16(text.iter().copied()) {
        match unit {
            Ok(character) => {
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Err(lone) => push_surrogate(lone.unpaired_surrogate(), &mut bytes),
        }
    }
    bytes
}

/// The three bytes that a character of this number would have.
pub(super) fn push_surrogate(unit: u16, to: &mut Vec<u8>) {
    let [high, low] = unit.to_be_bytes();
    let code = u32::from(high) << 8 | u32::from(low);
    for (shift, mark) in [(12, 0xe0), (6, 0x80), (0, 0x80)] {
        let bits = (code >> shift & 0x3f) as u8;
        to.push(if shift == 12 { bits & 0x0f } else { bits } | mark);
    }
}

#[cfg(test)]
mod tests {
    use super::{element, parse, wtf8};

    fn references(text: &str) -> Option<Vec<String>> {
        let units: Vec<u16> = text.encode_utf16().collect();
        let parsed = parse(&units).ok()?;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Some(parsed.into_iter().map(text).collect())
    }

    #[test]
    fn pointers_are_those_of_rfc_6901_section_5() {
        for (pointer, expected) in [
            ("", &[][..]),
            ("/foo", &["foo"]),
            ("/foo/0", &["foo", "0"]),
            ("/", &[""]),
            ("/a~1b", &["a/b"]),
            ("/m~0n", &["m~n"]),
            ("/~01", &["~1"]),
            ("/é/😀", &["é", "😀"]),
        ] {
            let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
            assert_eq!(references(pointer), Some(expected));
        }
        for wrong in ["a", "a/b", "/~", "/~2", "/a~"] {
            assert_eq!(references(wrong), None);
        }
    }

    #[test]
    fn elements_have_numbers_without_leading_zeros() {
        for (text, number) in [
            ("0", Some(0)),
            ("10", Some(10)),
            ("01", None),
            ("-", None),
            ("", None),
            ("1a", None),
        ] {
            assert_eq!(element(text.as_bytes()), number);
        }
    }

    #[test]
    fn lone_surrogates_have_three_bytes() {
        assert_eq!(wtf8(&[0xd83d, 0xde00]), "😀".as_bytes());
        assert_eq!(wtf8(&[0xd83d, 0x61]), b"\xed\xa0\xbda");
    }
}
