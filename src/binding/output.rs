//! Results, and errors, as JavaScript values.

use std::ffi::{CStr, c_char, c_void};
use std::ptr;

use napi::sys;

use super::bytes::Bytes;
use super::{json, number, table};
use crate::error::{Error, ErrorKind};
use crate::ops::digest::Encoded;
use crate::ops::json::Document;
use crate::ops::kdf::Secret;
use crate::ops::table::Table;
use crate::ops::zlib::Decompressed;

/// From this size on a result is not copied into JavaScript's memory: an external buffer costs
/// 2.4 µs, which is what a copy costs here.
pub(super) const EXTERNAL_FROM: usize = 16 << 10;

/// The result of a job.
pub(super) enum Output {
    Undefined,
    Null,
    Buffer(Vec<u8>),
    /// Text of one byte a character.
    Latin1(Vec<u8>),
    /// A `Buffer` whose native copy is wiped.
    Secret(Secret),
    Boolean(bool),
    Table(Box<Table>),
    Document(Box<Document<Bytes>>),
    /// An array: a `Buffer`, how much of the input it took, and whether that had ended.
    Decompressed(Box<Decompressed>),
    Decoded(Vec<u8>, u64, bool),
    /// An array of two.
    Counts(u64, u64),
}

impl Output {
    pub(super) fn table(table: Table) -> Self {
        Self::Table(Box::new(table))
    }
}

impl From<Encoded> for Output {
    fn from(encoded: Encoded) -> Self {
        match encoded {
            Encoded::Buffer(bytes) => Self::Buffer(bytes),
            Encoded::Latin1(text) => Self::Latin1(text),
        }
    }
}

/// A status other than `napi_ok`.
pub(super) type NapiResult<T> = Result<T, sys::napi_status>;

pub(super) fn check(status: sys::napi_status) -> NapiResult<()> {
    if status == sys::Status::napi_ok {
        Ok(())
    } else {
        Err(status)
    }
}

impl Output {
    /// # Safety
    ///
    /// `env` is the current environment, on its own thread, with an open handle scope.
    pub(super) unsafe fn into_js(self, env: sys::napi_env) -> NapiResult<sys::napi_value> {
        let mut value = ptr::null_mut();
        match self {
            Self::Undefined => {
                // SAFETY: the caller vouches for `env`.
                check(unsafe { sys::napi_get_undefined(env, &raw mut value) })?;
            }
            Self::Null => {
                // SAFETY: the caller vouches for `env`.
                check(unsafe { sys::napi_get_null(env, &raw mut value) })?;
            }
            // SAFETY: as for this function.
            Self::Table(table) => value = unsafe { table::into_js(env, *table) }?,
            // SAFETY: as for this function.
            Self::Document(document) => value = unsafe { json::into_js(env, *document) }?,
            Self::Boolean(truth) => {
                // SAFETY: the caller vouches for `env`.
                check(unsafe { sys::napi_get_boolean(env, truth, &raw mut value) })?;
            }
            Self::Latin1(text) => {
                let length = isize::try_from(text.len()).unwrap_or(isize::MAX);
                // SAFETY: `text` is readable for `length` bytes; V8 copies it.
                check(unsafe {
                    sys::napi_create_string_latin1(
                        env,
                        text.as_ptr().cast::<c_char>(),
                        length,
                        &raw mut value,
                    )
                })?;
            }
            // SAFETY: as for this function.
            Self::Buffer(bytes) => value = unsafe { buffer(env, Box::new(bytes)) }?,
            // SAFETY: as for this function.
            Self::Secret(bytes) => value = unsafe { buffer(env, Box::new(bytes)) }?,
            Self::Decompressed(done) => {
                let consumed = done.consumed;
                // SAFETY: as for this function.
                let bytes = unsafe { buffer(env, done) }?;
                // SAFETY: as for this function.
                value = unsafe { decoded(env, bytes, consumed, true) }?;
            }
            Self::Decoded(bytes, consumed, is_ended) => {
                // SAFETY: as for this function.
                let bytes = unsafe { buffer(env, Box::new(bytes)) }?;
                // SAFETY: as for this function.
                value = unsafe { decoded(env, bytes, consumed, is_ended) }?;
            }
            Self::Counts(first, second) => {
                // SAFETY: as for this function.
                let values = [unsafe { double(env, first) }?, unsafe {
                    double(env, second)
                }?];
                // SAFETY: as for this function.
                value = unsafe { array(env, &values) }?;
            }
        }
        Ok(value)
    }
}

/// A `Buffer` of the bytes of `owner`: a copy where they are few, and otherwise their own memory.
///
/// # Safety
///
/// As for [`Output::into_js`].
unsafe fn buffer<B: AsRef<[u8]>>(env: sys::napi_env, owner: Box<B>) -> NapiResult<sys::napi_value> {
    let bytes = (*owner).as_ref();
    if bytes.len() < EXTERNAL_FROM {
        // SAFETY: as for this function.
        return unsafe { copy_to_buffer(env, bytes) };
    }
    let (data, length) = (bytes.as_ptr(), bytes.len());
    let mut value = ptr::null_mut();
    let owner = Box::into_raw(owner);
    // SAFETY: the bytes live until `free` takes it back, once, when JavaScript drops the buffer or
    // the environment ends.
    let status = unsafe {
        sys::napi_create_external_buffer(
            env,
            length,
            data.cast_mut().cast::<c_void>(),
            Some(free::<B>),
            owner.cast::<c_void>(),
            &raw mut value,
        )
    };
    if status == sys::Status::napi_no_external_buffers_allowed {
        // Electron.
        // SAFETY: refused before anything was made, so the bytes are still ours.
        let owner = unsafe { Box::from_raw(owner) };
        // SAFETY: as for this function.
        return unsafe { copy_to_buffer(env, (*owner).as_ref()) };
    }
    // After any other failure Node has called the finalizer already.
    check(status)?;
    Ok(value)
}

/// Frees what is behind an external buffer.
///
/// # Safety
///
/// `hint` came from `Box::into_raw` of a `Box<B>`, and this is called once.
unsafe extern "C" fn free<B>(_: sys::napi_env, _: *mut c_void, hint: *mut c_void) {
    // SAFETY: the contract above.
    drop(unsafe { Box::from_raw(hint.cast::<B>()) });
}

/// # Safety
///
/// As for [`Output::into_js`].
unsafe fn copy_to_buffer(env: sys::napi_env, bytes: &[u8]) -> NapiResult<sys::napi_value> {
    let mut value = ptr::null_mut();
    // SAFETY: `bytes` is readable for its length; V8 copies it.
    check(unsafe {
        sys::napi_create_buffer_copy(
            env,
            bytes.len(),
            bytes.as_ptr().cast(),
            ptr::null_mut(),
            &raw mut value,
        )
    })?;
    Ok(value)
}

/// What a decoder has made, as an array.
///
/// # Safety
///
/// As for [`Output::into_js`].
unsafe fn decoded(
    env: sys::napi_env,
    bytes: sys::napi_value,
    consumed: u64,
    is_ended: bool,
) -> NapiResult<sys::napi_value> {
    let mut ended = ptr::null_mut();
    // SAFETY: the caller vouches for `env`.
    check(unsafe { sys::napi_get_boolean(env, is_ended, &raw mut ended) })?;
    // SAFETY: as for this function.
    let consumed = unsafe { double(env, consumed) }?;
    // SAFETY: as for this function.
    unsafe { array(env, &[bytes, consumed, ended]) }
}

/// # Safety
///
/// As for [`Output::into_js`].
unsafe fn double(env: sys::napi_env, value: u64) -> NapiResult<sys::napi_value> {
    let mut double = ptr::null_mut();
    // SAFETY: the caller vouches for `env`.
    check(unsafe { sys::napi_create_double(env, number::to_js(value), &raw mut double) })?;
    Ok(double)
}

/// # Safety
///
/// As for [`Output::into_js`], and `values` are live handles of the scope.
unsafe fn array(env: sys::napi_env, values: &[sys::napi_value]) -> NapiResult<sys::napi_value> {
    let mut array = ptr::null_mut();
    // SAFETY: the caller vouches for `env`.
    check(unsafe { sys::napi_create_array_with_length(env, values.len(), &raw mut array) })?;
    for (index, value) in (0..).zip(values) {
        // SAFETY: live handles of this scope.
        check(unsafe { sys::napi_set_element(env, array, index, *value) })?;
    }
    Ok(array)
}

/// An error as a plain object: `{ code, message }`, and `{ errno, syscall, path }` for the
/// system's. `lib/errors.js` makes an `Error` of it where the caller's stack is.
///
/// # Safety
///
/// As for [`Output::into_js`].
pub(super) unsafe fn failure(env: sys::napi_env, error: &Error) -> NapiResult<sys::napi_value> {
    let mut object = ptr::null_mut();
    // SAFETY: the caller vouches for `env`.
    check(unsafe { sys::napi_create_object(env, &raw mut object) })?;
    let text = |name: &'static CStr, value: &str| -> NapiResult<()> {
        let mut string = ptr::null_mut();
        let length = isize::try_from(value.len()).unwrap_or(isize::MAX);
        // SAFETY: `value` is readable for its length; V8 copies it.
        check(unsafe {
            sys::napi_create_string_utf8(env, value.as_ptr().cast(), length, &raw mut string)
        })?;
        // SAFETY: live handles of this scope and a name that ends in zero.
        check(unsafe { sys::napi_set_named_property(env, object, name.as_ptr(), string) })
    };
    // What `lib/errors.js` knows it by.
    let mut mark = ptr::null_mut();
    // SAFETY: the caller vouches for `env`.
    check(unsafe { sys::napi_get_boolean(env, true, &raw mut mark) })?;
    let name = c"isOffloopFailure";
    // SAFETY: live handles of this scope and a name that ends in zero.
    check(unsafe { sys::napi_set_named_property(env, object, name.as_ptr(), mark) })?;
    text(c"code", error.code())?;
    text(c"message", &error.to_string())?;
    for (name, value) in numbers(error) {
        let mut number = ptr::null_mut();
        // SAFETY: the caller vouches for `env`.
        check(unsafe { sys::napi_create_double(env, value, &raw mut number) })?;
        // SAFETY: live handles of this scope and a name that ends in zero.
        check(unsafe { sys::napi_set_named_property(env, object, name.as_ptr(), number) })?;
    }
    if let ErrorKind::Io {
        syscall,
        path,
        source,
    } = error.kind()
    {
        text(c"syscall", syscall)?;
        if let Some(path) = path {
            text(c"path", &path.to_string_lossy())?;
        }
        // On Windows these are the system's own numbers, which Node's table does not have.
        if cfg!(unix)
            && let Some(errno) = source.raw_os_error()
        {
            let mut number = ptr::null_mut();
            // SAFETY: the caller vouches for `env`.
            check(unsafe { sys::napi_create_int32(env, -errno, &raw mut number) })?;
            // SAFETY: live handles of this scope and a name that ends in zero.
            check(unsafe { sys::napi_set_named_property(env, object, c"errno".as_ptr(), number) })?;
        }
    }
    Ok(object)
}

/// The properties of an error that are numbers.
fn numbers(error: &Error) -> Vec<(&'static CStr, f64)> {
    match *error.kind() {
        ErrorKind::Csv {
            line,
            column,
            byte_offset,
            ..
        }
        | ErrorKind::Json {
            line,
            column,
            byte_offset,
            ..
        } => vec![
            (c"line", number::to_js(line)),
            (c"column", number::to_js(column)),
            (c"byteOffset", number::to_js(byte_offset)),
        ],
        // `lib/errors.js` makes a RangeError of it.
        ErrorKind::OutputTooLarge { limit } => vec![(c"maxOutputLength", number::to_js(limit))],
        ErrorKind::Compressed {
            errno,
            byte_offset: Some(byte_offset),
            ..
        } => vec![
            (c"errno", f64::from(errno)),
            (c"byteOffset", number::to_js(byte_offset)),
        ],
        _ => Vec::new(),
    }
}
