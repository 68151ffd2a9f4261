//! JSON (RFC 8259): texts that are indexed, and read where and when it is asked for; and records as
//! tables.
//!
//! From the bytes up:
//!
//! - `scan`: strings and tokens, 64 bytes at a time. `scalar`: numbers and literals. `grammar`: what may
//!   follow what, from anywhere in a text.
//! - `index`: all segments of a text on all threads, and what is kept of them. `fault`: what is wrong
//!   with a text that they refuse.
//! - `text`: from one value to the next. [`Document`]: what is at a `pointer`. `step`: a value in parts
//!   that JavaScript can make at once. `unescape`: the text of strings.
//! - `plan`, `record`, `column`, `records`: values of records as columns. `elements`: those of an array.
//!   `lines`: those of NDJSON, and `reader`: a table for every few megabytes.
//! - [`write()`]: tables to JSON.

mod column;
mod document;
mod elements;
mod fault;
mod grammar;
mod index;
mod lines;
mod plan;
mod pointer;
mod reader;
mod record;
mod records;
mod scalar;
mod scan;
mod step;
#[cfg(test)]
mod tests;
mod text;
mod unescape;
mod write;

pub use document::{Document, Node, ParseOptions, parse, validate};
pub use reader::{LineReader, LinesOptions, parse_lines};
pub use records::Columns;
pub use step::{Step, mark_big_integers};
pub use text::Type;
pub use write::{WriteOptions, write};
