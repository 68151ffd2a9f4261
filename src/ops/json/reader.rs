//! NDJSON to tables: one of all lines, or one for every few megabytes.

use std::collections::{HashMap, HashSet};
use std::io::Read as _;
use std::mem;
use std::path::Path;

use super::fault::{BYTE_ORDER_MARK, Fault, Origin};
use super::lines::{Lines, Rules, Scratch, consume, whole_lines};
use super::records::{Columns, Layout, NewKeys, check_types, is_sparse, table, too_sparse};
use super::text::changed;
use crate::error::{Error, ErrorKind};
use crate::ops::columns::{Ending, Failure, Kind, Parsed, Piece, Pieces, Target, read_all};
use crate::ops::file::Input;
use crate::ops::source::{File, Source};
use crate::ops::table::{Next, OnError, RecordError, Table};
use crate::pool::Context;

/// How often lines are read at most: to find their keys, and to read them.
const MOST_READINGS: usize = 3;

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

/// Lines that begin at `start` and before `end`.
#[derive(Clone, Copy)]
struct Part {
    start: u64,
    end: u64,
}

/// What is known of the columns up to now.
#[derive(Default)]
struct State {
    /// Keys that have columns, where all have.
    keys: Vec<Vec<u8>>,
    targets: Vec<Target>,
    kinds: Vec<Kind>,
    is_done: bool,
}

impl State {
    /// Reads a part of a source.
    fn read<S: Source + ?Sized>(
        &mut self,
        source: &S,
        part: Part,
        options: &LinesOptions,
        counter: &mut Counter,
        context: &Context<'_>,
    ) -> Result<Parsed<Fault>, Error> {
        let Columns { names, .. } = &options.columns;
        if let Some(names) = names {
            let layout = Layout::named(names, &options.columns)?;
            check_types(&options.columns, &layout.targets)?;
            let lines = lines(source, part, &layout, options);
            if self.kinds.is_empty() {
                self.kinds = layout.kinds();
            }
            let parsed = read_all(&lines, &layout.targets, &self.kinds, context);
            let parsed = parsed.map_err(|failure| failed(failure, source, counter))?;
            self.kinds.clone_from(&parsed.kinds);
            return Ok(parsed);
        }
        let outcome = self.read_keys(source, part, options, context);
        outcome.map_err(|failure| failed(failure, source, counter))
    }

    /// Reads the columns of all keys of the lines that are not left out.
    fn read_keys<S: Source + ?Sized>(
        &mut self,
        source: &S,
        part: Part,
        options: &LinesOptions,
        context: &Context<'_>,
    ) -> Result<Parsed<Fault>, Failure<Fault>> {
        let columns = &options.columns;
        // Columns of given types are read in any case: a value that does not fit one is an error,
        // whether or not there are others.
        let declared = columns.types.iter().map(|(name, _)| name.as_bytes());
        let declared: Vec<Vec<u8>> = declared.map(<[u8]>::to_vec).collect();
        // What is in the first piece, as a rule, is all there is.
        let mut new = first_keys(source, part, options, &declared, context)?;
        let mut keys = self.keys_and(&new);
        for _ in 0..MOST_READINGS {
            let mut wanted = keys.clone();
            wanted.extend(declared.iter().filter(|name| !keys.contains(name)).cloned());
            let layout = Layout::keyed(&wanted, columns);
            let mut kinds = layout.kinds();
            for (kind, known) in kinds.iter_mut().zip(&self.kinds) {
                *kind = *known;
            }
            let mut lines = lines(source, part, &layout, options);
            lines.all_keys = true;
            let mut parsed = read_all(&lines, &layout.targets, &kinds, context)?;
            new = lines.new_keys.take().map_err(Failure::Wrong)?;
            keys = self.keys_and(&new);
            if is_sparse(parsed.rows, keys.len(), part.end - part.start) {
                return Err(Failure::Wrong(too_sparse(parsed.rows, keys.len())));
            }
            let places: HashMap<&Vec<u8>, usize> = wanted.iter().zip(0..).collect();
            let chosen: Option<Vec<usize>> =
                keys.iter().map(|key| places.get(key).copied()).collect();
            if let Some(chosen) = chosen {
                let kinds = mem::take(&mut parsed.kinds);
                let all = mem::take(&mut parsed.columns);
                parsed.columns = chosen.iter().map(|&index| all[index].clone()).collect();
                self.kinds = chosen.iter().map(|&index| kinds[index]).collect();
                self.targets = chosen
                    .iter()
                    .map(|&index| layout.targets[index].clone())
                    .collect();
                self.keys = keys;
                return Ok(parsed);
            }
        }
        Err(changed().into())
    }

    /// The keys that are known, and those of `found` that are not.
    fn keys_and(&self, found: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let known: HashSet<&Vec<u8>> = self.keys.iter().collect();
        let new = found.iter().filter(|key| !known.contains(key));
        self.keys.iter().chain(new).cloned().collect()
    }
}

fn lines<'a, S: Source + ?Sized>(
    source: &'a S,
    part: Part,
    layout: &'a Layout,
    options: &LinesOptions,
) -> Lines<'a, S> {
    Lines {
        source,
        layout,
        rules: Rules {
            on_error: options.on_error,
            max_depth: options.max_depth,
            max_record_size: options.max_record_size,
            piece_bytes: options.piece_bytes,
            any: options.columns.names.is_some(),
        },
        start: part.start,
        end: part.end,
        new_keys: NewKeys::default(),
        all_keys: false,
    }
}

/// The keys of the first piece, which as a rule are all there are; those of all where records have few in common.
fn first_keys<S: Source + ?Sized>(
    source: &S,
    part: Part,
    options: &LinesOptions,
    declared: &[Vec<u8>],
    context: &Context<'_>,
) -> Result<Vec<Vec<u8>>, Failure<Fault>> {
    let layout = Layout::keyed(declared, &options.columns);
    let mut lines = lines(source, part, &layout, options);
    lines.all_keys = true;
    let fields: Vec<usize> = (0..layout.targets.len()).collect();
    let requests: Vec<_> = layout.targets.iter().map(|target| target.request).collect();
    let mut scratch = Scratch::default();
    let rows = match lines.read(Piece::Numbered(0), &fields, &requests, &mut scratch)? {
        Ending::Read(read) => read.rows,
        Ending::Wrong(fault) => return Err(Failure::Wrong(fault)),
        Ending::Irregular => return Err(Failure::Irregular),
    };
    let bytes = part.end - part.start;
    let keys = lines.new_keys.take().map_err(Failure::Wrong)?;
    if !is_sparse(rows, keys.len(), bytes.min(options.piece_bytes)) {
        return Ok(keys);
    }
    // How many there are in all shows a reading of little but keys.
    let rows = read_all(&lines, &layout.targets, &layout.kinds(), context)?.rows;
    let keys = lines.new_keys.take().map_err(Failure::Wrong)?;
    if is_sparse(rows, keys.len(), bytes) {
        return Err(Failure::Wrong(too_sparse(rows, keys.len())));
    }
    Ok(keys)
}

fn failed<S: Source + ?Sized>(failure: Failure<Fault>, source: &S, counter: &mut Counter) -> Error {
    match failure {
        Failure::Wrong(fault) => match counter.locate(source, fault) {
            Ok(RecordError {
                message,
                line,
                column,
                byte_offset,
            }) => ErrorKind::Json {
                message,
                line,
                column,
                byte_offset,
            }
            .into(),
            Err(error) => error,
        },
        Failure::Irregular => changed(),
        Failure::Error(error) => error,
    }
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

/// Lines up to a place that only moves on.
#[derive(Clone, Copy, Default)]
struct Counter {
    /// What comes before the source.
    origin: Origin,
    /// Where in the source the line begins that the last place was in, and the lines before it.
    line_start: u64,
    lines: u64,
}

impl Counter {
    /// Bytes that are searched at once.
    const BLOCK: u64 = 1 << 20;

    /// Counts the lines that end before `to`.
    fn advance<S: Source + ?Sized>(&mut self, source: &S, to: u64) -> Result<(), Error> {
        let mut buffer = Vec::new();
        let mut at = self.line_start;
        while at < to {
            let end = to.min(at + Self::BLOCK);
            let bytes = source.read(at..end, &mut buffer)?;
            self.lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
            if let Some(last) = memchr::memrchr(b'\n', bytes) {
                self.line_start = at + last as u64 + 1;
            }
            at = end;
        }
        Ok(())
    }

    /// The fault as a caller sees it.
    fn locate<S: Source + ?Sized>(
        &mut self,
        source: &S,
        fault: Fault,
    ) -> Result<RecordError, Error> {
        let at = fault.offset.min(source.len());
        self.advance(source, at)?;
        let mut buffer = Vec::new();
        let line = source.read(self.line_start..at, &mut buffer)?;
        let is_first = self.origin.bytes == 0 && self.line_start == 0;
        let origin = Origin {
            bytes: u64::from(!is_first),
            lines: self.origin.lines + self.lines,
        };
        let (line, column) = origin.place(line, u64::MAX);
        Ok(RecordError {
            message: fault.message,
            line,
            column,
            byte_offset: self.origin.bytes + fault.offset,
        })
    }
}

/// Tables of the parts of NDJSON, one after the other.
///
/// The type of a column widens from one table to the next, where its values do, and never narrows;
/// and a table has the columns of all before it.
pub struct LineReader {
    options: LinesOptions,
    feed: Feed,
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
        origin: Origin,
        is_all: bool,
    },
}

impl LineReader {
    /// Reads what is pushed.
    #[must_use]
    pub fn new(options: LinesOptions) -> Self {
        let feed = Feed::Pushed {
            text: Vec::new(),
            origin: Origin::default(),
            is_all: false,
        };
        Self {
            options,
            feed,
            state: State::default(),
        }
    }

    /// Reads the file at `path`.
    pub fn open(path: &Path, options: LinesOptions) -> Result<Self, Error> {
        let input = Input::open(path)?;
        input.advise_sequential();
        let feed = if let Some(length) = input.length() {
            let file = File::new(input, length);
            Feed::File {
                next: beginning(&file, &options)?,
                file: Box::new(file),
                counter: Counter::default(),
            }
        } else {
            let mut text = Vec::new();
            let read = (&input.file).read_to_end(&mut text);
            read.map_err(|error| input.read_failed(error))?;
            Feed::Pushed {
                text,
                origin: Origin::default(),
                is_all: true,
            }
        };
        Ok(Self {
            options,
            feed,
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
            let table = self.next_part(last, context)?;
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
        matches!(self.feed, Feed::Pushed { .. }) && !self.state.is_done
    }

    fn progress(&self) -> (u64, Option<u64>) {
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
                origin,
                is_all,
            } => {
                let last = last || *is_all;
                let end = whole_lines(text, last);
                if end == 0 {
                    state.is_done = last;
                    if text.len() > options.max_record_size {
                        return Err(too_long(options, *origin));
                    }
                    return Ok(None);
                }
                let mut counter = Counter {
                    origin: *origin,
                    ..Counter::default()
                };
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
