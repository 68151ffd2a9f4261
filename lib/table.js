'use strict';

const { Column, rowIndex } = require('./column.js');
const { failure, invalidType, invalidValue, toError } = require('./errors.js');
const { refuseTransfer } = require('./input.js');
const { run } = require('./job.js');
const { Layout, describe, open } = require('./layout.js');
const { pack, unpack } = require('./message.js');
const native = require('./native.js');
const { jobOptions } = require('./options.js');
const { Rows } = require('./rows.js');
const { Turns } = require('./turns.js');
const { integer, optionsObject } = require('./validate.js');

/** @typedef {import('../index.js').TableRow} TableRow */
/** @typedef {InstanceType<typeof import('./layout.js').ColumnData>} ColumnData */

/** Rows of an array that `rows` gives: half a millisecond of eight columns. */
const USUAL_BATCH = 1000;
const MOST_BATCH = 2 ** 31 - 1;
/** Milliseconds of making rows in each turn of the event loop. */
const BUDGET = 2;
/** Columns that an error names. */
const NAMED = 5;

/** What a table and its slices have in common. */
class Selection {
  /** @param {readonly ColumnData[]} columns */
  constructor(columns) {
    this.columns = columns;
    this.byName = new Map(columns.map((data) => [data.name, data]));
    this.names = Object.freeze([...this.byName.keys()]);
    /** @type {InstanceType<typeof Rows> | undefined} */
    this.cachedRows = undefined;
  }

  get rows() {
    return (this.cachedRows ??= new Rows(this.columns));
  }

  /**
   * @param {unknown} name
   * @param {string} argument
   */
  column(name, argument) {
    if (typeof name !== 'string') throw invalidType(argument, 'a string', name);
    const data = this.byName.get(name);
    if (data === undefined) throw invalidValue(argument, `the name of a column (${this.some()})`, name);
    return data;
  }

  /** Some names of columns, for an error. */
  some() {
    if (this.names.length === 0) return 'there are none';
    const first = this.names.slice(0, NAMED).map((name) => `'${name}'`);
    const more = this.names.length - first.length;
    return first.join(', ') + (more > 0 ? ` and ${more} more` : '');
  }
}

/** @type {(table: Table, names: string[] | undefined) => ReturnType<typeof describe>} */
let describeTable;
/** @type {(value: unknown) => value is Table} */
let isTable;

// index.d.ts gives these functions their types. Here their arguments are whatever came.

/** Rows and columns: views of memory that lies as Apache Arrow's does. */
class Table {
  /** @type {InstanceType<typeof Layout>} */
  #layout;
  /** @type {Selection} */
  #selection;
  /** @type {number} */
  #from;
  /** @type {Map<string, InstanceType<typeof Column>>} */
  #columns = new Map();
  /** @type {readonly import('../index.js').ColumnSchema[] | undefined} */
  #schema;

  static {
    describeTable = (table, names) => table.#describe(names);
    isTable = /** @type {typeof isTable} */ (
      (value) => typeof value === 'object' && value !== null && #layout in value
    );
  }

  /**
   * @param {unknown} layout
   * @param {Selection} [selection]
   * @param {number} [from]
   * @param {number} [to]
   */
  constructor(layout, selection, from, to) {
    if (!(layout instanceof Layout)) throw invalidType('layout', 'what only parsers and Table.from have', layout);
    this.#layout = layout;
    this.#selection = selection ?? new Selection(layout.columns);
    this.#from = from ?? 0;
    this.numRows = (to ?? layout.numRows) - this.#from;
    this.numColumns = this.#selection.names.length;
    this.columnNames = this.#selection.names;
    this.metadata = layout.metadata;
    this.errorCount = layout.recordErrors.errorCount;
    Object.freeze(this);
  }

  /** @param {unknown} message */
  static from(message) {
    return new Table(unpack(message));
  }

  get #to() {
    return this.#from + this.numRows;
  }

  get schema() {
    this.#schema ??= Object.freeze(
      this.#selection.columns.map(({ name, type, nullCount }) => Object.freeze({ name, type, nullable: nullCount > 0 }))
    );
    return this.#schema;
  }

  get errors() {
    return this.#layout.errors;
  }

  /** @param {unknown} name */
  column(name) {
    const data = this.#selection.column(name, 'name');
    let column = this.#columns.get(data.name);
    if (column === undefined) {
      column = new Column(data, this.#from, this.#to);
      this.#columns.set(data.name, column);
    }
    return column;
  }

  /** @param {unknown} index */
  row(index) {
    /** @type {TableRow[]} */
    const rows = [];
    this.#selection.rows.make(rows, this.#from + rowIndex(index, this.numRows), 1);
    return rows[0];
  }

  /** @param {unknown} names */
  select(names) {
    if (!Array.isArray(names)) throw invalidType('names', 'an array of strings', names);
    const columns = Array.from(names, (name, index) => this.#selection.column(name, `names[${index}]`));
    if (new Set(columns).size < columns.length) throw invalidValue('names', 'each column once', names);
    return new Table(this.#layout, new Selection(columns), this.#from, this.#to);
  }

  /**
   * @param {unknown} [from]
   * @param {unknown} [to]
   */
  slice(from, to) {
    const start = this.#position(from ?? 0, 'from');
    const end = this.#position(to ?? this.numRows, 'to');
    return new Table(this.#layout, this.#selection, this.#from + start, this.#from + Math.max(start, end));
  }

  /**
   * @param {unknown} value as for Array.prototype.slice
   * @param {string} name the argument
   */
  #position(value, name) {
    const at = integer(value, name, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    return Math.min(Math.max(at < 0 ? this.numRows + at : at, 0), this.numRows);
  }

  *[Symbol.iterator]() {
    const { rows: maker } = this.#selection;
    let row = this.#from;
    while (row < this.#to) {
      const count = maker.block(row, this.#to);
      /** @type {TableRow[]} */
      const rows = [];
      maker.make(rows, row, count);
      yield* rows;
      row += count;
    }
  }

  /** @param {unknown} [options] */
  async *rows(options) {
    const { batch: size = USUAL_BATCH, signal: given } = optionsObject(options, 'options');
    const { signal } = jobOptions({ signal: given });
    const most = integer(size, 'options.batch', 1, MOST_BATCH);
    const { rows: maker } = this.#selection;
    const turns = new Turns(BUDGET);
    let row = this.#from;
    while (row < this.#to) {
      const end = Math.min(row + most, this.#to);
      /** @type {TableRow[]} */
      const rows = [];
      while (row < end) {
        if (turns.spent) await turns.next();
        if (signal?.aborted) throw toError(failure('ABORT_ERR', { cause: signal.reason }), this.rows);
        const count = maker.block(row, end);
        maker.make(rows, row, count);
        row += count;
      }
      yield rows;
    }
  }

  /** @param {unknown} [options] */
  toArrow(options) {
    return run(options, (slot, job) => {
      refuseTransfer(job, 'table.toArrow');
      const { memories, meta } = this.#describe();
      return native.tableToArrow(slot, job.priority, job.flags, memories, meta);
    });
  }

  /**
   * For native code, which reads the memory as it is.
   *
   * @param {string[]} [names] of columns; all by default
   */
  #describe(names) {
    const { numRows } = this.#layout;
    const columns = names?.map((name) => this.#selection.column(name, 'options.columns')) ?? this.#selection.columns;
    return describe(columns, { numRows, from: this.#from, to: this.#to });
  }

  async toMessage() {
    return this.#pack(ArrayBuffer);
  }

  async share() {
    return this.#pack(SharedArrayBuffer);
  }

  /** @param {new (size: number) => import('./layout.js').Memory} Kind */
  #pack(Kind) {
    const { metadata, recordErrors } = this.#layout;
    return pack(this.#selection.columns, [this.#from, this.#to], { metadata, ...recordErrors }, Kind);
  }
}

/**
 * What native code makes of a table: its description and its memories.
 *
 * @typedef {[meta: string, ...memories: ArrayBuffer[]]} Payload
 */

/**
 * The table that native code has made.
 *
 * @param {Payload} payload
 * @param {string} errorCode of the records that were left out
 */
function fromPayload([meta, ...memories], errorCode) {
  return new Table(open(meta, memories, 'payload', memories, errorCode));
}

module.exports = { Column, Table, describeTable, fromPayload, isTable };
