'use strict';

// A table in memory: Apache Arrow's layout of columns, described by a JSON text. Native code writes
// and reads the same (src/ops/table), and so do the messages between threads.

const { isAnyArrayBuffer } = require('node:util').types;
const { bytes } = require('./bytes.js');
const { OffloopError, invalidType, invalidValue } = require('./errors.js');

/** @typedef {import('../index.js').ColumnType} ColumnType */
/** @typedef {ArrayBuffer | SharedArrayBuffer} Memory */

/**
 * Where a column lies. All positions are bytes from the start of its memory, multiples of 64, and
 * -1 where the column has no such part.
 *
 * @typedef {object} Placement
 * @property {string} name
 * @property {ColumnType} type
 * @property {number} nullCount
 * @property {number} memory which of the table's
 * @property {number} values fixed-width values, or a bitmap of booleans
 * @property {number} validity a bitmap, least significant bit first, 1 for valid; -1 without nulls
 * @property {number} offsets of text: int32, one more than there are texts
 * @property {number} bytes of text: UTF-8
 * @property {number} bytesLength
 * @property {number} dictionaryLength
 */

/** @typedef {{ message: string, line: number, column: number, byteOffset: number }} RecordError */
/** @typedef {{ errorCode: string, errorCount: number, errors: RecordError[] }} RecordErrors */

const ALIGNMENT = 64;
/** Rows of a table. Offsets are int32 too. */
const MAX_ROWS = 2 ** 31 - 1;

/**
 * The bits of each value; of a dictionary those of a code. Text has no values of a fixed width.
 *
 * @type {Readonly<Record<ColumnType, number>>}
 */
const WIDTHS = Object.freeze({
  boolean: 1,
  int32: 32,
  float64: 64,
  int64: 64,
  timestamp: 64,
  string: 0,
  dictionary: 32,
  json: 0,
});

/**
 * Whether each row has a text of its own. JSON lies in memory as other text does.
 *
 * @param {ColumnType} type
 */
function isText(type) {
  return WIDTHS[type] === 0;
}

/**
 * Bytes that `count` values of so many bits take.
 *
 * @param {number} count
 * @param {number} bits
 */
function sizeOf(count, bits) {
  return Math.ceil((count * bits) / 8);
}

/**
 * How many texts a column holds: one for each row, or one for each entry of its dictionary.
 *
 * @param {{ type: ColumnType, dictionaryLength: number }} placement
 * @param {number} rows
 */
function textCount({ type, dictionaryLength }, rows) {
  if (type === 'dictionary') return dictionaryLength;
  return isText(type) ? rows : -1;
}

/** The values of one column, of all rows of its memory. Slices of a table share it. */
class ColumnData {
  /**
   * @param {Placement} placement
   * @param {Memory} memory
   * @param {number} rows
   */
  constructor(placement, memory, rows) {
    this.name = placement.name;
    this.type = placement.type;
    this.nullCount = placement.nullCount;
    this.placement = placement;
    this.memory = memory;
    this.rows = rows;
    this.memoryLength = memory.byteLength;
    /** @type {any} */
    this.cachedValues = undefined;
    /** @type {Uint8Array | undefined} */
    this.cachedValidity = undefined;
    /** @type {Int32Array | undefined} */
    this.cachedOffsets = undefined;
    /** @type {Buffer | undefined} */
    this.cachedBytes = undefined;
  }

  /** Throws where the memory was transferred to another thread: its views have no elements then. */
  check() {
    if (this.memory.byteLength !== this.memoryLength) {
      throw invalidValue("the table's memory", 'bytes that are still there, not transferred away,', this.memory);
    }
  }

  /**
   * The fixed-width values, or the bitmap of booleans.
   *
   * @returns {any} a typed array, as the type says
   */
  get values() {
    return (this.cachedValues ??= this.view(this.placement.values));
  }

  /** @param {number} position */
  view(position) {
    this.check();
    const { memory, rows } = this;
    switch (this.type) {
      case 'boolean':
        return new Uint8Array(memory, position, sizeOf(rows, 1));
      case 'float64':
        return new Float64Array(memory, position, rows);
      case 'int64':
      case 'timestamp':
        return new BigInt64Array(memory, position, rows);
      default:
        return new Int32Array(memory, position, rows);
    }
  }

  /** The bitmap of the rows that are not null; undefined where all are. */
  get validity() {
    if (this.nullCount === 0) return undefined;
    if (this.cachedValidity === undefined) {
      this.check();
      this.cachedValidity = new Uint8Array(this.memory, this.placement.validity, sizeOf(this.rows, 1));
    }
    return this.cachedValidity;
  }

  /** Of text: where each begins in `bytes`, and the last ends. */
  get offsets() {
    if (this.cachedOffsets === undefined) {
      this.check();
      const length = textCount(this.placement, this.rows) + 1;
      this.cachedOffsets = new Int32Array(this.memory, this.placement.offsets, length);
    }
    return this.cachedOffsets;
  }

  /** Of text: its UTF-8. */
  get bytes() {
    if (this.cachedBytes === undefined) {
      this.check();
      this.cachedBytes = Buffer.from(this.memory, this.placement.bytes, this.placement.bytesLength);
    }
    return this.cachedBytes;
  }
}

/** A whole table in memory. */
class Layout {
  /**
   * @param {number} numRows
   * @param {ColumnData[]} columns
   * @param {Readonly<Record<string, string>>} metadata
   * @param {RecordErrors} errors
   */
  constructor(numRows, columns, metadata, errors) {
    this.numRows = numRows;
    this.columns = columns;
    this.metadata = metadata;
    this.recordErrors = errors;
    /** @type {readonly InstanceType<typeof OffloopError>[] | undefined} */
    this.cachedErrors = undefined;
  }

  /** What was wrong with the records that were left out. */
  get errors() {
    return (this.cachedErrors ??= errorsOf(this.recordErrors));
  }
}

/** @param {RecordErrors} recordErrors */
function errorsOf({ errorCode, errors }) {
  // Thousands of stacks, all of this line, would take longer than all the rest.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return Object.freeze(errors.map(({ message, ...place }) => new OffloopError(errorCode, message, place)));
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * The table that lies in `memories`. Nothing that the description says is taken on trust; what the
 * memory holds is, because it may change at any time, and whatever reads it bears any bytes.
 *
 * @param {unknown} meta the description, as JSON
 * @param {unknown[]} memories
 * @param {string} name the argument that they came in
 * @param {unknown} value what came
 * @param {string} [usualCode] of errors whose code the description does not say
 * @returns {Layout}
 */
function open(meta, memories, name, value, usualCode = '') {
  /** @type {(condition: unknown, what: string) => asserts condition} */
  const expect = (condition, what) => {
    if (!condition) throw invalidValue(name, `what toMessage or share has made, ${what},`, value);
  };
  memories.forEach((memory) => {
    expect(isAnyArrayBuffer(memory) && !(/** @type {any} */ (memory).resizable), 'in memory of a fixed size');
  });
  if (typeof meta !== 'string') throw invalidType(`${name}.meta`, 'a string', meta);
  const description = parse(meta);
  expect(isObject(description), 'described in JSON');
  const { numRows, columns, metadata = {}, errorCode = usualCode, errorCount = 0, errors = [] } = description;
  expect(isCount(numRows, MAX_ROWS), 'with a number of rows');
  expect(Array.isArray(columns) && columns.every(isObject), 'with columns');
  expect(new Set(columns.map((column) => column.name)).size === columns.length, 'with a name for each column');
  expect(isObject(metadata) && Object.values(metadata).every(isString), 'with metadata of strings');
  expect(isString(errorCode) && isCount(errorCount), 'with a count of errors and their code');
  expect(Array.isArray(errors) && errors.every(isRecordError), 'with errors that have a place');
  const data = columns.map((/** @type {Placement} */ placement) => {
    const reason = flaw(placement, memories, numRows);
    expect(reason === undefined, `with columns that lie in it (${reason})`);
    return new ColumnData(placement, /** @type {Memory} */ (memories[placement.memory]), numRows);
  });
  return new Layout(numRows, data, Object.freeze({ ...metadata }), { errorCode, errorCount, errors });
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {unknown} value */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @param {unknown} value */
function isString(value) {
  return typeof value === 'string';
}

/**
 * @param {any} value
 * @param {number} [most]
 */
function isCount(value, most = Number.MAX_SAFE_INTEGER) {
  return Number.isInteger(value) && value >= 0 && value <= most;
}

/** @param {any} error */
function isRecordError(error) {
  return (
    isObject(error) && isString(error.message) && [error.line, error.column, error.byteOffset].every(Number.isFinite)
  );
}

/**
 * What is wrong with the place of a column, if anything.
 *
 * @param {Placement} placement
 * @param {any[]} memories
 * @param {number} rows
 */
function flaw(placement, memories, rows) {
  const { name, type, nullCount, memory, values, validity, offsets, bytes, bytesLength, dictionaryLength } = placement;
  if (!isString(name)) return 'one has no name';
  if (!isString(type) || !Object.hasOwn(WIDTHS, type)) return 'the type of one is not known';
  if (!isCount(nullCount, rows)) return 'one has more nulls than rows';
  if (!isCount(memory) || memories[memory] === undefined) return 'the memory of one is missing';
  const length = memories[memory].byteLength;
  /** @type {(position: number, size: number) => boolean} */
  const fits = (position, size) => isCount(position, length - size) && position % ALIGNMENT === 0;
  if (nullCount > 0 && !fits(validity, sizeOf(rows, 1))) return 'the validity of one does not fit';
  if (!isText(type) && !fits(values, sizeOf(rows, WIDTHS[type]))) return 'the values of one do not fit';
  if (type === 'dictionary' && !isCount(dictionaryLength, MAX_ROWS)) return 'the dictionary of one has no length';
  const texts = textCount(placement, rows);
  if (texts < 0) return undefined;
  if (!fits(offsets, sizeOf(texts + 1, 32))) return 'the offsets of one do not fit';
  if (!isCount(bytesLength) || !fits(bytes, bytesLength)) return 'the text of one does not fit';
  return undefined;
}

/**
 * Some columns' description and memories, as native code takes them.
 *
 * @param {readonly ColumnData[]} columns
 * @param {object} rest of the description
 * @returns {{ memories: (Uint8Array | string)[], meta: string }}
 */
function describe(columns, rest) {
  const memories = [...new Set(columns.map(({ memory }) => memory))];
  const placements = columns.map(({ placement, memory }) => ({ ...placement, memory: memories.indexOf(memory) }));
  return {
    memories: memories.map((memory) => bytes(memory, "the table's memory")),
    meta: JSON.stringify({ ...rest, columns: placements }),
  };
}

module.exports = { ALIGNMENT, ColumnData, Layout, WIDTHS, describe, isText, open, sizeOf, textCount };
