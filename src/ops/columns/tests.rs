//! Pieces of numbers and STRINGS, as JSON would have them.

use super::{
    Column, Ending, Extent, Failure, Kind, Order, Piece, Pieces, Read, Request, Target, Widening,
    read_all,
};
use crate::error::Error;
use crate::ops::table::{ColumnType, Description, View};
use crate::pool::{CancelToken, Context, LaneKind, Split};

type Json = &'static [&'static str];

/// The JSON texts of the only column, piece by piece.
struct Texts(Vec<Vec<&'static str>>);

fn kind_of(text: &str) -> Kind {
    match text.as_bytes()[0] {
        b'n' => Kind::Empty,
        b'"' => Kind::Dictionary,
        b'-' | b'0'..=b'9' => Kind::Int32,
        _ => Kind::Json,
    }
}

impl Pieces for Texts {
    type Scratch = Vec<Column>;
    type Problem = usize;

    fn order(&self) -> Order {
        Order::SideBySide {
            pieces: self.0.len(),
        }
    }

    fn extent(&self) -> Extent {
        Extent {
            start: 0,
            end: self.0.len() as u64,
            step: 1,
        }
    }

    fn widening(&self) -> Widening {
        Widening::Json
    }

    fn leaves_out(&self) -> bool {
        false
    }

    fn read(
        &self,
        piece: Piece,
        fields: &[usize],
        requests: &[Request],
        scratch: &mut Vec<Column>,
    ) -> Result<Ending<usize>, Error> {
        let Piece::Numbered(number) = piece else {
            unreachable!("side by side")
        };
        assert_eq!((fields, requests.len()), (&[0][..], 1));
        let texts = &self.0[number];
        if texts.contains(&"wrong") {
            return Ok(Ending::Wrong(number));
        }
        let next = number as u64 + 1;
        if texts.is_empty() {
            return Ok(Ending::Read(Read {
                next,
                ..Read::default()
            }));
        }
        let kind = texts.iter().fold(requests[0].kind, |kind, text| {
            kind.join(kind_of(text), Widening::Json)
        });
        let mut column = scratch.pop().unwrap_or_default();
        column.begin(kind, texts.len());
        for (row, text) in texts.iter().enumerate() {
            let is_null = kind_of(text) == Kind::Empty;
            if is_null {
                column.null(row);
            }
            let string = text.trim_matches('"').as_bytes();
            match kind {
                Kind::Text | Kind::Json if is_null => column.text.end(),
                Kind::Text => column.text.push(string),
                Kind::Json => column.text.push(text.as_bytes()),
                _ if is_null => {}
                Kind::Dictionary => column.codes[row] = column.dictionary.code(string),
                Kind::Int32 => column.i32s[row] = text.parse().expect("an integer"),
                kind => unreachable!("{kind:?}"),
            }
        }
        Ok(Ending::Read(Read {
            rows: texts.len(),
            columns: vec![column],
            next,
            problems: Vec::new(),
        }))
    }

    fn spare(scratch: &mut Vec<Column>) -> &mut Vec<Column> {
        scratch
    }
}

/// The type of the column and its STRINGS, on so many threads; or the piece that is wrong.
fn read(pieces: &[Json], threads: usize) -> Result<(ColumnType, Vec<String>), usize> {
    use arrow_array::{Array as _, StringArray, cast::AsArray as _};
    let texts = Texts(pieces.iter().map(|texts| texts.to_vec()).collect());
    let target = Target {
        name: "a".to_owned(),
        field: 0,
        request: Request {
            kind: Kind::Empty,
            declared: false,
        },
    };
    let (token, split) = (CancelToken::default(), Split::new(LaneKind::Bulk, threads));
    let context = Context::new(&token, &split);
    let parsed = match read_all(&texts, &[target], &[Kind::Empty], &context) {
        Ok(parsed) => parsed,
        Err(Failure::Wrong(piece)) => return Err(piece),
        Err(_) => unreachable!("all of it is regular"),
    };
    assert_eq!(parsed.next, pieces.len() as u64);
    let kind = parsed.columns[0].kind;
    let description = Description {
        rows: parsed.rows,
        to: parsed.rows,
        columns: parsed.columns,
        ..Description::default()
    };
    let memory = parsed.memory.into_iter().map(bytes::Bytes::from_owner);
    let view = View::new(description, memory.collect()).expect("its own places");
    let batch = view.to_record_batch().expect("what Arrow allows");
    let array = batch.column(0);
    let text = |array: &StringArray, index: usize| array.value(index).to_owned();
    let values = (0..parsed.rows).map(|row| match kind {
        _ if array.is_null(row) => "null".to_owned(),
        ColumnType::Int32 => array
            .as_primitive::<arrow_array::types::Int32Type>()
            .value(row)
            .to_string(),
        ColumnType::Dictionary => {
            let array = array.as_dictionary::<arrow_array::types::Int32Type>();
            let code = usize::try_from(array.keys().value(row)).expect("a position");
            text(array.values().as_string(), code)
        }
        _ => text(array.as_string(), row),
    });
    Ok((kind, values.collect()))
}

#[test]
fn a_column_that_widens_has_all_its_values_as_the_widest_kind_has_them() {
    const STRINGS: Json = &["\"a\"", "\"b\"", "null"];
    const FEW: Json = &["\"a\"", "\"a\"", "\"a\"", "\"a\"", "\"a\""];
    let cases: [(&[Json], ColumnType, Json); 6] = [
        (
            &[&["1"], &["null", "-2"], &[]],
            ColumnType::Int32,
            &["1", "null", "-2"],
        ),
        (
            &[FEW, &["\"b\""]],
            ColumnType::Dictionary,
            &["a", "a", "a", "a", "a", "b"],
        ),
        (
            &[STRINGS, FEW],
            ColumnType::String,
            &["a", "b", "null", "a", "a", "a", "a", "a"],
        ),
        // Strings lie as JSON does, and are not the same.
        (
            &[STRINGS, &["7"], STRINGS],
            ColumnType::Json,
            &["\"a\"", "\"b\"", "null", "7", "\"a\"", "\"b\"", "null"],
        ),
        (
            &[&["null"], &["7"], &["[7]"]],
            ColumnType::Json,
            &["null", "7", "[7]"],
        ),
        // The first piece may have no record.
        (
            &[&[], &["\"a\""], &["{}"]],
            ColumnType::Json,
            &["\"a\"", "{}"],
        ),
    ];
    for (pieces, kind, expected) in cases {
        for threads in [1, 3] {
            let expected = expected.iter().map(|text| (*text).to_owned()).collect();
            assert_eq!(read(pieces, threads), Ok((kind, expected)));
        }
    }
}

#[test]
fn the_first_piece_in_order_that_is_wrong_ends_it() {
    for threads in [1, 3] {
        assert_eq!(
            read(&[&["1"], &["2"], &["wrong"], &["wrong"]], threads),
            Err(2)
        );
        assert_eq!(read(&[&["wrong"], &["wrong"]], threads), Err(0));
    }
}
