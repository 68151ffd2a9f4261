//! What has pieces, and how they become columns of a table.

use super::column::{Column, Request};
use super::kind::{Kind, Widening};
use super::reading::Reading;
use super::size::Size;
use super::whole::finish;
use crate::error::{Error, ErrorKind};
use crate::ops::table::{self, Memory};
use crate::pool::Context;

/// How often a column is read at most. Three times find its kind, find its size and fill it; others
/// may be left out with records of which a value does not fit.
const MOST_READINGS: usize = 5;

/// An input whose records are read a piece at a time.
pub(in crate::ops) trait Pieces: Sync {
    /// What a thread keeps from one piece to the next.
    type Scratch: Default + Send;
    /// What is wrong with a record.
    type Problem: Send;

    /// Which piece can be read when.
    fn order(&self) -> Order;

    /// Where the pieces are.
    fn extent(&self) -> Extent;

    /// What becomes of kinds that have nothing in common.
    fn widening(&self) -> Widening;

    /// Whether a record of which a value does not fit is left out, so that which rows there are
    /// depends on all columns.
    fn leaves_out(&self) -> bool;

    /// Reads the fields `fields` of the records of `piece`, each as the request at its place has it
    /// or, unless that is declared, as a wider kind.
    fn read(
        &self,
        piece: Piece,
        fields: &[usize],
        requests: &[Request],
        scratch: &mut Self::Scratch,
    ) -> Result<Ending<Self::Problem>, Error>;

    /// Columns whose memory `read` uses again.
    fn spare(scratch: &mut Self::Scratch) -> &mut Vec<Column>;
}

/// Which piece can be read when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum Order {
    /// So many pieces, at least one, that threads read in any order.
    SideBySide { pieces: usize },
    /// Each once it is known where the one before it ended, and up to so many records.
    InSequence { limit: u64 },
}

/// Positions in an input. In bytes they are also the progress of a job.
#[derive(Clone, Copy, Debug)]
pub(in crate::ops) struct Extent {
    /// Where the first piece begins.
    pub(in crate::ops) start: u64,
    /// Where the last piece ends.
    pub(in crate::ops) end: u64,
    /// The length of a piece.
    pub(in crate::ops) step: u64,
}

/// One piece of an input.
#[derive(Clone, Copy, Debug)]
pub(in crate::ops) enum Piece {
    /// By its number, of those that are read side by side.
    Numbered(usize),
    /// The one that begins here, and the most of its records that are of use.
    At { position: u64, wanted: u64 },
}

/// What a piece has.
#[derive(Debug)]
pub(in crate::ops) struct Read<P> {
    pub(in crate::ops) rows: usize,
    /// As many as fields were asked for; none are needed where there is no row.
    pub(in crate::ops) columns: Vec<Column>,
    /// Where the record after the last one begins; 0 where no record begins in the piece.
    pub(in crate::ops) next: u64,
    /// What was left out, in its order.
    pub(in crate::ops) problems: Vec<P>,
}

impl<P> Default for Read<P> {
    fn default() -> Self {
        Self {
            rows: 0,
            columns: Vec::new(),
            next: 0,
            problems: Vec::new(),
        }
    }
}

/// How the reading of a piece ended.
pub(in crate::ops) enum Ending<P> {
    Read(Read<P>),
    /// It cannot be read in this way: nor can all of the input.
    Irregular,
    /// What ends the parse, if nothing before it does.
    Wrong(P),
}

/// A column that is read.
#[derive(Clone, Debug)]
pub(in crate::ops) struct Target {
    pub(in crate::ops) name: String,
    /// Which field of a record.
    pub(in crate::ops) field: usize,
    pub(in crate::ops) request: Request,
}

/// What a reading of an input gives.
pub(in crate::ops) struct Parsed<P> {
    pub(in crate::ops) rows: usize,
    /// For each target.
    pub(in crate::ops) columns: Vec<table::Column>,
    pub(in crate::ops) memory: Vec<Memory>,
    /// What the columns hold, for the batch after this one.
    pub(in crate::ops) kinds: Vec<Kind>,
    /// The first ones of those that were left out.
    pub(in crate::ops) problems: Vec<P>,
    pub(in crate::ops) problem_count: u64,
    /// Where the first record begins that was not read.
    pub(in crate::ops) next: u64,
}

/// Why there is nothing.
pub(in crate::ops) enum Failure<P> {
    Wrong(P),
    Irregular,
    Error(Error),
}

impl<P> From<Error> for Failure<P> {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Reads all pieces, with columns of at least the kinds `known`.
pub(in crate::ops) fn read_all<P: Pieces>(
    pieces: &P,
    targets: &[Target],
    known: &[Kind],
    context: &Context<'_>,
) -> Result<Parsed<P::Problem>, Failure<P::Problem>> {
    let mut kinds = known.to_vec();
    let mut parsed: Option<Parsed<P::Problem>> = None;
    // The columns that are still to be read, and what is known of their sizes.
    let mut wanted: Vec<usize> = (0..targets.len()).collect();
    let mut sizes: Option<Vec<Size>> = None;
    for _ in 0..MOST_READINGS {
        let chosen: Vec<&Target> = wanted.iter().map(|&target| &targets[target]).collect();
        let starting: Vec<Kind> = wanted.iter().map(|&target| kinds[target]).collect();
        let reading = Reading {
            pieces,
            extent: pieces.extent(),
            targets: &chosen,
            context,
        };
        let read = reading.read(&starting, sizes.as_deref())?;
        let mut all = parsed.take().unwrap_or_else(|| Parsed {
            rows: read.rows,
            columns: vec![table::Column::default(); targets.len()],
            memory: Vec::new(),
            kinds: Vec::new(),
            problems: read.problems,
            problem_count: read.problem_count,
            next: read.next,
        });
        if all.rows != read.rows {
            return Err(changed().into());
        }
        let mut kept = Vec::new();
        let mut whole = Vec::new();
        let mut lost = Vec::new();
        let mut exact = Vec::new();
        for (&target, outcome) in wanted.iter().zip(read.columns) {
            kinds[target] = outcome.size.kind;
            if let Some(column) = outcome.whole {
                kept.push(target);
                whole.push((column, targets[target].name.clone()));
            } else {
                lost.push(target);
                exact.push(outcome.size);
            }
        }
        let number = all.memory.len();
        let (memory, columns) = finish(read.memory, read.values_end, whole, read.rows, number)?;
        for (target, column) in kept.into_iter().zip(columns) {
            all.columns[target] = column;
        }
        all.memory.push(memory);
        if lost.is_empty() {
            all.kinds = kinds;
            return Ok(all);
        }
        if pieces.leaves_out() {
            wanted = (0..targets.len()).collect();
            sizes = None;
        } else {
            parsed = Some(all);
            wanted = lost;
            sizes = Some(exact);
        }
    }
    Err(changed().into())
}

/// Why a reading failed: other bytes than before.
pub(in crate::ops) fn changed() -> Error {
    ErrorKind::InvalidArgument {
        name: "data",
        expected: "bytes that stay as they are until the promise settles".to_owned(),
        received: "other bytes at a second look".to_owned(),
    }
    .into()
}
