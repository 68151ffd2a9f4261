//! Compressing what comes in pieces: segments that are compressed side by side, and put in order by
//! whoever has them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use twox_hash::XxHash64;

use super::brotli;
use super::checksum::Checksum;
use super::failure::{out_of_memory, reserve};
use super::settings::{Deflate, Encoding, Strategy, Wrapper};
use super::whole::{self, Engine};
use super::zstd;
use crate::error::Error;

/// Input bytes of a segment of deflate. The window before it is told again, which costs an eighth of
/// a millisecond.
const DEFLATE_SEGMENT: usize = 256 << 10;
/// Of brotli and Zstandard, which lose more by what a segment does not know.
const LONG_SEGMENT: usize = 1 << 20;

/// What follows the bytes that are pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// More of the same segment.
    More,
    /// More of the same segment, after all up to here can be read.
    Flush,
    /// As a flush, and what comes refers to nothing before it.
    FullFlush,
    /// Another segment.
    Segment,
    /// Nothing: this is the end of the stream.
    Stream,
}

/// A compressed stream in the making.
///
/// Its segments begin in order, each when all of the one before is noted. What they compress to is
/// joined in the same order, with the trailer at the end.
pub struct Encoder {
    encoding: Encoding,
    plan: Option<zstd::Plan>,
    /// The end of what was noted, as far as the next segment may refer to it.
    history: Vec<u8>,
    length: u64,
    segments: u64,
    /// Zstandard's checksum cannot be combined.
    content: Option<XxHash64>,
    checksums: Arc<Mutex<Checksums>>,
}

/// The checksums of the segments, in order.
struct Checksums {
    wrapper: Wrapper,
    all: Checksum,
    next: u64,
    waiting: BTreeMap<u64, Checksum>,
}

impl Checksums {
    fn add(&mut self, segment: u64, checksum: Checksum) {
        self.waiting.insert(segment, checksum);
        while let Some(next) = self.waiting.remove(&self.next) {
            self.all.append(&next);
            self.next += 1;
        }
    }
}

fn lock(checksums: &Mutex<Checksums>) -> MutexGuard<'_, Checksums> {
    checksums.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Encoder {
    /// An encoder of a stream; fails where the library refuses a parameter.
    pub fn new(encoding: Encoding) -> Result<Self, Error> {
        encoding.check()?;
        let wrapper = match &encoding {
            Encoding::Deflate(settings) => settings.wrapper,
            Encoding::Brotli(_) | Encoding::Zstd(_) => Wrapper::Raw,
        };
        let plan = match &encoding {
            Encoding::Zstd(settings) => Some(zstd::Plan::new(settings, None)),
            _ => None,
        };
        let history = match &encoding {
            Encoding::Deflate(settings) => whole::dictionary(settings).to_vec(),
            _ => Vec::new(),
        };
        Ok(Self {
            content: plan
                .as_ref()
                .filter(|plan| plan.has_checksum)
                .map(|_| XxHash64::with_seed(0)),
            encoding,
            plan,
            history,
            length: 0,
            segments: 0,
            checksums: Arc::new(Mutex::new(Checksums {
                wrapper,
                all: Checksum::new(wrapper),
                next: 0,
                waiting: BTreeMap::new(),
            })),
        })
    }

    /// Input bytes that make a segment.
    #[must_use]
    pub fn segment_length(encoding: &Encoding) -> usize {
        match encoding {
            Encoding::Deflate(_) => DEFLATE_SEGMENT,
            Encoding::Brotli(_) | Encoding::Zstd(_) => LONG_SEGMENT,
        }
    }

    /// The next segments of a deflate stream are compressed so.
    pub fn set_level(&mut self, level: u8, strategy: Strategy) {
        if let Encoding::Deflate(settings) = &mut self.encoding {
            settings.level = level;
            settings.strategy = strategy;
        }
    }

    /// The segment of what is noted from here on.
    pub fn begin(&mut self) -> Result<Segment, Error> {
        let index = self.segments;
        self.segments += 1;
        let mut history = Vec::new();
        reserve(&mut history, self.history.len())?;
        history.extend_from_slice(&self.history);
        let wrapper = lock(&self.checksums).wrapper;
        let work = match (&self.encoding, &self.plan) {
            (Encoding::Deflate(settings), _) => Work::Deflate(settings.clone()),
            (Encoding::Brotli(settings), _) => {
                // Without input it writes nothing: the header of the stream is the next one's.
                let is_silent = self.length == 0;
                Work::Brotli(brotli::Compressor::new(settings, self.length)?, is_silent)
            }
            (Encoding::Zstd(_), Some(plan)) => Work::Zstd(Box::new(plan.clone())),
            (Encoding::Zstd(_), None) => unreachable!("every frame has a plan"),
        };
        Ok(Segment {
            index,
            header: if index == 0 {
                self.header()
            } else {
                Vec::new()
            },
            is_first: index == 0,
            work,
            history,
            checksum: Checksum::new(wrapper),
            checksums: Arc::clone(&self.checksums),
        })
    }

    /// What stands before the segments.
    fn header(&self) -> Vec<u8> {
        match (&self.encoding, &self.plan) {
            (Encoding::Deflate(settings), _) => whole::header(settings),
            (_, Some(plan)) => plan.header(),
            _ => Vec::new(),
        }
    }

    /// Takes note of input that is pushed to the current segment, for those that come after it.
    pub fn note(&mut self, data: &[u8], ending: Ending) -> Result<(), Error> {
        self.length += data.len() as u64;
        if let Some(plan) = &self.plan {
            plan.check_length(self.length, ending == Ending::Stream)?;
        }
        if let Some(content) = &mut self.content {
            std::hash::Hasher::write(content, data);
        }
        let most = match (&self.encoding, &self.plan) {
            (Encoding::Deflate(settings), _) => 1 << settings.window_bits,
            (_, Some(plan)) => plan.overlap.min(LONG_SEGMENT),
            _ => 0,
        };
        remember(&mut self.history, data, most)?;
        if ending == Ending::FullFlush {
            self.history.clear();
        }
        Ok(())
    }

    /// What stands behind the segments, after all of them are compressed.
    #[must_use]
    pub fn trailer(&self) -> Vec<u8> {
        match (&self.content, &self.plan) {
            (Some(content), _) => {
                let [a, b, c, d, ..] = std::hash::Hasher::finish(content).to_le_bytes();
                vec![a, b, c, d]
            }
            (None, Some(_)) => Vec::new(),
            (None, None) => lock(&self.checksums).all.clone().trailer(),
        }
    }
}

/// Keeps the last `most` bytes of what came.
fn remember(history: &mut Vec<u8>, data: &[u8], most: usize) -> Result<(), Error> {
    let new = &data[data.len() - data.len().min(most)..];
    let kept = history.len().min(most - new.len());
    history.drain(..history.len() - kept);
    reserve(history, new.len())?;
    history.extend_from_slice(new);
    Ok(())
}

/// A part of the input, which is compressed without the parts before it.
pub struct Segment {
    index: u64,
    /// What is not written yet of it.
    header: Vec<u8>,
    /// Whether nothing came before it but a dictionary.
    is_first: bool,
    work: Work,
    /// What came before, as far as it may be referred to.
    history: Vec<u8>,
    checksum: Checksum,
    checksums: Arc<Mutex<Checksums>>,
}

enum Work {
    Deflate(Deflate),
    /// Whether it has written nothing yet, and nothing came before it.
    Brotli(brotli::Compressor, bool),
    Zstd(Box<zstd::Plan>),
}

impl Segment {
    /// Compresses the next bytes of the segment.
    pub fn push(&mut self, data: &[u8], ending: Ending) -> Result<Vec<u8>, Error> {
        let mut out = std::mem::take(&mut self.header);
        let is_end = ending == Ending::Stream;
        self.checksum.update(data);
        match &mut self.work {
            Work::Brotli(compressor, is_silent) => {
                *is_silent &= data.is_empty() && !is_end;
                if *is_silent {
                    return Ok(out);
                }
                let operation = match ending {
                    Ending::More => brotli::Operation::Process,
                    Ending::Flush | Ending::FullFlush | Ending::Segment => brotli::Operation::Flush,
                    Ending::Stream => brotli::Operation::Finish,
                };
                compressor.compress(data, operation, &mut out)?;
            }
            Work::Deflate(settings) => {
                let (text, start) = joined(&mut self.history, data)?;
                Engine::new(settings)?.compress(settings, &text, start, is_end, &mut out)?;
                self.history = text;
                trim(&mut self.history, 1 << settings.window_bits);
            }
            Work::Zstd(plan) => {
                let (text, start) = joined(&mut self.history, data)?;
                plan.compress(&text, start, self.is_first, is_end, &mut out)?;
                self.history = text;
                trim(&mut self.history, plan.overlap);
            }
        }
        if !data.is_empty() {
            self.is_first = false;
        }
        if ending == Ending::FullFlush {
            self.history.clear();
        }
        if matches!(ending, Ending::Segment | Ending::Stream) {
            let wrapper = lock(&self.checksums).wrapper;
            let checksum = std::mem::replace(&mut self.checksum, Checksum::new(wrapper));
            lock(&self.checksums).add(self.index, checksum);
        }
        Ok(out)
    }
}

/// `history` and `data` in one, and where `data` begins.
fn joined(history: &mut Vec<u8>, data: &[u8]) -> Result<(Vec<u8>, usize), Error> {
    let start = history.len();
    let mut text = std::mem::take(history);
    if text.try_reserve_exact(data.len()).is_err() {
        return Err(out_of_memory(data.len()));
    }
    text.extend_from_slice(data);
    Ok((text, start))
}

fn trim(history: &mut Vec<u8>, most: usize) {
    let excess = history.len().saturating_sub(most);
    history.drain(..excess);
}
