'use strict';

// Tables of a file or a stream, a part at a time: what the formats that are read so have in common.

const { isUint8Array } = require('node:util').types;
const { Batches } = require('./batches.js');
const { refuseTransfer } = require('./input.js');
const { report, step } = require('./job.js');
const { pathBytes } = require('./path.js');
const { inPieces, openSource, readBatches } = require('./source.js');
const { refuseFileOptions } = require('./table-options.js');

/** @typedef {InstanceType<typeof import('./table.js').Table>} Table */
/** @typedef {import('./batches.js').Operation} Operation */
/** @typedef {import('./table.js').Payload} Payload */

/**
 * @typedef {object} Settings what native code takes, and this file looks at
 * @property {number} batchBytes
 * @property {number} [limit]
 * @property {number} [toLine]
 */

/**
 * How native code reads one format.
 *
 * @template {Settings} S
 * @typedef {object} Format
 * @property {string} call how the caller knows it
 * @property {(options: unknown) => S} settings of the caller's options
 * @property {(settings: S, path?: Uint8Array) => unknown} open a reader of native code
 * @property {(slot: number, priority: number, flags: number, reader: unknown, chunks: (Uint8Array | string)[],
 *   last: boolean) => any} next its next table, as a job
 * @property {(reader: unknown) => void} close gives up what a reader has
 * @property {(payload: Payload) => Table} table
 */

const SOURCE = 'a path, a Node.js Readable, a ReadableStream or an (async) iterable of bytes';

/**
 * @template {Settings} S
 * @param {Format<S>} format
 * @param {unknown} source the caller's
 * @param {unknown} options the caller's
 */
function tableBatches(format, source, options) {
  return new Batches(options, async (operation, handOver) => {
    refuseTransfer(operation.job, format.call);
    const settings = format.settings(options);
    const isPath = typeof source === 'string' || isUint8Array(source) || source instanceof URL;
    if (isPath) {
      await readFile(format, operation, format.open(settings, pathBytes(source)), handOver);
    } else {
      refuseFileOptions(options, `${format.call} of a stream`);
      await readSource(format, operation, source, settings, handOver);
    }
  });
}

/**
 * @template {Settings} S
 * @param {Format<S>} format
 * @param {Operation} operation
 * @param {unknown} reader
 * @param {(table: Table) => Promise<void>} handOver
 */
async function readFile(format, operation, reader, handOver) {
  try {
    for (;;) {
      const payload = await nextTable(format, operation, reader, [], false);
      // Of a file null never comes: nothing has to come first.
      if (!payload) return;
      if (operation.job.onProgress !== undefined) {
        const { processedBytes, totalBytes } = JSON.parse(payload[0]);
        report(operation, processedBytes, totalBytes);
      }
      await handOver(format.table(payload));
    }
  } finally {
    format.close(reader);
  }
}

/**
 * @template {Settings} S
 * @param {Format<S>} format
 * @param {Operation} operation
 * @param {unknown} readable
 * @param {S} settings
 * @param {(table: Table) => Promise<void>} handOver
 */
async function readSource(format, operation, readable, settings, handOver) {
  const source = openSource(readable, 'source', SOURCE);
  const stop = () => source.stop();
  operation.whenAbandoned = stop;
  try {
    const reader = format.open(settings);
    const end = new Ending(settings);
    let processed = 0;
    /** @type {(chunks: (Uint8Array | string)[], size: number, last: boolean) => Promise<void>} */
    const parseBatch = async (chunks, size, last) => {
      const payload = await nextTable(format, operation, reader, chunks, last);
      processed += size;
      report(operation, processed, last ? processed : undefined);
      if (payload === false || (payload !== null && JSON.parse(payload[0]).isLast)) end.reach();
      if (payload) await handOver(format.table(payload));
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
 * @template {Settings} S
 * @param {Format<S>} format
 * @param {Operation} operation
 * @param {unknown} reader
 * @param {(Uint8Array | string)[]} chunks
 * @param {boolean} last
 * @returns {Promise<Payload | null | false>} null where more has to come first, false after the last table
 */
function nextTable(format, operation, reader, chunks, last) {
  return step(operation, (slot, { priority, flags }) => format.next(slot, priority, flags, reader, chunks, last));
}

/** The end of what is wanted, which may come before that of the source. */
class Ending {
  isReached = false;

  /** @param {Settings} settings */
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

module.exports = { tableBatches };
