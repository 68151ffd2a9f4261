use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::fault;
use super::index::{self, SEGMENT, Settings};
use super::{Document, Node, ParseOptions, Step};
use crate::pool::{CancelToken, Context, LaneKind, Split};

pub(super) fn context<R>(threads: usize, work: impl FnOnce(&Context<'_>) -> R) -> R {
    let split = Split::new(LaneKind::Bulk, threads);
    work(&Context::new(&CancelToken::default(), &split))
}

/// Whether the index, the check, the walk byte by byte and `serde_json` agree on `bytes`.
fn agree(bytes: &[u8], segment: usize, threads: usize) -> bool {
    let settings = Settings {
        skipped: 0,
        max_depth: 100,
        segment,
    };
    let (built, checked) = context(threads, |context| {
        let built = index::build(bytes, settings, context).unwrap();
        (
            built.is_some(),
            index::check(bytes, settings, context).unwrap(),
        )
    });
    let found = fault::find(bytes, 0, 100, fault::INPUT_END);
    assert_eq!(
        built,
        found.is_none(),
        "{segment} {found:?} {}",
        bytes.escape_ascii()
    );
    assert_eq!(checked, built, "{}", bytes.escape_ascii());
    let value = std::str::from_utf8(bytes)
        .map_err(drop)
        .and_then(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(drop));
    assert_eq!(
        built,
        value.is_ok(),
        "{found:?} {value:?} {}",
        bytes.escape_ascii()
    );
    built
}

const SEEDS: &[&str] = &[
    "{}",
    "[]",
    "1",
    "-0.5e+10",
    "\"\"",
    "true",
    "[1,2,3]",
    "{\"a\":1}",
    "{\"a\":[1,{\"b\":null}],\"c\":\"\\u00e9\\\\\\\"x\"}",
    "[[[]],{\"k\":{}},[\"a\",\"b\"],-1.5,false]",
    "[\"\\\\\\\\\\\\\\\\\\\"\",\"{[,:]}\",\"é€😀\"]",
    "{\"a\":\"b\",\"c\":{\"d\":[]},\"e\":[{}]}",
    "  [ 1 , 2 ]  ",
];

struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below
    }
}

#[test]
fn broken_and_whole_texts_at_every_boundary() {
    let mut random = Random(0x1234_5678_9abc_def1);
    let pieces: &[&str] = &[
        "{", "}", "[", "]", ":", ",", "\"", "\\", "\"a\"", "1", "null", " ", "\n", "\u{e9}",
        "\\u12", "-", "0",
    ];
    let (mut whole, mut broken) = (0, 0);
    for _ in 0..12_000 {
        let mut text = String::new();
        for _ in 0..=random.next(3) {
            text.push_str(&" ".repeat(random.next(70)));
            text.push_str(SEEDS[random.next(SEEDS.len())]);
        }
        if random.next(2) == 0 {
            text = format!("[{}", SEEDS[random.next(SEEDS.len())]);
            for _ in 0..random.next(9) {
                let space = " ".repeat(random.next(40));
                let _ = write!(text, ",{space}{}", SEEDS[random.next(SEEDS.len())]);
            }
            text.push(']');
        }
        let mut bytes = text.into_bytes();
        for _ in 0..random.next(3) {
            let at = random.next(bytes.len() + 1);
            let piece = pieces[random.next(pieces.len())].bytes();
            match random.next(3) {
                0 => drop(bytes.splice(at..at, piece)),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                _ => bytes.truncate(at),
            }
        }
        if agree(&bytes, 64, 1 + random.next(2)) {
            whole += 1;
        } else {
            broken += 1;
        }
    }
    assert!(whole > 1200 && broken > 1200, "{whole} {broken}");
}

/// A random value, as text with whitespace.
fn random_json(random: &mut Random, depth: usize, to: &mut String) {
    let space = |random: &mut Random, to: &mut String| {
        if random.next(6) == 0 {
            to.push_str(&" \n\t\r".repeat(random.next(30))[..]);
        }
    };
    space(random, to);
    match random.next(if depth == 0 { 5 } else { 9 }) {
        0 => to.push_str(["0", "-1", "12345", "1.5e3", "-0.25"][random.next(5)]),
        1 => to.push_str(["true", "false", "null"][random.next(3)]),
        2..5 => {
            to.push('"');
            for _ in 0..random.next(40) {
                to.push_str(
                    [
                        "a", "\\\"", "\\\\", "é", "😀", "{", "]", ",", ":", "\\u00e9", " ",
                    ][random.next(11)],
                );
            }
            to.push('"');
        }
        kind => {
            let is_object = kind < 7;
            to.push(if is_object { '{' } else { '[' });
            let count = [0, 1, 3, 40][random.next(4)];
            for index in 0..count {
                if index > 0 {
                    to.push(',');
                }
                if is_object {
                    space(random, to);
                    let (letter, number) = (0x61 + random.next(3), random.next(30));
                    let _ = write!(to, "\"k\\u00{letter:02x}{number}\"");
                    space(random, to);
                    to.push(':');
                }
                random_json(random, depth - 1, to);
            }
            space(random, to);
            to.push(if is_object { '}' } else { ']' });
        }
    }
    space(random, to);
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// Compares everything below a pointer with what `serde_json` has there.
fn same(document: &Document<&[u8]>, pointer: &str, expected: &Value, random: &mut Random) {
    let node = document.find(&units(pointer)).unwrap();
    let node = node.unwrap_or_else(|| panic!("{pointer}"));
    let (start, end) = document.range(node).unwrap();
    let value: Value = serde_json::from_slice(&document.bytes()[start..end]).unwrap();
    assert_eq!(&value, expected, "{pointer}");
    let length = document.length(node).unwrap();
    match expected {
        Value::Array(elements) => {
            assert_eq!(length, Some(elements.len() as u64));
            let behind = units(&format!("{pointer}/{}", elements.len()));
            assert_eq!(document.find(&behind).unwrap(), None);
            let all: Vec<Value> = parts(document, node, random)
                .into_iter()
                .flat_map(|(_, part)| match part {
                    Value::Array(elements) => elements,
                    _ => unreachable!("an array has arrays"),
                })
                .collect();
            assert_eq!(&all, elements);
            for (index, element) in elements.iter().enumerate() {
                if index < 3 || random.next(10) == 0 {
                    same(document, &format!("{pointer}/{index}"), element, random);
                }
            }
        }
        Value::Object(members) => {
            assert_eq!(length, Some(members.len() as u64));
            let keys = document.keys(node).unwrap().unwrap();
            let keys: Map<String, Value> = serde_json::from_slice(&keys).unwrap();
            assert!(keys.keys().eq(members.keys()));
            let mut all = Map::new();
            for (key, part) in parts(document, node, random) {
                match (key, part) {
                    (None, Value::Object(members)) => all.extend(members),
                    (Some(key), Value::Array(mut value)) => {
                        all.insert(key, value.remove(0));
                    }
                    _ => unreachable!("an object has objects, and members"),
                }
            }
            assert_eq!(&all, members);
            for (key, member) in members {
                if random.next(3) == 0 {
                    same(document, &format!("{pointer}/{key}"), member, random);
                }
            }
        }
        Value::String(text) => {
            let mut joined = String::new();
            let mut position = None;
            loop {
                let (part, next) = document
                    .string_part(node, position, random.next(64))
                    .unwrap();
                joined += &serde_json::from_slice::<String>(&part).unwrap();
                position = next;
                if next.is_none() {
                    break;
                }
            }
            assert_eq!(&joined, text);
        }
        _ => assert_eq!(length, None),
    }
}

/// The parts of a container that its steps give: groups, and large values in an array, with their
/// keys.
fn parts(
    document: &Document<&[u8]>,
    node: Node,
    random: &mut Random,
) -> Vec<(Option<String>, Value)> {
    let mut parts = Vec::new();
    let mut position = None;
    loop {
        let (most_bytes, most_count) = (random.next(300) + 1, random.next(20) as u64 + 1);
        match document
            .step(node, position, most_bytes, most_count)
            .unwrap()
        {
            Step::End => return parts,
            Step::Group { next, count, text } => {
                let group: Value = serde_json::from_slice(&text).unwrap();
                if let Value::Array(elements) = &group {
                    assert_eq!(elements.len() as u64, count);
                }
                assert!(count <= most_count);
                parts.push((None, group));
                position = Some(next);
            }
            Step::Large {
                next, range, key, ..
            } => {
                let key = key.map(|key| serde_json::from_slice(&key).unwrap());
                let value = serde_json::from_slice(&document.bytes()[range.0..range.1]);
                parts.push((key, Value::Array(vec![value.unwrap()])));
                position = Some(next);
            }
        }
    }
}

#[test]
fn every_text_of_up_to_five_of_the_characters_that_count() {
    const CHARACTERS: &[u8] = b"[]{}:,\"1\\a-";
    let mut texts = vec![Vec::new()];
    let (mut first, mut whole) = (0, 0);
    for _ in 0..5 {
        for text in first..texts.len() {
            for character in CHARACTERS {
                let mut longer = texts[text].clone();
                longer.push(*character);
                whole += u32::from(agree(&longer, 64, 1));
                texts.push(longer);
            }
        }
        first = texts
            .iter()
            .position(|text| text.len() == texts[texts.len() - 1].len())
            .unwrap();
    }
    assert_eq!(texts.len(), 177_156);
    assert!(whole > 100, "{whole}");
}

#[test]
fn documents_are_what_serde_json_reads() {
    let mut random = Random(77);
    for round in 0..400 {
        let mut text = String::new();
        random_json(&mut random, 1 + round % 5, &mut text);
        let expected: Value = serde_json::from_str(&text).unwrap();
        for segment in [64, 128, 1024, SEGMENT] {
            let options = ParseOptions {
                segment,
                ..ParseOptions::default()
            };
            let document = context(1 + round % 2, |context| {
                super::parse(text.as_bytes(), options, context)
            })
            .unwrap();
            same(&document, "", &expected, &mut random);
        }
    }
}
