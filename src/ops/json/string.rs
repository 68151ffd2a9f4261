//! Strings as JSON has them.

use crate::error::Error;
use crate::ops::table::reserve;

/// Appends `text` as a JSON string: runs of what stays as it is, and escapes between them
/// (ECMA-262, `QuoteJSONString`).
#[inline]
pub(super) fn string(json: &mut Vec<u8>, text: &[u8]) -> Result<(), Error> {
    reserve(json, text.len() + 2)?;
    json.push(b'"');
    let mut rest = text;
    loop {
        let (length, is_ascii) = plain_run(rest);
        let (run, after) = rest.split_at(length);
        if is_ascii {
            json.extend_from_slice(run);
        } else {
            append_utf8(json, run)?;
        }
        let Some((&byte, after)) = after.split_first() else {
            break;
        };
        // For the escape, what is left, and the quote.
        reserve(json, after.len() + 7)?;
        escape(json, byte);
        rest = after;
    }
    json.push(b'"');
    Ok(())
}

/// Appends `run`, with U+FFFD where it is not UTF-8. It is the copy that is looked at: the run may
/// change meanwhile.
fn append_utf8(json: &mut Vec<u8>, run: &[u8]) -> Result<(), Error> {
    let start = json.len();
    append(json, run)?;
    if simdutf8::basic::from_utf8(&json[start..]).is_err() {
        let text = String::from_utf8_lossy(&json[start..]).into_owned();
        json.truncate(start);
        append(json, text.as_bytes())?;
    }
    Ok(())
}

/// Appends the escape of `byte`: one character where there is such a one, else four hex digits.
fn escape(json: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
            json.extend_from_slice(b"\\u00");
            json.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
            return;
        }
    };
    json.extend_from_slice(&[b'\\', short]);
}

/// `byte` in every byte of a word.
pub(super) const fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

const HIGH: u64 = repeated(0x80);

/// The number of bytes before the first that has to be escaped, and whether they are all ASCII.
///
/// Eight at a time, the last eight overlapping those before.
#[inline]
fn plain_run(text: &[u8]) -> (usize, bool) {
    let mut seen = 0;
    let (words, rest) = text.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let escapes = escapes(word);
        if escapes != 0 {
            let (length, before) = first(escapes);
            return (index * 8 + length, (seen | word & before) & HIGH == 0);
        }
        seen |= word;
    }
    if rest.is_empty() {
        return (text.len(), seen & HIGH == 0);
    }
    if let Some(last) = text.last_chunk::<8>() {
        let word = u64::from_le_bytes(*last);
        let escapes = escapes(word);
        let (length, before) = first(escapes);
        let is_ascii = (seen | word & before) & HIGH == 0;
        return (text.len() - 8 + length, is_ascii);
    }
    let length = rest
        .iter()
        .position(|byte| matches!(byte, 0..0x20 | b'"' | b'\\'))
        .unwrap_or(rest.len());
    (length, rest[..length].is_ascii())
}

/// The high bit of the first byte of `word` that has to be escaped, and perhaps those of others
/// behind it: none where there is none.
///
/// A byte is less than another where the difference borrows, and zero where it is less than one
/// (Warren, "Hacker's Delight", section 6-1). What is borrowed falsifies the bytes behind only.
#[inline(always)]
pub(super) fn escapes(word: u64) -> u64 {
    let is_below = |word: u64, bound: u8| word.wrapping_sub(repeated(bound)) & !word;
    let controls = is_below(word, 0x20);
    let quotes = is_below(word ^ repeated(b'"'), 1);
    let backslashes = is_below(word ^ repeated(b'\\'), 1);
    (controls | quotes | backslashes) & HIGH
}

/// The number of bytes before the first that has its high bit in `escapes`, all eight where none
/// has, and a mask of them.
#[inline(always)]
fn first(escapes: u64) -> (usize, u64) {
    let length = escapes.trailing_zeros() as usize / 8;
    let lowest = escapes & escapes.wrapping_neg();
    (length, lowest.wrapping_sub(1))
}

/// Appends `bytes` as they are.
#[inline]
pub(super) fn append(json: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
    reserve(json, bytes.len())?;
    json.extend_from_slice(bytes);
    Ok(())
}
