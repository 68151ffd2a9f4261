//! The exports behind `json.*` and `JsonDocument`.

use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use encoding_rs::mem;
use napi::bindgen_prelude::{Array, External, Null, ToNapiValue, Unknown, Utf16String};
use napi::{Env, sys};
use napi_derive::napi;

use super::batches::{Batches, Reads, column_types, on_error};
use super::borrows::{Borrow, Borrows};
use super::bytes::Bytes;
use super::output::{NapiResult, Output};
use super::table::{estimated_bytes, table_bytes, table_lane, view};
use super::{JobOptions, Returned, environment, inline, input, number, returned};
use crate::error::{Error, ErrorKind};
use crate::ops::json::{
    self, Columns, Document, LineReader, LinesOptions, Node, ParseOptions, Step, WriteOptions,
};
use crate::ops::table::Next;
use crate::pool::{Context, LaneKind};

/// Texts below this are indexed at once: 2.5 ns a byte.
const INLINE_BELOW: usize = 1 << 10;

/// One byte of index is declared for so many of text. Of usual texts it takes 0.19 bytes a byte; of
/// the deepest up to 0.7.
const INDEX_SHARE: usize = 4;

/// A document in JavaScript's hands, until it is closed.
pub struct Handle {
    document: Mutex<Option<Arc<Document<Bytes>>>>,
    index_bytes: usize,
}

impl Handle {
    fn document(&self) -> Result<Arc<Document<Bytes>>, Error> {
        let document = self.lock().clone();
        document.ok_or_else(|| {
            ErrorKind::InvalidArgument {
                name: "document",
                expected: "an open document".to_owned(),
                received: "one that has been closed".to_owned(),
            }
            .into()
        })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Document<Bytes>>>> {
        self.document.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A document that a job reads, whatever becomes of its handle. The document goes first.
struct Shared {
    document: Arc<Document<Bytes>>,
    _borrow: Borrow,
}

fn shared(env: Env, handle: &Handle) -> Result<Shared, Error> {
    Ok(Shared {
        document: handle.document()?,
        _borrow: Borrows::begin(environment(env).borrows()),
    })
}

/// # Safety
///
/// As for [`Output::into_js`].
pub(super) unsafe fn into_js(
    env: sys::napi_env,
    document: Document<Bytes>,
) -> NapiResult<sys::napi_value> {
    let index_bytes = document.index_bytes();
    let handle = Handle {
        document: Mutex::new(Some(Arc::new(document.map(Bytes::kept)))),
        index_bytes,
    };
    let external = External::new_with_size_hint(handle, index_bytes);
    // SAFETY: the caller vouches for `env`.
    unsafe { ToNapiValue::to_napi_value(env, external) }
        .map_err(|error| error.status as sys::napi_status)
}

/// What `lib/json-options.js` makes of the caller's options.
#[napi(object)]
pub struct JsonParseOptions {
    pub max_depth: u32,
    pub bom: bool,
}

impl From<JsonParseOptions> for ParseOptions {
    fn from(options: JsonParseOptions) -> Self {
        Self {
            max_depth: options.max_depth as usize,
            bom: options.bom,
            ..Self::default()
        }
    }
}

fn index_bytes(text: usize) -> u64 {
    (text / INDEX_SHARE) as u64
}

/// The document of `data`, which stays borrowed for as long as that lives.
#[napi(catch_unwind)]
pub fn json_parse(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    data: Unknown<'_>,
    options: JsonParseOptions,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    let outcome = input(env, &data, job.copy).and_then(|data| {
        let parse = move |context: &Context<'_>, data: Bytes| {
            json::parse(data, options.into(), context)
                .map(|document| Output::Document(Box::new(document)))
        };
        if data.len() < INLINE_BELOW && job.may_stay() {
            return inline(|context| parse(context, data));
        }
        let route = job.route(table_lane(data.len()), index_bytes(data.len()));
        environment(env).submit(env.raw(), route, move |context| parse(context, data))?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}

/// Null where `data` is JSON.
#[napi(catch_unwind)]
pub fn json_validate(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    data: Unknown<'_>,
    options: JsonParseOptions,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    let outcome = input(env, &data, job.copy).and_then(|data| {
        let validate = move |context: &Context<'_>, data: Bytes| {
            json::validate(&data, options.into(), context).map(|()| Output::Null)
        };
        if data.len() < INLINE_BELOW && job.may_stay() {
            return inline(|context| validate(context, data));
        }
        let route = job.route(table_lane(data.len()), 0);
        environment(env).submit(env.raw(), route, move |context| validate(context, data))?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}

/// What `lib/json-options.js` makes of the caller's options.
#[napi(object)]
pub struct JsonColumns {
    pub columns: Option<Vec<String>>,
    pub type_names: Option<Vec<String>>,
    pub type_values: Option<Vec<String>>,
    pub bigint: bool,
}

impl From<JsonColumns> for Columns {
    fn from(options: JsonColumns) -> Self {
        Self {
            names: options.columns,
            types: column_types(options.type_names, options.type_values),
            bigint: options.bigint,
        }
    }
}

/// The values at `paths` as the columns of a table.
#[napi(catch_unwind)]
pub fn json_pluck(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    handle: &External<Handle>,
    paths: Vec<String>,
    options: JsonColumns,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    let outcome = shared(env, handle).and_then(|shared| {
        let columns = Columns::from(options);
        let length = shared.document.bytes().len();
        let route = job.route(table_lane(length), table_bytes(length));
        environment(env).submit(env.raw(), route, move |context| {
            let Shared { document, .. } = &shared;
            document.pluck(&paths, &columns, context).map(Output::table)
        })?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}

/// The elements of an array as a table.
#[napi(catch_unwind)]
pub fn json_table(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    handle: &External<Handle>,
    pointer: Utf16String,
    options: JsonColumns,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    let outcome = shared(env, handle).and_then(|shared| {
        let columns = Columns::from(options);
        let length = shared.document.bytes().len();
        let route = job.route(table_lane(length), table_bytes(length));
        environment(env).submit(env.raw(), route, move |context| {
            let Shared { document, .. } = &shared;
            document
                .table(&pointer, &columns, context)
                .map(Output::table)
        })?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}

/// What `lib/json-options.js` makes of the caller's options.
#[napi(object)]
pub struct JsonLinesOptions {
    pub columns: Option<Vec<String>>,
    pub type_names: Option<Vec<String>>,
    pub type_values: Option<Vec<String>>,
    pub bigint: bool,
    pub on_error: u32,
    pub max_depth: u32,
    pub bom: bool,
    pub max_record_size: f64,
    pub max_output_length: f64,
    pub batch_bytes: f64,
}

impl From<JsonLinesOptions> for LinesOptions {
    fn from(options: JsonLinesOptions) -> Self {
        Self {
            columns: Columns {
                names: options.columns,
                types: column_types(options.type_names, options.type_values),
                bigint: options.bigint,
            },
            on_error: on_error(options.on_error),
            max_depth: options.max_depth as usize,
            bom: options.bom,
            max_record_size: number::length(options.max_record_size),
            max_output_length: number::from_js(options.max_output_length),
            batch_bytes: number::length(options.batch_bytes),
            ..Self::default()
        }
    }
}

/// The table of NDJSON.
#[napi(catch_unwind)]
pub fn json_lines(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    data: Unknown<'_>,
    options: JsonLinesOptions,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    let outcome = input(env, &data, job.copy).and_then(|data| {
        let options = LinesOptions::from(options);
        let route = job.route(table_lane(data.len()), table_bytes(data.len()));
        environment(env).submit(env.raw(), route, move |context| {
            json::parse_lines(&data, &options, context).map(Output::table)
        })?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}

impl Reads for LineReader {
    type Options = LinesOptions;

    fn open(path: &Path, options: LinesOptions) -> Result<Self, Error> {
        Self::open(path, options)
    }

    fn next(&mut self, chunks: &[Bytes], last: bool, context: &Context<'_>) -> Result<Next, Error> {
        Self::next(self, chunks, last, context)
    }
}

/// Starts reading NDJSON in batches; null, with an exception, where the path is wrong.
#[napi(catch_unwind)]
pub fn json_line_reader(
    env: Env,
    options: JsonLinesOptions,
    path: Option<Unknown<'_>>,
) -> napi::Result<Option<External<Batches<LineReader>>>> {
    Batches::open(env, options.into(), path, LineReader::new)
}

/// Gives up what a reader has, its file above all.
#[napi(catch_unwind)]
pub fn json_line_reader_close(reader: &External<Batches<LineReader>>) {
    reader.close();
}

/// The next table; null where what was pushed has no whole line, and false where nothing comes any
/// more.
#[napi(catch_unwind)]
pub fn json_line_reader_next(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    reader: &External<Batches<LineReader>>,
    chunks: Array<'_>,
    last: bool,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    reader.next(env, job, &chunks, last)
}

/// What `lib/json-options.js` makes of the caller's options.
#[napi(object)]
pub struct JsonWriteOptions {
    pub lines: bool,
}

/// A table as JSON.
#[napi(catch_unwind)]
pub fn json_stringify(
    env: Env,
    slot: u32,
    priority: i32,
    flags: u32,
    memories: Array<'_>,
    description: String,
    options: JsonWriteOptions,
) -> Returned {
    let job = JobOptions::new(slot, priority, flags);
    let outcome = view(env, &memories, &description, job.copy).and_then(|view| {
        let options = WriteOptions {
            lines: options.lines,
        };
        let route = job.route(LaneKind::Bulk, estimated_bytes(&view).saturating_mul(2));
        environment(env).submit(env.raw(), route, move |context| {
            json::write(&view, &options, context).map(Output::Buffer)
        })?;
        Ok(Output::Undefined)
    });
    returned(env, outcome)
}

/// Frees the index and lets go of the text.
#[napi(catch_unwind)]
pub fn json_close(handle: &External<Handle>) {
    let closed = handle.lock().take();
    drop(closed);
}

/// Bytes that the index takes.
#[napi(catch_unwind)]
#[must_use]
pub fn json_index_bytes(handle: &External<Handle>) -> f64 {
    number::to_js(handle.index_bytes as u64)
}

/// What `answer` has, or null where it has nothing; an exception where it fails.
fn answered<T: ToNapiValue>(env: Env, answer: Result<Option<T>, Error>) -> Returned {
    match answer {
        // SAFETY: exports run on the environment's thread, in a handle scope. What V8 has no string
        // for fails.
        Ok(Some(value)) => unsafe { T::to_napi_value(env.raw(), value) }
            .or_else(|_| returned(env, Err(ErrorKind::ResultTooLarge.into()))),
        Ok(None) => returned(env, Ok(Output::Null)),
        Err(error) => returned(env, Err(error)),
    }
}

/// What `look` has of the value at a pointer.
fn look<T: ToNapiValue>(
    env: Env,
    handle: &Handle,
    pointer: &[u16],
    look: impl FnOnce(&Document<Bytes>, Node) -> Result<Option<T>, Error>,
) -> Returned {
    let answer = handle.document().and_then(|document| {
        let node = document.find(pointer)?;
        node.map_or(Ok(None), |node| look(&document, node))
    });
    answered(env, answer)
}

/// What a value is.
#[napi(catch_unwind)]
pub fn json_type(env: Env, handle: &External<Handle>, pointer: Utf16String) -> Returned {
    look(env, handle, &pointer, |document, node| {
        document.kind(node).map(|kind| Some(kind.name()))
    })
}

/// The elements of an array, or the distinct keys of an object.
#[napi(catch_unwind)]
pub fn json_length(env: Env, handle: &External<Handle>, pointer: Utf16String) -> Returned {
    look(env, handle, &pointer, |document, node| {
        document
            .length(node)
            .map(|length| length.map(number::to_js))
    })
}

/// A JSON text whose keys are those of an object.
#[napi(catch_unwind)]
pub fn json_keys(env: Env, handle: &External<Handle>, pointer: Utf16String) -> Returned {
    look(env, handle, &pointer, |document, node| {
        document.keys(node).map(|keys| keys.map(Utf8))
    })
}

/// Where the text of a value is.
#[napi(catch_unwind)]
pub fn json_range(env: Env, handle: &External<Handle>, pointer: Utf16String) -> Returned {
    look(env, handle, &pointer, |document, node| {
        let (start, end) = document.range(node)?;
        Ok(Some(vec![position(start), position(end)]))
    })
}

/// The text of a value, and what marks big integers in it.
#[napi(catch_unwind)]
pub fn json_text(
    env: Env,
    handle: &External<Handle>,
    pointer: Utf16String,
    bigint: bool,
) -> Returned {
    look(env, handle, &pointer, |document, node| {
        let (start, end) = document.range(node)?;
        let text = document.bytes().get(start..end).unwrap_or_default();
        Ok(Some(Text::new(text.to_vec(), bigint).into_list()))
    })
}

/// What a value is, and where.
#[napi(catch_unwind)]
pub fn json_open(env: Env, handle: &External<Handle>, pointer: Utf16String) -> Returned {
    look(env, handle, &pointer, |document, node| {
        let (start, end) = document.range(node)?;
        let kind = document.kind(node)?.name();
        Ok(Some(List(vec![
            Item::Name(kind),
            Item::Number(position(start)),
            Item::Number(position(end)),
        ])))
    })
}

/// The next elements or members of a container.
#[napi(catch_unwind)]
pub fn json_step(
    env: Env,
    handle: &External<Handle>,
    container: f64,
    from: f64,
    most_bytes: f64,
    most_count: f64,
    bigint: bool,
) -> Returned {
    let answer = handle.document().and_then(|document| {
        let step = document.step(
            Node::at(number::length(container)),
            place(from),
            number::length(most_bytes),
            number::from_js(most_count),
        )?;
        Ok(Some(List(match step {
            Step::End => vec![Item::Name("end")],
            Step::Group { next, count, text } => {
                let mut list = vec![
                    Item::Name("group"),
                    Item::Number(position(next)),
                    Item::Number(number::to_js(count)),
                ];
                list.extend(Text::new(text, bigint).into_list().0);
                list
            }
            Step::Large {
                next,
                kind,
                range: (start, end),
                key,
            } => vec![
                Item::Name("large"),
                Item::Number(position(next)),
                Item::Name(kind.name()),
                Item::Number(position(start)),
                Item::Number(position(end)),
                key.map_or(Item::Null, |key| Item::Text(Utf8(key))),
            ],
        })))
    });
    answered(env, answer)
}

/// A part of a string.
#[napi(catch_unwind)]
pub fn json_string_part(
    env: Env,
    handle: &External<Handle>,
    start: f64,
    from: f64,
    most_bytes: f64,
) -> Returned {
    let answer = handle.document().and_then(|document| {
        let string = Node::at(number::length(start));
        let (part, next) = document.string_part(string, place(from), number::length(most_bytes))?;
        let next = next.map_or(-1.0, position);
        Ok(Some(List(vec![Item::Text(Utf8(part)), Item::Number(next)])))
    });
    answered(env, answer)
}

/// -1 is the beginning.
fn place(from: f64) -> Option<usize> {
    (from >= 0.0).then(|| number::length(from))
}

fn position(at: usize) -> f64 {
    number::to_js(at as u64)
}

/// An array of values of several types.
struct List(Vec<Item>);

enum Item {
    Null,
    Name(&'static str),
    Number(f64),
    Text(Utf8),
}

impl ToNapiValue for List {
    unsafe fn to_napi_value(env: sys::napi_env, list: Self) -> napi::Result<sys::napi_value> {
        // SAFETY: the caller vouches for `env`.
        unsafe { Vec::to_napi_value(env, list.0) }
    }
}

impl ToNapiValue for Item {
    unsafe fn to_napi_value(env: sys::napi_env, item: Self) -> napi::Result<sys::napi_value> {
        match item {
            // SAFETY: the caller vouches for `env`.
            Self::Null => unsafe { ToNapiValue::to_napi_value(env, Null) },
            // SAFETY: as above.
            Self::Name(name) => unsafe { ToNapiValue::to_napi_value(env, name) },
            // SAFETY: as above.
            Self::Number(number) => unsafe { ToNapiValue::to_napi_value(env, number) },
            // SAFETY: as above.
            Self::Text(text) => unsafe { ToNapiValue::to_napi_value(env, text) },
        }
    }
}

/// JSON for `JSON.parse`, and what marks big integers in it.
struct Text {
    json: Utf8,
    mark: Option<&'static str>,
}

impl Text {
    fn new(json: Vec<u8>, bigint: bool) -> Self {
        let mark = mark();
        match bigint
            .then(|| json::mark_big_integers(&json, mark))
            .flatten()
        {
            Some(marked) => Self {
                json: Utf8(marked),
                mark: Some(mark),
            },
            None => Self {
                json: Utf8(json),
                mark: None,
            },
        }
    }

    fn into_list(self) -> List {
        let mark = self.mark.map_or(Item::Null, Item::Name);
        List(vec![Item::Text(self.json), mark])
    }
}

/// What stands before the digits of big integers: nothing that anybody who writes JSON can know.
fn mark() -> &'static str {
    static MARK: OnceLock<String> = OnceLock::new();
    MARK.get_or_init(|| {
        let half = |seed: u8| RandomState::new().hash_one(seed);
        format!("offloop:bigint:{:016x}{:016x}:", half(0), half(1))
    })
}

/// UTF-8 as a string. Private bytes: nobody else writes to them.
struct Utf8(Vec<u8>);

impl ToNapiValue for Utf8 {
    unsafe fn to_napi_value(env: sys::napi_env, text: Self) -> napi::Result<sys::napi_value> {
        let Self(bytes) = text;
        // V8 has one byte for each character where it can, and takes those as they are.
        match mem::utf8_latin1_up_to(&bytes) {
            length if length < bytes.len() => {
                let mut units = vec![0; bytes.len() + 1];
                let length = mem::convert_utf8_to_utf16(&bytes, &mut units);
                units.truncate(length);
                // SAFETY: the caller vouches for `env`.
                unsafe { utf16(env, &units) }
            }
            _ if bytes.is_ascii() => {
                // SAFETY: the caller vouches for `env`.
                unsafe { latin1(env, &bytes) }
            }
            _ => {
                let mut narrow = vec![0; bytes.len()];
                let length = mem::convert_utf8_to_latin1_lossy(&bytes, &mut narrow);
                // SAFETY: the caller vouches for `env`.
                unsafe { latin1(env, &narrow[..length]) }
            }
        }
    }
}

/// # Safety
///
/// As for [`Output::into_js`].
unsafe fn latin1(env: sys::napi_env, text: &[u8]) -> napi::Result<sys::napi_value> {
    let mut value = std::ptr::null_mut();
    let length = isize::try_from(text.len()).unwrap_or(isize::MAX);
    // SAFETY: `text` is readable for `length` bytes; V8 copies it.
    let status = unsafe {
        sys::napi_create_string_latin1(env, text.as_ptr().cast(), length, &raw mut value)
    };
    created(status, value)
}

/// # Safety
///
/// As for [`Output::into_js`].
unsafe fn utf16(env: sys::napi_env, text: &[u16]) -> napi::Result<sys::napi_value> {
    let mut value = std::ptr::null_mut();
    let length = isize::try_from(text.len()).unwrap_or(isize::MAX);
    // SAFETY: `text` is readable for `length` units; V8 copies it.
    let status =
        unsafe { sys::napi_create_string_utf16(env, text.as_ptr(), length, &raw mut value) };
    created(status, value)
}

fn created(status: sys::napi_status, value: sys::napi_value) -> napi::Result<sys::napi_value> {
    if status == sys::Status::napi_ok {
        Ok(value)
    } else {
        Err(napi::Error::from_status(napi::Status::from(status)))
    }
}
