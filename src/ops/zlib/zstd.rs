//! Zstandard (RFC 8878) by its own library.
//!
//! C code never sees memory that JavaScript may write to: what comes in is copied first, in pieces.
//!
//! A frame is made of blocks that are compressed apart, as the library's own threads do it
//! (`zstdmt_compress.c`): each job knows a part of the input before its own as a prefix, and starts
//! without repeated offsets, which would be those of the blocks before it. What the library writes
//! for each is a frame; its header is left out, one header of ours stands before all.

mod decompress;
mod frame;

use std::ptr;

use zstd_sys as sys;

pub(super) use decompress::Decompressor;
pub(super) use frame::content_size;

use super::failure::{failure, out_of_memory, refused_parameter, reserve};
use super::settings::Zstd;
use crate::error::Error;

/// `ZSTD_c_compressionLevel` and others of `zstd.h`.
const LEVEL: i32 = 100;
const WINDOW_LOG: i32 = 101;
const CONTENT_SIZE_FLAG: i32 = 200;
const CHECKSUM_FLAG: i32 = 201;
const DICT_ID_FLAG: i32 = 202;
/// `ZSTD_c_experimentalParam9`, the stable input buffer: the library reads it where it is.
const STABLE_IN_BUFFER: i32 = 1006;

/// Blocks of a whole input are not shorter than this, nor longer.
const SHORTEST_BLOCK: usize = 2 << 20;
const LONGEST_BLOCK: usize = 64 << 20;

/// An empty block that is the last.
const LAST_BLOCK: [u8; 3] = [1, 0, 0];

unsafe extern "C" {
    /// Forgets repeated offsets. Not in `zstd.h`: the library's threads use it for what this module
    /// does.
    fn ZSTD_invalidateRepCodes(context: *mut sys::ZSTD_CCtx);
}

/// How an input becomes one frame of several parts.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    settings: Zstd,
    window_log: u32,
    /// Bytes of the input before a part that it may refer to.
    pub(super) overlap: usize,
    pub(super) has_checksum: bool,
    content_size: Option<u64>,
    dictionary_id: u32,
}

impl Plan {
    /// A plan for `length` bytes of input, or for any.
    pub(super) fn new(settings: &Zstd, length: Option<u64>) -> Self {
        let find = |wanted: i32| {
            let mut found = settings.parameters.iter().rev();
            found
                .find(|(number, _)| *number == wanted)
                .map(|(_, value)| *value)
        };
        let level = find(LEVEL).unwrap_or(0);
        // SAFETY: a pure function of numbers.
        let usual =
            unsafe { sys::ZSTD_getCParams(level, length.unwrap_or(0), settings.dictionary.len()) };
        let window_log = find(WINDOW_LOG)
            .and_then(|value| u32::try_from(value).ok())
            // Any other is the default, or is refused.
            .filter(|value| (1..=31).contains(value))
            .unwrap_or(usual.windowLog);
        let shown = settings.pledged_length.or(length);
        Self {
            settings: settings.clone(),
            window_log,
            overlap: overlap(window_log, usual.strategy),
            has_checksum: find(CHECKSUM_FLAG).unwrap_or(0) != 0,
            content_size: shown.filter(|_| find(CONTENT_SIZE_FLAG).unwrap_or(1) != 0),
            dictionary_id: if find(DICT_ID_FLAG).unwrap_or(1) == 0 {
                0
            } else {
                frame::dictionary_id(&settings.dictionary)
            },
        }
    }

    /// Fails where the library refuses a parameter.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.context().map(drop)
    }

    /// Fails where `length` bytes of input are more than the caller has promised, or fewer at the end.
    pub(super) fn check_length(&self, length: u64, is_end: bool) -> Result<(), Error> {
        const SOURCE_SIZE_WRONG: i32 = 72;
        match self.settings.pledged_length {
            Some(pledged) if length > pledged || (is_end && length < pledged) => {
                Err(error_of_code(SOURCE_SIZE_WRONG, length))
            }
            _ => Ok(()),
        }
    }

    /// Input bytes of one part of a whole input: a window, so that not much of it is told again.
    pub(super) fn part_length(&self) -> usize {
        (1 << self.window_log).clamp(SHORTEST_BLOCK, LONGEST_BLOCK)
    }

    /// What stands before the blocks.
    pub(super) fn header(&self) -> Vec<u8> {
        frame::header(
            self.window_log,
            self.content_size,
            self.has_checksum,
            self.dictionary_id,
        )
    }

    fn context(&self) -> Result<Context, Error> {
        let context = Context::new()?;
        for (number, value) in &self.settings.parameters {
            context.set(*number, *value)?;
        }
        Ok(context)
    }

    /// The blocks of `data[start..]`, which may refer to `data[..start]`, at the end of `out`, with
    /// the last one marked where it `is_last`. What `is_first` of the frame knows the dictionary, and
    /// nothing else.
    ///
    /// `data` is memory that nobody writes to.
    pub(super) fn compress(
        &self,
        data: &[u8],
        start: usize,
        is_first: bool,
        is_last: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let input = &data[start..];
        if input.is_empty() {
            if is_last {
                out.extend(LAST_BLOCK);
            }
            return Ok(());
        }
        let context = self.context()?;
        for (number, value) in [
            (
                WINDOW_LOG,
                i32::try_from(self.window_log).unwrap_or(i32::MAX),
            ),
            (CONTENT_SIZE_FLAG, 0),
            (CHECKSUM_FLAG, 0),
            (DICT_ID_FLAG, 0),
            (STABLE_IN_BUFFER, 1),
        ] {
            context.set(number, value)?;
        }
        context.pledge(input.len())?;
        if is_first {
            context.load(&self.settings.dictionary)?;
        } else {
            // SAFETY: `data` outlives the context.
            unsafe { context.prefix(&data[start - start.min(self.overlap)..start]) }?;
        }
        // Room for any input: the library needs no other call.
        // SAFETY: a pure function of a number.
        let room = unsafe { sys::ZSTD_compressBound(input.len()) };
        let from = out.len();
        reserve(out, room)?;
        out.resize(from + room, 0);
        context.begin(input)?;
        if !is_first {
            context.forget_offsets();
        }
        let written = context.finish(input, &mut out[from..])?;
        out.truncate(from + written);
        frame::without_header(out, from);
        if !is_last {
            frame::unmark_last(out, from);
        }
        Ok(())
    }
}

/// How much of the input before a part it may refer to: what `zstdmt_compress.c` takes, by the
/// strategy (`ZSTDMT_overlapLog_default`).
fn overlap(window_log: u32, strategy: sys::ZSTD_strategy) -> usize {
    let share = match strategy {
        sys::ZSTD_strategy::ZSTD_btultra2 => 0,
        sys::ZSTD_strategy::ZSTD_btultra | sys::ZSTD_strategy::ZSTD_btopt => 1,
        sys::ZSTD_strategy::ZSTD_btlazy2 | sys::ZSTD_strategy::ZSTD_lazy2 => 2,
        _ => 3,
    };
    1 << (window_log - share.min(window_log))
}

/// The library's state for one part.
struct Context(ptr::NonNull<sys::ZSTD_CCtx>);

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: made by the library, and freed once.
        unsafe { sys::ZSTD_freeCCtx(self.0.as_ptr()) };
    }
}

impl Context {
    fn new() -> Result<Self, Error> {
        // SAFETY: has no condition.
        let context = unsafe { sys::ZSTD_createCCtx() };
        ptr::NonNull::new(context)
            .map(Self)
            .ok_or_else(|| out_of_memory(size_of::<Self>()))
    }

    fn set(&self, number: i32, value: i32) -> Result<(), Error> {
        // SAFETY: the context is live; the library checks number and value.
        let result = unsafe { set_parameter(self.0.as_ptr(), number, value) };
        if is_error(result) {
            return Err(refused_parameter("Setting parameter failed"));
        }
        Ok(())
    }

    fn pledge(&self, length: usize) -> Result<(), Error> {
        // SAFETY: the context is live.
        let result = unsafe { sys::ZSTD_CCtx_setPledgedSrcSize(self.0.as_ptr(), length as u64) };
        checked(result).map(drop)
    }

    fn load(&self, dictionary: &[u8]) -> Result<(), Error> {
        if dictionary.is_empty() {
            return Ok(());
        }
        // SAFETY: the context is live, and the library copies the dictionary.
        let result = unsafe {
            sys::ZSTD_CCtx_loadDictionary(
                self.0.as_ptr(),
                dictionary.as_ptr().cast(),
                dictionary.len(),
            )
        };
        checked(result).map(drop)
    }

    /// # Safety
    ///
    /// `prefix` outlives the context.
    unsafe fn prefix(&self, prefix: &[u8]) -> Result<(), Error> {
        if prefix.is_empty() {
            return Ok(());
        }
        // SAFETY: the context is live; the caller vouches for the prefix.
        let result = unsafe {
            sys::ZSTD_CCtx_refPrefix(self.0.as_ptr(), prefix.as_ptr().cast(), prefix.len())
        };
        checked(result).map(drop)
    }

    /// Makes the library ready to compress `input`, and nothing else: it has none of it yet.
    fn begin(&self, input: &[u8]) -> Result<(), Error> {
        let mut output = [];
        self.stream(
            &input[..0],
            &mut output,
            sys::ZSTD_EndDirective::ZSTD_e_flush,
        )
        .map(drop)
    }

    fn forget_offsets(&self) {
        // SAFETY: the context is live and has begun a frame.
        unsafe { ZSTD_invalidateRepCodes(self.0.as_ptr()) };
    }

    /// Compresses `input` to a whole frame. How many bytes it has.
    fn finish(&self, input: &[u8], output: &mut [u8]) -> Result<usize, Error> {
        self.stream(input, output, sys::ZSTD_EndDirective::ZSTD_e_end)
    }

    fn stream(
        &self,
        input: &[u8],
        output: &mut [u8],
        directive: sys::ZSTD_EndDirective,
    ) -> Result<usize, Error> {
        let mut from = sys::ZSTD_inBuffer {
            src: input.as_ptr().cast(),
            size: input.len(),
            pos: 0,
        };
        let mut to = sys::ZSTD_outBuffer {
            dst: output.as_mut_ptr().cast(),
            size: output.len(),
            pos: 0,
        };
        // SAFETY: the context is live, and both buffers are what they say.
        let result = unsafe {
            sys::ZSTD_compressStream2(self.0.as_ptr(), &raw mut to, &raw mut from, directive)
        };
        let left = checked(result)?;
        if left > 0 {
            // There was room for anything.
            return Err(out_of_memory(left));
        }
        Ok(to.pos)
    }
}

/// `ZSTD_CCtx_setParameter`, of any number: the library checks it.
///
/// # Safety
///
/// `context` is live.
unsafe fn set_parameter(context: *mut sys::ZSTD_CCtx, number: i32, value: i32) -> usize {
    unsafe extern "C" {
        // With a plain number, which Rust's own enumeration may not hold.
        #[link_name = "ZSTD_CCtx_setParameter"]
        fn set(context: *mut sys::ZSTD_CCtx, number: i32, value: i32) -> usize;
    }
    // SAFETY: the caller vouches for the context.
    unsafe { set(context, number, value) }
}

fn is_error(result: usize) -> bool {
    // SAFETY: a pure function of a number.
    unsafe { sys::ZSTD_isError(result) != 0 }
}

/// The result of a call that compresses.
fn checked(result: usize) -> Result<usize, Error> {
    if is_error(result) {
        return Err(error(result, 0));
    }
    Ok(result)
}

/// What the library says of a failed call, at `byte_offset`.
fn error(result: usize, byte_offset: u64) -> Error {
    // SAFETY: a pure function of a number.
    let code = unsafe { sys::ZSTD_getErrorCode(result) };
    error_of_code(code as i32, byte_offset)
}

fn error_of_code(code: i32, byte_offset: u64) -> Error {
    let Some((name, message)) = frame::error_name(code) else {
        return failure(
            "Decompression failed",
            "ZSTD_error_GENERIC",
            code,
            byte_offset,
        );
    };
    failure(message, name, code, byte_offset)
}
