//! The exports behind `csv.*`.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::Env;
use napi::bindgen_prelude::{Array, External, Unknown, Utf16String};
use napi_derive::napi;

use super::batches::{Batches, Reads, column_types, on_error};
use super::bytes::Bytes;
use super::output::Output;
use super::table::{estimated_bytes, table_bytes, table_lane, view};
use super::{JobOptions, Returned, environment, input, native_path, number, returned};
use crate::error::{Error, ErrorKind};
use crate::ops::csv::{self, Encoding, Options, Reader, WriteOptions, Writer};
use crate::ops::table::Next;
use crate::pool::{Context, LaneKind};

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
    pub max_output_length: f64,
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
            on_error: on_error(options.on_error),
            max_record_size: number::length(options.max_record_size),
            max_output_length: number::from_js(options.max_output_length),
            null_values: options.null_values,
            infer: options.infer,
            types: column_types(options.type_names, options.type_values),
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
        let route = job.route(table_lane(data.len()), table_bytes(data.len()));
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

impl Reads for Reader {
    type Options = Options;

    fn open(path: &Path, options: Options) -> Result<Self, Error> {
        Self::open(path, options)
    }

    fn next(&mut self, chunks: &[Bytes], last: bool, context: &Context<'_>) -> Result<Next, Error> {
        Self::next(self, chunks, last, context)
    }
}

/// Starts reading in batches; null, with an exception, where the path is wrong.
#[napi(catch_unwind)]
pub fn csv_reader(
    env: Env,
    options: CsvOptions,
    path: Option<Unknown<'_>>,
) -> napi::Result<Option<External<Batches<Reader>>>> {
    Batches::open(env, options.into(), path, Reader::new)
}

/// Gives up what a reader has, its file above all.
#[napi(catch_unwind)]
pub fn csv_reader_close(reader: &External<Batches<Reader>>) {
    reader.close();
}

/// The next table; null where what was pushed has no whole record, and false where nothing comes any
/// more.
#[napi(catch_unwind)]
pub fn csv_reader_next(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    reader: &External<Batches<Reader>>,
    chunks: Array<'_>,
    last: bool,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    reader.next(env, job, &chunks, last)
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
