//! Streams in pieces: segments that are compressed in any order, and decoders that see a few bytes.

use std::thread;

use offloop::ops::zlib::{
    self, Brotli, Decoder, Deflate, Encoder, Encoding, Ending, Inflate, Packing, Unpacking,
    Wrapper, Zstd, expected_length,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::samples::{noise, records, repeats, zeros};
use crate::{
    NO_LIMIT, WRAPPERS, ZSTD_CHECKSUM, ZSTD_LEVEL, ZSTD_WINDOW_LOG, brotli, deflate, formats,
    is_data, reader, told, unpack, unpack_in_steps, zstd,
};

/// What is pushed at once, and what comes after it.
type Push = (usize, Ending);

/// The output of each push, and the trailer.
struct Stream {
    outputs: Vec<Vec<u8>>,
    trailer: Vec<u8>,
}

impl Stream {
    fn bytes(&self) -> Vec<u8> {
        [self.outputs.concat(), self.trailer.clone()].concat()
    }
}

/// A stream of `pushes`, each segment on a thread of its own, the last one first.
fn encode(encoding: &Encoding, data: &[u8], pushes: &[Push]) -> Result<Stream, String> {
    let told = |error| told(&error);
    let mut encoder = Encoder::new(encoding.clone()).map_err(told)?;
    let mut segments = vec![(encoder.begin().map_err(told)?, Vec::new())];
    let mut rest = data;
    for (index, (length, ending)) in pushes.iter().enumerate() {
        let (piece, later) = rest.split_at(*length);
        rest = later;
        encoder.note(piece, *ending).map_err(told)?;
        let (_, pieces) = segments.last_mut().expect("a segment");
        pieces.push((piece, *ending));
        if *ending == Ending::Segment && index + 1 < pushes.len() {
            segments.push((encoder.begin().map_err(told)?, Vec::new()));
        }
    }
    assert_eq!(rest.len(), 0);
    let outputs: Result<Vec<_>, _> = thread::scope(|scope| {
        let mut threads = Vec::new();
        for (mut segment, pieces) in segments.into_iter().rev() {
            threads.push(scope.spawn(move || {
                let push = |(piece, ending)| segment.push(piece, ending);
                pieces.into_iter().map(push).collect::<Result<Vec<_>, _>>()
            }));
        }
        let finished = threads
            .into_iter()
            .rev()
            .map(|thread| thread.join().expect("no panic"));
        finished.collect()
    });
    Ok(Stream {
        outputs: outputs.map_err(told)?.concat(),
        trailer: encoder.trailer(),
    })
}

/// Full segments and what is left of `length`.
fn in_segments(length: usize, segment: usize) -> Vec<Push> {
    let mut pushes = vec![(segment, Ending::Segment); length / segment];
    pushes.push((length % segment, Ending::Stream));
    pushes
}

#[test]
fn segments_of_the_usual_length() {
    for encoding in formats() {
        let segment = Encoder::segment_length(&encoding);
        for length in [0, 1, segment - 1, segment, segment + 1, 3 * segment + 5] {
            for data in [records(length), repeats(length)] {
                let stream = encode(&encoding, data, &in_segments(length, segment));
                is_data(&encoding, &stream.expect("it is compressed").bytes(), data);
            }
        }
    }
}

/// Segments are told the window before them: repeats cost them nothing.
#[test]
fn segments_know_the_window_before_them() {
    let encodings = [
        deflate(Wrapper::Gzip, 6),
        deflate(Wrapper::Raw, 1),
        zstd(&[]),
    ];
    for encoding in encodings {
        let data = [noise(20_000); 20].concat();
        let pushes = in_segments(data.len(), 20_000);
        let packed = encode(&encoding, &data, &pushes)
            .expect("it is compressed")
            .bytes();
        is_data(&encoding, &packed, &data);
        assert!(packed.len() < 30_000, "{} by {encoding:?}", packed.len());
    }
}

/// What is out after a flush, and what was in.
fn flushed(stream: &Stream, pushes: &[Push]) -> Vec<([usize; 2], Ending)> {
    let mut all = Vec::new();
    let [mut behind_in, mut behind_out] = [0, 0];
    for (output, (length, ending)) in stream.outputs.iter().zip(pushes) {
        behind_in += length;
        behind_out += output.len();
        if *ending != Ending::More {
            all.push(([behind_in, behind_out], *ending));
        }
    }
    all
}

fn endings_are_kept(encoding: &Encoding, data: &[u8], pushes: &[Push]) {
    let stream = encode(encoding, data, pushes).expect("it is compressed");
    let packed = stream.bytes();
    is_data(encoding, &packed, data);
    let again = encode(encoding, data, pushes).expect("it is compressed");
    assert!(packed == again.bytes(), "it depends on the threads");
    for ([read, written], ending) in flushed(&stream, pushes) {
        let label = || format!("after {read} bytes, {ending:?}, {encoding:?}");
        let up_to_there = &packed[..written];
        let found = unpack(&reader(encoding), up_to_there, false, NO_LIMIT);
        let (found, _) = found.unwrap_or_else(|error| panic!("{error}: {}", label()));
        assert!(found == data[..read], "{}", label());
        if let Encoding::Deflate(settings) = encoding
            && ending == Ending::FullFlush
        {
            let bare = Unpacking::Inflate(Inflate::new(Packing::Raw));
            let later = &stream.outputs.concat()[written..];
            let found = unpack(&bare, later, true, NO_LIMIT);
            let (found, _) = found.unwrap_or_else(|error| panic!("{error}: {}", label()));
            assert!(found == data[read..], "{}, {settings:?}", label());
        }
    }
}

#[test]
fn flushes() {
    use Ending::{Flush, FullFlush, More, Segment, Stream};
    let repeated = [noise(1000); 12].concat();
    let cases: [&[Push]; 9] = [
        &[(12_000, Stream)],
        &[(5000, Flush), (7000, Stream)],
        &[(5000, FullFlush), (7000, Stream)],
        &[(5000, More), (0, Flush), (7000, More), (0, Stream)],
        &[
            (0, Flush),
            (0, FullFlush),
            (0, Segment),
            (12_000, Segment),
            (0, Segment),
            (0, Stream),
        ],
        &[
            (1, More),
            (1, Flush),
            (1, Flush),
            (1, FullFlush),
            (11_996, Stream),
        ],
        &[
            (3000, Segment),
            (3000, FullFlush),
            (3000, Segment),
            (3000, Stream),
        ],
        &[
            (3000, FullFlush),
            (3000, FullFlush),
            (3000, FullFlush),
            (3000, Stream),
        ],
        &[
            (6000, Flush),
            (0, Segment),
            (6000, Flush),
            (0, Flush),
            (0, Stream),
        ],
    ];
    for encoding in formats() {
        for pushes in cases {
            endings_are_kept(&encoding, &repeated, pushes);
        }
    }
    for level in 0..=9 {
        for wrapper in WRAPPERS {
            endings_are_kept(&deflate(wrapper, level), &repeated, cases[6]);
        }
    }
    for quality in 0..=11 {
        endings_are_kept(&brotli(quality, 16), &repeated, cases[6]);
    }
    for level in -3..=22 {
        endings_are_kept(&zstd(&[(ZSTD_LEVEL, level)]), &repeated, cases[6]);
    }
}

#[test]
fn a_stream_without_an_end_has_all_that_was_flushed() {
    for encoding in formats() {
        let pushes = [(1000, Ending::Segment), (500, Ending::Flush)];
        let stream = encode(&encoding, records(1500), &pushes).expect("it is compressed");
        let packed = stream.outputs.concat();
        let found = unpack(&reader(&encoding), &packed, false, NO_LIMIT);
        assert!(found == Ok((records(1500).to_vec(), packed.len() as u64)));
        let error = unpack(&reader(&encoding), &packed, true, NO_LIMIT).expect_err("no end");
        assert!(
            error.starts_with("Z_BUF_ERROR: unexpected end of file"),
            "{error}"
        );
    }
}

#[test]
fn dictionaries_are_for_the_first_segment() {
    let dictionary = noise(5000).to_vec();
    let data = [noise(5000); 8].concat();
    let deflate = |wrapper| {
        Encoding::Deflate(Deflate {
            dictionary: dictionary.clone(),
            ..Deflate::new(wrapper)
        })
    };
    let zstd = Encoding::Zstd(Zstd {
        parameters: vec![(ZSTD_CHECKSUM, 1), (ZSTD_WINDOW_LOG, 17)],
        dictionary: dictionary.clone(),
        pledged_length: None,
    });
    for encoding in [deflate(Wrapper::Zlib), deflate(Wrapper::Raw), zstd] {
        for segment in [700, 5000, 9000] {
            let pushes = in_segments(data.len(), segment);
            let packed = encode(&encoding, &data, &pushes)
                .expect("it is compressed")
                .bytes();
            is_data(&encoding, &packed, &data);
            let most = if segment == 700 { 5000 } else { 3000 };
            assert!(packed.len() < most, "{} in {segment}", packed.len());
        }
    }
}

#[test]
fn levels_change_between_segments() {
    let mut encoder = Encoder::new(deflate(Wrapper::Gzip, 0)).expect("good settings");
    let mut packed = Vec::new();
    let mut lengths = Vec::new();
    for (level, strategy) in [
        (0, zlib::Strategy::Default),
        (9, zlib::Strategy::Default),
        (6, zlib::Strategy::HuffmanOnly),
    ] {
        encoder.set_level(level, strategy);
        let mut segment = encoder.begin().expect("memory");
        let data = records(50_000);
        encoder.note(data, Ending::Segment).expect("memory");
        let output = segment.push(data, Ending::Segment).expect("memory");
        lengths.push(output.len());
        packed.extend(output);
    }
    assert!(
        lengths[0] > 50_000 && lengths[1] < 15_000 && lengths[2] > 20_000,
        "{lengths:?}"
    );
    let mut segment = encoder.begin().expect("memory");
    encoder.note(&[], Ending::Stream).expect("memory");
    packed.extend(segment.push(&[], Ending::Stream).expect("memory"));
    packed.extend(encoder.trailer());
    is_data(
        &deflate(Wrapper::Gzip, 6),
        &packed,
        &[records(50_000); 3].concat(),
    );
}

#[test]
fn zstd_keeps_to_a_pledged_length() {
    let pledged = |length, parameters: &[(i32, i32)]| {
        Encoding::Zstd(Zstd {
            parameters: parameters.to_vec(),
            dictionary: Vec::new(),
            pledged_length: Some(length),
        })
    };
    let data = records(2000);
    let encode = |length: u64, parameters: &[(i32, i32)]| {
        let pushes = [(700, Ending::Segment), (1300, Ending::Stream)];
        encode(&pledged(length, parameters), data, &pushes).map(|stream| stream.bytes())
    };
    let unpacking = reader(&zstd(&[]));
    let packed = encode(2000, &[]).expect("it is compressed");
    is_data(&zstd(&[]), &packed, data);
    assert_eq!(expected_length(&unpacking, &packed), Some(2000));
    let without = encode(2000, &[(crate::ZSTD_CONTENT_SIZE, 0)]).expect("it is compressed");
    assert_eq!(expected_length(&unpacking, &without), None);
    for wrong in [0, 699, 1999, 2001] {
        let error = encode(wrong, &[]).expect_err("not what was pledged");
        let begin = "ZSTD_error_srcSize_wrong: Src size is incorrect";
        assert!(error.starts_with(begin), "{error}");
    }
}

#[test]
fn parameters_that_the_library_refuses() {
    let cases = [
        Encoding::Brotli(Brotli {
            parameters: vec![(99, 1)],
        }),
        zstd(&[(ZSTD_WINDOW_LOG, 99)]),
        zstd(&[(12_345, 1)]),
    ];
    for encoding in cases {
        let refused = Encoder::new(encoding.clone())
            .map(|_| ())
            .expect_err("refused");
        assert_eq!(
            refused.code(),
            "ERR_ZLIB_INITIALIZATION_FAILED",
            "{encoding:?}"
        );
        assert_eq!(
            encoding.check().expect_err("refused").code(),
            refused.code()
        );
    }
}

const STEPS: [usize; 7] = [1, 2, 3, 7, 64, 1000, usize::MAX];

#[test]
fn decoders_in_steps_of_every_size() {
    for encoding in formats() {
        for data in [
            records(0),
            records(1),
            records(3000),
            noise(700),
            zeros(4000),
            repeats(3000),
        ] {
            let pushes = [
                (0, Ending::Segment),
                (data.len(), Ending::Flush),
                (0, Ending::Stream),
            ];
            let packed = encode(&encoding, data, &pushes)
                .expect("it is compressed")
                .bytes();
            let expected = Ok((data.to_vec(), packed.len() as u64));
            for most_in in STEPS {
                for most_out in [1, 2, 3, 7, 64, 1000, 5000] {
                    let found =
                        unpack_in_steps(&reader(&encoding), &packed, true, [most_in, most_out]);
                    assert!(found == expected, "{most_in}, {most_out}, {encoding:?}");
                }
            }
        }
    }
}

#[test]
fn decoders_that_are_given_nothing_wait() {
    for encoding in formats() {
        let packed = crate::pack(&encoding, records(1000), true);
        let unpacking = reader(&encoding);
        let mut decoder = Decoder::new(&unpacking).expect("good settings");
        let (mut out, mut room) = (Vec::new(), [0; 3000]);
        let (first, rest) = packed.split_at(packed.len() / 2);
        for piece in [&[], first, &[], rest] {
            // More often than any library loses patience.
            for repeat in 0..if piece.is_empty() { 40 } else { 1 } {
                let step = decoder.step(piece, false, &mut room);
                let step = step.unwrap_or_else(|error| panic!("{repeat}: {error}: {encoding:?}"));
                assert_eq!(step.consumed, piece.len());
                out.extend_from_slice(&room[..step.written]);
            }
        }
        assert!(out == records(1000));
        for _ in 0..40 {
            let step = decoder.step(&[], true, &mut room).expect("it has ended");
            assert_eq!(
                (step.consumed, step.written, step.is_ended),
                (0, 0, true),
                "{encoding:?}"
            );
        }
    }
}

fn pushes() -> impl Strategy<Value = Vec<Push>> {
    use Ending::{Flush, FullFlush, More, Segment};
    let length = prop_oneof![Just(0), 1..10_usize, 10..5000_usize];
    vec((length, select(&[More, Flush, FullFlush, Segment])), 0..12)
}

fn encoding() -> impl Strategy<Value = Encoding> {
    prop_oneof![
        (select(&WRAPPERS), 0..=9_u8).prop_map(|(wrapper, level)| deflate(wrapper, level)),
        (0..=11_u32, 10..=22_u32).prop_map(|(quality, window_log)| brotli(quality, window_log)),
        (-5..=19, 10..=20, 0..=1).prop_map(|(level, window_log, checksum)| {
            zstd(&[
                (ZSTD_LEVEL, level),
                (ZSTD_WINDOW_LOG, window_log),
                (ZSTD_CHECKSUM, checksum),
            ])
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_pieces_with_any_endings(
        mut pushes in pushes(),
        last in 0..3000_usize,
        encoding in encoding(),
        source in 0..3_usize,
    ) {
        pushes.push((last, Ending::Stream));
        let length = pushes.iter().map(|(length, _)| length).sum();
        let data = [records, repeats, noise][source](length);
        endings_are_kept(&encoding, data, &pushes);
    }
}
