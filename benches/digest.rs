//! Throughput of the digests on one core and over the lane's threads. No Node-API here.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use offloop::ops::digest::{Algorithm, Mode, Spec, digest, digest_many};
use offloop::pool::{CancelToken, Context, LaneKind, Split, available_cpus};

fn spec(algorithm: Algorithm) -> Spec {
    Spec {
        algorithm,
        mode: Mode::Plain,
        length: None,
    }
}

fn digests(criterion: &mut Criterion) {
    let message: Vec<u8> = (0..64u32 << 20).map(|i| (i % 251) as u8).collect();
    let cancel = CancelToken::default();
    for threads in [1, available_cpus().max(2)] {
        let split = Split::new(LaneKind::Bulk, threads);
        let context = Context::new(&cancel, &split);
        let mut group = criterion.benchmark_group(format!("digest, {threads} threads"));
        group.sample_size(10);
        group.throughput(Throughput::Bytes(message.len() as u64));
        for algorithm in Algorithm::ALL {
            group.bench_function(BenchmarkId::from_parameter(algorithm.name()), |bencher| {
                bencher
                    .iter(|| digest(&spec(algorithm), &message, &context).expect("not cancelled"));
            });
        }
        group.finish();
    }
    let split = Split::new(LaneKind::Bulk, 1);
    let context = Context::new(&cancel, &split);
    let mut group = criterion.benchmark_group("digest_many, 1 thread, messages of 64 KiB");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(message.len() as u64));
    let messages: Vec<&[u8]> = message.chunks(64 << 10).collect();
    for algorithm in [Algorithm::Sha256, Algorithm::Blake2b512, Algorithm::Blake3] {
        group.bench_function(BenchmarkId::from_parameter(algorithm.name()), |bencher| {
            bencher.iter(|| {
                digest_many(&spec(algorithm), &messages, &context).expect("not cancelled")
            });
        });
    }
}

criterion_group!(benches, digests);
criterion_main!(benches);
