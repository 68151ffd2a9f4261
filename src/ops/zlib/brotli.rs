//! Brotli (RFC 7932) by Google's own library.
//!
//! C code never sees memory that JavaScript may write to: what comes in is copied first, in pieces.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::ptr;
use std::sync::{Mutex, PoisonError};

use compu_brotli_sys as sys;

use super::decoder::Step;
use super::failure::{failure, out_of_memory, refused_parameter, reserve, unexpected_end};
use super::settings::Brotli;
use crate::error::Error;

/// `BROTLI_PARAM_QUALITY`, and what it is by default.
const QUALITY: u32 = 1;
const DEFAULT_QUALITY: u32 = 11;

/// From this quality on the encoder looks for the best of all parses, and gains by long blocks.
const THOROUGH_FROM: u32 = 10;

/// Input bytes of one block. At qualities below 10 a block of 1 MiB is as small as one of 4, and a
/// half faster than the whole: its tables stay in the cache (measured with quality 5 on 50 MB of CSV).
const BLOCK: usize = 1 << 20;
const THOROUGH_BLOCK: usize = 4 << 20;

/// Larger offsets mean the same, and the encoder refuses them.
const LARGEST_OFFSET: u64 = 1 << 30;

/// Bytes that are copied, or of output that is made room for, at once.
const PIECE: usize = 64 << 10;

/// Input bytes of one block.
pub(super) fn block_length(settings: &Brotli) -> usize {
    let quality = settings
        .parameters
        .iter()
        .rev()
        .find(|(number, _)| *number == QUALITY)
        .map_or(DEFAULT_QUALITY, |(_, value)| *value);
    if quality < THOROUGH_FROM {
        BLOCK
    } else {
        THOROUGH_BLOCK
    }
}

/// What comes after some input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// More of it.
    Process,
    /// Nothing for now: all of it is to be in the output, which ends at a byte.
    Flush,
    /// Nothing.
    Finish,
}

impl Operation {
    fn number(self) -> sys::BrotliEncoderOperation {
        match self {
            Self::Process => sys::BrotliEncoderOperation_BROTLI_OPERATION_PROCESS,
            Self::Flush => sys::BrotliEncoderOperation_BROTLI_OPERATION_FLUSH,
            Self::Finish => sys::BrotliEncoderOperation_BROTLI_OPERATION_FINISH,
        }
    }
}

/// Compresses one block.
pub(super) struct Compressor {
    state: ptr::NonNull<sys::BrotliEncoderState>,
    /// Whether the encoder knows how much to expect: it chooses its tables by that.
    is_hinted: bool,
}

// SAFETY: the library ties no state to a thread.
unsafe impl Send for Compressor {}

impl Compressor {
    /// A compressor for what comes after `offset` bytes of input, whose compressed form ended with a
    /// flush. It writes the stream's header where there are none.
    pub(super) fn new(settings: &Brotli, offset: u64) -> Result<Self, Error> {
        // SAFETY: without functions of its own the library allocates as C does.
        let state = unsafe { sys::BrotliEncoderCreateInstance(None, None, ptr::null_mut()) };
        let Some(state) = ptr::NonNull::new(state) else {
            return Err(out_of_memory(size_of::<Self>()));
        };
        let mut compressor = Self {
            state,
            is_hinted: false,
        };
        for (number, value) in &settings.parameters {
            let number = i32::try_from(*number).unwrap_or(i32::MAX);
            compressor.is_hinted |= number == sys::BrotliEncoderParameter_BROTLI_PARAM_SIZE_HINT;
            compressor.set(number, *value)?;
        }
        if offset > 0 {
            let offset = u32::try_from(offset.min(LARGEST_OFFSET)).unwrap_or(u32::MAX);
            compressor.set(
                sys::BrotliEncoderParameter_BROTLI_PARAM_STREAM_OFFSET,
                offset,
            )?;
        }
        Ok(compressor)
    }

    fn set(&self, number: sys::BrotliEncoderParameter, value: u32) -> Result<(), Error> {
        // SAFETY: the state is live; the library checks number and value.
        let is_set = unsafe { sys::BrotliEncoderSetParameter(self.state.as_ptr(), number, value) };
        if is_set == 0 {
            return Err(refused_parameter("Initialization failed"));
        }
        Ok(())
    }

    /// Tells the encoder that about `length` bytes will come, unless the caller's parameters do. It
    /// would take the first piece for all.
    pub(super) fn expect(&mut self, length: usize) -> Result<(), Error> {
        if !self.is_hinted {
            self.is_hinted = true;
            let length = u32::try_from(length as u64).unwrap_or(u32::MAX);
            self.set(sys::BrotliEncoderParameter_BROTLI_PARAM_SIZE_HINT, length)?;
        }
        Ok(())
    }

    /// Compresses `input`, appending to `out`.
    pub(super) fn compress(
        &mut self,
        input: &[u8],
        operation: Operation,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.expect(input.len())?;
        let mut piece = Vec::new();
        reserve(&mut piece, input.len().min(PIECE))?;
        let mut rest = input;
        loop {
            let (now, later) = rest.split_at(rest.len().min(PIECE));
            rest = later;
            piece.clear();
            piece.extend_from_slice(now);
            let is_last = rest.is_empty();
            let now = if is_last {
                operation
            } else {
                Operation::Process
            };
            self.compress_piece(&piece, now, out)?;
            if is_last {
                return Ok(());
            }
        }
    }

    fn compress_piece(
        &mut self,
        input: &[u8],
        operation: Operation,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let (mut available_in, mut next_in) = (input.len(), input.as_ptr());
        loop {
            let (mut available_out, mut next_out) = (0, ptr::null_mut());
            // SAFETY: the state is live, `next_in` is readable for `available_in` bytes, and there is
            // no room for output: the library keeps it.
            let is_fine = unsafe {
                sys::BrotliEncoderCompressStream(
                    self.state.as_ptr(),
                    operation.number(),
                    &raw mut available_in,
                    &raw mut next_in,
                    &raw mut available_out,
                    &raw mut next_out,
                    ptr::null_mut(),
                )
            };
            if is_fine == 0 {
                return Err(out_of_memory(input.len()));
            }
            let took = self.take(out)?;
            if available_in == 0 && !took {
                return Ok(());
            }
        }
    }

    /// Moves what the library has ready to `out`. False where it has nothing.
    fn take(&mut self, out: &mut Vec<u8>) -> Result<bool, Error> {
        // Of any size.
        let mut size = 0;
        // SAFETY: the state is live.
        let output = unsafe { sys::BrotliEncoderTakeOutput(self.state.as_ptr(), &raw mut size) };
        if size == 0 {
            return Ok(false);
        }
        reserve(out, size)?;
        // SAFETY: the library says that `size` bytes are there, until its next call.
        out.extend_from_slice(unsafe { std::slice::from_raw_parts(output, size) });
        Ok(true)
    }
}

impl Drop for Compressor {
    fn drop(&mut self) {
        // SAFETY: made by the library, and ended once.
        unsafe { sys::BrotliEncoderDestroyInstance(self.state.as_ptr()) };
    }
}

/// Reads a brotli stream.
pub(super) struct Decompressor {
    state: ptr::NonNull<sys::BrotliDecoderState>,
    consumed: u64,
    is_ended: bool,
}

// SAFETY: the library ties no state to a thread.
unsafe impl Send for Decompressor {}

impl Decompressor {
    pub(super) fn new(settings: &Brotli) -> Result<Self, Error> {
        // SAFETY: without functions of its own the library allocates as C does.
        let state = unsafe { sys::BrotliDecoderCreateInstance(None, None, ptr::null_mut()) };
        let Some(state) = ptr::NonNull::new(state) else {
            return Err(out_of_memory(size_of::<Self>()));
        };
        let decompressor = Self {
            state,
            consumed: 0,
            is_ended: false,
        };
        for (number, value) in &settings.parameters {
            let number = i32::try_from(*number).unwrap_or(i32::MAX);
            // SAFETY: the state is live; the library checks number and value.
            let is_set = unsafe { sys::BrotliDecoderSetParameter(state.as_ptr(), number, *value) };
            if is_set == 0 {
                return Err(refused_parameter("Initialization failed"));
            }
        }
        Ok(decompressor)
    }

    pub(super) fn step(
        &mut self,
        input: &[u8],
        last: bool,
        output: &mut [u8],
    ) -> Result<Step, Error> {
        let mut step = Step {
            is_ended: self.is_ended,
            ..Step::default()
        };
        let mut piece = Vec::new();
        reserve(&mut piece, input.len().min(PIECE))?;
        while !step.is_ended {
            let rest = &input[step.consumed..];
            piece.clear();
            piece.extend_from_slice(&rest[..rest.len().min(PIECE)]);
            let result = self.step_piece(&piece, &mut step, output);
            if result == sys::BrotliDecoderResult_BROTLI_DECODER_RESULT_SUCCESS {
                step.is_ended = true;
            } else if result == sys::BrotliDecoderResult_BROTLI_DECODER_RESULT_ERROR {
                return Err(self.failure());
            } else if result == sys::BrotliDecoderResult_BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT {
                break;
            } else if step.consumed == input.len() {
                if last {
                    return Err(unexpected_end(self.consumed));
                }
                break;
            }
        }
        self.is_ended = step.is_ended;
        Ok(step)
    }

    fn step_piece(
        &mut self,
        input: &[u8],
        step: &mut Step,
        output: &mut [u8],
    ) -> sys::BrotliDecoderResult {
        let room = &mut output[step.written..];
        let (mut available_in, mut next_in) = (input.len(), input.as_ptr());
        let (mut available_out, mut next_out) = (room.len(), room.as_mut_ptr());
        // SAFETY: the state is live, and both pointers are good for the bytes that are told.
        let result = unsafe {
            sys::BrotliDecoderDecompressStream(
                self.state.as_ptr(),
                &raw mut available_in,
                &raw mut next_in,
                &raw mut available_out,
                &raw mut next_out,
                ptr::null_mut(),
            )
        };
        let taken = input.len() - available_in;
        step.consumed += taken;
        step.written += room.len() - available_out;
        self.consumed += taken as u64;
        result
    }

    fn failure(&self) -> Error {
        // SAFETY: the state is live.
        let code = unsafe { sys::BrotliDecoderGetErrorCode(self.state.as_ptr()) };
        failure("Decompression failed", name(code), code, self.consumed)
    }
}

/// The code that Node.js gives an error: the library's name of it, after `ERR_`.
fn name(code: sys::BrotliDecoderErrorCode) -> &'static str {
    // There are about thirty.
    static NAMES: Mutex<BTreeMap<i32, &'static str>> = Mutex::new(BTreeMap::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    names.entry(code).or_insert_with(|| {
        // SAFETY: a pure function of a number.
        let name = unsafe { sys::BrotliDecoderErrorString(code) };
        // SAFETY: the library has a constant text for every code.
        let name = unsafe { CStr::from_ptr(name) };
        format!("ERR_{}", name.to_string_lossy()).leak()
    })
}

impl Drop for Decompressor {
    fn drop(&mut self) {
        // SAFETY: made by the library, and ended once.
        unsafe { sys::BrotliDecoderDestroyInstance(self.state.as_ptr()) };
    }
}
