'use strict';

// Tables as native code hands them over, made by hand: columns in Arrow's layout, and what lies where.

const { fromPayload } = require('../../lib/table.js');

const VIEWS = {
  int32: Int32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  timestamp: BigInt64Array,
  dictionary: Int32Array,
};

/** What a null's place holds, which nobody should see. */
const GARBAGE = { int32: 7, float64: 7.5, int64: 7, timestamp: 7, boolean: true, string: 'garbage', dictionary: 0 };

/** Parts of one memory, each at a multiple of 64. */
class Memory {
  parts = [];
  size = 0;

  add(view) {
    const position = this.size;
    this.parts.push([position, new Uint8Array(view.buffer, view.byteOffset, view.byteLength)]);
    this.size = Math.ceil((position + view.byteLength) / 64) * 64;
    return position;
  }

  addTexts(texts) {
    const encoded = texts.map((text) => Buffer.from(text));
    const offsets = new Int32Array(texts.length + 1);
    encoded.forEach(({ length }, index) => (offsets[index + 1] = offsets[index] + length));
    const bytes = Buffer.concat(encoded);
    return { offsets: this.add(offsets), bytes: this.add(bytes), bytesLength: bytes.length };
  }

  build() {
    const memory = new ArrayBuffer(this.size);
    for (const [position, bytes] of this.parts) new Uint8Array(memory, position).set(bytes);
    return memory;
  }
}

function bitmap(values) {
  const bits = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, row) => {
    if (value) bits[row >> 3] |= 1 << (row & 7);
  });
  return bits;
}

function place(memory, { name, type, values }) {
  const nullCount = values.filter((value) => value === null).length;
  const placement = { name, type, nullCount, memory: 0, values: -1, validity: -1, offsets: -1, bytes: -1 };
  Object.assign(placement, { bytesLength: 0, dictionaryLength: 0 });
  if (nullCount > 0) placement.validity = memory.add(bitmap(values.map((value) => value !== null)));
  const filled = values.map((value) => value ?? GARBAGE[type]);
  if (type === 'boolean') {
    placement.values = memory.add(bitmap(filled));
  } else if (type === 'string') {
    Object.assign(placement, memory.addTexts(filled));
  } else if (type === 'dictionary') {
    const texts = [...new Set(values.filter((value) => value !== null))];
    const codes = values.map((value) => (value === null ? 0 : texts.indexOf(value)));
    placement.values = memory.add(Int32Array.from(codes));
    Object.assign(placement, memory.addTexts(texts), { dictionaryLength: texts.length });
  } else {
    const View = VIEWS[type];
    placement.values = memory.add(View.from(filled, (value) => (View === BigInt64Array ? BigInt(value) : value)));
  }
  return placement;
}

/** `[meta, memory]` of columns `{ name, type, values }`, whose values are JavaScript's. */
function payload(columns, rest = {}) {
  const memory = new Memory();
  const placements = columns.map((column) => place(memory, column));
  const numRows = columns[0]?.values.length ?? 0;
  return [JSON.stringify({ numRows, metadata: {}, ...rest, columns: placements }), memory.build()];
}

/** A table of such columns. */
function table(columns, rest) {
  return fromPayload(payload(columns, rest), 'ERR_OFFLOOP_CSV');
}

module.exports = { payload, table };
