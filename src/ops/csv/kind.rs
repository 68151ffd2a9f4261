//! What a column's values have in common so far: the lattice of inference.

use super::values;
use crate::ops::table::ColumnType;

/// What holds all values of a column without loss. The order is that of the numbers that threads
/// exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// Nothing but nulls.
    Empty,
    Boolean,
    Int32,
    /// Integers up to 2^53, as `f64`.
    Int53,
    Int64,
    Float64,
    Timestamp,
    /// Text of few distinct values.
    Dictionary,
    Text,
}

/// How values lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    Nothing,
    Bits,
    I32,
    I64,
    F64,
    Codes,
    Text,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Empty,
        Self::Boolean,
        Self::Int32,
        Self::Int53,
        Self::Int64,
        Self::Float64,
        Self::Timestamp,
        Self::Dictionary,
        Self::Text,
    ];

    pub(super) fn from_number(number: u8) -> Self {
        Self::ALL[usize::from(number)]
    }

    /// The narrowest that holds `text`.
    pub(super) fn of(text: &[u8]) -> Self {
        if values::int32(text).is_some() {
            Self::Int32
        } else if let Some(value) = values::int64(text) {
            if value.unsigned_abs() <= 1 << 53 {
                Self::Int53
            } else {
                Self::Int64
            }
        } else if values::float64(text).is_some() {
            Self::Float64
        } else if values::boolean(text).is_some() {
            Self::Boolean
        } else if values::timestamp(text).is_some() {
            Self::Timestamp
        } else {
            Self::Dictionary
        }
    }

    /// The narrowest that holds what either holds. Commutative and associative, so that the type of
    /// a column depends on no order in which its pieces are read.
    pub(super) fn join(self, other: Self) -> Self {
        use Kind::{Boolean, Dictionary, Empty, Float64, Int32, Int53, Int64, Text, Timestamp};
        match (self, other) {
            (a, b) if a == b => a,
            (Empty, kind) | (kind, Empty) => kind,
            (Text, _) | (_, Text) => Text,
            (Int32, Int53) | (Int53, Int32) => Int53,
            (Int32 | Int53, Int64) | (Int64, Int32 | Int53) => Int64,
            (Int32 | Int53, Float64) | (Float64, Int32 | Int53) => Float64,
            // Text of any other kind, or integers that a float would round.
            (
                Boolean | Int32 | Int53 | Int64 | Float64 | Timestamp | Dictionary,
                Boolean | Int32 | Int53 | Int64 | Float64 | Timestamp | Dictionary,
            ) => Dictionary,
        }
    }

    pub(super) fn storage(self) -> Storage {
        match self {
            Self::Empty => Storage::Nothing,
            Self::Boolean => Storage::Bits,
            Self::Int32 => Storage::I32,
            Self::Int53 | Self::Float64 => Storage::F64,
            Self::Int64 | Self::Timestamp => Storage::I64,
            Self::Dictionary => Storage::Codes,
            Self::Text => Storage::Text,
        }
    }

    pub(super) fn column_type(self) -> ColumnType {
        match self {
            Self::Boolean => ColumnType::Boolean,
            Self::Int32 => ColumnType::Int32,
            Self::Int53 | Self::Float64 => ColumnType::Float64,
            Self::Int64 => ColumnType::Int64,
            Self::Timestamp => ColumnType::Timestamp,
            Self::Dictionary => ColumnType::Dictionary,
            Self::Empty | Self::Text => ColumnType::String,
        }
    }
}

impl From<ColumnType> for Kind {
    fn from(kind: ColumnType) -> Self {
        match kind {
            ColumnType::Boolean => Self::Boolean,
            ColumnType::Int32 => Self::Int32,
            ColumnType::Float64 => Self::Float64,
            ColumnType::Int64 => Self::Int64,
            ColumnType::Timestamp => Self::Timestamp,
            ColumnType::String => Self::Text,
            ColumnType::Dictionary => Self::Dictionary,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn joining_depends_on_no_order() {
        for a in Kind::ALL {
            for b in Kind::ALL {
                assert_eq!(a.join(b), b.join(a), "{a:?} {b:?}");
                for c in Kind::ALL {
                    assert_eq!(a.join(b).join(c), a.join(b.join(c)), "{a:?} {b:?} {c:?}");
                }
            }
        }
    }
}
