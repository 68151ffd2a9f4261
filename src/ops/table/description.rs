//! What of a table is where in its memory, as it crosses to JavaScript and back.

use serde_json::{Map, Value, json};

use super::Table;
use crate::error::{Error, ErrorKind};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// A bitmap.
    Boolean,
    /// `i32` each.
    Int32,
    /// `f64` each.
    Float64,
    /// `i64` each.
    Int64,
    /// Milliseconds since 1970 in UTC, `i64` each.
    Timestamp,
    /// UTF-8, with the offsets where each begins.
    String,
    /// The positions, `i32` each, of strings that are there once.
    Dictionary,
    /// JSON texts, which lie as strings do.
    Json,
}

impl ColumnType {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Boolean,
        Self::Int32,
        Self::Float64,
        Self::Int64,
        Self::Timestamp,
        Self::String,
        Self::Dictionary,
        Self::Json,
    ];

    /// As JavaScript calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Int32 => "int32",
            Self::Float64 => "float64",
            Self::Int64 => "int64",
            Self::Timestamp => "timestamp",
            Self::String => "string",
            Self::Dictionary => "dictionary",
            Self::Json => "json",
        }
    }

    /// The type of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Where a column's buffers begin, in bytes; `None` for those that it has not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Which of the table's memories they are in.
    pub memory: usize,
    /// The values, or the codes of a dictionary.
    pub values: Option<usize>,
    /// A bitmap of the rows that are not null; none where no row is.
    pub validity: Option<usize>,
    /// One offset for each string and one more, `i32` each.
    pub offsets: Option<usize>,
    /// The strings, one after the other.
    pub bytes: Option<usize>,
    /// Bytes of all strings.
    pub bytes_length: usize,
    /// How many strings a dictionary has.
    pub dictionary_length: usize,
}

impl Default for Column {
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: ColumnType::String,
            null_count: 0,
            place: Place::default(),
        }
    }
}

/// A column's name and type, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// As the header has it.
    pub name: String,
    /// What it holds.
    pub kind: ColumnType,
    /// Rows that are null.
    pub null_count: usize,
    /// Where it is.
    pub place: Place,
}

/// The columns of a table, and which of its rows are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Rows of every column.
    pub rows: usize,
    /// The first row that is meant.
    pub from: usize,
    /// The row after the last.
    pub to: usize,
    /// In their order.
    pub columns: Vec<Column>,
    /// What is known of the source.
    pub metadata: Vec<(String, String)>,
}

impl Table {
    /// The description as JSON, with the records that were left out.
    #[must_use]
    pub fn to_json(&self) -> String {
        let columns: Vec<Value> = self
            .description
            .columns
            .iter()
            .map(column_to_json)
            .collect();
        let metadata = self.description.metadata.iter();
        let errors: Vec<Value> = self
            .errors
            .iter()
            .map(|error| {
                json!({
                    "message": error.message,
                    "line": error.line,
                    "column": error.column,
                    "byteOffset": error.byte_offset,
                })
            })
            .collect();
        json!({
            "numRows": self.description.rows,
            "columns": columns,
            "metadata": metadata
                .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
                .collect::<Map<String, Value>>(),
            "errors": errors,
            "errorCount": self.error_count,
            "processedBytes": self.progress.map(|(processed, _)| processed),
            "isLast": self.is_last,
            "totalBytes": self.progress.and_then(|(_, total)| total),
        })
        .to_string()
    }
}

fn column_to_json(column: &Column) -> Value {
    let Place {
        memory,
        values,
        validity,
        offsets,
        bytes,
        bytes_length,
        dictionary_length,
    } = column.place;
    let place = |place: Option<usize>| place.map_or(json!(-1), |offset| json!(offset));
    json!({
        "name": column.name,
        "type": column.kind.name(),
        "nullCount": column.null_count,
        "memory": memory,
        "values": place(values),
        "validity": place(validity),
        "offsets": place(offsets),
        "bytes": place(bytes),
        "bytesLength": bytes_length,
        "dictionaryLength": dictionary_length,
    })
}

impl Description {
    /// Reads what [`Table::to_json`] wrote, and `from` and `to`.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let root: Value = serde_json::from_str(text).map_err(|_| refused("JSON"))?;
        let rows = number(&root["numRows"])?;
        let columns = root["columns"]
            .as_array()
            .ok_or_else(|| refused("columns"))?;
        let metadata = root["metadata"].as_object();
        Ok(Self {
            rows,
            from: number(&root["from"])?,
            to: number(&root["to"])?,
            columns: columns
                .iter()
                .map(column_from_json)
                .collect::<Result<_, _>>()?,
            metadata: metadata
                .into_iter()
                .flatten()
                .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                .collect(),
        })
    }
}

fn column_from_json(value: &Value) -> Result<Column, Error> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let place = |name: &str| match value[name].as_i64() {
        Some(-1) | None => Ok(None),
        Some(_) => number(&value[name]).map(Some),
    };
    Ok(Column {
        name: text(&value["name"]).ok_or_else(|| refused("a name"))?,
        kind: value["type"]
            .as_str()
            .and_then(ColumnType::from_name)
            .ok_or_else(|| refused("a type"))?,
        null_count: number(&value["nullCount"])?,
        place: Place {
            memory: number(&value["memory"])?,
            values: place("values")?,
            validity: place("validity")?,
            offsets: place("offsets")?,
            bytes: place("bytes")?,
            bytes_length: number(&value["bytesLength"])?,
            dictionary_length: number(&value["dictionaryLength"])?,
        },
    })
}

fn number(value: &Value) -> Result<usize, Error> {
    let number = value
        .as_u64()
        .and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| refused("a count"))
}

pub(super) fn refused(expected: &str) -> Error {
    ErrorKind::InvalidArgument {
        name: "table",
        expected: format!("{expected} in the description of a table"),
        received: "another one".to_owned(),
    }
    .into()
}
