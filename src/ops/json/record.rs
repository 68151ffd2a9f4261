//! The wanted values of records, found among the tokens of a piece.
//!
//! What is walked over has been checked, or is on the way, and may be written to meanwhile: whatever
//! does not stand where it should ends the walk.

use super::plan::{Memories, Path, Plan};
use super::scalar::{Class, class, is_valid};
use super::scan::Tokens;
use super::unescape::{Lone, has_escapes, unescape};
use super::walk::{Stack, Walk as Grammar};

/// A value by the positions of its bytes; nothing where both are 0.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Cell {
    pub(super) const MISSING: Self = Self { start: 0, end: 0 };
}

/// The values of the records of a piece: a row for each, of as many cells as there are slots.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) all: Vec<Cell>,
    pub(super) slots: usize,
    pub(super) rows: usize,
}

/// The most cells of a piece: 128 MiB of them.
const MOST_CELLS: usize = 1 << 24;

impl Cells {
    /// Whether there are more than a piece may have.
    pub(super) fn are_too_many(&self) -> bool {
        self.all.len() > MOST_CELLS
    }

    pub(super) fn clear(&mut self, slots: usize) {
        self.all.clear();
        self.slots = slots;
        self.rows = 0;
    }
}

/// A key that no column is for, as it is written, and where that is.
pub(super) struct NewKey {
    pub(super) inner: Vec<u8>,
    pub(super) at: usize,
}

/// Keys of records that no column is for.
#[derive(Default)]
pub(super) struct NewKeys {
    /// Those of this piece.
    pub(super) found: Vec<NewKey>,
    /// Those of this piece and of those before it.
    seen: hashbrown::HashSet<Vec<u8>, foldhash::fast::RandomState>,
    /// Whether keys count that have columns.
    pub(super) all: bool,
    /// Whether they have been seen, by what is wanted of them: most are, time and again.
    is_known: Vec<bool>,
}

impl NewKeys {
    /// Takes the key of a member of a record, of which `child` is wanted.
    #[inline(always)]
    fn take(&mut self, inner: &[u8], at: usize, child: Option<usize>) {
        match child {
            None => self.note(inner, at),
            Some(child) if self.all && self.is_known.get(child) != Some(&true) => {
                self.note(inner, at);
                if self.is_known.len() <= child {
                    self.is_known.resize(child + 1, false);
                }
                self.is_known[child] = true;
            }
            Some(_) => {}
        }
    }

    #[cold]
    fn note(&mut self, inner: &[u8], at: usize) {
        if self.seen.contains(inner) || self.seen.len() > MOST_KEYS {
            return;
        }
        self.seen.insert(inner.to_vec());
        self.found.push(NewKey {
            inner: inner.to_vec(),
            at,
        });
    }

    /// Takes back those of this piece but the first `kept`.
    pub(super) fn undo(&mut self, kept: usize) {
        self.is_known.clear();
        for key in self.found.drain(kept..) {
            self.seen.remove(&key.inner);
        }
    }
}

/// What a thread keeps from one piece to the next.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) tokens: Tokens,
    pub(super) cells: Cells,
    pub(super) memories: Memories,
    pub(super) new_keys: NewKeys,
}

/// No token.
const NOWHERE: usize = usize::MAX;

/// Walks over the records of a piece.
pub(super) struct Records<'a> {
    /// The piece and what follows; positions are from its first byte.
    pub(super) bytes: &'a [u8],
    pub(super) tokens: &'a [u32],
    pub(super) plan: &'a Plan,
    pub(super) cells: &'a mut Cells,
    pub(super) memories: &'a mut Memories,
    /// Where keys go that no column is for, if anybody wants to know.
    pub(super) new_keys: Option<&'a mut NewKeys>,
    /// What checks records that nobody has checked.
    pub(super) checks: Option<Checks<'a>>,
}

/// What checks what is in the members of a record, which is an object.
pub(super) struct Checks<'a> {
    pub(super) grammar: Grammar<'a>,
    pub(super) stack: &'a mut Stack,
}

impl Records<'_> {
    #[inline(always)]
    pub(super) fn class(&self, index: usize) -> Option<Class> {
        let position = *self.tokens.get(index)?;
        self.bytes.get(position as usize).copied().map(class)
    }

    /// Makes a row of the value at token `index`, and gives the token after it.
    pub(super) fn row(&mut self, index: usize) -> Option<usize> {
        let cells = &mut *self.cells;
        cells.rows += 1;
        cells.all.resize(cells.rows * cells.slots, Cell::MISSING);
        self.value::<false>(Plan::ROOT, index)
    }

    /// As [`row`](Self::row) of a value that nobody has checked: `None`, and no row, where it is not
    /// JSON, or is not all that there is before `end`.
    pub(super) fn checked_row(&mut self, index: usize, end: usize) -> Option<usize> {
        let cells = &mut *self.cells;
        cells.rows += 1;
        cells.all.resize(cells.rows * cells.slots, Cell::MISSING);
        let noted = self.new_keys.as_ref().map_or(0, |keys| keys.found.len());
        let is_all = |next: &usize| {
            let is_before = |position: &u32| (*position as usize) < end;
            self.tokens.get(*next - 1).is_some_and(is_before)
                && !self.tokens.get(*next).is_some_and(is_before)
        };
        let next = self.value::<true>(Plan::ROOT, index).filter(is_all);
        if next.is_none() {
            self.cells.rows -= 1;
            self.cells.all.truncate(self.cells.rows * self.cells.slots);
            if let Some(keys) = &mut self.new_keys {
                keys.undo(noted);
            }
        }
        next
    }

    /// Allows so many more containers inside one another.
    pub(super) fn deepen(&mut self, by: isize) {
        if let Some(Checks { grammar, .. }) = &mut self.checks {
            grammar.max_depth = grammar.max_depth.saturating_add_signed(by);
        }
    }

    /// Whether the value from token `index` up to token `next`, in a record, is JSON.
    #[inline(always)]
    fn is_json(&mut self, index: usize, next: usize, class: Class) -> bool {
        match class {
            Class::Quote => true,
            Class::Scalar => {
                let at = self.tokens[index] as usize;
                self.bytes.get(at..).is_some_and(is_valid)
            }
            _ => self.checks.as_mut().is_some_and(|checks| {
                let tokens = self.tokens.get(index..next);
                tokens.is_some_and(|tokens| checks.grammar.is_value(tokens, checks.stack))
            }),
        }
    }

    /// Makes rows of the elements that `stars` lead to from the value at token `index`: a path to an
    /// array for each. Gives the token after the value.
    pub(super) fn rows(&mut self, stars: &[Path], index: usize) -> Option<usize> {
        let Some((path, rest)) = stars.split_first() else {
            return self.row(index);
        };
        let end = self.skip(index)?;
        let array = self.follow(path, index)?;
        if array != NOWHERE && self.class(array)? == Class::OpenArray {
            let mut at = array + 1;
            while self.class(at)? != Class::CloseArray {
                at = self.rows(rest, at)?;
                if self.class(at)? == Class::Comma {
                    at += 1;
                }
            }
        }
        Some(end)
    }

    /// The token of the value at `path` below that at token `index`, or [`NOWHERE`].
    fn follow(&self, path: &[Vec<u8>], index: usize) -> Option<usize> {
        let mut index = index;
        let mut unescaped = Vec::new();
        for reference in path {
            let mut found = NOWHERE;
            let mut at = index + 1;
            match self.class(index)? {
                Class::OpenObject => {
                    while self.class(at)? == Class::Quote {
                        let (inner, value) = self.key(at)?;
                        let is_wanted = if has_escapes(inner) {
                            unescaped.clear();
                            unescape(inner, Lone::Replaced, &mut unescaped);
                            unescaped == *reference
                        } else {
                            inner == &**reference
                        };
                        if is_wanted {
                            found = value;
                        }
                        at = self.after_comma(self.skip(value)?)?;
                    }
                }
                Class::OpenArray => {
                    let wanted = super::pointer::element(reference);
                    let mut number = 0;
                    while self.class(at)? != Class::CloseArray {
                        if Some(number) == wanted {
                            found = at;
                        }
                        number += 1;
                        at = self.after_comma(self.skip(at)?)?;
                    }
                }
                _ => {}
            }
            if found == NOWHERE {
                return Some(NOWHERE);
            }
            index = found;
        }
        Some(index)
    }

    /// The key at token `index`, as it is written, and the token of its value.
    #[inline(always)]
    fn key(&self, index: usize) -> Option<(&[u8], usize)> {
        let start = *self.tokens.get(index)? as usize + 1;
        let end = *self.tokens.get(index + 1)? as usize;
        Some((self.bytes.get(start..end)?, index + 3))
    }

    #[inline(always)]
    fn after_comma(&self, index: usize) -> Option<usize> {
        Some(index + usize::from(self.class(index)? == Class::Comma))
    }

    /// The token after the value at token `index`.
    #[inline]
    fn skip(&self, index: usize) -> Option<usize> {
        match self.class(index)? {
            Class::Quote => Some(index + 2),
            Class::Scalar => Some(index + 1),
            Class::OpenObject | Class::OpenArray => {
                let mut depth = 1;
                let mut at = index + 1;
                while depth > 0 {
                    match self.class(at)? {
                        Class::OpenObject | Class::OpenArray => depth += 1,
                        Class::CloseObject | Class::CloseArray => depth -= 1,
                        _ => {}
                    }
                    at += 1;
                }
                Some(at)
            }
            _ => None,
        }
    }

    /// The value at token `index`, and the token after it.
    #[inline(always)]
    fn cell(&self, index: usize, class: Class) -> Option<(Cell, usize)> {
        let start = *self.tokens.get(index)?;
        let (end, next) = match class {
            Class::Quote => (self.tokens.get(index + 1)? + 1, index + 2),
            Class::Scalar => {
                // Up to the next token, or to the end of the piece, but for whitespace.
                let limit = self
                    .tokens
                    .get(index + 1)
                    .map_or(self.bytes.len(), |next| *next as usize);
                let text = self.bytes.get(start as usize..limit)?;
                let text = if self.tokens.len() > index + 1 {
                    text.trim_ascii_end()
                } else {
                    super::scalar::text(text)
                };
                (start + u32::try_from(text.len()).ok()?, index + 1)
            }
            Class::OpenObject | Class::OpenArray => {
                let next = self.skip(index)?;
                (self.tokens.get(next - 1)? + 1, next)
            }
            _ => return None,
        };
        Some((Cell { start, end }, next))
    }

    /// Fills the slots of `node` and of all below it from the value at token `index`.
    #[inline(always)]
    fn value<const CHECKED: bool>(&mut self, node: usize, index: usize) -> Option<usize> {
        let class = self.class(index)?;
        let plan = self.plan;
        let (slots, below) = (plan.slots_of(node), plan.below(node));
        // At the root there are new keys to be looked for.
        let is_record = node == Plan::ROOT && class == Class::OpenObject;
        let looks = is_record && (CHECKED || self.new_keys.is_some());
        if is_record && slots.is_empty() && (looks || !below.is_empty()) {
            // Where it ends its members show.
            return Some(self.members::<CHECKED>(node, index)? + 1);
        }
        let (cell, next) = self.cell(index, class)?;
        if CHECKED && !self.is_json(index, next, class) {
            return None;
        }
        let row = (self.cells.rows - 1) * self.cells.slots;
        for &slot in slots {
            self.cells.all[row + slot] = cell;
        }
        match class {
            Class::OpenObject if looks || !below.is_empty() => {
                self.members::<false>(node, index)?;
            }
            Class::OpenArray if plan.has_elements(node) => self.elements(node, index)?,
            _ => {}
        }
        Some(next)
    }

    /// Gives the token after the last member.
    fn members<const CHECKED: bool>(&mut self, node: usize, open: usize) -> Option<usize> {
        let mut at = open + 1;
        let mut expected = 0;
        while self.class(at)? == Class::Quote {
            let start = *self.tokens.get(at)? as usize + 1;
            let end = *self.tokens.get(at + 1)? as usize;
            let inner = self.bytes.get(start..end)?;
            if CHECKED && self.class(at + 2)? != Class::Colon {
                return None;
            }
            let child = self.memories.child(self.plan, node, inner, &mut expected);
            if node == Plan::ROOT
                && let Some(keys) = &mut self.new_keys
            {
                keys.take(inner, start, child);
            }
            let value = at + 3;
            at = if let Some(child) = child {
                self.forget(child);
                self.value::<CHECKED>(child, value)?
            } else {
                let next = self.skip(value)?;
                let class = self.class(value)?;
                if CHECKED && !self.is_json(value, next, class) {
                    return None;
                }
                next
            };
            if self.class(at)? == Class::Comma {
                at += 1;
                if CHECKED && self.class(at)? != Class::Quote {
                    return None;
                }
            } else if CHECKED {
                break;
            }
        }
        (!CHECKED || self.class(at)? == Class::CloseObject).then_some(at)
    }

    fn elements(&mut self, node: usize, open: usize) -> Option<()> {
        let mut at = open + 1;
        let mut number = 0;
        while self.class(at)? != Class::CloseArray {
            at = match self.plan.element(node, number) {
                Some(child) => self.value::<false>(child, at)?,
                None => self.skip(at)?,
            };
            number += 1;
            at = self.after_comma(at)?;
        }
        Some(())
    }

    /// Empties the slots below `node`, which a member before with the same key may have filled.
    #[inline(always)]
    fn forget(&mut self, node: usize) {
        let row = (self.cells.rows - 1) * self.cells.slots;
        for &slot in self.plan.below(node) {
            self.cells.all[row + slot] = Cell::MISSING;
        }
    }
}

/// More columns than this a table does not have.
pub(super) const MOST_KEYS: usize = 1 << 16;
