//! Exports for the tests and the benchmarks. The released binary is built without them.

use std::sync::atomic::{AtomicBool, Ordering};

use napi::Env;
use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use super::output::Output;
use super::{JobOptions, Returned, environment, input, number, returned};
use crate::pool::LaneKind;

/// Whether jobs of `testHold` may end.
static RELEASED: AtomicBool = AtomicBool::new(false);

/// A job that does nothing.
#[napi(catch_unwind)]
pub fn test_empty(env: Env, slot: u32, priority: i32, flags: u32) -> Returned {
    let route = JobOptions::new(slot, priority, flags).route(LaneKind::Interactive, 0);
    let outcome = environment(env).submit(env.raw(), route, |_| Ok(Output::Undefined));
    returned(env, outcome.map(|()| Output::Undefined))
}

/// A job that takes `data` and does nothing with it.
#[napi(catch_unwind)]
pub fn test_take(env: Env, slot: u32, priority: i32, flags: u32, data: Unknown<'_>) -> Returned {
    let options = JobOptions::new(slot, priority, flags);
    let outcome = input(env, &data, options.copy).and_then(|data| {
        let route = options.route(LaneKind::Interactive, 0);
        environment(env).submit(env.raw(), route, move |_| {
            drop(data);
            Ok(Output::Undefined)
        })
    });
    returned(env, outcome.map(|()| Output::Undefined))
}

/// A job that panics.
#[napi(catch_unwind)]
pub fn test_panic(env: Env, slot: u32, priority: i32, flags: u32) -> Returned {
    let route = JobOptions::new(slot, priority, flags).route(LaneKind::Interactive, 0);
    let outcome = environment(env).submit(env.raw(), route, |_| panic!("on purpose"));
    returned(env, outcome.map(|()| Output::Undefined))
}

/// A job that declares `bytes` and runs until `testRelease` or, where `stops`, until cancelled.
#[napi(catch_unwind)]
pub fn test_hold(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    bytes: f64,
    stops: bool,
) -> Returned {
    let options = JobOptions::new(slot, priority, flags);
    let route = options.route(LaneKind::Bulk, number::from_js(bytes));
    let outcome = environment(env).submit(env.raw(), route, move |context| {
        while !RELEASED.load(Ordering::Acquire) {
            if stops {
                context.check()?;
            }
            std::thread::yield_now();
        }
        Ok(Output::Undefined)
    });
    returned(env, outcome.map(|()| Output::Undefined))
}

/// Lets jobs of `testHold` end, or holds those to come.
#[napi(catch_unwind)]
pub fn test_release(released: bool) {
    RELEASED.store(released, Ordering::Release);
}

/// A job whose result is text of `length` characters.
#[napi(catch_unwind)]
pub fn test_text(env: Env, slot: u32, priority: i32, flags: u32, length: f64) -> Returned {
    let route = JobOptions::new(slot, priority, flags).route(LaneKind::Interactive, 0);
    let outcome = environment(env).submit(env.raw(), route, move |_| {
        Ok(Output::Latin1(vec![0; number::length(length)]))
    });
    returned(env, outcome.map(|()| Output::Undefined))
}
