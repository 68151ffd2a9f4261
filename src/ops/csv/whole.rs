//! A table of a whole input.

use std::io::Read;
use std::path::Path;

use super::layout::{self, Layout, Start};
use super::options::{Encoding, Options};
use super::parse::{self, Bounds, Failure, Parsed};
use super::problem::{self, Counter, Origin, line_start};
use super::source::{Decoder, encoding};
use crate::error::Error;
use crate::ops::columns::Kind;
use crate::ops::file::Input;
use crate::ops::source::{File, Source, position};
use crate::ops::table::{Description, OnError, Table};
use crate::ops::zlib::{Compression, content};
use crate::pool::Context;

pub(super) const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
pub(super) const UTF16_MARK_BYTES: usize = 2;

/// The table of all of `data`.
pub fn parse(data: &[u8], options: &Options, context: &Context<'_>) -> Result<Table, Error> {
    let encoding = encoding(options.encoding, &data[..data.len().min(UTF16_MARK_BYTES)]);
    if encoding == Encoding::Utf8 {
        return whole(data, Origin::default(), options, context);
    }
    let mut decoder = Decoder::new(encoding);
    let text = decoder.decode(data, true)?;
    let origin = Origin {
        encoding,
        ..Origin::default()
    };
    whole(&*text, origin, options, context)
}

/// The table of the file at `path`, whose threads read their own parts of it.
pub fn parse_file(path: &Path, options: &Options, context: &Context<'_>) -> Result<Table, Error> {
    let input = Input::open(path)?;
    input.advise_sequential();
    match source(input, options.encoding)? {
        Opened::File(file) => whole(&file, Origin::default(), options, context),
        Opened::Bytes(bytes) => parse(&bytes, options, context),
        Opened::Compressed(compression, input) => {
            let mut bytes = Vec::new();
            let read = (&input.file).read_to_end(&mut bytes);
            read.map_err(|error| input.read_failed(error))?;
            let limit = options.max_output_length;
            let text = content(compression, &bytes, limit, context)?;
            drop(bytes);
            parse((*text).as_ref(), options, context)
        }
    }
}

pub(super) enum Opened {
    File(File),
    /// Of a device, or in another encoding than UTF-8.
    Bytes(Vec<u8>),
    Compressed(Compression, Input),
}

pub(super) fn source(input: Input, declared: Encoding) -> Result<Opened, Error> {
    let mut bytes = Vec::new();
    let Some(length) = input.length() else {
        let read = (&input.file).read_to_end(&mut bytes);
        read.map_err(|error| input.read_failed(error))?;
        return Ok(Opened::Bytes(bytes));
    };
    let file = File::new(input, length);
    let head = file.read(0..length.min(Compression::MAGIC_LENGTH as u64), &mut bytes)?;
    if let Some(compression) = Compression::of(head) {
        return Ok(Opened::Compressed(compression, file.into_input()));
    }
    let head = &head[..head.len().min(UTF16_MARK_BYTES)];
    if encoding(declared, head) == Encoding::Utf8 {
        return Ok(Opened::File(file));
    }
    file.read(0..length, &mut bytes)?;
    bytes.truncate(position(length));
    Ok(Opened::Bytes(bytes))
}

/// Where the first line that is read begins.
pub(super) fn beginning<S: Source + ?Sized>(source: &S, options: &Options) -> Result<u64, Error> {
    if options.from_line > 1 {
        return Ok(line_start(source, options.from_line)?.unwrap_or(source.len()));
    }
    let mut buffer = Vec::new();
    let length = source.len().min(UTF8_MARK.len() as u64);
    let has_mark = options.bom && source.read(0..length, &mut buffer)? == UTF8_MARK;
    Ok(if has_mark { length } else { 0 })
}

fn whole<S: Source + ?Sized>(
    source: &S,
    origin: Origin,
    options: &Options,
    context: &Context<'_>,
) -> Result<Table, Error> {
    let mut counter = Counter::new(origin);
    let start = beginning(source, options)?;
    let (layout, first) = match layout::read(source, start, true, options)? {
        Start::Known(layout, first) => (layout, first),
        Start::Wrong(problem) => return Err(problem::error(source, &mut counter, &problem)),
        Start::Incomplete => unreachable!("nothing comes after the end"),
    };
    let bounds = Bounds {
        start: first,
        end: last_line_end(source, options.to_line)?.max(first),
        is_final: true,
        limit: options.limit.unwrap_or(u64::MAX),
    };
    let known = starting_kinds(&layout);
    let parsed = read_records(source, &layout, bounds, &known, &mut counter, context)?;
    context.checkpoint(source.len(), Some(source.len()))?;
    table(source, &mut counter, &layout, parsed)
}

/// Where the line after line `last` begins; the end where there is none.
pub(super) fn last_line_end<S: Source + ?Sized>(
    source: &S,
    last: Option<u64>,
) -> Result<u64, Error> {
    let start = match last {
        Some(line) => line_start(source, line.saturating_add(1))?,
        None => None,
    };
    Ok(start.unwrap_or(source.len()))
}

pub(super) fn starting_kinds(layout: &Layout) -> Vec<Kind> {
    layout
        .targets
        .iter()
        .map(|target| target.request.kind)
        .collect()
}

pub(super) fn read_records<S: Source + ?Sized>(
    source: &S,
    layout: &Layout,
    bounds: Bounds,
    known: &[Kind],
    counter: &mut Counter,
    context: &Context<'_>,
) -> Result<Parsed, Error> {
    parse::parse(source, layout, bounds, known, context).map_err(|failure| match failure {
        Failure::Wrong(problem) => problem::error(source, counter, &problem),
        Failure::Error(error) => error,
    })
}

pub(super) fn table<S: Source + ?Sized>(
    source: &S,
    counter: &mut Counter,
    layout: &Layout,
    parsed: Parsed,
) -> Result<Table, Error> {
    let errors = match layout.on_error {
        OnError::Collect => problem::locate(source, counter, &parsed.problems)?,
        OnError::Throw | OnError::Skip => Vec::new(),
    };
    let delimiter = char::from(layout.grammar.separators.delimiter).to_string();
    Ok(Table {
        description: Description {
            rows: parsed.rows,
            from: 0,
            to: parsed.rows,
            columns: parsed.columns,
            metadata: vec![("delimiter".to_owned(), delimiter)],
        },
        memory: parsed.memory,
        errors,
        error_count: parsed.problem_count,
        progress: None,
        is_last: false,
    })
}
