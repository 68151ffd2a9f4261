//! JSON documents against `serde_json`, published examples, and themselves in other segments.

use std::sync::LazyLock;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use bytes::Bytes;
use offloop::error::{Error, ErrorKind};
use offloop::ops::json::{self, Columns, Document, ParseOptions, Type};
use offloop::ops::table::{ColumnType, View};
use offloop::pool::{CancelToken, Context, LaneKind, Split};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::de::IgnoredAny;
use serde_json::Value;

static SPLITS: LazyLock<[Split; 3]> =
    LazyLock::new(|| [1, 2, 4].map(|threads| Split::new(LaneKind::Bulk, threads)));

/// So small that tokens straddle them, and the one that documents have.
const SEGMENTS: [usize; 3] = [64, 128, 1 << 16];

fn on<R>(split: &Split, run: impl FnOnce(&Context<'_>) -> R) -> R {
    run(&Context::new(&CancelToken::default(), split))
}

/// An error as its message, its line, its column and its offset.
type Told = (String, [u64; 3]);

fn told(error: &Error) -> Told {
    match error.kind() {
        ErrorKind::Json {
            message,
            line,
            column,
            byte_offset,
        } => (message.clone(), [*line, *column, *byte_offset]),
        kind => panic!("{kind:?}"),
    }
}

/// What all segments and numbers of threads agree on: a document of each, or the error.
fn agreed(bytes: &[u8], options: ParseOptions) -> Result<Vec<Document<&[u8]>>, Told> {
    let check = |options, split: &Split| {
        on(split, |context| json::validate(bytes, options, context)).map_err(|error| told(&error))
    };
    let expected = check(options, &SPLITS[0]);
    let mut documents = Vec::new();
    for segment in SEGMENTS {
        let options = ParseOptions { segment, ..options };
        for split in SPLITS.iter() {
            let label = || format!("{segment}, {split:?}: {}", bytes.escape_ascii());
            assert_eq!(check(options, split), expected, "{}", label());
            match on(split, |context| json::parse(bytes, options, context)) {
                Ok(document) => documents.push(document),
                Err(error) => assert_eq!(Err(told(&error)), expected, "{}", label()),
            }
        }
    }
    expected.map(|()| {
        assert_eq!(documents.len(), SEGMENTS.len() * SPLITS.len());
        documents
    })
}

/// The word of `serde_json`. What it ignores it takes at any depth, and with lone surrogates by their
/// escapes, as `JSON.parse` does; values that it makes it does not.
fn is_json(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes);
    text.is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
}

/// Nothing before the place of an error is wrong, and its line and column are those of its offset.
fn is_the_first(bytes: &[u8], (message, [line, column, offset]): &Told) {
    let before = &bytes[..usize::try_from(*offset).expect("a position")];
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(before) {
        assert!(error.is_eof(), "{message} at {offset} behind {error}");
    }
    let lines = String::from_utf8_lossy(before);
    let last = lines.rsplit('\n').next().unwrap_or_default();
    let place = [lines.matches('\n').count(), last.chars().count()];
    assert_eq!(place.map(|count| count as u64 + 1), [*line, *column]);
}

fn units(pointer: &str) -> Vec<u16> {
    pointer.encode_utf16().collect()
}

/// Pointers to a value and to all that is in it.
fn pointers(value: &Value, above: &str, to: &mut Vec<String>) {
    to.push(above.to_owned());
    match value {
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                pointers(element, &format!("{above}/{index}"), to);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                pointers(member, &format!("{above}/{key}"), to);
            }
        }
        _ => {}
    }
}

/// What is at a pointer.
fn value_at(document: &Document<&[u8]>, pointer: &str) -> Option<Value> {
    let node = document.find(&units(pointer)).expect("a pointer")?;
    let (start, end) = document.range(node).expect("nobody writes to the text");
    let value = serde_json::from_slice(&document.bytes()[start..end]).expect("JSON");
    let shape = match &value {
        Value::Object(members) => (Type::Object, Some(members.len() as u64)),
        Value::Array(elements) => (Type::Array, Some(elements.len() as u64)),
        Value::String(_) => (Type::String, None),
        Value::Number(_) => (Type::Number, None),
        Value::Bool(_) => (Type::Boolean, None),
        Value::Null => (Type::Null, None),
    };
    let kind = document.kind(node).expect("nobody writes to the text");
    let length = document.length(node).expect("nobody writes to the text");
    assert_eq!((kind, length), shape, "{pointer}");
    Some(value)
}

fn blank() -> impl Strategy<Value = &'static str> {
    select(&[
        "",
        "",
        "",
        " ",
        "\n",
        "\t\r\n  ",
        "                        ",
    ])
}

/// A string as it may be written.
fn string() -> impl Strategy<Value = String> {
    const PARTS: [&str; 26] = [
        "a",
        "b",
        "0",
        "1",
        "~",
        "/",
        "\\/",
        "\\\"",
        "\\\\",
        "\\n",
        "\\u0000",
        "\\u0061",
        "é",
        "\\u00E9",
        "漢",
        "😀",
        "\\ud83d\\ude00",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        " ",
        "//",
        "plain text that is longer than a block of the sixty-four bytes it is in",
    ];
    vec(select(&PARTS), 0..5).prop_map(|parts| format!("\"{}\"", parts.concat()))
}

/// A text, written as anybody may: with blanks, escapes and keys that come again.
fn text() -> impl Strategy<Value = String> {
    const SCALARS: [&str; 13] = [
        "true",
        "false",
        "null",
        "0",
        "-0",
        "12",
        "-1.5",
        "1e3",
        "2E-7",
        "0.1",
        "9007199254740993",
        "123456789012345678901234567890",
        "-0.0e+00",
    ];
    let scalar = prop_oneof![select(&SCALARS).prop_map(str::to_owned), string()];
    scalar.prop_recursive(5, 100, 8, |inner| {
        let element = (blank(), inner, blank())
            .prop_map(|(before, value, after)| format!("{before}{value}{after}"))
            .boxed();
        let member = (blank(), string(), blank(), element.clone())
            .prop_map(|(before, key, after, value)| format!("{before}{key}{after}:{value}"));
        prop_oneof![
            (blank(), vec(element, 0..8))
                .prop_map(|(blank, elements)| format!("[{blank}{}]", elements.join(","))),
            (blank(), vec(member, 0..8))
                .prop_map(|(blank, members)| format!("{{{blank}{}}}", members.join(","))),
        ]
    })
}

/// Texts with something put in, taken out or cut off; some of them are still JSON.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: [&[u8]; 25] = [
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b",",
        b"\"",
        b"\\",
        b"\\u12",
        b"\\ud800",
        b"1",
        b"-",
        b"0",
        b".",
        b"e",
        b"null",
        b"true",
        b" ",
        b"\n",
        b"\0",
        b"\x0c",
        b"\xff",
        b"\xc3",
        b"\xef\xbb\xbf",
        b"\"a\"",
    ];
    let edits = vec((any::<Index>(), select(&PIECES), 0..6_u8), 0..4);
    (text(), edits).prop_map(|(text, edits)| {
        let mut bytes = text.into_bytes();
        for (at, piece, kind) in edits {
            let at = at.index(bytes.len() + 1);
            match kind {
                0 => bytes.truncate(at),
                1 | 2 if at < bytes.len() => drop(bytes.remove(at)),
                _ => drop(bytes.splice(at..at, piece.iter().copied())),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn values_are_those_of_serde_json(text in text()) {
        const NEAR: [&str; 7] = ["/0", "/00", "/-", "/a", "/", "/1", "/~0"];
        let expected: Value = serde_json::from_str(&text).expect("JSON");
        let mut all = Vec::new();
        pointers(&expected, "", &mut all);
        for document in agreed(text.as_bytes(), ParseOptions::default()).expect("JSON") {
            prop_assert_eq!(document.bytes(), text.as_bytes());
            for (index, pointer) in all.iter().enumerate() {
                let near = format!("{pointer}{}", NEAR[index % NEAR.len()]);
                for pointer in [pointer, &near] {
                    let found = value_at(&document, pointer);
                    prop_assert_eq!(found.as_ref(), expected.pointer(pointer), "{} of {}", pointer, text);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn texts_are_refused_where_serde_json_refuses_them(bytes in mutated()) {
        let found = agreed(&bytes, ParseOptions::default());
        prop_assert_eq!(found.is_ok(), is_json(&bytes), "{}", bytes.escape_ascii());
        if let Err(error) = &found {
            is_the_first(&bytes, error);
        }
    }
}

#[test]
fn texts_of_many_segments() {
    let record = |id: usize| {
        let text = "né \\\"x\\\" \\\\ 😀{[".repeat(id % 13);
        format!(" {{\"id\": {id}, \"text\":\"{text}\", \"list\":[{id},[],{{}}, \"\"]}}\n")
    };
    let text = format!("[{}]", (0..1300).map(record).collect::<Vec<_>>().join(","));
    assert!(text.len() > 3 << 16);
    let expected: Value = serde_json::from_str(&text).expect("JSON");
    for document in agreed(text.as_bytes(), ParseOptions::default()).expect("JSON") {
        for pointer in (0..=1300).step_by(61).map(|index| format!("/{index}/list")) {
            let found = value_at(&document, &pointer);
            assert_eq!(found.as_ref(), expected.pointer(&pointer), "{pointer}");
        }
    }
    // What is nowhere allowed, on both sides of boundaries.
    for at in [0, 63, 64, 65_535, 65_536, 65_537, 131_072, text.len() - 1] {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = 0;
        let error = agreed(&bytes, ParseOptions::default()).expect_err("a control character");
        is_the_first(&bytes, &error);
        assert!(error.1[2] <= at as u64, "{error:?}");
    }
}

#[test]
fn depth_has_a_limit_that_serde_json_does_not_have() {
    let in_arrays = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let in_objects = |depth: usize| {
        let around = "{\"a\":".repeat(depth - 1);
        format!("{around}{{{}", "}".repeat(depth))
    };
    for depth in [2, 63, 64, 65, 1023, 1024, 1025, 3000, 32_000] {
        for (text, bytes) in [(in_arrays(depth), 1), (in_objects(depth), 5)] {
            let limited = |max_depth| {
                let options = ParseOptions {
                    max_depth,
                    ..ParseOptions::default()
                };
                agreed(text.as_bytes(), options).map(|documents| documents.len())
            };
            assert_eq!(limited(depth), Ok(9), "{depth}");
            let (message, [_, _, offset]) = limited(depth - 1).expect_err("too deep");
            let most = format!("Expected at most {} arrays and objects", depth - 1);
            assert!(message.starts_with(&most), "{message}");
            assert_eq!(offset, ((depth - 1) * bytes) as u64);
            assert!(is_json(text.as_bytes()));
        }
    }
    let beyond = ParseOptions {
        max_depth: usize::MAX,
        ..ParseOptions::default()
    };
    let (message, _) = agreed(in_arrays(32_001).as_bytes(), beyond).expect_err("too deep");
    assert!(message.starts_with("Expected at most 32000 "), "{message}");
}

#[test]
fn errors_say_what_and_where() {
    let cases: [(&[u8], &str, [u64; 3]); 22] = [
        (b"", "a value but received the end of the input", [1, 1, 0]),
        (
            b" \n  ",
            "a value but received the end of the input",
            [2, 3, 4],
        ),
        (b"[1,]", "a value but received `]`", [1, 4, 3]),
        (b"[,1]", "a value or `]` but received `,`", [1, 2, 1]),
        (b"[1 2]", "`,` or `]` but received `2`", [1, 4, 3]),
        (b"[1}", "`,` or `]` but received `}`", [1, 3, 2]),
        (
            b"{\"a\":1,}",
            "a key in double quotes but received `}`",
            [1, 8, 7],
        ),
        (
            b"{a:1}",
            "a key in double quotes or `}` but received `a`",
            [1, 2, 1],
        ),
        (b"{\"a\" 1}", "`:` but received `1`", [1, 6, 5]),
        (
            b"{\"a\":1 \"b\"",
            "`,` or `}` but received a string",
            [1, 8, 7],
        ),
        (b"1 2", "the end of the input but received `2`", [1, 3, 2]),
        (
            b"[01]",
            "a number such as `-1.5e3` but received `01`",
            [1, 2, 1],
        ),
        (b"[tru]", "`true` but received `tru`", [1, 2, 1]),
        (b"[\"\\x\"]", "an escape such as `\\n`", [1, 3, 2]),
        (b"[\"\\u12G4\"]", "an escape such as `\\n`", [1, 3, 2]),
        (
            b"[\"a\tb\"]",
            "no control character in a string but by its escape",
            [1, 4, 3],
        ),
        (
            b"[\"a",
            "`\"` at the end of the string that begins here",
            [1, 2, 1],
        ),
        (
            b"[\"\xc3\xa9\xff\"]",
            "UTF-8 but received the byte 0xFF",
            [1, 4, 4],
        ),
        (b"[\xff]", "UTF-8 but received the byte 0xFF", [1, 2, 1]),
        (
            b"\xef\xbb\xbf1",
            "JSON without a byte-order mark",
            [1, 1, 0],
        ),
        (
            b"[\n  1,\r\n  2,\n\n  ?]",
            "a value but received `?`",
            [5, 3, 16],
        ),
        (
            "{\"ä漢😀\": ?}".as_bytes(),
            "a value but received `?`",
            [1, 9, 14],
        ),
    ];
    for (bytes, expected, place) in cases {
        let (message, found) = agreed(bytes, ParseOptions::default()).expect_err("no JSON");
        let begin = format!("Expected {expected}");
        assert!(message.starts_with(&begin), "{message}");
        assert_eq!(found, place, "{message}");
    }
}

#[test]
fn a_byte_order_mark_is_no_character_of_its_line() {
    let options = ParseOptions {
        bom: true,
        ..ParseOptions::default()
    };
    for document in agreed("\u{feff} [1]".as_bytes(), options).expect("JSON") {
        let root = document.find(&[]).expect("a pointer").expect("a root");
        assert_eq!(document.range(root).expect("it is there"), (4, 7));
    }
    assert!(agreed(b"[1]", options).is_ok());
    for (text, place) in [("\u{feff}[?]", [1, 2, 4]), ("\u{feff}\u{feff}1", [1, 1, 3])] {
        let (_, found) = agreed(text.as_bytes(), options).expect_err("no JSON");
        assert_eq!(found, place, "{text}");
    }
}

fn text_of<'a>(vector: &'a Value, name: &str) -> Option<&'a str> {
    vector.get(name)?.as_str()
}

fn bytes_of(vector: &Value, group: &Value) -> Vec<u8> {
    let Some(hex) = text_of(vector, "hex") else {
        let text = text_of(vector, "json").or_else(|| text_of(group, "json"));
        return text.expect("a text").as_bytes().to_vec();
    };
    let digits = (0..hex.len()).step_by(2).map(|at| &hex[at..at + 2]);
    let byte = |digits| u8::from_str_radix(digits, 16).expect("hexadecimal");
    digits.map(byte).collect()
}

/// The bits of a number in a column of floats, whose type is inferred or declared.
fn bits(number: &str) -> Vec<String> {
    let text = format!("[{{\"a\": {number}}}]");
    let mut all = Vec::new();
    for document in agreed(text.as_bytes(), ParseOptions::default()).expect("JSON") {
        for types in [vec![], vec![("a".to_owned(), ColumnType::Float64)]] {
            let columns = Columns {
                types,
                ..Columns::default()
            };
            let table = on(&SPLITS[0], |context| document.table(&[], &columns, context));
            let table = table.expect("numbers");
            let memory = table.memory.into_iter().map(Bytes::from_owner).collect();
            let view = View::new(table.description, memory).expect("its own places");
            let batch = view.to_record_batch().expect("what Arrow allows");
            let value = batch.column(0).as_primitive::<Float64Type>().value(0);
            all.push(format!("{:016x}", value.to_bits()));
        }
    }
    all
}

#[test]
fn known_answers() {
    let root: Value = serde_json::from_str(include_str!("../vectors/json.json")).expect("JSON");
    let list = |value: &Value| value.as_array().cloned().expect("a list");
    let groups = list(&root["groups"]);
    let vectors = groups.iter().flat_map(|group| {
        list(&group["vectors"])
            .into_iter()
            .map(move |vector| (group, vector))
    });
    for (group, vector) in vectors {
        if let Some(number) = text_of(&vector, "number") {
            let found = bits(number);
            assert!(
                found.iter().all(|bits| vector["bits"] == **bits),
                "{vector}: {found:?}"
            );
            continue;
        }
        let bytes = bytes_of(&vector, group);
        let pointer = text_of(&vector, "pointer");
        let expect = text_of(&vector, "expect");
        let documents = agreed(&bytes, ParseOptions::default());
        if pointer.is_none() {
            assert_eq!(documents.is_ok(), expect != Some("invalid"), "{vector}");
            assert_eq!(is_json(&bytes), documents.is_ok(), "{vector}");
        }
        for document in documents.into_iter().flatten() {
            let pointer = pointer.unwrap_or_default();
            match expect {
                Some("valid") => {}
                Some("invalid") => {
                    let error = document.find(&units(pointer)).expect_err("no pointer");
                    assert_eq!(error.code(), "ERR_INVALID_ARG_VALUE", "{vector}");
                }
                Some("missing") => assert_eq!(value_at(&document, pointer), None, "{vector}"),
                _ => assert_eq!(
                    value_at(&document, pointer).as_ref(),
                    vector.get("value"),
                    "{vector}"
                ),
            }
        }
    }
}

#[test]
fn a_cancelled_job_stops() {
    let token = CancelToken::default();
    token.cancel();
    for split in SPLITS.iter() {
        let context = Context::new(&token, split);
        let options = ParseOptions::default();
        for error in [
            json::validate(b"[1]", options, &context).err(),
            json::parse(b"[1]", options, &context).err(),
        ] {
            assert_eq!(error.map(|error| error.code()), Some("ABORT_ERR"));
        }
    }
}
