//! CSV (RFC 4180) to tables and back.
//!
//! A parse goes through these modules, from the bytes up:
//!
//! - `source`: memory or a file, read a piece at a time; other encodings become UTF-8 first.
//! - `layout`: the first lines: the delimiter, the columns.
//! - `scan`: where the fields of a piece end, 64 bytes at a time. `walk`: the same for text that does
//!   not keep to RFC 4180, one record at a time.
//! - `fields`, `column`: the fields of one column of one piece as values of the narrowest type that
//!   holds them.
//! - `piece`: one piece by one thread. `quotes`: which pieces begin inside quotes. `parse`: the pieces
//!   as `columns` makes a table of them, on all threads.
//! - `problem`: what is wrong with a record, and on which line.
//! - `whole`: a table of all of the input. [`Reader`]: a table for every few megabytes, of a file or of
//!   what is `pushed`. [`write()`]: tables and rows to CSV.

mod column;
mod fields;
mod layout;
mod options;
mod parse;
mod piece;
mod problem;
mod pushed;
mod quotes;
mod reader;
mod scan;
mod source;
mod walk;
mod whole;
mod write;

pub use options::{Encoding, Options};
pub use reader::Reader;
pub use whole::{parse, parse_file};
pub use write::{WriteOptions, Writer, write};
