//! Counts and byte lengths as JavaScript's numbers.

/// Exact up to 2^53, which no count of bytes or jobs reaches.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
pub(super) fn to_js(value: u64) -> f64 {
    value as f64
}

/// A whole number from 0 to 2^53, as `lib/validate.js` has checked; anything else is clamped.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float to integer cast saturates"
)]
pub(super) fn from_js(value: f64) -> u64 {
    value as u64
}

/// As [`from_js`], for a length in memory.
pub(super) fn length(value: f64) -> usize {
    usize::try_from(from_js(value)).unwrap_or(usize::MAX)
}

/// A count that fits a small number.
pub(super) fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
