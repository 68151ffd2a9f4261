'use strict';

const { countSet, sliceBits } = require('./bitmap.js');
const { cellsOf } = require('./cells.js');
const { invalidType, outOfRange } = require('./errors.js');
const { ColumnData, isText } = require('./layout.js');

/** @typedef {import('../index.js').TableValue} TableValue */
/** @typedef {InstanceType<typeof ColumnData>} Data */

/** Rows that are read at once. */
const BLOCK_ROWS = 1024;

// index.d.ts gives these classes their types. Here their arguments are whatever came.

/** One column of a table, or of a slice of it: views of the table's memory. */
class Column {
  /** @type {Data} */
  #data;
  /** @type {number} */
  #from;
  /** @type {InstanceType<typeof import('./cells.js').Cells> | undefined} */
  #cachedCells;
  /** @type {number | undefined} */
  #nullCount;
  /** @type {any} */
  #values;
  /** @type {Uint8Array | undefined} */
  #validity;
  /** @type {Int32Array | undefined} */
  #offsets;

  /**
   * @param {unknown} data
   * @param {number} from
   * @param {number} to
   */
  constructor(data, from, to) {
    if (!(data instanceof ColumnData)) throw invalidType('data', 'the data that only table.column has', data);
    this.#data = data;
    this.#from = from;
    this.name = data.name;
    this.type = data.type;
    this.length = to - from;
    Object.freeze(this);
  }

  get #to() {
    return this.#from + this.length;
  }

  get #cells() {
    return (this.#cachedCells ??= cellsOf(this.#data));
  }

  get nullCount() {
    if (this.#nullCount === undefined) {
      this.#data.check();
      const { validity } = this.#data;
      this.#nullCount = validity === undefined ? 0 : this.length - countSet(validity, this.#from, this.#to);
    }
    return this.#nullCount;
  }

  get values() {
    return (this.#values ??= this.#slice());
  }

  #slice() {
    this.#data.check();
    const { type } = this;
    if (isText(type)) {
      const { buffer, byteOffset, length } = this.#data.bytes;
      return new Uint8Array(buffer, byteOffset, length);
    }
    if (type === 'boolean') return sliceBits(this.#data.values, this.#from, this.#to);
    return this.#data.values.subarray(this.#from, this.#to);
  }

  get validity() {
    if (this.#validity === undefined && this.nullCount > 0) {
      this.#data.check();
      this.#validity = sliceBits(/** @type {Uint8Array} */ (this.#data.validity), this.#from, this.#to);
    }
    return this.#validity;
  }

  get offsets() {
    if (this.#offsets === undefined && isText(this.type)) {
      this.#data.check();
      this.#offsets = this.#data.offsets.subarray(this.#from, this.#to + 1);
    }
    return this.#offsets;
  }

  get dictionary() {
    return this.type === 'dictionary' ? this.#cells.dictionary : undefined;
  }

  /** @param {unknown} index */
  get(index) {
    return this.#cells.get(this.#from + rowIndex(index, this.length));
  }

  toArray() {
    /** @type {TableValue[]} */
    const values = [];
    for (let row = this.#from; row < this.#to; row += BLOCK_ROWS) this.#append(values, row);
    return values;
  }

  *[Symbol.iterator]() {
    for (let row = this.#from; row < this.#to; row += BLOCK_ROWS) {
      /** @type {TableValue[]} */
      const block = [];
      this.#append(block, row);
      yield* block;
    }
  }

  /**
   * Appends the values of the block that begins with a row.
   *
   * @param {TableValue[]} values
   * @param {number} row
   */
  #append(values, row) {
    const count = Math.min(BLOCK_ROWS, this.#to - row);
    const block = this.#cells.read(row, count);
    for (let index = 0; index < count; index++) values.push(block[index]);
  }
}

/**
 * @param {unknown} index
 * @param {number} length
 * @returns {number}
 */
function rowIndex(index, length) {
  if (typeof index !== 'number') throw invalidType('index', 'a number', index);
  if (!Number.isInteger(index) || index < 0 || index >= length) {
    throw outOfRange('index', `an integer from 0 and below ${length}, the number of rows,`, index);
  }
  return index;
}

module.exports = { Column, rowIndex };
