//! The cheapest way through a segment of the input, by the costs of the codes so far.
//!
//! A greedy or lazy parse compares a match with what the next one or two positions offer. This
//! one looks at all positions: two candidates at each, the longest and the nearest match. From
//! the segment's end backwards, the cheapest way from each position on is the cheapest of a
//! literal or a match followed by the cheapest way from where it ends. libdeflate's levels 10 to
//! 12 and zopfli do that with all matches there are, in all their lengths; here little is tried
//! at each position, but without a branch, and a segment is parsed once.
//!
//! A match of the level's nice length is taken at once and ends the segment.

use std::collections::TryReserveError;

use super::costs::{Costs, NEVER, UNIT};
use super::finder::{Finder, LONG_CAP};
use super::lazy::{VERY_LONG, VERY_LONG_STRIDE};
use super::memory::boxed;
use super::parse::Parse;
use super::sink::Sink;
use super::symbols::MIN_MATCH;
use super::tokens::Token;
use super::window::Window;

/// Positions that are parsed together, at most.
const SEGMENT: usize = 1024;
/// Positions after a segment that a match of it might reach.
const BEYOND: usize = 512;

/// After so many positions of a segment without a match, only every fourth one is looked at.
const PATIENCE: u32 = 128;

/// The working memory of the parse.
pub(super) struct Segment {
    /// By position: the longest match's length above its distance.
    longest: Box<[u32; SEGMENT]>,
    /// By position: the nearest match's length above its distance.
    nearest: Box<[u32; SEGMENT]>,
    /// By position: the cost of the cheapest way from there to the segment's end.
    cost: Box<[u32; SEGMENT + BEYOND]>,
    /// By position: twice the length of the match that the cheapest way begins with, and 1 if it
    /// is the nearest; 0 for a literal.
    choice: Box<[u16; SEGMENT]>,
}

/// The cheapest way from a position on: its cost, and in the low bits its [`Segment::choice`].
///
/// The longest match is also tried one and two bytes shorter; where it is shorter still, the
/// nearest one mostly serves. As in [`Finder::find`], there is no branch for LLVM to make of it.
#[inline(never)]
fn cheapest(costs: &Costs, after: &[u32; BEYOND], literal: u8, longest: u32, nearest: u32) -> u32 {
    let way = |length: u32| after[(length & 511) as usize] + costs.length[(length & 511) as usize];
    let length = longest >> 16;
    let full = way(length);
    let shorter = way(length.saturating_sub(1)).min(way(length.saturating_sub(2)));
    let longest = full.min(shorter) + costs.distance(longest & 0xFFFF);
    let nearest = (way(nearest >> 16) + costs.distance(nearest & 0xFFFF)) | 1;
    let literal = after[1] + costs.literal[usize::from(literal)];
    literal.min(longest).min(nearest)
}

impl Segment {
    /// Working memory.
    pub(super) fn new() -> Result<Self, TryReserveError> {
        Ok(Self {
            longest: boxed(0)?,
            nearest: boxed(0)?,
            cost: boxed(0)?,
            choice: boxed(0)?,
        })
    }

    /// Finds the matches from `from` on, until the segment is full, `to` is reached or there is a
    /// nice match, whose length and distance it returns. Also returns the segment's length.
    #[inline(always)]
    fn collect(
        &mut self,
        finder: &mut impl Finder,
        window: &Window,
        parse: &Parse,
        from: u32,
        to: u32,
    ) -> (usize, Option<(u32, u32)>) {
        let nice = parse.nice;
        let suspect = nice.min(LONG_CAP);
        let slots = self.longest.iter_mut().zip(self.nearest.iter_mut());
        let (mut count, mut misses) = (0, 0);
        for ((longest, nearest), position) in slots.zip(from..to) {
            count += 1;
            if misses >= PATIENCE && position & 3 != 0 {
                (*longest, *nearest) = (1, 1);
                continue;
            }
            let found = finder.find(window, position, position - parse.reach);
            let left = parse.end - position;
            let mut length = found.longest.length();
            let distance = position - found.longest.position();
            if length >= suspect {
                if length == LONG_CAP {
                    length = window.match_length(position, found.longest.position(), LONG_CAP);
                }
                if length.min(left) >= nice {
                    return (count - 1, Some((length.min(left), distance)));
                }
            }
            *longest = length.min(left) << 16 | distance;
            let distance = position - found.nearest.position();
            *nearest = found.nearest.length().min(left) << 16 | distance;
            misses = if length < MIN_MATCH { misses + 1 } else { 0 };
        }
        (count, None)
    }

    /// Finds the cheapest way through the segment's first `count` positions.
    #[inline(always)]
    fn choose(&mut self, window: &Window, costs: &Costs, from: u32, count: usize) {
        self.cost[count..count + BEYOND].fill(NEVER);
        self.cost[count] = 0;
        let mut position = from + u32::try_from(count).unwrap_or(0);
        for at in (0..count.min(SEGMENT)).rev() {
            position -= 1;
            let Some(after) = self.cost[at..].first_chunk() else {
                return;
            };
            let (longest, nearest) = (self.longest[at], self.nearest[at]);
            let way = cheapest(costs, after, window.byte(position), longest, nearest);
            let choice = (way & (UNIT - 1)) as u16;
            self.choice[at] = choice;
            self.cost[at] = way & !(UNIT - 1);
        }
    }

    /// Hands the way's tokens over.
    #[inline(always)]
    fn emit(
        &self,
        window: &Window,
        sink: &mut Sink<'_>,
        from: u32,
        count: usize,
    ) -> Result<(), TryReserveError> {
        let mut at = 0;
        while at < count.min(SEGMENT) {
            let choice = u32::from(self.choice[at]);
            let length = choice >> 1;
            if length < MIN_MATCH {
                sink.push(Token::literal(
                    window.byte(from + u32::try_from(at).unwrap_or(0)),
                ))?;
                at += 1;
            } else {
                let chosen = if choice & 1 == 0 {
                    self.longest[at]
                } else {
                    self.nearest[at]
                };
                sink.push(Token::a_match(length, chosen & 0xFFFF))?;
                at += length as usize;
            }
        }
        Ok(())
    }

    /// Parses the positions from `from` up to `to`, or somewhat beyond; returns where it ends.
    pub(super) fn parse(
        &mut self,
        finder: &mut impl Finder,
        window: &Window,
        sink: &mut Sink<'_>,
        parse: &Parse,
        from: u32,
        to: u32,
    ) -> Result<u32, TryReserveError> {
        let mut updates = sink.updates();
        let mut costs = if updates == 0 {
            Costs::guess()
        } else {
            Costs::new(sink.statistics())
        };
        let mut position = from;
        while position < to {
            if updates != sink.updates() {
                updates = sink.updates();
                costs = Costs::new(sink.statistics());
            }
            let (count, nice) = self.collect(finder, window, parse, position, to);
            self.choose(window, &costs, position, count);
            self.emit(window, sink, position, count)?;
            position += u32::try_from(count).unwrap_or(0);
            if let Some((length, distance)) = nice {
                sink.push(Token::a_match(length, distance))?;
                let stride = if length < VERY_LONG {
                    1
                } else {
                    VERY_LONG_STRIDE
                };
                for position in (position + 1..position + length).step_by(stride) {
                    finder.insert(window, position);
                }
                position += length;
            }
        }
        Ok(position)
    }
}
