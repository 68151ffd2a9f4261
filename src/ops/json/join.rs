//! Segments that were checked each by itself, joined: the cheap last pass over a text.

use super::grammar::{Container, Expect};
use super::scalar::Class;
use super::walk::Summary;

/// What is open at the beginning of a segment, when all before it are known.
#[derive(Debug)]
pub(super) struct Joined {
    expect: Expect,
    pub(super) levels: Vec<Level>,
}

/// A container that segments have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    container: Container,
    /// Where it begins in the text.
    pub(super) at: u64,
    /// Its commas up to here.
    pub(super) commas: u64,
    /// What whoever joins the segments knows it by.
    pub(super) number: Option<usize>,
}

impl Joined {
    pub(super) fn new() -> Self {
        Self {
            expect: Expect::Root,
            levels: Vec::new(),
        }
    }

    /// Whether the text may end here.
    pub(super) fn is_end(&self) -> bool {
        self.expect == Expect::Nothing
    }

    /// Takes what a segment has up to its first operator, which may stand there. False where it has
    /// none.
    fn begin(&mut self, summary: &Summary) -> Option<bool> {
        for &is_string in &summary.values {
            self.expect = if is_string {
                self.expect.after_string()?
            } else {
                self.expect.after_value()?
            };
        }
        let may_stand = match summary.operator {
            None => return Some(false),
            Some(Class::Comma) => self.expect.after_comma().is_some(),
            Some(Class::Colon) => self.expect.after_colon().is_some(),
            Some(Class::CloseObject) => self.expect.may_close(Container::Object),
            Some(Class::CloseArray) => self.expect.may_close(Container::Array),
            Some(_) => self.expect.after_value().is_some(),
        };
        may_stand.then_some(true)
    }

    /// Steps over the segment that begins at `base`; `closed` hears of each level that ends in it,
    /// and where. `None` where the segment cannot stand here.
    pub(super) fn step(
        &mut self,
        summary: &Summary,
        base: u64,
        max_depth: usize,
        mut closed: impl FnMut(Level, u64),
    ) -> Option<()> {
        if summary.is_wrong {
            return None;
        }
        let depth = self.levels.len().cast_signed();
        if depth + summary.highest > max_depth.cast_signed() {
            return None;
        }
        if !summary.is_first && !self.begin(summary)? {
            return Some(());
        }
        for close in &summary.closes {
            let mut level = self.levels.pop()?;
            if level.container != close.container {
                return None;
            }
            level.commas += u64::from(close.commas);
            closed(level, base + u64::from(close.at));
        }
        let around = self.levels.last().map(|level| level.container);
        let first_end = summary.opens.first().map(|open| open.after);
        let expect = first_end.or(summary.end)?.within(around)?;
        if let Some(level) = self.levels.last_mut() {
            level.commas += u64::from(summary.commas);
        }
        self.expect = if summary.opens.is_empty() {
            expect
        } else {
            summary.end?
        };
        self.levels.extend(summary.opens.iter().map(|open| Level {
            container: open.container,
            at: base + u64::from(open.at),
            commas: u64::from(open.commas),
            number: None,
        }));
        Some(())
    }
}
