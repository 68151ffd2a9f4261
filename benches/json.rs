//! JSON: the index of a text, one field of every record, and NDJSON to columns, on one thread and on
//! two.
//!
//! `cargo bench --no-default-features --bench json`

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use offloop::ops::json::{Columns, LinesOptions, ParseOptions, parse, parse_lines, validate};
use offloop::pool::{CancelToken, Context, LaneKind, Split};

/// Records of the usual members: integers, numbers, text with some escapes, a time, a boolean, an
/// object, an array, and a number that may be null; each on a line.
fn records(count: usize) -> String {
    const NAMES: [&str; 4] = ["Ada Kraus", "Zoë 李", "Tom \\\"Hopper\\\"", "José Roy"];
    let mut json = String::new();
    for record in 0..count {
        // A generator of no quality, the same every time.
        let random = record.wrapping_mul(2_654_435_761) >> 7;
        let score = if random % 6 == 0 {
            "null".to_owned()
        } else {
            format!("{}.{:03}", random % 97, random % 1000)
        };
        let _ = writeln!(
            json,
            r#"{{"id":{record},"name":"{} {}","price":{}.{:02},"active":{},"time":"2024-{:02}-{:02}T12:13:53.000Z","category":"{}","place":{{"lat":{}.5,"lon":-{}.25}},"tags":["a","b{}"],"score":{score}}}"#,
            NAMES[random % 4],
            random % 1000,
            random % 1000,
            random % 100,
            random % 2 == 0,
            random % 12 + 1,
            random % 28 + 1,
            ["music", "books", "tools"][random % 3],
            random % 90,
            random % 180,
            random % 9,
        );
    }
    json
}

fn json(criterion: &mut Criterion) {
    let lines = records(250_000);
    let array = format!("[{}]", lines.trim_end().replace('\n', ","));
    let token = CancelToken::default();
    let mut group = criterion.benchmark_group("json");
    group.throughput(Throughput::Bytes(array.len() as u64));
    group.sample_size(10);
    group.measurement_time(Duration::from_secs(3));
    for threads in [1, 2] {
        let split = Split::new(LaneKind::Bulk, threads);
        let context = Context::new(&token, &split);
        let parsed = || parse(array.as_bytes(), ParseOptions::default(), &context);
        group.bench_function(format!("validate/threads/{threads}"), |bencher| {
            bencher.iter(|| {
                black_box(validate(
                    array.as_bytes(),
                    ParseOptions::default(),
                    &context,
                ))
            });
        });
        group.bench_function(format!("parse/threads/{threads}"), |bencher| {
            bencher.iter(|| black_box(parsed()));
        });
        if let Ok(document) = parsed() {
            let paths = ["/*/price".to_owned()];
            group.bench_function(format!("pluck/threads/{threads}"), |bencher| {
                bencher.iter(|| black_box(document.pluck(&paths, &Columns::default(), &context)));
            });
        }
        group.bench_function(format!("lines/threads/{threads}"), |bencher| {
            bencher.iter(|| {
                black_box(parse_lines(
                    lines.as_bytes(),
                    &LinesOptions::default(),
                    &context,
                ))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, json);
criterion_main!(benches);
