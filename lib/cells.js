'use strict';

// The values of a column as JavaScript's own: one, or those of some rows in an array.

const { isSet } = require('./bitmap.js');
const { isText } = require('./layout.js');
const { decode, decodeRows } = require('./strings.js');

/** @typedef {import('../index.js').TableValue} TableValue */
/** @typedef {InstanceType<typeof import('./layout.js').ColumnData>} ColumnData */
/** @typedef {ArrayLike<TableValue>} Block */

/**
 * Reads one column. The rows are those of its memory.
 *
 * @template {ArrayLike<unknown>} [Values=any]
 */
class Cells {
  /** @param {ColumnData} data */
  constructor(data) {
    this.data = data;
    this.validity = data.validity;
    this.values = /** @type {Values} */ (isText(data.type) ? [] : data.values);
    /** @type {any[]} what `read` fills, again and again */
    this.scratch = [];
  }

  /**
   * @param {number} row
   * @returns {TableValue}
   */
  get(row) {
    this.data.check();
    const { validity } = this;
    return validity === undefined || isSet(validity, row) ? this.at(row) : null;
  }

  /**
   * The values of some rows, from the index 0 on. They hold until the next call.
   *
   * @param {number} from
   * @param {number} count
   * @returns {Block}
   */
  read(from, count) {
    this.data.check();
    const { validity, scratch } = this;
    // All that it will hold is of one kind to the engine, from the start.
    while (scratch.length < count) scratch.push(null);
    this.fill(scratch, from, count);
    if (validity === undefined) return scratch;
    for (let index = 0; index < count; index++) {
      if (!isSet(validity, from + index)) scratch[index] = null;
    }
    return scratch;
  }

  /**
   * @abstract
   * @param {number} row not of a null
   * @returns {TableValue}
   */
  at(row) {
    throw new RangeError(`row ${row} of a column of no type`);
  }

  /**
   * The distinct texts, where there are some.
   *
   * @returns {readonly string[] | undefined}
   */
  get dictionary() {
    return undefined;
  }

  /**
   * @param {any[]} cells
   * @param {number} from
   * @param {number} count
   */
  fill(cells, from, count) {
    for (let index = 0; index < count; index++) cells[index] = this.at(from + index);
  }
}

/** @extends {Cells<Int32Array | Float64Array | BigInt64Array>} */
class Numbers extends Cells {
  /** @type {Cells['read']} */
  read(from, count) {
    if (this.validity !== undefined) return super.read(from, count);
    this.data.check();
    return /** @type {Block} */ (this.values.subarray(from, from + count));
  }

  /** @type {Cells['at']} */
  at(row) {
    return this.values[row];
  }

  /** @type {Cells['fill']} */
  fill(cells, from, count) {
    const { values } = this;
    for (let index = 0; index < count; index++) cells[index] = values[from + index];
  }
}

/**
 * Milliseconds since the epoch, of 64 bits. A BigInt for each would cost more than all the rest.
 *
 * @extends {Cells<BigInt64Array>}
 */
class Timestamps extends Cells {
  /** @param {ColumnData} data */
  constructor(data) {
    super(data);
    const { buffer, byteOffset, length } = this.values;
    this.low = new Uint32Array(buffer, byteOffset, 2 * length);
    this.high = new Int32Array(buffer, byteOffset, 2 * length);
    this.numbers = new Float64Array(0);
  }

  /** @type {Cells['read']} */
  read(from, count) {
    if (this.validity !== undefined) return super.read(from, count);
    this.data.check();
    if (this.numbers.length < count) this.numbers = new Float64Array(count);
    const { low, high, numbers } = this;
    for (let index = 0; index < count; index++) {
      const at = 2 * (from + index);
      numbers[index] = high[at + 1] * 2 ** 32 + low[at];
    }
    return numbers;
  }

  /** @type {Cells['at']} */
  at(row) {
    return this.high[2 * row + 1] * 2 ** 32 + this.low[2 * row];
  }
}

/** @extends {Cells<Uint8Array>} */
class Booleans extends Cells {
  /** @type {Cells['at']} */
  at(row) {
    return isSet(this.values, row);
  }

  /** @type {Cells['fill']} */
  fill(cells, from, count) {
    const { values } = this;
    for (let index = 0; index < count; index++) cells[index] = isSet(values, from + index);
  }
}

class Strings extends Cells {
  /** @param {ColumnData} data */
  constructor(data) {
    super(data);
    this.offsets = data.offsets;
    this.bytes = data.bytes;
  }

  /** @type {Cells['at']} */
  at(row) {
    return decode(this.bytes, this.offsets[row], this.offsets[row + 1]);
  }

  /** @type {Cells['fill']} */
  fill(cells, from, count) {
    decodeRows(this.bytes, this.offsets, from, count, cells);
  }
}

/**
 * Each distinct text is decoded once, when it is first met: all of them at once could take long.
 *
 * @extends {Cells<Int32Array>}
 */
class Dictionary extends Cells {
  /** @param {ColumnData} data */
  constructor(data) {
    super(data);
    this.offsets = data.offsets;
    this.bytes = data.bytes;
    /** @type {(string | undefined)[]} */
    this.texts = new Array(this.offsets.length - 1).fill(undefined);
    /** @type {readonly string[] | undefined} */
    this.cachedDictionary = undefined;
  }

  /** @param {number} code */
  text(code) {
    const { offsets, texts } = this;
    return (texts[code] ??= decode(this.bytes, offsets[code], offsets[code + 1]));
  }

  /** @type {Cells['dictionary']} */
  get dictionary() {
    this.data.check();
    return (this.cachedDictionary ??= Object.freeze(this.texts.map((_, code) => this.text(code))));
  }

  /** @type {Cells['at']} */
  at(row) {
    return this.text(this.values[row]);
  }

  /** @type {Cells['fill']} */
  fill(cells, from, count) {
    const { values, texts } = this;
    for (let index = 0; index < count; index++) {
      const code = values[from + index];
      cells[index] = texts[code] ?? this.text(code);
    }
  }
}

const READERS = {
  boolean: Booleans,
  int32: Numbers,
  float64: Numbers,
  int64: Numbers,
  timestamp: Timestamps,
  string: Strings,
  dictionary: Dictionary,
  json: Strings,
};

/** @type {WeakMap<ColumnData, Cells>} */
const known = new WeakMap();

/**
 * The one reader of a column's data.
 *
 * @param {ColumnData} data
 * @returns {Cells}
 */
function cellsOf(data) {
  let cells = known.get(data);
  if (cells === undefined) {
    cells = new READERS[data.type](data);
    known.set(data, cells);
  }
  return cells;
}

module.exports = { Cells, cellsOf };
