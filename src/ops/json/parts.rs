//! Parts of NDJSON, each a reading of some lines, and what is known of their columns.

use std::collections::{HashMap, HashSet};
use std::mem;

use super::counter::Counter;
use super::fault::Fault;
use super::lines::{Lines, Rules, Scratch};
use super::reader::LinesOptions;
use super::records::{Columns, Layout, NewKeys, check_types, is_sparse, too_sparse};
use super::text::changed;
use crate::error::{Error, ErrorKind};
use crate::ops::columns::{Ending, Failure, Kind, Parsed, Piece, Pieces, Target, read_all};
use crate::ops::source::Source;
use crate::ops::table::RecordError;
use crate::pool::Context;

/// How often lines are read at most: to find their keys, and to read them.
const MOST_READINGS: usize = 3;

/// Lines that begin at `start` and before `end`.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) start: u64,
    pub(super) end: u64,
}

/// What is known of the columns up to now.
#[derive(Default)]
pub(super) struct State {
    /// Keys that have columns, where all have.
    keys: Vec<Vec<u8>>,
    pub(super) targets: Vec<Target>,
    kinds: Vec<Kind>,
    pub(super) is_done: bool,
}

impl State {
    /// Reads a part of a source.
    pub(super) fn read<S: Source + ?Sized>(
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
                return Err(Failure::Wrong(
                    too_sparse(parsed.rows, keys.len()).after(part.start),
                ));
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
        return Err(Failure::Wrong(
            too_sparse(rows, keys.len()).after(part.start),
        ));
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
