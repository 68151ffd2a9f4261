//! Compression against independent implementations, published vectors, and itself in other pieces.

mod corrupt;
mod files;
mod known_answers;
mod limits;
mod members;
mod oracle;
mod round_trips;
mod samples;
mod streams;

use std::fmt::Debug;
use std::sync::LazyLock;

use offloop::error::Error;
use offloop::ops::zlib::{
    Brotli, Decoder, Deflate, Encoding, Inflate, Packing, Strategy, Unpacking, Wrapper, Zstd,
    compress, decompress,
};
use offloop::pool::{CancelToken, Context, LaneKind, Split};

static SPLITS: LazyLock<[Split; 3]> =
    LazyLock::new(|| [1, 2, 5].map(|threads| Split::new(LaneKind::Bulk, threads)));

const NO_LIMIT: u64 = u64::MAX;

/// What comes of it on one thread, which is what comes of it on two and on five.
fn on_threads<R: Debug + PartialEq>(run: impl Fn(&Context<'_>) -> R) -> R {
    let token = CancelToken::default();
    let [one, two, five] = SPLITS
        .each_ref()
        .map(|split| run(&Context::new(&token, split)));
    // Not `assert_eq!`: they may be long.
    assert!(one == two, "two threads make something else");
    assert!(one == five, "five threads make something else");
    one
}

/// An error as all that is said of it.
fn told(error: &Error) -> String {
    format!("{}: {error}", error.code())
}

fn pack(encoding: &Encoding, data: &[u8], finished: bool) -> Vec<u8> {
    on_threads(|context| {
        compress(encoding, data, finished, NO_LIMIT, context).map_err(|error| told(&error))
    })
    .expect("it can be compressed")
}

/// The content and how much of the data it took, or the error.
type Outcome = Result<(Vec<u8>, u64), String>;

fn unpack(unpacking: &Unpacking, data: &[u8], finished: bool, limit: u64) -> Outcome {
    let token = CancelToken::default();
    let context = Context::new(&token, &SPLITS[1]);
    decompress(unpacking, data, finished, limit, &context)
        .map(|done| (done.as_ref().to_vec(), done.consumed))
        .map_err(|error| told(&error))
}

/// As [`unpack`], by a decoder that sees `most_in` bytes at once and has room for `most_out`.
fn unpack_in_steps(
    unpacking: &Unpacking,
    data: &[u8],
    finished: bool,
    [most_in, most_out]: [usize; 2],
) -> Outcome {
    let mut decoder = Decoder::new(unpacking).map_err(|error| told(&error))?;
    let (mut out, mut room) = (Vec::new(), vec![0; most_out]);
    let mut consumed = 0_usize;
    loop {
        let piece = &data[consumed..data.len().min(consumed.saturating_add(most_in))];
        let is_all = consumed + piece.len() == data.len();
        let step = decoder
            .step(piece, is_all && finished, &mut room)
            .map_err(|error| told(&error))?;
        consumed += step.consumed;
        out.extend_from_slice(&room[..step.written]);
        let is_left = step.consumed < piece.len();
        let is_end = step.is_ended && (is_left || consumed == data.len());
        if is_end || (is_all && step.written < most_out) {
            return Ok((out, consumed as u64));
        }
        let moves = step.consumed > 0 || step.written > 0;
        assert!(moves, "it does not go on at {consumed}");
    }
}

/// How data is read that was written so.
fn reader(encoding: &Encoding) -> Unpacking {
    match encoding {
        Encoding::Deflate(settings) => Unpacking::Inflate(Inflate {
            dictionary: settings.dictionary.clone(),
            ..Inflate::new(packing(settings.wrapper))
        }),
        Encoding::Brotli(_) => Unpacking::Brotli(Brotli::default()),
        Encoding::Zstd(settings) => Unpacking::Zstd(Zstd {
            dictionary: settings.dictionary.clone(),
            ..Zstd::default()
        }),
    }
}

fn packing(wrapper: Wrapper) -> Packing {
    match wrapper {
        Wrapper::Gzip => Packing::Gzip,
        Wrapper::Zlib => Packing::Zlib,
        Wrapper::Raw => Packing::Raw,
    }
}

/// `packed` is `data`, for the other implementation and for this one, to its last byte.
fn is_data(encoding: &Encoding, packed: &[u8], data: &[u8]) {
    let read = |packed| oracle::read(encoding, packed, data.len());
    let label = || format!("{} bytes by {encoding:?}", data.len());
    assert!(
        read(packed).is_some_and(|found| found == data),
        "{}",
        label()
    );
    // All of it is needed.
    assert!(read(&packed[..packed.len() - 1]).is_none(), "{}", label());
    let found = unpack(&reader(encoding), packed, true, NO_LIMIT);
    let (found, consumed) = found.unwrap_or_else(|error| panic!("{error}: {}", label()));
    assert!(found == data, "{}", label());
    assert_eq!(consumed, packed.len() as u64, "{}", label());
}

const WRAPPERS: [Wrapper; 3] = [Wrapper::Gzip, Wrapper::Zlib, Wrapper::Raw];

const STRATEGIES: [Strategy; 5] = [
    Strategy::Default,
    Strategy::Filtered,
    Strategy::HuffmanOnly,
    Strategy::Rle,
    Strategy::Fixed,
];

fn deflate(wrapper: Wrapper, level: u8) -> Encoding {
    Encoding::Deflate(Deflate {
        level,
        ..Deflate::new(wrapper)
    })
}

/// `BROTLI_PARAM_QUALITY` and `BROTLI_PARAM_LGWIN`.
fn brotli(quality: u32, window_log: u32) -> Encoding {
    Encoding::Brotli(Brotli {
        parameters: vec![(1, quality), (2, window_log)],
    })
}

const ZSTD_LEVEL: i32 = 100;
const ZSTD_WINDOW_LOG: i32 = 101;
const ZSTD_CONTENT_SIZE: i32 = 200;
const ZSTD_CHECKSUM: i32 = 201;
const ZSTD_DICTIONARY_ID: i32 = 202;

fn zstd(parameters: &[(i32, i32)]) -> Encoding {
    Encoding::Zstd(Zstd {
        parameters: parameters.to_vec(),
        ..Zstd::default()
    })
}

/// One of each format, which is fast.
fn formats() -> Vec<Encoding> {
    let mut all = WRAPPERS.map(|wrapper| deflate(wrapper, 6)).to_vec();
    all.extend([brotli(5, 22), zstd(&[]), zstd(&[(ZSTD_CHECKSUM, 1)])]);
    all
}
