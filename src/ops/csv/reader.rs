//! A table of a whole input, or tables of its parts one after the other.

use std::io::Read;
use std::mem;
use std::path::Path;

use super::kind::Kind;
use super::layout::{self, Layout, Start};
use super::options::{Encoding, OnError, Options};
use super::parse::{self, Bounds, Failure, Parsed};
use super::problem::{self, Counter, Origin, What, line_start};
use super::source::{Decoder, File, Source, encoded_length, encoding, position};
use crate::error::{Error, ErrorKind};
use crate::ops::file::Input;
use crate::ops::table::{Description, Table};
use crate::pool::Context;

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
const UTF16_MARK_BYTES: usize = 2;

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
    }
}

enum Opened {
    File(File),
    /// Of a device, or in another encoding than UTF-8.
    Bytes(Vec<u8>),
}

fn source(input: Input, declared: Encoding) -> Result<Opened, Error> {
    let mut bytes = Vec::new();
    let Some(length) = input.length() else {
        let read = (&input.file).read_to_end(&mut bytes);
        read.map_err(|error| input.read_failed(error))?;
        return Ok(Opened::Bytes(bytes));
    };
    let file = File::new(input, length);
    let head = file.read(0..length.min(UTF16_MARK_BYTES as u64), &mut bytes)?;
    if encoding(declared, head) == Encoding::Utf8 {
        return Ok(Opened::File(file));
    }
    file.read(0..length, &mut bytes)?;
    bytes.truncate(position(length));
    Ok(Opened::Bytes(bytes))
}

/// Where the first line that is read begins.
fn beginning<S: Source + ?Sized>(source: &S, options: &Options) -> Result<u64, Error> {
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
fn last_line_end<S: Source + ?Sized>(source: &S, last: Option<u64>) -> Result<u64, Error> {
    let start = match last {
        Some(line) => line_start(source, line.saturating_add(1))?,
        None => None,
    };
    Ok(start.unwrap_or(source.len()))
}

fn starting_kinds(layout: &Layout) -> Vec<Kind> {
    layout
        .targets
        .iter()
        .map(|target| target.request.kind)
        .collect()
}

fn read_records<S: Source + ?Sized>(
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

fn table<S: Source + ?Sized>(
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

/// Tables of the parts of an input, one after the other.
///
/// The type of a column widens from one table to the next, where its values do, and never narrows.
pub struct Reader {
    options: Options,
    input: Feed,
    state: State,
}

enum Feed {
    File(Box<Filed>),
    Pushed(Box<Pushed>),
}

/// What is known of the records up to now.
#[derive(Default)]
struct State {
    /// Known once the first record is there.
    layout: Option<Box<Layout>>,
    kinds: Vec<Kind>,
    rows: u64,
    is_done: bool,
}

/// A file that is read where it is.
struct Filed {
    file: File,
    next: u64,
    /// Where records may begin.
    end: u64,
    counter: Counter,
}

/// What others push, or a file that has to be decoded.
struct Pushed {
    /// `None` until the first bytes tell.
    decoder: Option<Decoder>,
    /// What came before the decoder was known.
    head: Vec<u8>,
    /// What is decoded and not read yet.
    text: Vec<u8>,
    /// Whether a byte-order mark may still come.
    at_beginning: bool,
    /// Lines still to be left out at the beginning.
    skipped: u64,
    /// What came before the text.
    origin: Origin,
    /// Whether nothing is pushed: all of it is in the text.
    is_all: bool,
    /// Whether the last of it is decoded.
    is_decoded: bool,
}

impl Reader {
    /// Reads what is pushed.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let pushed = Pushed::new(&options, Vec::new(), false);
        Self {
            options,
            input: Feed::Pushed(Box::new(pushed)),
            state: State::default(),
        }
    }

    /// Reads the file at `path`.
    pub fn open(path: &Path, options: Options) -> Result<Self, Error> {
        let input = Input::open(path)?;
        input.advise_sequential();
        let input = match source(input, options.encoding)? {
            Opened::File(file) => Feed::File(Box::new(Filed {
                next: beginning(&file, &options)?,
                end: last_line_end(&file, options.to_line)?,
                counter: Counter::new(Origin::default()),
                file,
            })),
            Opened::Bytes(bytes) => Feed::Pushed(Box::new(Pushed::new(&options, bytes, true))),
        };
        Ok(Self {
            options,
            input,
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
        let Self {
            options,
            input,
            state,
        } = self;
        while !state.is_done {
            context.check()?;
            let mut table = match input {
                Feed::File(filed) => filed.next(options, state, context)?,
                Feed::Pushed(pushed) => {
                    let last = last || pushed.is_all;
                    pushed.push(chunks, last)?;
                    let table = pushed.next(options, state, last, context)?;
                    state.is_done |= last && !pushed.is_all;
                    table
                }
            };
            if let Some(table) = &mut table {
                table.progress = Some(input.progress());
                table.is_last = state.is_done;
            }
            match table.filter(has_content) {
                Some(table) => return Ok(Next::Table(Box::new(table))),
                None if input.is_pushed() && !state.is_done => return Ok(Next::More),
                None => {}
            }
        }
        Ok(Next::End)
    }
}

/// What a [`Reader`] gives.
pub enum Next {
    /// A table.
    Table(Box<Table>),
    /// Nothing until more is pushed.
    More,
    /// Nothing any more.
    End,
}

impl Feed {
    fn is_pushed(&self) -> bool {
        matches!(self, Self::Pushed(pushed) if !pushed.is_all)
    }

    /// Bytes of the input that are read, and how many there are if that is known.
    fn progress(&self) -> (u64, Option<u64>) {
        match self {
            Self::File(filed) => (filed.next, Some(filed.file.len())),
            Self::Pushed(pushed) => (pushed.origin.bytes, None),
        }
    }
}

fn has_content(table: &Table) -> bool {
    table.description.rows > 0 || table.error_count > 0
}

impl State {
    /// What is left of the records that are wanted.
    fn limit(&self, options: &Options) -> u64 {
        options
            .limit
            .map_or(u64::MAX, |limit| limit - self.rows.min(limit))
    }

    fn begin(&mut self, layout: Box<Layout>) {
        self.kinds = starting_kinds(&layout);
        self.layout = Some(layout);
    }

    /// Notes what `parsed` has found.
    fn advance(&mut self, parsed: &Parsed, options: &Options) {
        self.kinds.clone_from(&parsed.kinds);
        self.rows += parsed.rows as u64;
        self.is_done |= self.limit(options) == 0;
    }
}

impl Filed {
    fn next(
        &mut self,
        options: &Options,
        state: &mut State,
        context: &Context<'_>,
    ) -> Result<Option<Table>, Error> {
        let Self {
            file,
            next,
            end,
            counter,
        } = self;
        if state.layout.is_none() {
            match layout::read(&*file, *next, true, options)? {
                Start::Known(layout, first) => {
                    state.begin(layout);
                    *next = first;
                }
                Start::Wrong(problem) => return Err(problem::error(&*file, counter, &problem)),
                Start::Incomplete => unreachable!("nothing comes after the end"),
            }
        }
        let Some(layout) = state.layout.as_deref() else {
            unreachable!("just read")
        };
        let bounds = Bounds {
            start: *next,
            end: (*end).min(next.saturating_add(options.batch_bytes as u64)),
            is_final: true,
            limit: state.limit(options),
        };
        if bounds.start >= *end || bounds.limit == 0 {
            state.is_done = true;
            return Ok(None);
        }
        let parsed = read_records(&*file, layout, bounds, &state.kinds, counter, context)?;
        // Where nothing but empty lines was, the next record begins behind them.
        *next = parsed.next.max(*next + 1);
        let layout = layout.clone();
        state.advance(&parsed, options);
        table(&*file, counter, &layout, parsed).map(Some)
    }
}

impl Pushed {
    fn new(options: &Options, head: Vec<u8>, is_all: bool) -> Self {
        Self {
            decoder: None,
            head,
            text: Vec::new(),
            at_beginning: options.from_line == 1,
            skipped: options.from_line - 1,
            origin: Origin {
                encoding: options.encoding,
                ..Origin::default()
            },
            is_all,
            is_decoded: false,
        }
    }

    /// Decodes what came.
    fn push<C: AsRef<[u8]>>(&mut self, chunks: &[C], last: bool) -> Result<(), Error> {
        for chunk in if self.is_all { &[] } else { chunks } {
            if self.decoder.is_none() {
                self.head.extend_from_slice(chunk.as_ref());
                self.start(false)?;
            } else {
                self.decode(chunk.as_ref(), false)?;
            }
        }
        if last && !self.is_decoded {
            self.is_decoded = true;
            self.start(true)?;
            self.decode(&[], true)?;
        }
        Ok(())
    }

    /// Finds out the encoding once the first bytes are there.
    fn start(&mut self, last: bool) -> Result<(), Error> {
        if self.decoder.is_some() || (self.head.len() < UTF16_MARK_BYTES && !last) {
            return Ok(());
        }
        self.origin.encoding = encoding(self.origin.encoding, &self.head);
        self.decoder = Some(Decoder::new(self.origin.encoding));
        let head = mem::take(&mut self.head);
        self.decode(&head, false)
    }

    fn decode(&mut self, bytes: &[u8], last: bool) -> Result<(), Error> {
        let Some(decoder) = &mut self.decoder else {
            unreachable!("`start` has made it")
        };
        let text = decoder.decode(bytes, last)?;
        if self.text.try_reserve(text.len()).is_err() {
            return Err(ErrorKind::OutOfMemory {
                wanted: text.len() as u64,
            }
            .into());
        }
        self.text.extend_from_slice(&text);
        Ok(())
    }

    /// Leaves out the first `count` bytes of the text.
    fn consume(&mut self, count: usize) {
        let consumed = &self.text[..count];
        let mut is_after = false;
        problem::lines(consumed, &mut self.origin.lines, &mut is_after);
        self.origin.bytes += encoded_length(self.origin.encoding, consumed);
        self.text.drain(..count);
    }

    /// Leaves out the byte-order mark and the first lines. False while more has to come for that.
    fn begin(&mut self, options: &Options, last: bool) -> Result<bool, Error> {
        if self.at_beginning && options.bom {
            if self.text.len() < UTF8_MARK.len() && !last {
                return Ok(false);
            }
            if self.text.starts_with(UTF8_MARK) {
                self.consume(UTF8_MARK.len());
            }
        }
        self.at_beginning = false;
        if self.skipped > 0 {
            // A `\r` at the end may have its `\n` in the next bytes.
            let known = match self.text.last() {
                Some(b'\r') if !last => self.text.len() - 1,
                _ => self.text.len(),
            };
            let (mut count, mut is_after) = (0, false);
            let last_line = problem::lines(&self.text[..known], &mut count, &mut is_after).start;
            if count < self.skipped {
                self.skipped -= count;
                self.consume(if last { self.text.len() } else { last_line });
                return Ok(last);
            }
            let start = line_start(&self.text[..known], self.skipped + 1)?;
            self.consume(position(start.unwrap_or(known as u64)));
            self.skipped = 0;
        }
        Ok(true)
    }

    fn next(
        &mut self,
        options: &Options,
        state: &mut State,
        last: bool,
        context: &Context<'_>,
    ) -> Result<Option<Table>, Error> {
        if !self.begin(options, last)? {
            return Ok(None);
        }
        let too_long = |pushed: &Self| {
            let limit = options.max_record_size;
            let problem = What::TooLong { limit }.at(0);
            problem::error(&*pushed.text, &mut Counter::new(pushed.origin), &problem)
        };
        if state.layout.is_none() {
            match layout::read(&*self.text, 0, last, options)? {
                Start::Known(layout, first) => {
                    state.begin(layout);
                    self.consume(position(first));
                }
                Start::Wrong(problem) => {
                    let mut counter = Counter::new(self.origin);
                    return Err(problem::error(&*self.text, &mut counter, &problem));
                }
                Start::Incomplete => return Ok(None),
            }
        }
        let Some(layout) = state.layout.clone() else {
            unreachable!("just read")
        };
        let length = self.text.len() as u64;
        let batch = if self.is_all {
            options.batch_bytes as u64
        } else {
            length
        };
        let last_line = match options.to_line {
            Some(line) => line_start(&*self.text, (line + 1).saturating_sub(self.origin.lines))?,
            None => None,
        };
        let bounds = Bounds {
            start: 0,
            end: length.min(batch).min(last_line.unwrap_or(length)),
            is_final: last,
            limit: state.limit(options),
        };
        if bounds.end == 0 || bounds.limit == 0 {
            state.is_done |= last || last_line.is_some() || bounds.limit == 0;
            return Ok(None);
        }
        let mut counter = Counter::new(self.origin);
        let parsed = read_records(
            &*self.text,
            &layout,
            bounds,
            &state.kinds,
            &mut counter,
            context,
        )?;
        let next = parsed.next;
        if next == 0 && self.text.len() > options.max_record_size {
            return Err(too_long(self));
        }
        state.advance(&parsed, options);
        let table = table(&*self.text, &mut counter, &layout, parsed)?;
        self.consume(position(next).min(self.text.len()));
        state.is_done |= last_line.is_some_and(|end| next >= end) || (last && self.text.is_empty());
        Ok(Some(table))
    }
}
