//! The exports behind `csv.*`.

use std::mem;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::Env;
use napi::bindgen_prelude::{Array, External, Unknown, Utf16String};
use napi_derive::napi;

use super::bytes::Bytes;
use super::output::Output;
use super::table::{estimated_bytes, view};
use super::{JobOptions, Returned, environment, input, inputs, native_path, number, returned};
use crate::error::{Error, ErrorKind};
use crate::ops::csv::{self, Encoding, Next, OnError, Options, Reader, WriteOptions, Writer};
use crate::ops::table::ColumnType;
use crate::pool::LaneKind;

/// What a table takes beside the bytes that it is made of: about as much again.
fn table_bytes(input: usize) -> u64 {
    input as u64
}

/// Parses below this many bytes take a millisecond, and go before what takes longer.
const INTERACTIVE_BELOW: usize = 256 << 10;

/// What `lib/csv-options.js` makes of the caller's options.
#[napi(object)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
pub struct CsvOptions {
    pub delimiter: Option<String>,
    pub quote: String,
    pub escape: Option<String>,
    pub header: bool,
    pub names: Option<Vec<String>>,
    pub comment: Option<String>,
    pub bom: bool,
    pub skip_empty_lines: bool,
    pub trim: bool,
    pub relax_column_count: bool,
    pub relax_quotes: bool,
    pub on_error: u32,
    pub max_record_size: f64,
    pub null_values: Vec<String>,
    pub infer: bool,
    pub type_names: Option<Vec<String>>,
    pub type_values: Option<Vec<String>>,
    pub columns: Option<Vec<String>>,
    pub from_line: f64,
    pub to_line: Option<f64>,
    pub limit: Option<f64>,
    pub encoding: String,
    pub batch_bytes: f64,
}

/// The byte of a text of one ASCII character; nothing where it is empty.
fn byte(text: &str) -> Option<u8> {
    text.bytes().next()
}

impl From<CsvOptions> for Options {
    fn from(options: CsvOptions) -> Self {
        let type_values = options.type_values.unwrap_or_default();
        let types = options
            .type_names
            .unwrap_or_default()
            .into_iter()
            .zip(&type_values);
        Self {
            delimiter: options.delimiter.as_deref().and_then(byte),
            quote: byte(&options.quote),
            escape: options.escape.as_deref().and_then(byte),
            header: options.header,
            names: options.names,
            comment: options.comment.as_deref().and_then(byte),
            bom: options.bom,
            skip_empty_lines: options.skip_empty_lines,
            trim: options.trim,
            relax_column_count: options.relax_column_count,
            relax_quotes: options.relax_quotes,
            on_error: match options.on_error {
                1 => OnError::Skip,
                2 => OnError::Collect,
                _ => OnError::Throw,
            },
            max_record_size: number::length(options.max_record_size),
            null_values: options.null_values,
            infer: options.infer,
            types: types
                .filter_map(|(name, kind)| Some((name, ColumnType::from_name(kind)?)))
                .collect(),
            columns: options.columns,
            from_line: number::from_js(options.from_line),
            to_line: options.to_line.map(number::from_js),
            limit: options.limit.map(number::from_js),
            encoding: match options.encoding.as_str() {
                "utf-16le" => Encoding::Utf16Le,
                "utf-16be" => Encoding::Utf16Be,
                "latin1" => Encoding::Latin1,
                _ => Encoding::Utf8,
            },
            batch_bytes: number::length(options.batch_bytes),
            ..Self::default()
        }
    }
}

/// The table of `data`.
#[napi(catch_unwind)]
pub fn csv_parse(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    data: Unknown<'_>,
    options: CsvOptions,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    let outcome = input(env, &data, job.copy).and_then(|data| {
        let options = Options::from(options);
        let lane = if data.len() < INTERACTIVE_BELOW {
            LaneKind::Interactive
        } else {
            LaneKind::Bulk
        };
        let route = job.route(lane, table_bytes(data.len()));
        environment(env).submit(env.raw(), route, move |context| {
            csv::parse(&data, &options, context).map(Output::table)
        })?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}

/// The table of a file. `path` is bytes in the system's form.
#[napi(catch_unwind)]
pub fn csv_parse_file(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    path: Unknown<'_>,
    options: CsvOptions,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    let outcome = input(env, &path, true).and_then(|path| {
        let path = native_path(&path)?;
        let options = Options::from(options);
        environment(env).submit(env.raw(), job.route(LaneKind::Bulk, 0), move |context| {
            csv::parse_file(&path, &options, context).map(Output::table)
        })?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}

/// A CSV that is read in batches, between the jobs of one iteration.
pub struct Batches(Arc<Mutex<Progress>>);

enum Progress {
    /// While a job has it, and after an error.
    Away,
    /// Nobody wants more of it: a job that has it does not bring it back.
    Closed,
    /// A file that no thread has opened yet.
    Path(PathBuf, Box<Options>),
    Open(Box<Reader>),
}

/// Starts reading in batches; null, with an exception, where the path is wrong.
#[napi(catch_unwind)]
pub fn csv_reader(
    env: Env,
    options: CsvOptions,
    path: Option<Unknown<'_>>,
) -> napi::Result<Option<External<Batches>>> {
    let options = Options::from(options);
    let progress = match &path {
        None => Ok(Progress::Open(Box::new(Reader::new(options)))),
        Some(path) => input(env, path, true)
            .and_then(|path| native_path(&path))
            .map(|path| Progress::Path(path, Box::new(options))),
    };
    match progress {
        Ok(progress) => Ok(Some(External::new(Batches(Arc::new(Mutex::new(progress)))))),
        Err(error) => returned(env, Err(error)).map(|_| None),
    }
}

/// Gives up what a reader has, its file above all.
#[napi(catch_unwind)]
pub fn csv_reader_close(reader: &External<Batches>) {
    let closed = mem::replace(&mut *lock(&reader.0), Progress::Closed);
    drop(closed);
}

/// The next table; null where what was pushed has no whole record, and false where nothing comes any
/// more.
#[napi(catch_unwind)]
pub fn csv_reader_next(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    reader: &External<Batches>,
    chunks: Array<'_>,
    last: bool,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    let outcome = inputs(env, &chunks, job.copy).and_then(|chunks| {
        let state = Arc::clone(&reader.0);
        let bytes = chunks
            .iter()
            .map(|chunk| chunk.len())
            .fold(0, usize::saturating_add);
        let route = job.route(LaneKind::Bulk, table_bytes(bytes).saturating_mul(2));
        environment(env).submit(env.raw(), route, move |context| {
            let taken = mem::replace(&mut *lock(&state), Progress::Away);
            let mut reader = match taken {
                Progress::Path(path, options) => Box::new(Reader::open(&path, *options)?),
                Progress::Open(reader) => reader,
                Progress::Away | Progress::Closed => return Err(ErrorKind::Cancelled.into()),
            };
            let next = reader.next::<Bytes>(&chunks, last, context)?;
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

/// What `lib/csv-options.js` makes of the caller's options.
#[napi(object)]
pub struct CsvWriteOptions {
    pub delimiter: String,
    pub quote: String,
    pub escape: String,
    pub header: bool,
    pub names: Option<Vec<String>>,
    pub record_delimiter: String,
    pub escape_formulas: bool,
    pub bom: bool,
    pub null_value: String,
}

impl From<CsvWriteOptions> for WriteOptions {
    fn from(options: CsvWriteOptions) -> Self {
        let quote = byte(&options.quote);
        Self {
            delimiter: byte(&options.delimiter).unwrap_or(b','),
            quote,
            escape: byte(&options.escape).or(quote).unwrap_or(b'"'),
            header: options.header,
            names: options.names.unwrap_or_default(),
            record_delimiter: options.record_delimiter,
            escape_formulas: options.escape_formulas,
            bom: options.bom,
            null_value: options.null_value,
        }
    }
}

/// A table as CSV.
#[napi(catch_unwind)]
pub fn csv_stringify(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    memories: Array<'_>,
    description: String,
    options: CsvWriteOptions,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    let outcome = view(env, &memories, &description, job.copy).and_then(|view| {
        let options = WriteOptions::from(options);
        let route = job.route(LaneKind::Bulk, estimated_bytes(&view).saturating_mul(2));
        environment(env).submit(env.raw(), route, move |context| {
            csv::write(&view, &options, context).map(Output::Buffer)
        })?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}

/// Rows that are written some at a time. Empty while a job has it, and after an error.
pub struct Rows(Arc<Mutex<Option<Writer>>>);

/// Starts writing rows.
#[napi(catch_unwind)]
#[must_use]
pub fn csv_writer(options: CsvWriteOptions) -> External<Rows> {
    External::new(Rows(Arc::new(Mutex::new(Some(Writer::new(
        options.into(),
    ))))))
}

fn take(state: &Mutex<Option<Writer>>) -> Result<Writer, Error> {
    lock(state)
        .take()
        .ok_or_else(|| ErrorKind::Cancelled.into())
}

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Appends rows: all fields as one text, and the length of each, negative for null.
#[napi(catch_unwind)]
pub fn csv_writer_rows(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    writer: &External<Rows>,
    text: Utf16String,
    lengths: &[i32],
    fields: u32,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    let state = Arc::clone(&writer.0);
    let lengths = lengths.to_vec();
    let bytes = text.len().saturating_mul(4).saturating_add(lengths.len()) as u64;
    let route = job.route(LaneKind::Bulk, bytes);
    let submitted = environment(env).submit(env.raw(), route, move |context| {
        let mut writer = take(&state)?;
        writer.rows(&text, &lengths, fields as usize, context)?;
        *lock(&state) = Some(writer);
        Ok(Output::Null)
    });
    returned(env, submitted.map(|()| Output::Undefined))
}

/// All that was written.
#[napi(catch_unwind)]
pub fn csv_writer_finish(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    writer: &External<Rows>,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    let state = Arc::clone(&writer.0);
    let route = job.route(LaneKind::Bulk, 0);
    let submitted = environment(env).submit(env.raw(), route, move |_| {
        take(&state).map(|writer| Output::Buffer(writer.finish()))
    });
    returned(env, submitted.map(|()| Output::Undefined))
}
