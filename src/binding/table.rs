//! Tables across the boundary: their memory as it is, and a description of what is where.

use std::ffi::c_void;
use std::ptr;

use ::bytes::Bytes as SharedBytes;
use napi::Env;
use napi::bindgen_prelude::Array;
use napi::sys;
use napi_derive::napi;

use super::output::{EXTERNAL_FROM, NapiResult, Output, check};
use super::{JobOptions, Returned, environment, inputs, returned};
use crate::error::Error;
use crate::ops::table::{Description, Memory, Table, View};
use crate::pool::LaneKind;

/// An array of the description in JSON, and an `ArrayBuffer` for each memory.
///
/// # Safety
///
/// As for [`Output::into_js`].
pub(super) unsafe fn into_js(env: sys::napi_env, table: Table) -> NapiResult<sys::napi_value> {
    let json = table.to_json();
    let mut array = ptr::null_mut();
    let count = 1 + table.memory.len();
    // SAFETY: the caller vouches for `env`.
    check(unsafe { sys::napi_create_array_with_length(env, count, &raw mut array) })?;
    let mut text = ptr::null_mut();
    let length = isize::try_from(json.len()).unwrap_or(isize::MAX);
    // SAFETY: `json` is readable for its length; V8 copies it.
    check(unsafe {
        sys::napi_create_string_utf8(env, json.as_ptr().cast(), length, &raw mut text)
    })?;
    // SAFETY: live handles of this scope.
    check(unsafe { sys::napi_set_element(env, array, 0, text) })?;
    for (index, memory) in (1..).zip(table.memory) {
        // SAFETY: as for this function.
        let buffer = unsafe { array_buffer(env, memory) }?;
        // SAFETY: live handles of this scope.
        check(unsafe { sys::napi_set_element(env, array, index, buffer) })?;
    }
    Ok(array)
}

/// # Safety
///
/// As for [`Output::into_js`].
unsafe fn array_buffer(env: sys::napi_env, mut memory: Memory) -> NapiResult<sys::napi_value> {
    if memory.len() < EXTERNAL_FROM {
        // SAFETY: as for this function.
        return unsafe { copy_to_array_buffer(env, &memory) };
    }
    let mut value = ptr::null_mut();
    let (data, length) = (memory.as_mut_ptr(), memory.len());
    let owner = Box::into_raw(Box::new(memory));
    // SAFETY: the memory lives until `free` takes it back, once, when JavaScript drops the buffer or
    // the environment ends.
    let status = unsafe {
        sys::napi_create_external_arraybuffer(
            env,
            data.cast::<c_void>(),
            length,
            Some(free),
            owner.cast::<c_void>(),
            &raw mut value,
        )
    };
    if status == sys::Status::napi_no_external_buffers_allowed {
        // Electron.
        // SAFETY: refused before anything was made, so the memory is still ours.
        let memory = unsafe { Box::from_raw(owner) };
        // SAFETY: as for this function.
        return unsafe { copy_to_array_buffer(env, &memory) };
    }
    // After any other failure Node has called the finalizer already.
    check(status)?;
    Ok(value)
}

/// # Safety
///
/// As for [`Output::into_js`].
unsafe fn copy_to_array_buffer(env: sys::napi_env, bytes: &[u8]) -> NapiResult<sys::napi_value> {
    let (mut value, mut data) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the caller vouches for `env`.
    check(unsafe {
        sys::napi_create_arraybuffer(env, bytes.len(), &raw mut data, &raw mut value)
    })?;
    if !bytes.is_empty() {
        // SAFETY: the buffer was just made with room for as many bytes.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), data.cast::<u8>(), bytes.len()) };
    }
    Ok(value)
}

/// # Safety
///
/// `hint` came from `Box::into_raw` of a `Box<Memory>`, and this is called once.
unsafe extern "C" fn free(_: sys::napi_env, _: *mut c_void, hint: *mut c_void) {
    // SAFETY: the contract above.
    drop(unsafe { Box::from_raw(hint.cast::<Memory>()) });
}

/// A table that JavaScript hands back.
pub(super) fn view(
    env: Env,
    memories: &Array<'_>,
    description: &str,
    copy: bool,
) -> Result<View, Error> {
    let memories = inputs(env, memories, copy)?;
    let memories = memories.into_iter().map(SharedBytes::from_owner).collect();
    View::new(Description::from_json(description)?, memories)
}

/// Parses below this many bytes take a millisecond, and go before what takes longer.
const INTERACTIVE_BELOW: usize = 256 << 10;

/// Where so many bytes are parsed.
pub(super) fn table_lane(input: usize) -> LaneKind {
    if input < INTERACTIVE_BELOW {
        LaneKind::Interactive
    } else {
        LaneKind::Bulk
    }
}

/// What a table takes beside the bytes that it is made of: about as much again.
pub(super) fn table_bytes(input: usize) -> u64 {
    input as u64
}

/// Bytes that the result of reading `view` takes, about.
pub(super) fn estimated_bytes(view: &View) -> u64 {
    view.memory_bytes() as u64
}

/// A table as an Arrow IPC stream.
#[napi(catch_unwind)]
pub fn table_to_arrow(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    memories: Array<'_>,
    description: String,
) -> Returned {
    let options = JobOptions::new(slot, priority, flags);
    let outcome = view(env, &memories, &description, options.copy).and_then(|view| {
        let route = options.route(LaneKind::Bulk, estimated_bytes(&view));
        environment(env).submit(env.raw(), route, move |context| {
            view.to_ipc(context).map(Output::Buffer)
        })?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}
