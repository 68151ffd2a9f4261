//! One reading of some columns: the first piece by itself, and the others on all threads.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::assemble::{Assembly, ROWS_PER_DISTINCT, assemblies};
use super::column::{Column, Request};
use super::home::{Home, Shared};
use super::kind::Kind;
use super::pieces::{Ending, Extent, Failure, Order, Piece, Pieces, Read, Target, changed};
use super::size::{Size, reserve};
use super::whole::Whole;
use crate::error::Error;
use crate::ops::table::Memory;
use crate::pool::Context;

/// What the first piece shows is a sample: so much more is reserved, in sixteenths.
const SLACK: usize = 24;

/// One reading of some columns.
pub(super) struct Reading<'a, P> {
    pub(super) pieces: &'a P,
    pub(super) extent: Extent,
    pub(super) targets: &'a [&'a Target],
    pub(super) context: &'a Context<'a>,
}

/// What comes of it.
pub(super) struct Outcome<P> {
    pub(super) rows: usize,
    pub(super) memory: Memory,
    /// Where the values end in it.
    pub(super) values_end: usize,
    /// For each target.
    pub(super) columns: Vec<ColumnOutcome>,
    pub(super) problems: Vec<P>,
    pub(super) problem_count: u64,
    pub(super) next: u64,
}

/// What comes of one column.
pub(super) struct ColumnOutcome {
    /// What it takes.
    pub(super) size: Size,
    /// `None` where it is lost.
    pub(super) whole: Option<Whole>,
}

impl<P: Pieces> Reading<'_, P> {
    pub(super) fn read(
        &self,
        starting: &[Kind],
        sizes: Option<&[Size]>,
    ) -> Result<Outcome<P::Problem>, Failure<P::Problem>> {
        let order = self.pieces.order();
        let limit = match order {
            Order::SideBySide { .. } => u64::MAX,
            Order::InSequence { limit } => limit,
        };
        let fields: Vec<usize> = self.targets.iter().map(|target| target.field).collect();
        let mut scratch = P::Scratch::default();
        let first = self.first_piece(order, starting, &fields, &mut scratch)?;
        let sizes = self.sizes(&first, sizes, limit);
        let (mut memory, values_end) = reserve(&sizes)?;
        let declared = self.targets.iter().map(|target| target.request.declared);
        let shared = Shared {
            reading: self,
            fields,
            hints: first.columns.iter().map(hint).collect(),
            stop: AtomicBool::new(false),
            limit,
            home: Mutex::new(Home::new(
                assemblies(&mut memory, &sizes, declared),
                self.extent.start,
            )),
        };
        match order {
            Order::SideBySide { pieces } => self.side_by_side(&shared, pieces, first, scratch),
            Order::InSequence { .. } => self.in_sequence(&shared, first, &mut scratch),
        }
        let home = shared.home.into_inner();
        let Home {
            columns,
            rows,
            end,
            problems,
            problem_count,
            failure,
            ..
        } = home.unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = failure {
            return Err(failure);
        }
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let outcome = |mut column: Assembly<'_>| {
            column.end();
            let size = Size {
                kind: column.kind,
                rows,
                text_bytes: column.text_bytes,
            };
            ColumnOutcome {
                size,
                whole: (!column.is_lost).then(|| column.into()),
            }
        };
        Ok(Outcome {
            rows,
            columns: columns.into_iter().map(outcome).collect(),
            memory,
            values_end,
            problems,
            problem_count,
            next: end,
        })
    }

    /// The first piece by itself: it shows what the columns are.
    fn first_piece(
        &self,
        order: Order,
        starting: &[Kind],
        fields: &[usize],
        scratch: &mut P::Scratch,
    ) -> Result<Read<P::Problem>, Failure<P::Problem>> {
        self.context.check()?;
        let piece = match order {
            Order::SideBySide { .. } => Piece::Numbered(0),
            Order::InSequence { limit } => Piece::At {
                position: self.extent.start,
                wanted: limit,
            },
        };
        let request = |(target, &kind): (&&Target, &Kind)| match target.request {
            declared @ Request { declared: true, .. } => declared,
            inferred => Request { kind, ..inferred },
        };
        let mut requests: Vec<Request> = self.targets.iter().zip(starting).map(request).collect();
        let mut read = match self.pieces.read(piece, fields, &requests, scratch)? {
            Ending::Read(read) => read,
            Ending::Irregular => return Err(Failure::Irregular),
            Ending::Wrong(problem) => return Err(Failure::Wrong(problem)),
        };
        for request in requests.get(read.columns.len()..).unwrap_or_default() {
            let mut column = Column::default();
            column.begin(request.kind, 0);
            read.columns.push(column);
        }
        if !drop_dictionaries(&read, &mut requests) {
            return Ok(read);
        }
        P::spare(scratch).append(&mut read.columns);
        match self.pieces.read(piece, fields, &requests, scratch)? {
            Ending::Read(again) => Ok(again),
            Ending::Irregular | Ending::Wrong(_) => Err(changed().into()),
        }
    }

    /// What the columns will take, from what the first piece took.
    fn sizes(&self, first: &Read<P::Problem>, known: Option<&[Size]>, limit: u64) -> Vec<Size> {
        let Extent { start, end, .. } = self.extent;
        let done = first.next.saturating_sub(start).max(1);
        let all = end.max(first.next) - start;
        let is_all = first.next >= end;
        let scale = |count: usize, slack: usize| {
            if is_all {
                return count;
            }
            let scaled = u128::from(all) * count as u128 * SLACK as u128 / (u128::from(done) * 16);
            usize::try_from(scaled)
                .unwrap_or(usize::MAX)
                .saturating_add(slack)
        };
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let rows = scale(first.rows, 1024).min(most);
        let estimate = |column: &Column| Size {
            kind: column.kind,
            rows,
            text_bytes: scale(column.text_bytes(first.rows), 4096),
        };
        let mut sizes: Vec<Size> = first.columns.iter().map(estimate).collect();
        for (size, known) in sizes.iter_mut().zip(known.unwrap_or_default()) {
            // Text is counted once it is read as text.
            let text_bytes = size.text_bytes.max(known.text_bytes);
            *size = Size {
                rows: known.rows,
                text_bytes,
                ..*size
            };
        }
        sizes
    }

    /// Reads all pieces but the first, on as many threads as there are.
    fn side_by_side(
        &self,
        shared: &Shared<'_, '_, P>,
        pieces: usize,
        first: Read<P::Problem>,
        mut scratch: P::Scratch,
    ) {
        let queue = Queue {
            pieces,
            next: AtomicUsize::new(1),
            processed: AtomicU64::new(self.extent.step),
        };
        let read_some = |scratch: &mut P::Scratch| {
            // Pieces that nobody has taken, until there is none.
            while let Some(piece) = queue.take(&shared.stop) {
                let ending = self.read_piece(shared, &queue, piece, scratch);
                shared.deliver(piece, ending, scratch);
            }
        };
        // Beside others: the first piece touches the memory of every column.
        let begin = |scratch: &mut P::Scratch| {
            shared.deliver(0, Ok(Ending::Read(first)), scratch);
            read_some(scratch);
        };
        match self.context.split().team() {
            Some(team) if pieces > 2 => team.install(|| {
                rayon::scope(|scope| {
                    for _ in 1..team.threads().min(pieces - 1) {
                        scope.spawn(|_| read_some(&mut P::Scratch::default()));
                    }
                    begin(&mut scratch);
                });
            }),
            _ => begin(&mut scratch),
        }
    }

    fn read_piece(
        &self,
        shared: &Shared<'_, '_, P>,
        queue: &Queue,
        piece: usize,
        scratch: &mut P::Scratch,
    ) -> Result<Ending<P::Problem>, Error> {
        let Extent { start, end, step } = self.extent;
        let processed = queue.processed.fetch_add(step, Ordering::Relaxed);
        self.context
            .checkpoint((start + processed).min(end), Some(end))?;
        let requests = shared.requests();
        self.pieces
            .read(Piece::Numbered(piece), &shared.fields, &requests, scratch)
    }

    /// Reads piece after piece, each from where the one before ended.
    fn in_sequence(
        &self,
        shared: &Shared<'_, '_, P>,
        first: Read<P::Problem>,
        scratch: &mut P::Scratch,
    ) {
        let end = self.extent.end;
        let mut position = first.next;
        shared.deliver(0, Ok(Ending::Read(first)), scratch);
        let mut number = 1;
        while position < end && !shared.stop.load(Ordering::Relaxed) {
            let piece = Piece::At {
                position,
                wanted: shared.wanted(),
            };
            let requests = shared.requests();
            let ending = self
                .context
                .checkpoint(position, Some(end))
                .and_then(|()| self.pieces.read(piece, &shared.fields, &requests, scratch));
            let before = position;
            if let Ok(Ending::Read(read)) = &ending {
                position = read.next;
            }
            shared.deliver(number, ending, scratch);
            if position == before {
                // A record that is cut by the end of the input.
                return;
            }
            number += 1;
        }
    }
}

/// Which pieces nobody has taken yet.
struct Queue {
    pieces: usize,
    next: AtomicUsize,
    /// How much of the input was taken.
    processed: AtomicU64,
}

impl Queue {
    fn take(&self, stop: &AtomicBool) -> Option<usize> {
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        let piece = self.next.fetch_add(1, Ordering::Relaxed);
        (piece < self.pieces).then_some(piece)
    }
}

fn hint(column: &Column) -> AtomicU8 {
    AtomicU8::new(column.kind as u8)
}

/// Makes `requests` those of what the first piece has, but text of those columns of it that have too
/// many distinct values. Says whether there are any.
fn drop_dictionaries<P>(first: &Read<P>, requests: &mut [Request]) -> bool {
    let mut changes = false;
    for (request, column) in requests.iter_mut().zip(&first.columns) {
        if request.declared {
            continue;
        }
        let values = first.rows - column.null_count;
        let is_sparse = column.dictionary.len() * ROWS_PER_DISTINCT > values;
        request.kind = column.kind;
        if column.kind == Kind::Dictionary && is_sparse {
            request.kind = Kind::Text;
            changes = true;
        }
    }
    changes
}
