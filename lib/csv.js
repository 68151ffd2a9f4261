'use strict';

const { isUint8Array } = require('node:util').types;
const { Batches } = require('./batches.js');
const { csvOptions } = require('./csv-options.js');
const { stringify } = require('./csv-write.js');
const { input, refuseTransfer } = require('./input.js');
const { report, run, step } = require('./job.js');
const native = require('./native.js');
const { filePath } = require('./path.js');
const { inPieces, openSource, readBatches } = require('./source.js');
const { fromPayload } = require('./table.js');

/** @typedef {InstanceType<typeof import('./table.js').Table>} Table */
/** @typedef {import('./batches.js').Operation} Operation */
/** @typedef {Parameters<typeof fromPayload>[0]} Payload */

const SOURCE = 'a path, a Node.js Readable, a ReadableStream or an (async) iterable of bytes';

// index.d.ts gives these functions their types. Here their arguments are whatever came.

/** @param {Payload} payload */
function tableOf(payload) {
  return fromPayload(payload, 'ERR_OFFLOOP_CSV');
}

/**
 * @param {unknown} data
 * @param {unknown} [options]
 */
async function parse(data, options) {
  /** @type {Payload} */
  const payload = await run(options, (slot, job) => {
    const settings = csvOptions(options);
    const bytes = input(data, 'data', job);
    // Text has been decoded already.
    if (typeof bytes === 'string') settings.encoding = 'utf-8';
    return native.csvParse(slot, job.priority, job.flags, bytes, settings);
  });
  return tableOf(payload);
}

/**
 * @param {unknown} path
 * @param {unknown} [options]
 */
async function parseFile(path, options) {
  /** @type {Payload} */
  const payload = await run(options, (slot, job) => {
    refuseTransfer(job, 'csv.parseFile');
    const settings = csvOptions(options);
    return native.csvParseFile(slot, job.priority, job.flags, pathBytes(path), settings);
  });
  return tableOf(payload);
}

/** @param {unknown} path */
function pathBytes(path) {
  const plain = filePath(path);
  return typeof plain === 'string' ? Buffer.from(plain) : plain;
}

/**
 * @param {unknown} source
 * @param {unknown} [options]
 */
function batches(source, options) {
  return new Batches(options, async (operation, handOver) => {
    refuseTransfer(operation.job, 'csv.batches');
    const settings = csvOptions(options);
    const isPath = typeof source === 'string' || isUint8Array(source) || source instanceof URL;
    if (isPath) await readFile(operation, native.csvReader(settings, pathBytes(source)), handOver);
    else await readSource(operation, source, settings, handOver);
  });
}

/**
 * @param {Operation} operation
 * @param {unknown} reader
 * @param {(table: Table) => Promise<void>} handOver
 */
async function readFile(operation, reader, handOver) {
  try {
    for (;;) {
      const payload = await nextTable(operation, reader, [], false);
      // Of a file null never comes: nothing has to come first.
      if (!payload) return;
      if (operation.job.onProgress !== undefined) {
        const { processedBytes, totalBytes } = JSON.parse(payload[0]);
        report(operation, processedBytes, totalBytes);
      }
      await handOver(tableOf(payload));
    }
  } finally {
    native.csvReaderClose(reader);
  }
}

/**
 * @param {Operation} operation
 * @param {unknown} readable
 * @param {import('./csv-options.js').CsvOptions} settings
 * @param {(table: Table) => Promise<void>} handOver
 */
async function readSource(operation, readable, settings, handOver) {
  const source = openSource(readable, 'source', SOURCE);
  const stop = () => source.stop();
  operation.whenAbandoned = stop;
  try {
    const reader = native.csvReader(settings);
    const end = new Ending(settings);
    let processed = 0;
    /** @type {(chunks: (Uint8Array | string)[], size: number, last: boolean) => Promise<void>} */
    const parseBatch = async (chunks, size, last) => {
      const payload = await nextTable(operation, reader, chunks, last);
      processed += size;
      report(operation, processed, last ? processed : undefined);
      if (payload === false || (payload !== null && JSON.parse(payload[0]).isLast)) end.reach();
      if (payload) await handOver(tableOf(payload));
    };
    const pieces = inPieces(end.before(source), 'source', settings.batchBytes);
    const { batch, size } = await readBatches(pieces, 'source', settings.batchBytes, async (batch, size) => {
      try {
        await parseBatch(batch, size, false);
      } catch (failure) {
        // At once, and not when the source has given the next batch.
        operation.abandon(failure);
        throw failure;
      }
    });
    if (end.isReached) stop();
    else await parseBatch(batch, size, true);
  } catch (failure) {
    stop();
    throw failure;
  }
}

/**
 * @param {Operation} operation
 * @param {unknown} reader
 * @param {(Uint8Array | string)[]} chunks
 * @param {boolean} last
 * @returns {Promise<Payload | null | false>} null where more has to come first, false after the last table
 */
function nextTable(operation, reader, chunks, last) {
  return step(operation, (slot, { priority, flags }) =>
    native.csvReaderNext(slot, priority, flags, reader, chunks, last)
  );
}

/** The end of what is wanted, which may come before that of the source. */
class Ending {
  isReached = false;

  /** @param {import('./csv-options.js').CsvOptions} settings */
  constructor({ limit, toLine }) {
    this.mayCome = limit !== undefined || toLine !== undefined;
    /** @type {Promise<{ done: true, value: undefined }>} */
    this.promise = new Promise((resolve) => {
      this.reach = () => {
        this.isReached = true;
        resolve({ done: true, value: undefined });
      };
    });
  }

  /**
   * The source, up to here: also where it says nothing for long.
   *
   * @param {import('./source.js').Source} source
   */
  before(source) {
    if (!this.mayCome) return source;
    return { ...source, next: () => Promise.race([source.next(), this.promise]) };
  }
}

module.exports = { parse, parseFile, batches, stringify };
