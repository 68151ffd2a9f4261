//! The JavaScript thread's side of the completion queue: batches, within a time budget.

use std::ffi::c_void;
use std::ptr;
use std::time::{Duration, Instant};

use napi::sys;

use super::completion::Completion;
use super::env::Environment;
use super::number;
use super::output::{self, NapiResult, Output, check};
use crate::error::ErrorKind;
use crate::pool::{Event, LaneKind};

/// Completions that one call into JavaScript settles at most. Between two calls Node runs the
/// promises' continuations, so this bounds how far the clock can run unread.
pub(super) const BATCH: usize = 64;

/// How long one turn of the event loop goes on settling, continuations included. Then the loop
/// serves its other sources first.
const TURN: Duration = Duration::from_millis(1);

/// What a turn of the event loop has settled so far.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    began: Instant,
    /// The last batch: when it began, and its size.
    batch_began: Instant,
    batch: usize,
}

/// A `Uint32Array` of [`BATCH`] elements that JavaScript and native code share: the slot and the
/// kind of each completion of a batch. Writing there costs nothing, where an element of an array
/// costs 50 ns, and a result that is `undefined` needs no more.
pub(super) struct Header(*mut u32);

impl Header {
    /// # Safety
    ///
    /// `env` is the current environment, on its own thread, and `array` a `Uint32Array` that no
    /// JavaScript but `lib/registry.js` knows, which never detaches it.
    pub(super) unsafe fn new(env: sys::napi_env, array: sys::napi_value) -> NapiResult<Self> {
        let (mut length, mut data, mut kind) = (0, ptr::null_mut(), 0);
        // SAFETY: the caller vouches for `env` and `array`; null asks for nothing.
        check(unsafe {
            sys::napi_get_typedarray_info(
                env,
                array,
                &raw mut kind,
                &raw mut length,
                &raw mut data,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        })?;
        assert!(
            length == BATCH && kind == sys::TypedarrayType::uint32_array,
            "`batchSize()` elements of 32 bits"
        );
        let mut reference = ptr::null_mut();
        // Held for good: the memory lives as long as the environment.
        // SAFETY: as above.
        check(unsafe { sys::napi_create_reference(env, array, 1, &raw mut reference) })?;
        Ok(Self(data.cast()))
    }

    fn set(&self, index: usize, slot: u32, kind: Kind) {
        assert!(index < BATCH, "a batch has no more");
        // SAFETY: in bounds, as just checked.
        let place = unsafe { self.0.add(index) };
        // SAFETY: memory that lives as long as the environment (`new`), on its thread.
        unsafe { place.write((slot << 2) | kind as u32) };
    }
}

/// What a completion is about. `lib/registry.js` has the same numbers.
#[derive(Clone, Copy)]
enum Kind {
    Result = 0,
    Failure = 1,
    Progress = 2,
    Lane = 3,
}

impl Environment {
    /// Settles one batch, and sees to the next.
    ///
    /// Node runs the continuations of the settled promises when this returns, and calls again at
    /// once, in the same turn of the event loop, while the threadsafe function's queue has a call.
    /// So the clock is read at the start of the next call, when the continuations have run too.
    unsafe fn drain(&self, env: sys::napi_env, settle: sys::napi_value) -> NapiResult<()> {
        let now = Instant::now();
        let began = match self.turn.take() {
            None => now,
            Some(turn) => {
                self.learn(now.saturating_duration_since(turn.batch_began), turn.batch);
                turn.began
            }
        };
        if now.saturating_duration_since(began) >= TURN {
            // JavaScript calls `wake` after the event loop has served its other sources.
            // SAFETY: as for this function.
            return unsafe { call(env, settle, &[]) };
        }
        let mut batch = self.batch.borrow_mut();
        if self.queue.take(&mut batch, self.limit.get()) {
            self.turn.set(Some(Turn {
                began,
                batch_began: now,
                batch: batch.len(),
            }));
            self.queue.wake();
        }
        if batch.is_empty() {
            return Ok(());
        }
        let mut undefined = ptr::null_mut();
        // SAFETY: the caller vouches for `env`.
        check(unsafe { sys::napi_get_undefined(env, &raw mut undefined) })?;
        let mut arguments = [undefined; 1 + BATCH];
        let mut used = 1;
        let mut index = 0;
        for completion in batch.drain(..) {
            let failing = match &completion {
                Completion::Settled { slot, .. } => Some(*slot),
                _ => None,
            };
            // SAFETY: as for this function.
            let parts = match (unsafe { self.parts(env, completion) }, failing) {
                (Ok(parts), _) => parts,
                // A result that JavaScript has no value for fails its own job, and no other.
                // SAFETY: as for this function.
                (Err(_), Some(slot)) => unsafe { refused(env, slot) }?,
                (Err(_), None) => continue,
            };
            let (slot, kind, value) = parts;
            self.header.set(index, slot, kind);
            if let Some(value) = value {
                arguments[1 + index] = value;
                used = 2 + index;
            }
            index += 1;
        }
        drop(batch);
        // SAFETY: as for this function.
        arguments[0] = unsafe { integer(env, number::small(index)) }?;
        // SAFETY: as for this function.
        unsafe { call(env, settle, &arguments[..used]) }
    }

    /// Sizes the next batch to take half a turn, from the time that the last one took.
    fn learn(&self, time: Duration, batch: usize) {
        let each = time.as_nanos() / batch.max(1) as u128;
        let fits = (TURN / 2).as_nanos().checked_div(each).unwrap_or(u128::MAX);
        self.limit
            .set(usize::try_from(fits).unwrap_or(BATCH).clamp(1, BATCH));
    }

    /// A completion as `lib/registry.js` takes it: a slot, a kind, and a value that is not `undefined`.
    unsafe fn parts(
        &self,
        env: sys::napi_env,
        completion: Completion,
    ) -> NapiResult<(u32, Kind, Option<sys::napi_value>)> {
        Ok(match completion {
            Completion::Settled { slot, outcome } => {
                self.release(env, slot);
                match outcome {
                    Ok(Output::Undefined) => (slot, Kind::Result, None),
                    // SAFETY: as for this function.
                    Ok(output) => (slot, Kind::Result, Some(unsafe { output.into_js(env) }?)),
                    // JavaScript has abandoned what it cancelled, and looks at no value.
                    Err(error) if matches!(error.kind(), ErrorKind::Cancelled) => {
                        (slot, Kind::Failure, None)
                    }
                    Err(error) => {
                        // SAFETY: as for this function.
                        let failure = unsafe { output::failure(env, &error) }?;
                        (slot, Kind::Failure, Some(failure))
                    }
                }
            }
            Completion::Progressed { slot, report } => {
                let (processed, total) = report.take();
                let mut pair = ptr::null_mut();
                // SAFETY: as for this function.
                check(unsafe { sys::napi_create_array_with_length(env, 2, &raw mut pair) })?;
                for (index, bytes) in (0..).zip([Some(processed), total]) {
                    let mut number = ptr::null_mut();
                    let bytes = bytes.map_or(f64::NAN, number::to_js);
                    // SAFETY: as for this function.
                    check(unsafe { sys::napi_create_double(env, bytes, &raw mut number) })?;
                    // SAFETY: live handles of this scope.
                    check(unsafe { sys::napi_set_element(env, pair, index, number) })?;
                }
                (slot, Kind::Progress, Some(pair))
            }
            // Not about a slot: its number is the lane and the event.
            Completion::Lane { lane, event } => {
                let bits =
                    u32::from(lane == LaneKind::Bulk) * 2 + u32::from(event == Event::NeedDrain);
                (bits, Kind::Lane, None)
            }
        })
    }
}

/// A failure in place of a result that could not be made, whose exception is dropped.
unsafe fn refused(
    env: sys::napi_env,
    slot: u32,
) -> NapiResult<(u32, Kind, Option<sys::napi_value>)> {
    let mut exception = ptr::null_mut();
    // SAFETY: the caller vouches for `env`. Without an exception the call does nothing.
    unsafe { sys::napi_get_and_clear_last_exception(env, &raw mut exception) };
    // SAFETY: as for this function.
    let failure = unsafe { output::failure(env, &ErrorKind::ResultTooLarge.into()) }?;
    Ok((slot, Kind::Failure, Some(failure)))
}

unsafe fn integer(env: sys::napi_env, value: u32) -> NapiResult<sys::napi_value> {
    let mut number = ptr::null_mut();
    // SAFETY: the caller vouches for `env`.
    check(unsafe { sys::napi_create_uint32(env, value, &raw mut number) })?;
    Ok(number)
}

unsafe fn call(
    env: sys::napi_env,
    function: sys::napi_value,
    arguments: &[sys::napi_value],
) -> NapiResult<()> {
    let mut receiver = ptr::null_mut();
    // SAFETY: the caller vouches for `env`.
    check(unsafe { sys::napi_get_undefined(env, &raw mut receiver) })?;
    // SAFETY: live handles of this scope. An exception stays pending, and Node reports it.
    check(unsafe {
        sys::napi_call_function(
            env,
            receiver,
            function,
            arguments.len(),
            arguments.as_ptr(),
            ptr::null_mut(),
        )
    })
}

/// The threadsafe function's call on the JavaScript thread.
pub(super) unsafe extern "C" fn on_wake(
    env: sys::napi_env,
    settle: sys::napi_value,
    context: *mut c_void,
    _: *mut c_void,
) {
    // Node passes no environment when it empties the queue of one that is ending.
    if env.is_null() || settle.is_null() {
        return;
    }
    // SAFETY: the context that `start` gave, alive while the environment is.
    let environment = unsafe { &*context.cast::<Environment>() };
    // A failure is an exception that is pending, or an environment that is being terminated: in
    // neither case is there anybody to tell.
    // SAFETY: Node calls this on the environment's thread, in a handle scope.
    let _ = unsafe { environment.drain(env, settle) };
}
