'use strict';

// Checks of arguments, in one shape: "Expected X for Y but received Z", with Node's own codes.

const { invalidType, invalidValue, outOfRange } = require('./errors.js');

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {Record<string, unknown>}
 */
function optionsObject(value, name) {
  if (value === undefined) return {};
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw invalidType(name, 'an object', value);
  }
  return /** @type {Record<string, unknown>} */ (value);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} min
 * @param {number} max
 * @returns {number}
 */
function integer(value, name, min, max) {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(name, `an integer from ${min} to ${max}`, value);
  }
  return value;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {boolean}
 */
function boolean(value, name) {
  if (typeof value !== 'boolean') throw invalidType(name, 'a boolean', value);
  return value;
}

/**
 * @template {string} Name
 * @param {unknown} value
 * @param {string} name
 * @param {readonly Name[]} names
 * @returns {Name}
 */
function oneOf(value, name, names) {
  if (typeof value !== 'string') throw invalidType(name, 'a string', value);
  if (!names.includes(/** @type {Name} */ (value))) {
    throw invalidValue(name, `one of ${names.map((known) => `'${known}'`).join(', ')}`, value);
  }
  return /** @type {Name} */ (value);
}

/**
 * An option that is true or false.
 *
 * @param {Record<string, unknown>} options
 * @param {string} name
 * @param {boolean} usual
 */
function flag(options, name, usual) {
  const { [name]: value = usual } = options;
  return boolean(value, `options.${name}`);
}

/**
 * An option that is an integer; undefined where it is not given.
 *
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

/**
 * Refuses options that a call has no use for: what is given is never ignored.
 *
 * @param {Record<string, unknown>} options
 * @param {string} owner the argument
 * @param {readonly string[]} names
 * @param {string} call
 */
function refuse(options, owner, names, call) {
  for (const name of names) {
    const value = options[name];
    if (value !== undefined) throw invalidValue(`${owner}.${name} with ${call}`, 'nothing', value);
  }
}

module.exports = { optionsObject, integer, boolean, oneOf, flag, count, string, strings, refuse };
