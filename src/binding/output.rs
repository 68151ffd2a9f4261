//! Results, and errors, as JavaScript values.

use std::ffi::{c_char, c_void};
use std::ops::Deref;
use std::ptr;

use napi::sys;

use super::bytes::Bytes;
use super::{json, number, table};
use crate::error::{Error, ErrorKind};
use crate::ops::digest::Encoded;
use crate::ops::json::Document;
use crate::ops::kdf::Secret;
use crate::ops::table::Table;

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
            Self::Secret(bytes) => value = unsafe { buffer(env, bytes) }?,
        }
        Ok(value)
    }
}

/// A `Buffer` of `bytes`: a copy where they are few, and otherwise their own memory.
///
/// # Safety
///
/// As for [`Output::into_js`].
unsafe fn buffer<B: Deref<Target = Vec<u8>>>(
    env: sys::napi_env,
    bytes: B,
) -> NapiResult<sys::napi_value> {
    if bytes.len() < EXTERNAL_FROM {
        // SAFETY: as for this function.
        return unsafe { copy_to_buffer(env, &bytes) };
    }
    let mut value = ptr::null_mut();
    let bytes = Box::new(bytes);
    let (data, length) = (bytes.as_ptr(), bytes.len());
    let owner = Box::into_raw(bytes);
    // SAFETY: the vector lives until `free` takes it back, once, when JavaScript drops the buffer or
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
        // SAFETY: refused before anything was made, so the vector is still ours.
        let bytes = unsafe { Box::from_raw(owner) };
        // SAFETY: as for this function.
        return unsafe { copy_to_buffer(env, &bytes) };
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
    let text = |name: &'static std::ffi::CStr, value: &str| -> NapiResult<()> {
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
    if let ErrorKind::Csv {
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
    } = *error.kind()
    {
        for (name, value) in [
            (c"line", line),
            (c"column", column),
            (c"byteOffset", byte_offset),
        ] {
            let mut place = ptr::null_mut();
            let value = number::to_js(value);
            // SAFETY: the caller vouches for `env`.
            check(unsafe { sys::napi_create_double(env, value, &raw mut place) })?;
            // SAFETY: live handles of this scope and a name that ends in zero.
            check(unsafe { sys::napi_set_named_property(env, object, name.as_ptr(), place) })?;
        }
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
