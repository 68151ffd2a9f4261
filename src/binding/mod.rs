//! Between JavaScript and the pool: the only code that knows Node-API.
//!
//! The contract with `lib/registry.js`:
//!
//! - JavaScript calls `init` once for each environment, with the function that takes batches.
//! - It numbers its jobs with slots. An export that starts a job takes the slot and the job
//!   options first. It returns the result at once where the work was too small for a job;
//!   `undefined` where a job was submitted, whose slot then gets exactly one completion; and it
//!   throws a plain object where the job was refused.
//! - `cancel(slot)` returns true when the job had not started: that slot gets no completion.
//! - Errors cross as plain objects with a `code`; `lib/errors.js` makes an `Error` of them.
//!
//! Every export is guarded against panics; a panic on a pool thread is the pool's to catch.

mod backing_store;
#[expect(unreachable_pub, reason = "what napi exports is public to JavaScript")]
mod batches;
mod borrows;
mod bytes;
mod completion;
#[expect(unreachable_pub, reason = "what napi exports is public to JavaScript")]
#[expect(
    clippy::needless_pass_by_value,
    reason = "napi makes strings of its own"
)]
mod csv;
#[expect(unreachable_pub, reason = "what napi exports is public to JavaScript")]
mod digest;
mod env;
#[expect(unreachable_pub, reason = "what napi exports is public to JavaScript")]
#[expect(
    clippy::needless_pass_by_value,
    reason = "napi makes strings of its own"
)]
mod json;
#[expect(unreachable_pub, reason = "what napi exports is public to JavaScript")]
mod kdf;
mod number;
mod output;
#[expect(unreachable_pub, reason = "what napi exports is public to JavaScript")]
#[expect(
    clippy::needless_pass_by_value,
    reason = "napi makes strings of its own"
)]
mod password;
#[expect(unreachable_pub, reason = "what napi exports is public to JavaScript")]
mod pool;
mod settle;
#[expect(unreachable_pub, reason = "what napi exports is public to JavaScript")]
#[expect(
    clippy::needless_pass_by_value,
    reason = "napi makes strings of its own"
)]
mod table;
mod task;
#[cfg(feature = "testing")]
#[expect(unreachable_pub, reason = "what napi exports is public to JavaScript")]
mod testing;
#[expect(unreachable_pub, reason = "what napi exports is public to JavaScript")]
#[expect(
    clippy::needless_pass_by_value,
    reason = "napi makes vectors of its own"
)]
mod zlib;

use std::path::PathBuf;

use napi::bindgen_prelude::{Array, Unknown};
use napi::{Env, JsValue, sys};

use crate::error::Error;
use crate::ops::kdf::Secret;
use crate::pool::{CancelToken, Context, LaneKind, Split};
use bytes::Bytes;
use env::{Environment, Route};
use output::Output;

/// Work below this runs at once, on the JavaScript thread: a job costs that thread about as much
/// (1.2 µs to submit and settle, and 1 to 5 µs to wake a thread).
const INLINE_NANOS: u64 = 3_000;

/// The job options as `lib/options.js` packs them.
#[derive(Clone, Copy)]
struct JobOptions {
    slot: u32,
    lane: Option<LaneKind>,
    priority: i32,
    copy: bool,
    progress: bool,
}

impl JobOptions {
    /// `flags`: 1 and 2 for a lane asked for, 4 to copy inputs, 8 for progress.
    fn new(slot: u32, priority: i32, flags: u32) -> Self {
        Self {
            slot,
            lane: match flags & 3 {
                1 => Some(LaneKind::Interactive),
                2 => Some(LaneKind::Bulk),
                _ => None,
            },
            priority,
            copy: flags & 4 != 0,
            progress: flags & 8 != 0,
        }
    }

    /// Whether nothing asks for a job: work that is small enough may run at once.
    fn may_stay(self) -> bool {
        self.lane.is_none() && !self.progress
    }

    fn route(self, estimated: LaneKind, bytes: u64) -> Route {
        Route {
            slot: self.slot,
            lane: self.lane.unwrap_or(estimated),
            priority: self.priority,
            progress: self.progress,
            bytes,
        }
    }
}

/// What an export hands to JavaScript: a value, or nothing where a job is on its way or an
/// exception is.
type Returned = napi::Result<sys::napi_value>;

/// The end of every export that starts a job.
fn returned(env: Env, outcome: Result<Output, Error>) -> Returned {
    let raw = env.raw();
    let done = match outcome {
        // SAFETY: exports run on the environment's thread, in a handle scope.
        Ok(output) => unsafe { output.into_js(raw) },
        // SAFETY: as above.
        Err(error) => unsafe { output::failure(raw, &error) }.and_then(|failure| {
            // SAFETY: a live handle of this scope; the exception is the export's last act.
            output::check(unsafe { sys::napi_throw(raw, failure) })?;
            // SAFETY: as above.
            unsafe { Output::Undefined.into_js(raw) }
        }),
    };
    done.map_err(|status| napi::Error::from_status(napi::Status::from(status)))
}

/// The environment of an export that is running.
fn environment<'a>(env: Env) -> &'a Environment {
    // SAFETY: exports run on the environment's thread, and none keeps the reference.
    unsafe { Environment::of(env.raw()) }
}

/// The bytes of an export's argument.
fn input(env: Env, value: &Unknown<'_>, copy: bool) -> Result<Bytes, Error> {
    let environment = environment(env);
    // SAFETY: exports run on the environment's thread, and arguments are live handles.
    unsafe { Bytes::from_js(env.raw(), value.raw(), copy, environment.borrows()) }
}

/// The bytes of an export's argument that is an array of inputs.
fn inputs(env: Env, values: &Array<'_>, copy: bool) -> Result<Vec<Bytes>, Error> {
    (0..values.len())
        .map(|index| {
            let value: Option<Unknown<'_>> = values.get(index).ok().flatten();
            let value = value.unwrap_or_else(|| unreachable!("lib/*.js has checked each"));
            input(env, &value, copy)
        })
        .collect()
}

/// A path from bytes in the system's form.
#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "fails on Windows")]
fn native_path(bytes: &[u8]) -> Result<PathBuf, Error> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    Ok(PathBuf::from(OsStr::from_bytes(bytes)))
}

#[cfg(not(unix))]
fn native_path(bytes: &[u8]) -> Result<PathBuf, Error> {
    match std::str::from_utf8(bytes) {
        Ok(path) => Ok(PathBuf::from(path)),
        Err(error) => Err(crate::error::ErrorKind::InvalidArgument {
            name: "path",
            expected: "UTF-8".to_owned(),
            received: format!("other bytes from offset {}", error.valid_up_to()),
        }
        .into()),
    }
}

/// The bytes of a secret: always a copy, which is wiped.
fn secret(env: Env, value: &Unknown<'_>) -> Result<Secret, Error> {
    match input(env, value, true)? {
        Bytes::Copied(bytes) => Ok(Secret::new(bytes)),
        Bytes::Borrowed(_) => unreachable!("a copy was asked for"),
    }
}

/// Runs `work` here, where nothing splits and nothing cancels.
fn inline<R>(work: impl FnOnce(&Context<'_>) -> R) -> R {
    let split = Split::new(LaneKind::Interactive, 1);
    work(&Context::new(&CancelToken::default(), &split))
}
