//! What one environment (the main thread, or a worker thread) has of its own.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, OnceLock, Weak};

use napi::sys;

use super::borrows::Borrows;
use super::completion::{Completion, CompletionQueue, Wake};
use super::output::{NapiResult, Output, check};
use super::settle::{BATCH, Header, Turn, on_wake};
use super::task::{Steps, Task, Work};
use crate::error::{Error, ErrorKind};
use crate::ops::kdf;
use crate::pool::{Company, Config, Context, JobSpec, LaneKind, Lockstep, Observer, Pool, Ticket};

/// One pool for the process, made by the first environment.
static POOL: OnceLock<Pool> = OnceLock::new();

pub(super) fn pool() -> &'static Pool {
    POOL.get()
        .unwrap_or_else(|| unreachable!("`init` makes the pool before any other export runs"))
}

/// Lives from `init` until Node frees the instance data. Used on the environment's thread only.
pub(super) struct Environment {
    pub(super) queue: Arc<CompletionQueue>,
    borrows: Arc<Borrows>,
    wake: sys::napi_threadsafe_function,
    /// The job of each slot in flight. JavaScript hands the slots out.
    tickets: RefCell<Vec<Option<Ticket>>>,
    in_flight: Cell<usize>,
    /// This turn of the event loop, while more is left to do in it.
    pub(super) turn: Cell<Option<Turn>>,
    /// How many completions the next batch may have: fewer where continuations are slow.
    pub(super) limit: Cell<usize>,
    pub(super) batch: RefCell<Vec<Completion>>,
    pub(super) header: Header,
}

/// Where and how a job runs, from the job options.
#[derive(Clone, Copy)]
pub(super) struct Route {
    pub(super) slot: u32,
    pub(super) lane: LaneKind,
    pub(super) priority: i32,
    /// Whether JavaScript wants to hear of progress.
    pub(super) progress: bool,
    /// Working memory to declare.
    pub(super) bytes: u64,
}

impl Environment {
    /// Makes the environment's state. `settle` is the JavaScript function that takes batches.
    ///
    /// # Safety
    ///
    /// `env` is the current environment, on its own thread, and `settle` a function of it. Called
    /// once for each environment.
    pub(super) unsafe fn start(
        env: sys::napi_env,
        settle: sys::napi_value,
        header: Header,
        config: Config,
    ) -> NapiResult<()> {
        let mut data = ptr::null_mut();
        // SAFETY: the caller vouches for `env`.
        check(unsafe { sys::napi_get_instance_data(env, &raw mut data) })?;
        if !data.is_null() {
            return Err(sys::Status::napi_invalid_arg);
        }
        // Before the first thread: the library is never unmapped under the pool.
        napi::bindgen_prelude::retain_current_module_for_unload_safety();
        POOL.get_or_init(|| {
            kdf::set_arena_budget(config.memory);
            Pool::new(config)
        });

        let mut name = ptr::null_mut();
        // SAFETY: the caller vouches for `env`; the text is 7 bytes long.
        check(unsafe { sys::napi_create_string_utf8(env, c"offloop".as_ptr(), 7, &raw mut name) })?;
        let queue = Arc::new(CompletionQueue::new());
        let mut wake = ptr::null_mut();
        let environment = Box::into_raw(Box::new(Self {
            queue: Arc::clone(&queue),
            borrows: Arc::default(),
            wake: ptr::null_mut(),
            tickets: RefCell::default(),
            in_flight: Cell::new(0),
            turn: Cell::new(None),
            limit: Cell::new(BATCH),
            batch: RefCell::default(),
            header,
        }));
        // SAFETY: `environment` outlives the threadsafe function: Node frees instance data after
        // the cleanup hooks, one of which ends the function.
        let status = unsafe {
            sys::napi_create_threadsafe_function(
                env,
                settle,
                ptr::null_mut(),
                name,
                0,
                1,
                ptr::null_mut(),
                None,
                environment.cast::<c_void>(),
                Some(on_wake),
                &raw mut wake,
            )
        };
        if let Err(status) = check(status) {
            // SAFETY: nothing else has the pointer yet.
            drop(unsafe { Box::from_raw(environment) });
            return Err(status);
        }
        // SAFETY: the box was just made, and nothing else uses it yet.
        unsafe { (*environment).wake = wake };
        // SAFETY: an idle pool does not hold the event loop open; jobs in flight do (`submit`).
        check(unsafe { sys::napi_unref_threadsafe_function(env, wake) })?;
        // SAFETY: `free` takes the box back, once, when Node drops the instance data.
        check(unsafe {
            sys::napi_set_instance_data(env, environment.cast(), Some(free), ptr::null_mut())
        })?;
        // SAFETY: hooks run in the reverse order of their registration: this one before that of
        // the threadsafe function, which must be alive until then.
        check(unsafe {
            sys::napi_add_env_cleanup_hook(env, Some(on_cleanup), environment.cast())
        })?;
        queue.open(Wake(wake));
        Ok(())
    }

    /// The state of `env`.
    ///
    /// # Safety
    ///
    /// `env` is the current environment, on its own thread, and the reference does not outlive
    /// the call into native code.
    pub(super) unsafe fn of<'a>(env: sys::napi_env) -> &'a Self {
        let mut data = ptr::null_mut();
        // SAFETY: the caller vouches for `env`.
        unsafe { sys::napi_get_instance_data(env, &raw mut data) };
        assert!(!data.is_null(), "`init` was not called");
        // SAFETY: `start` put it there, and Node drops it with the environment.
        unsafe { &*data.cast::<Self>() }
    }

    pub(super) fn borrows(&self) -> &Arc<Borrows> {
        &self.borrows
    }

    /// Submits `work`. On success its slot gets exactly one completion, unless `cancel` withdraws
    /// it.
    pub(super) fn submit<W>(&self, env: sys::napi_env, route: Route, work: W) -> Result<(), Error>
    where
        W: FnOnce(&Context<'_>) -> Result<Output, Error> + Send + 'static,
    {
        self.submit_work(env, route, None, work)
    }

    /// Submits work that may go on in company; `finish` makes the result of it.
    pub(super) fn submit_steps<L, F>(
        &self,
        env: sys::napi_env,
        route: Route,
        company: Company,
        work: L,
        finish: F,
    ) -> Result<(), Error>
    where
        L: Lockstep,
        F: FnOnce(L) -> Result<Output, Error> + Send + 'static,
    {
        self.submit_work(env, route, Some(company), Steps(work, finish))
    }

    fn submit_work<W: Work + 'static>(
        &self,
        env: sys::napi_env,
        route: Route,
        company: Option<Company>,
        work: W,
    ) -> Result<(), Error> {
        let slot = route.slot as usize;
        let mut tickets = self.tickets.borrow_mut();
        // JavaScript hands out the next slot or one that it has back.
        if slot > tickets.len() {
            return Err(ErrorKind::InvalidArgument {
                name: "slot",
                expected: format!("at most {}", tickets.len()),
                received: slot.to_string(),
            }
            .into());
        }
        if slot == tickets.len() {
            tickets.push(None);
        }
        drop(tickets);
        let spec = JobSpec {
            lane: route.lane,
            priority: route.priority,
            bytes: route.bytes,
            company,
        };
        let task = Task::new(route.slot, &self.queue, route.progress, work);
        let ticket = pool().submit(spec, Box::new(task))?;
        self.tickets.borrow_mut()[slot] = Some(ticket);
        self.in_flight.set(self.in_flight.get() + 1);
        if self.in_flight.get() == 1 {
            // SAFETY: alive until `on_cleanup`, on its own thread.
            unsafe { sys::napi_ref_threadsafe_function(env, self.wake) };
        }
        Ok(())
    }

    /// Cancels the job of `slot`. True when it was still queued: there will be no completion.
    pub(super) fn cancel(&self, env: sys::napi_env, slot: u32) -> bool {
        let withdrawn = match self.tickets.borrow().get(slot as usize) {
            Some(Some(ticket)) => pool().cancel(ticket),
            _ => false,
        };
        if withdrawn {
            self.release(env, slot);
        }
        withdrawn
    }

    /// Hears of the lanes' edges, or does no longer. Not while nobody listens: a busy pool goes over
    /// them thousands of times a second.
    pub(super) fn listen(&self, on: bool) {
        let queue: Weak<CompletionQueue> = Arc::downgrade(&self.queue);
        let observer: Weak<dyn Observer> = queue;
        if on {
            pool().observe(observer);
        } else {
            pool().unobserve(&observer);
        }
    }

    /// Wakes this environment for completions that the last turn left.
    pub(super) fn wake(&self) {
        self.queue.wake();
    }

    pub(super) fn release(&self, env: sys::napi_env, slot: u32) {
        self.tickets.borrow_mut()[slot as usize] = None;
        self.in_flight.set(self.in_flight.get() - 1);
        if self.in_flight.get() == 0 {
            // SAFETY: alive until `on_cleanup`, on its own thread.
            unsafe { sys::napi_unref_threadsafe_function(env, self.wake) };
        }
    }
}

/// The environment ends: its thread waits here until no native thread can read its memory, or
/// call it.
unsafe extern "C" fn on_cleanup(data: *mut c_void) {
    // SAFETY: what `start` registered; Node frees it after the hooks.
    let environment = unsafe { &*data.cast::<Environment>() };
    let (waiting, wake) = environment.queue.close();
    drop(waiting);
    for ticket in environment.tickets.borrow().iter().flatten() {
        // Queued or running, nobody hears of it any more.
        let _ = pool().cancel(ticket);
    }
    environment.borrows.wait_for_none();
    if let Some(Wake(wake)) = wake {
        // SAFETY: the queue has given it up, so this is the last use.
        unsafe {
            sys::napi_release_threadsafe_function(wake, sys::ThreadsafeFunctionReleaseMode::abort)
        };
    }
}

/// # Safety
///
/// The finalizer of the instance data, called by Node once.
unsafe extern "C" fn free(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    // SAFETY: the box that `start` made.
    drop(unsafe { Box::from_raw(data.cast::<Environment>()) });
}
