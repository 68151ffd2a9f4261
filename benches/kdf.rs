//! The kernels of password hashing, alone and side by side on one core, and the crates.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use offloop::ops::kdf::argon2::{self, Argon2, Inputs, Variant, Version};
use offloop::ops::kdf::bcrypt::Bcrypt;
use offloop::ops::kdf::pbkdf2::{Pbkdf2, Sha256, Sha512};
use offloop::ops::kdf::scrypt::{self, Scrypt};
use offloop::ops::kdf::{Derive, Secret, Work};
use offloop::pool::{CancelToken, Context, LaneKind, Lockstep, Split};

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

/// Takes all of `work` to its end on this thread.
fn run<D: Derive>(mut work: Vec<Work<D>>) {
    let split = Split::new(LaneKind::Interactive, 1);
    let cancel = CancelToken::default();
    let context = Context::new(&cancel, &split);
    loop {
        let mut pieces: Vec<&mut Work<D>> =
            work.iter_mut().filter(|work| !work.has_ended()).collect();
        if pieces.is_empty() {
            return;
        }
        Work::advance(&mut pieces, &context);
    }
}

/// `make` so many at once; the throughput is per hash.
fn side_by_side<D: Derive>(c: &mut Criterion, name: &str, most: usize, make: impl Fn() -> Work<D>) {
    let mut group = c.benchmark_group(name);
    group.sample_size(10);
    for count in 1..=most {
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::from_parameter(count), |b| {
            b.iter(|| run((0..count).map(|_| make()).collect()));
        });
    }
    group.finish();
}

fn kernels(c: &mut Criterion) {
    side_by_side(c, "bcrypt, cost 8", 4, || {
        Bcrypt::work(8, [7; 16], || Ok(secret("password")))
    });
    side_by_side(c, "PBKDF2-SHA-256, 50,000", 4, || {
        Pbkdf2::work(Sha256::default(), secret("salt"), 50_000, 32, || {
            Ok(secret("password"))
        })
    });
    side_by_side(c, "PBKDF2-SHA-512, 50,000", 4, || {
        Pbkdf2::work(Sha512::default(), secret("salt"), 50_000, 64, || {
            Ok(secret("password"))
        })
    });
    let cost = scrypt::Cost {
        n: 1 << 14,
        r: 8,
        p: 1,
    };
    side_by_side(c, "scrypt, N = 2^14", 2, || {
        Scrypt::work(cost, secret("salt"), 32, || Ok(secret("password")))
    });
    let cost = argon2::Cost {
        memory: 19_456,
        passes: 2,
        parallelism: 1,
    };
    side_by_side(c, "Argon2id, 19 MiB, 2 passes", 1, || {
        let inputs = Inputs {
            message: secret("password"),
            nonce: secret("a salt of 16 by."),
            ..Inputs::default()
        };
        Argon2::work(Variant::Argon2id, Version::V13, cost, inputs, 32)
    });
}

fn crates(c: &mut Criterion) {
    let mut group = c.benchmark_group("crates");
    group.sample_size(10);
    group.bench_function("bcrypt, cost 8", |b| {
        b.iter(|| ::bcrypt::bcrypt(8, [7; 16], b"password\0"));
    });
    group.bench_function("scrypt, N = 2^14", |b| {
        let params = ::scrypt::Params::new(14, 8, 1).expect("valid");
        let mut key = [0; 32];
        b.iter(|| ::scrypt::scrypt(b"password", b"salt", &params, &mut key));
    });
    group.bench_function("Argon2id, 19 MiB, 2 passes", |b| {
        let argon2 = ::argon2::Argon2::default();
        let mut key = [0; 32];
        b.iter(|| argon2.hash_password_into(b"password", b"a salt of 16 by.", &mut key));
    });
    group.finish();
}

criterion_group!(benches, kernels, crates);
criterion_main!(benches);
