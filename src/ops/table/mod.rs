//! Tables: columns in memory as Apache Arrow lays them out, which JavaScript reads where they are.
//!
//! CSV ends here, and whatever else has records with named fields. An operation makes a [`Table`];
//! JavaScript gets its memory and a [`Description`] of what is where; and what JavaScript hands
//! back is the same two things, of which nothing is believed (see [`View`]).
//!
//! Source: the Arrow columnar format, version 1.5, section "Physical memory layout".

mod bitmap;
mod cells;
mod description;
mod memory;
mod rows;
mod timestamp;
mod view;

pub use bitmap::Bitmap;
pub(super) use cells::Cell;
pub use description::{Column, ColumnType, Description, Place};
pub use memory::Memory;
pub(super) use rows::{Rows, reserve};
pub(super) use timestamp::{Milliseconds, write_timestamp};
pub(super) use view::Buffers;
pub use view::View;

/// A record that was left out, or the one that ended the parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError {
    /// What was expected, and what came.
    pub message: String,
    /// The line, from 1.
    pub line: u64,
    /// The character in the line, from 1.
    pub column: u64,
    /// Where in the input, in bytes, from 0.
    pub byte_offset: u64,
}

/// Columns of one length, and the memory that they are in.
#[derive(Debug)]
pub struct Table {
    /// What is where.
    pub description: Description,
    /// The memory that the places are in.
    pub memory: Vec<Memory>,
    /// Records that were left out, where they are collected.
    pub errors: Vec<RecordError>,
    /// How many records were left out.
    pub error_count: u64,
    /// Bytes of the input that were read up to now, and how many there are if that is known; of a
    /// table that is one of several.
    pub progress: Option<(u64, Option<u64>)>,
    /// Whether no other table comes after it; of a table that is one of several.
    pub is_last: bool,
}

/// What happens to a record with an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// It ends the parse.
    #[default]
    Throw,
    /// It is left out, and counted.
    Skip,
    /// It is left out, and the table has the error.
    Collect,
}

/// What is read in parts gives.
pub enum Next {
    /// A table.
    Table(Box<Table>),
    /// Nothing until more is pushed.
    More,
    /// Nothing any more.
    End,
}
