//! Any bytes: nothing panics, JSON is what `serde_json` takes for it, and segments, pieces and threads
//! change nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use offloop::ops::json::{Columns, LinesOptions, ParseOptions, parse, parse_lines, validate};
use offloop::ops::table::OnError;
use offloop::pool::{CancelToken, Context, LaneKind, Split};
use serde::de::IgnoredAny;
use std::sync::LazyLock;

static SPLITS: LazyLock<[Split; 2]> =
    LazyLock::new(|| [1, 3].map(|threads| Split::new(LaneKind::Bulk, threads)));

fuzz_target!(|data: &[u8]| {
    let text = std::str::from_utf8(data);
    let is_json = text.is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
    let token = CancelToken::default();
    let contexts = SPLITS.each_ref().map(|split| Context::new(&token, split));
    let [whole, pieces] =
        [(&contexts[0], 1 << 16), (&contexts[1], 64)].map(|(context, segment)| {
            let options = ParseOptions {
                // More than the bytes of an input, which serde_json skips at any depth.
                max_depth: 32_000,
                segment,
                ..ParseOptions::default()
            };
            let checked = validate(data, options, context).map_err(|error| error.to_string());
            let parsed = parse(data, options, context).map_err(|error| error.to_string());
            assert_eq!(parsed.as_ref().err(), checked.as_ref().err());
            let table = parsed.map(|document| {
                let table = document.table(&[], &Columns::default(), context);
                table.map(|table| table.description.rows).ok()
            });
            let lines = LinesOptions {
                on_error: OnError::Collect,
                piece_bytes: segment as u64 / 64,
                ..LinesOptions::default()
            };
            let lines = parse_lines(data, &lines, context).map_err(|error| error.to_string());
            let lines = lines.map(|table| (table.description.rows, table.errors));
            (table, lines)
        });
    assert_eq!(whole.0.is_ok(), is_json);
    assert_eq!(whole, pieces);
});
