//! Against other compressors' streams and other decoders' results.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

use flate2::{Compress, Compression, FlushCompress, Status};

use super::front::Front;
use super::job::Job;
use super::marked::{Meaning, WINDOW};
use super::state::{Plan, State, Task};
use super::worker::Worker;
use super::{Inflated, Runner, find, inflate, inflate_chunks};

/// Threads of their own, cancelled after so many looks.
struct Threads {
    count: usize,
    looks: AtomicUsize,
}

impl Threads {
    fn new(count: usize) -> Self {
        Self::cancelled_after(count, usize::MAX)
    }
    fn cancelled_after(count: usize, looks: usize) -> Self {
        Self {
            count,
            looks: AtomicUsize::new(looks),
        }
    }
}

impl Runner for Threads {
    fn threads(&self) -> usize {
        self.count
    }
    fn for_each(&self, count: usize, task: &(dyn Fn(usize) + Sync)) {
        std::thread::scope(|scope| {
            for index in 0..count {
                scope.spawn(move || task(index));
            }
        });
    }
    fn is_cancelled(&self) -> bool {
        let down = |looks: usize| looks.checked_sub(1);
        let looked = self
            .looks
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, down);
        looked.is_err()
    }
}

/// One thread that does what all were to do.
struct OneAfterAnother;

impl Runner for OneAfterAnother {
    fn threads(&self) -> usize {
        4
    }
    fn for_each(&self, count: usize, task: &(dyn Fn(usize) + Sync)) {
        (0..count).for_each(task);
    }
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Numbers that look random (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("it is below a usize")
    }
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

fn csv(rows: usize) -> Vec<u8> {
    let mut random = Random(7);
    let mut text = String::from("id,price,name,time,note\n");
    for row in 0..rows {
        let names = ["Ada Kraus", "Zoë 李", "\"Núñez, 美咲\"", "Олег Müller"];
        let name = names[random.below(names.len())];
        let (price, day, note) = (random.below(100_000), random.below(28), random.below(9999));
        let cents = price % 100;
        let price = price / 100;
        writeln!(
            text,
            "{row},{price}.{cents:02},{name},2024-02-{day:02},no. {note}"
        )
        .expect("a string takes it");
    }
    text.into_bytes()
}

/// Data of several kinds, each with its name.
fn kinds() -> Vec<(&'static str, Vec<u8>)> {
    let mut random = Random(1);
    let sources = [
        include_str!("worker.rs"),
        include_str!("tables.rs"),
        include_str!("symbols.rs"),
        include_str!("tests.rs"),
    ];
    let mut mixed = csv(3_000);
    mixed.extend(random.bytes(150_000));
    mixed.resize(mixed.len() + 200_000, 0);
    mixed.extend(sources.concat().bytes());
    // Overlapping matches of every distance.
    let mut repeated = Vec::new();
    for distance in 1..100 {
        let unit = random.bytes(distance);
        repeated.extend(unit.iter().cycle().take(400 + 7 * distance));
    }
    // Two symbols of almost no bits: three literals in an entry.
    let bits: Vec<u8> = (0..200_000)
        .map(|_| b'0' + (random.next().to_le_bytes()[0] & 1))
        .collect();
    let skewed = |_| (random.next() & random.next() & random.next()).to_le_bytes()[0];
    let skewed: Vec<u8> = (0..300_000).map(skewed).collect();
    // Codes of 6 bits: the larger table.
    let letters = random
        .bytes(300_000)
        .iter()
        .map(|byte| b'0' + (byte & 63))
        .collect();
    vec![
        ("nothing", Vec::new()),
        ("one byte", b"x".to_vec()),
        ("csv", csv(12_000)),
        ("sources", sources.concat().repeat(6).into_bytes()),
        ("random", random.bytes(300_000)),
        ("zeros", vec![0; 1_500_000]),
        ("mixed", mixed),
        ("repeated", repeated),
        ("bits", bits),
        ("skewed", skewed),
        ("64 letters", letters),
    ]
}

fn libdeflate(data: &[u8], level: i32) -> Vec<u8> {
    let level = libdeflater::CompressionLvl::new(level).expect("a level");
    let mut compressor = libdeflater::Compressor::new(level);
    let mut stream = vec![0; compressor.deflate_compress_bound(data.len())];
    let length = compressor
        .deflate_compress(data, &mut stream)
        .expect("room");
    stream.truncate(length);
    stream
}

fn zlib(data: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(data).expect("a vector takes it");
    encoder.finish().expect("a vector takes it")
}

/// With a flush after every `each` bytes, and a window of `window` bits.
fn flushed(data: &[u8], flush: FlushCompress, each: usize, window: u8) -> Vec<u8> {
    let mut compress = Compress::new_with_window_bits(Compression::new(6), false, window);
    let mut stream = Vec::with_capacity(data.len() * 2 + 1000);
    for part in data.chunks(each) {
        let before = compress.total_in();
        compress
            .compress_vec(part, &mut stream, flush)
            .expect("to compress");
        assert_eq!(compress.total_in() - before, part.len() as u64);
    }
    let end = compress.compress_vec(&[], &mut stream, FlushCompress::Finish);
    assert_eq!(end.expect("to compress"), Status::StreamEnd);
    stream
}

fn assert_inflated(inflated: Option<Inflated>, data: &[u8], stream: &[u8], what: &str) {
    let inflated = inflated.unwrap_or_else(|| panic!("declined: {what}"));
    assert!(inflated.output == data, "other bytes: {what}");
    assert_eq!(inflated.consumed, stream.len(), "{what}");
    assert_eq!(inflated.crc32, crc32fast::hash(data), "{what}");
}

/// Decodes `stream` in many ways, with something behind it.
fn check(stream: &[u8], data: &[u8], what: &str) {
    let mut input = stream.to_vec();
    input.extend(b"behind it");
    let exact = Some(data.len());
    for (chunk, threads) in [(64, 3), (5_000, 4), (40_000, 2), (1 << 20, 1)] {
        let threads = Threads::new(threads);
        let what = format!("{what}, chunks of {chunk}");
        for expected in [None, Some(data.len() / 3), Some(data.len() * 2 + 10)] {
            let inflated = inflate_chunks(&input, expected, 1 << 26, &threads, chunk);
            assert_inflated(inflated, data, stream, &what);
        }
        // No byte of input behind it, and no room for more.
        let inflated = inflate_chunks(stream, exact, data.len(), &threads, chunk);
        assert_inflated(inflated, data, stream, &what);
        if let Some(short) = data.len().checked_sub(1) {
            assert!(
                inflate_chunks(&input, exact, short, &threads, chunk).is_none(),
                "{what}"
            );
        }
    }
    let inflated = inflate_chunks(&input, exact, 1 << 26, &OneAfterAnother, 300);
    assert_inflated(inflated, data, stream, what);
}

#[test]
fn decodes_what_libdeflate_writes() {
    for (kind, data) in kinds() {
        for level in [0, 1, 6, 12] {
            check(
                &libdeflate(&data, level),
                &data,
                &format!("{kind}, level {level}"),
            );
        }
    }
}

#[test]
fn decodes_what_zlib_writes() {
    for (kind, data) in kinds() {
        for level in [0, 1, 6, 9] {
            check(
                &zlib(&data, level),
                &data,
                &format!("{kind}, level {level}"),
            );
        }
    }
}

#[test]
fn decodes_flushed_streams_and_small_windows() {
    for (kind, data) in kinds() {
        for (flush, name) in [(FlushCompress::Sync, "sync"), (FlushCompress::Full, "full")] {
            for (each, window) in [(3_001, 15), (20_000, 9)] {
                let stream = flushed(&data, flush, each, window);
                check(
                    &stream,
                    &data,
                    &format!("{kind}, {name} {each}, window {window}"),
                );
            }
        }
    }
}

#[test]
fn decodes_what_pigz_would_write() {
    // Blocks of parts that know nothing of each other, the last of each a stored one of nothing.
    let data = csv(30_000);
    let mut stream = Vec::new();
    for part in data.chunks(128 << 10) {
        let mut compress = Compress::new(Compression::new(6), false);
        let mut one = Vec::with_capacity(part.len() + 1000);
        compress
            .compress_vec(part, &mut one, FlushCompress::Sync)
            .expect("to compress");
        stream.extend(one);
    }
    stream.extend([3, 0]);
    check(&stream, &data, "pigz");
}

/// The bits where dynamic blocks begin that are not the last, as a plain decoder passes them.
fn block_starts(stream: &[u8]) -> Vec<u64> {
    let mut blocks = super::blocks::Blocks::new(stream);
    let mut output = vec![0u8; 1 << 22];
    let (mut at, mut starts) = (0, Vec::new());
    loop {
        let start = blocks.position();
        let byte = usize::try_from(start / 8).expect("it is in memory");
        let word = u16::from_le_bytes([stream[byte], *stream.get(byte + 1).unwrap_or(&0)]);
        if word >> (start & 7) & 7 == 4 {
            starts.push(start);
        }
        match blocks.advance(&mut output, &mut at, usize::MAX) {
            super::blocks::Pause::Between => {}
            super::blocks::Pause::Last => return starts,
            pause => panic!("{pause:?}"),
        }
    }
}

#[test]
fn finds_every_block() {
    let data = csv(60_000);
    for stream in [zlib(&data, 6), libdeflate(&data, 6), zlib(&data, 9)] {
        let starts = block_starts(&stream);
        assert!(starts.len() > 2);
        for window in starts.windows(2) {
            assert_eq!(
                find::find(&stream, window[0], window[0] + 1),
                Some(window[0])
            );
            let mut from = window[0] + 1;
            while let Some(found) = find::find(&stream, from, u64::MAX) {
                assert!(found <= window[1], "{found}, after {window:?}");
                if found == window[1] {
                    break;
                }
                from = found + 1;
            }
            assert!(from <= window[1]);
        }
    }
}

#[test]
fn decodes_ahead_of_the_front() {
    let data = csv(40_000);
    let stream = zlib(&data, 6);
    let starts = block_starts(&stream);
    let threads = Threads::new(2);
    let plan = Plan {
        chunk: 8 * (100 << 10),
        chunks: 3,
        pending: 4,
        typical: 1 << 16,
        room: 1 << 20,
    };
    let start = *starts
        .iter()
        .find(|start| **start >= plan.chunk)
        .expect("a block");
    let mut output = vec![0; data.len()];
    let mut decoder = super::blocks::Blocks::new(&stream);
    let mut at = 0;
    while decoder.position() != start {
        decoder.advance(&mut output, &mut at, usize::MAX);
    }
    let nothing = Front {
        output: &mut [],
        at: 0,
        offset: 0,
        position: 0,
    };
    let mut state = State::new(nothing, &plan);
    let Some(Task::Plain(mut front)) = state.task(&plan) else {
        panic!("the front is there");
    };
    let job = Job {
        input: &stream,
        plan,
        runner: &threads,
        state: Mutex::new(state),
        wake: Condvar::new(),
    };
    {
        let mut state = job.state.lock().expect("nobody panicked");
        assert!(matches!(state.task(&job.plan), Some(Task::Ahead(1))));
    }
    Worker::new(&job).ahead(1);
    let mut state = job.state.lock().expect("nobody panicked");
    (front.output, front.at, front.position) = (&mut output, at, start);
    assert!(state.arrives(&front, &job.plan));
    state.give_back(front);
    let Some(Task::Adopt(front, part)) = state.task(&job.plan) else {
        panic!("the chunk is decoded");
    };
    assert!(part.position >= 2 * job.plan.chunk && starts.contains(&part.position));
    assert!(part.decoded().iter().any(|symbol| *symbol > 255));
    let mut meaning = Meaning::new().expect("memory");
    let Ok((front, body)) = front.adopt(&part, &mut meaning) else {
        panic!("there is room");
    };
    let end = at + part.decoded().len();
    assert_eq!((front.written(), body.offset), (end, at));
    assert!(front.output[..WINDOW] == data[end - WINDOW..end]);
    meaning.resolve(part.decoded(), body.output);
    assert!(body.output[..] == data[at..end - WINDOW]);
}

#[test]
fn survives_truncation_at_every_byte() {
    let data = csv(400);
    for stream in [
        zlib(&data, 6),
        libdeflate(&data, 9),
        flushed(&data, FlushCompress::Sync, 900, 15),
    ] {
        for end in 0..stream.len() {
            let inflated = inflate_chunks(&stream[..end], None, 1 << 24, &Threads::new(1), 128);
            assert!(inflated.is_none(), "cut to {end} of {}", stream.len());
        }
        for end in (0..stream.len()).step_by(37) {
            let inflated = inflate_chunks(&stream[..end], None, 1 << 24, &Threads::new(2), 128);
            assert!(inflated.is_none(), "cut to {end} of {}", stream.len());
        }
    }
}

#[test]
fn survives_flipped_bits() {
    let data = csv(60);
    for stream in [
        zlib(&data, 6),
        libdeflate(&data, 9),
        zlib(&data[..300], 0),
        vec![3, 0],
    ] {
        for bit in 0..stream.len() * 8 {
            let mut stream = stream.clone();
            stream[bit / 8] ^= 1 << (bit % 8);
            let mut decoder = libdeflater::Decompressor::new();
            let mut theirs = vec![0; 1 << 17];
            let expected = decoder.deflate_decompress(&stream, &mut theirs);
            let threads = if bit % 64 == 0 { 2 } else { 1 };
            let ours = inflate_chunks(&stream, None, 1 << 17, &Threads::new(threads), 256);
            if let Some(ours) = ours {
                assert_eq!(expected.expect("they decode it"), ours.output.len());
                assert!(theirs[..ours.output.len()] == ours.output, "bit {bit}");
                assert_eq!(crc32fast::hash(&ours.output), ours.crc32);
            }
        }
    }
}

#[test]
fn survives_garbage() {
    let mut random = Random(5);
    for round in 0..3_000 {
        let length = random.below(2_000);
        let mut input = random.bytes(length);
        if let Some(first) = input.first_mut() {
            // A dynamic block, a fixed one, a stored one.
            *first = *first & !7 | [4, 2, 0][round % 3];
        }
        let _ = inflate_chunks(&input, None, 1 << 22, &Threads::new(1 + round % 2), 64);
    }
}

#[test]
fn survives_flips_in_large_streams() {
    let data = csv(12_000);
    let stream = zlib(&data, 6);
    let mut random = Random(11);
    for _ in 0..200 {
        let mut stream = stream.clone();
        let bit = random.below(stream.len() * 8);
        stream[bit / 8] ^= 1 << (bit % 8);
        let inflated = inflate_chunks(&stream, Some(data.len()), 1 << 23, &Threads::new(3), 9_000);
        if let Some(inflated) = inflated {
            assert_eq!(crc32fast::hash(&inflated.output), inflated.crc32);
            assert!(inflated.output != data);
        }
    }
}

#[test]
fn looks_whether_it_is_cancelled() {
    let zeros = vec![0; 4 << 20];
    let data = csv(60_000);
    for stream in [zlib(&data, 6), libdeflate(&data, 9), zlib(&zeros, 9)] {
        for (threads, looks) in [(1, 0), (1, 3), (2, 0), (2, 1), (2, 7), (3, 12)] {
            let threads = Threads::cancelled_after(threads, looks);
            assert!(inflate_chunks(&stream, None, 1 << 26, &threads, 20_000).is_none());
        }
    }
}

#[test]
fn declines_what_expands_past_its_limit() {
    let zeros = vec![0; 8 << 20];
    let stream = libdeflate(&zeros, 12);
    let threads = Threads::new(2);
    for limit in [0, 1, 1 << 20, (8 << 20) - 1] {
        assert!(inflate(&stream, Some(usize::MAX), limit, &threads).is_none());
        assert!(inflate(&stream, None, limit, &threads).is_none());
    }
    let inflated = inflate(&stream, Some(usize::MAX), 8 << 20, &threads);
    assert_inflated(inflated, &zeros, &stream, "zeros");
    assert!(inflate(&[], None, 100, &threads).is_none());
}
