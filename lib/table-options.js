'use strict';

// The options that CSV and JSON have in common, where a table is made of either.

const { invalidValue } = require('./errors.js');
const { count, oneOf, optionsObject, refuse, strings } = require('./validate.js');

const ON_ERROR = ['throw', 'skip', 'collect'];

const USUAL_BATCH = 4 * 1024 * 1024;
const LEAST_BATCH = 1024;
const MOST_BATCH = 256 * 1024 * 1024;
const USUAL_RECORD = 16 * 1024 * 1024;
const MOST_RECORD = 1024 * 1024 * 1024;
/** What a compressed file may become, in memory and part by part: there it takes none. */
const USUAL_WHOLE = 1024 ** 3;
const USUAL_PARTS = 16 * 1024 ** 3;

/** @param {Record<string, unknown>} given */
function recordOptions(given) {
  const { onError = 'throw' } = given;
  return {
    onError: ON_ERROR.indexOf(oneOf(onError, 'options.onError', ON_ERROR)),
    maxRecordSize: count(given, 'maxRecordSize', 1, MOST_RECORD) ?? USUAL_RECORD,
    batchBytes: count(given, 'batchBytes', LEAST_BATCH, MOST_BATCH) ?? USUAL_BATCH,
    maxOutputLength: count(given, 'maxOutputLength', 1, Number.MAX_SAFE_INTEGER) ?? USUAL_PARTS,
  };
}

/**
 * The same for a file that is read whole.
 *
 * @template {{ maxOutputLength: number }} S
 * @param {S} settings
 * @param {unknown} options the caller's
 * @returns {S}
 */
function ofWholeFile(settings, options) {
  const { maxOutputLength = USUAL_WHOLE } = optionsObject(options, 'options');
  return { ...settings, maxOutputLength };
}

/**
 * Only files are decompressed.
 *
 * @param {unknown} options the caller's
 * @param {string} call
 */
function refuseFileOptions(options, call) {
  refuse(optionsObject(options, 'options'), 'options', ['maxOutputLength'], call);
}

/** @param {unknown} columns */
function columnNames(columns) {
  if (columns === undefined) return undefined;
  const names = strings(columns, 'options.columns');
  if (new Set(names).size < names.length) throw invalidValue('options.columns', 'each column once', columns);
  return names;
}

/**
 * @param {object} types by the columns' names
 * @param {readonly string[]} known
 */
function columnTypes(types, known) {
  const entries = Object.entries(types);
  const typeValues = entries.map(([name, type]) => oneOf(type, `options.types[${JSON.stringify(name)}]`, known));
  return { typeNames: entries.map(([name]) => name), typeValues };
}

module.exports = { columnNames, columnTypes, ofWholeFile, recordOptions, refuseFileOptions };
