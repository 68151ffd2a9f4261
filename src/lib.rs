//! offloop runs CPU-heavy work for Node.js on native threads.
//!
//! # The layers
//!
//! - `binding` (feature of that name): the only code that knows Node-API, and the only place for
//!   pointers into memory that JavaScript owns. Turns arguments into [`pool::Job`]s, and results
//!   into JavaScript values.
//! - [`pool`]: two lanes of threads, their queues, the memory budget, cancellation, statistics.
//!   Knows neither Node-API nor any operation.
//! - [`ops`]: what is computed. Bytes and options in, `Result` out. Knows of the pool only the
//!   [`pool::Context`] that it is handed.
//!
//! Dependencies point down that list only.
//!
//! # The life of a job
//!
//! 1. JavaScript (`lib/*.js`) validates the arguments and takes a slot for the promise.
//! 2. `binding` makes [`Bytes`](ops) of the inputs (borrowed, or copied where that is cheaper) and
//!    submits a job to a lane.
//! 3. The lane admits it: room in the queue, then a thread, then bytes of the budget.
//! 4. A thread of the lane runs it under `catch_unwind`. Work that splits does so over the lane's
//!    rayon pool, piece by piece, and looks at its [`pool::CancelToken`] between the pieces.
//! 5. The outcome goes into the completion queue of the environment that submitted it. The first
//!    one in wakes that event loop; the wake-up settles what has come in, within a time budget.
//!
//! # Unsafe code
//!
//! `pool` has none, and `ops` none outside the kernels in their own modules. In `binding`
//! each block names the contract that it relies on; `docs/safety.md` lists them all.

#[cfg(feature = "binding")]
mod binding;
pub mod error;
pub mod ops;
#[forbid(unsafe_code)]
pub mod pool;
