//! JSON (RFC 8259): texts that are indexed, and read where and when it is asked for; and records as
//! tables.
//!
//! From the bytes up:
//!
//! - `scan`: strings and tokens, 64 bytes at a time. `scalar`: numbers and literals. `grammar`: what may
//!   follow what.
//! - `walk`: the tokens of one segment, from anywhere in a text. `segments`: all of them on all threads.
//!   `join`: what they say of one another. `index`: what is kept of them. `fault`: what is wrong with a
//!   text that they refuse.
//! - `look`: brackets and commas. `text`: from one value to the next. [`Document`]: what is at a
//!   `pointer`. `step`: a value in parts that JavaScript can make at once. `unescape`: the text of strings.
//! - `plan`, `record`, `column`, `records`: values of records as columns. `elements`: those of an array.
//! - `lines`: those of NDJSON. `parts`: what is known of its columns. `reader`: a table of all of it, or one
//!   for every few megabytes. `counter`: on which line something is.
//! - [`write()`]: tables to JSON. `string`: strings as JSON has them.

mod column;
mod counter;
mod document;
mod elements;
mod fault;
mod grammar;
mod index;
mod join;
mod lines;
mod look;
mod parts;
mod plan;
mod pointer;
mod reader;
mod record;
mod records;
mod scalar;
mod scan;
mod segments;
mod step;
mod string;
#[cfg(test)]
mod tests;
mod text;
mod unescape;
mod walk;
mod write;

pub use document::{Document, Node, ParseOptions, parse, validate};
pub use reader::{LineReader, LinesOptions, parse_lines};
pub use records::Columns;
pub use step::{Step, mark_big_integers};
pub use text::Type;
pub use write::{WriteOptions, write};
