//! Any bytes under any options: nothing panics, pieces and threads change nothing, and what keeps to
//! RFC 4180 has the fields that csv-core finds.

#![no_main]

use csv_core::{ReadRecordResult, ReaderBuilder};
use libfuzzer_sys::fuzz_target;
use offloop::ops::csv::{Encoding, Options, parse};
use offloop::ops::table::OnError;
use offloop::ops::table::Table;
use offloop::pool::{CancelToken, Context, LaneKind, Split};
use std::sync::LazyLock;

static SPLITS: LazyLock<[Split; 2]> =
    LazyLock::new(|| [1, 3].map(|threads| Split::new(LaneKind::Bulk, threads)));

fuzz_target!(|input: (u32, u8, &[u8])| {
    let (flags, piece_bytes, data) = input;
    let flag = |bit: u32| flags >> bit & 1 != 0;
    let mut options = Options {
        delimiter: Some(b','),
        header: false,
        infer: false,
        null_values: Vec::new(),
        relax_column_count: true,
        ..Options::default()
    };
    if flag(0) {
        options = Options {
            delimiter: flag(1).then_some(b';'),
            quote: flag(2).then_some(b'"'),
            escape: flag(3).then_some(b'\\'),
            comment: flag(4).then_some(b'#'),
            header: flag(5),
            infer: flag(6),
            skip_empty_lines: flag(7),
            trim: flag(8),
            relax_column_count: flag(9),
            relax_quotes: flag(10),
            on_error: [OnError::Throw, OnError::Skip, OnError::Collect][(flags >> 11) as usize % 3],
            max_record_size: if flag(13) { 8 } else { 1 << 20 },
            limit: flag(14).then_some(3),
            from_line: if flag(15) { 2 } else { 1 },
            to_line: flag(16).then_some(4),
            encoding: [
                Encoding::Utf8,
                Encoding::Utf16Le,
                Encoding::Utf16Be,
                Encoding::Latin1,
            ][(flags >> 17) as usize % 4],
            ..options
        };
    }
    let [whole, pieces] =
        [(0, 1 << 17), (1, usize::from(piece_bytes))].map(|(split, piece_bytes)| {
            let options = Options {
                piece_bytes,
                ..options.clone()
            };
            let token = CancelToken::default();
            parse(data, &options, &Context::new(&token, &SPLITS[split]))
                .map_err(|error| error.to_string())
        });
    match (&whole, &pieces) {
        (Ok(whole), Ok(pieces)) => {
            assert_eq!(whole.description.rows, pieces.description.rows);
            assert_eq!(
                (&whole.errors, whole.error_count),
                (&pieces.errors, pieces.error_count)
            );
        }
        (whole, pieces) => assert_eq!(whole.as_ref().err(), pieces.as_ref().err()),
    }
    if let (false, Ok(table)) = (flag(0), &pieces)
        && !data.starts_with(b"\xff\xfe")
        && !data.starts_with(b"\xfe\xff")
    {
        let expected = records(data);
        // csv-core leaves out empty lines, and a record begins where the first one does.
        let width = table.description.columns.len();
        let found = rows(table)
            .into_iter()
            .filter(|row| row.iter().any(|field| !field.is_empty()));
        let fit = |mut record: Vec<Vec<u8>>| {
            record.resize(width, Vec::new());
            record
        };
        let expected = expected
            .into_iter()
            .map(fit)
            .filter(|row| row.iter().any(|field| !field.is_empty()));
        assert!(found.eq(expected), "{:?}", data.escape_ascii().to_string());
    }
});

/// The records of `data` as csv-core reads them.
fn records(mut data: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut reader = ReaderBuilder::new().build();
    let (mut fields, mut ends) = (vec![0; data.len() + 1], vec![0; data.len() + 2]);
    let mut records = Vec::new();
    let (mut written, mut ended) = (0, 0);
    loop {
        let (result, read, wrote, found) =
            reader.read_record(data, &mut fields[written..], &mut ends[ended..]);
        data = &data[read..];
        (written, ended) = (written + wrote, ended + found);
        match result {
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::Record => {
                let starts = [0].into_iter().chain(ends[..ended].iter().copied());
                let ranges = starts.zip(&ends[..ended]);
                records.push(
                    ranges
                        .map(|(start, end)| fields[start..*end].to_vec())
                        .collect(),
                );
                (written, ended) = (0, 0);
            }
            ReadRecordResult::End => return records,
            ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                unreachable!("room for all")
            }
        }
    }
}

/// The rows of a table of text; a field that is missing is empty.
fn rows(table: &Table) -> Vec<Vec<Vec<u8>>> {
    let row = |row: usize| {
        let columns = table.description.columns.iter();
        columns
            .map(|column| {
                let memory = &table.memory[column.place.memory];
                let begin = column.place.offsets.expect("text has offsets");
                let offset = |index: usize| {
                    let at = begin + index * 4;
                    let bytes = memory[at..at + 4].try_into().expect("four bytes");
                    usize::try_from(i32::from_ne_bytes(bytes)).expect("not negative")
                };
                let bytes = &memory[column.place.bytes.unwrap_or_default()..];
                bytes[offset(row)..offset(row + 1)].to_vec()
            })
            .collect()
    };
    (0..table.description.rows).map(row).collect()
}
