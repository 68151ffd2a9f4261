//! What is wrong with a text, and where: a walk byte by byte, for texts that the fast one refuses.

use std::str;

use super::grammar::Expect;
use super::scalar::{self, Class, class};
use crate::error::{Error, ErrorKind};

/// The longest part of a text that an error shows, in characters.
const SHOWN: usize = 32;

/// What a whole text ends with, as errors name it.
pub(super) const INPUT_END: &str = "the end of the input";

pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Something wrong at a place of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) offset: u64,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn new(offset: usize, expected: &str, received: &str) -> Self {
        Self {
            offset: offset as u64,
            message: format!("Expected {expected} but received {received}"),
        }
    }

    /// The same, where what it is in begins at `start`.
    pub(super) fn after(mut self, start: u64) -> Self {
        self.offset += start;
        self
    }

    /// The error of a text that begins with `bytes`.
    pub(super) fn error(self, bytes: &[u8]) -> Error {
        self.error_after(bytes, Origin::default())
    }

    /// The error of a part of a text; offsets are from the part's first byte.
    pub(super) fn error_after(self, bytes: &[u8], origin: Origin) -> Error {
        let (line, column) = origin.place(bytes, self.offset);
        ErrorKind::Json {
            message: self.message,
            line,
            column,
            byte_offset: origin.bytes + self.offset,
        }
        .into()
    }
}

/// What comes before a part of a text, which ends with a line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Origin {
    pub(super) bytes: u64,
    pub(super) lines: u64,
}

impl Origin {
    /// The line and the column of byte `offset` of the part `bytes`.
    pub(super) fn place(self, bytes: &[u8], offset: u64) -> (u64, u64) {
        let end = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let before = &bytes[..end];
        let lines = memchr::memchr_iter(b'\n', before).count() as u64;
        let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let mut line = &before[start..];
        if self.bytes == 0 && start == 0 {
            // The mark is no character of the line.
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        let characters = line.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u64;
        (1 + self.lines + lines, 1 + characters)
    }

    /// What comes before what follows `bytes`.
    pub(super) fn after(self, bytes: &[u8]) -> Self {
        Self {
            bytes: self.bytes + bytes.len() as u64,
            lines: self.lines + memchr::memchr_iter(b'\n', bytes).count() as u64,
        }
    }
}

/// The text that begins at `bytes`, as errors show it. Of a copy: others may write to the bytes.
pub(super) fn shown(bytes: &[u8]) -> String {
    let head = bytes[..bytes.len().min(SHOWN * 4)].to_vec();
    let text = String::from_utf8_lossy(&head);
    let is_cut = text.chars().count() > SHOWN || head.len() < bytes.len();
    let mut shown = String::from("`");
    for character in text.chars().take(SHOWN) {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            character => shown.extend(character.escape_debug()),
        }
    }
    shown.push_str(if is_cut { "…`" } else { "`" });
    shown
}

/// The first thing that is wrong with `bytes`, of which the first `skipped` are passed over; `None`
/// where they are JSON. `end` is what they end with.
pub(super) fn find(bytes: &[u8], skipped: usize, max_depth: usize, end: &str) -> Option<Fault> {
    if skipped == 0 && bytes.starts_with(BYTE_ORDER_MARK) {
        let expected = "JSON without a byte-order mark, or the option `bom`,";
        return Some(Fault::new(0, expected, "a byte-order mark"));
    }
    let mut expect = Expect::Root;
    // What comes after each container that is open.
    let mut open: Vec<(Class, Expect)> = Vec::new();
    let mut at = skipped;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let space = rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        at += space.count();
        let Some(&byte) = bytes.get(at) else {
            let is_end = expect == Expect::Nothing;
            return (!is_end).then(|| Fault::new(at, expect.name(end), end));
        };
        let rest = &bytes[at..];
        let unexpected = |received: &str| Some(Fault::new(at, expect.name(end), received));
        let bracket = || shown(&rest[..1]);
        match class(byte) {
            Class::Quote => {
                let Some(next) = expect.after_string() else {
                    return unexpected("a string");
                };
                match string_end(bytes, at, end) {
                    Ok(end) => at = end,
                    Err(fault) => return Some(fault),
                }
                expect = next;
            }
            Class::Scalar => {
                let text = scalar::text(rest);
                let Some(next) = expect.after_value() else {
                    return unexpected(&shown(text));
                };
                if !scalar::is_valid(rest) {
                    return Some(scalar_fault(bytes, at, text, expect.name(end)));
                }
                at += text.len();
                expect = next;
            }
            Class::Colon | Class::Comma => {
                let next = match byte {
                    b':' => expect.after_colon(),
                    _ => expect.after_comma(),
                };
                let Some(next) = next else {
                    return unexpected(&bracket());
                };
                expect = next;
                at += 1;
            }
            class @ (Class::OpenObject | Class::OpenArray) => {
                let Some(next) = expect.after_value() else {
                    return unexpected(&bracket());
                };
                if open.len() == max_depth {
                    let expected = format!(
                        "at most {max_depth} arrays and objects inside one another (maxDepth)"
                    );
                    return Some(Fault::new(at, &expected, "one more"));
                }
                open.push((class, next));
                expect = match class {
                    Class::OpenObject => Expect::FirstKey,
                    _ => Expect::FirstElement,
                };
                at += 1;
            }
            class @ (Class::CloseObject | Class::CloseArray) => {
                let (opening, container) = grammar_pair(class);
                match open.last() {
                    Some((last, after)) if *last == opening && expect.may_close(container) => {
                        expect = *after;
                        open.pop();
                        at += 1;
                    }
                    _ => return unexpected(&bracket()),
                }
            }
        }
    }
}

fn grammar_pair(class: Class) -> (Class, super::grammar::Container) {
    use super::grammar::Container;
    match class {
        Class::CloseObject => (Class::OpenObject, Container::Object),
        _ => (Class::OpenArray, Container::Array),
    }
}

impl Expect {
    fn name(self, end: &str) -> &str {
        match self {
            Self::FirstKey => "a key in double quotes or `}`",
            Self::Key => "a key in double quotes",
            Self::Colon => "`:`",
            Self::MemberEnd => "`,` or `}`",
            Self::FirstElement => "a value or `]`",
            Self::ElementEnd => "`,` or `]`",
            Self::Nothing => end,
            // The others do not come up where it is known from the beginning.
            _ => "a value",
        }
    }
}

/// Where the string that begins at `start` has ended.
fn string_end(bytes: &[u8], start: usize, end: &str) -> Result<usize, Fault> {
    let mut at = start + 1;
    loop {
        let Some(&byte) = bytes.get(at) else {
            let expected = "`\"` at the end of the string that begins here";
            return Err(Fault::new(start, expected, end));
        };
        match byte {
            b'"' => return Ok(at + 1),
            b'\\' => {
                if bytes.get(at + 1).is_none() {
                    let expected = "`\"` at the end of the string that begins here";
                    return Err(Fault::new(start, expected, end));
                }
                if !scalar::is_escape(bytes, at + 1) {
                    let length = if bytes[at + 1] == b'u' { 6 } else { 2 };
                    let received = shown(&bytes[at..bytes.len().min(at + length)]);
                    let expected = "an escape such as `\\n`, or `\\u` and four hexadecimal digits,";
                    return Err(Fault::new(at, expected, &received));
                }
                at += 2;
            }
            0..0x20 => {
                let received = format!("U+{byte:04X}");
                let expected = "no control character in a string but by its escape";
                return Err(Fault::new(at, expected, &received));
            }
            0x20..0x80 => at += 1,
            0x80.. => {
                let Some(length) = character(&bytes[at..]) else {
                    let received = format!("the byte 0x{byte:02X}");
                    return Err(Fault::new(at, "UTF-8", &received));
                };
                at += length;
            }
        }
    }
}

/// The length of the character at the first byte of `bytes`; `None` where it is not UTF-8.
fn character(bytes: &[u8]) -> Option<usize> {
    (2..=4).find(|&length| {
        bytes
            .get(..length)
            .is_some_and(|character| str::from_utf8(character).is_ok())
    })
}

fn scalar_fault(bytes: &[u8], at: usize, text: &[u8], expected: &str) -> Fault {
    if !text[0].is_ascii() && character(&bytes[at..]).is_none() {
        let received = format!("the byte 0x{:02X}", text[0]);
        return Fault::new(at, "UTF-8", &received);
    }
    let received = shown(text);
    let expected = match text[0] {
        b'-' | b'0'..=b'9' => "a number such as `-1.5e3`",
        b't' => "`true`",
        b'f' => "`false`",
        b'n' => "`null`",
        _ => expected,
    };
    Fault::new(at, expected, &received)
}
