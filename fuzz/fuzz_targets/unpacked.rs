//! What a decompressor makes of some bytes, at once and in pieces.

use offloop::error::Error;
use offloop::ops::zlib::{Decoder, Unpacking, decompress};
use offloop::pool::{CancelToken, Context, LaneKind, Split};

/// The content and the bytes that it took; an error's code.
pub(crate) type Outcome = Result<(Vec<u8>, usize), String>;

const LIMIT: u64 = 1 << 20;

/// What all ways to read `data` agree on. Errors of different pieces may have different places.
pub(crate) fn agrees(unpacking: &Unpacking, data: &[u8]) -> Outcome {
    let (token, split) = (CancelToken::default(), Split::new(LaneKind::Bulk, 1));
    let context = Context::new(&token, &split);
    let whole = decompress(unpacking, data, true, LIMIT, &context)
        .map(|done| {
            (
                done.as_ref().to_vec(),
                usize::try_from(done.consumed).expect("a length"),
            )
        })
        .map_err(code);
    for [most_in, most_out] in [[1, 300], [13, 7], [4096, 1 << 16]] {
        let pieces = in_pieces(unpacking, data, most_in, most_out);
        match (&whole, &pieces) {
            // Zstandard is stricter with what it sees in one piece, and brotli says it in other words.
            (Err(_), Err(_)) => {}
            (Err(code), Ok(_)) => assert!(code.starts_with("ZSTD_error_"), "{code}"),
            _ => assert_eq!(whole, pieces),
        }
    }
    whole
}

fn in_pieces(unpacking: &Unpacking, data: &[u8], most_in: usize, most_out: usize) -> Outcome {
    let mut decoder = Decoder::new(unpacking).map_err(code)?;
    let (mut content, mut room) = (Vec::new(), vec![0; most_out]);
    let mut consumed = 0;
    loop {
        let piece = &data[consumed..data.len().min(consumed + most_in)];
        let is_all = consumed + piece.len() == data.len();
        let step = decoder.step(piece, is_all, &mut room).map_err(code)?;
        consumed += step.consumed;
        content.extend_from_slice(&room[..step.written]);
        if content.len() as u64 > LIMIT {
            return Err("ERR_BUFFER_TOO_LARGE".to_owned());
        }
        if step.is_ended && (step.consumed < piece.len() || consumed == data.len()) {
            return Ok((content, consumed));
        }
        assert!(step.consumed > 0 || step.written > 0, "it does not go on");
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn code(error: Error) -> String {
    error.code().to_owned()
}
