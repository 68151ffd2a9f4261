//! Tables that come from outside: as CSV, as Arrow IPC, and with descriptions of what is not there.

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use bytes::Bytes;
use offloop::error::Error;
use offloop::ops::csv::{self, Options, WriteOptions, Writer};
use offloop::ops::table::{Column, ColumnType, Description, Memory, Place, Table, View};
use offloop::pool::{CancelToken, Context, LaneKind, Split};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

fn with<R>(run: impl FnOnce(&Context<'_>) -> R) -> R {
    let split = Split::new(LaneKind::Bulk, 2);
    run(&Context::new(&CancelToken::default(), &split))
}

fn view(table: Table) -> View {
    let memory = table.memory.into_iter().map(Bytes::from_owner).collect();
    View::new(table.description, memory).expect("its own places")
}

fn parsed(data: &[u8], options: &Options) -> View {
    view(with(|context| csv::parse(data, options, context)).expect("nothing is wrong"))
}

fn write_options() -> WriteOptions {
    WriteOptions {
        delimiter: b',',
        quote: Some(b'"'),
        escape: b'"',
        header: true,
        names: Vec::new(),
        record_delimiter: "\n".to_owned(),
        escape_formulas: false,
        bom: false,
        null_value: String::new(),
    }
}

fn written(view: &View, options: &WriteOptions) -> Vec<u8> {
    with(|context| csv::write(view, options, context)).expect("not cancelled")
}

fn batch(view: &View) -> RecordBatch {
    view.to_record_batch().expect("what Arrow allows")
}

/// Every type, nulls, and more rows than a piece of the writer or a batch of the stream has.
fn all_types(rows: usize) -> Vec<u8> {
    let mut data = b"bool,int,float,big,time,category,text,nothing\n".to_vec();
    for row in 0..rows {
        let cells = [
            (row % 3 == 0).to_string(),
            row.to_string(),
            format!("{}.25", row * 7),
            format!("{}", i64::MAX - i64::try_from(row).expect("few rows")),
            format!("2024-01-{:02}T12:34:56.{:03}Z", row % 28 + 1, row % 1000),
            format!("\"category, \"\"{}\"\"\"", row % 5),
            format!("text é {}", row * 13),
            String::new(),
        ];
        let or_null = |(column, cell): (usize, String)| {
            if (row + column) % 7 == 0 {
                String::new()
            } else {
                cell
            }
        };
        let cells: Vec<_> = cells.into_iter().enumerate().map(or_null).collect();
        data.extend_from_slice(cells.join(",").as_bytes());
        data.push(b'\n');
    }
    data
}

#[test]
fn what_is_written_is_read_again() {
    for rows in [1, 100, 20_000] {
        let table = parsed(&all_types(rows), &Options::default());
        if rows > 1 {
            let kinds: Vec<_> = table
                .description()
                .columns
                .iter()
                .map(|column| column.kind)
                .collect();
            let all = [
                ColumnType::Boolean,
                ColumnType::Int32,
                ColumnType::Float64,
                ColumnType::Int64,
                ColumnType::Timestamp,
                ColumnType::Dictionary,
                ColumnType::String,
                ColumnType::String,
            ];
            assert_eq!(kinds, all);
        }
        for (delimiter, record_delimiter) in [(b',', "\n"), (b';', "\r\n"), (b'\t', "\r")] {
            let options = WriteOptions {
                delimiter,
                record_delimiter: record_delimiter.to_owned(),
                bom: rows == 100,
                ..write_options()
            };
            let again = parsed(&written(&table, &options), &Options::default());
            let delimiter = char::from(delimiter).to_string();
            assert_eq!(
                again.description().metadata,
                [("delimiter".to_owned(), delimiter)]
            );
            assert_eq!(batch(&again).columns(), batch(&table).columns());
        }
    }
}

#[test]
fn arrow_reads_the_stream() {
    for rows in [0, 1, 100, 70_000] {
        let table = parsed(&all_types(rows), &Options::default());
        let stream = with(|context| table.to_ipc(context)).expect("not cancelled");
        let reader = StreamReader::try_new(&stream[..], None).expect("a stream");
        let expected = batch(&table);
        assert_eq!(reader.schema(), expected.schema());
        let mut begin = 0;
        for read in reader {
            let read = read.expect("a batch");
            assert_eq!(read, expected.slice(begin, read.num_rows()));
            begin += read.num_rows();
        }
        assert_eq!(begin, rows);
    }
}

#[test]
fn only_the_rows_that_are_meant() {
    let table = with(|context| csv::parse(&all_types(100), &Options::default(), context));
    let mut table = table.expect("nothing is wrong");
    let (from, to) = (13, 77);
    (table.description.from, table.description.to) = (from, to);
    let all = parsed(&all_types(100), &Options::default());
    let some = view(table);
    assert_eq!(batch(&some), batch(&all).slice(from, to - from));
    let [some, all] = [&some, &all].map(|view| written(view, &write_options()));
    let lines = |data: &[u8]| {
        String::from_utf8_lossy(data)
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let mut expected = lines(&all);
    expected.drain(1 + to..);
    expected.drain(1..=from);
    assert_eq!(lines(&some), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_are_written_as_the_csv_crate_reads_them(
        records in vec(vec("[a-c,;\t|\"\r\n é😀=+]{0,5}", 3), 0..10),
        delimiter in select(b",;\t|"),
        record_delimiter in select(&["\n", "\r\n", "\r"]),
    ) {
        let options = WriteOptions {
            delimiter,
            header: false,
            record_delimiter: record_delimiter.to_owned(),
            ..write_options()
        };
        let mut writer = Writer::new(options);
        for records in records.chunks(4) {
            let fields = || records.iter().flatten();
            let text: Vec<u16> = fields().flat_map(|field| field.encode_utf16()).collect();
            let length = |field: &String| i32::try_from(field.encode_utf16().count()).expect("short");
            let lengths: Vec<i32> = fields().map(length).collect();
            with(|context| writer.rows(&text, &lengths, 3, context)).expect("the lengths are right");
        }
        let data = writer.finish();
        let mut reader = ::csv::ReaderBuilder::new();
        let reader = reader.has_headers(false).delimiter(delimiter).from_reader(&data[..]);
        let found = reader.into_deserialize::<Vec<String>>().collect::<Result<Vec<_>, _>>();
        prop_assert_eq!(found.expect("a CSV"), records);
    }

    #[test]
    fn hostile_descriptions_are_errors(
        kind in select(&ColumnType::ALL),
        rows in select(&[0, 1, 2, 8, 9, 1 << 40, usize::MAX]),
        [from, to] in any::<[u8; 2]>(),
        places in vec(place(), 4),
        memory in 0..3_usize,
        [bytes_length, dictionary_length] in [length(), length()],
        bytes in vec(select(&[0_u8, 0, 0, 1, 2, 4, 8, 0x7f, 0x80, 0xc3, 0xff]), 0..120),
    ) {
        let column = Column {
            name: "a".to_owned(),
            kind,
            null_count: 0,
            place: Place {
                memory,
                values: places[0],
                validity: places[1],
                offsets: places[2],
                bytes: places[3],
                bytes_length,
                dictionary_length,
            },
        };
        let description = Description {
            rows,
            from: usize::from(from % 4),
            to: if to < 128 { rows } else { usize::from(to % 4) },
            columns: vec![column],
            metadata: Vec::new(),
        };
        // Neither of these panics; most are errors.
        if let Ok(view) = View::new(description, vec![owned(&bytes), Bytes::new()]) {
            let _ = view.to_record_batch();
            with(|context| {
                let _ = view.to_ipc(context);
                let _ = csv::write(&view, &write_options(), context);
            });
        }
    }
}

fn place() -> impl Strategy<Value = Option<usize>> {
    select(&[
        None,
        Some(0),
        Some(0),
        Some(8),
        Some(16),
        Some(3),
        Some(64),
        Some(usize::MAX - 7),
    ])
}

fn length() -> impl Strategy<Value = usize> {
    select(&[0_usize, 0, 1, 2, 8, 100, 1 << 40, usize::MAX])
}

/// Aligned, as the memory of tables is.
fn owned(bytes: &[u8]) -> Bytes {
    let mut memory = Memory::zeroed(bytes.len()).expect("a little memory");
    memory.copy_from_slice(bytes);
    Bytes::from_owner(memory)
}

/// A table of one column, whose values begin at 0, offsets at 64 and strings at 128.
fn one_column(
    kind: ColumnType,
    values: &[i32],
    offsets: &[i32],
    strings: &[u8],
) -> Result<View, Error> {
    let mut bytes = vec![0; 128 + strings.len()];
    let mut put = |begin: usize, numbers: &[i32]| {
        for (index, number) in numbers.iter().enumerate() {
            bytes[begin + index * 4..][..4].copy_from_slice(&number.to_ne_bytes());
        }
    };
    put(0, values);
    put(64, offsets);
    bytes[128..].copy_from_slice(strings);
    let place = Place {
        values: Some(0),
        offsets: Some(64),
        bytes: Some(128),
        bytes_length: strings.len(),
        dictionary_length: offsets.len() - 1,
        ..Place::default()
    };
    let rows = if kind == ColumnType::Dictionary {
        values.len()
    } else {
        offsets.len() - 1
    };
    let column = Column {
        name: "a".to_owned(),
        kind,
        null_count: 0,
        place,
    };
    let description = Description {
        rows,
        to: rows,
        columns: vec![column],
        ..Description::default()
    };
    View::new(description, vec![owned(&bytes)])
}

#[test]
fn wrong_offsets_codes_and_bytes_are_errors() {
    use ColumnType::{Dictionary, String};
    let right = one_column(Dictionary, &[1, 0, 1], &[0, 1, 3], b"abc").expect("all is there");
    assert_eq!(written(&right, &write_options()), b"a\nbc\na\nbc\n");
    for (kind, values, offsets, strings) in [
        (String, &[][..], &[0, 2, 1][..], &b"abc"[..]),
        (String, &[], &[-1, 1], b"abc"),
        (String, &[], &[0, 4], b"abc"),
        (String, &[], &[0, i32::MAX], b"abc"),
        (String, &[], &[0, 1, 2], "é".as_bytes()),
        (String, &[], &[0, 2], b"\xc3\xff"),
        (Dictionary, &[0, 2], &[0, 1, 3], b"abc"),
        (Dictionary, &[0, -1], &[0, 1, 3], b"abc"),
        (Dictionary, &[0], &[0], b""),
        (Dictionary, &[0], &[0, 4], b"abc"),
        (Dictionary, &[0], &[2, 1], b"abc"),
        (Dictionary, &[0], &[0, 1], b"\xff"),
    ] {
        let view = one_column(kind, values, offsets, strings).expect("the places are there");
        let error = view.to_record_batch().expect_err("wrong");
        assert_eq!(
            error.code(),
            "ERR_INVALID_ARG_VALUE",
            "{kind:?} {values:?} {offsets:?}"
        );
        let error = with(|context| view.to_ipc(context)).expect_err("wrong");
        assert_eq!(
            error.code(),
            "ERR_INVALID_ARG_VALUE",
            "{kind:?} {values:?} {offsets:?}"
        );
    }
}
