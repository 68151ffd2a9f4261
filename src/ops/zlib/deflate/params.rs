//! What the levels do.
//!
//! Chosen by experiment on 4 MB of CSV (names, dates, numbers), two real CSV files, JSON and
//! JavaScript, so that on CSV each level has at least the ratio of zlib's and takes half to three
//! quarters of its time.

use std::collections::TryReserveError;

use super::finder::Tables;

/// The match finder of each level, and with it the parse.
pub(super) enum Matcher {
    /// Level 1: greedy, 4 candidates; every third position inside a match is entered.
    Skipping(Tables<1, 5, 0, 0>),
    /// Level 2: greedy, 4 candidates.
    Greedy(Tables<1, 5, 0, 0>),
    /// Levels 3 and 4: one position ahead, 4 candidates.
    Ahead(Tables<1, 5, 0, 0>),
    /// Level 5: one position ahead, 4 candidates for long matches and 4 for short ones.
    AheadDeeper(Tables<1, 8, 1, 0>),
    /// Level 6: one position ahead, 8 candidates for long matches and 4 for short ones.
    AheadFarther(Tables<2, 8, 1, 0>),
    /// Level 7: two positions ahead, 12 candidates for long matches and 4 for short ones.
    TwoAhead(Tables<3, 8, 1, 0>),
    /// Levels 8 and 9: optimal, 8 candidates for long matches, 4 for short ones and the nearest.
    Optimal(Tables<2, 8, 1, 1>),
}

impl Matcher {
    /// The match finder of a level from 1 on, and the length of a match that ends its search.
    ///
    /// Greedy parses search no further anyway; the optimal parse takes a match of that length and
    /// goes on after it.
    pub(super) fn new(level: u8) -> Result<(Self, u32), TryReserveError> {
        Ok(match level {
            0 | 1 => (Self::Skipping(Tables::new()?), 3),
            2 => (Self::Greedy(Tables::new()?), 3),
            3 => (Self::Ahead(Tables::new()?), 8),
            4 => (Self::Ahead(Tables::new()?), 12),
            5 => (Self::AheadDeeper(Tables::new()?), 64),
            6 => (Self::AheadFarther(Tables::new()?), 32),
            7 => (Self::TwoAhead(Tables::new()?), 128),
            8 => (Self::Optimal(Tables::new()?), 24),
            _ => (Self::Optimal(Tables::new()?), 48),
        })
    }
}
