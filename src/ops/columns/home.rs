//! Where the threads of a reading bring their pieces.
//!
//! Pieces go home in order. One that comes before its turn waits here, and whoever brings the one
//! that was missing takes those home that waited for it: no thread waits for another.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::assemble::{Assembly, Slot};
use super::column::Request;
use super::kind::Kind;
use super::pieces::{Ending, Failure, Pieces, Read};
use super::reading::Reading;
use crate::error::Error;

/// The most problems that a table keeps.
const MOST_PROBLEMS: usize = 10_000;

/// What threads share while they read.
pub(super) struct Shared<'a, 'm, P: Pieces> {
    pub(super) reading: &'a Reading<'a, P>,
    pub(super) fields: Vec<usize>,
    /// The kind with which threads begin a column.
    pub(super) hints: Vec<AtomicU8>,
    /// Whether nothing more is to be read.
    pub(super) stop: AtomicBool,
    /// The most records.
    pub(super) limit: u64,
    pub(super) home: Mutex<Home<'m, P::Problem>>,
}

/// What is put together in order.
pub(super) struct Home<'m, P> {
    /// The piece whose turn it is.
    turn: usize,
    /// Pieces that came before their turn.
    waiting: BTreeMap<usize, Result<Ending<P>, Error>>,
    pub(super) columns: Vec<Assembly<'m>>,
    pub(super) rows: u64,
    /// Where the record after the last one begins.
    pub(super) end: u64,
    pub(super) problems: Vec<P>,
    pub(super) problem_count: u64,
    /// Why it ended before the last piece.
    pub(super) failure: Option<Failure<P>>,
}

impl<'m, P> Home<'m, P> {
    pub(super) fn new(columns: Vec<Assembly<'m>>, start: u64) -> Self {
        Self {
            turn: 0,
            waiting: BTreeMap::new(),
            columns,
            rows: 0,
            end: start,
            problems: Vec::new(),
            problem_count: 0,
            failure: None,
        }
    }
}

impl<'m, P: Pieces> Shared<'_, 'm, P> {
    /// What the columns of the next piece are to be read as.
    pub(super) fn requests(&self) -> Vec<Request> {
        let targets = self.reading.targets.iter();
        targets
            .zip(&self.hints)
            .map(|(target, hint)| Request {
                kind: Kind::from_number(hint.load(Ordering::Relaxed)),
                ..target.request
            })
            .collect()
    }

    /// How many records are still of use.
    pub(super) fn wanted(&self) -> u64 {
        self.limit - self.home().rows
    }

    /// Takes a piece home when all before it are there, and then those that waited for it.
    pub(super) fn deliver(
        &self,
        piece: usize,
        ending: Result<Ending<P::Problem>, Error>,
        scratch: &mut P::Scratch,
    ) {
        let mut next = Some(ending);
        let mut number = piece;
        loop {
            let mut home = self.home();
            if let Some(ending) = next.take() {
                if number != home.turn {
                    home.waiting.insert(number, ending);
                    return;
                }
                let placed = self.place(&mut home, ending);
                home.turn += 1;
                drop(home);
                let Some((read, slots)) = placed else {
                    self.stop.store(true, Ordering::Relaxed);
                    return;
                };
                for (slot, column) in slots.into_iter().zip(&read.columns) {
                    slot.fill(column);
                }
                P::spare(scratch).extend(read.columns);
                home = self.home();
            }
            number = home.turn;
            next = home.waiting.remove(&number);
            if next.is_none() {
                return;
            }
        }
    }

    /// The places of a piece's columns; `None` where nothing more is to be read.
    fn place(
        &self,
        home: &mut Home<'m, P::Problem>,
        ending: Result<Ending<P::Problem>, Error>,
    ) -> Option<(Read<P::Problem>, Vec<Slot<'m>>)> {
        let failure = match ending {
            Ok(Ending::Read(read)) => return self.place_read(home, read),
            Ok(Ending::Irregular) => Failure::Irregular,
            Ok(Ending::Wrong(problem)) => Failure::Wrong(problem),
            Err(error) => Failure::Error(error),
        };
        // What comes after the last record that is wanted does not count.
        if home.failure.is_none() && home.rows < self.limit {
            home.failure = Some(failure);
        }
        None
    }

    fn place_read(
        &self,
        home: &mut Home<'m, P::Problem>,
        mut read: Read<P::Problem>,
    ) -> Option<(Read<P::Problem>, Vec<Slot<'m>>)> {
        let left = self.limit - home.rows;
        let rows = read.rows.min(usize::try_from(left).unwrap_or(usize::MAX));
        home.end = home.end.max(read.next);
        home.problem_count += read.problems.len() as u64;
        let kept = MOST_PROBLEMS.saturating_sub(home.problems.len());
        home.problems.extend(read.problems.drain(..).take(kept));
        let widening = self.reading.pieces.widening();
        let mut slots = Vec::with_capacity(read.columns.len());
        let columns = home.columns.iter_mut().zip(&read.columns);
        for ((assembly, column), hint) in columns.zip(&self.hints) {
            match assembly.place(column, rows, widening) {
                Ok(slot) => slots.push(slot),
                Err(error) => {
                    home.failure.get_or_insert(error.into());
                    return None;
                }
            }
            hint.store(assembly.kind as u8, Ordering::Relaxed);
        }
        home.rows += rows as u64;
        if home.rows == self.limit {
            self.stop.store(true, Ordering::Relaxed);
        }
        Some((read, slots))
    }

    fn home(&self) -> MutexGuard<'_, Home<'m, P::Problem>> {
        self.home.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
