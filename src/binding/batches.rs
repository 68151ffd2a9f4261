//! What is read in batches, between the jobs of one iteration.

use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::Env;
use napi::bindgen_prelude::{Array, External, Unknown};

use super::bytes::Bytes;
use super::output::Output;
use super::table::table_bytes;
use super::{JobOptions, Returned, environment, input, inputs, native_path, returned};
use crate::error::{Error, ErrorKind};
use crate::ops::table::{ColumnType, Next, OnError};
use crate::pool::{Context, LaneKind};

/// Gives a table for every few megabytes of a file, or of what is pushed.
pub(super) trait Reads: Sized + Send + 'static {
    type Options: Send + 'static;

    fn open(path: &Path, options: Self::Options) -> Result<Self, Error>;

    fn next(&mut self, chunks: &[Bytes], last: bool, context: &Context<'_>) -> Result<Next, Error>;
}

/// A reader between its jobs.
pub struct Batches<R: Reads>(Arc<Mutex<Progress<R>>>);

enum Progress<R: Reads> {
    /// While a job has it, and after an error.
    Away,
    /// Nobody wants more of it: a job that has it does not bring it back.
    Closed,
    /// A file that no thread has opened yet.
    Path(PathBuf, Box<R::Options>),
    Open(Box<R>),
}

impl<R: Reads> Batches<R> {
    /// Starts reading a file, or what is pushed to `new`; null, with an exception, where the path is
    /// wrong.
    pub(super) fn open(
        env: Env,
        options: R::Options,
        path: Option<Unknown<'_>>,
        new: impl FnOnce(R::Options) -> R,
    ) -> napi::Result<Option<External<Self>>> {
        let progress = match &path {
            None => Ok(Progress::Open(Box::new(new(options)))),
            Some(path) => input(env, path, true)
                .and_then(|path| native_path(&path))
                .map(|path| Progress::Path(path, Box::new(options))),
        };
        match progress {
            Ok(progress) => Ok(Some(External::new(Self(Arc::new(Mutex::new(progress)))))),
            Err(error) => returned(env, Err(error)).map(|_| None),
        }
    }

    /// Gives up what the reader has.
    pub(super) fn close(&self) {
        let closed = mem::replace(&mut *lock(&self.0), Progress::Closed);
        drop(closed);
    }

    /// The next table; null where what was pushed has no whole record, and false where nothing comes
    /// any more.
    pub(super) fn next(
        &self,
        env: Env,
        job: JobOptions,
        chunks: &Array<'_>,
        last: bool,
    ) -> Returned {
        let outcome = inputs(env, chunks, job.copy).and_then(|chunks| {
            let state = Arc::clone(&self.0);
            let bytes = chunks
                .iter()
                .map(|chunk| chunk.len())
                .fold(0, usize::saturating_add);
            let route = job.route(LaneKind::Bulk, table_bytes(bytes).saturating_mul(2));
            environment(env).submit(env.raw(), route, move |context| {
                let taken = mem::replace(&mut *lock(&state), Progress::Away);
                let mut reader = match taken {
                    Progress::Path(path, options) => Box::new(R::open(&path, *options)?),
                    Progress::Open(reader) => reader,
                    Progress::Away | Progress::Closed => return Err(ErrorKind::Cancelled.into()),
                };
                let next = reader.next(&chunks, last, context)?;
                let mut state = lock(&state);
                if matches!(*state, Progress::Away) {
                    *state = Progress::Open(reader);
                }
                Ok(match next {
                    Next::Table(table) => Output::Table(table),
                    Next::More => Output::Null,
                    Next::End => Output::Boolean(false),
                })
            })?;
            Ok(Output::Undefined)
        });
        returned(env, outcome)
    }
}

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The types of columns, from their names and those of the types.
pub(super) fn column_types(
    names: Option<Vec<String>>,
    types: Option<Vec<String>>,
) -> Vec<(String, ColumnType)> {
    let types = types.unwrap_or_default();
    let types = types.iter().map(|kind| ColumnType::from_name(kind));
    let pairs = names.unwrap_or_default().into_iter().zip(types);
    pairs
        .filter_map(|(name, kind)| Some((name, kind?)))
        .collect()
}

/// `lib/table-options.js` numbers them.
pub(super) fn on_error(number: u32) -> OnError {
    match number {
        1 => OnError::Skip,
        2 => OnError::Collect,
        _ => OnError::Throw,
    }
}
