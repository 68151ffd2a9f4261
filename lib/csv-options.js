'use strict';

// The options of CSV, under csv-parse's and csv-stringify's names in camelCase, as native code takes them.

const { invalidType, invalidValue } = require('./errors.js');
const { boolean, integer, oneOf, optionsObject } = require('./validate.js');

const COLUMN_TYPES = ['boolean', 'int32', 'float64', 'int64', 'timestamp', 'string', 'dictionary'];
const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'latin1'];
const ON_ERROR = ['throw', 'skip', 'collect'];
const RECORD_DELIMITERS = ['\n', '\r\n'];

const USUAL_BATCH = 4 * 1024 * 1024;
const LEAST_BATCH = 1024;
const MOST_BATCH = 256 * 1024 * 1024;
const USUAL_RECORD = 16 * 1024 * 1024;
const MOST_RECORD = 1024 * 1024 * 1024;
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
  const { header = true, onError = 'throw', encoding = 'utf-8', nullValues = [''] } = given;
  return {
    ...characters(given),
    ...headerOf(header),
    bom: flag(given, 'bom', true),
    skipEmptyLines: flag(given, 'skipEmptyLines', false),
    trim: flag(given, 'trim', false),
    relaxColumnCount: flag(given, 'relaxColumnCount', false),
    relaxQuotes: flag(given, 'relaxQuotes', false),
    onError: ON_ERROR.indexOf(oneOf(onError, 'options.onError', ON_ERROR)),
    maxRecordSize: count(given, 'maxRecordSize', 1, MOST_RECORD) ?? USUAL_RECORD,
    nullValues: strings(nullValues, 'options.nullValues'),
    ...typesOf(given.types),
    columns: columnNames(given.columns),
    fromLine: count(given, 'fromLine', 1, MOST) ?? 1,
    toLine: count(given, 'toLine', 1, MOST),
    limit: count(given, 'limit', 0, MOST),
    encoding: oneOf(encoding, 'options.encoding', ENCODINGS),
    batchBytes: count(given, 'batchBytes', LEAST_BATCH, MOST_BATCH) ?? USUAL_BATCH,
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
  const entries = Object.entries(types);
  const typeValues = entries.map(([name, type]) => oneOf(type, `options.types[${JSON.stringify(name)}]`, COLUMN_TYPES));
  return { infer: true, typeNames: entries.map(([name]) => name), typeValues };
}

/** @param {unknown} columns */
function columnNames(columns) {
  if (columns === undefined) return undefined;
  const names = strings(columns, 'options.columns');
  if (new Set(names).size < names.length) throw invalidValue('options.columns', 'each column once', columns);
  return names;
}

/**
 * @param {Record<string, unknown>} options
 * @param {string} name
 * @param {boolean} usual
 */
function flag(options, name, usual) {
  const { [name]: value = usual } = options;
  return boolean(value, `options.${name}`);
}

/**
 * @param {Record<string, unknown>} options
 * @param {string} name
 * @param {number} min
 * @param {number} max
 */
function count(options, name, min, max) {
  const value = options[name];
  return value === undefined ? undefined : integer(value, `options.${name}`, min, max);
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function string(value, name) {
  if (typeof value !== 'string') throw invalidType(name, 'a string', value);
  return value;
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function strings(value, name) {
  if (!Array.isArray(value)) throw invalidType(name, 'an array of strings', value);
  return Array.from(value, (each, index) => string(each, `${name}[${index}]`));
}

module.exports = { csvOptions, csvWriteOptions };
