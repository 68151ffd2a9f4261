'use strict';

const { csvOptions } = require('./csv-options.js');
const { stringify } = require('./csv-write.js');
const { input, refuseTransfer } = require('./input.js');
const { run } = require('./job.js');
const native = require('./native.js');
const { pathBytes } = require('./path.js');
const { fromPayload } = require('./table.js');
const { tableBatches } = require('./table-batches.js');
const { ofWholeFile, refuseFileOptions } = require('./table-options.js');

/** @typedef {import('./table.js').Payload} Payload */

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
    refuseFileOptions(options, 'csv.parse');
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
    const settings = ofWholeFile(csvOptions(options), options);
    return native.csvParseFile(slot, job.priority, job.flags, pathBytes(path), settings);
  });
  return tableOf(payload);
}

const FORMAT = {
  call: 'csv.batches',
  settings: csvOptions,
  open: native.csvReader,
  next: native.csvReaderNext,
  close: native.csvReaderClose,
  table: tableOf,
};

/**
 * @param {unknown} source
 * @param {unknown} [options]
 */
function batches(source, options) {
  return tableBatches(FORMAT, source, options);
}

module.exports = { parse, parseFile, batches, stringify };
