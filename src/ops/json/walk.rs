//! A walk over the tokens of a segment, from anywhere in a text.
//!
//! A thread that begins in mid-text does not know what it is in. From its first operator on it knows
//! all but whether the container around that is an object or an array, and the next tokens, or the
//! bracket that closes it, tell. So a segment is checked without what stands before it: what it
//! takes for granted is in its [`Summary`], and is checked when all segments are there (`join`).

use std::mem;

use super::grammar::{Container, Expect, NEXT};
use super::scalar::{Class, class, is_valid};

/// A container that is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) container: Container,
    /// What comes after it.
    pub(super) after: Expect,
    /// Where it begins, from the segment's first byte.
    pub(super) at: u32,
    /// Commas in it, not in what is in it.
    pub(super) commas: u32,
}

/// A bracket that closes what was open before the segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Close {
    pub(super) container: Container,
    pub(super) at: u32,
    /// Commas of what it closes, in this segment.
    pub(super) commas: u32,
}

/// What a segment does, and what it takes for granted.
#[derive(Clone, Debug, Default)]
pub(super) struct Summary {
    /// Whether nothing is before it.
    pub(super) is_first: bool,
    /// Strings and scalars before the first operator: true for a string.
    pub(super) values: Vec<bool>,
    /// The first operator, where there is one.
    pub(super) operator: Option<Class>,
    pub(super) closes: Vec<Close>,
    /// Commas of what is around after the last of `closes`.
    pub(super) commas: u32,
    pub(super) opens: Vec<Open>,
    /// How many more containers are open at most than at the beginning.
    pub(super) highest: isize,
    /// What may come after the segment.
    pub(super) end: Option<Expect>,
    /// Whether it cannot stand in any text. Nothing else counts then.
    pub(super) is_wrong: bool,
}

/// Checks the tokens of a segment.
pub(super) struct Walk<'a> {
    /// All of the text that there is: a scalar may go on behind the segment.
    pub(super) bytes: &'a [u8],
    /// Where the positions of tokens are counted from.
    pub(super) base: usize,
    /// The most containers inside one another.
    pub(super) max_depth: usize,
}

/// What `Walk` keeps from one segment to the next.
#[derive(Debug, Default)]
pub(super) struct Stack(Vec<Open>);

impl Walk<'_> {
    /// `tokens` of a segment that begins inside a string begin with the quote that closes it.
    pub(super) fn segment(
        &self,
        tokens: &[u32],
        inside: bool,
        is_first: bool,
        stack: &mut Stack,
    ) -> Summary {
        let mut summary = Summary {
            is_first,
            ..Summary::default()
        };
        let tokens = match tokens {
            [_, rest @ ..] if inside => rest,
            tokens => tokens,
        };
        stack.0.clear();
        let start = if is_first {
            Expect::Root
        } else {
            Expect::Unknown
        };
        let end = self.walk(tokens, start, stack, &mut summary);
        summary.is_wrong = end.is_none();
        summary.end = end;
        summary.opens.extend_from_slice(&stack.0);
        summary
    }

    /// Whether `tokens` are those of one whole value.
    pub(super) fn is_value(&self, tokens: &[u32], stack: &mut Stack) -> bool {
        stack.0.clear();
        let end = self.walk(tokens, Expect::Root, stack, &mut Summary::default());
        end == Some(Expect::Nothing)
    }

    #[inline]
    fn byte(&self, position: u32) -> u8 {
        self.bytes
            .get(self.base + position as usize)
            .copied()
            .unwrap_or(b' ')
    }

    #[inline(always)]
    fn check_scalar(&self, position: u32) -> Option<()> {
        let bytes = self.bytes.get(self.base + position as usize..)?;
        is_valid(bytes).then_some(())
    }

    /// `None` where a token may not be where it is.
    #[inline(always)]
    fn walk(
        &self,
        tokens: &[u32],
        start: Expect,
        Stack(stack): &mut Stack,
        summary: &mut Summary,
    ) -> Option<Expect> {
        let mut place = Place {
            expect: start,
            commas: 0,
            index: 0,
            max_depth: self.max_depth,
            stack,
            summary,
        };
        if start == Expect::Unknown && !self.begin(tokens, &mut place)? {
            return Some(start);
        }
        let bytes = self.bytes.get(self.base..)?;
        while let Some(&position) = tokens.get(place.index) {
            let class = class(bytes.get(position as usize).copied()?);
            place.index += 1;
            match class {
                Class::Quote => {
                    place.step(class);
                    // The quote that closes it is the next token, or in another segment.
                    place.index += 1;
                    if place.expect == Expect::Colon {
                        place.members(bytes, tokens)?;
                    }
                }
                Class::Colon => place.step(class),
                Class::Comma => {
                    place.step(class);
                    place.commas += 1;
                }
                Class::Scalar => {
                    if !is_valid(&bytes[position as usize..]) {
                        return None;
                    }
                    place.step(class);
                }
                Class::OpenObject => place.open(Container::Object, position)?,
                Class::OpenArray => place.open(Container::Array, position)?,
                Class::CloseObject => place.close(Container::Object, position)?,
                Class::CloseArray => place.close(Container::Array, position)?,
            }
        }
        place.end()
    }

    /// Takes what a segment has up to its first operator, and that unless it is a bracket. False where
    /// it has none.
    fn begin(&self, tokens: &[u32], place: &mut Place<'_>) -> Option<bool> {
        place.index = self.unknown(tokens, place.summary)?;
        let Some(&position) = tokens.get(place.index) else {
            return Some(false);
        };
        let first = class(self.byte(position));
        place.summary.operator = Some(first);
        place.expect = match first {
            Class::Comma => {
                place.commas = 1;
                place.index += 1;
                Expect::KeyOrElement
            }
            Class::Colon => {
                place.index += 1;
                Expect::Member
            }
            // What comes after it is not known.
            Class::OpenObject | Class::OpenArray => Expect::Unknown,
            _ => Expect::AnyEnd,
        };
        Some(true)
    }

    /// Takes strings and scalars before the first operator, of which there is one at most in any
    /// text. The index of the operator.
    fn unknown(&self, tokens: &[u32], summary: &mut Summary) -> Option<usize> {
        let mut index = 0;
        while let Some(&position) = tokens.get(index) {
            match class(self.byte(position)) {
                Class::Quote => {
                    summary.values.push(true);
                    index += 2;
                }
                Class::Scalar => {
                    summary.values.push(false);
                    self.check_scalar(position)?;
                    index += 1;
                }
                _ => break,
            }
            if summary.values.len() > 1 {
                return None;
            }
        }
        Some(index)
    }
}

/// Where a walk is.
struct Place<'s> {
    expect: Expect,
    /// Commas up to here of the innermost container.
    commas: u32,
    /// The next token.
    index: usize,
    max_depth: usize,
    stack: &'s mut Vec<Open>,
    summary: &'s mut Summary,
}

impl Place<'_> {
    #[inline(always)]
    fn step(&mut self, class: Class) {
        self.expect = NEXT[self.expect as usize][class as usize & 3];
    }

    /// Takes members from the colon of the first one on, up to one that is a container, or to the
    /// last. They follow one another, as a rule: each branch here is one that the CPU learns, where
    /// the one of the walk is taken for everything.
    #[inline(always)]
    fn members(&mut self, bytes: &[u8], tokens: &[u32]) -> Option<()> {
        let byte = |index: usize| {
            let position = *tokens.get(index)?;
            bytes.get(position as usize).copied()
        };
        while byte(self.index) == Some(b':') {
            self.expect = Expect::Member;
            match byte(self.index + 1) {
                Some(b'"') => self.index += 3,
                Some(b'{' | b'[') | None => {
                    self.index += 1;
                    return Some(());
                }
                Some(_) => {
                    let position = *tokens.get(self.index + 1)?;
                    if !is_valid(&bytes[position as usize..]) {
                        return None;
                    }
                    self.index += 2;
                }
            }
            self.expect = Expect::MemberEnd;
            if byte(self.index) != Some(b',') {
                return Some(());
            }
            self.commas += 1;
            self.expect = Expect::Key;
            if byte(self.index + 1) != Some(b'"') {
                self.index += 1;
                return Some(());
            }
            self.index += 3;
            self.expect = Expect::Colon;
        }
        Some(())
    }

    #[inline(always)]
    fn open(&mut self, container: Container, at: u32) -> Option<()> {
        let after = if self.expect == Expect::Unknown {
            Expect::AnyEnd
        } else {
            self.expect.after_value()?
        };
        if self.stack.len() == self.max_depth {
            return None;
        }
        self.stack.push(Open {
            container,
            after,
            at,
            commas: self.commas,
        });
        self.commas = 0;
        self.expect = match container {
            Container::Object => Expect::FirstKey,
            Container::Array => Expect::FirstElement,
        };
        let depth = self.stack.len().cast_signed() - self.summary.closes.len().cast_signed();
        self.summary.highest = self.summary.highest.max(depth);
        Some(())
    }

    #[inline(always)]
    fn close(&mut self, container: Container, at: u32) -> Option<()> {
        if !self.expect.may_close(container) {
            return None;
        }
        if let Some(open) = self.stack.pop() {
            self.expect = open.after;
            self.commas = open.commas;
            return Some(());
        }
        if self.summary.closes.len() == self.max_depth {
            return None;
        }
        self.summary.closes.push(Close {
            container,
            at,
            commas: self.commas,
        });
        self.expect = Expect::AnyEnd;
        self.commas = 0;
        Some(())
    }

    /// What may come after the last token.
    fn end(mut self) -> Option<Expect> {
        // Each has the commas of what it is in: hand them down, and what is around gets the rest.
        for open in self.stack.iter_mut().rev() {
            mem::swap(&mut open.commas, &mut self.commas);
        }
        self.summary.commas = self.commas;
        (self.expect != Expect::Wrong).then_some(self.expect)
    }
}
