//! What a column's values have in common so far: the lattice of inference.

use crate::ops::table::ColumnType;

/// What holds all values of a column without loss. The order is that of the numbers that threads
/// exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::ops) enum Kind {
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
    /// JSON of any kind, as it is written.
    Json,
}

/// What becomes of kinds that have nothing in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum Widening {
    /// Their text, as each value is written.
    Csv,
    /// Their JSON.
    Json,
}

/// How values lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum Storage {
    Nothing,
    Bits,
    I32,
    I64,
    F64,
    Codes,
    Text,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Empty,
        Self::Boolean,
        Self::Int32,
        Self::Int53,
        Self::Int64,
        Self::Float64,
        Self::Timestamp,
        Self::Dictionary,
        Self::Text,
        Self::Json,
    ];

    pub(in crate::ops) fn from_number(number: u8) -> Self {
        Self::ALL[usize::from(number)]
    }

    /// The narrowest that holds what either holds. Commutative and associative, so that the type of
    /// a column depends on no order in which its pieces are read.
    pub(in crate::ops) fn join(self, other: Self, widening: Widening) -> Self {
        use Kind::{Dictionary, Empty, Float64, Int32, Int53, Int64, Json, Text};
        match (self, other) {
            (a, b) if a == b => a,
            (Empty, kind) | (kind, Empty) => kind,
            (Json, _) | (_, Json) => Json,
            (Int32, Int53) | (Int53, Int32) => Int53,
            (Int32 | Int53, Int64) | (Int64, Int32 | Int53) => Int64,
            (Int32 | Int53, Float64) | (Float64, Int32 | Int53) => Float64,
            (Dictionary, Text) | (Text, Dictionary) => Text,
            // Kinds that have nothing in common, or integers that a float would round.
            _ => match widening {
                Widening::Csv if self == Text || other == Text => Text,
                Widening::Csv => Dictionary,
                Widening::Json => Json,
            },
        }
    }

    /// What holds this and `other`, a kind of a value that this one did not hold: always a wider one,
    /// also where the value fits by now since another thread writes to the memory that it is in.
    pub(in crate::ops) fn widened(self, other: Self, widening: Widening) -> Self {
        let wider = self.join(other, widening);
        if wider != self {
            return wider;
        }
        match widening {
            Widening::Csv => Self::Text,
            Widening::Json => Self::Json,
        }
    }

    /// Whether the values of both are the same in memory.
    pub(in crate::ops) fn lies_as(self, other: Self) -> bool {
        self.storage() == other.storage() && (self == Self::Json) == (other == Self::Json)
    }

    pub(in crate::ops) fn storage(self) -> Storage {
        match self {
            Self::Empty => Storage::Nothing,
            Self::Boolean => Storage::Bits,
            Self::Int32 => Storage::I32,
            Self::Int53 | Self::Float64 => Storage::F64,
            Self::Int64 | Self::Timestamp => Storage::I64,
            Self::Dictionary => Storage::Codes,
            Self::Text | Self::Json => Storage::Text,
        }
    }

    pub(in crate::ops) fn column_type(self) -> ColumnType {
        match self {
            Self::Boolean => ColumnType::Boolean,
            Self::Int32 => ColumnType::Int32,
            Self::Int53 | Self::Float64 => ColumnType::Float64,
            Self::Int64 => ColumnType::Int64,
            Self::Timestamp => ColumnType::Timestamp,
            Self::Dictionary => ColumnType::Dictionary,
            Self::Empty | Self::Text => ColumnType::String,
            Self::Json => ColumnType::Json,
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
            ColumnType::Json => Self::Json,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Widening};

    #[test]
    fn joining_depends_on_no_order() {
        for widening in [Widening::Csv, Widening::Json] {
            let join = |a: Kind, b: Kind| a.join(b, widening);
            for a in Kind::ALL {
                for b in Kind::ALL {
                    assert_eq!(join(a, b), join(b, a), "{a:?} {b:?} {widening:?}");
                    for c in Kind::ALL {
                        assert_eq!(
                            join(join(a, b), c),
                            join(a, join(b, c)),
                            "{a:?} {b:?} {c:?} {widening:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn what_has_nothing_in_common_is_text_in_csv_and_json_in_json() {
        use Kind::{Boolean, Dictionary, Float64, Int32, Int53, Int64, Json, Text, Timestamp};
        for (a, b, csv, json) in [
            (Int32, Int53, Int53, Int53),
            (Int53, Float64, Float64, Float64),
            (Int53, Int64, Int64, Int64),
            (Dictionary, Text, Text, Text),
            (Int64, Float64, Dictionary, Json),
            (Boolean, Int32, Dictionary, Json),
            (Timestamp, Dictionary, Dictionary, Json),
            (Text, Int32, Text, Json),
            (Text, Json, Json, Json),
        ] {
            assert_eq!(a.join(b, Widening::Csv), csv, "{a:?} {b:?}");
            assert_eq!(a.join(b, Widening::Json), json, "{a:?} {b:?}");
        }
    }

    #[test]
    fn a_value_that_a_kind_did_not_hold_makes_it_wider_always() {
        for widening in [Widening::Csv, Widening::Json] {
            for a in Kind::ALL {
                for b in Kind::ALL {
                    let wider = a.widened(b, widening);
                    let widest = matches!(wider, Kind::Text | Kind::Json);
                    assert!(wider != a || widest, "{a:?} {b:?} {widening:?}");
                }
            }
        }
    }
}
