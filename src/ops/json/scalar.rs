//! Numbers and literals (RFC 8259, sections 3 and 6).

/// What a byte can be outside strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Class {
    Quote,
    Colon,
    Comma,
    /// Whatever no token begins with is taken for one, and refused as that.
    Scalar,
    OpenObject,
    OpenArray,
    CloseObject,
    CloseArray,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Scalar; 256];
    classes[b'{' as usize] = Class::OpenObject;
    classes[b'}' as usize] = Class::CloseObject;
    classes[b'[' as usize] = Class::OpenArray;
    classes[b']' as usize] = Class::CloseArray;
    classes[b':' as usize] = Class::Colon;
    classes[b',' as usize] = Class::Comma;
    classes[b'"' as usize] = Class::Quote;
    classes
};

#[inline(always)]
pub(super) fn class(byte: u8) -> Class {
    CLASSES[usize::from(byte)]
}

/// Whether a byte ends a scalar.
#[inline(always)]
pub(super) fn is_delimiter(byte: u8) -> bool {
    const DELIMITERS: [bool; 256] = {
        let mut delimiters = [false; 256];
        let mut index = 0;
        let all = b"{}[]:,\" \t\n\r";
        while index < all.len() {
            delimiters[all[index] as usize] = true;
            index += 1;
        }
        delimiters
    };
    DELIMITERS[usize::from(byte)]
}

/// The scalar that begins at the first byte of `bytes`, without what follows.
pub(super) fn text(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| is_delimiter(*byte));
    &bytes[..end.unwrap_or(bytes.len())]
}

/// Whether the scalar at the first byte of `bytes` is a number or a literal, up to a delimiter or the
/// end.
#[inline(always)]
pub(super) fn is_valid(bytes: &[u8]) -> bool {
    match bytes {
        [b'-' | b'0'..=b'9', ..] => is_number(bytes),
        [b't', b'r', b'u', b'e', rest @ ..]
        | [b'n', b'u', b'l', b'l', rest @ ..]
        | [b'f', b'a', b'l', b's', b'e', rest @ ..] => ends(rest),
        _ => false,
    }
}

#[inline(always)]
fn ends(rest: &[u8]) -> bool {
    rest.first().is_none_or(|byte| is_delimiter(*byte))
}

/// How many digits `bytes` begins with: of up to eight without a branch for each.
#[inline(always)]
fn digits(bytes: &[u8]) -> usize {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let mut count = 0;
    while let Some(word) = bytes[count..].first_chunk::<8>() {
        let digits = u64::from_le_bytes(*word) ^ 0x3030_3030_3030_3030;
        // The high bit of each byte that is more than nine.
        let others = (((digits & LOW) + 0x7676_7676_7676_7676) | digits) & !LOW;
        if others != 0 {
            return count + others.trailing_zeros() as usize / 8;
        }
        count += 8;
    }
    let rest = bytes[count..].iter();
    count + rest.take_while(|byte| byte.is_ascii_digit()).count()
}

/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`.
#[inline(always)]
fn is_number(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let whole = digits(bytes);
    if whole == 0 || whole > 1 && bytes[0] == b'0' {
        return false;
    }
    let mut rest = &bytes[whole..];
    if let [b'.', fraction @ ..] = rest {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', digits @ ..] | digits => digits,
        };
        let count = digits(exponent);
        if count == 0 {
            return false;
        }
        rest = &exponent[count..];
    }
    ends(rest)
}

/// Whether what a backslash stands before at `at` is an escape (section 7).
#[inline(always)]
pub(super) fn is_escape(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => true,
        Some(b'u') => bytes
            .get(at + 1..at + 5)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        _ => false,
    }
}

/// Whether a scalar is a number without fraction and exponent.
pub(super) fn is_integer(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::{digits, is_valid};

    #[test]
    fn digits_are_counted_up_to_any_other_byte() {
        for count in 0..20 {
            for byte in (0..=255_u8).filter(|byte| !byte.is_ascii_digit()) {
                let mut text = b"90817263549081726354"[..count].to_vec();
                assert_eq!(digits(&text), count);
                text.push(byte);
                text.extend_from_slice(b"123456789");
                assert_eq!(digits(&text), count, "{}", text.escape_ascii());
            }
        }
    }

    #[test]
    fn scalars_are_those_of_rfc_8259() {
        for valid in [
            "0",
            "-0",
            "10",
            "-1.5",
            "0.0",
            "1e5",
            "1E+05",
            "-1.25e-10",
            "123456789012345678",
            "true",
            "false",
            "null",
            "1,",
            "1]",
            "1 ",
            "true}",
            "0\n",
        ] {
            assert!(is_valid(valid.as_bytes()), "{valid}");
        }
        for wrong in [
            "", "-", "01", "1.", ".5", "1e", "1e+", "+1", "0x1", "1_0", "Infinity", "NaN", "tru",
            "truee", "True", "nul", "1a", "--1", "-a", "1.e5", "1.5.5", "\u{e9}",
        ] {
            assert!(!is_valid(wrong.as_bytes()), "{wrong}");
        }
    }
}
