'use strict';

// Rows as native code takes them to write CSV: all fields in one string, and the length of each.

const { isDate } = require('node:util').types;
const { invalidType, invalidValue } = require('./errors.js');

/** The length of a field that is null. */
const NULL = -1;
/** What a field costs beside its text, so that many empty ones are not taken for little. */
const FIELD_UNITS = 8;

class Records {
  /** How many fields make a record; 0 before the first. */
  fields = 0;
  /** What the fields that wait to be taken cost, in UTF-16 units. */
  cost = 0;
  /** Rows that were added. */
  rows = 0;
  /** @type {string[]} */
  #texts = [];
  /** @type {number[]} */
  #lengths = [];

  /** @param {string[] | undefined} names of the columns; by default the keys of the first row */
  constructor(names) {
    this.names = names;
    if (names !== undefined) this.fields = names.length;
  }

  /** @param {unknown} row */
  add(row) {
    if (row === null || typeof row !== 'object') throw invalidType(this.#row(), 'an object or an array', row);
    if (this.fields === 0) this.#begin(row);
    if (Array.isArray(row)) this.#addArray(row);
    else this.#addObject(/** @type {Record<string, unknown>} */ (row));
    this.rows++;
  }

  /**
   * The first row says what the columns are. Those of an array have no names.
   *
   * @param {object} row
   */
  #begin(row) {
    if (!Array.isArray(row)) this.names = Object.keys(row);
    this.fields = this.names?.length ?? /** @type {unknown[]} */ (row).length;
    if (this.fields === 0) throw invalidValue(this.#row(), 'at least one field', row);
  }

  /** @param {unknown[]} row */
  #addArray(row) {
    const { fields } = this;
    if (row.length !== fields) {
      throw invalidValue(this.#row(), `as many fields as the header or the first row has, ${fields},`, row.length);
    }
    for (let field = 0; field < fields; field++) this.#addField(row[field]);
  }

  /** @param {Record<string, unknown>} row */
  #addObject(row) {
    const { names } = this;
    if (names === undefined) throw invalidType(this.#row(), 'an array, as the first row is,', row);
    // What it inherits are no fields: a column may be called 'constructor'.
    for (const name of names) this.#addField(Object.hasOwn(row, name) ? row[name] : null);
  }

  /** @param {unknown} value */
  #addField(value) {
    const text = typeof value === 'string' ? value : this.#textOf(value);
    this.cost += FIELD_UNITS;
    if (text === undefined) {
      this.#lengths.push(NULL);
      return;
    }
    this.#texts.push(text);
    this.#lengths.push(text.length);
    this.cost += text.length;
  }

  /**
   * @param {unknown} value
   * @returns {string | undefined} undefined for null
   */
  #textOf(value) {
    if (value === null || value === undefined) return undefined;
    if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
    if (typeof value !== 'object') throw invalidType(`a field of ${this.#row()}`, 'a value that has a text', value);
    if (!isDate(value)) return JSON.stringify(value);
    // As a table's timestamps. A date that is none is null, as in JSON.
    return Number.isNaN(value.getTime()) ? undefined : value.toISOString().replace('.000Z', 'Z');
  }

  #row() {
    return `row ${this.rows} of rows`;
  }

  /** The fields of the rows that were added since the last time. */
  take() {
    const taken = { text: this.#texts.join(''), lengths: Int32Array.from(this.#lengths) };
    this.#texts = [];
    this.#lengths = [];
    this.cost = 0;
    return taken;
  }
}

module.exports = { Records };
