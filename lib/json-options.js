'use strict';

// The options of JSON, as native code takes them.

const { invalidType, invalidValue } = require('./errors.js');
const { jsonPointer } = require('./json-pointer.js');
const { jobOptions } = require('./options.js');
const { columnNames, columnTypes, recordOptions } = require('./table-options.js');
const { count, flag, optionsObject } = require('./validate.js');

const COLUMN_TYPES = ['boolean', 'int32', 'float64', 'int64', 'timestamp', 'string', 'dictionary', 'json'];

const USUAL_DEPTH = 1024;
const MOST_DEPTH = 32_000;
/** Elements of an array that `items` gives. */
const USUAL_BATCH = 1000;
const MOST_BATCH = 2 ** 31 - 1;

/**
 * @typedef {object} JsonLinesOptions
 * @property {string[]} [columns]
 * @property {string[]} [typeNames] columns whose types are given
 * @property {string[]} [typeValues] and those types
 * @property {boolean} bigint
 * @property {number} onError 0 throw, 1 skip, 2 collect
 * @property {number} maxDepth
 * @property {boolean} bom
 * @property {number} maxRecordSize
 * @property {number} maxOutputLength of a compressed file
 * @property {number} batchBytes
 */

/** @param {unknown} options the caller's */
function textOptions(options) {
  const given = optionsObject(options, 'options');
  return {
    maxDepth: count(given, 'maxDepth', 1, MOST_DEPTH) ?? USUAL_DEPTH,
    bom: flag(given, 'bom', false),
  };
}

/**
 * @param {unknown} options the caller's
 * @returns {JsonLinesOptions}
 */
function linesOptions(options) {
  return { ...textOptions(options), ...recordOptions(optionsObject(options, 'options')), ...tableOptions(options) };
}

/** @param {unknown} options the caller's */
function tableOptions(options) {
  const given = optionsObject(options, 'options');
  const columns = columnNames(given.columns);
  for (const [index, name] of (columns ?? []).entries()) {
    if (name.startsWith('/')) jsonPointer(name, `options.columns[${index}]`);
  }
  return { columns, ...columnOptions(options, columns) };
}

/**
 * @param {unknown} options the caller's
 * @param {string[]} [columns] undefined where only the text says which there are
 */
function columnOptions(options, columns) {
  const { types } = optionsObject(options, 'options');
  return { bigint: bigintOption(options), ...typesOf(types, columns) };
}

/**
 * @param {unknown} types
 * @param {string[]} [columns]
 */
function typesOf(types, columns) {
  if (types === undefined) return {};
  if (types === null || typeof types !== 'object' || Array.isArray(types)) {
    throw invalidType('options.types', 'an object of types', types);
  }
  const { typeNames, typeValues } = columnTypes(types, COLUMN_TYPES);
  const stray = columns && typeNames.find((name) => !columns.includes(name));
  if (stray !== undefined) throw invalidValue('options.types', 'types of the given columns only', stray);
  return { typeNames, typeValues };
}

/** @param {unknown} options the caller's */
function valueOptions(options) {
  const given = optionsObject(options, 'options');
  const { signal } = jobOptions({ signal: given.signal });
  return { bigint: bigintOption(options), signal };
}

/** @param {unknown} options the caller's */
function bigintOption(options) {
  return flag(optionsObject(options, 'options'), 'bigint', false);
}

/** @param {unknown} options the caller's */
function itemsOptions(options) {
  const batch = count(optionsObject(options, 'options'), 'batch', 1, MOST_BATCH) ?? USUAL_BATCH;
  return { ...valueOptions(options), batch };
}

/** @param {unknown} options the caller's */
function writeOptions(options) {
  const given = optionsObject(options, 'options');
  return { columns: columnNames(given.columns), lines: flag(given, 'lines', false) };
}

module.exports = {
  bigintOption,
  columnOptions,
  itemsOptions,
  linesOptions,
  tableOptions,
  textOptions,
  valueOptions,
  writeOptions,
};
