//! Tables of JSON and NDJSON against their rows one by one, and against themselves in other pieces.

use std::path::PathBuf;
use std::sync::LazyLock;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float64Type, Int32Type, Int64Type, TimestampMillisecondType as TimestampType,
};
use arrow_array::{Array, ArrayRef};
use bytes::Bytes;
use offloop::error::{Error, ErrorKind};
use offloop::ops::json::{self, Columns, LineReader, LinesOptions, ParseOptions, WriteOptions};
use offloop::ops::table::{ColumnType, Next, OnError, RecordError, Table, View};
use offloop::pool::{CancelToken, Context, LaneKind, Split};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

static SPLITS: LazyLock<[Split; 3]> =
    LazyLock::new(|| [1, 2, 4].map(|threads| Split::new(LaneKind::Bulk, threads)));

/// So small that every boundary falls everywhere, and larger than all.
const PIECES: [u64; 4] = [1, 7, 64, 1 << 17];

fn on<R>(split: &Split, run: impl FnOnce(&Context<'_>) -> R) -> R {
    run(&Context::new(&CancelToken::default(), split))
}

#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Null,
    Boolean(bool),
    Int32(i32),
    Int64(i64),
    /// By its bits, which tell zeros apart.
    Float64(u64),
    Timestamp(i64),
    Text(String),
}

/// What a table says, wherever in memory it is.
#[derive(Clone, Debug, Default, PartialEq)]
struct Content {
    rows: usize,
    /// Text is `String`, with a dictionary or without.
    columns: Vec<(String, ColumnType, Vec<Cell>)>,
    errors: Vec<RecordError>,
    error_count: u64,
}

fn cells(array: &ArrayRef, kind: ColumnType) -> Vec<Cell> {
    let text = |array: &ArrayRef, row| Cell::Text(array.as_string::<i32>().value(row).to_owned());
    let cell = |row| match kind {
        _ if array.is_null(row) => Cell::Null,
        ColumnType::Boolean => Cell::Boolean(array.as_boolean().value(row)),
        ColumnType::Int32 => Cell::Int32(array.as_primitive::<Int32Type>().value(row)),
        ColumnType::Int64 => Cell::Int64(array.as_primitive::<Int64Type>().value(row)),
        ColumnType::Float64 => {
            Cell::Float64(array.as_primitive::<Float64Type>().value(row).to_bits())
        }
        ColumnType::Timestamp => Cell::Timestamp(array.as_primitive::<TimestampType>().value(row)),
        ColumnType::String | ColumnType::Json => text(array, row),
        ColumnType::Dictionary => {
            let dictionary = array.as_dictionary::<Int32Type>();
            let code = usize::try_from(dictionary.keys().value(row)).expect("a code");
            text(dictionary.values(), code)
        }
    };
    (0..array.len()).map(cell).collect()
}

fn without_dictionary(kind: ColumnType) -> ColumnType {
    match kind {
        ColumnType::Dictionary => ColumnType::String,
        kind => kind,
    }
}

fn view(table: Table) -> View {
    let memory = table.memory.into_iter().map(Bytes::from_owner).collect();
    View::new(table.description, memory).expect("its own places")
}

fn content(mut table: Table) -> Content {
    let errors = std::mem::take(&mut table.errors);
    let error_count = table.error_count;
    let view = view(table);
    let batch = view.to_record_batch().expect("what Arrow allows");
    let columns = view.description().columns.iter().zip(batch.columns());
    let columns = columns.map(|(column, array)| {
        assert_eq!(array.null_count(), column.null_count, "{column:?}");
        let kind = without_dictionary(column.kind);
        (column.name.clone(), kind, cells(array, column.kind))
    });
    Content {
        rows: batch.num_rows(),
        columns: columns.collect(),
        errors,
        error_count,
    }
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

/// The members of an object: keys and values as they are written.
type Row = Vec<(&'static str, &'static str)>;

/// The text of a string, given without its quotes.
fn plain(inner: &str) -> String {
    serde_json::from_str(&format!("\"{inner}\"")).expect("a string")
}

/// The value of a row that counts: the last of its key, unless that is null.
fn value_of(row: &Row, name: &str) -> Option<&'static str> {
    let member = row.iter().rfind(|(key, _)| plain(key) == name);
    member.map(|(_, text)| *text).filter(|text| *text != "null")
}

/// All keys, in the order in which they first come.
fn names_of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Vec<String> {
    let mut names = Vec::new();
    for (key, _) in rows.into_iter().flatten() {
        let name = plain(key);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What a value asks of the type of its column.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Boolean,
    Int32,
    /// An integer that a float holds.
    Exact,
    Int64,
    Float,
    String,
    Other,
}

fn kind_of(text: &str, bigint: bool) -> Kind {
    match text.as_bytes()[0] {
        b't' | b'f' => return Kind::Boolean,
        b'"' => return Kind::String,
        b'[' | b'{' => return Kind::Other,
        _ => {}
    }
    if text == "-0" || text.contains(['.', 'e', 'E']) {
        return Kind::Float;
    }
    match text.parse::<i64>() {
        Ok(value) if i32::try_from(value).is_ok() => Kind::Int32,
        Ok(value) if value.unsigned_abs() <= 1 << 53 => Kind::Exact,
        _ if !bigint => Kind::Float,
        Ok(_) => Kind::Int64,
        Err(_) => Kind::Other,
    }
}

/// The narrowest type that holds all values.
fn type_of(texts: &[Option<&str>], bigint: bool) -> ColumnType {
    let texts = texts.iter().copied().flatten();
    let kinds: Vec<Kind> = texts.map(|text| kind_of(text, bigint)).collect();
    let all_of = |some: &[Kind]| kinds.iter().all(|kind| some.contains(kind));
    if all_of(&[Kind::String]) {
        ColumnType::String
    } else if all_of(&[Kind::Boolean]) {
        ColumnType::Boolean
    } else if all_of(&[Kind::Int32]) {
        ColumnType::Int32
    } else if all_of(&[Kind::Int32, Kind::Exact, Kind::Float]) {
        ColumnType::Float64
    } else if all_of(&[Kind::Int32, Kind::Exact, Kind::Int64]) {
        ColumnType::Int64
    } else {
        ColumnType::Json
    }
}

/// A value in a column of a type, unless it does not fit.
fn cell_of(text: Option<&str>, kind: ColumnType) -> Option<Cell> {
    let Some(text) = text else {
        return Some(Cell::Null);
    };
    Some(match kind {
        ColumnType::Json => Cell::Text(text.to_owned()),
        ColumnType::String | ColumnType::Dictionary => {
            Cell::Text(plain(text.strip_prefix('"')?.strip_suffix('"')?))
        }
        ColumnType::Boolean => Cell::Boolean(text.parse().ok()?),
        ColumnType::Float64 => Cell::Float64(text.parse::<f64>().ok()?.to_bits()),
        ColumnType::Int64 => Cell::Int64(text.parse().ok()?),
        // However an integer is written.
        ColumnType::Int32 => {
            let value: f64 = text.parse().ok()?;
            let value = (value.fract() == 0.0).then(|| format!("{value:.0}"))?;
            Cell::Int32(if value == "-0" {
                0
            } else {
                value.parse().ok()?
            })
        }
        ColumnType::Timestamp => unreachable!("it is not inferred"),
    })
}

/// The columns `names` of `rows`, of the types that `before` and they have together.
fn expected(names: &[String], before: &[Row], rows: &[Row], columns: &Columns) -> Content {
    let column = |name: &String| {
        let texts = |rows: &[Row]| -> Vec<Option<&str>> {
            rows.iter().map(|row| value_of(row, name)).collect()
        };
        let declared = columns.types.iter().find(|(declared, _)| declared == name);
        let kind = match declared {
            Some((_, kind)) => *kind,
            None => type_of(&[texts(before), texts(rows)].concat(), columns.bigint),
        };
        let cells = texts(rows).into_iter().map(|text| cell_of(text, kind));
        let cells = cells
            .collect::<Option<Vec<_>>>()
            .expect("a type that holds all");
        (name.clone(), kind, cells)
    };
    Content {
        rows: rows.len(),
        columns: names.iter().map(column).collect(),
        ..Content::default()
    }
}

const KEYS: [&str; 8] = ["a", "\\u0061", "b", "é", "a.b", "", "k\\/~", "1"];

/// Of each kind.
const VALUES: [&[&str]; 8] = [
    &["0", "1", "-7", "2147483647", "-2147483648"],
    &["2147483648", "-9007199254740992", "5"],
    &[
        "9007199254740993",
        "-9223372036854775808",
        "9223372036854775807",
        "1",
    ],
    &["9223372036854775808", "123456789012345678901234567890"],
    &[
        "0.5",
        "-0",
        "1e3",
        "-0.0",
        "1E400",
        "5e-324",
        "0.1",
        "1.0",
        "-12.25e+1",
    ],
    &["true", "false"],
    &[
        "\"\"",
        "\"a\"",
        "\"né 😀\"",
        "\"\\u0041\\n\\\\\"",
        "\"\\ud83d\\ude00\"",
        "\"{[,:]}\\\"\"",
        "\"12\"",
        "\"text that is longer than a block of the sixty-four bytes it is in\"",
    ],
    &[
        "[]",
        "{}",
        "[1, [\"]\"] ]",
        "{\"a\": {\"b\":[0]} , \"c\":\"}\"}",
    ],
];

/// A key, and its values in each row: none, one, or two of which the last counts.
fn column(rows: usize) -> impl Strategy<Value = (&'static str, Vec<Vec<&'static str>>)> {
    let cells = vec((any::<Index>(), 0..12_u8), rows);
    let kinds = (select(&VALUES), select(&VALUES), 0..=rows * 2);
    (select(&KEYS), kinds, cells).prop_map(|(key, (first, then, change), cells)| {
        let cell = |(row, (index, kind)): (usize, (Index, u8))| {
            let values = if row < change { first } else { then };
            let value = values[index.index(values.len())];
            match kind {
                0 => vec![],
                1 => vec!["null"],
                2 => vec![then[0], value],
                3 => vec!["{\"x\":[]}", "null"],
                _ => vec![value],
            }
        };
        (key, cells.into_iter().enumerate().map(cell).collect())
    })
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let columns = (0..20_usize, 1..4_usize).prop_flat_map(|(rows, width)| vec(column(rows), width));
    columns.prop_map(|columns| {
        let row = |row: usize| -> Row {
            let members = columns.iter().map(|(key, cells)| (key, &cells[row]));
            members
                .flat_map(|(key, cells)| cells.iter().map(|text| (*key, *text)))
                .collect()
        };
        (0..columns[0].1.len()).map(row).collect()
    })
}

/// A row with blanks around everything.
fn written(row: &Row, blank: &str) -> String {
    let member =
        |(key, text): &(&str, &str)| format!("{blank}\"{key}\"{blank}:{blank}{text}{blank}");
    let members: Vec<String> = row.iter().map(member).collect();
    format!("{blank}{{{}}}{blank}", members.join(","))
}

fn blank() -> impl Strategy<Value = &'static str> {
    select(&["", " ", " \t", "\t          \r"])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn tables_and_columns_of_documents_have_the_values_of_their_rows(
        rows in rows(),
        blank in blank(),
        pad in 0..70_usize,
        bigint in any::<bool>(),
    ) {
        let objects: Vec<String> = rows.iter().map(|row| written(row, blank)).collect();
        let text = format!("{}{{\"w\":[1],\"x\":[[{}\n], 2]}}", " ".repeat(pad), objects.join(",\n"));
        let pointer: Vec<u16> = "/x/0".encode_utf16().collect();
        let columns = Columns { bigint, ..Columns::default() };
        let names = names_of(&rows);
        let table = expected(&names, &[], &rows, &columns);
        let path = |name: &String| format!("/x/0/*/{}", name.replace('~', "~0").replace('/', "~1"));
        let paths: Vec<String> = names.iter().map(path).collect();
        for segment in [64, 128, 1 << 16] {
            for split in SPLITS.iter() {
                let options = ParseOptions { segment, ..ParseOptions::default() };
                let document = on(split, |context| json::parse(text.as_bytes(), options, context));
                let document = document.expect("JSON");
                let found = on(split, |context| document.table(&pointer, &columns, context));
                let found = found.map(content).map_err(|error| told(&error));
                prop_assert_eq!(found.as_ref(), Ok(&table), "{} {:?} of {}", segment, split, text);
                if paths.is_empty() {
                    continue;
                }
                let found = on(split, |context| document.pluck(&paths, &columns, context));
                let found = content(found.expect("an array"));
                prop_assert_eq!(found.rows, rows.len());
                for ((found, path), column) in found.columns.iter().zip(&paths).zip(&table.columns) {
                    prop_assert_eq!((&found.0, found.1, &found.2), (path, column.1, &column.2));
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Line {
    Row(Row),
    Wrong(&'static [u8]),
    Blank(&'static str),
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    const WRONG: [&[u8]; 20] = [
        b"{",
        b"{\"a\":}",
        b"[1]",
        b"1",
        b"null",
        b"\"{}\"",
        b"{\"a\":1}}",
        b"{\"a\":\"",
        b"\"",
        b"\\",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":01}",
        b"{}{}",
        b" nul",
        b"{\"a\" 1}",
        b"\xef\xbb\xbf{}",
        b"{\"a\":\"\\u12\"}",
        b"{\"a\":\"x\\",
        b"{\"\xc3\xa9\":1,\xff}",
        b"\0",
    ];
    let wrong = vec((any::<Index>(), select(&WRONG)), 0..4);
    let blank = vec((any::<Index>(), select(&["", " ", "\t\r "])), 0..3);
    (rows(), wrong, blank).prop_map(|(rows, wrong, blank)| {
        let mut lines: Vec<Line> = rows.into_iter().map(Line::Row).collect();
        for (at, text) in wrong {
            lines.insert(at.index(lines.len() + 1), Line::Wrong(text));
        }
        for (at, text) in blank {
            lines.insert(at.index(lines.len() + 1), Line::Blank(text));
        }
        lines
    })
}

/// The text of lines, and where each begins and ends.
fn joined(lines: &[Line], blank: &str, newline: &str) -> (Vec<u8>, Vec<[usize; 2]>) {
    let mut text = Vec::new();
    let mut places = Vec::new();
    for line in lines {
        let start = text.len();
        match line {
            Line::Row(row) => text.extend_from_slice(written(row, blank).as_bytes()),
            Line::Wrong(bytes) => text.extend_from_slice(bytes),
            Line::Blank(blank) => text.extend_from_slice(blank.as_bytes()),
        }
        places.push([start, text.len() + newline.len() - 1]);
        text.extend_from_slice(newline.as_bytes());
    }
    (text, places)
}

/// The rows of lines, and the lines that are wrong.
fn sorted(lines: &[Line], columns: &Columns) -> (Vec<Row>, Vec<usize>) {
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    for (number, line) in lines.iter().enumerate() {
        let fits = |row: &Row| {
            let mut types = columns.types.iter();
            types.all(|(name, kind)| cell_of(value_of(row, name), *kind).is_some())
        };
        match line {
            Line::Row(row) if fits(row) => rows.push(row.clone()),
            Line::Row(_) | Line::Wrong(_) => wrong.push(number),
            Line::Blank(_) => {}
        }
    }
    (rows, wrong)
}

/// Whether a place is in line `number`, and its column that of its offset.
fn is_in_line(text: &[u8], places: &[[usize; 2]], number: usize, place: [u64; 3]) {
    let [start, end] = places[number];
    let [line, column, offset] = place.map(|count| usize::try_from(count).expect("a position"));
    assert_eq!(line, number + 1);
    assert!(
        (start..=end).contains(&offset),
        "{offset} in {start}..={end}"
    );
    let before = String::from_utf8_lossy(&text[start..offset]);
    assert_eq!(column, before.chars().count() + 1);
}

/// Whether tables, one after the other, have these rows, each with the columns and the types of all
/// up to it.
fn are_of(tables: &[Content], rows: &[Row], columns: &Columns) {
    let mut done = 0;
    for table in tables {
        let end = done + table.rows;
        let names = names_of(&rows[..end]);
        let expected = expected(&names, &rows[..done], &rows[done..end], columns);
        assert_eq!(table.columns, expected.columns);
        done = end;
    }
}

fn parse_lines(text: &[u8], options: &LinesOptions, split: &Split) -> Result<Content, Told> {
    let table = on(split, |context| json::parse_lines(text, options, context));
    table.map(content).map_err(|error| told(&error))
}

/// All tables of a reader, and the error that ended it. `next` says what it gets, and whether that is
/// the last.
fn all<'a>(
    mut reader: LineReader,
    mut next: impl FnMut() -> (&'a [u8], bool),
) -> (Vec<Content>, Option<Told>) {
    let mut tables = Vec::new();
    loop {
        let (chunk, last) = next();
        match on(&SPLITS[1], |context| reader.next(&[chunk], last, context)) {
            Ok(Next::Table(table)) => tables.push(content(*table)),
            Ok(Next::More) => assert!(!last, "all of it is there"),
            Ok(Next::End) => return (tables, None),
            Err(error) => return (tables, Some(told(&error))),
        }
    }
}

fn pushed(text: &[u8], options: &LinesOptions, sizes: &[usize]) -> (Vec<Content>, Option<Told>) {
    let mut sizes = sizes.iter().cycle();
    let mut rest = text;
    all(LineReader::new(options.clone()), || {
        let size = sizes.next().map_or(1, |size| rest.len().min(*size));
        let (chunk, after) = rest.split_at(size);
        rest = after;
        (chunk, rest.is_empty())
    })
}

struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(name: &str, data: &[u8]) -> Self {
        let name = format!("offloop-json-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, data).expect("a temporary file");
        Self(path)
    }

    fn read(&self, options: &LinesOptions) -> (Vec<Content>, Option<Told>) {
        let reader = LineReader::open(&self.0, options.clone()).expect("the file is there");
        all(reader, || (&[], false))
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).expect("the file is ours");
    }
}

/// An object of each type that is written as `serde_json` writes it.
type Fields = (
    Option<i32>,
    Option<i16>,
    Option<bool>,
    Option<Vec<char>>,
    Option<&'static str>,
);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn lines_are_rows_and_errors_in_all_pieces_and_in_batches(
        lines in lines(),
        blank in blank(),
        newline in select(&["\n", "\r\n"]),
        [ends, bigint, declares] in any::<[bool; 3]>(),
        on_error in select(&[OnError::Throw, OnError::Skip, OnError::Collect]),
        sizes in vec(1..60_usize, 1..5),
        batch_bytes in 1..300_usize,
    ) {
        let mut columns = Columns { bigint, ..Columns::default() };
        if declares {
            columns.types = vec![("a".to_owned(), ColumnType::Int32)];
            let (rows, _) = sorted(&lines, &columns);
            if !names_of(&rows).contains(&"a".to_owned()) {
                columns.types.clear();
            }
        }
        let (mut text, places) = joined(&lines, blank, newline);
        if !ends {
            text.truncate(text.len().saturating_sub(newline.len()));
        }
        let (rows, wrong) = sorted(&lines, &columns);
        let options = LinesOptions { columns, on_error, batch_bytes, ..LinesOptions::default() };
        let whole = parse_lines(&text, &options, &SPLITS[0]);
        match &whole {
            Err((_, place)) => {
                prop_assert_eq!(on_error, OnError::Throw);
                is_in_line(&text, &places, wrong[0], *place);
            }
            Ok(table) => {
                prop_assert!(on_error != OnError::Throw || wrong.is_empty());
                prop_assert_eq!((table.rows, table.error_count), (rows.len(), wrong.len() as u64));
                are_of(std::slice::from_ref(table), &rows, &options.columns);
                let collected = if on_error == OnError::Collect { wrong.len() } else { 0 };
                prop_assert_eq!(table.errors.len(), collected);
                for (error, number) in table.errors.iter().zip(&wrong) {
                    is_in_line(&text, &places, *number, [error.line, error.column, error.byte_offset]);
                }
            }
        }
        let file = TemporaryFile::new("lines", &text);
        for piece_bytes in PIECES {
            let options = LinesOptions { piece_bytes, ..options.clone() };
            for split in SPLITS.iter() {
                let found = parse_lines(&text, &options, split);
                prop_assert_eq!(&found, &whole, "{} {:?} of {}", piece_bytes, split, text.escape_ascii());
            }
            for (tables, error) in [pushed(&text, &options, &sizes), file.read(&options)] {
                are_of(&tables, &rows, &options.columns);
                prop_assert_eq!(error.as_ref(), whole.as_ref().err(), "{}", text.escape_ascii());
                if let Ok(table) = &whole {
                    let errors: Vec<_> = tables.iter().flat_map(|table| table.errors.clone()).collect();
                    prop_assert_eq!(&errors, &table.errors);
                    let [found, count] = [
                        tables.iter().map(|table| table.rows as u64).sum::<u64>(),
                        tables.iter().map(|table| table.error_count).sum(),
                    ];
                    prop_assert_eq!((found, count), (table.rows as u64, table.error_count));
                }
            }
        }
    }

    #[test]
    fn what_is_written_is_what_serde_json_writes(
        rows in vec((
            option::of(any::<i32>()),
            option::of(any::<i16>()),
            option::of(any::<bool>()),
            option::of(vec(any::<char>(), 0..6)),
            option::of(select(&["x", "\"", "é\n"])),
        ), 1..40),
    ) {
        let object = |(int, float, is, text, word): &Fields| {
            // What has a fraction is written alike.
            let float = float.map(|float| f64::from(float) + 0.25);
            let text = text.as_ref().map(|text| text.iter().collect::<String>());
            json!({ "a": int, "b": float, "c": is, "d": text, "e": word })
        };
        let rows: Vec<Value> = rows.iter().map(object).collect();
        let text = serde_json::to_string(&rows).expect("memory takes all");
        let lines = rows.iter().fold(String::new(), |lines, row| lines + &row.to_string() + "\n");
        let of_lines = on(&SPLITS[0], |context| {
            json::parse_lines(lines.as_bytes(), &LinesOptions::default(), context)
        });
        let document = on(&SPLITS[0], |context| {
            json::parse(text.as_bytes(), ParseOptions::default(), context)
        });
        let document = document.expect("JSON");
        let of_document = on(&SPLITS[0], |context| document.table(&[], &Columns::default(), context));
        for table in [of_lines, of_document] {
            let view = view(table.expect("objects"));
            for split in SPLITS.iter() {
                for (lines, expected) in [(true, &lines), (false, &text)] {
                    let written = on(split, |context| json::write(&view, &WriteOptions { lines }, context));
                    let written = String::from_utf8(written.expect("its own table"));
                    prop_assert_eq!(&written.expect("UTF-8"), expected);
                }
            }
        }
    }
}

/// The columns of elements, as they are found by `table` and, as lines, by `parse_lines`.
fn both(elements: &[&str], columns: &Columns) -> Result<Content, String> {
    let label = |error: Error| error.to_string();
    let text = format!("[{}]", elements.join(","));
    let options = ParseOptions {
        segment: 64,
        ..ParseOptions::default()
    };
    let document = on(&SPLITS[1], |context| {
        json::parse(text.as_bytes(), options, context)
    });
    let document = document.expect("JSON");
    let table = on(&SPLITS[1], |context| document.table(&[], columns, context));
    let table = table.map(content).map_err(label);
    let options = LinesOptions {
        columns: columns.clone(),
        piece_bytes: 7,
        ..LinesOptions::default()
    };
    let lines = elements.join("\n");
    let of_lines = on(&SPLITS[1], |context| {
        json::parse_lines(lines.as_bytes(), &options, context)
    });
    let of_lines = of_lines.map(content).map_err(label);
    assert_eq!(of_lines.is_ok(), table.is_ok(), "{of_lines:?} {table:?}");
    if table.is_ok() {
        assert_eq!(of_lines, table);
    }
    table
}

fn named(names: &[&str], types: &[(&str, ColumnType)]) -> Columns {
    Columns {
        names: Some(names.iter().map(ToString::to_string).collect()),
        types: types
            .iter()
            .map(|(name, kind)| ((*name).to_owned(), *kind))
            .collect(),
        bigint: false,
    }
}

fn numbers(values: &[Option<i32>]) -> Vec<Cell> {
    values
        .iter()
        .map(|value| value.map_or(Cell::Null, Cell::Int32))
        .collect()
}

#[test]
fn names_are_keys_paths_or_pointers() {
    let elements = [
        r#"{"u":{"n":1,"t":[5,{"x":6}]},"u.n":7,"":{"":8}}"#,
        r#"{"u":{"n":2,"t":[]},"u.n":null,"a/b":{"~":9}}"#,
        r#"{"u":{"n":3,"n":4},"u":{"t":[5]}}"#,
        r#"{"u":[10,11],"u.t":12}"#,
        "[13]",
        "14",
        "null",
    ];
    for (name, values) in [
        ("u.n", [Some(7), None, None, None, None, None, None]),
        ("/u/n", [Some(1), Some(2), None, None, None, None, None]),
        ("/u.n", [Some(7), None, None, None, None, None, None]),
        ("/u/t/0", [Some(5), None, Some(5), None, None, None, None]),
        ("/u/t/1/x", [Some(6), None, None, None, None, None, None]),
        ("u.t.1.x", [Some(6), None, None, None, None, None, None]),
        ("/u/1", [None, None, None, Some(11), None, None, None]),
        ("/0", [None, None, None, None, Some(13), None, None]),
        ("/a~1b/~0", [None, Some(9), None, None, None, None, None]),
        ("//", [Some(8), None, None, None, None, None, None]),
        (".", [Some(8), None, None, None, None, None, None]),
    ] {
        let columns = named(&[name], &[(name, ColumnType::Int32)]);
        let table = both(&elements, &columns).expect("it fits");
        assert_eq!(table.columns[0].2, numbers(&values), "{name}");
        assert_eq!((&*table.columns[0].0, table.rows), (name, 7));
    }
    let table = both(&elements[..1], &named(&["/", "b"], &[])).expect("names may be of nothing");
    let kinds: Vec<ColumnType> = table.columns.iter().map(|column| column.1).collect();
    assert_eq!(kinds, [ColumnType::Json, ColumnType::String]);
    assert_eq!(table.columns[0].2, [Cell::Text("{\"\":8}".to_owned())]);
    let error = both(&elements, &named(&["/~2"], &[])).expect_err("no pointer");
    assert!(error.contains("'/~2'"), "{error}");
    let error = both(&elements, &named(&["u"], &[("v", ColumnType::Json)])).expect_err("no column");
    assert!(error.contains("\"v\", which is none"), "{error}");
    both(&elements, &Columns::default()).expect_err("not all are objects");
}

#[test]
fn types_that_are_given() {
    use ColumnType::{Boolean, Dictionary, Float64, Int32, Int64, Json, String, Timestamp};
    let text = |text: &str| Cell::Text(text.to_owned());
    let cases = [
        (Int32, "1e3", Some(Cell::Int32(1000))),
        (Int32, "-0.0", Some(Cell::Int32(0))),
        (Int32, "2147483648", None),
        (Int32, "0.5", None),
        (Int32, "\"1\"", None),
        (Int64, "9223372036854775807", Some(Cell::Int64(i64::MAX))),
        (Int64, "9223372036854775808", None),
        (Float64, "1", Some(Cell::Float64(1_f64.to_bits()))),
        (
            Float64,
            "-1e400",
            Some(Cell::Float64(f64::NEG_INFINITY.to_bits())),
        ),
        (Float64, "true", None),
        (Boolean, "true", Some(Cell::Boolean(true))),
        (Boolean, "1", None),
        (String, "\"\\ud800x\"", Some(text("\u{fffd}x"))),
        (String, "1", None),
        (Dictionary, "\"a\"", Some(text("a"))),
        (
            Timestamp,
            "\"1970-01-02T00:00:00.5Z\"",
            Some(Cell::Timestamp(86_400_500)),
        ),
        (Timestamp, "-1", Some(Cell::Timestamp(-1))),
        (Timestamp, "\"x\"", None),
        (Json, "[1 ,2]", Some(text("[1 ,2]"))),
        (Json, "\"\\u0041\"", Some(text("\"\\u0041\""))),
    ];
    for (kind, value, expected) in cases {
        let element = format!("{{\"é\":0,\"a\":{value}}}");
        let columns = Columns {
            types: vec![("a".to_owned(), kind)],
            ..Columns::default()
        };
        let found = both(&["{\"a\":null}", &element, "{}"], &columns);
        if let Some(cell) = expected {
            let (name, found, cells) = found.expect("it fits").columns.swap_remove(0);
            assert_eq!((&*name, found), ("a", without_dictionary(kind)));
            assert_eq!(cells, [Cell::Null, cell, Cell::Null]);
        } else {
            let error = found.expect_err("it does not fit");
            assert!(error.contains(" in column \"a\" but received "), "{error}");
            // Behind what has two bytes.
            assert!(error.ends_with("(byte 24)"), "{error}");
        }
    }
}

#[test]
fn stars_stand_for_elements() {
    let text = r#"{"a":[{"b":[1,2]},{"b":3},{},{"b":[]},7,{"b":[{"c":4},null,[5]]}],"d":{}}"#;
    let options = ParseOptions {
        segment: 64,
        ..ParseOptions::default()
    };
    let document = on(&SPLITS[1], |context| {
        json::parse(text.as_bytes(), options, context)
    });
    let document = document.expect("JSON");
    let pluck = |paths: &[&str]| {
        let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
        on(&SPLITS[1], |context| {
            document.pluck(&paths, &Columns::default(), context)
        })
        .map(content)
    };
    let table = pluck(&["/a/*/b/*", "/a/*/b/*/c", "/a/*/b/*/0"]).expect("an array");
    let texts = ["1", "2", "{\"c\":4}", "", "[5]"];
    let texts = texts.map(|text| {
        if text.is_empty() {
            Cell::Null
        } else {
            Cell::Text(text.to_owned())
        }
    });
    assert_eq!(table.columns[0].2, texts);
    assert_eq!(
        table.columns[1].2,
        numbers(&[None, None, Some(4), None, None])
    );
    assert_eq!(
        table.columns[2].2,
        numbers(&[None, None, None, None, Some(5)])
    );
    for (paths, code, message) in [
        (
            &["/d/*"][..],
            "ERR_OFFLOOP_JSON",
            "Expected an array at '/d' but received an object",
        ),
        (
            &["/e/*"],
            "ERR_OFFLOOP_JSON",
            "Expected an array at '/e' but received nothing",
        ),
        (&["/a/0"], "ERR_INVALID_ARG_VALUE", "'/a/0'"),
        (&["a/*"], "ERR_INVALID_ARG_VALUE", "'a/*'"),
        (
            &["/a/*", "/d/*"],
            "ERR_INVALID_ARG_VALUE",
            "the same part up to their last `*`",
        ),
    ] {
        let error = pluck(paths).expect_err("something is wrong");
        assert_eq!(error.code(), code);
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn limits_of_lines() {
    let text = "\u{feff}{\"a\":[[1]]}\n{\"a\":[2]}\r\n\n{\"a\":\"12345678\"}";
    let options = LinesOptions {
        bom: true,
        ..LinesOptions::default()
    };
    let too_deep = LinesOptions {
        max_depth: 2,
        ..options.clone()
    };
    let too_long = LinesOptions {
        max_record_size: 15,
        on_error: OnError::Skip,
        ..options.clone()
    };
    let file = TemporaryFile::new("limits", text.as_bytes());
    for piece_bytes in PIECES {
        for (options, expected) in [
            (&options, None),
            (
                &LinesOptions::default(),
                Some(("Expected JSON without a byte-order mark", [1, 1, 0])),
            ),
            (
                &too_deep,
                Some(("Expected at most 2 arrays and objects", [1, 7, 9])),
            ),
            (
                &too_long,
                Some(("Expected a line of at most 15 bytes", [4, 1, 27])),
            ),
        ] {
            let options = LinesOptions {
                piece_bytes,
                ..options.clone()
            };
            let found = parse_lines(text.as_bytes(), &options, &SPLITS[1]);
            for (_, error) in [
                pushed(text.as_bytes(), &options, &[1, 30]),
                file.read(&options),
            ] {
                assert_eq!(error.as_ref(), found.as_ref().err(), "{piece_bytes}");
            }
            match (found, expected) {
                (Ok(table), None) => assert_eq!(table.rows, 3),
                (Err((message, place)), Some((begin, expected))) => {
                    assert!(message.starts_with(begin), "{message}");
                    assert_eq!(place, expected, "{message}");
                }
                (found, _) => panic!("{found:?}"),
            }
        }
    }
}

#[test]
fn a_cancelled_job_stops() {
    let token = CancelToken::default();
    token.cancel();
    let options = LinesOptions::default();
    for split in SPLITS.iter() {
        let context = Context::new(&token, split);
        let document = on(split, |context| {
            json::parse(&b"[{\"a\":1}]"[..], ParseOptions::default(), context)
        });
        let document = document.expect("JSON");
        for error in [
            document.table(&[], &Columns::default(), &context).err(),
            json::parse_lines(b"{\"a\":1}", &options, &context).err(),
            LineReader::new(options.clone())
                .next(&[b"{}"], true, &context)
                .err(),
        ] {
            assert_eq!(error.map(|error| error.code()), Some("ABORT_ERR"));
        }
    }
}
