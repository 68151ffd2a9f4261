//! Tables of the parts of an input, one after the other.

use std::path::Path;

use super::layout::{self, Layout, Start};
use super::options::Options;
use super::parse::{Bounds, Parsed};
use super::problem::{self, Counter, Origin};
use super::pushed::Pushed;
use super::whole::{Opened, beginning, last_line_end, read_records, source, starting_kinds, table};
use crate::error::Error;
use crate::ops::columns::Kind;
use crate::ops::file::Input;
use crate::ops::source::{File, Source};
use crate::ops::table::{Next, Table};
use crate::ops::zlib::Ahead;
use crate::pool::Context;

/// Tables of the parts of an input, one after the other.
///
/// The type of a column widens from one table to the next, where its values do, and never narrows.
pub struct Reader {
    options: Options,
    input: Feed,
    /// Where what is pushed comes from, of a compressed file.
    ahead: Option<Box<Ahead>>,
    state: State,
}

enum Feed {
    File(Box<Filed>),
    Pushed(Box<Pushed>),
}

/// What is known of the records up to now.
#[derive(Default)]
pub(super) struct State {
    /// Known once the first record is there.
    pub(super) layout: Option<Box<Layout>>,
    pub(super) kinds: Vec<Kind>,
    rows: u64,
    pub(super) is_done: bool,
}

/// A file that is read where it is.
struct Filed {
    file: File,
    next: u64,
    /// Where records may begin.
    end: u64,
    counter: Counter,
}

impl Reader {
    /// Reads what is pushed.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let pushed = Pushed::new(&options, Vec::new(), false);
        Self {
            options,
            input: Feed::Pushed(Box::new(pushed)),
            ahead: None,
            state: State::default(),
        }
    }

    /// Reads the file at `path`.
    pub fn open(path: &Path, options: Options) -> Result<Self, Error> {
        let input = Input::open(path)?;
        input.advise_sequential();
        let mut ahead = None;
        let input = match source(input, options.encoding)? {
            Opened::File(file) => Feed::File(Box::new(Filed {
                next: beginning(&file, &options)?,
                end: last_line_end(&file, options.to_line)?,
                counter: Counter::new(Origin::default()),
                file,
            })),
            Opened::Bytes(bytes) => Feed::Pushed(Box::new(Pushed::new(&options, bytes, true))),
            Opened::Compressed(compression, input) => {
                let (limit, part) = (options.max_output_length, options.batch_bytes);
                ahead = Some(Box::new(Ahead::new(input, compression, limit, part)?));
                Feed::Pushed(Box::new(Pushed::new(&options, Vec::new(), false)))
            }
        };
        Ok(Self {
            options,
            input,
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
        let Self {
            options,
            input,
            ahead,
            state,
        } = self;
        while !state.is_done {
            context.check()?;
            let mut table = match input {
                Feed::File(filed) => filed.next(options, state, context)?,
                Feed::Pushed(pushed) if let Some(ahead) = ahead => {
                    let (part, last) = ahead.take()?;
                    pushed.push(&[part], last)?;
                    let (table, ()) = context.split().beside(
                        || pushed.next(options, state, last, context),
                        || ahead.prepare(),
                    );
                    state.is_done |= last;
                    table?
                }
                Feed::Pushed(pushed) => {
                    let last = last || pushed.is_all;
                    pushed.push(chunks, last)?;
                    let table = pushed.next(options, state, last, context)?;
                    state.is_done |= last && !pushed.is_all;
                    table
                }
            };
            if let Some(table) = &mut table {
                table.progress = Some(match ahead {
                    Some(ahead) => ahead.progress(),
                    None => input.progress(),
                });
                table.is_last = state.is_done;
            }
            match table.filter(has_content) {
                Some(table) => return Ok(Next::Table(Box::new(table))),
                None if ahead.is_none() && input.is_pushed() && !state.is_done => {
                    return Ok(Next::More);
                }
                None => {}
            }
        }
        Ok(Next::End)
    }
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
    pub(super) fn limit(&self, options: &Options) -> u64 {
        options
            .limit
            .map_or(u64::MAX, |limit| limit - self.rows.min(limit))
    }

    pub(super) fn begin(&mut self, layout: Box<Layout>) {
        self.kinds = starting_kinds(&layout);
        self.layout = Some(layout);
    }

    /// Notes what `parsed` has found.
    pub(super) fn advance(&mut self, parsed: &Parsed, options: &Options) {
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
