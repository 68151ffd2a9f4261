//! Every kernel against one byte at a time, at every place of a block's edge.

use proptest::prelude::*;

use super::{Index, Outcome, Piece, Separators, index, portable};

const SEPARATORS: Separators = Separators {
    delimiter: b',',
    quote: Some(b'"'),
};

/// Where each field of each record begins and ends.
type Records = Vec<Vec<(usize, usize)>>;

/// RFC 4180 one byte at a time: the records, and where the next one begins; `None` where the text does
/// not keep to it.
fn reference(bytes: &[u8], start: usize, own: usize) -> Option<(Records, usize)> {
    let mut records = Vec::new();
    let mut position = start;
    while position < bytes.len() && position < own.max(start + 1) {
        let mut record = Vec::new();
        loop {
            let begin = position;
            if bytes.get(position) == Some(&b'"') {
                position += 1;
                loop {
                    match (bytes.get(position)?, bytes.get(position + 1)) {
                        (b'"', Some(b'"')) => position += 2,
                        (b'"', _) => break,
                        _ => position += 1,
                    }
                }
                position += 1;
                if !matches!(bytes.get(position), None | Some(b',' | b'\n' | b'\r')) {
                    return None;
                }
            } else {
                while let Some(byte) = bytes.get(position)
                    && !matches!(byte, b',' | b'\n' | b'\r')
                {
                    if *byte == b'"' {
                        return None;
                    }
                    position += 1;
                }
            }
            record.push((begin, position));
            match bytes.get(position) {
                Some(b',') => position += 1,
                Some(b'\r') if bytes.get(position + 1) == Some(&b'\n') => {
                    position += 2;
                    break;
                }
                Some(_) => {
                    position += 1;
                    break;
                }
                None => break,
            }
        }
        records.push(record);
    }
    Some((records, position))
}

fn records(bytes: &[u8], index: &Index) -> Records {
    let record = |&(first, last): &(u32, u32)| {
        let entries = &index.entries()[first as usize..=last as usize];
        entries
            .windows(2)
            .enumerate()
            .map(|(field, pair)| {
                let start = pair[0].wrapping_add(1) as usize;
                let mut end = pair[1] as usize;
                let is_last = field + 2 == entries.len();
                if is_last
                    && bytes.get(end) == Some(&b'\n')
                    && end > start
                    && bytes[end - 1] == b'\r'
                {
                    assert!(index.carriage_returns);
                    end -= 1;
                }
                (start, end)
            })
            .collect()
    };
    index.records.iter().map(record).collect()
}

fn texts() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        4 => "[a-z0-9 ]{0,12}",
        2 => "\"([a-z,\n\r]|\"\"){0,20}\"",
        1 => "[a-z\"]{0,4}",
        1 => "\"[a-z,]{0,4}",
        1 => "[a-z]{60,70}",
    ];
    let line = prop::collection::vec(field, 1..5).prop_map(|fields| fields.join(","));
    let end = prop_oneof![4 => Just("\n"), 2 => Just("\r\n"), 1 => Just("\r")];
    prop::collection::vec((line, end), 0..12).prop_map(|lines| {
        lines
            .into_iter()
            .map(|(line, end)| line + end)
            .collect::<String>()
            .into_bytes()
    })
}

proptest! {
    #[test]
    fn agree_with_one_byte_at_a_time(
        mut bytes in texts(),
        cut in 0_usize..8,
        start in 0_usize..3,
        own in 0_usize..300,
    ) {
        bytes.truncate(bytes.len().saturating_sub(cut));
        let start = start.min(bytes.len());
        let piece = Piece { bytes: &bytes, start, own, at_end: true };
        let (mut best, mut simple) = (Index::default(), Index::default());
        let outcome = index(piece, SEPARATORS, &mut best);
        prop_assert_eq!(outcome, portable::index(piece, SEPARATORS, &mut simple));
        if outcome != Outcome::Irregular {
            prop_assert_eq!(best.entries(), simple.entries());
            prop_assert_eq!(&best.records, &simple.records);
        }
        match reference(&bytes, start, own) {
            Some((expected, next)) if start < bytes.len() => {
                prop_assert_eq!(records(&bytes, &best), expected);
                prop_assert_eq!(outcome, Outcome::Whole { next });
            }
            Some(_) => prop_assert_eq!(outcome, Outcome::Whole { next: bytes.len() }),
            None => prop_assert_eq!(outcome, Outcome::Irregular),
        }
    }

    #[test]
    fn a_piece_that_is_cut_has_the_records_before_the_cut(bytes in texts(), cut in 0_usize..300) {
        prop_assume!(reference(&bytes, 0, bytes.len()).is_some());
        let cut = cut.min(bytes.len());
        let piece = Piece { bytes: &bytes[..cut], start: 0, own: cut, at_end: false };
        let mut index_of_piece = Index::default();
        let all = reference(&bytes, 0, bytes.len()).map(|(records, _)| records).unwrap_or_default();
        let next = match index(piece, SEPARATORS, &mut index_of_piece) {
            Outcome::Whole { next } | Outcome::Cut { record: next } => next,
            Outcome::Irregular => return Err(TestCaseError::fail("irregular")),
        };
        let count = index_of_piece.records.len();
        prop_assert_eq!(records(&bytes[..cut], &index_of_piece), &all[..count]);
        // The next record begins where the reader would go on.
        let rest = reference(&bytes, next, bytes.len()).map(|(records, _)| records);
        if next < bytes.len() {
            prop_assert_eq!(rest, Some(all[count..].to_vec()));
        }
    }
}
