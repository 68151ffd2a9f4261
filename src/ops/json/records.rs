//! Records to a table: what elements of an array and lines have in common.

use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::column::Source;
use super::fault::{Fault, shown};
use super::plan::{Plan, paths_of};
use super::record::{self, Cells, MOST_KEYS};
use super::text::changed;
use super::unescape::{Lone, unescape};
use crate::error::{Error, ErrorKind};
use crate::ops::columns::{Column, Kind, Misfit, Parsed, Request, Target};
use crate::ops::table::{ColumnType, Description, Table};

/// Which columns a table has, and of what types.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Their names: a key, keys with dots between them, or a JSON pointer. Without them, all keys of
    /// the records.
    pub names: Option<Vec<String>>,
    /// Types that are given, by name.
    pub types: Vec<(String, ColumnType)>,
    /// Whether integers beyond 2^53 keep all their digits.
    pub bigint: bool,
}

/// Columns, and where in a record their values are.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) plan: Plan,
    /// For each column the slot of its values, and that of those which count where it has none.
    pub(super) slots: Vec<(usize, Option<usize>)>,
    pub(super) targets: Vec<Target>,
    pub(super) bigint: bool,
}

impl Layout {
    pub(super) fn new(bigint: bool) -> Self {
        Self {
            plan: Plan::new(),
            slots: Vec::new(),
            targets: Vec::new(),
            bigint,
        }
    }

    /// The columns that `columns` names.
    pub(super) fn named(names: &[String], columns: &Columns) -> Result<Self, Error> {
        let mut layout = Self::new(columns.bigint);
        for name in names {
            let paths = paths_of(name)?;
            layout.push(name.clone(), &paths, columns);
        }
        Ok(layout)
    }

    /// The columns of these keys.
    pub(super) fn keyed(keys: &[Vec<u8>], columns: &Columns) -> Self {
        let mut layout = Self::new(columns.bigint);
        for key in keys {
            let name = String::from_utf8_lossy(key).into_owned();
            layout.push(name, &[vec![key.clone()]], columns);
        }
        layout
    }

    /// Adds a column of the values at the first of `paths` that a record has.
    pub(super) fn push(&mut self, name: String, paths: &[Vec<Vec<u8>>], columns: &Columns) {
        let mut slots = paths.iter().map(|path| self.plan.want(path));
        let first = slots.next().unwrap_or_default();
        let second = slots.next();
        drop(slots);
        self.slots.push((first, second));
        let declared = columns.types.iter().find(|(declared, _)| *declared == name);
        let request = match declared {
            Some((_, kind)) => Request {
                kind: Kind::from(*kind),
                declared: true,
            },
            None => Request {
                kind: Kind::Empty,
                declared: false,
            },
        };
        self.targets.push(Target {
            name,
            field: self.targets.len(),
            request,
        });
    }

    /// The kinds to begin with, of columns whose kinds are not known.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        self.targets
            .iter()
            .map(|target| target.request.kind)
            .collect()
    }

    /// Reads the columns `fields` of `cells`.
    pub(super) fn read(
        &self,
        bytes: &[u8],
        cells: &Cells,
        fields: &[usize],
        requests: &[Request],
        spare: &mut Vec<Column>,
    ) -> Vec<Column> {
        let read = |(&field, &request): (&usize, &Request)| {
            let mut column = spare.pop().unwrap_or_default();
            self.source(bytes, cells, field).read(&mut column, request);
            column
        };
        fields.iter().zip(requests).map(read).collect()
    }

    fn source<'a>(&self, bytes: &'a [u8], cells: &'a Cells, field: usize) -> Source<'a> {
        Source {
            bytes,
            cells,
            slots: self.slots[field],
            bigint: self.bigint,
        }
    }

    /// The first value of each row that does not fit its column, with offsets from `bytes`.
    pub(super) fn misfits(
        &self,
        bytes: &[u8],
        cells: &Cells,
        fields: &[usize],
        columns: &[Column],
    ) -> Vec<(usize, Fault)> {
        let mut found: Vec<(usize, usize, bool)> = Vec::new();
        for (target, column) in columns.iter().enumerate() {
            let misfits = column.misfits.iter();
            found.extend(misfits.map(|&Misfit { row, not_utf8 }| (row, target, not_utf8)));
        }
        found.sort_unstable();
        found.dedup_by_key(|misfit| misfit.0);
        let fault = |(row, target, not_utf8): (usize, usize, bool)| {
            let field = fields[target];
            let source = self.source(bytes, cells, field);
            let text = source.text(row).unwrap_or_default();
            let name = &self.targets[field].name;
            let expected = if not_utf8 {
                format!("UTF-8 in column {name:?}")
            } else {
                let kind = columns[target].kind.column_type();
                format!("{} in column {name:?}", expected(kind))
            };
            let offset = source.cell(row).start as usize;
            (row, Fault::new(offset, &expected, &shown(text)))
        };
        found.into_iter().map(fault).collect()
    }
}

fn expected(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Boolean => "`true` or `false`",
        ColumnType::Int32 => "an integer from -2147483648 to 2147483647",
        ColumnType::Int64 => "an integer of 64 bits",
        ColumnType::Float64 => "a number",
        ColumnType::Timestamp => "an ISO 8601 date or time, or milliseconds since 1970",
        ColumnType::String | ColumnType::Dictionary => "a string",
        ColumnType::Json => "JSON",
    }
}

/// Keys that no column is for, of all pieces.
#[derive(Default)]
pub(super) struct NewKeys {
    /// Keys that have columns, of other readings too.
    known: HashSet<Vec<u8>>,
    /// The piece in which a key is first, its turn there, and where it is.
    found: Mutex<HashMap<Vec<u8>, (u64, usize, u64)>>,
}

impl NewKeys {
    pub(super) fn beside(known: &[Vec<u8>]) -> Self {
        Self {
            known: known.iter().cloned().collect(),
            found: Mutex::default(),
        }
    }

    /// Notes the keys of a piece that begins at `base`.
    pub(super) fn add(&self, piece: u64, base: u64, keys: &mut record::NewKeys) {
        if keys.found.is_empty() {
            return;
        }
        let mut found = self.lock();
        for (turn, new) in keys.found.drain(..).enumerate() {
            let mut key = Vec::new();
            unescape(&new.inner, Lone::Replaced, &mut key);
            let is_wanted = found.len() <= MOST_KEYS || found.contains_key(&key);
            if is_wanted && !self.known.contains(&key) {
                let place = (piece, turn, base + new.at as u64);
                let first = found.entry(key).or_insert(place);
                *first = place.min(*first);
            }
        }
    }

    /// All of them in the order in which they first come, no more than make too many columns.
    pub(super) fn take(&self) -> Result<Vec<Vec<u8>>, Fault> {
        let mut keys: Vec<_> = mem::take(&mut *self.lock()).into_iter().collect();
        keys.sort_unstable_by_key(|(_, place)| *place);
        if let Some((key, (_, _, at))) = keys.get(MOST_KEYS.saturating_sub(self.known.len())) {
            return Err(Fault {
                offset: *at,
                message: format!(
                    "Expected at most {MOST_KEYS} different keys but received one more, {}",
                    shown(key)
                ),
            });
        }
        Ok(keys.into_iter().map(|(key, _)| key).collect())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Vec<u8>, (u64, usize, u64)>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Columns of the same rows, side by side.
pub(super) fn joined(mut all: Parsed<Fault>, more: Parsed<Fault>) -> Result<Parsed<Fault>, Error> {
    if all.rows != more.rows {
        return Err(changed());
    }
    let offset = all.memory.len();
    all.memory.extend(more.memory);
    all.kinds.extend(more.kinds);
    all.columns
        .extend(more.columns.into_iter().map(|mut column| {
            column.place.memory += offset;
            column
        }));
    Ok(all)
}

pub(super) fn table(parsed: Parsed<Fault>) -> Table {
    Table {
        description: Description {
            rows: parsed.rows,
            from: 0,
            to: parsed.rows,
            columns: parsed.columns,
            metadata: Vec::new(),
        },
        memory: parsed.memory,
        errors: Vec::new(),
        error_count: parsed.problem_count,
        progress: None,
        is_last: false,
    }
}

/// Cells of a table for each byte of its text, beyond which most of them are empty.
const MOST_CELLS_PER_BYTE: u64 = 32;

/// Cells that any table may have.
const FREE_CELLS: u64 = 1 << 20;

/// Whether records have so few keys in common that a table of them would take far more memory than
/// they do.
pub(super) fn is_sparse(rows: usize, keys: usize, bytes: u64) -> bool {
    let cells = (rows as u64).saturating_mul(keys as u64);
    cells
        > bytes
            .saturating_mul(MOST_CELLS_PER_BYTE)
            .saturating_add(FREE_CELLS)
}

pub(super) fn too_sparse(rows: usize, keys: usize) -> Fault {
    let expected = "records that have most keys in common (or the option `columns`)";
    let received = format!("{keys} different keys in {rows} records");
    Fault::new(0, expected, &received)
}

/// What is not an object where there has to be one.
pub(super) fn not_an_object(bytes: &[u8], at: usize) -> Fault {
    let text = bytes.get(at..).unwrap_or_default();
    let received = match text.first() {
        Some(b'[') => "an array".to_owned(),
        Some(b'"') => "a string".to_owned(),
        _ => shown(super::scalar::text(text)),
    };
    let expected = "an object, whose keys name columns (or the option `columns`),";
    Fault::new(at, expected.trim_end_matches(','), &received)
}

/// A type that was given for no column.
pub(super) fn check_types(columns: &Columns, targets: &[Target]) -> Result<(), Error> {
    let is_known = |name: &String| targets.iter().any(|target| target.name == *name);
    match columns.types.iter().find(|(name, _)| !is_known(name)) {
        None => Ok(()),
        Some((name, _)) => Err(ErrorKind::InvalidArgument {
            name: "options.types",
            expected: "names of columns".to_owned(),
            received: format!("{name:?}, which is none"),
        }
        .into()),
    }
}
