'use strict';

// The options of CSV, under csv-parse's and csv-stringify's names in camelCase, as native code takes them.

const { invalidType, invalidValue } = require('./errors.js');
const { columnNames, columnTypes, recordOptions } = require('./table-options.js');
const { count, flag, oneOf, optionsObject, string, strings } = require('./validate.js');

const COLUMN_TYPES = ['boolean', 'int32', 'float64', 'int64', 'timestamp', 'string', 'dictionary'];
const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'latin1'];
const RECORD_DELIMITERS = ['\n', '\r\n'];

const MOST = Number.MAX_SAFE_INTEGER;

/**
 * @typedef {object} CsvOptions
 * @property {string} [delimiter] guessed where it is not given
 * @property {string} quote none where it is empty
 * @property {string} [escape] the quote where it is not given
 * @property {boolean} header whether the first record names the columns
 * @property {string[]} [names] of the columns, given
 * @property {string} [comment]
 * @property {boolean} bom
 * @property {boolean} skipEmptyLines
 * @property {boolean} trim
 * @property {boolean} relaxColumnCount
 * @property {boolean} relaxQuotes
 * @property {number} onError 0 throw, 1 skip, 2 collect
 * @property {number} maxRecordSize
 * @property {number} maxOutputLength of a compressed file
 * @property {string[]} nullValues
 * @property {boolean} infer
 * @property {string[]} [typeNames] columns whose types are given
 * @property {string[]} [typeValues] and those types
 * @property {string[]} [columns]
 * @property {number} fromLine
 * @property {number} [toLine]
 * @property {number} [limit]
 * @property {string} encoding
 * @property {number} batchBytes
 */

/**
 * @typedef {object} CsvWriteOptions
 * @property {string} delimiter
 * @property {string} quote
 * @property {string} escape
 * @property {boolean} header
 * @property {string[]} [names] of the columns, for rows
 * @property {string} recordDelimiter
 * @property {boolean} escapeFormulas
 * @property {boolean} bom
 * @property {string} nullValue
 */

/**
 * @param {unknown} options the caller's
 * @returns {CsvOptions}
 */
function csvOptions(options) {
  const given = optionsObject(options, 'options');
  const { header = true, encoding = 'utf-8', nullValues = [''] } = given;
  return {
    ...characters(given),
    ...headerOf(header),
    ...recordOptions(given),
    bom: flag(given, 'bom', true),
    skipEmptyLines: flag(given, 'skipEmptyLines', false),
    trim: flag(given, 'trim', false),
    relaxColumnCount: flag(given, 'relaxColumnCount', false),
    relaxQuotes: flag(given, 'relaxQuotes', false),
    nullValues: strings(nullValues, 'options.nullValues'),
    ...typesOf(given.types),
    columns: columnNames(given.columns),
    fromLine: count(given, 'fromLine', 1, MOST) ?? 1,
    toLine: count(given, 'toLine', 1, MOST),
    limit: count(given, 'limit', 0, MOST),
    encoding: oneOf(encoding, 'options.encoding', ENCODINGS),
  };
}

/**
 * @param {unknown} options the caller's
 * @returns {CsvWriteOptions & { columns: string[] | undefined }}
 */
function csvWriteOptions(options) {
  const given = optionsObject(options, 'options');
  const { delimiter = ',', quote = '"', recordDelimiter = '\n', nullValue = '' } = given;
  const { escape = quote } = given;
  return {
    quote: character(quote, 'options.quote', []),
    escape: character(escape, 'options.escape', []),
    delimiter: character(delimiter, 'options.delimiter', [quote, escape]),
    header: flag(given, 'header', true),
    columns: columnNames(given.columns),
    recordDelimiter: oneOf(recordDelimiter, 'options.recordDelimiter', RECORD_DELIMITERS),
    escapeFormulas: flag(given, 'escapeFormulas', false),
    bom: flag(given, 'bom', false),
    nullValue: string(nullValue, 'options.nullValue'),
  };
}

/** @param {Record<string, unknown>} given */
function characters({ delimiter, quote = '"', escape, comment }) {
  if (quote === false && escape !== undefined) throw invalidValue('options.escape', 'nothing without a quote', escape);
  /** @type {(value: unknown, name: string, others: unknown[]) => string | undefined} */
  const optional = (value, name, others) => (value === undefined ? undefined : character(value, name, others));
  return {
    quote: quote === false ? '' : character(quote, 'options.quote', []),
    escape: optional(escape, 'options.escape', []),
    delimiter: optional(delimiter, 'options.delimiter', [quote, escape]),
    comment: optional(comment, 'options.comment', [quote, escape, delimiter]),
  };
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {unknown[]} others what it must differ from
 */
function character(value, name, others) {
  const text = string(value, name);
  // eslint-disable-next-line no-control-regex
  if (!/^[\0-\t\v\f\x0e-\x7f]$/.test(text) || others.includes(text)) {
    throw invalidValue(name, 'one ASCII character that has no other meaning', value);
  }
  return text;
}

/** @param {unknown} header */
function headerOf(header) {
  if (Array.isArray(header)) return { header: false, names: strings(header, 'options.header') };
  if (typeof header !== 'boolean') throw invalidType('options.header', 'a boolean or an array of strings', header);
  return { header };
}

/** @param {unknown} types */
function typesOf(types = 'infer') {
  if (typeof types === 'string') return { infer: oneOf(types, 'options.types', ['infer', 'string']) === 'infer' };
  if (types === null || typeof types !== 'object' || Array.isArray(types)) {
    throw invalidType('options.types', "'infer', 'string' or an object of types", types);
  }
  return { infer: true, ...columnTypes(types, COLUMN_TYPES) };
}

module.exports = { csvOptions, csvWriteOptions };
