//! Inflate as a stream, member by member, with the verdicts of Node.js's `node:zlib`.

use zlib_rs::{InflateError, InflateFlush, Status};

use super::decoder::Step;
use super::failure::{failure, unexpected_end};
use super::settings::{Inflate, Packing};
use crate::error::Error;

/// What zlib-rs says where its fast path has found an error: the next look at the state takes the
/// place of what was wrong.
const LOST_MESSAGE: &str = "repeated call with bad state";
/// What it can have been.
pub(super) const OF_FAST_PATH: &str = "invalid code or distance";
/// The fast path is for output that has room for the longest match.
pub(super) const TOO_SMALL_TO_BE_FAST: usize = 200;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Reads deflate streams in a wrapper.
pub(super) struct Inflater {
    settings: Inflate,
    inflate: zlib_rs::Inflate,
    /// Bytes of the members that are read to their end.
    behind: u64,
    members: Members,
    /// The first bytes, of a stream that tells by them what it is.
    magic: [Option<u8>; 2],
}

/// Whether more than one may come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Members {
    /// It shows with the first two bytes.
    Unknown,
    One,
    Many,
}

impl Inflater {
    pub(super) fn new(settings: &Inflate) -> Result<Self, Error> {
        let mut inflate = start(settings);
        if settings.packing == Packing::Raw && !settings.dictionary.is_empty() {
            inflate
                .set_dictionary(&settings.dictionary)
                .map_err(|_| failure("Failed to set dictionary", "Z_STREAM_ERROR", -2, 0))?;
        }
        Ok(Self {
            settings: settings.clone(),
            inflate,
            behind: 0,
            members: match settings.packing {
                Packing::Gzip => Members::Many,
                Packing::Zlib | Packing::Raw => Members::One,
                Packing::Either => Members::Unknown,
            },
            magic: [None; 2],
        })
    }

    fn position(&self) -> u64 {
        self.behind + self.inflate.total_in()
    }

    pub(super) fn step(
        &mut self,
        input: &[u8],
        last: bool,
        output: &mut [u8],
    ) -> Result<Step, Error> {
        self.look(input);
        let mut step = Step::default();
        let mut ended = self.inflate(input, output, last, &mut step)?;
        // Bytes are left: another member, or garbage. Zeros are padding (`node:zlib` says so).
        while ended
            && self.members == Members::Many
            && input.get(step.consumed).is_some_and(|byte| *byte != 0)
        {
            self.behind += self.inflate.total_in();
            self.inflate = start(&self.settings);
            ended = self.inflate(input, output, last, &mut step)?;
        }
        if last && !ended && step.written < output.len() {
            return Err(unexpected_end(self.position()));
        }
        step.is_ended = ended;
        Ok(step)
    }

    /// Finds out which wrapper it is, where that is for the data to say.
    fn look(&mut self, input: &[u8]) {
        if self.members != Members::Unknown {
            return;
        }
        for byte in input {
            match self.magic {
                [None, _] => self.magic[0] = Some(*byte),
                [_, None] => self.magic[1] = Some(*byte),
                _ => break,
            }
        }
        self.members = match self.magic {
            [Some(first), _] if first != GZIP_MAGIC[0] => Members::One,
            [Some(_), Some(second)] if second != GZIP_MAGIC[1] => Members::One,
            [Some(_), Some(_)] => Members::Many,
            _ => Members::Unknown,
        };
    }

    /// Whether the member has ended.
    fn inflate(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        last: bool,
        step: &mut Step,
    ) -> Result<bool, Error> {
        let flush = if last {
            InflateFlush::Finish
        } else {
            InflateFlush::NoFlush
        };
        loop {
            let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
            let result = self.inflate.decompress(
                &input[step.consumed..],
                &mut output[step.written..],
                flush,
            );
            let taken = self.inflate.total_in() - before_in;
            let written = self.inflate.total_out() - before_out;
            step.consumed += usize::try_from(taken).unwrap_or(usize::MAX);
            step.written += usize::try_from(written).unwrap_or(usize::MAX);
            match result {
                Ok(Status::StreamEnd) => return Ok(true),
                // A call takes at most 4 GiB.
                Ok(_) if taken > u64::from(u32::MAX) >> 1 || written > u64::from(u32::MAX) >> 1 => {
                }
                Ok(_) => return Ok(false),
                Err(InflateError::NeedDict { .. }) => self.set_dictionary()?,
                Err(error) => return Err(self.failure(error)),
            }
        }
    }

    fn set_dictionary(&mut self) -> Result<(), Error> {
        let position = self.position();
        let dictionary = &self.settings.dictionary;
        if dictionary.is_empty() {
            return Err(failure("Missing dictionary", "Z_NEED_DICT", 2, position));
        }
        match self.inflate.set_dictionary(dictionary) {
            Ok(_) => Ok(()),
            Err(InflateError::DataError) => {
                Err(failure("Bad dictionary", "Z_NEED_DICT", 2, position))
            }
            Err(error) => Err(self.failure(error)),
        }
    }

    fn failure(&self, error: InflateError) -> Error {
        let (code, errno) = match error {
            InflateError::DataError => ("Z_DATA_ERROR", -3),
            InflateError::MemError => ("Z_MEM_ERROR", -4),
            InflateError::StreamError | InflateError::NeedDict { .. } => ("Z_STREAM_ERROR", -2),
        };
        let message = self.inflate.error_message().unwrap_or("Zlib error");
        let message = if message == LOST_MESSAGE {
            OF_FAST_PATH
        } else {
            message
        };
        failure(message, code, errno, self.position())
    }
}

fn start(settings: &Inflate) -> zlib_rs::Inflate {
    let window_bits = settings.window_bits;
    // Only a zlib header says how large the window is.
    let known = if window_bits == 0 { 15 } else { window_bits };
    match settings.packing {
        Packing::Gzip => zlib_rs::Inflate::new(true, 16 + known),
        Packing::Either => zlib_rs::Inflate::new(true, 32 + known),
        Packing::Zlib => zlib_rs::Inflate::new(true, window_bits),
        Packing::Raw => zlib_rs::Inflate::new(false, known),
    }
}
