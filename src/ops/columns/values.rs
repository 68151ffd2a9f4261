//! Text to values, a field at a time.
//!
//! Each type has two readings: the one of inference, which takes only what the type holds without
//! loss (`007` is no integer), and the wider one of a type that was declared.

use super::digits;

/// Beyond this not every integer is a `f64`.
const MAX_SAFE: u64 = 1 << 53;

/// Powers of ten that are exact as `f64`.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// `-?(0|[1-9][0-9]*)`, but not `-0`, as the sign and the magnitude.
#[inline(always)]
fn plain_integer(text: &[u8]) -> Option<(bool, u64)> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if (1..=8).contains(&digits.len()) && (digits[0] != b'0' || text.len() == 1) {
        let magnitude = digits::digits(digits::word(digits), digits.len())?;
        return Some((negative, u64::from(magnitude)));
    }
    if digits.is_empty() || digits.len() > 19 || (digits[0] == b'0' && text.len() > 1) {
        return None;
    }
    let mut magnitude = 0_u64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        // At most 19 digits: no overflow.
        magnitude = magnitude * 10 + u64::from(digit);
    }
    Some((negative, magnitude))
}

/// As inferred.
#[inline(always)]
pub(in crate::ops) fn int32(text: &[u8]) -> Option<i32> {
    // Ten digits and a sign.
    if text.len() > 11 {
        return None;
    }
    let (negative, magnitude) = plain_integer(text)?;
    let magnitude = magnitude.cast_signed();
    i32::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// As inferred.
pub(in crate::ops) fn int64(text: &[u8]) -> Option<i64> {
    let (negative, magnitude) = plain_integer(text)?;
    signed(negative, magnitude)
}

fn signed(negative: bool, magnitude: u64) -> Option<i64> {
    if negative {
        0_i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    }
}

/// A decimal number of up to eight characters without sign, exponent and leading zeros.
#[inline(always)]
fn short_decimal(text: &[u8]) -> Option<f64> {
    if text.len() > 8 || text.len() < 2 {
        return None;
    }
    let word = digits::word(text);
    let dot = digits::dot(word);
    let (word, count, fraction) = if dot < text.len() {
        let fraction = text.len() - 1 - dot;
        (digits::without(word, dot), text.len() - 1, fraction)
    } else {
        (word, text.len(), 0)
    };
    if text[0] == b'0' && dot != 1 {
        return None;
    }
    let mantissa = digits::digits(word, count)?;
    // Both are exact, so their quotient is rounded once.
    Some(f64::from(mantissa) / POWERS[fraction])
}

/// As inferred: a decimal number that a `f64` holds, up to the rounding of its fraction.
#[inline]
pub(in crate::ops) fn float64(text: &[u8]) -> Option<f64> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    if let Some(value) = short_decimal(rest) {
        return Some(if negative { -value } else { value });
    }
    let mut mantissa = 0_u64;
    let mut at = 0;
    while let Some(byte) = rest.get(at) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    let whole = at;
    if whole > 1 && rest[0] == b'0' {
        return None;
    }
    let mut fraction = 0;
    if rest.get(at) == Some(&b'.') {
        at += 1;
        while let Some(byte) = rest.get(at) {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
            at += 1;
        }
        fraction = at - whole - 1;
        if whole + fraction == 0 {
            return None;
        }
    }
    if at == rest.len() {
        let is_integer = whole == at;
        // Clinger's fast path: both are exact, so their quotient is rounded once.
        if whole + fraction <= 19 && mantissa <= MAX_SAFE && fraction < POWERS.len() && at > 0 {
            #[expect(clippy::cast_precision_loss, reason = "at most 2^53")]
            let magnitude = mantissa as f64 / POWERS[fraction];
            return Some(if negative { -magnitude } else { magnitude });
        }
        if is_integer {
            return None;
        }
    } else if at == 0 || !matches!(rest[at], b'e' | b'E') {
        return special(text);
    }
    // Too large or too small for a `f64`: as text it is still what it was.
    let is_held = |value: &f64| value.is_finite() && (*value != 0.0 || mantissa == 0);
    fast_float2::parse(text).ok().filter(is_held)
}

/// What JavaScript and Python write for the values that are no decimal numbers.
fn special(text: &[u8]) -> Option<f64> {
    Some(match text {
        b"NaN" | b"nan" => f64::NAN,
        b"Infinity" | b"inf" => f64::INFINITY,
        b"-Infinity" | b"-inf" => f64::NEG_INFINITY,
        _ => return None,
    })
}

/// As declared: also with a plus sign, leading zeros, and more digits than count.
pub(in crate::ops) fn declared_float64(text: &[u8]) -> Option<f64> {
    float64(text).or_else(|| fast_float2::parse(text).ok())
}

/// As declared: also with a plus sign and leading zeros.
pub(in crate::ops) fn declared_int64(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if !digits.first()?.is_ascii_digit() {
        return None;
    }
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    let (_, magnitude) = plain_integer(&digits[zeros.min(digits.len() - 1)..])?;
    signed(negative, magnitude)
}

/// As declared.
pub(in crate::ops) fn declared_int32(text: &[u8]) -> Option<i32> {
    int32(text).or_else(|| i32::try_from(declared_int64(text)?).ok())
}

const TRUE: u64 = u32::from_le_bytes(*b"true") as u64;
const FALSE: u64 = u64::from_le_bytes(*b"false\0\0\0");

/// `true` and `false` in any case.
#[inline]
pub(in crate::ops) fn boolean(text: &[u8]) -> Option<bool> {
    // The bit that makes letters small.
    let lower = digits::word(text) | 0x0020_2020_2020;
    match text.len() {
        4 if lower & 0xffff_ffff == TRUE => Some(true),
        5 if lower == FALSE => Some(false),
        _ => None,
    }
}

/// As declared: also `1` and `0`.
pub(in crate::ops) fn declared_boolean(text: &[u8]) -> Option<bool> {
    match text {
        b"1" => Some(true),
        b"0" => Some(false),
        text => boolean(text),
    }
}

const DAY: i64 = 86_400_000;

/// As inferred: ISO 8601, a date, or a date and a time with or without a zone, in milliseconds since
/// 1970. What has no zone is in UTC.
#[inline]
pub(in crate::ops) fn timestamp(text: &[u8]) -> Option<i64> {
    parse_timestamp(text, false)
}

/// As declared: digits after the milliseconds are dropped.
pub(in crate::ops) fn declared_timestamp(text: &[u8]) -> Option<i64> {
    parse_timestamp(text, true)
}

#[inline(always)]
fn parse_timestamp(text: &[u8], may_round: bool) -> Option<i64> {
    let (date, rest) = text.split_first_chunk::<10>()?;
    let days = parse_date(*date)?;
    let Some((&separator, rest)) = rest.split_first() else {
        return Some(days * DAY);
    };
    if !matches!(separator, b'T' | b't' | b' ') {
        return None;
    }
    let (seconds, rest) = match rest.split_first_chunk::<8>() {
        Some((time, rest)) if time[5] == b':' => (parse_time(*time)?, rest),
        // Without seconds.
        _ => {
            let ([a, b, c, d, e], rest) = rest.split_first_chunk::<5>()?;
            let seconds = parse_time([*a, *b, *c, *d, *e, b':', b'0', b'0'])?;
            return Some(days * DAY + (seconds - zone(rest)? * 60) * 1000);
        }
    };
    let mut milliseconds = seconds * 1000;
    let mut rest = rest;
    if let [b'.' | b',', fraction @ ..] = rest {
        let digits = fraction
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let finer = fraction[..digits].get(3..).unwrap_or_default();
        if digits == 0 || !(may_round || finer.iter().all(|digit| *digit == b'0')) {
            return None;
        }
        for (byte, weight) in fraction[..digits].iter().zip([100, 10, 1]) {
            milliseconds += i64::from(byte - b'0') * weight;
        }
        rest = &fraction[digits..];
    }
    Some(days * DAY + milliseconds - zone(rest)? * 60_000)
}

/// `YYYY-MM-DD` in days since 1970.
#[inline(always)]
fn parse_date(date: [u8; 10]) -> Option<i64> {
    let [a, b, c, d, first, e, f, second, g, h] = date;
    if first != b'-' || second != b'-' {
        return None;
    }
    let number = digits::digits(u64::from_le_bytes([a, b, c, d, e, f, g, h]), 8)?;
    days_since_1970(number / 10_000, number / 100 % 100, number % 100)
}

/// `hh:mm:ss` in seconds.
#[inline(always)]
fn parse_time(time: [u8; 8]) -> Option<i64> {
    let [a, b, first, c, d, second, e, f] = time;
    // With zeros for the colons it is one number.
    let number = digits::digits(u64::from_le_bytes([a, b, b'0', c, d, b'0', e, f]), 8)?;
    let (hour, minute, second_of_minute) =
        (number / 1_000_000, number / 1000 % 1000, number % 1000);
    let is_time =
        first == b':' && second == b':' && hour < 24 && minute < 60 && second_of_minute < 60;
    is_time.then(|| i64::from((hour * 60 + minute) * 60 + second_of_minute))
}

/// Minutes ahead of UTC.
#[inline]
fn zone(text: &[u8]) -> Option<i64> {
    let (sign, hours, minutes) = match text {
        [] | [b'Z' | b'z'] => return Some(0),
        [sign, a, b] => (sign, two(*a, *b)?, 0),
        [sign, a, b, c, d] | [sign, a, b, b':', c, d] => (sign, two(*a, *b)?, two(*c, *d)?),
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    match sign {
        b'+' => Some(hours * 60 + minutes),
        b'-' => Some(-(hours * 60 + minutes)),
        _ => None,
    }
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
}

/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`; of years from 0
/// on.
#[inline(always)]
fn days_since_1970(year: u32, month: u32, day: u32) -> Option<i64> {
    const LENGTHS: [u32; 16] = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0];
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if month > 12
        || day < 1
        || day > LENGTHS[(month & 15) as usize]
        || (month == 2 && day == 29 && !is_leap)
    {
        return None;
    }
    // Years that begin in March, so that the leap day is the last; 400 later, so that none is negative.
    let year = year + 400 - u32::from(month <= 2);
    let months = (month + 9) % 12;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * months + 2) / 5 + day;
    Some(i64::from(days) - (146_097 + 719_469))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_keep_every_digit_or_are_none() {
        for (text, value) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("-12", Some(-12)),
            ("2147483647", Some(i32::MAX)),
            ("-2147483648", Some(i32::MIN)),
            ("2147483648", None),
            ("007", None),
            ("-0", None),
            ("+1", None),
            ("", None),
            ("-", None),
            ("1 ", None),
            ("12345678901234567890", None),
        ] {
            assert_eq!(int32(text.as_bytes()), value, "{text}");
        }
        assert_eq!(int64(b"9223372036854775807"), Some(i64::MAX));
        assert_eq!(int64(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(int64(b"9223372036854775808"), None);
        assert_eq!(declared_int32(b"+007"), Some(7));
        for (text, value) in [
            ("-0", Some(0)),
            ("000", Some(0)),
            ("-00012", Some(-12)),
            ("0000000000000000000000001", Some(1)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("+-1", None),
            ("+", None),
            ("", None),
            ("1.0", None),
        ] {
            assert_eq!(declared_int64(text.as_bytes()), value, "{text}");
        }
    }

    #[test]
    fn floats_are_those_of_the_standard_library() {
        for text in [
            "1.5",
            "-0.25",
            "0",
            "-0",
            "123456789.123456789",
            "1e5",
            "1E-7",
            ".5",
            "5.",
            "-.5",
            "1.7976931348623157e308",
            "5e-324",
            "0.1234567890123456789012345",
            "9007199254740992",
            "12345678901234567.5",
            "0e9",
            "0.30000000000000004",
            "179769313486231580000.0",
        ] {
            let value = float64(text.as_bytes()).map(f64::to_bits);
            assert_eq!(value, text.parse().ok().map(f64::to_bits), "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "00.5",
            "9007199254740993",
            "1e",
            "e5",
            "+1",
            "1_0",
            "0x1",
            "1.5 ",
            "1e400",
            "1e-400",
        ] {
            assert_eq!(float64(text.as_bytes()), None, "{text}");
        }
        assert_eq!(declared_float64(b"+007.5"), Some(7.5));
        assert_eq!(
            declared_float64(b"9007199254740993"),
            Some(9_007_199_254_740_992.0)
        );
        assert_eq!(float64(b"-Infinity"), Some(f64::NEG_INFINITY));
        assert!(float64(b"NaN").is_some_and(f64::is_nan));
    }

    #[test]
    fn times_are_those_of_iso_8601() {
        for (text, milliseconds) in [
            ("1970-01-01", 0),
            ("2000-02-29", 951_782_400_000),
            ("0000-01-01", -62_167_219_200_000),
            ("0000-03-01", -62_162_035_200_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
            ("2024-01-31T12:34:56", 1_706_704_496_000),
            ("2024-01-31 12:34", 1_706_704_440_000),
            ("2024-01-31T12:34:56.7+01:30", 1_706_699_096_700),
            ("2024-01-31T12:34:56.123000-0130", 1_706_709_896_123),
            ("2024-01-31T12:34:56+02", 1_706_697_296_000),
        ] {
            assert_eq!(timestamp(text.as_bytes()), Some(milliseconds), "{text}");
        }
        let fine = b"2024-01-31T12:34:56.123456789-0130";
        assert_eq!(timestamp(fine), None);
        assert_eq!(declared_timestamp(fine), Some(1_706_709_896_123));
        for text in [
            "",
            "2024",
            "2024-1-31",
            "2024-13-01",
            "2023-02-29",
            "1900-02-29",
            "2024-01-00",
            "2024-01-32",
            "2024-01-31T",
            "2024-01-31T24:00",
            "2024-01-31T12:60",
            "2024-01-31T12:34:60",
            "2024-01-31T12:34:5",
            "2024-01-31T12:34:56.",
            "2024-01-31T12:34Q",
            "2024-01-31X12:34",
            "2024-01-31T12:34+24:00",
            "2024/01/31",
            "2024-01-31T12:34:56Zx",
        ] {
            assert_eq!(timestamp(text.as_bytes()), None, "{text}");
        }
    }
}
