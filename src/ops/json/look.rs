//! Looks at brackets and commas, a block at a time.

use super::scan::{BLOCK, Raw, Task, block_at};
use super::text::Text;

/// What a look at the commas of one container has found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Commas {
    pub(super) count: u64,
    /// The last one that counts.
    pub(super) last: Option<usize>,
    /// The bracket that closes the container.
    pub(super) closed: Option<usize>,
}

/// The brackets of a block, outside strings.
#[inline(always)]
fn brackets(text: Text<'_>, block: usize, raw: impl Fn(&[u8; BLOCK]) -> Raw) -> (Raw, u64, u64) {
    let found = block_at(text.bytes, block * BLOCK, raw);
    let outside = !text.index.within().get(block).copied().unwrap_or(0);
    (found, found.open & outside, found.close & outside)
}

/// The bits before `bit`.
fn below(bit: usize) -> u64 {
    (1 << bit) - 1
}

fn sum(open: u64, close: u64) -> i64 {
    i64::from(open.count_ones()) - i64::from(close.count_ones())
}

/// Finds the bracket that closes a container that ends in its segment.
pub(super) struct Close<'a> {
    pub(super) text: Text<'a>,
    pub(super) open: usize,
}

impl Task for Close<'_> {
    type Output = Option<usize>;

    #[inline(always)]
    fn run(self, raw: impl Fn(&[u8; BLOCK]) -> Raw + Copy) -> Option<usize> {
        let Self { text, open: at } = self;
        let depths = text.index.depths();
        let first = at / BLOCK;
        let (_, open, close) = brackets(text, first, raw);
        let before = below(at % BLOCK);
        let around = i64::from(depths.get(first)?[0]) + sum(open & before, close & before);
        let after = !before << 1;
        if let Some(found) = falls_to(around, around + 1, open & after, close & after) {
            return Some(first * BLOCK + found);
        }
        let blocks = text.index.segment / BLOCK;
        let end = depths.len().min((first / blocks + 1) * blocks);
        let mut from = first + 1;
        while let Some(offset) = depths
            .get(from..end)?
            .iter()
            .position(|[_, least]| i64::from(*least) <= around)
        {
            let block = from + offset;
            let (_, open, close) = brackets(text, block, raw);
            let start = i64::from(depths[block][0]);
            if let Some(found) = falls_to(around, start, open, close) {
                return Some(block * BLOCK + found);
            }
            from = block + 1;
        }
        None
    }
}

/// The bit with which the depth comes to `target`, from `depth` on.
#[inline(always)]
fn falls_to(target: i64, mut depth: i64, open: u64, close: u64) -> Option<usize> {
    let mut brackets = open | close;
    while brackets != 0 {
        let bit = brackets & brackets.wrapping_neg();
        if open & bit != 0 {
            depth += 1;
        } else {
            depth -= 1;
            if depth == target {
                return Some(bit.trailing_zeros() as usize);
            }
        }
        brackets ^= bit;
    }
    None
}

/// Finds the depth at a byte from that at its segment's first.
pub(super) struct Depth<'a> {
    pub(super) text: Text<'a>,
    pub(super) at: usize,
}

impl Task for Depth<'_> {
    type Output = i64;

    #[inline(always)]
    fn run(self, raw: impl Fn(&[u8; BLOCK]) -> Raw + Copy) -> i64 {
        let block = self.at / BLOCK;
        let (_, open, close) = brackets(self.text, block, raw);
        let before = below(self.at % BLOCK);
        let start = self.text.index.depths().get(block);
        start.map_or(0, |depth| i64::from(depth[0])) + sum(open & before, close & before)
    }
}

/// Looks at commas of one level, in one segment.
pub(super) struct Look<'a, 'f> {
    pub(super) text: Text<'a>,
    pub(super) from: usize,
    pub(super) to: usize,
    /// From the depth at the segment's first byte.
    pub(super) level: i64,
    pub(super) most: u64,
    pub(super) found: &'f mut Commas,
}

impl Task for Look<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run(self, raw: impl Fn(&[u8; BLOCK]) -> Raw + Copy) {
        let Self {
            text,
            from,
            to,
            level,
            most,
            found,
        } = self;
        let depths = text.index.depths();
        let within = text.index.within();
        let mut block = from / BLOCK;
        while block * BLOCK < to {
            let Some(&[start, least]) = depths.get(block) else {
                return;
            };
            if i64::from(least) > level {
                block += 1;
                continue;
            }
            let (raw, open, close) = brackets(text, block, raw);
            let comma = raw.comma & !within[block];
            let base = block * BLOCK;
            let first = from.saturating_sub(base);
            let mut range = u64::MAX << first;
            if to - base < BLOCK {
                range &= below(to - base);
            }
            let before = below(first);
            let mut depth = i64::from(start) + sum(open & before, close & before);
            let mut brackets = (open | close) & range;
            // The bits that nobody has looked at.
            let mut rest = range;
            loop {
                let bit = brackets & brackets.wrapping_neg();
                let upto = if bit == 0 { rest } else { rest & (bit - 1) };
                if depth == level {
                    found.take(comma & upto, base, most);
                    if found.count == most {
                        return;
                    }
                }
                if bit == 0 {
                    break;
                }
                if open & bit != 0 {
                    depth += 1;
                } else {
                    depth -= 1;
                    if depth < level {
                        found.closed = Some(base + bit.trailing_zeros() as usize);
                        return;
                    }
                }
                brackets ^= bit;
                rest &= !(bit | (bit - 1));
            }
            block += 1;
        }
    }
}

impl Commas {
    #[inline(always)]
    fn take(&mut self, mut commas: u64, base: usize, most: u64) {
        let count = u64::from(commas.count_ones());
        if count == 0 {
            return;
        }
        if self.count + count < most {
            self.count += count;
            self.last = Some(base + 63 - commas.leading_zeros() as usize);
            return;
        }
        while self.count + 1 < most {
            commas &= commas - 1;
            self.count += 1;
        }
        self.count += 1;
        self.last = Some(base + commas.trailing_zeros() as usize);
    }
}
