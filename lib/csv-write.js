'use strict';

const { csvWriteOptions } = require('./csv-options.js');
const { Records } = require('./csv-records.js');
const { invalidValue } = require('./errors.js');
const { refuseTransfer } = require('./input.js');
const { report, run, runSteps, step } = require('./job.js');
const native = require('./native.js');
const { openSource } = require('./source.js');
const { describeTable, isTable } = require('./table.js');
const { Turns } = require('./turns.js');

/** @typedef {import('./csv-options.js').CsvWriteOptions} CsvWriteOptions */
/** @typedef {import('./batches.js').Operation} Operation */

const ROWS = 'a Table, or an (async) iterable of objects or arrays';
/** Milliseconds of turning rows into text in each turn of the event loop. */
const BUDGET = 2;
/** Rows between two looks at the clock. */
const LOOK = 16;
/** UTF-16 units that are handed over at once: joining and copying them takes a millisecond. */
const MOST_COST = 256 * 1024;

// index.d.ts gives these functions their types. Here their arguments are whatever came.

/**
 * @param {unknown} rows
 * @param {unknown} [options]
 * @returns {Promise<Buffer>}
 */
function stringify(rows, options) {
  return isTable(rows) ? stringifyTable(rows, options) : stringifyRows(rows, options);
}

/**
 * @param {InstanceType<typeof import('./table.js').Table>} table
 * @param {unknown} options
 */
function stringifyTable(table, options) {
  return run(options, (slot, job) => {
    refuseTransfer(job, 'csv.stringify');
    const { columns, ...settings } = csvWriteOptions(options);
    const { memories, meta } = describeTable(table, columns);
    return native.csvStringify(slot, job.priority, job.flags, memories, meta, settings);
  });
}

/**
 * @param {unknown} rows
 * @param {unknown} options
 */
function stringifyRows(rows, options) {
  return runSteps(options, async (operation) => {
    refuseTransfer(operation.job, 'csv.stringify');
    const { columns, ...settings } = csvWriteOptions(options);
    if (columns?.length === 0) throw invalidValue('options.columns', 'at least one name', columns);
    const source = openSource(rows, 'rows', ROWS);
    const stop = () => source.stop();
    operation.whenAbandoned = stop;
    try {
      const writer = new Writer(operation, settings, new Records(columns));
      await readRows(source, writer);
      return await writer.finish();
    } catch (failure) {
      stop();
      throw failure;
    }
  });
}

/**
 * @param {import('./source.js').Source} source
 * @param {Writer} writer
 */
async function readRows(source, writer) {
  const { records } = writer;
  const turns = new Turns(BUDGET);
  for (;;) {
    let item = source.next();
    // To wait for each row of an array too would take longer than the row.
    if ('then' in item) item = await item;
    if (item.done) return;
    records.add(item.value);
    if (records.cost >= MOST_COST) await writer.write();
    if (records.rows % LOOK === 0 && turns.spent) await turns.next();
  }
}

/** Hands records to native code: while it writes some, the next are made, and no more. */
class Writer {
  /** @type {Promise<unknown>} */
  #writing = Promise.resolve();
  #processed = 0;
  /** @type {unknown} of native code, made when the columns are known */
  #native;

  /**
   * @param {Operation} operation
   * @param {Omit<CsvWriteOptions, 'names'>} settings
   * @param {InstanceType<typeof Records>} records
   */
  constructor(operation, settings, records) {
    this.operation = operation;
    this.settings = settings;
    this.records = records;
  }

  get native() {
    const { names } = this.records;
    const { header } = this.settings;
    this.#native ??= native.csvWriter({ ...this.settings, header: header && names !== undefined, names });
    return this.#native;
  }

  /** Begins to write what the records have. */
  async write() {
    await this.#writing;
    this.#writing = this.#writeNow();
    // Looked at by the next `await`.
    this.#writing.catch(() => {});
  }

  async #writeNow() {
    const { operation, records } = this;
    const { text, lengths } = records.take();
    await step(operation, (slot, { priority, flags }) =>
      native.csvWriterRows(slot, priority, flags, this.native, text, lengths, records.fields)
    );
    if (operation.job.onProgress === undefined) return;
    this.#processed += Buffer.byteLength(text);
    report(operation, this.#processed, undefined);
  }

  /** @returns {Promise<Buffer>} */
  async finish() {
    if (this.records.cost > 0) await this.write();
    await this.#writing;
    const csv = await step(this.operation, (slot, { priority, flags }) =>
      native.csvWriterFinish(slot, priority, flags, this.native)
    );
    report(this.operation, this.#processed, this.#processed);
    return csv;
  }
}

module.exports = { stringify };
