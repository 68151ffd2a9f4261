//! Columns of values, read a piece at a time by many threads and put together in order.
//!
//! What CSV and JSON have in common, from the values up:
//!
//! - `kind`: what holds all values of a column, and how that widens. `digits`, `values`: text to
//!   numbers, booleans and times.
//! - `strings`, `dictionary`, `column`: one column of one piece, in memory that is used again.
//! - `size`, `assemble`, `whole`: the columns of all pieces in their order, in the memory of a table.
//! - `pieces`: what has pieces, and how they become a table. `reading`: one reading of some columns;
//!   `home`: where the threads of it bring their pieces.

mod assemble;
mod column;
mod dictionary;
pub(in crate::ops) mod digits;
mod home;
mod kind;
mod pieces;
mod reading;
mod size;
mod strings;
#[cfg(test)]
mod tests;
pub(in crate::ops) mod values;
mod whole;

pub(in crate::ops) use column::{Column, Misfit, Request};
pub(in crate::ops) use kind::{Kind, Widening};
pub(in crate::ops) use pieces::{
    Ending, Extent, Failure, Order, Parsed, Piece, Pieces, Read, Target, changed, read_all,
};
