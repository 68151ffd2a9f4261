//! NDJSON to tables: one of all lines, or one for every few megabytes.

use std::io::Read as _;
use std::mem;
use std::path::Path;

use super::counter::Counter;
use super::fault::{BYTE_ORDER_MARK, Fault, Origin};
use super::lines::{consume, whole_lines};
use super::parts::{Part, State};
use super::records::{Columns, check_types, table};
use crate::error::{Error, ErrorKind};
use crate::ops::columns::Parsed;
use crate::ops::file::Input;
use crate::ops::source::{File, Source};
use crate::ops::table::{Next, OnError, Table};
use crate::ops::zlib::{Ahead, Compression};
use crate::pool::Context;

/// How NDJSON is read.
#[derive(Clone, Debug)]
pub struct LinesOptions {
    /// Which columns a table has.
    pub columns: Columns,
    /// What becomes of a line that is wrong.
    pub on_error: OnError,
    /// The most arrays and objects inside one another; at most 32,000 count.
    pub max_depth: usize,
    /// Whether a byte-order mark may stand at the beginning.
    pub bom: bool,
    /// The most bytes of a line.
    pub max_record_size: usize,
    /// The most bytes that a compressed file may become.
    pub max_output_length: u64,
    /// Bytes of a file that become one table, where it becomes several.
    pub batch_bytes: usize,
    /// Bytes that a thread reads at once: the lines that begin in them.
    pub piece_bytes: u64,
}

impl Default for LinesOptions {
    fn default() -> Self {
        Self {
            columns: Columns::default(),
            on_error: OnError::Throw,
            max_depth: 1024,
            bom: false,
            max_record_size: 16 << 20,
            max_output_length: u64::MAX,
            batch_bytes: 4 << 20,
            piece_bytes: 128 << 10,
        }
    }
}

/// The lines of `bytes` as a table.
pub fn parse_lines(
    bytes: &[u8],
    options: &LinesOptions,
    context: &Context<'_>,
) -> Result<Table, Error> {
    let mut state = State::default();
    let mut counter = Counter::default();
    let part = Part {
        start: beginning(bytes, options)?,
        end: bytes.len() as u64,
    };
    let parsed = state.read(bytes, part, options, &mut counter, context)?;
    if options.columns.names.is_none() {
        check_types(&options.columns, &state.targets)?;
    }
    context.checkpoint(bytes.len() as u64, Some(bytes.len() as u64))?;
    finished(bytes, parsed, options, &mut counter)
}

/// Where the first line begins.
fn beginning<S: Source + ?Sized>(source: &S, options: &LinesOptions) -> Result<u64, Error> {
    let mut buffer = Vec::new();
    let length = source.len().min(BYTE_ORDER_MARK.len() as u64);
    let has_mark = options.bom && source.read(0..length, &mut buffer)? == BYTE_ORDER_MARK;
    Ok(if has_mark { length } else { 0 })
}

fn finished<S: Source + ?Sized>(
    source: &S,
    mut parsed: Parsed<Fault>,
    options: &LinesOptions,
    counter: &mut Counter,
) -> Result<Table, Error> {
    let problems = mem::take(&mut parsed.problems);
    let mut table = table(parsed);
    if options.on_error == OnError::Collect {
        table.errors = problems
            .into_iter()
            .map(|fault| counter.locate(source, fault))
            .collect::<Result<_, _>>()?;
    }
    Ok(table)
}

/// Tables of the parts of NDJSON, one after the other.
///
/// The type of a column widens from one table to the next, where its values do, and never narrows;
/// and a table has the columns of all before it.
pub struct LineReader {
    options: LinesOptions,
    feed: Feed,
    /// Where what is pushed comes from, of a compressed file.
    ahead: Option<Box<Ahead>>,
    state: State,
}

enum Feed {
    File {
        file: Box<File>,
        next: u64,
        counter: Counter,
    },
    /// What was pushed, or what a device gave, and is not read yet.
    Pushed {
        text: Vec<u8>,
        /// Bytes of it in which no line ends.
        searched: usize,
        origin: Origin,
        is_all: bool,
    },
}

impl Feed {
    fn pushed(text: Vec<u8>, is_all: bool) -> Self {
        Self::Pushed {
            text,
            searched: 0,
            origin: Origin::default(),
            is_all,
        }
    }
}

impl LineReader {
    /// Reads what is pushed.
    #[must_use]
    pub fn new(options: LinesOptions) -> Self {
        Self {
            options,
            feed: Feed::pushed(Vec::new(), false),
            ahead: None,
            state: State::default(),
        }
    }

    /// Reads the file at `path`.
    pub fn open(path: &Path, options: LinesOptions) -> Result<Self, Error> {
        let input = Input::open(path)?;
        input.advise_sequential();
        let mut ahead = None;
        let feed = if let Some(length) = input.length() {
            let file = File::new(input, length);
            let mut head = Vec::new();
            let head = file.read(0..length.min(Compression::MAGIC_LENGTH as u64), &mut head)?;
            if let Some(compression) = Compression::of(head) {
                let (limit, part) = (options.max_output_length, options.batch_bytes);
                let input = file.into_input();
                ahead = Some(Box::new(Ahead::new(input, compression, limit, part)?));
                Feed::pushed(Vec::new(), false)
            } else {
                Feed::File {
                    next: beginning(&file, &options)?,
                    file: Box::new(file),
                    counter: Counter::default(),
                }
            }
        } else {
            let mut text = Vec::new();
            let read = (&input.file).read_to_end(&mut text);
            read.map_err(|error| input.read_failed(error))?;
            Feed::pushed(text, true)
        };
        Ok(Self {
            options,
            feed,
            ahead,
            state: State::default(),
        })
    }

    /// Takes more of the input, of which nothing comes after `last`, and gives the next table. A file
    /// takes nothing.
    pub fn next<C: AsRef<[u8]>>(
        &mut self,
        chunks: &[C],
        last: bool,
        context: &Context<'_>,
    ) -> Result<Next, Error> {
        self.push(chunks)?;
        while !self.state.is_done {
            context.check()?;
            let table = match self.ahead.take() {
                None => self.next_part(last, context)?,
                Some(mut ahead) => {
                    let (part, last) = ahead.take()?;
                    self.push(&[part])?;
                    let (table, ()) = context
                        .split()
                        .beside(|| self.next_part(last, context), || ahead.prepare());
                    self.ahead = Some(ahead);
                    table?
                }
            };
            match table.filter(|table| table.description.rows > 0 || table.error_count > 0) {
                Some(mut table) => {
                    table.progress = Some(self.progress());
                    table.is_last = self.state.is_done;
                    return Ok(Next::Table(Box::new(table)));
                }
                None if self.waits() => return Ok(Next::More),
                None => {}
            }
        }
        Ok(Next::End)
    }

    fn push<C: AsRef<[u8]>>(&mut self, chunks: &[C]) -> Result<(), Error> {
        if let Feed::Pushed { text, .. } = &mut self.feed {
            for chunk in chunks.iter().map(AsRef::as_ref) {
                if text.try_reserve(chunk.len()).is_err() {
                    return Err(ErrorKind::OutOfMemory {
                        wanted: chunk.len() as u64,
                    }
                    .into());
                }
                text.extend_from_slice(chunk);
            }
        }
        Ok(())
    }

    /// Whether nothing can be read before more is pushed.
    fn waits(&self) -> bool {
        matches!(self.feed, Feed::Pushed { .. }) && self.ahead.is_none() && !self.state.is_done
    }

    fn progress(&self) -> (u64, Option<u64>) {
        if let Some(ahead) = &self.ahead {
            return ahead.progress();
        }
        match &self.feed {
            Feed::File { file, next, .. } => (*next, Some(file.len())),
            Feed::Pushed { origin, .. } => (origin.bytes, None),
        }
    }

    fn next_part(&mut self, last: bool, context: &Context<'_>) -> Result<Option<Table>, Error> {
        let Self {
            options,
            feed,
            state,
            ..
        } = self;
        match feed {
            Feed::File {
                file,
                next,
                counter,
            } => {
                let end = file
                    .len()
                    .min(next.saturating_add(options.batch_bytes as u64));
                let part = Part { start: *next, end };
                if part.start >= end {
                    state.is_done = true;
                    return Ok(None);
                }
                let parsed = state.read(&**file, part, options, counter, context)?;
                // A line that begins here may end far behind.
                *next = parsed.next.max(end);
                let table = finished(&**file, parsed, options, counter)?;
                counter.advance(&**file, *next)?;
                state.is_done = *next >= file.len();
                Ok(Some(table))
            }
            Feed::Pushed {
                text,
                searched,
                origin,
                is_all,
            } => {
                let last = last || *is_all;
                let end = whole_lines(text, *searched, last);
                if end == 0 {
                    *searched = text.len();
                    state.is_done = last;
                    if text.len() > options.max_record_size {
                        return Err(too_long(options, *origin));
                    }
                    return Ok(None);
                }
                let mut counter = Counter::after(*origin);
                let source = &text[..end];
                let start = if origin.bytes == 0 {
                    beginning(source, options)?
                } else {
                    0
                };
                let part = Part {
                    start,
                    end: end as u64,
                };
                let parsed = state.read(source, part, options, &mut counter, context)?;
                let table = finished(source, parsed, options, &mut counter)?;
                *origin = origin.after(source);
                consume(text, end);
                *searched = text.len();
                state.is_done = last;
                if text.len() > options.max_record_size {
                    return Err(too_long(options, *origin));
                }
                Ok(Some(table))
            }
        }
    }
}

fn too_long(options: &LinesOptions, origin: Origin) -> Error {
    ErrorKind::Json {
        message: format!(
            "Expected a line of at most {} bytes (maxRecordSize) but this one is longer",
            options.max_record_size
        ),
        line: origin.lines + 1,
        column: 1,
        byte_offset: origin.bytes,
    }
    .into()
}
