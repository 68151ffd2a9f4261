//! A value of any size, in parts that JavaScript can make at once.

use memchr::memchr2;

use super::document::{Document, Node};
use super::scalar::{self, is_delimiter, is_integer};
use super::text::{Text, Type, changed};
use crate::error::Error;

/// What comes next in a container.
#[derive(Debug)]
pub enum Step {
    /// Nothing any more.
    End,
    /// Some elements or members, one after the other, as an array or an object of their own.
    Group {
        /// Where to go on.
        next: usize,
        /// How many they are.
        count: u64,
        /// Their text.
        text: Vec<u8>,
    },
    /// One element or member that is larger than was asked for.
    Large {
        /// Where to go on.
        next: usize,
        /// Its value: an object, an array or a string.
        kind: Type,
        /// Where that is.
        range: (usize, usize),
        /// The key of a member, with its quotes.
        key: Option<Vec<u8>>,
    },
}

/// Of fewer bytes an escape need not fit.
const LEAST_PART: usize = 16;

impl<B: AsRef<[u8]>> Document<B> {
    /// What comes next in the container at `container`, from `position` on, or from its beginning:
    /// up to `most_count` elements or members of together about `most_bytes`.
    pub fn step(
        &self,
        container: Node,
        position: Option<usize>,
        most_bytes: usize,
        most_count: u64,
    ) -> Result<Step, Error> {
        let text = self.text();
        let is_object = match text.kind(container.0)? {
            Type::Object => true,
            Type::Array => false,
            _ => return Err(changed()),
        };
        let start = match position {
            Some(position) => position,
            None => text.skip_space(container.0 + 1),
        };
        if matches!(text.byte(start), b'}' | b']') {
            return Ok(Step::End);
        }
        let level = text.depth(container.0) + 1;
        let limit = start.saturating_add(most_bytes);
        let found = text.commas(start, limit, level, most_count.max(1));
        let is_full = found.count == most_count.max(1);
        let (end, count, next) = match (found.closed, found.last) {
            (Some(close), _) if !is_full => (close, found.count + 1, close),
            (_, Some(comma)) => (comma, found.count, text.skip_space(comma + 1)),
            (_, None) => return self.alone(start, is_object, most_bytes),
        };
        Ok(Step::Group {
            next,
            count,
            text: group(text, start, end, is_object)?,
        })
    }

    /// The element or the member at `start`, which is large.
    fn alone(&self, start: usize, is_object: bool, most_bytes: usize) -> Result<Step, Error> {
        let text = self.text();
        let (key, value, end, next) = if is_object {
            let member = text.member(start)?;
            let key = text.bytes.get(member.key..member.key_end);
            (key, member.value, member.value_end, member.next)
        } else {
            let end = text.end(start)?;
            (None, start, end, text.next(end)?)
        };
        // The bracket that closes the container, behind the last one.
        let next = next.unwrap_or_else(|| text.skip_space(end));
        let kind = text.kind(value)?;
        let is_large = end - value > most_bytes;
        if is_large && matches!(kind, Type::Object | Type::Array | Type::String) {
            return Ok(Step::Large {
                next,
                kind,
                range: (value, end),
                key: key.map(<[u8]>::to_vec),
            });
        }
        Ok(Step::Group {
            next,
            count: 1,
            text: group(text, start, end, is_object)?,
        })
    }

    /// A part of the string at `start`, from `position` on, as a string of its own, and where to go on.
    pub fn string_part(
        &self,
        string: Node,
        position: Option<usize>,
        most_bytes: usize,
    ) -> Result<(Vec<u8>, Option<usize>), Error> {
        let text = self.text();
        let most = most_bytes.max(LEAST_PART);
        let from = position.unwrap_or(string.0.saturating_add(1));
        // No further than a part goes: the end may be far.
        let limit = from
            .saturating_add(most.saturating_add(LEAST_PART))
            .min(text.bytes.len());
        let quote = text.outside(from, limit);
        let inner = text.bytes.get(from..quote.unwrap_or(limit));
        let inner = inner.ok_or_else(changed)?;
        if quote.is_none() && inner.len() <= most {
            return Err(changed());
        }
        let length = cut(inner, most);
        let is_last = quote.is_some() && length == inner.len();
        let mut part = Vec::with_capacity(length + 2);
        part.push(b'"');
        part.extend_from_slice(&inner[..length]);
        part.push(b'"');
        Ok((part, (!is_last).then_some(from + length)))
    }
}

fn group(text: Text<'_>, start: usize, end: usize, is_object: bool) -> Result<Vec<u8>, Error> {
    let inner = text.bytes.get(start..end).ok_or_else(changed)?;
    let mut group = Vec::with_capacity(inner.len() + 2);
    group.push(if is_object { b'{' } else { b'[' });
    group.extend_from_slice(inner);
    group.push(if is_object { b'}' } else { b']' });
    Ok(group)
}

/// The last place up to `most` where a string, without its quotes, may be cut: neither in a character
/// nor in an escape.
fn cut(inner: &[u8], most: usize) -> usize {
    if inner.len() <= most {
        return inner.len();
    }
    let mut end = most;
    // No character is longer than four bytes.
    for _ in 0..3 {
        if inner[end] & 0xc0 == 0x80 {
            end -= 1;
        }
    }
    let head = &inner[..end];
    let Some(last) = head.iter().rev().take(6).position(|byte| *byte == b'\\') else {
        return end;
    };
    let last = end - 1 - last;
    let backslashes = head[..=last]
        .iter()
        .rev()
        .take_while(|byte| **byte == b'\\');
    if backslashes.count() % 2 == 0 {
        return end;
    }
    let length = if inner[last + 1] == b'u' { 6 } else { 2 };
    if last + length > end { last } else { end }
}

/// Writes each integer of `json` that a `f64` may not hold as a string: `mark`, and its digits.
/// `None` where there is none. `mark` needs no escapes and stands nowhere in `json`.
#[must_use]
pub fn mark_big_integers(json: &[u8], mark: &str) -> Option<Vec<u8>> {
    let mut marked = Vec::new();
    let mut copied = 0;
    let mut at = 0;
    while at < json.len() {
        match json[at] {
            b'"' => at = string_end(json, at),
            b'-' | b'0'..=b'9' => {
                let text = scalar::text(&json[at..]);
                if is_integer(text) && is_big(text) {
                    marked.extend_from_slice(&json[copied..at]);
                    marked.push(b'"');
                    marked.extend_from_slice(mark.as_bytes());
                    marked.extend_from_slice(text);
                    marked.push(b'"');
                    copied = at + text.len();
                }
                at += text.len();
            }
            byte if is_delimiter(byte) => at += 1,
            _ => at += scalar::text(&json[at..]).len(),
        }
    }
    if copied == 0 {
        return None;
    }
    marked.extend_from_slice(&json[copied..]);
    Some(marked)
}

fn string_end(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(offset) = json.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += offset;
        if json[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    json.len()
}

/// Whether an integer is beyond `Number.MAX_SAFE_INTEGER` on either side.
fn is_big(text: &[u8]) -> bool {
    const MOST: &[u8] = b"9007199254740991";
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    digits.len() > MOST.len() || (digits.len() == MOST.len() && digits > MOST)
}

#[cfg(test)]
mod tests {
    use super::{cut, mark_big_integers};

    #[test]
    fn strings_are_cut_between_characters_and_escapes() {
        let inner = r"aé\u00e9\\\n€\\\\\\\\\\\\\ud83d\ude00zzzzzzzzzzzzzzzzzzzz".as_bytes();
        for most in 16..inner.len() + 3 {
            let mut rest = inner;
            let mut joined = String::new();
            while !rest.is_empty() {
                let length = cut(rest, most);
                assert!(length > 0);
                let part = std::str::from_utf8(&rest[..length]).unwrap();
                let part = part.replace(r"\ud83d", "?").replace(r"\ude00", "!");
                joined += &serde_json::from_str::<String>(&format!("\"{part}\"")).unwrap();
                rest = &rest[length..];
            }
            assert_eq!(
                joined, "aéé\\\n€\\\\\\\\\\\\?!zzzzzzzzzzzzzzzzzzzz",
                "{most}"
            );
        }
    }

    #[test]
    fn integers_that_a_float_would_round_are_marked() {
        let json = br#"{"9007199254740992":[9007199254740991,9007199254740992,-9007199254740993,1e400,9007199254740992.0,"12345678901234567890\""],"a":12345678901234567890}"#;
        let marked = mark_big_integers(json, "n:").unwrap();
        let expected = r#"{"9007199254740992":[9007199254740991,"n:9007199254740992","n:-9007199254740993",1e400,9007199254740992.0,"12345678901234567890\""],"a":"n:12345678901234567890"}"#;
        assert_eq!(String::from_utf8(marked).unwrap(), expected);
        assert_eq!(
            mark_big_integers(b"[1,\"9007199254740992\",true]", "n:"),
            None
        );
        // Whatever memory has become meanwhile.
        assert_eq!(mark_big_integers(b"\"abc\\", "n:"), None);
    }
}
