//! A table that comes from outside, of which nothing is believed.
//!
//! Its memory is JavaScript's to write to, at any time: offsets are checked where they are used,
//! and text is copied before it is looked at as UTF-8.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringArray, TimestampMillisecondArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, Field, Schema};
use bytes::Bytes;

use super::description::{Column, ColumnType, Description, refused};
use crate::error::{Error, ErrorKind};
use crate::pool::Context;

/// Rows of one record batch in an IPC stream.
const BATCH_ROWS: usize = 1 << 16;

/// A description, and the memory that it is of.
#[derive(Debug)]
pub struct View {
    description: Description,
    memory: Vec<Bytes>,
}

/// The buffers of one column, as long as its rows need them to be.
pub(crate) struct Buffers<'a> {
    pub(crate) kind: ColumnType,
    pub(crate) values: &'a [u8],
    pub(crate) validity: Option<&'a [u8]>,
    pub(crate) offsets: &'a [u8],
    pub(crate) bytes: &'a [u8],
}

impl View {
    /// A view of `memory`, whose places are within it.
    pub fn new(description: Description, memory: Vec<Bytes>) -> Result<Self, Error> {
        if description.from > description.to || description.to > description.rows {
            return Err(refused("rows that there are"));
        }
        let view = Self {
            description,
            memory,
        };
        for column in &view.description.columns {
            view.buffers(column)?;
        }
        Ok(view)
    }

    /// What is where.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Bytes of all its memory.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.memory.iter().map(Bytes::len).sum()
    }

    /// The buffers of `column`.
    pub(crate) fn buffers(&self, column: &Column) -> Result<Buffers<'_>, Error> {
        let [values, validity, offsets, bytes] = self.ranges(column)?;
        let memory = &self.memory[column.place.memory];
        Ok(Buffers {
            kind: column.kind,
            values: &memory[values],
            validity: column.place.validity.map(|_| &memory[validity]),
            offsets: &memory[offsets],
            bytes: &memory[bytes],
        })
    }

    /// Where the values, the validity, the offsets and the bytes of `column` are.
    fn ranges(&self, column: &Column) -> Result<[std::ops::Range<usize>; 4], Error> {
        let rows = self.description.rows;
        let place = &column.place;
        let available = self.memory.get(place.memory).map_or(0, Bytes::len);
        let range = |start: Option<usize>, length: Option<usize>| {
            let Some(start) = start else {
                return match length {
                    Some(0) => Ok(0..0),
                    _ => Err(refused("buffers that the type has")),
                };
            };
            length
                .and_then(|length| start.checked_add(length))
                .filter(|end| *end <= available && start.is_multiple_of(8))
                .map(|end| start..end)
                .ok_or_else(|| refused("places within its memory"))
        };
        let width = match column.kind {
            ColumnType::Boolean => Some(rows.div_ceil(8)),
            ColumnType::Int32 | ColumnType::Dictionary => rows.checked_mul(4),
            ColumnType::Float64 | ColumnType::Int64 | ColumnType::Timestamp => rows.checked_mul(8),
            ColumnType::String | ColumnType::Json => Some(0),
        };
        let strings = match column.kind {
            ColumnType::String | ColumnType::Json => Some(rows),
            ColumnType::Dictionary => Some(place.dictionary_length),
            _ => None,
        };
        let offsets = strings.map_or(Some(0), |count| count.checked_add(1)?.checked_mul(4));
        let values = if width == Some(0) {
            0..0
        } else {
            range(place.values, width)?
        };
        let validity = match place.validity {
            None => 0..0,
            start => range(start, Some(rows.div_ceil(8)))?,
        };
        let bytes = match place.bytes_length {
            0 => 0..0,
            length => range(place.bytes, Some(length))?,
        };
        Ok([values, validity, range(place.offsets, offsets)?, bytes])
    }

    /// The rows that are meant, as Arrow's own type. Text is checked to be UTF-8.
    pub fn to_record_batch(&self) -> Result<RecordBatch, Error> {
        let columns = self.description.columns.iter();
        let arrays = columns
            .clone()
            .map(|column| self.array(column))
            .collect::<Result<Vec<_>, _>>()?;
        let fields: Vec<Field> = columns
            .zip(&arrays)
            .map(|(column, array)| Field::new(&column.name, array.data_type().clone(), true))
            .collect();
        let metadata: HashMap<_, _> = self.description.metadata.iter().cloned().collect();
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        let count = self.description.to - self.description.from;
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(count));
        RecordBatch::try_new_with_options(schema, arrays, &options)
            .map_err(|error| from_arrow(&error))
    }

    fn array(&self, column: &Column) -> Result<ArrayRef, Error> {
        let Description { rows, from, to, .. } = self.description;
        let [values, validity, offsets, bytes] = self.ranges(column)?;
        let buffer = |range: std::ops::Range<usize>| match self.memory.get(column.place.memory) {
            Some(memory) if !range.is_empty() => Buffer::from(memory.slice(range)),
            // Aligned for every type.
            _ => Buffer::from(Vec::<u64>::new()),
        };
        let nulls = column
            .place
            .validity
            .map(|_| NullBuffer::new(BooleanBuffer::new(buffer(validity), 0, rows)));
        let strings = |count: usize, nulls| {
            // Copied before it is checked: JavaScript may write to it at any time.
            let offsets = Buffer::from_slice_ref(&self.memory[column.place.memory][offsets]);
            let bytes = Buffer::from_slice_ref(buffer(bytes).as_slice());
            let offsets = ScalarBuffer::<i32>::new(offsets, 0, count + 1);
            let sorted = offsets.windows(2).all(|pair| pair[0] <= pair[1]);
            if !sorted || offsets[0] < 0 {
                return Err(refused("offsets that do not fall"));
            }
            StringArray::try_new(OffsetBuffer::new(offsets), bytes, nulls)
                .map_err(|error| from_arrow(&error))
        };
        let scalars = |range: std::ops::Range<usize>| (buffer(range), rows);
        Ok(match column.kind {
            ColumnType::Boolean => {
                let bits = BooleanBuffer::new(buffer(values), 0, rows);
                Arc::new(BooleanArray::new(bits, nulls).slice(from, to - from)) as ArrayRef
            }
            ColumnType::Int32 => {
                let (buffer, rows) = scalars(values);
                let values = ScalarBuffer::new(buffer, 0, rows);
                Arc::new(Int32Array::new(values, nulls).slice(from, to - from))
            }
            ColumnType::Float64 => {
                let (buffer, rows) = scalars(values);
                let values = ScalarBuffer::new(buffer, 0, rows);
                Arc::new(Float64Array::new(values, nulls).slice(from, to - from))
            }
            ColumnType::Int64 => {
                let (buffer, rows) = scalars(values);
                let values = ScalarBuffer::new(buffer, 0, rows);
                Arc::new(Int64Array::new(values, nulls).slice(from, to - from))
            }
            ColumnType::Timestamp => {
                let (buffer, rows) = scalars(values);
                let values = ScalarBuffer::new(buffer, 0, rows);
                let array = TimestampMillisecondArray::new(values, nulls).with_timezone("UTC");
                Arc::new(array.slice(from, to - from))
            }
            ColumnType::String | ColumnType::Json => {
                Arc::new(strings(rows, nulls)?.slice(from, to - from))
            }
            ColumnType::Dictionary => {
                // Copied before it is checked, as above.
                let codes = Buffer::from_slice_ref(buffer(values).as_slice());
                let codes = Int32Array::new(ScalarBuffer::new(codes, 0, rows), nulls);
                let strings = strings(column.place.dictionary_length, None)?;
                let array = DictionaryArray::try_new(codes, Arc::new(strings))
                    .map_err(|error| from_arrow(&error))?;
                Arc::new(array.slice(from, to - from))
            }
        })
    }

    /// The rows that are meant, as an Arrow IPC stream.
    pub fn to_ipc(&self, context: &Context<'_>) -> Result<Vec<u8>, Error> {
        let batch = self.to_record_batch()?;
        let mut stream = Vec::new();
        let size = batch.get_array_memory_size();
        if stream.try_reserve(size / 8).is_err() {
            return Err(ErrorKind::OutOfMemory {
                wanted: size as u64,
            }
            .into());
        }
        let failed = |error: ArrowError| from_arrow(&error);
        let mut writer = StreamWriter::try_new(&mut stream, &batch.schema()).map_err(failed)?;
        let mut done = 0;
        while done < batch.num_rows() {
            context.check()?;
            let count = BATCH_ROWS.min(batch.num_rows() - done);
            writer.write(&batch.slice(done, count)).map_err(failed)?;
            done += count;
        }
        writer.finish().map_err(failed)?;
        drop(writer);
        Ok(stream)
    }
}

fn from_arrow(error: &ArrowError) -> Error {
    ErrorKind::InvalidArgument {
        name: "table",
        expected: "columns as Arrow has them".to_owned(),
        received: error.to_string(),
    }
    .into()
}
