//! The text of strings (RFC 8259, section 7).

use super::pointer::push_surrogate;

/// What a lone surrogate becomes, which UTF-8 has no bytes for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lone {
    /// U+FFFD.
    Replaced,
    /// The three bytes that it would have.
    Kept,
}

/// Whether a string, without its quotes, has escapes.
#[inline]
pub(super) fn has_escapes(inner: &[u8]) -> bool {
    // Of what is short a loop finds it before a call does.
    if inner.len() <= 16 {
        inner.contains(&b'\\')
    } else {
        memchr::memchr(b'\\', inner).is_some()
    }
}

/// Appends the text of a string, given without its quotes. What is no escape is left out.
pub(super) fn unescape(inner: &[u8], lone: Lone, to: &mut Vec<u8>) {
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        to.extend_from_slice(&rest[..at]);
        let escape = &rest[at + 1..];
        let simple = match escape.first() {
            Some(byte @ (b'"' | b'\\' | b'/')) => *byte,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            _ => {
                rest = &escape[unicode(escape, lone, to)..];
                continue;
            }
        };
        to.push(simple);
        rest = &escape[1..];
    }
    to.extend_from_slice(rest);
}

/// Appends the character of `uXXXX`, or of two such escapes, and says how long that is.
fn unicode(escape: &[u8], lone: Lone, to: &mut Vec<u8>) -> usize {
    let Some(first) = unit(escape) else {
        return 0;
    };
    let mut length = 5;
    let mut units = [first, 0];
    let mut count = 1;
    if (0xd800..0xdc00).contains(&first)
        && let Some([b'\\', second @ ..]) = escape.get(length..)
        && let Some(low) = unit(second).filter(|unit| (0xdc00..0xe000).contains(unit))
    {
        units[1] = low;
        count = 2;
        length += 6;
    }
    for character in char::decode_utf16(units[..count].iter().copied()) {
        match character {
            Ok(character) => to.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(_) if lone == Lone::Replaced => to.extend_from_slice("\u{fffd}".as_bytes()),
            Err(error) => push_surrogate(error.unpaired_surrogate(), to),
        }
    }
    length
}

/// The UTF-16 unit of `uXXXX`.
fn unit(escape: &[u8]) -> Option<u16> {
    let digits = escape.strip_prefix(b"u")?.get(..4)?;
    digits.iter().try_fold(0, |unit: u16, digit| {
        let value = char::from(*digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(value).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::{Lone, unescape};

    #[test]
    fn escapes_are_those_of_rfc_8259() {
        for (escaped, expected) in [
            (r#"a\"b\\c\/d\b\f\n\r\te"#, "a\"b\\c/d\u{8}\u{c}\n\r\te"),
            (r"\u0041\u00e9\u20AC", "Aé€"),
            (r"\ud83d\ude00", "😀"),
            (r"\ud83d\ud83d\ude00x", "\u{fffd}😀x"),
            (r"\ude00\u0041", "\u{fffd}A"),
            (r"\ud83d", "\u{fffd}"),
            (r"\\u0041", r"\u0041"),
            ("", ""),
        ] {
            let mut text = Vec::new();
            unescape(escaped.as_bytes(), Lone::Replaced, &mut text);
            assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
        let mut text = Vec::new();
        unescape(br"\ud83d", Lone::Kept, &mut text);
        assert_eq!(text, b"\xed\xa0\xbd");
    }

    #[test]
    fn what_is_no_escape_ends() {
        for wrong in [&b"\\"[..], b"\\x", b"\\u12", b"\\u12g4", b"a\\"] {
            unescape(wrong, Lone::Replaced, &mut Vec::new());
        }
    }
}
