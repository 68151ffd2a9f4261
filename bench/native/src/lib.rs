//! An empty job as a napi `AsyncTask`: libuv's pool, one promise and one threadsafe call each.

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Result, Task};
use napi_derive::napi;

struct Empty;

impl Task for Empty {
    type Output = ();
    type JsValue = ();

    fn compute(&mut self) -> Result<()> {
        Ok(())
    }

    fn resolve(&mut self, _: Env, (): ()) -> Result<()> {
        Ok(())
    }
}

/// Resolves with `undefined` after a round trip through libuv's pool.
#[napi]
#[allow(dead_code, reason = "called from JavaScript")]
fn empty() -> AsyncTask<Empty> {
    AsyncTask::new(Empty)
}
