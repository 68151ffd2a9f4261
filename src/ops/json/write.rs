//! Tables to JSON (RFC 8259), as `JSON.stringify` writes it.

use std::ops::Range;

use memchr::memchr2;

use super::string::{append, string};
use crate::error::Error;
use crate::ops::table::{
    Buffers, Cell, ColumnType, Milliseconds, Rows, View, reserve, write_timestamp,
};
use crate::pool::Context;

/// The last milliseconds, before and after 1970, that a JavaScript `Date` holds.
const MOST_MILLISECONDS: u64 = 8_640_000_000_000_000;

/// Entries of a dictionary that are escaped between two looks at whether the job is still wanted.
const ENTRIES: usize = 1 << 13;

/// Options of the writer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Whether each row is a line with `\n` behind it, and not an element of one array.
    pub lines: bool,
}

/// The rows of `view` as JSON: an array of objects, or an object on each line.
///
/// It is the text of `JSON.stringify` of those objects, but for the order of their members, which is
/// that of the columns: JavaScript moves names such as `1` to the front. Numbers are written as
/// JavaScript writes them, NaN and the infinities as null; times as `Date.prototype.toJSON` does,
/// null where a `Date` cannot hold them. Text that is not UTF-8 has U+FFFD where it is not.
///
/// Columns of type [`ColumnType::Json`] are embedded as they are, and not checked. Of lines, a line
/// end within such a value becomes a space: in valid JSON it is between tokens.
///
/// # Errors
///
/// `InvalidArgument` where a string or a code of a dictionary is not within its column, `Cancelled`,
/// and `OutOfMemory`.
pub fn write(view: &View, options: &WriteOptions, context: &Context<'_>) -> Result<Vec<u8>, Error> {
    let description = view.description();
    let range = description.from..description.to;
    let mut members = Vec::with_capacity(description.columns.len());
    for (index, column) in description.columns.iter().enumerate() {
        let mut key = vec![if index == 0 { b'{' } else { b',' }];
        string(&mut key, column.name.as_bytes())?;
        key.push(b':');
        let buffers = view.buffers(column)?;
        members.push(Member {
            key,
            entries: Entries::of(&buffers, &range, context)?,
            buffers,
            is_on_line: options.lines,
        });
    }
    let end: &[u8] = match (members.is_empty(), options.lines) {
        (false, false) => b"},",
        (false, true) => b"}\n",
        (true, false) => b"{},",
        (true, true) => b"{}\n",
    };
    let row_bytes = members
        .iter()
        .map(|member| member.key.len() + member.buffers.text_bytes())
        .fold(end.len(), usize::saturating_add);
    let is_empty = range.is_empty();
    let rows = Rows {
        range,
        head: if options.lines { b"" } else { b"[" },
        row_bytes,
    };
    let mut json = rows.write(context, |json, row| {
        for member in &members {
            member.write(json, row)?;
        }
        json.extend_from_slice(end);
        Ok(())
    })?;
    if options.lines {
        return Ok(json);
    }
    if !is_empty {
        // The comma behind the last row.
        json.pop();
    }
    json.push(b']');
    Ok(json)
}

/// A column, as the member that it is of each object.
struct Member<'a> {
    /// What is before the value: the name, and what separates it from the member before.
    key: Vec<u8>,
    buffers: Buffers<'a>,
    entries: Entries,
    is_on_line: bool,
}

impl Member<'_> {
    /// Appends the member of the object that `row` is.
    #[inline]
    fn write(&self, json: &mut Vec<u8>, row: usize) -> Result<(), Error> {
        json.extend_from_slice(&self.key);
        match self.buffers.cell(row)? {
            Cell::Boolean(true) => json.extend_from_slice(b"true"),
            Cell::Boolean(false) => json.extend_from_slice(b"false"),
            Cell::Int32(value) => {
                json.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
            }
            Cell::Int64(value) => {
                json.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
            }
            Cell::Float64(value) if value.is_finite() => {
                json.extend_from_slice(ryu_js::Buffer::new().format_finite(value).as_bytes());
            }
            Cell::Timestamp(value) if value.unsigned_abs() <= MOST_MILLISECONDS => {
                json.push(b'"');
                write_timestamp(json, value, Milliseconds::Always);
                json.push(b'"');
            }
            Cell::Null | Cell::Float64(_) | Cell::Timestamp(_) => json.extend_from_slice(b"null"),
            Cell::String(text) => string(json, text)?,
            Cell::Entry(index) => match self.entries.get(index) {
                Some(text) => append(json, text)?,
                None => string(json, self.buffers.string(index)?)?,
            },
            Cell::Json(text) => {
                let start = json.len();
                append(json, text)?;
                if self.is_on_line {
                    join_lines(&mut json[start..]);
                }
            }
        }
        Ok(())
    }
}

/// The entries of a dictionary as JSON, so that each is escaped once; none of them where there are
/// more than rows, and none from the first on that is not within its column.
#[derive(Default)]
struct Entries {
    json: Vec<u8>,
    ends: Vec<usize>,
}

impl Entries {
    /// Those of `buffers`, where they are fewer than the `rows`.
    fn of(
        buffers: &Buffers<'_>,
        rows: &Range<usize>,
        context: &Context<'_>,
    ) -> Result<Self, Error> {
        let mut entries = Self::default();
        let count = buffers.strings();
        if buffers.kind != ColumnType::Dictionary || count >= rows.len() {
            return Ok(entries);
        }
        reserve(&mut entries.json, buffers.bytes.len())?;
        for index in 0..count {
            if index % ENTRIES == 0 {
                context.check()?;
            }
            let Ok(text) = buffers.string(index) else {
                break;
            };
            string(&mut entries.json, text)?;
            entries.ends.push(entries.json.len());
        }
        Ok(entries)
    }

    #[inline]
    fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.json[start..end])
    }
}

/// Makes one line of a JSON text.
fn join_lines(json: &mut [u8]) {
    if memchr2(b'\n', b'\r', json).is_none() {
        return;
    }
    for byte in json {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Map, Value, json};

    use super::super::string::{escapes, repeated, string};
    use super::{WriteOptions, write};
    use crate::error::Error;
    use crate::ops::table::{Column, ColumnType, Description, Place, View};
    use crate::pool::{CancelToken, Context, LaneKind, Split};

    const ARRAY: &WriteOptions = &WriteOptions { lines: false };
    const LINES: &WriteOptions = &WriteOptions { lines: true };

    /// Columns, and the memory that they are in.
    #[derive(Default)]
    struct Columns {
        memory: Vec<u8>,
        description: Description,
    }

    impl Columns {
        #[expect(clippy::unnecessary_wraps, reason = "as a place has it")]
        fn put(&mut self, bytes: &[u8]) -> Option<usize> {
            let start = self.memory.len().next_multiple_of(8);
            self.memory.resize(start, 0);
            self.memory.extend_from_slice(bytes);
            Some(start)
        }

        fn bitmap(&mut self, bits: impl Iterator<Item = bool>) -> Option<usize> {
            let mut bytes = Vec::new();
            for (row, bit) in bits.enumerate() {
                if row % 8 == 0 {
                    bytes.push(0);
                }
                bytes[row / 8] |= u8::from(bit) << (row % 8);
            }
            self.put(&bytes)
        }

        fn push(mut self, name: &str, kind: ColumnType, rows: usize, place: Place) -> Self {
            self.description.columns.push(Column {
                name: name.to_owned(),
                kind,
                null_count: 0,
                place,
            });
            (self.description.rows, self.description.to) = (rows, rows);
            self
        }

        fn fixed<const N: usize>(
            mut self,
            name: &str,
            kind: ColumnType,
            cells: &[Option<[u8; N]>],
        ) -> Self {
            let values: Vec<u8> = cells
                .iter()
                .flat_map(|cell| cell.unwrap_or([0xa5; N]))
                .collect();
            let place = Place {
                values: self.put(&values),
                validity: self.bitmap(cells.iter().map(Option::is_some)),
                ..Place::default()
            };
            self.push(name, kind, cells.len(), place)
        }

        fn booleans(mut self, name: &str, cells: &[Option<bool>]) -> Self {
            let place = Place {
                values: self.bitmap(cells.iter().map(|cell| *cell == Some(true))),
                validity: self.bitmap(cells.iter().map(Option::is_some)),
                ..Place::default()
            };
            self.push(name, ColumnType::Boolean, cells.len(), place)
        }

        /// Where the strings, null without text, are.
        fn texts(&mut self, texts: &[Option<&[u8]>]) -> Place {
            let texts = || texts.iter().map(|text| text.unwrap_or_default());
            let ends = texts().scan(0, |end, text| {
                *end += text.len();
                Some(*end)
            });
            let offsets: Vec<u8> = std::iter::once(0)
                .chain(ends)
                .flat_map(|end| i32::try_from(end).expect("short").to_ne_bytes())
                .collect();
            let bytes = texts().collect::<Vec<_>>().concat();
            Place {
                offsets: self.put(&offsets),
                bytes: self.put(&bytes),
                bytes_length: bytes.len(),
                ..Place::default()
            }
        }

        fn strings(mut self, name: &str, kind: ColumnType, cells: &[Option<&[u8]>]) -> Self {
            let mut place = self.texts(cells);
            place.validity = self.bitmap(cells.iter().map(Option::is_some));
            self.push(name, kind, cells.len(), place)
        }

        fn dictionary(mut self, name: &str, entries: &[&[u8]], codes: &[Option<i32>]) -> Self {
            let texts: Vec<_> = entries.iter().copied().map(Some).collect();
            let place = self.texts(&texts);
            let codes: Vec<_> = codes
                .iter()
                .map(|code| code.map(i32::to_ne_bytes))
                .collect();
            let mut columns = self.fixed(name, ColumnType::Dictionary, &codes);
            if let Some(column) = columns.description.columns.last_mut() {
                column.place = Place {
                    values: column.place.values,
                    validity: column.place.validity,
                    dictionary_length: entries.len(),
                    ..place
                };
            }
            columns
        }

        fn view(self) -> View {
            View::new(self.description, vec![Bytes::from(self.memory)]).expect("its own places")
        }
    }

    fn on_threads(view: &View, options: &WriteOptions, threads: usize) -> Result<String, Error> {
        let split = Split::new(LaneKind::Bulk, threads);
        let cancel = CancelToken::default();
        let json = write(view, options, &Context::new(&cancel, &split))?;
        Ok(String::from_utf8(json).expect("UTF-8"))
    }

    fn written(view: &View, options: &WriteOptions) -> String {
        on_threads(view, options, 1).expect("nothing is wrong")
    }

    fn quoted(text: &[u8]) -> String {
        let mut json = Vec::new();
        string(&mut json, text).expect("a little memory");
        String::from_utf8(json).expect("UTF-8")
    }

    /// One of each type, and its null.
    fn all_types() -> Columns {
        let texts: [Option<&[u8]>; 3] = [Some(b"a\"b"), None, Some(b"")];
        let values: [Option<&[u8]>; 3] = [Some(b"{\"k\": [1,\n2]}"), None, Some(b"\"s\"")];
        let fixed = |cells: [Option<i64>; 3]| cells.map(|cell| cell.map(i64::to_ne_bytes));
        Columns::default()
            .booleans("boolean", &[Some(true), None, Some(false)])
            .fixed(
                "int32",
                ColumnType::Int32,
                &[Some(i32::MIN), None, Some(7)].map(|cell| cell.map(i32::to_ne_bytes)),
            )
            .fixed(
                "int64",
                ColumnType::Int64,
                &fixed([Some(i64::MAX), None, Some(i64::MIN)]),
            )
            .fixed(
                "float64",
                ColumnType::Float64,
                &[Some(1.5), None, Some(-0.0)].map(|cell| cell.map(f64::to_ne_bytes)),
            )
            .fixed(
                "timestamp",
                ColumnType::Timestamp,
                &fixed([Some(1_706_704_496_000), None, Some(-62_167_219_200_001)]),
            )
            .strings("string", ColumnType::String, &texts)
            .dictionary(
                "dictionary",
                &[b"x", b"\xc3\xa9"],
                &[Some(1), None, Some(0)],
            )
            .strings("json", ColumnType::Json, &values)
    }

    #[test]
    fn every_type_and_its_null() {
        assert_eq!(
            written(&all_types().view(), ARRAY),
            concat!(
                r#"[{"boolean":true,"int32":-2147483648,"int64":9223372036854775807,"#,
                r#""float64":1.5,"timestamp":"2024-01-31T12:34:56.000Z","string":"a\"b","#,
                r#""dictionary":"é","json":{"k": [1,"#,
                "\n",
                r#"2]}},{"boolean":null,"int32":null,"int64":null,"float64":null,"#,
                r#""timestamp":null,"string":null,"dictionary":null,"json":null},"#,
                r#"{"boolean":false,"int32":7,"int64":-9223372036854775808,"float64":0,"#,
                r#""timestamp":"-000001-12-31T23:59:59.999Z","string":"","#,
                r#""dictionary":"x","json":"s"}]"#,
            )
        );
    }

    #[test]
    fn lines_are_one_object_each_also_where_json_has_line_ends() {
        let texts: [Option<&[u8]>; 2] = [Some(b"{\r\n\"k\": \"\\n\"\n}"), Some(b"1")];
        let columns = Columns::default().strings("a", ColumnType::Json, &texts);
        assert_eq!(
            written(&columns.view(), LINES),
            "{\"a\":{  \"k\": \"\\n\" }}\n{\"a\":1}\n"
        );
    }

    #[test]
    fn no_rows_and_no_columns() {
        let mut columns = all_types();
        columns.description.from = 3;
        let view = columns.view();
        assert_eq!(written(&view, ARRAY), "[]");
        assert_eq!(written(&view, LINES), "");
        let view = Columns {
            description: Description {
                rows: 2,
                to: 2,
                ..Description::default()
            },
            ..Columns::default()
        }
        .view();
        assert_eq!(written(&view, ARRAY), "[{},{}]");
        assert_eq!(written(&view, LINES), "{}\n{}\n");
    }

    #[test]
    fn only_the_rows_that_are_meant() {
        let mut columns = all_types();
        (columns.description.from, columns.description.to) = (1, 2);
        assert_eq!(
            written(&columns.view(), LINES),
            concat!(
                r#"{"boolean":null,"int32":null,"int64":null,"float64":null,"timestamp":null,"#,
                r#""string":null,"dictionary":null,"json":null}"#,
                "\n",
            )
        );
    }

    #[test]
    fn names_are_escaped_and_stay_in_the_order_of_the_columns() {
        let cell = [Some(1_i32.to_ne_bytes())];
        let columns = ["b", "10", "__proto__", "q\"\n", "é", "1", ""]
            .into_iter()
            .fold(Columns::default(), |columns, name| {
                columns.fixed(name, ColumnType::Int32, &cell)
            });
        assert_eq!(
            written(&columns.view(), ARRAY),
            r#"[{"b":1,"10":1,"__proto__":1,"q\"\n":1,"é":1,"1":1,"":1}]"#
        );
    }

    #[test]
    fn numbers_are_as_javascript_writes_them() {
        let cells = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.1,
            1e21,
            1e-7,
            123_456_789_012_345_680_000.0,
            5e-324,
            1.797_693_134_862_315_7e308,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            0.300_000_000_000_000_04,
            4_294_967_296.0,
            -1.5e-10,
            100.0,
        ];
        let cells = cells.map(|cell: f64| Some(cell.to_ne_bytes()));
        let columns = Columns::default().fixed("a", ColumnType::Float64, &cells);
        let expected = [
            "0",
            "0",
            "1",
            "-1",
            "0.1",
            "1e+21",
            "1e-7",
            "123456789012345680000",
            "5e-324",
            "1.7976931348623157e+308",
            "null",
            "null",
            "null",
            "0.30000000000000004",
            "4294967296",
            "-1.5e-10",
            "100",
        ];
        let expected: String = expected.map(|cell| format!("{{\"a\":{cell}}}\n")).concat();
        assert_eq!(written(&columns.view(), LINES), expected);
    }

    #[test]
    fn times_that_a_date_cannot_hold_are_null() {
        let most = 8_640_000_000_000_000_i64;
        let cells = [most, most + 1, i64::MAX, -most, -most - 1, i64::MIN];
        let cells = cells.map(|cell| Some(cell.to_ne_bytes()));
        let columns = Columns::default().fixed("a", ColumnType::Timestamp, &cells);
        let expected = [
            r#""+275760-09-13T00:00:00.000Z""#,
            "null",
            "null",
            r#""-271821-04-20T00:00:00.000Z""#,
            "null",
            "null",
        ];
        let expected: String = expected.map(|cell| format!("{{\"a\":{cell}}}\n")).concat();
        assert_eq!(written(&columns.view(), LINES), expected);
    }

    #[test]
    fn strings_are_escaped_as_json_stringify_does() {
        let text = "\0\u{8}\t\n\u{b}\u{c}\r\u{1b}\u{1f} \"\\/\u{7f}\u{80}é😀\u{2028}\u{2029}";
        let expected = concat!(
            r#""\u0000\b\t\n\u000b\f\r\u001b\u001f \"\\/"#,
            "\u{7f}\u{80}é😀\u{2028}\u{2029}\"",
        );
        assert_eq!(quoted(text.as_bytes()), expected);
        // A byte of either side of every bound, at every place in and around a word.
        for length in 1..28 {
            for place in 0..length {
                for special in [
                    '\0', '\x1f', ' ', '!', '"', '#', '[', '\\', ']', '\x7f', 'é',
                ] {
                    for filler in ['a', '\u{a2}', '"', '!'] {
                        let text: String = (0..length)
                            .map(|at| if at == place { special } else { filler })
                            .collect();
                        let expected = json!(text).to_string();
                        assert_eq!(quoted(text.as_bytes()), expected);
                    }
                }
            }
        }
    }

    #[test]
    fn only_what_has_to_be_escaped_is_found() {
        for byte in 0..=u8::MAX {
            let is_escaped = byte < 0x20 || byte == b'"' || byte == b'\\';
            assert_eq!(escapes(repeated(byte)) != 0, is_escaped, "{byte:#x}");
            for place in 0..8 {
                for filler in [b'a', b' ', 0xff] {
                    let mut word = [filler; 8];
                    word[place] = byte;
                    let found = escapes(u64::from_le_bytes(word)).trailing_zeros() as usize / 8;
                    assert_eq!(found, if is_escaped { place } else { 8 }, "{byte:#x}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_utf_8_is_replaced_as_javascript_does() {
        let text = b"a\xffb\xe2\x82\"\xf0\x9f\x98\n\xc3\xa9\xed\xa0\x80";
        let expected = "\"a\u{fffd}b\u{fffd}\\\"\u{fffd}\\né\u{fffd}\u{fffd}\u{fffd}\"";
        assert_eq!(quoted(text), expected);
        for length in 1..80 {
            for place in 0..length {
                for wrong in [0x80, 0xc3, 0xe2, 0xff] {
                    let mut text = vec![b'a'; length];
                    text[place] = wrong;
                    let expected = json!(String::from_utf8_lossy(&text)).to_string();
                    assert_eq!(quoted(&text), expected);
                }
            }
        }
    }

    #[test]
    fn many_rows_on_any_number_of_threads_are_what_serde_writes() {
        let rows = 30_000_i32;
        let entries: Vec<String> = (0..50).map(|entry| format!("\"{entry}\"\té")).collect();
        let texts: Vec<String> = (0..rows).map(|row| format!("{row}\\\n")).collect();
        let codes: Vec<Option<i32>> = (0..rows)
            .map(|row| (row % 7 != 0).then_some(row % 50))
            .collect();
        let cells: Vec<Option<&[u8]>> = texts
            .iter()
            .enumerate()
            .map(|(row, text)| (row % 5 != 0).then_some(text.as_bytes()))
            .collect();
        let entry_bytes: Vec<&[u8]> = entries.iter().map(String::as_bytes).collect();
        let numbers: Vec<_> = (0..rows).map(|row| Some(row.to_ne_bytes())).collect();
        let mut columns = Columns::default()
            .fixed("number", ColumnType::Int32, &numbers)
            .dictionary("entry", &entry_bytes, &codes)
            .strings("text", ColumnType::String, &cells);
        let (from, to) = (11, 29_000);
        (columns.description.from, columns.description.to) = (from, to);
        let mut expected = Vec::new();
        for row in from..to {
            let entry = codes[row].map(|code| &entries[usize::try_from(code).expect("small")]);
            let mut object = Map::new();
            object.insert("number".to_owned(), json!(row));
            object.insert("entry".to_owned(), json!(entry));
            object.insert("text".to_owned(), json!(cells[row].map(|_| &texts[row])));
            expected.push(Value::Object(object));
        }
        let view = columns.view();
        for threads in [1, 4] {
            let json = on_threads(&view, ARRAY, threads).expect("nothing is wrong");
            let found: Vec<Value> = serde_json::from_str(&json).expect("JSON");
            assert!(found == expected, "on {threads} threads");
            let lines = on_threads(&view, LINES, threads).expect("nothing is wrong");
            assert_eq!(json, format!("[{}]", lines.trim_end().replace('\n', ",")));
        }
    }

    #[test]
    fn codes_and_offsets_out_of_their_column_are_errors() {
        // Fewer entries than rows, and more.
        for codes in [&[0, 0, 1][..], &[0, 0, -1], &[1], &[-1], &[i32::MAX]] {
            let codes: Vec<_> = codes.iter().copied().map(Some).collect();
            let view = Columns::default().dictionary("a", &[b"x"], &codes).view();
            let error = on_threads(&view, ARRAY, 1).expect_err("no such entry");
            assert_eq!(error.code(), "ERR_INVALID_ARG_VALUE", "{codes:?}");
        }
        for kind in [ColumnType::String, ColumnType::Json] {
            let mut columns = Columns::default().strings("a", kind, &[Some(b"abc")]);
            columns.description.columns[0].place.bytes_length = 2;
            let error = on_threads(&columns.view(), ARRAY, 1).expect_err("beyond its bytes");
            assert_eq!(error.code(), "ERR_INVALID_ARG_VALUE");
        }
    }
}
