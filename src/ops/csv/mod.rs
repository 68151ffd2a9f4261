//! CSV (RFC 4180) to tables and back.
//!
//! A parse goes through these modules, from the bytes up:
//!
//! - `source`: memory or a file, read a piece at a time; other encodings become UTF-8 first.
//! - `layout`: the first lines: the delimiter, the columns.
//! - `scan`: where the fields of a piece end, 64 bytes at a time. `walk`: the same for text that does
//!   not keep to RFC 4180, one record at a time.
//! - `fields`, `digits`, `values`, `kind`, `column`: the fields of one column of one piece as values of the
//!   narrowest type that holds them.
//! - `piece`: one piece by one thread. `assemble`: the pieces of all threads in their order, in the
//!   memory of a table. `parse`: who does what when.
//! - `problem`: what is wrong with a record, and on which line.
//! - [`Reader`]: a table for every few megabytes. [`write()`]: tables and rows to CSV.

mod assemble;
mod column;
mod digits;
mod fields;
mod kind;
mod layout;
mod options;
mod parse;
mod piece;
mod problem;
mod reader;
mod scan;
mod source;
mod values;
mod walk;
mod write;

pub use options::{Encoding, OnError, Options};
pub use reader::{Next, Reader, parse, parse_file};
pub use write::{WriteOptions, Writer, write};
