//! Inputs: what JavaScript hands over, as bytes that a job can read on its own thread.

use std::ops::Deref;
use std::ptr;
use std::sync::Arc;

use napi::sys;

use super::backing_store::BackingStore;
use super::borrows::{Borrow, Borrows};
use crate::error::{Error, ErrorKind};

/// Below this a copy is cheaper for the JavaScript thread than holding the memory: both take
/// 0.2 µs at this size. It also leaves the caller free to reuse small buffers at once.
const COPY_BELOW: usize = 2 << 10;

/// The bytes of one input.
///
/// Borrowed bytes are JavaScript's memory: it stays mapped, but JavaScript may write to it at any
/// time. Operations read each byte as data, once, and trust nothing that they have read to stay as
/// it was; none makes a `&str` of it. `docs/safety.md` has the whole contract.
pub(super) enum Bytes {
    Copied(Vec<u8>),
    Borrowed(Borrowed),
}

pub(super) struct Borrowed {
    data: *const u8,
    length: usize,
    // Dropped after the last read, in this order: first the memory, then the environment's count.
    _store: BackingStore,
    _borrow: Option<Borrow>,
}

// SAFETY: the pointer is to memory that `_store` keeps mapped on every thread, and is only read.
unsafe impl Send for Borrowed {}
// SAFETY: as above; concurrent reads need nothing.
unsafe impl Sync for Borrowed {}

impl Bytes {
    /// The bytes of `value`: a `Uint8Array` (a `Buffer` is one) or a string, which becomes UTF-8.
    /// `lib/bytes.js` makes one of the other forms.
    ///
    /// Borrows where it can and it is worth it, unless `copy` asks not to.
    ///
    /// # Safety
    ///
    /// `env` is the current environment, on its own thread, and `value` a live handle of it.
    pub(super) unsafe fn from_js(
        env: sys::napi_env,
        value: sys::napi_value,
        copy: bool,
        borrows: &Arc<Borrows>,
    ) -> Result<Self, Error> {
        let (mut length, mut data) = (0, ptr::null_mut());
        let (mut array_buffer, mut offset) = (ptr::null_mut(), 0);
        let mut kind = 0;
        // SAFETY: the caller vouches for `env` and `value`; the out-parameters are live.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                env,
                value,
                &raw mut kind,
                &raw mut length,
                &raw mut data,
                &raw mut array_buffer,
                &raw mut offset,
            )
        };
        if status != sys::Status::napi_ok {
            // SAFETY: as for this function.
            return unsafe { string(env, value) };
        }
        if length == 0 {
            let mut detached = false;
            // A buffer may be detached between JavaScript's check and this one, by a getter.
            // SAFETY: `array_buffer` was just made, in this scope. A SharedArrayBuffer is refused
            // with a status and leaves `detached` as it is.
            unsafe { sys::napi_is_detached_arraybuffer(env, array_buffer, &raw mut detached) };
            if detached {
                return Err(ErrorKind::InvalidArgument {
                    name: "data",
                    expected: "bytes that are still there".to_owned(),
                    received: "a view of an ArrayBuffer that was detached".to_owned(),
                }
                .into());
            }
            return Ok(Self::Copied(Vec::new()));
        }
        let data = data.cast_const().cast::<u8>();
        if length >= COPY_BELOW && !copy {
            let base = data.wrapping_sub(offset);
            // SAFETY: a live handle of this thread; a view with a length is not detached.
            if let Some(store) = unsafe { BackingStore::acquire(array_buffer, base) } {
                return Ok(Self::Borrowed(Borrowed {
                    data,
                    length,
                    _store: store,
                    _borrow: Some(Borrows::begin(borrows)),
                }));
            }
        }
        let mut copied = reserve(length)?;
        // SAFETY: Node-API says that `length` bytes are readable at `data`, no JavaScript runs
        // before the copy ends, and the vector has room for them.
        unsafe { ptr::copy_nonoverlapping(data, copied.as_mut_ptr(), length) };
        // SAFETY: these bytes were just written.
        unsafe { copied.set_len(length) };
        Ok(Self::Copied(copied))
    }

    /// The same, for which the environment's end does not wait: of a value that JavaScript holds,
    /// and that is dropped on the environment's thread before it ends. A job that reads them counts
    /// a borrow of its own.
    pub(super) fn kept(self) -> Self {
        match self {
            Self::Borrowed(bytes) => Self::Borrowed(Borrowed {
                _borrow: None,
                ..bytes
            }),
            copied @ Self::Copied(_) => copied,
        }
    }
}

/// A string as UTF-8. A lone surrogate becomes U+FFFD, as in `Buffer.from(string)`.
///
/// # Safety
///
/// As for [`Bytes::from_js`].
unsafe fn string(env: sys::napi_env, value: sys::napi_value) -> Result<Bytes, Error> {
    let mut length = 0;
    // SAFETY: the caller vouches for `env` and `value`; a null buffer asks for the length.
    let status =
        unsafe { sys::napi_get_value_string_utf8(env, value, ptr::null_mut(), 0, &raw mut length) };
    if status != sys::Status::napi_ok {
        return Err(ErrorKind::InvalidArgument {
            name: "data",
            expected: "a Uint8Array or a string".to_owned(),
            received: "another value".to_owned(),
        }
        .into());
    }
    // Node-API writes a terminating zero.
    let mut text: Vec<u8> = reserve(length + 1)?;
    let mut written = 0;
    // SAFETY: the vector has room for the length it is told.
    unsafe {
        sys::napi_get_value_string_utf8(
            env,
            value,
            text.as_mut_ptr().cast(),
            length + 1,
            &raw mut written,
        )
    };
    // SAFETY: Node-API has written this many bytes, not counting the zero.
    unsafe { text.set_len(written.min(length)) };
    Ok(Bytes::Copied(text))
}

fn reserve(length: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    match bytes.try_reserve_exact(length) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(ErrorKind::OutOfMemory {
            wanted: length as u64,
        }
        .into()),
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Copied(bytes) => bytes,
            // SAFETY: `_store` keeps `length` bytes at `data` mapped for as long as `self` lives.
            // JavaScript may write to them meanwhile; no operation relies on their value.
            Self::Borrowed(bytes) => unsafe {
                std::slice::from_raw_parts(bytes.data, bytes.length)
            },
        }
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}
