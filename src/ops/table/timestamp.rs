//! Milliseconds since 1970 as ISO 8601 in UTC.

use std::io::Write as _;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Which times have their milliseconds written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Milliseconds {
    /// All: the form of ECMA-262, section "Date Time String Format", as `Date.prototype.toJSON` has it.
    Always,
    /// Those that have any.
    IfAny,
}

/// Appends `value`, of which years before 0 and from 10,000 on have a sign and six digits at least.
pub(crate) fn write_timestamp(text: &mut Vec<u8>, value: i64, milliseconds: Milliseconds) {
    let (days, time) = (value.div_euclid(DAY), value.rem_euclid(DAY));
    let (year, month, day) = civil_from_days(days);
    if (0..=9999).contains(&year) {
        let mut digits = [0; 4];
        put(&mut digits, year);
        text.extend_from_slice(&digits);
    } else {
        // Writing to a vector does not fail.
        let _ = write!(text, "{year:+07}");
    }
    let mut rest = *b"-00-00T00:00:00.000Z";
    put(&mut rest[1..3], month);
    put(&mut rest[4..6], day);
    put(&mut rest[7..9], time / 3_600_000);
    put(&mut rest[10..12], time / 60_000 % 60);
    put(&mut rest[13..15], time / 1000 % 60);
    put(&mut rest[16..19], time % 1000);
    if milliseconds == Milliseconds::IfAny && time % 1000 == 0 {
        text.extend_from_slice(&rest[..15]);
        text.push(b'Z');
    } else {
        text.extend_from_slice(&rest);
    }
}

/// Fills `place` with the last digits of `number`, which is not negative.
#[inline(always)]
fn put(place: &mut [u8], mut number: i64) {
    for byte in place.iter_mut().rev() {
        let [digit, ..] = (number % 10).to_le_bytes();
        *byte = b'0' + digit;
        number /= 10;
    }
}

/// The year, the month and the day. Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// `civil_from_days`.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::{Milliseconds, write_timestamp};

    #[test]
    fn times_are_what_a_date_writes() {
        for (value, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_706_704_496_000, "2024-01-31T12:34:56.000Z"),
            (1_706_704_496_007, "2024-01-31T12:34:56.007Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
            (-62_167_219_200_001, "-000001-12-31T23:59:59.999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (253_402_300_800_000, "+010000-01-01T00:00:00.000Z"),
            (8_640_000_000_000_000, "+275760-09-13T00:00:00.000Z"),
            (-8_640_000_000_000_000, "-271821-04-20T00:00:00.000Z"),
            // More than a `Date` holds.
            (i64::MAX, "+292278994-08-17T07:12:55.807Z"),
            (i64::MIN, "-292275055-05-16T16:47:04.192Z"),
        ] {
            for (milliseconds, expected) in [
                (Milliseconds::Always, expected.to_owned()),
                (Milliseconds::IfAny, expected.replace(".000Z", "Z")),
            ] {
                let mut text = Vec::new();
                write_timestamp(&mut text, value, milliseconds);
                assert_eq!(text.escape_ascii().to_string(), expected, "{value}");
            }
        }
    }
}
