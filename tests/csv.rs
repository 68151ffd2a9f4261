//! CSV against the `csv` and `arrow-csv` crates, published examples, and itself in other pieces.

use std::fmt::Write as _;
use std::io::Cursor;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use csv::{Encoding, Options, Reader};
use offloop::error::{Error, ErrorKind};
use offloop::ops::csv;
use offloop::ops::table::{ColumnType, Next, OnError, RecordError, Table, View};
use offloop::pool::{CancelToken, Context, LaneKind, Split};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

static SPLITS: LazyLock<[Split; 3]> =
    LazyLock::new(|| [1, 2, 4].map(|threads| Split::new(LaneKind::Bulk, threads)));

/// So small that every boundary falls everywhere, and one that is larger than all.
const PIECES: [usize; 8] = [1, 2, 3, 5, 7, 13, 40, 1 << 17];

fn parse(data: &[u8], options: &Options, split: &Split) -> Result<Table, Error> {
    csv::parse(data, options, &Context::new(&CancelToken::default(), split))
}

fn in_pieces(options: &Options, piece_bytes: usize) -> Options {
    Options {
        piece_bytes,
        ..options.clone()
    }
}

/// Options under which every field is its text.
fn text() -> Options {
    Options {
        delimiter: Some(b','),
        header: false,
        infer: false,
        null_values: Vec::new(),
        ..Options::default()
    }
}

/// What a table says, wherever in memory it is. Text is text, with a dictionary or without.
#[derive(Debug, PartialEq)]
struct Content {
    rows: usize,
    columns: Vec<(String, DataType, usize, ArrayRef)>,
    errors: Vec<RecordError>,
    error_count: u64,
}

fn content(table: Table) -> Content {
    let memory = table.memory.into_iter().map(Bytes::from_owner).collect();
    let view = View::new(table.description, memory).expect("its own places");
    let batch = view.to_record_batch().expect("what Arrow allows");
    let columns = view.description().columns.iter().zip(batch.columns());
    Content {
        rows: batch.num_rows(),
        columns: columns
            .map(|(column, array)| {
                assert_eq!(array.null_count(), column.null_count, "{column:?}");
                let array = match column.kind {
                    ColumnType::Dictionary => without_dictionary(array),
                    _ => Arc::clone(array),
                };
                let data_type = array.data_type().clone();
                (column.name.clone(), data_type, column.null_count, array)
            })
            .collect(),
        errors: table.errors,
        error_count: table.error_count,
    }
}

fn without_dictionary(array: &ArrayRef) -> ArrayRef {
    let array = array.as_dictionary::<Int32Type>();
    let strings = array.downcast_dict::<StringArray>().expect("strings");
    Arc::new(strings.into_iter().collect::<StringArray>())
}

fn kinds(table: &Table) -> Vec<ColumnType> {
    let columns = table.description.columns.iter();
    columns.map(|column| column.kind).collect()
}

/// What all piece sizes and numbers of threads agree on: the content, or the error.
fn agreed(data: &[u8], options: &Options) -> Result<Content, String> {
    let label = |error: Error| error.to_string();
    let expected = parse(data, options, &SPLITS[0]).map(content).map_err(label);
    for piece_bytes in PIECES {
        let options = in_pieces(options, piece_bytes);
        let mut serial = None;
        for split in SPLITS.iter() {
            let table = parse(data, &options, split).map_err(label);
            let kinds = table.as_ref().ok().map(kinds);
            let serial = serial.get_or_insert_with(|| kinds.clone());
            assert_eq!(serial, &kinds, "pieces of {piece_bytes} bytes, {split:?}");
            let found = table.map(content);
            assert_eq!(
                found,
                expected,
                "pieces of {piece_bytes} bytes of {:?}, {split:?}, {options:?}",
                data.escape_ascii().to_string()
            );
        }
    }
    expected
}

type Rows = Vec<Vec<Option<String>>>;

fn cells(array: &ArrayRef) -> Vec<Option<String>> {
    if let Some(values) = array.as_primitive_opt::<Int32Type>() {
        let values = values.iter();
        return values.map(|value| Some(value?.to_string())).collect();
    }
    let texts = array.as_string::<i32>().iter();
    texts.map(|text| Some(text?.to_owned())).collect()
}

fn rows(content: &Content) -> Rows {
    let columns = content.columns.iter().map(|(_, _, _, array)| cells(array));
    let columns: Vec<_> = columns.collect();
    let row = |row: usize| columns.iter().map(|column| column[row].clone()).collect();
    (0..content.rows).map(row).collect()
}

fn some<'a, R: Deref<Target = [String]> + 'a>(records: impl IntoIterator<Item = &'a R>) -> Rows {
    let some = |record: &R| record.iter().cloned().map(Some).collect();
    records.into_iter().map(some).collect()
}

/// All tables of a reader, of which `next` says what it gets and whether that is the last.
fn all<'a>(
    mut reader: Reader,
    mut next: impl FnMut() -> (&'a [u8], bool),
) -> Result<Vec<Content>, String> {
    let token = CancelToken::default();
    let context = Context::new(&token, &SPLITS[1]);
    let mut tables = Vec::new();
    loop {
        let (chunk, last) = next();
        match reader.next(&[chunk], last, &context) {
            Ok(Next::Table(table)) => tables.push(content(*table)),
            Ok(Next::More) => assert!(!last, "all of it is there"),
            Ok(Next::End) => return Ok(tables),
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn pushed(data: &[u8], options: &Options, sizes: &[usize]) -> Result<Vec<Content>, String> {
    let mut sizes = sizes.iter().cycle();
    let mut rest = data;
    all(Reader::new(options.clone()), || {
        let size = sizes.next().map_or(1, |size| rest.len().min(*size));
        let (chunk, after) = rest.split_at(size);
        rest = after;
        (chunk, rest.is_empty())
    })
}

fn opened(file: &TemporaryFile, options: &Options) -> Result<Vec<Content>, String> {
    let reader = Reader::open(&file.0, options.clone()).map_err(|error| error.to_string())?;
    all(reader, || (&[], false))
}

fn together(tables: &[Content]) -> (Rows, Vec<RecordError>, u64) {
    let errors = tables.iter().flat_map(|table| table.errors.clone());
    let count = tables.iter().map(|table| table.error_count).sum();
    (
        tables.iter().flat_map(rows).collect(),
        errors.collect(),
        count,
    )
}

struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(name: &str, data: &[u8]) -> Self {
        let name = format!("offloop-csv-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, data).expect("a temporary file");
        Self(path)
    }

    fn parse(&self, options: &Options) -> Result<Content, String> {
        let token = CancelToken::default();
        let table = csv::parse_file(&self.0, options, &Context::new(&token, &SPLITS[1]));
        table.map(content).map_err(|error| error.to_string())
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).expect("the file is ours");
    }
}

/// Whichever way the bytes come, they are what `parse` makes of them.
fn agreed_on_all_ways(name: &str, data: &[u8], options: &Options, sizes: &[usize]) {
    let expected = agreed(data, options);
    let file = TemporaryFile::new(name, data);
    let in_memory = expected
        .as_ref()
        .map(|table| together(std::slice::from_ref(table)));
    let in_memory = in_memory.map_err(Clone::clone);
    let label = format!(
        "{:?}, {sizes:?}, {options:?}",
        data.escape_ascii().to_string()
    );
    for piece_bytes in [1, 6, 1 << 17] {
        let options = in_pieces(options, piece_bytes);
        assert_eq!(file.parse(&options), expected, "file: {label}");
        let tables = pushed(data, &options, sizes);
        assert_eq!(
            tables.map(|tables| together(&tables)),
            in_memory,
            "pushed: {label}"
        );
        let tables = opened(&file, &options);
        assert_eq!(
            tables.map(|tables| together(&tables)),
            in_memory,
            "opened: {label}"
        );
    }
}

fn field() -> impl Strategy<Value = String> {
    const PARTS: [&str; 20] = [
        ",", ";", "\t", "|", "\"", "\"\"", "\n", "\r\n", "\r", " ", "'", "#", "\\", "é", "漢字",
        "😀", "\u{feff}", "\0", "12", "text",
    ];
    vec(select(&PARTS), 0..5).prop_map(|parts| parts.concat())
}

fn records(widths: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Vec<String>>> {
    widths.prop_flat_map(|width| vec(vec(field(), width), 0..10))
}

const TERMINATORS: [::csv::Terminator; 3] = [
    ::csv::Terminator::CRLF,
    ::csv::Terminator::Any(b'\n'),
    ::csv::Terminator::Any(b'\r'),
];

fn written(records: &[Vec<String>], delimiter: u8, terminator: ::csv::Terminator) -> Vec<u8> {
    let mut writer = ::csv::WriterBuilder::new();
    let mut writer = writer
        .delimiter(delimiter)
        .terminator(terminator)
        .from_writer(Vec::new());
    for record in records {
        writer.write_record(record).expect("records of one width");
    }
    writer.into_inner().expect("memory takes all")
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    vec(1..30_usize, 1..5)
}

/// A column whose values change their kind at some row.
fn column(rows: usize) -> impl Strategy<Value = Vec<&'static str>> {
    const KINDS: [&[&str]; 8] = [
        &["0", "1", "-7", "2147483647", "-2147483648", "42"],
        &[
            "2147483648",
            "-9007199254740992",
            "9007199254740993",
            "-9223372036854775808",
        ],
        &["2147483648", "-9007199254740992", "5"],
        &[
            "1.5",
            "-0",
            "1e300",
            ".5",
            "NaN",
            "-inf",
            "0.1",
            "123456789.25",
        ],
        &["true", "FALSE", "False"],
        &[
            "2024-02-29",
            "1969-12-31T23:59:59Z",
            "2024-01-31T12:34:56.789+01:30",
        ],
        &[
            "a",
            "né",
            "漢字",
            "007",
            "1 ",
            "\"x,\"\"\ny\"",
            "\"12\"",
            "\"\"",
        ],
        &["", "NA"],
    ];
    let kinds = (
        select(&KINDS),
        select(&KINDS),
        0..rows * 2,
        vec(any::<Index>(), rows),
    );
    kinds.prop_map(|(first, then, change, indices)| {
        let cell = |(row, index): (usize, Index)| {
            let kind = if row < change { first } else { then };
            // One more than there are: null now and then.
            kind.get(index.index(kind.len() + 1))
                .copied()
                .unwrap_or_default()
        };
        indices.into_iter().enumerate().map(cell).collect()
    })
}

fn columns() -> impl Strategy<Value = String> {
    let columns = (1..30_usize, 1..4_usize).prop_flat_map(|(rows, width)| vec(column(rows), width));
    (columns, select(&["\n", "\r\n"])).prop_map(|(columns, newline)| {
        let names = (0..columns.len())
            .map(|index| format!("c{index}"))
            .collect::<Vec<_>>();
        let record = |row: usize| {
            let cells = columns.iter().map(|column| column[row]).collect::<Vec<_>>();
            cells.join(",") + newline
        };
        names.join(",") + newline + &(0..columns[0].len()).map(record).collect::<String>()
    })
}

/// Bytes that keep to no rule.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    const PARTS: [&[u8]; 20] = [
        b"a",
        b"1",
        b"-25",
        b"\"",
        b"\"\"",
        b",",
        b",",
        b"\n",
        b"\n",
        b"\r\n",
        b"\r",
        b" ",
        b"\t",
        b"#",
        b"\\",
        "é".as_bytes(),
        b"\xff",
        b"1,2\n",
        b"\"x\ny\",3\r\n",
        b"7,\"8\"\n",
    ];
    vec(select(&PARTS), 0..30).prop_map(|parts| parts.concat())
}

fn any_options() -> impl Strategy<Value = Options> {
    let flags = any::<[bool; 8]>();
    let errors = select(&[OnError::Throw, OnError::Skip, OnError::Collect]);
    let bytes = (
        select(&[b"\"", b"'"]),
        select(&[None, Some(b'\\')]),
        select(&[None, Some(b'#')]),
    );
    let limits = (
        select(&[4, 9, 1 << 20]),
        select(&[None, Some(0), Some(2), Some(5)]),
        1..4_u64,
    );
    (flags, errors, bytes, limits).prop_map(|(flags, on_error, bytes, limits)| Options {
        quote: (!flags[0] || !flags[1]).then_some(bytes.0[0]),
        escape: bytes.1.filter(|_| flags[7]),
        comment: bytes.2,
        header: flags[1],
        names: flags[2].then(|| vec!["x".to_owned(), "y".to_owned()]),
        types: if flags[2] && flags[7] {
            vec![("y".to_owned(), ColumnType::Int32)]
        } else {
            Vec::new()
        },
        skip_empty_lines: flags[3],
        trim: flags[4],
        relax_column_count: flags[5],
        relax_quotes: flags[6],
        on_error,
        max_record_size: limits.0,
        limit: limits.1,
        from_line: limits.2,
        batch_bytes: 10,
        ..text()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_are_those_of_the_csv_crate(
        records in records(1..5),
        delimiter in select(b",;\t|"),
        terminator in select(&TERMINATORS),
    ) {
        let data = written(&records, delimiter, terminator);
        let mut reader = ::csv::ReaderBuilder::new();
        let reader = reader.has_headers(false).delimiter(delimiter).from_reader(&data[..]);
        let records = reader.into_deserialize::<Vec<String>>();
        let expected: Vec<Vec<String>> = records.collect::<Result<_, _>>().expect("its own CSV");
        let options = Options { delimiter: Some(delimiter), ..text() };
        let table = agreed(&data, &options).expect("nothing is wrong");
        prop_assert_eq!(rows(&table), some(&expected));
    }

    #[test]
    fn types_depend_on_neither_pieces_nor_threads(data in columns(), sizes in sizes()) {
        let null_values = vec![String::new(), "NA".to_owned()];
        let options = Options { delimiter: Some(b','), null_values, ..Options::default() };
        let table = agreed(data.as_bytes(), &options).expect("nothing is wrong");
        // Types widen from batch to batch, to what they are of the whole.
        let batches = pushed(data.as_bytes(), &options, &sizes).expect("nothing is wrong");
        let types = |table: &Content| -> Vec<DataType> {
            table.columns.iter().map(|(_, data_type, ..)| data_type.clone()).collect()
        };
        // A batch without a value but a quoted empty one has text, and so have those after it.
        let is_same = batches.last().map(types) == Some(types(&table));
        prop_assert!(is_same || data.contains("\"\""), "{:?} of {:?}", batches, data);
    }

    #[test]
    fn values_are_those_of_arrow_csv(
        numbers in vec((any::<i32>(), any::<f64>(), any::<bool>(), "[a-zé\",\n ]{1,8}", any::<[bool; 5]>()), 1..12),
    ) {
        let mut data = "int,float,bool,text\n".to_owned();
        for (int, float, bool, text, [has_int, has_float, has_bool, has_text, exponent]) in numbers {
            let float = if exponent { format!("{float:e}") } else { format!("{float:?}") };
            let or_null = |text: String, has: bool| if has { text } else { String::new() };
            let text = format!("\"{}\"", text.replace('"', "\"\""));
            data += &or_null(int.to_string(), has_int);
            let _ = write!(data, ",{}", or_null(float, has_float));
            let _ = write!(data, ",{}", or_null(bool.to_string(), has_bool));
            let _ = writeln!(data, ",{}", or_null(text, has_text));
        }
        let table = agreed(data.as_bytes(), &Options::default()).expect("nothing is wrong");
        let field = |(name, data_type, ..): &(String, DataType, usize, ArrayRef)| {
            Field::new(name, data_type.clone(), true)
        };
        let schema = Schema::new(table.columns.iter().map(field).collect::<Vec<_>>());
        let reader = arrow_csv::ReaderBuilder::new(Arc::new(schema)).with_header(true);
        let mut reader = reader.build(Cursor::new(&data)).expect("a schema that it has");
        let expected = reader.next().expect("at least a row").expect("nothing is wrong");
        for ((name, _, _, array), expected) in table.columns.iter().zip(expected.columns()) {
            prop_assert_eq!(array, expected, "{} of {:?}", name, data);
        }
    }

    #[test]
    fn records_come_in_batches_as_they_come_at_once(
        records in records(1..4),
        terminator in select(&TERMINATORS),
        sizes in sizes(),
        batch_bytes in 1..60_usize,
    ) {
        let data = written(&records, b',', terminator);
        let options = Options { batch_bytes, ..text() };
        agreed_on_all_ways("batches", &data, &options, &sizes);
    }

    #[test]
    fn limits_and_lines_are_a_slice_of_all(
        records in records(2..4),
        terminator in select(&TERMINATORS),
        from in any::<Index>(),
        to_line in 1..20_u64,
        limit in 0..10_usize,
        sizes in sizes(),
    ) {
        prop_assume!(!records.is_empty());
        let line_ends = |data: &[u8]| {
            let text = String::from_utf8_lossy(data).replace("\r\n", "\n");
            text.matches(['\r', '\n']).count() as u64
        };
        let data = written(&records, b',', terminator);
        let line_of = |record: usize| 1 + line_ends(&written(&records[..record], b',', terminator));
        let from = from.index(records.len());
        let all = || (from..records.len()).map(|record| (line_of(record), &records[record]));
        let in_options = |to_line: Option<u64>, limit: Option<u64>| Options {
            from_line: line_of(from),
            to_line,
            limit,
            bom: false,
            batch_bytes: 20,
            ..text()
        };
        let wanted = all().filter(|(line, _)| *line <= to_line).take(limit).map(|(_, record)| record);
        let options = in_options(Some(to_line), Some(limit as u64));
        let table = agreed(&data, &options).expect("nothing is wrong");
        prop_assert_eq!(rows(&table), some(wanted), "{:?} of {:?}", options, data.escape_ascii().to_string());
        agreed_on_all_ways("lines", &data, &options, &sizes);
        let table = agreed(&data, &in_options(None, None)).expect("nothing is wrong");
        prop_assert_eq!(rows(&table), some(all().map(|(_, record)| record)));
    }

    #[test]
    fn other_encodings_are_as_utf8(records in records(1..4), sizes in sizes()) {
        let terminator = ::csv::Terminator::CRLF;
        let data = written(&records, b',', terminator);
        let expected = agreed(&data, &text());
        let data = String::from_utf8(data).expect("fields are UTF-8");
        let utf16 = |bytes: fn(u16) -> [u8; 2], mark: &str| {
            format!("{mark}{data}").encode_utf16().flat_map(bytes).collect::<Vec<u8>>()
        };
        for (encoding, bytes) in [
            (Encoding::Utf16Le, utf16(u16::to_le_bytes, "")),
            (Encoding::Utf16Be, utf16(u16::to_be_bytes, "")),
            (Encoding::Utf8, utf16(u16::to_le_bytes, "\u{feff}")),
            (Encoding::Utf8, utf16(u16::to_be_bytes, "\u{feff}")),
        ] {
            // One mark is left out, not two.
            let has_two = encoding == Encoding::Utf8 && data.starts_with('\u{feff}');
            let options = Options { encoding, batch_bytes: 9, ..text() };
            if !has_two {
                prop_assert_eq!(&agreed(&bytes, &options), &expected);
            }
            agreed_on_all_ways("encodings", &bytes, &options, &sizes);
        }
        let latin = data.replace(['漢', '字', '😀', '\u{feff}'], "ÿ");
        let bytes = latin.chars().map(|char| u8::try_from(char).expect("below 256")).collect::<Vec<_>>();
        let options = Options { encoding: Encoding::Latin1, ..text() };
        prop_assert_eq!(agreed(&bytes, &options), agreed(latin.as_bytes(), &text()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn anything_is_the_same_in_all_pieces_and_in_batches(
        data in anything(),
        options in any_options(),
        sizes in sizes(),
    ) {
        agreed_on_all_ways("anything", &data, &options, &sizes);
    }
}

#[test]
fn published_examples() {
    let root: Value = serde_json::from_str(include_str!("../vectors/csv.json")).expect("JSON");
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let strings = |value: &Value| -> Vec<Option<String>> {
        let strings = list(value).into_iter();
        strings
            .map(|value| value.as_str().map(str::to_owned))
            .collect()
    };
    for vector in list(&root["groups"])
        .iter()
        .flat_map(|group| list(&group["vectors"]))
    {
        let mut options = Options {
            delimiter: None,
            ..text()
        };
        for (name, value) in vector["options"].as_object().into_iter().flatten() {
            let byte = value.as_str().and_then(|text| text.bytes().next());
            let given = || {
                strings(value)
                    .into_iter()
                    .flatten()
                    .collect::<Vec<String>>()
            };
            match name.as_str() {
                "header" if value.is_array() => options.names = Some(given()),
                "header" => options.header = *value == true,
                "bom" => options.bom = *value == true,
                "skipEmptyLines" => options.skip_empty_lines = *value == true,
                "trim" => options.trim = *value == true,
                "relaxQuotes" => options.relax_quotes = *value == true,
                "nullValues" => options.null_values = given(),
                "comment" => options.comment = byte,
                "escape" => options.escape = byte,
                "delimiter" => options.delimiter = byte,
                "fromLine" => options.from_line = value.as_u64().expect("a line"),
                "toLine" => options.to_line = value.as_u64(),
                "limit" => options.limit = value.as_u64(),
                "onError" if value == "skip" => options.on_error = OnError::Skip,
                _ => panic!("{name} is new to this test"),
            }
        }
        let data = vector["csv"].as_str().expect("a CSV");
        let table = agreed(data.as_bytes(), &options).expect("nothing is wrong");
        let records: Rows = list(&vector["records"]).iter().map(strings).collect();
        assert_eq!(rows(&table), records, "{vector}");
        let names = table.columns.iter().map(|(name, ..)| Some(name.clone()));
        let numbered = (1..=records[0].len()).map(|number| Some(format!("column_{number}")));
        match &vector["names"] {
            Value::Null => assert!(names.eq(numbered), "{vector}"),
            given => assert_eq!(names.collect::<Vec<_>>(), strings(given), "{vector}"),
        }
        agreed_on_all_ways("published", data.as_bytes(), &options, &[1, 7]);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one case after the other")]
fn errors_say_where() {
    let typed = |kind| vec![("b".to_owned(), kind)];
    let header = Options {
        header: true,
        ..text()
    };
    let integers = Options {
        types: typed(ColumnType::Int32),
        ..header.clone()
    };
    let short = Options {
        max_record_size: 5,
        ..header.clone()
    };
    let unknown = Options {
        columns: Some(vec!["z".to_owned()]),
        ..header.clone()
    };
    let cases: [(&[u8], &Options, &str, [u64; 3]); 11] = [
        (
            b"a,b\n1,2\n3\n",
            &header,
            "Expected 2 fields but received 1",
            [3, 1, 8],
        ),
        (
            b"a,b\r\n1,2\r\n\r\n",
            &header,
            "Expected 2 fields but received 1",
            [3, 1, 10],
        ),
        (
            b"a,b\n1,2,3\n",
            &header,
            "Expected 2 fields but received 3",
            [2, 1, 4],
        ),
        (
            b"a,b\n1,2\n3,x\"y\n",
            &header,
            "Expected no \" in a field",
            [3, 4, 11],
        ),
        (
            b"a,b\n\"1\"x,2\n",
            &header,
            "Expected a delimiter or the end of the line",
            [2, 4, 7],
        ),
        (
            b"a,b\r\"\xc3\xa9\n\",\"1\n2",
            &header,
            "Expected a closing \"",
            [3, 3, 10],
        ),
        (
            b"a,b\r\n1,2\r\n\xc3\xa9,x\r\n",
            &integers,
            "Expected an integer from",
            [3, 3, 13],
        ),
        (
            b"a,b\n\"x\ny\",\"0x\"\n",
            &integers,
            "Expected an integer from",
            [3, 4, 10],
        ),
        (
            b"a,b\n1,2\n3,\xff\n",
            &header,
            "Expected UTF-8 in column \"b\"",
            [3, 3, 10],
        ),
        (
            b"a,b\n1,2\n345,6\n3456,7\n",
            &short,
            "Expected a record of at most 5 bytes",
            [4, 1, 14],
        ),
        (
            b"a,b\n1,2\n",
            &unknown,
            "Expected columns to name columns of the header",
            [1, 1, 0],
        ),
    ];
    for (data, options, begin, place) in cases {
        let message = agreed(data, options).expect_err("something is wrong");
        assert!(message.starts_with(begin), "{message}");
        agreed_on_all_ways("errors", data, options, &[1, 4]);
        let error = parse(data, options, &SPLITS[0]).expect_err("something is wrong");
        let ErrorKind::Csv {
            line,
            column,
            byte_offset,
            ..
        } = error.kind()
        else {
            panic!("{error}")
        };
        assert_eq!([*line, *column, *byte_offset], place, "{error}");
    }
}

#[test]
fn what_is_left_out_is_collected() {
    let data = b"a,b\n1,2\n3\n4,x\n5,6\n7,8\"\n9,10\n11,\"12";
    let mut options = Options {
        header: true,
        types: vec![("b".to_owned(), ColumnType::Int32)],
        on_error: OnError::Collect,
        ..text()
    };
    let table = agreed(data, &options).expect("errors are collected");
    let places: Vec<_> = table
        .errors
        .iter()
        .map(|error| (error.line, error.column))
        .collect();
    assert_eq!(places, [(3, 1), (4, 3), (6, 4), (8, 4)]);
    assert_eq!(table.error_count, 4);
    options.on_error = OnError::Skip;
    let skipped = agreed(data, &options).expect("errors are skipped");
    assert_eq!((skipped.error_count, skipped.errors.len()), (4, 0));
    assert_eq!(skipped.columns, table.columns);
    let kept = [["1", "2"], ["5", "6"], ["9", "10"]];
    assert_eq!(
        rows(&skipped),
        some(&kept.map(|row| row.map(str::to_owned).to_vec()))
    );
}

#[test]
fn records_longer_than_what_a_file_is_read_by() {
    let long = "\"\"\n,".repeat(5000);
    let data = format!(
        "a,b\n1,\"{long}\"\n2,3\n\"{long}\",4\n{}",
        "5,6\n".repeat(5000)
    );
    let options = Options {
        piece_bytes: 1000,
        ..text()
    };
    let file = TemporaryFile::new("long", data.as_bytes());
    let whole = parse(data.as_bytes(), &text(), &SPLITS[0])
        .map(content)
        .expect("nothing is wrong");
    assert_eq!(file.parse(&options).as_ref(), Ok(&whole));
    for batch_bytes in [1000, 30_000] {
        let options = Options {
            batch_bytes,
            ..options.clone()
        };
        let tables = opened(&file, &options).expect("nothing is wrong");
        assert!(tables.len() > 1);
        assert_eq!(together(&tables).0, rows(&whole));
    }
}

#[test]
fn a_cancelled_job_stops() {
    let token = CancelToken::default();
    token.cancel();
    let file = TemporaryFile::new("cancelled", b"a\n1\n");
    for split in SPLITS.iter() {
        let context = Context::new(&token, split);
        let mut reader = Reader::new(text());
        for error in [
            csv::parse(b"a\n1\n", &text(), &context).err(),
            csv::parse_file(&file.0, &text(), &context).err(),
            reader.next(&[b"a\n1\n"], true, &context).err(),
        ] {
            assert_eq!(error.map(|error| error.code()), Some("ABORT_ERR"));
        }
    }
}
