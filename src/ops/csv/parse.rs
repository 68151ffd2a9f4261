//! A CSV to a table, in pieces that threads read side by side.
//!
//! A piece can be read as soon as it is known whether its first byte is inside quotes, which the
//! number of quotes before it tells. A thread that takes a piece counts its quotes first, and those
//! of earlier pieces that nobody has counted yet: nobody waits for anybody, and every byte is
//! counted when it has just come into the cache.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use memchr::memchr_iter;

use super::assemble::{Assembly, Size, Slot, Whole, assemblies, finish, reserve};
use super::column::{Column, Request};
use super::kind::Kind;
use super::layout::{Layout, Target};
use super::options::OnError;
use super::piece::{Ending, Place, Read, Scratch, changed, scan, walk};
use super::problem::Problem;
use super::source::{Source, position};
use crate::error::Error;
use crate::ops::table::{self, Memory};
use crate::pool::Context;

/// A text column of whose values in the first piece more than one in so many is new has no
/// dictionary.
const ROWS_PER_DISTINCT: usize = 4;

/// What the first piece shows is a sample: so much more is reserved, in sixteenths.
const SLACK: usize = 24;

/// How often a column is read at most: to find its kind, to find its size, and to fill it.
const MOST_READINGS: usize = 4;

/// Which part of a source is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Where the first record begins.
    pub(super) start: u64,
    /// Records that begin from here on are left out.
    pub(super) end: u64,
    /// Whether nothing comes after the end of the source.
    pub(super) is_final: bool,
    /// The most records.
    pub(super) limit: u64,
}

/// What a reading of a source gives.
pub(super) struct Parsed {
    pub(super) rows: usize,
    /// For each target.
    pub(super) columns: Vec<table::Column>,
    pub(super) memory: Vec<Memory>,
    /// What the columns hold, for the batch after this one.
    pub(super) kinds: Vec<Kind>,
    pub(super) problems: Vec<Problem>,
    pub(super) problem_count: u64,
    /// Where the first record begins that was not read.
    pub(super) next: u64,
}

/// Why there is nothing.
pub(super) enum Failure {
    Wrong(Problem),
    Error(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// The most problems that a table keeps.
pub(super) const MOST_PROBLEMS: usize = 10_000;

/// Reads what is in `bounds`, with columns of at least the kinds `known`.
pub(super) fn parse<S: Source + ?Sized>(
    source: &S,
    layout: &Layout,
    bounds: Bounds,
    known: &[Kind],
    context: &Context<'_>,
) -> Result<Parsed, Failure> {
    // Records after the last one that is wanted decide nothing: neither types nor errors.
    let mut walks = !layout.parallel || bounds.limit < u64::MAX;
    let mut parsed: Option<Parsed> = None;
    // The columns that are still to be read, and what is known of their sizes.
    let mut wanted: Vec<usize> = (0..layout.targets.len()).collect();
    let mut kinds = known.to_vec();
    let mut sizes: Option<Vec<Size>> = None;
    for _ in 0..=MOST_READINGS {
        let targets: Vec<Target> = wanted
            .iter()
            .map(|&target| layout.targets[target].clone())
            .collect();
        let starting: Vec<Kind> = wanted.iter().map(|&target| kinds[target]).collect();
        let job = Reading {
            source,
            layout,
            bounds,
            targets: &targets,
            walks,
            context,
        };
        let read = match job.read(&starting, sizes.as_deref()) {
            Ok(Some(read)) => read,
            Ok(None) if walks => return Err(changed().into()),
            Ok(None) => {
                walks = true;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        for (&target, &kind) in wanted.iter().zip(&read.kinds) {
            kinds[target] = kind;
        }
        let all = parsed.get_or_insert_with(|| Parsed {
            rows: read.rows,
            columns: vec![table::Column::default(); layout.targets.len()],
            memory: Vec::new(),
            kinds: Vec::new(),
            problems: Vec::new(),
            problem_count: 0,
            next: read.next,
        });
        if all.rows != read.rows {
            return Err(changed().into());
        }
        if all.memory.is_empty() {
            all.problems = read.problems;
            all.problem_count = read.problem_count;
        }
        let lost: Vec<usize> = read.lost.iter().map(|&index| wanted[index]).collect();
        let exact: Vec<Size> = read
            .lost
            .iter()
            .map(|&index| Size {
                kind: read.kinds[index],
                rows: read.rows,
                text_bytes: read.text_bytes[index],
            })
            .collect();
        let kept: Vec<usize> = (0..wanted.len())
            .filter(|index| !read.lost.contains(index))
            .collect();
        if kept.len() == read.whole.len() {
            let named = read
                .whole
                .into_iter()
                .zip(&kept)
                .map(|(whole, &index)| (whole, targets[index].name.clone()))
                .collect();
            let (memory, columns) = finish(
                read.memory,
                read.values_end,
                named,
                read.rows,
                all.memory.len(),
            )?;
            for (&index, column) in kept.iter().zip(columns) {
                all.columns[wanted[index]] = column;
            }
            all.memory.push(memory);
        }
        if lost.is_empty() {
            let mut all = parsed.unwrap_or_else(|| unreachable!("just made"));
            all.kinds = kinds;
            return Ok(all);
        }
        // Which records are left out depends on all columns.
        if layout.on_error == OnError::Throw {
            wanted = lost;
            sizes = Some(exact);
        } else {
            parsed = None;
            wanted = (0..layout.targets.len()).collect();
            sizes = None;
        }
    }
    Err(changed().into())
}

/// One reading of some columns.
struct Reading<'a, S: ?Sized> {
    source: &'a S,
    layout: &'a Layout,
    bounds: Bounds,
    targets: &'a [Target],
    walks: bool,
    context: &'a Context<'a>,
}

/// What comes of it.
struct Outcome {
    rows: usize,
    memory: Memory,
    /// Where the values end in it.
    values_end: usize,
    /// The columns that are not lost.
    whole: Vec<Whole>,
    lost: Vec<usize>,
    kinds: Vec<Kind>,
    text_bytes: Vec<usize>,
    problems: Vec<Problem>,
    problem_count: u64,
    next: u64,
}

const UNKNOWN: u8 = 2;

/// What threads share while they read.
struct Shared<'a, 'm, S: ?Sized> {
    reading: &'a Reading<'a, S>,
    fields: Vec<usize>,
    pieces: usize,
    next_piece: AtomicUsize,
    /// For each piece whether it has an odd number of quotes, and whether it begins inside quotes.
    odd: Vec<AtomicU8>,
    quoted: Vec<AtomicU8>,
    /// The kind with which threads begin a column.
    hints: Vec<AtomicU8>,
    stop: AtomicBool,
    processed: AtomicU64,
    home: Mutex<Home<'m>>,
}

/// What is put together in order.
struct Home<'m> {
    next: usize,
    /// Pieces that came before their turn.
    waiting: BTreeMap<usize, Result<Ending, Error>>,
    columns: Vec<Assembly<'m>>,
    rows: u64,
    end: u64,
    problems: Vec<Problem>,
    problem_count: u64,
    /// Why it ended before the last piece.
    failure: Option<Failed>,
}

enum Failed {
    Irregular,
    With(Failure),
}

impl<S: Source + ?Sized> Reading<'_, S> {
    /// `None` where the quotes do not stand as RFC 4180 has them.
    fn read(&self, starting: &[Kind], sizes: Option<&[Size]>) -> Result<Option<Outcome>, Failure> {
        let fields: Vec<usize> = self.targets.iter().map(|target| target.field).collect();
        let mut scratch = Scratch::default();
        let Some(read) = self.first_piece(starting, &fields, &mut scratch)? else {
            return Ok(None);
        };
        let sizes = self.sizes(&read, sizes);
        let (mut memory, values_end) = reserve(&sizes)?;
        let hint = |column: &Column| AtomicU8::new(column.kind as u8);
        let hints = read.columns.iter().map(hint).collect();
        let columns = assemblies(&mut memory, &sizes, self.targets);
        let shared = Shared::new(self, fields, hints, columns);
        let mut next = read.next;
        let read = Ok(Ending::Read(read));
        if self.walks {
            shared.deliver(0, read, &mut scratch);
            shared.walk_on(&mut next, &mut scratch);
        } else {
            shared.scan_all(read, scratch);
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
        match failure {
            None => {}
            Some(Failed::Irregular) => return Ok(None),
            Some(Failed::With(failure)) => return Err(failure),
        }
        let mut whole = Vec::new();
        let mut lost = Vec::new();
        let mut kinds = Vec::new();
        let mut text_bytes = Vec::new();
        for (index, mut column) in columns.into_iter().enumerate() {
            column.end();
            kinds.push(column.kind);
            text_bytes.push(column.text_bytes);
            if column.is_lost {
                lost.push(index);
            } else {
                whole.push(column.into());
            }
        }
        Ok(Some(Outcome {
            rows: position(rows),
            memory,
            values_end,
            whole,
            lost,
            kinds,
            text_bytes,
            problems,
            problem_count,
            next: end,
        }))
    }

    /// The first piece by itself: it shows what the columns are.
    fn first_piece(
        &self,
        starting: &[Kind],
        fields: &[usize],
        scratch: &mut Scratch,
    ) -> Result<Option<Read>, Failure> {
        self.context.check()?;
        let Bounds { start, end, .. } = self.bounds;
        let place = Place {
            begin: start,
            end: end.min(start.saturating_add(self.layout.piece_bytes)),
            at_record: true,
            quoted: false,
            source_end: self.source.len(),
            is_final: self.bounds.is_final,
            wanted: self.bounds.limit,
        };
        let request = |(target, &kind): (&Target, &Kind)| match target.request {
            declared @ Request { declared: true, .. } => declared,
            inferred => Request { kind, ..inferred },
        };
        let requests: Vec<Request> = self.targets.iter().zip(starting).map(request).collect();
        match self.piece(place, fields, &requests, scratch)? {
            Ending::Read(mut read) => {
                self.drop_dictionaries(&mut read, &requests, place, fields, scratch)?;
                Ok(Some(read))
            }
            Ending::Irregular => Ok(None),
            Ending::Wrong(problem) => Err(Failure::Wrong(problem)),
        }
    }

    fn piece(
        &self,
        place: Place,
        fields: &[usize],
        requests: &[Request],
        scratch: &mut Scratch,
    ) -> Result<Ending, Error> {
        let read = if self.walks { walk } else { scan };
        read(self.source, self.layout, place, fields, requests, scratch)
    }

    /// Reads text columns of the first piece again that have too many distinct values.
    fn drop_dictionaries(
        &self,
        read: &mut Read,
        requests: &[Request],
        place: Place,
        fields: &[usize],
        scratch: &mut Scratch,
    ) -> Result<(), Failure> {
        let mut requests = requests.to_vec();
        let mut changes = false;
        for (request, column) in requests.iter_mut().zip(&read.columns) {
            if request.declared {
                continue;
            }
            let values = read.rows - column.null_count;
            let is_sparse = column.dictionary.len() * ROWS_PER_DISTINCT > values;
            request.kind = column.kind;
            if column.kind == Kind::Dictionary && is_sparse {
                request.kind = Kind::Text;
                changes = true;
            }
        }
        if changes {
            scratch.spare.append(&mut read.columns);
            match self.piece(place, fields, &requests, scratch)? {
                Ending::Read(again) => *read = again,
                Ending::Irregular | Ending::Wrong(_) => return Err(changed().into()),
            }
        }
        Ok(())
    }

    /// What the columns will take, from what the first piece took.
    fn sizes(&self, first: &Read, known: Option<&[Size]>) -> Vec<Size> {
        let Bounds {
            start, end, limit, ..
        } = self.bounds;
        let done = (first.next - start).max(1);
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
}

impl<'a, 'm, S: Source + ?Sized> Shared<'a, 'm, S> {
    fn new(
        reading: &'a Reading<'a, S>,
        fields: Vec<usize>,
        hints: Vec<AtomicU8>,
        columns: Vec<Assembly<'m>>,
    ) -> Self {
        let Bounds { start, end, .. } = reading.bounds;
        let step = reading.layout.piece_bytes;
        let pieces = position((end - start).div_ceil(step)).max(1);
        let counts_quotes = reading.layout.grammar.separators.quote.is_some() && !reading.walks;
        let unknown = || {
            let count = if counts_quotes { pieces } else { 0 };
            (0..count)
                .map(|_| AtomicU8::new(UNKNOWN))
                .collect::<Vec<_>>()
        };
        let quoted = unknown();
        if let Some(first) = quoted.first() {
            first.store(0, Ordering::Release);
        }
        Self {
            reading,
            fields,
            pieces,
            next_piece: AtomicUsize::new(1),
            odd: unknown(),
            quoted,
            hints,
            stop: AtomicBool::new(false),
            processed: AtomicU64::new(step),
            home: Mutex::new(Home {
                next: 0,
                waiting: BTreeMap::new(),
                columns,
                rows: 0,
                end: start,
                problems: Vec::new(),
                problem_count: 0,
                failure: None,
            }),
        }
    }

    /// Reads all pieces but the first, on as many threads as there are.
    fn scan_all(&self, first: Result<Ending, Error>, mut scratch: Scratch) {
        // Beside others: the first piece touches the memory of every column.
        let begin = |scratch: &mut Scratch| {
            self.deliver(0, first, scratch);
            self.scan_some(scratch);
        };
        match self.reading.context.split().team() {
            Some(team) if self.pieces > 2 => team.install(|| {
                rayon::scope(|scope| {
                    for _ in 1..team.threads().min(self.pieces - 1) {
                        scope.spawn(|_| self.scan_some(&mut Scratch::default()));
                    }
                    begin(&mut scratch);
                });
            }),
            _ => begin(&mut scratch),
        }
    }

    /// Reads the next piece that nobody has taken, until there is none.
    fn scan_some(&self, scratch: &mut Scratch) {
        while !self.stop.load(Ordering::Relaxed) {
            let piece = self.next_piece.fetch_add(1, Ordering::Relaxed);
            if piece >= self.pieces {
                return;
            }
            let ending = self.scan_piece(piece, scratch);
            self.deliver(piece, ending, scratch);
        }
    }

    fn scan_piece(&self, piece: usize, scratch: &mut Scratch) -> Result<Ending, Error> {
        let reading = self.reading;
        let Bounds { start, end, .. } = reading.bounds;
        let processed = self
            .processed
            .fetch_add(reading.layout.piece_bytes, Ordering::Relaxed);
        reading
            .context
            .checkpoint((start + processed).min(end), Some(end))?;
        let place = Place {
            quoted: self.quoted(piece, scratch)?,
            ..self.place(piece)
        };
        reading.piece(place, &self.fields, &self.requests(), scratch)
    }

    fn place(&self, piece: usize) -> Place {
        let reading = self.reading;
        let Bounds {
            start,
            end,
            is_final,
            ..
        } = reading.bounds;
        let step = reading.layout.piece_bytes;
        let begin = start + piece as u64 * step;
        Place {
            begin,
            end: end.min(begin + step),
            at_record: piece == 0,
            quoted: false,
            source_end: reading.source.len(),
            is_final,
            wanted: u64::MAX,
        }
    }

    fn requests(&self) -> Vec<Request> {
        let targets = self.reading.targets.iter();
        targets
            .zip(&self.hints)
            .map(|(target, hint)| Request {
                kind: Kind::from_number(hint.load(Ordering::Relaxed)),
                ..target.request
            })
            .collect()
    }

    /// Whether `piece` begins inside quotes.
    fn quoted(&self, piece: usize, scratch: &mut Scratch) -> Result<bool, Error> {
        if self.quoted.is_empty() {
            return Ok(false);
        }
        // Those who take the next pieces need it.
        self.odd(piece, scratch)?;
        let mut known = piece;
        while self.quoted[known].load(Ordering::Acquire) == UNKNOWN {
            known -= 1;
        }
        let mut quoted = self.quoted[known].load(Ordering::Acquire);
        for earlier in known..piece {
            quoted ^= self.odd(earlier, scratch)?;
            self.quoted[earlier + 1].store(quoted, Ordering::Release);
        }
        Ok(quoted == 1)
    }

    /// 1 where `piece` has an odd number of quotes.
    fn odd(&self, piece: usize, scratch: &mut Scratch) -> Result<u8, Error> {
        let known = self.odd[piece].load(Ordering::Relaxed);
        if known != UNKNOWN {
            return Ok(known);
        }
        let Place { begin, end, .. } = self.place(piece);
        let bytes = self.reading.source.read(begin..end, scratch.buffer())?;
        let quote = self.reading.layout.grammar.separators.quote.unwrap_or(b'"');
        let odd = u8::from(memchr_iter(quote, bytes).count() % 2 == 1);
        self.odd[piece].store(odd, Ordering::Relaxed);
        Ok(odd)
    }

    /// Reads piece after piece, each from where the one before ended.
    fn walk_on(&self, next: &mut u64, scratch: &mut Scratch) {
        let reading = self.reading;
        let Bounds { end, is_final, .. } = reading.bounds;
        let mut piece = 1;
        while *next < end && !self.stop.load(Ordering::Relaxed) {
            let place = Place {
                begin: *next,
                end: end.min(*next + reading.layout.piece_bytes),
                at_record: true,
                quoted: false,
                source_end: reading.source.len(),
                is_final,
                wanted: reading.bounds.limit - self.home().rows,
            };
            let requests = self.requests();
            let ending = reading
                .context
                .checkpoint(*next, Some(end))
                .and_then(|()| reading.piece(place, &self.fields, &requests, scratch));
            let before = *next;
            if let Ok(Ending::Read(read)) = &ending {
                *next = read.next;
            }
            self.deliver(piece, ending, scratch);
            if *next == before {
                // A record that is cut by the end of the source.
                return;
            }
            piece += 1;
        }
    }

    /// Takes a piece home when all before it are there, and then those that waited for it.
    fn deliver(&self, piece: usize, ending: Result<Ending, Error>, scratch: &mut Scratch) {
        let mut turn = Some(ending);
        let mut number = piece;
        loop {
            let mut home = self.home();
            if let Some(ending) = turn.take() {
                if number != home.next {
                    home.waiting.insert(number, ending);
                    return;
                }
                let placed = self.place_piece(&mut home, ending);
                home.next += 1;
                drop(home);
                let Some((read, slots)) = placed else {
                    self.stop.store(true, Ordering::Relaxed);
                    return;
                };
                for (slot, column) in slots.into_iter().zip(&read.columns) {
                    slot.fill(column);
                }
                scratch.spare.extend(read.columns);
                home = self.home();
            }
            number = home.next;
            turn = home.waiting.remove(&number);
            if turn.is_none() {
                return;
            }
        }
    }

    /// The places of a piece's columns; `None` where nothing more is to be read.
    fn place_piece(
        &self,
        home: &mut Home<'m>,
        ending: Result<Ending, Error>,
    ) -> Option<(Read, Vec<Slot<'m>>)> {
        let failed = match ending {
            Ok(Ending::Read(read)) => return self.place_read(home, read),
            Ok(Ending::Irregular) => Failed::Irregular,
            Ok(Ending::Wrong(problem)) => Failed::With(Failure::Wrong(problem)),
            Err(error) => Failed::With(Failure::Error(error)),
        };
        // What comes after the last record that is wanted does not count.
        if home.failure.is_none() && home.rows < self.reading.bounds.limit {
            home.failure = Some(failed);
        }
        None
    }

    fn place_read(&self, home: &mut Home<'m>, mut read: Read) -> Option<(Read, Vec<Slot<'m>>)> {
        let left = self.reading.bounds.limit - home.rows;
        let rows = read.rows.min(usize::try_from(left).unwrap_or(usize::MAX));
        home.end = home.end.max(read.next);
        home.problem_count += read.problems.len() as u64;
        let kept = MOST_PROBLEMS.saturating_sub(home.problems.len());
        home.problems.extend(read.problems.drain(..).take(kept));
        let mut slots = Vec::with_capacity(read.columns.len());
        let columns = home.columns.iter_mut().zip(&read.columns);
        for ((assembly, column), hint) in columns.zip(&self.hints) {
            match assembly.place(column, rows) {
                Ok(slot) => slots.push(slot),
                Err(error) => {
                    home.failure = Some(Failed::With(error.into()));
                    return None;
                }
            }
            hint.store(assembly.kind as u8, Ordering::Relaxed);
        }
        home.rows += rows as u64;
        if home.rows == self.reading.bounds.limit {
            self.stop.store(true, Ordering::Relaxed);
        }
        Some((read, slots))
    }

    fn home(&self) -> MutexGuard<'_, Home<'m>> {
        self.home.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
