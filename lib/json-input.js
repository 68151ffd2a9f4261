'use strict';

// JSON text as the bytes that native code reads.

const { kept } = require('./bytes.js');
const { input } = require('./input.js');
const { COPY } = require('./options.js');

/** @typedef {import('./options.js').Job} Job */

/**
 * The text, for one job.
 *
 * @param {unknown} data
 * @param {Readonly<Job>} job
 */
function jsonInput(data, job) {
  const given = input(data, 'data', job);
  return typeof given === 'string' ? utf8(given) : given;
}

/**
 * The text, for as long as a document lives: nothing has to copy it any more.
 *
 * @param {unknown} data
 * @param {Readonly<Job>} job
 */
function keptInput(data, job) {
  const given = input(data, 'data', job);
  if (typeof given === 'string') return utf8(given);
  return job.transfer ? given : kept(given, (job.flags & COPY) !== 0);
}

/**
 * UTF-8 has no lone surrogates, and JSON has escapes for them.
 *
 * @param {string} text
 */
function utf8(text) {
  const isWellFormed = /** @type {any} */ (text).isWellFormed();
  return Buffer.from(isWellFormed ? text : text.replace(/\p{Surrogate}/gu, escaped));
}

/**
 * Behind a backslash that begins an escape it stays as it is: no escape of JSON goes on like this.
 *
 * @param {string} surrogate
 * @param {number} at
 * @param {string} text
 */
function escaped(surrogate, at, text) {
  let start = at;
  while (text[start - 1] === '\\') start--;
  const isFree = (at - start) % 2 === 0;
  return isFree ? `\\u${surrogate.charCodeAt(0).toString(16)}` : surrogate;
}

module.exports = { jsonInput, keptInput };
