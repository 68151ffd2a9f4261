//! Reading a frame.

use std::ptr;

use zstd_sys as sys;

use super::{error, is_error};
use crate::error::Error;
use crate::ops::zlib::decoder::Step;
use crate::ops::zlib::failure::{out_of_memory, refused_parameter, reserve, unexpected_end};
use crate::ops::zlib::settings::Zstd;

/// Bytes that are copied at once.
const PIECE: usize = 64 << 10;

/// Reads one frame.
pub(in crate::ops::zlib) struct Decompressor {
    context: ptr::NonNull<sys::ZSTD_DCtx>,
    consumed: u64,
    is_ended: bool,
    /// Whether there may be output that had no room.
    is_full: bool,
}

// SAFETY: the library ties no context to a thread.
unsafe impl Send for Decompressor {}

impl Drop for Decompressor {
    fn drop(&mut self) {
        // SAFETY: made by the library, and freed once.
        unsafe { sys::ZSTD_freeDCtx(self.context.as_ptr()) };
    }
}

impl Decompressor {
    pub(in crate::ops::zlib) fn new(settings: &Zstd) -> Result<Self, Error> {
        // SAFETY: has no condition.
        let context = unsafe { sys::ZSTD_createDCtx() };
        let Some(context) = ptr::NonNull::new(context) else {
            return Err(out_of_memory(size_of::<Self>()));
        };
        let decompressor = Self {
            context,
            consumed: 0,
            is_ended: false,
            is_full: false,
        };
        for (number, value) in &settings.parameters {
            // SAFETY: the context is live; the library checks number and value.
            let result = unsafe { set_parameter(context.as_ptr(), *number, *value) };
            if is_error(result) {
                return Err(refused_parameter("Setting parameter failed"));
            }
        }
        if !settings.dictionary.is_empty() {
            // SAFETY: the context is live, and the library copies the dictionary.
            let result = unsafe {
                sys::ZSTD_DCtx_loadDictionary(
                    context.as_ptr(),
                    settings.dictionary.as_ptr().cast(),
                    settings.dictionary.len(),
                )
            };
            if is_error(result) {
                return Err(error(result, 0));
            }
        }
        Ok(decompressor)
    }

    pub(in crate::ops::zlib) fn step(
        &mut self,
        input: &[u8],
        last: bool,
        output: &mut [u8],
    ) -> Result<Step, Error> {
        let mut step = Step {
            is_ended: self.is_ended,
            ..Step::default()
        };
        // The library gives up on who calls it again and again with nothing.
        if input.is_empty() && !last && !self.is_full {
            return Ok(step);
        }
        let mut piece = Vec::new();
        reserve(&mut piece, input.len().min(PIECE))?;
        while !step.is_ended {
            let rest = &input[step.consumed..];
            piece.clear();
            piece.extend_from_slice(&rest[..rest.len().min(PIECE)]);
            step.is_ended = self.step_piece(&piece, &mut step, output)?;
            if step.is_ended || step.written == output.len() {
                break;
            }
            if step.consumed == input.len() {
                if last {
                    return Err(unexpected_end(self.consumed));
                }
                break;
            }
        }
        self.is_ended = step.is_ended;
        self.is_full = step.written == output.len();
        Ok(step)
    }

    /// Whether the frame has ended.
    fn step_piece(
        &mut self,
        input: &[u8],
        step: &mut Step,
        output: &mut [u8],
    ) -> Result<bool, Error> {
        let room = &mut output[step.written..];
        let mut from = sys::ZSTD_inBuffer {
            src: input.as_ptr().cast(),
            size: input.len(),
            pos: 0,
        };
        let mut to = sys::ZSTD_outBuffer {
            dst: room.as_mut_ptr().cast(),
            size: room.len(),
            pos: 0,
        };
        // SAFETY: the context is live, and both buffers are what they say.
        let result = unsafe {
            sys::ZSTD_decompressStream(self.context.as_ptr(), &raw mut to, &raw mut from)
        };
        step.consumed += from.pos;
        step.written += to.pos;
        self.consumed += from.pos as u64;
        if is_error(result) {
            return Err(error(result, self.consumed));
        }
        Ok(result == 0)
    }
}

/// `ZSTD_DCtx_setParameter`, of any number: the library checks it.
///
/// # Safety
///
/// `context` is live.
unsafe fn set_parameter(context: *mut sys::ZSTD_DCtx, number: i32, value: i32) -> usize {
    unsafe extern "C" {
        // With a plain number, which Rust's own enumeration may not hold.
        #[link_name = "ZSTD_DCtx_setParameter"]
        fn set(context: *mut sys::ZSTD_DCtx, number: i32, value: i32) -> usize;
    }
    // SAFETY: the caller vouches for the context.
    unsafe { set(context, number, value) }
}
