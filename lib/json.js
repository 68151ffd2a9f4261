'use strict';

const { invalidType } = require('./errors.js');
const { refuseTransfer } = require('./input.js');
const { run } = require('./job.js');
const { JsonDocument, tableOf } = require('./json-document.js');
const { jsonInput, keptInput } = require('./json-input.js');
const { linesOptions, textOptions, writeOptions } = require('./json-options.js');
const { JsonText } = require('./json-text.js');
const native = require('./native.js');
const { COPY } = require('./options.js');
const { describeTable, isTable } = require('./table.js');
const { tableBatches } = require('./table-batches.js');
const { refuseFileOptions } = require('./table-options.js');

/** @typedef {import('./table.js').Payload} Payload */

// index.d.ts gives these functions their types. Here their arguments are whatever came.

/**
 * @param {unknown} data
 * @param {unknown} [options]
 */
async function parse(data, options) {
  /** @type {any} */
  let bytes;
  const handle = await run(options, (slot, job) => {
    const settings = textOptions(options);
    bytes = keptInput(data, job);
    return native.jsonParse(slot, job.priority, job.flags & ~COPY, bytes, settings);
  });
  return new JsonDocument(new JsonText(handle, bytes));
}

/**
 * @param {unknown} data
 * @param {unknown} [options]
 * @returns {Promise<void>}
 */
async function validate(data, options) {
  await run(options, (slot, job) => {
    const settings = textOptions(options);
    return native.jsonValidate(slot, job.priority, job.flags, jsonInput(data, job), settings);
  });
}

/**
 * @param {unknown} data
 * @param {unknown} [options]
 */
async function parseLines(data, options) {
  /** @type {Payload} */
  const payload = await run(options, (slot, job) => {
    refuseFileOptions(options, 'json.parseLines');
    const settings = linesOptions(options);
    return native.jsonLines(slot, job.priority, job.flags, jsonInput(data, job), settings);
  });
  return tableOf(payload);
}

const LINES = {
  call: 'json.lineBatches',
  settings: linesOptions,
  open: native.jsonLineReader,
  next: native.jsonLineReaderNext,
  close: native.jsonLineReaderClose,
  table: tableOf,
};

/**
 * @param {unknown} source
 * @param {unknown} [options]
 */
function lineBatches(source, options) {
  return tableBatches(LINES, source, options);
}

/**
 * @param {unknown} table
 * @param {unknown} [options]
 * @returns {Promise<Buffer>}
 */
function stringify(table, options) {
  return run(options, (slot, job) => {
    refuseTransfer(job, 'json.stringify');
    if (!isTable(table)) throw invalidType('table', 'a Table', table);
    const { columns, ...settings } = writeOptions(options);
    const { memories, meta } = describeTable(table, columns);
    return native.jsonStringify(slot, job.priority, job.flags, memories, meta, settings);
  });
}

module.exports = { parse, validate, parseLines, lineBatches, stringify };
