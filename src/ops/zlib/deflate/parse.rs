//! What every parse is told.

/// The bounds of a parse.
pub(super) struct Parse {
    /// The length of a match with which the search is content.
    pub(super) nice: u32,
    /// The greatest distance.
    pub(super) reach: u32,
    /// Where the bytes in the window end.
    pub(super) end: u32,
}
