//! CSV to columns, on one thread and on all.
//!
//! `cargo bench --no-default-features --bench csv`

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use offloop::ops::csv::{Options, parse};
use offloop::pool::{CancelToken, Context, LaneKind, Split};

/// Rows of the usual columns: an integer, a number, text, a time, a boolean, a category, a number
/// that may be missing, and text with quotes.
fn table(rows: usize) -> String {
    const NAMES: [&str; 5] = [
        "Ada Kraus",
        "Zoë 李",
        "美咲 Núñez",
        "Tom Hopper",
        "José Roy",
    ];
    const CATEGORIES: [&str; 4] = ["music", "books", "\"arts, crafts\"", "tools"];
    let mut csv = String::from("id,price,name,time,active,category,score,note\n");
    for row in 0..rows {
        // A generator of no quality, the same every time.
        let random = row.wrapping_mul(2_654_435_761) >> 7;
        let name = NAMES[random % 5];
        let category = CATEGORIES[random / 5 % 4];
        let score = if random % 6 == 0 {
            String::new()
        } else {
            format!("{}.{:03}", random % 97, random % 1000)
        };
        let note = if random % 9 == 0 {
            "\"a \"\"gift\"\"\""
        } else {
            "fragile"
        };
        let _ = writeln!(
            csv,
            "{row},{}.{:02},{name} {},2024-{:02}-{:02}T{:02}:13:53Z,{},{category},{score},{note}",
            random % 1000,
            random % 100,
            random % 1000,
            random % 12 + 1,
            random % 28 + 1,
            random % 24,
            random % 2 == 0
        );
    }
    csv
}

fn csv(criterion: &mut Criterion) {
    let data = table(600_000);
    let token = CancelToken::default();
    let mut group = criterion.benchmark_group("csv");
    group.throughput(Throughput::Bytes(data.len() as u64));
    group
        .sample_size(20)
        .measurement_time(Duration::from_secs(6));
    for threads in [
        1,
        std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
    ] {
        let split = Split::new(LaneKind::Bulk, threads);
        let context = Context::new(&token, &split);
        group.bench_function(format!("threads/{threads}"), |bencher| {
            bencher.iter(|| parse(black_box(data.as_bytes()), &Options::default(), &context));
        });
    }
    group.finish();
}

criterion_group!(benches, csv);
criterion_main!(benches);
