//! Compressing input that is at hand, in blocks side by side.

use std::borrow::Cow;
use std::hash::Hasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use twox_hash::XxHash64;

use super::brotli::{self, Operation};
use super::checksum::Checksum;
use super::failure::{reserve, too_large};
use super::settings::{Brotli, Deflate, Encoding, Zstd};
use super::whole::{self, Engine};
use super::zstd;
use crate::error::Error;
use crate::pool::Context;

/// Input bytes of one block of deflate.
const BLOCK: usize = 512 << 10;

/// Compresses `data`, to at most `limit` bytes.
///
/// What is not `finished` is all there, and ends at a byte, but may be gone on with: it has no end.
pub fn compress(
    encoding: &Encoding,
    data: &[u8],
    finished: bool,
    limit: u64,
    context: &Context<'_>,
) -> Result<Vec<u8>, Error> {
    match encoding {
        Encoding::Deflate(settings) => deflate(settings, data, finished, limit, context),
        Encoding::Brotli(settings) => brotli(settings, data, finished, limit, context),
        Encoding::Zstd(settings) => zstd(settings, data, finished, limit, context),
    }
}

fn deflate(
    settings: &Deflate,
    data: &[u8],
    finished: bool,
    limit: u64,
    context: &Context<'_>,
) -> Result<Vec<u8>, Error> {
    // A dictionary stands before the input.
    let (text, start) = match whole::dictionary(settings) {
        [] => (Cow::Borrowed(data), 0),
        dictionary => {
            let mut text = Vec::new();
            reserve(&mut text, dictionary.len() + data.len())?;
            text.extend_from_slice(dictionary);
            text.extend_from_slice(data);
            (Cow::Owned(text), dictionary.len())
        }
    };
    let mut output = Joined::new(whole::header(settings), limit);
    // As many as there are threads, each with a block at a time.
    let engines = Mutex::new(Vec::new());
    let blocks = blocks(data.len(), BLOCK, limit, context, |from, to| {
        let mut checksum = Checksum::new(settings.wrapper);
        checksum.update(&text[start + from..start + to]);
        let mut out = Vec::new();
        let is_end = finished && to == data.len();
        let idle = lock(&engines).pop();
        let mut engine = match idle {
            Some(engine) => engine,
            None => Engine::new(settings)?,
        };
        engine.compress(
            settings,
            &text[..start + to],
            start + from,
            is_end,
            &mut out,
        )?;
        lock(&engines).push(engine);
        Ok((out, checksum))
    })?;
    let mut all = Checksum::new(settings.wrapper);
    for (block, checksum) in blocks {
        all.append(&checksum);
        output.push(block);
    }
    if finished {
        output.push(all.trailer());
    }
    output.join()
}

fn lock(engines: &Mutex<Vec<Engine>>) -> MutexGuard<'_, Vec<Engine>> {
    engines.lock().unwrap_or_else(PoisonError::into_inner)
}

fn brotli(
    settings: &Brotli,
    data: &[u8],
    finished: bool,
    limit: u64,
    context: &Context<'_>,
) -> Result<Vec<u8>, Error> {
    let mut output = Joined::new(Vec::new(), limit);
    let length = brotli::block_length(settings);
    let blocks = blocks(data.len(), length, limit, context, |from, to| {
        let mut out = Vec::new();
        let operation = if finished && to == data.len() {
            Operation::Finish
        } else {
            Operation::Flush
        };
        let mut compressor = brotli::Compressor::new(settings, from as u64)?;
        compressor.expect(data.len())?;
        compressor.compress(&data[from..to], operation, &mut out)?;
        Ok((out, ()))
    })?;
    for (block, ()) in blocks {
        output.push(block);
    }
    output.join()
}

fn zstd(
    settings: &Zstd,
    data: &[u8],
    finished: bool,
    limit: u64,
    context: &Context<'_>,
) -> Result<Vec<u8>, Error> {
    let length = data.len() as u64;
    let plan = zstd::Plan::new(settings, finished.then_some(length));
    plan.check_length(length, finished)?;
    let mut output = Joined::new(plan.header(), limit);
    let blocks = blocks(
        data.len(),
        plan.part_length(),
        limit,
        context,
        |from, to| {
            let start = from - from.min(plan.overlap);
            let mut text = Vec::new();
            reserve(&mut text, to - start)?;
            text.extend_from_slice(&data[start..to]);
            let mut out = Vec::new();
            let is_last = finished && to == data.len();
            plan.compress(&text, from - start, from == 0, is_last, &mut out)?;
            Ok((out, ()))
        },
    )?;
    for (block, ()) in blocks {
        output.push(block);
    }
    if finished && plan.has_checksum {
        let mut hasher = XxHash64::with_seed(0);
        hasher.write(data);
        let [a, b, c, d, ..] = hasher.finish().to_le_bytes();
        output.push(vec![a, b, c, d]);
    }
    output.join()
}

/// Compresses the blocks of `length` bytes, over the threads that there are. An empty input is one
/// empty block.
fn blocks<R: Send>(
    length: usize,
    block: usize,
    limit: u64,
    context: &Context<'_>,
    compress: impl Fn(usize, usize) -> Result<(Vec<u8>, R), Error> + Sync,
) -> Result<Vec<(Vec<u8>, R)>, Error> {
    let count = length.div_ceil(block).max(1);
    let (read, written) = (AtomicU64::new(0), AtomicU64::new(0));
    let one = |index: usize| {
        context.check()?;
        let (from, to) = (index * block, ((index + 1) * block).min(length));
        let (out, rest) = compress(from, to)?;
        if written.fetch_add(out.len() as u64, Ordering::Relaxed) + out.len() as u64 > limit {
            return Err(too_large(limit));
        }
        let behind = read.fetch_add((to - from) as u64, Ordering::Relaxed) + (to - from) as u64;
        context.checkpoint(behind, Some(length as u64))?;
        Ok((out, rest))
    };
    side_by_side((0..count).collect(), context, one)
}

/// Does `work` on each of `items`, over the threads that there are.
pub(super) fn side_by_side<T: Send, R: Send>(
    items: Vec<T>,
    context: &Context<'_>,
    work: impl Fn(T) -> Result<R, Error> + Sync + Send,
) -> Result<Vec<R>, Error> {
    match context.split().team().filter(|_| items.len() > 1) {
        None => items.into_iter().map(work).collect(),
        Some(team) => team.install(|| items.into_par_iter().with_max_len(1).map(work).collect()),
    }
}

/// Parts of the output, in order.
struct Joined {
    parts: Vec<Vec<u8>>,
    length: usize,
    limit: u64,
}

impl Joined {
    fn new(header: Vec<u8>, limit: u64) -> Self {
        Self {
            length: header.len(),
            parts: vec![header],
            limit,
        }
    }

    fn push(&mut self, part: Vec<u8>) {
        self.length += part.len();
        self.parts.push(part);
    }

    /// All of it in one, of the right size.
    fn join(self) -> Result<Vec<u8>, Error> {
        if self.length as u64 > self.limit {
            return Err(too_large(self.limit));
        }
        let mut output = Vec::new();
        reserve(&mut output, self.length)?;
        for part in self.parts {
            output.extend_from_slice(&part);
        }
        Ok(output)
    }
}
