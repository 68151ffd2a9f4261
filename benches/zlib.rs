//! Compression: gzip, brotli and Zstandard of CSV, both ways, on one thread and on two; and gzip at
//! every level, whose ratios go to the standard output.
//!
//! `cargo bench --no-default-features --bench zlib`

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use offloop::ops::zlib::{
    Brotli, Deflate, Encoding, Inflate, Packing, Unpacking, Wrapper, Zstd, compress, decompress,
};
use offloop::pool::{CancelToken, Context, LaneKind, Split};

/// `BROTLI_PARAM_QUALITY`.
const QUALITY: u32 = 1;
/// `ZSTD_c_compressionLevel`.
const LEVEL: i32 = 100;

/// Rows as a table of orders has them: numbers that compress badly, words and times that do well.
fn table(rows: usize) -> String {
    const NAMES: [&str; 4] = ["Ada Kraus", "Zoë 李", "Tom Hopper", "José Roy"];
    const CATEGORIES: [&str; 4] = ["music", "books", "\"arts, crafts\"", "tools"];
    let mut csv = String::from("id,price,name,time,active,category,score\n");
    // A generator of no quality, the same every time (Knuth's MMIX).
    let mut state = 1_u64;
    let mut below = |end: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % end
    };
    for row in 0..rows {
        let name = NAMES[usize::try_from(below(4)).unwrap_or_default()];
        let category = CATEGORIES[usize::try_from(below(4)).unwrap_or_default()];
        let _ = writeln!(
            csv,
            "{row},{}.{:02},{name} {},2024-{:02}-{:02}T{:02}:{:02}:53Z,{},{category},{}.{:03}",
            below(1000),
            below(100),
            below(1000),
            below(12) + 1,
            below(28) + 1,
            below(24),
            below(60),
            below(2) == 0,
            below(100),
            below(1000),
        );
    }
    csv
}

fn gzip(level: u8) -> Encoding {
    Encoding::Deflate(Deflate {
        level,
        ..Deflate::new(Wrapper::Gzip)
    })
}

/// What is measured both ways.
fn formats() -> [(&'static str, Encoding, Unpacking); 3] {
    [
        (
            "gzip 6",
            gzip(6),
            Unpacking::Inflate(Inflate::new(Packing::Gzip)),
        ),
        (
            "brotli 5",
            Encoding::Brotli(Brotli {
                parameters: vec![(QUALITY, 5)],
            }),
            Unpacking::Brotli(Brotli::default()),
        ),
        (
            "zstd 3",
            Encoding::Zstd(Zstd {
                parameters: vec![(LEVEL, 3)],
                ..Zstd::default()
            }),
            Unpacking::Zstd(Zstd::default()),
        ),
    ]
}

fn both_ways(criterion: &mut Criterion) {
    let data = table(600_000);
    let token = CancelToken::default();
    let mut group = criterion.benchmark_group("zlib");
    group.throughput(Throughput::Bytes(data.len() as u64));
    group.sample_size(10);
    group.measurement_time(Duration::from_secs(5));
    for threads in [1, 2] {
        let split = Split::new(LaneKind::Bulk, threads);
        let context = Context::new(&token, &split);
        for (name, encoding, unpacking) in formats() {
            let pack = || compress(&encoding, data.as_bytes(), true, u64::MAX, &context);
            let packed = pack().expect("any input can be compressed");
            println!("{name}: {} of {} bytes", packed.len(), data.len());
            group.bench_function(format!("{name}/threads/{threads}"), |bencher| {
                bencher.iter(|| black_box(pack()));
            });
            group.bench_function(format!("{name}, back/threads/{threads}"), |bencher| {
                bencher.iter(|| {
                    black_box(decompress(
                        &unpacking,
                        &packed,
                        true,
                        data.len() as u64,
                        &context,
                    ))
                });
            });
        }
    }
    group.finish();
}

fn levels(criterion: &mut Criterion) {
    let data = table(100_000);
    let token = CancelToken::default();
    let split = Split::new(LaneKind::Bulk, 1);
    let context = Context::new(&token, &split);
    let mut group = criterion.benchmark_group("gzip, 1 thread, level");
    group.throughput(Throughput::Bytes(data.len() as u64));
    group.sample_size(10);
    for level in 0..=9 {
        let encoding = gzip(level);
        let pack = || compress(&encoding, data.as_bytes(), true, u64::MAX, &context);
        let packed = pack().expect("any input can be compressed");
        println!("level {level}: {} of {} bytes", packed.len(), data.len());
        group.bench_function(BenchmarkId::from_parameter(level), |bencher| {
            bencher.iter(|| black_box(pack()));
        });
    }
    group.finish();
}

criterion_group!(benches, both_ways, levels);
criterion_main!(benches);
