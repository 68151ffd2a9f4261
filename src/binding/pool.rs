//! The pool's own exports: its start, sizes and statistics.

use napi::bindgen_prelude::{Function, Unknown};
use napi::{Env, JsValue};
use napi_derive::napi;

use super::backing_store::BackingStore;
use super::env::{Environment, pool};
use super::settle::{BATCH, Header};
use super::{environment, number};
use crate::ops::kdf;
use crate::pool::{Config, LaneKind, LaneStats, Quantiles, available_cpus};

/// Sizes of the pool, as in `pool.configure`.
#[napi(object)]
pub struct Sizes {
    /// Threads of each lane; 0 for the CPUs that the process may use.
    pub threads: u32,
    /// Jobs that may wait in each lane.
    pub max_queue: u32,
    /// Bytes that jobs in flight may declare together.
    pub memory: f64,
}

impl From<Sizes> for Config {
    fn from(sizes: Sizes) -> Self {
        let threads = match sizes.threads as usize {
            0 => available_cpus(),
            threads => threads,
        };
        Self {
            threads,
            max_queue: sizes.max_queue as usize,
            memory: number::from_js(sizes.memory),
        }
    }
}

impl From<Config> for Sizes {
    fn from(config: Config) -> Self {
        Self {
            threads: number::small(config.threads),
            max_queue: number::small(config.max_queue),
            memory: number::to_js(config.memory),
        }
    }
}

/// Quantiles in milliseconds.
#[napi(object)]
pub struct Times {
    /// The median.
    pub p50: f64,
    /// The 90th percentile.
    pub p90: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

impl From<Quantiles> for Times {
    fn from(times: Quantiles) -> Self {
        Self {
            p50: times.p50,
            p90: times.p90,
            p99: times.p99,
            max: times.max,
        }
    }
}

/// One lane of `pool.stats()`.
#[napi(object)]
pub struct Lane {
    /// Threads that the lane may use.
    pub threads: u32,
    /// Whether its threads run below the JavaScript thread.
    pub lowered_priority: Option<bool>,
    /// Jobs on a thread.
    pub running: u32,
    /// Jobs that wait.
    pub queued: u32,
    /// Jobs that ended with a result.
    pub completed: f64,
    /// Jobs that ended with an error.
    pub failed: f64,
    /// Jobs that were cancelled.
    pub cancelled: f64,
    /// Jobs that were refused.
    pub rejected: f64,
    /// Bytes declared by running jobs.
    pub bytes_in_flight: f64,
    /// Whether a job submitted now would wait.
    pub needs_drain: bool,
    /// From submission to start.
    pub wait_time: Times,
    /// From start to end.
    pub run_time: Times,
}

impl From<LaneStats> for Lane {
    fn from(stats: LaneStats) -> Self {
        Self {
            threads: number::small(stats.threads),
            lowered_priority: stats.lowered_priority,
            running: number::small(stats.running),
            queued: number::small(stats.queued),
            completed: number::to_js(stats.completed),
            failed: number::to_js(stats.failed),
            cancelled: number::to_js(stats.cancelled),
            rejected: number::to_js(stats.rejected),
            bytes_in_flight: number::to_js(stats.bytes_in_flight),
            needs_drain: stats.needs_drain,
            wait_time: stats.wait.into(),
            run_time: stats.run.into(),
        }
    }
}

/// Both lanes and the budget.
#[napi(object)]
pub struct Stats {
    /// The interactive lane.
    pub interactive: Lane,
    /// The bulk lane.
    pub bulk: Lane,
}

/// How many elements the header of `init` has.
#[napi(catch_unwind)]
#[must_use]
pub fn batch_size() -> u32 {
    number::small(BATCH)
}

/// Starts this environment. `settle` takes batches of completions, whose slots and kinds are in
/// `header`; `node` says whether the runtime is Node's own build. The sizes hold if no environment
/// has started the pool yet.
#[napi(catch_unwind)]
pub fn init(
    env: Env,
    settle: Function<'_, (), ()>,
    header: Unknown<'_>,
    node: bool,
    sizes: Sizes,
) -> napi::Result<bool> {
    let borrows = BackingStore::enable(node);
    // SAFETY: on the environment's thread; `lib/registry.js` keeps the array to itself.
    let header = unsafe { Header::new(env.raw(), header.raw()) };
    header
        // SAFETY: on the environment's thread, with a function of it; `lib/registry.js` calls it once.
        .and_then(|header| unsafe {
            Environment::start(env.raw(), settle.raw(), header, sizes.into())
        })
        .map_err(|status| napi::Error::from_status(napi::Status::from(status)))?;
    Ok(borrows)
}

/// Goes on with completions that the last turn of the event loop left.
#[napi(catch_unwind)]
pub fn wake(env: Env) {
    environment(env).wake();
}

/// Sends the lanes' events to this environment, or does no longer.
#[napi(catch_unwind)]
pub fn listen(env: Env, on: bool) {
    environment(env).listen(on);
}

/// Cancels a slot's job; true when it had not started, and so gets no completion.
#[napi(catch_unwind)]
pub fn cancel(env: Env, slot: u32) -> bool {
    environment(env).cancel(env.raw(), slot)
}

/// Changes the pool's sizes, for the whole process.
#[napi(catch_unwind)]
pub fn configure(sizes: Sizes) {
    let config = Config::from(sizes);
    kdf::set_arena_budget(config.memory);
    pool().configure(config);
}

/// The pool's sizes.
#[napi(catch_unwind)]
pub fn sizes() -> Sizes {
    pool().config().into()
}

/// The lanes' counters.
#[napi(catch_unwind)]
pub fn stats() -> Stats {
    Stats {
        interactive: pool().stats(LaneKind::Interactive).into(),
        bulk: pool().stats(LaneKind::Bulk).into(),
    }
}
