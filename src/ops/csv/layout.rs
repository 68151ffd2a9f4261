//! What the first lines say: the delimiter, the columns, where the records begin.

use std::collections::{HashMap, HashSet};

use super::column::Nulls;
use super::fields::{Syntax, Text};
use super::options::Options;
use super::problem::{Problem, What};
use super::scan::Separators;
use super::walk::{Grammar, Step};
use crate::error::Error;
use crate::ops::columns::{Kind, Request, Target};
use crate::ops::source::Source;
use crate::ops::table::OnError;

/// Delimiters that are guessed, the likeliest first.
const CANDIDATES: [u8; 4] = *b",;\t|";

/// Records from which the delimiter is guessed, and the bytes of them.
const GUESS_RECORDS: usize = 32;
const GUESS_BYTES: usize = 64 << 10;

/// The most columns: more are a file of something else.
pub(super) const MAX_COLUMNS: usize = 1 << 16;

/// What is known of a file before its first record.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) grammar: Grammar,
    /// Fields of a record.
    pub(super) width: usize,
    pub(super) targets: Vec<Target>,
    pub(super) nulls: Nulls,
    pub(super) relax_column_count: bool,
    pub(super) on_error: OnError,
    pub(super) max_record_size: usize,
    pub(super) piece_bytes: u64,
    /// Whether quotes alone say what is quoted, so that pieces can be read side by side.
    pub(super) parallel: bool,
}

/// The outcome of reading the first lines.
pub(super) enum Start {
    /// The layout, and where the first record of data begins.
    Known(Box<Layout>, u64),
    /// The first record goes on after the bytes.
    Incomplete,
    Wrong(Problem),
}

/// Reads the first lines of `source` from `start` on.
pub(super) fn read<S: Source + ?Sized>(
    source: &S,
    start: u64,
    at_end: bool,
    options: &Options,
) -> Result<Start, Error> {
    let mut buffer = Vec::new();
    let mut window = GUESS_BYTES as u64;
    loop {
        let end = source.len().min(start + window);
        let bytes = source.read(start..end, &mut buffer)?;
        let at_end = at_end && end == source.len();
        let at = match from_bytes(bytes, at_end, options) {
            Ok((layout, first)) => {
                return Ok(Start::Known(Box::new(layout), start + first as u64));
            }
            Err(Obstacle::Wrong(at, what)) => {
                return Ok(Start::Wrong(what.at(start + at as u64)));
            }
            Err(Obstacle::Incomplete(at)) => at,
        };
        let limit = options.max_record_size;
        if bytes.len() - at > limit {
            return Ok(Start::Wrong(What::TooLong { limit }.at(start + at as u64)));
        }
        if end == source.len() {
            return Ok(Start::Incomplete);
        }
        window *= 8;
    }
}

/// Why there is no layout.
enum Obstacle {
    /// The record that begins here is not whole.
    Incomplete(usize),
    Wrong(usize, What),
}

/// The layout and where the data begins.
fn from_bytes(bytes: &[u8], at_end: bool, options: &Options) -> Result<(Layout, usize), Obstacle> {
    let separators = |delimiter| Separators {
        delimiter,
        quote: options.quote,
    };
    let mut grammar = Grammar {
        separators: separators(b','),
        syntax: Syntax {
            quote: options.quote,
            escape: options.escape,
            trim: options.trim,
            relax_quotes: options.relax_quotes,
        },
        comment: options.comment,
        skip_empty_lines: options.skip_empty_lines,
    };
    let delimiter = options
        .delimiter
        .unwrap_or_else(|| guess(grammar, bytes, at_end));
    grammar.separators = separators(delimiter);

    let mut entries = Vec::new();
    let mut position = 0;
    let next = loop {
        if position == bytes.len() {
            if !at_end {
                return Err(Obstacle::Incomplete(position));
            }
            break position;
        }
        let step = grammar.step(bytes, position, at_end, &mut entries);
        if step != Step::Incomplete && step.length(bytes, position) > options.max_record_size {
            let limit = options.max_record_size;
            return Err(Obstacle::Wrong(position, What::TooLong { limit }));
        }
        match step {
            Step::Record { next } => break next,
            Step::Skipped { next } => position = next,
            Step::Incomplete => return Err(Obstacle::Incomplete(position)),
            Step::Faulty { at, fault, .. } => {
                let quote = options.quote.unwrap_or(b'"');
                return Err(Obstacle::Wrong(at, What::Fault(fault, quote)));
            }
        }
    };
    let count = entries.len().saturating_sub(1);
    if count > MAX_COLUMNS {
        return Err(Obstacle::Wrong(
            position,
            What::FieldCount {
                expected: MAX_COLUMNS,
                received: count,
            },
        ));
    }
    let (given, first) = match &options.names {
        Some(names) => (names.clone(), position),
        None if options.header => {
            let mut names = Vec::with_capacity(count);
            for pair in entries.windows(2) {
                let start = pair[0].wrapping_add(1);
                let mut name = Vec::new();
                match grammar.syntax.text(&bytes[start..pair[1]]) {
                    Text::Missing => {}
                    Text::Plain(text) => name.extend_from_slice(text),
                    Text::Quoted(text) => grammar.syntax.unescape(text, &mut name),
                }
                let Ok(name) = String::from_utf8(name) else {
                    let column = (names.len() + 1).to_string();
                    return Err(Obstacle::Wrong(start, What::NotUtf8 { column }));
                };
                names.push(name);
            }
            (names, next)
        }
        None => (vec![String::new(); count], position),
    };
    let names = unique(given);
    let targets = targets(&names, options).map_err(|what| Obstacle::Wrong(position, what))?;
    let simple = options
        .escape
        .is_none_or(|escape| Some(escape) == options.quote);
    let layout = Layout {
        grammar,
        width: names.len(),
        targets,
        nulls: Nulls::new(&options.null_values),
        relax_column_count: options.relax_column_count,
        on_error: options.on_error,
        max_record_size: options.max_record_size,
        piece_bytes: options.piece_bytes.max(1) as u64,
        parallel: simple && options.comment.is_none(),
    };
    Ok((layout, first))
}

/// The delimiter that cuts the first records into the same number of fields, and the most of them.
fn guess(grammar: Grammar, bytes: &[u8], at_end: bool) -> u8 {
    let score = |delimiter: u8| {
        let mut grammar = grammar;
        grammar.separators.delimiter = delimiter;
        let mut entries = Vec::new();
        let mut widths = Vec::new();
        let mut position = 0;
        while widths.len() < GUESS_RECORDS && position < bytes.len() {
            entries.clear();
            position = match grammar.step(bytes, position, at_end, &mut entries) {
                Step::Record { next } => {
                    widths.push(entries.len() - 1);
                    next
                }
                Step::Skipped { next } => next,
                Step::Incomplete => break,
                // A fault, or quotes that stand wrong with this delimiter.
                Step::Faulty { next, .. } => {
                    widths.push(0);
                    next
                }
            };
        }
        let Some(&first) = widths
            .iter()
            .find(|width| **width > 0)
            .filter(|width| **width > 1)
        else {
            return (0, 0);
        };
        let alike = widths.iter().filter(|width| **width == first).count();
        // Records that differ from the first count against it more than fields for it.
        (alike * 100 / widths.len(), first)
    };
    let mut best = (CANDIDATES[0], (0, 0));
    for candidate in CANDIDATES {
        let found = score(candidate);
        if found > best.1 {
            best = (candidate, found);
        }
    }
    best.0
}

/// The names, none of them empty or twice: `column_N` for an empty one, and `_2`, `_3` and so on
/// after the first of several.
fn unique(given: Vec<String>) -> Vec<String> {
    let mut taken: HashSet<String> = given.iter().cloned().collect();
    let mut seen = HashSet::new();
    // Where the search for a free number goes on: a thousand of one name take no million steps.
    let mut next: HashMap<String, usize> = HashMap::new();
    let named = |(index, name): (usize, String)| {
        let name = if name.is_empty() {
            format!("column_{}", index + 1)
        } else {
            name
        };
        if seen.insert(name.clone()) {
            return name;
        }
        let number = next.entry(name.clone()).or_insert(2);
        loop {
            let free = format!("{name}_{number}");
            *number += 1;
            if taken.insert(free.clone()) {
                seen.insert(free.clone());
                return free;
            }
        }
    };
    given.into_iter().enumerate().map(named).collect()
}

/// The columns that are read, in the order asked for.
fn targets(names: &[String], options: &Options) -> Result<Vec<Target>, What> {
    let position: HashMap<&str, usize> = names
        .iter()
        .enumerate()
        .map(|(index, name)| (name.as_str(), index))
        .collect();
    let find = |name: &String, option| match position.get(name.as_str()) {
        Some(&index) => Ok(index),
        None => Err(What::UnknownColumn {
            name: name.clone(),
            option,
            known: names.to_vec(),
        }),
    };
    let mut requests = vec![
        Request {
            kind: if options.infer {
                Kind::Empty
            } else {
                Kind::Text
            },
            declared: !options.infer,
        };
        names.len()
    ];
    for (name, kind) in &options.types {
        // The file may have no record at all, and so no column.
        if names.is_empty() {
            break;
        }
        requests[find(name, "types")?] = Request {
            kind: Kind::from(*kind),
            declared: true,
        };
    }
    let chosen: Vec<usize> = match &options.columns {
        Some(columns) if !names.is_empty() => columns
            .iter()
            .map(|name| find(name, "columns"))
            .collect::<Result<_, _>>()?,
        _ => (0..names.len()).collect(),
    };
    Ok(chosen
        .into_iter()
        .map(|field| Target {
            name: names[field].clone(),
            field,
            request: requests[field],
        })
        .collect())
}

impl Layout {
    /// That the record at `offset` is longer than it may be. It ends every parse: where such a record
    /// ends is not looked for.
    pub(super) fn too_long(&self, offset: u64) -> Problem {
        let limit = self.max_record_size;
        What::TooLong { limit }.at(offset)
    }

    /// The name of the column that is read from `field`.
    pub(super) fn name_of(&self, field: usize) -> String {
        let target = self.targets.iter().find(|target| target.field == field);
        target.map(|target| target.name.clone()).unwrap_or_default()
    }
}
