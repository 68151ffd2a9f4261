//! Compressed data read in pieces.

use super::brotli;
use super::failure::reserve;
use super::inflater::Inflater;
use super::settings::Unpacking;
use super::zstd;
use crate::error::Error;

/// Reads compressed data that comes in pieces, into output that is taken in pieces.
pub struct Decoder(Kind);

enum Kind {
    Inflate(Box<Inflater>),
    Brotli(brotli::Decompressor),
    Zstd(Box<zstd::Decompressor>),
}

/// What one call of [`Decoder::step`] has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Bytes of the input that are behind it.
    pub consumed: usize,
    /// Bytes of the output that are written.
    pub written: usize,
    /// Whether the compressed data has ended there. What is left of the input is not part of it.
    pub is_ended: bool,
}

impl Decoder {
    /// A decoder at the beginning of its data.
    pub fn new(unpacking: &Unpacking) -> Result<Self, Error> {
        Ok(Self(match unpacking {
            Unpacking::Inflate(settings) => Kind::Inflate(Box::new(Inflater::new(settings)?)),
            Unpacking::Brotli(settings) => Kind::Brotli(brotli::Decompressor::new(settings)?),
            Unpacking::Zstd(settings) => Kind::Zstd(Box::new(zstd::Decompressor::new(settings)?)),
        }))
    }

    /// Goes on until the input is used up, the output is full, or the data has ended.
    ///
    /// Nothing comes after the `last` input: data that has not ended there is an error, unless the
    /// output is full.
    pub fn step(&mut self, input: &[u8], last: bool, output: &mut [u8]) -> Result<Step, Error> {
        match &mut self.0 {
            Kind::Inflate(decoder) => decoder.step(input, last, output),
            Kind::Brotli(decoder) => decoder.step(input, last, output),
            Kind::Zstd(decoder) => decoder.step(input, last, output),
        }
    }

    /// As [`step`](Self::step), into memory of its own: at most `most` bytes.
    pub fn next(
        &mut self,
        input: &[u8],
        last: bool,
        most: usize,
    ) -> Result<(Vec<u8>, Step), Error> {
        let mut output = Vec::new();
        reserve(&mut output, most)?;
        output.resize(most, 0);
        let step = self.step(input, last, &mut output)?;
        output.truncate(step.written);
        output.shrink_to_fit();
        Ok((output, step))
    }
}
