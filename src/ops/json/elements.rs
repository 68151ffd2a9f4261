//! Elements of an array of a document as rows of a table.

use super::document::{Document, Node};
use super::fault::Fault;
use super::plan::{Path, starred};
use super::record::{Records, Scratch as Walk};
use super::records::{
    Columns, Layout, NewKeys, check_types, is_sparse, joined, not_an_object, table, too_sparse,
};
use super::scalar::Class;
use super::scan::{BLOCK, Raw, Task, Tokens, block_at, dispatch};
use super::text::{Text, Type, changed};
use crate::error::{Error, ErrorKind};
use crate::ops::columns::{
    Column, Ending, Extent, Failure, Kind, Order, Parsed, Piece, Pieces, Read, Request, Target,
    Widening, read_all,
};
use crate::ops::table::Table;
use crate::pool::Context;

impl<B: AsRef<[u8]> + Sync> Document<B> {
    /// The elements of the array at `pointer` (RFC 6901, in UTF-16), each an object, as a table.
    pub fn table(
        &self,
        pointer: &[u16],
        columns: &Columns,
        context: &Context<'_>,
    ) -> Result<Table, Error> {
        let array = self.find(pointer)?;
        let array = self.array(array, &String::from_utf16_lossy(pointer))?;
        if let Some(names) = &columns.names {
            let layout = Layout::named(names, columns)?;
            check_types(columns, &layout.targets)?;
            let mut elements = Elements::new(self.text(), array, &[], &layout)?;
            elements.any = true;
            let parsed = elements.read_all(&layout.targets, context)?;
            return Ok(table(parsed));
        }
        self.all_columns(array, columns, context)
    }

    /// The table of all keys of the elements of `array`.
    fn all_columns(
        &self,
        array: Node,
        columns: &Columns,
        context: &Context<'_>,
    ) -> Result<Table, Error> {
        let error = |fault: Fault| fault.error(self.bytes());
        // What keys there are shows the first piece, as a rule.
        let none = Layout::new(columns.bigint);
        let elements = Elements::new(self.text(), array, &[], &none)?;
        let bytes = (elements.close - elements.open) as u64;
        let rows = elements.first_piece()?;
        let mut new = elements.new_keys.take().map_err(error)?;
        if is_sparse(rows, new.len(), bytes.min(elements.extent().step)) {
            // How many there are in all shows a reading of nothing but keys.
            let rows = elements.read_all(&[], context)?.rows;
            new = elements.new_keys.take().map_err(error)?;
            if is_sparse(rows, new.len(), bytes) {
                return Err(error(too_sparse(rows, new.len())));
            }
        }
        let mut keys = Vec::new();
        let mut targets = Vec::new();
        let mut all: Option<Parsed<Fault>> = None;
        loop {
            let layout = Layout::keyed(&new, columns);
            keys.append(&mut new);
            let mut elements = Elements::new(self.text(), array, &[], &layout)?;
            elements.new_keys = NewKeys::beside(&keys);
            let parsed = elements.read_all(&layout.targets, context)?;
            targets.extend(layout.targets.iter().cloned());
            let rows = parsed.rows;
            all = Some(match all {
                None => parsed,
                Some(all) => joined(all, parsed)?,
            });
            new = elements.new_keys.take().map_err(error)?;
            if new.is_empty() {
                break;
            }
            if is_sparse(rows, keys.len() + new.len(), bytes) {
                return Err(error(too_sparse(rows, keys.len() + new.len())));
            }
        }
        check_types(columns, &targets)?;
        Ok(table(all.ok_or_else(changed)?))
    }

    /// The values at `paths`, JSON pointers in which `*` stands for every element of an array: a
    /// column for each. All have the same part up to their last `*`.
    pub fn pluck(
        &self,
        paths: &[String],
        columns: &Columns,
        context: &Context<'_>,
    ) -> Result<Table, Error> {
        let mut layout = Layout::new(columns.bigint);
        let mut place: Option<(Path, Vec<Path>)> = None;
        for path in paths {
            let (first, stars, last) = starred(path)?;
            let own = (first, stars);
            if *place.get_or_insert_with(|| own.clone()) != own {
                return Err(ErrorKind::InvalidArgument {
                    name: "paths",
                    expected: "paths with the same part up to their last `*`".to_owned(),
                    received: format!("'{path}'"),
                }
                .into());
            }
            layout.push(path.clone(), &[last], columns);
        }
        let (first, stars) = place.unwrap_or_default();
        check_types(columns, &layout.targets)?;
        let shown = first.iter().fold(String::new(), |shown, key| {
            shown + "/" + &String::from_utf8_lossy(key)
        });
        let array = self.array(self.follow(&first)?, &shown)?;
        let mut elements = Elements::new(self.text(), array, &stars, &layout)?;
        elements.any = true;
        Ok(table(elements.read_all(&layout.targets, context)?))
    }

    fn array(&self, found: Option<Node>, pointer: &str) -> Result<Node, Error> {
        let (at, received) = match found {
            Some(node) => match self.kind(node)? {
                Type::Array => return Ok(node),
                Type::Object => (node.0, "an object"),
                Type::String => (node.0, "a string"),
                Type::Number => (node.0, "a number"),
                Type::Boolean => (node.0, "a boolean"),
                Type::Null => (node.0, "null"),
            },
            None => (0, "nothing"),
        };
        let expected = format!("an array at '{pointer}'");
        Err(Fault::new(at, &expected, received).error(self.bytes()))
    }
}

/// The elements of an array, a piece for each segment.
struct Elements<'a> {
    text: Text<'a>,
    open: usize,
    close: usize,
    /// How deep the inside of the array is.
    level: i64,
    /// The paths to the arrays inside elements whose elements are the rows.
    stars: &'a [Path],
    layout: &'a Layout,
    /// Whether elements may be anything, and other keys than those wanted do not matter.
    any: bool,
    new_keys: NewKeys,
}

#[derive(Default)]
struct Scratch {
    walk: Walk,
    spare: Vec<Column>,
}

impl<'a> Elements<'a> {
    fn new(
        text: Text<'a>,
        array: Node,
        stars: &'a [Path],
        layout: &'a Layout,
    ) -> Result<Self, Error> {
        let open = array.start();
        Ok(Self {
            text,
            open,
            close: text.close(open)?,
            level: text.depth(open) + 1,
            stars,
            layout,
            any: false,
            new_keys: NewKeys::default(),
        })
    }

    fn read_all(&self, targets: &[Target], context: &Context<'_>) -> Result<Parsed<Fault>, Error> {
        let kinds: Vec<Kind> = targets.iter().map(|target| target.request.kind).collect();
        read_all(self, targets, &kinds, context).map_err(|failure| match failure {
            Failure::Wrong(fault) => fault.error(self.text.bytes),
            Failure::Irregular => changed(),
            Failure::Error(error) => error,
        })
    }

    /// Looks for keys in the first piece, and says how many records it has.
    fn first_piece(&self) -> Result<usize, Error> {
        match self.read(Piece::Numbered(0), &[], &[], &mut Scratch::default())? {
            Ending::Wrong(fault) => Err(fault.error(self.text.bytes)),
            Ending::Read(read) => Ok(read.rows),
            Ending::Irregular => Err(changed()),
        }
    }

    /// From where to where the elements of a piece are.
    fn range(&self, piece: usize) -> Option<(usize, usize)> {
        let size = self.text.index.segment;
        let begin = (self.open / size + piece) * size;
        let end = begin + size;
        let comma = |from, to| self.text.commas(from, to, self.level, 1).last;
        let first = if piece == 0 {
            self.open + 1
        } else {
            // An element begins after a comma.
            comma(begin, end.min(self.close))? + 1
        };
        let last = comma(end.min(self.close), self.close);
        Some((first, last.unwrap_or(self.close)))
    }

    /// Makes rows of the elements from `first` to `last`.
    fn walk(&self, first: usize, last: usize, walk: &mut Walk) -> Result<Option<Fault>, Error> {
        let base = first / BLOCK * BLOCK;
        if last - base > u32::MAX as usize {
            return Err(ErrorKind::ResultTooLarge.into());
        }
        walk.tokens.clear();
        dispatch(Flatten {
            text: self.text,
            first,
            last,
            tokens: &mut walk.tokens,
        });
        walk.cells.clear(self.layout.plan.slots);
        let Walk {
            tokens,
            cells,
            memories,
            new_keys,
        } = walk;
        let mut records = Records {
            bytes: self.text.bytes.get(base..last).ok_or_else(changed)?,
            tokens,
            plan: &self.layout.plan,
            cells,
            memories,
            new_keys: (!self.any).then_some(new_keys),
            checks: None,
        };
        let mut at = 0;
        while at < records.tokens.len() {
            let class = records.class(at).ok_or_else(changed)?;
            if !self.any && class != Class::OpenObject {
                let at = base + records.tokens[at] as usize;
                return Ok(Some(not_an_object(self.text.bytes, at)));
            }
            at = records.rows(self.stars, at).ok_or_else(changed)?;
            if records.cells.are_too_many() {
                return Ok(Some(too_sparse(records.cells.rows, records.cells.slots)));
            }
            match records.class(at) {
                None => break,
                Some(Class::Comma) => at += 1,
                Some(_) => return Err(changed()),
            }
        }
        Ok(None)
    }
}

impl Pieces for Elements<'_> {
    type Scratch = Scratch;
    type Problem = Fault;

    fn order(&self) -> Order {
        let size = self.text.index.segment;
        Order::SideBySide {
            pieces: self.close / size - self.open / size + 1,
        }
    }

    fn extent(&self) -> Extent {
        Extent {
            start: self.open as u64,
            end: self.close as u64,
            step: self.text.index.segment as u64,
        }
    }

    fn widening(&self) -> Widening {
        Widening::Json
    }

    fn leaves_out(&self) -> bool {
        false
    }

    fn read(
        &self,
        piece: Piece,
        fields: &[usize],
        requests: &[Request],
        scratch: &mut Scratch,
    ) -> Result<Ending<Fault>, Error> {
        let Piece::Numbered(number) = piece else {
            unreachable!("pieces are read side by side")
        };
        let size = self.text.index.segment;
        let next = self.close.min((self.open / size + number + 1) * size) as u64;
        let Some((first, last)) = self.range(number) else {
            return Ok(Ending::Read(Read {
                next,
                ..Read::default()
            }));
        };
        let walk = &mut scratch.walk;
        if let Some(fault) = self.walk(first, last, walk)? {
            return Ok(Ending::Wrong(fault));
        }
        let base = first / BLOCK * BLOCK;
        self.new_keys
            .add(number as u64, base as u64, &mut walk.new_keys);
        let bytes = &self.text.bytes[base..last];
        let cells = &walk.cells;
        let columns = self
            .layout
            .read(bytes, cells, fields, requests, &mut scratch.spare);
        let misfits = self.layout.misfits(bytes, cells, fields, &columns);
        if let Some((_, mut fault)) = misfits.into_iter().next() {
            fault.offset += base as u64;
            return Ok(Ending::Wrong(fault));
        }
        Ok(Ending::Read(Read {
            rows: cells.rows,
            columns,
            // Where the last one has ended, which may be far behind the segment.
            next: last as u64,
            problems: Vec::new(),
        }))
    }

    fn spare(scratch: &mut Scratch) -> &mut Vec<Column> {
        &mut scratch.spare
    }
}

/// Finds the tokens of a part of a text that begins between two of them, from the first byte of its
/// first block.
struct Flatten<'a, 't> {
    text: Text<'a>,
    first: usize,
    last: usize,
    tokens: &'t mut Tokens,
}

impl Task for Flatten<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run(self, raw: impl Fn(&[u8; BLOCK]) -> Raw + Copy) {
        let Self {
            text,
            first,
            last,
            tokens,
        } = self;
        let masks = text.index.within();
        let base = first / BLOCK;
        let mut range = u64::MAX << (first % BLOCK);
        let (mut was_within, mut was_scalar) = (0, 0);
        for (block, &within) in masks
            .iter()
            .enumerate()
            .take(last.div_ceil(BLOCK))
            .skip(base)
        {
            let found = block_at(text.bytes, block * BLOCK, raw);
            let quote = within ^ (within << 1 | was_within);
            let outside = !(within | quote);
            let scalar = !(found.operators() | found.space) & outside;
            let starts = scalar & !(scalar << 1 | was_scalar);
            was_within = within >> 63;
            was_scalar = scalar >> 63;
            let end = last - block * BLOCK;
            if end < BLOCK {
                range &= (1 << end) - 1;
            }
            let found = ((found.operators() & outside) | quote | starts) & range;
            range = u64::MAX;
            let position = (block - base) * BLOCK;
            tokens.push_bits(u32::try_from(position).unwrap_or(u32::MAX), found);
        }
    }
}
