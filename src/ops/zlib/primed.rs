//! Blocks of deflate by zlib-rs: for the strategies and memory levels that only zlib knows.

use zlib_rs::{DeflateConfig, DeflateFlush, Status};

use super::failure::reserve;
use super::settings::{Deflate, Strategy};
use crate::error::Error;

/// Room that a flush takes beside the data.
const SLACK: usize = 64;

/// The blocks of `data[start..]`, which refer to the window before `start`, at the end of `out`. They
/// end at a byte: with an empty stored block, or with the final one where this is the `last` piece.
pub(super) fn compress(
    settings: &Deflate,
    data: &[u8],
    start: usize,
    last: bool,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let mut deflate = zlib_rs::Deflate::new_with_config(DeflateConfig {
        level: settings.level.into(),
        // Negative for a bare stream.
        window_bits: -i32::from(settings.window_bits),
        mem_level: settings.mem_level.into(),
        strategy: match settings.strategy {
            Strategy::Default => zlib_rs::Strategy::Default,
            Strategy::Filtered => zlib_rs::Strategy::Filtered,
            Strategy::HuffmanOnly => zlib_rs::Strategy::HuffmanOnly,
            Strategy::Rle => zlib_rs::Strategy::Rle,
            Strategy::Fixed => zlib_rs::Strategy::Fixed,
        },
        ..DeflateConfig::default()
    });
    let window = 1 << settings.window_bits;
    let history = &data[start.saturating_sub(window)..start];
    if !history.is_empty() {
        deflate
            .set_dictionary(history)
            .unwrap_or_else(|_| unreachable!("a stream that has not begun takes a dictionary"));
    }
    let flush = if last {
        DeflateFlush::Finish
    } else {
        DeflateFlush::SyncFlush
    };
    let mut input = &data[start..];
    loop {
        let room = zlib_rs::compress_bound(input.len()) + SLACK;
        let from = out.len();
        reserve(out, room)?;
        out.resize(from + room, 0);
        let (before_in, before_out) = (deflate.total_in(), deflate.total_out());
        let status = deflate
            .compress(input, &mut out[from..], flush)
            .unwrap_or_else(|_| unreachable!("the state is in order"));
        let taken = usize::try_from(deflate.total_in() - before_in).unwrap_or(usize::MAX);
        let written = usize::try_from(deflate.total_out() - before_out).unwrap_or(usize::MAX);
        out.truncate(from + written);
        input = &input[taken..];
        let is_done = if last {
            status == Status::StreamEnd
        } else {
            input.is_empty() && written < room
        };
        if is_done {
            return Ok(());
        }
    }
}
