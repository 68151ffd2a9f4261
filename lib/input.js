'use strict';

// What a job reads: lent to it, or its own from then on.

const { bytes, transferred } = require('./bytes.js');
const { invalidValue } = require('./errors.js');

/**
 * @param {unknown} data
 * @param {string} name the argument
 * @param {{ transfer: boolean }} job
 */
function input(data, name, { transfer }) {
  return transfer ? transferred(data, name) : bytes(data, name);
}

/**
 * @param {{ transfer: boolean }} job
 * @param {string} call how the caller knows it
 */
function refuseTransfer({ transfer }, call) {
  if (transfer) throw invalidValue('options.transfer', `nothing to transfer with ${call}, so false,`, transfer);
}

module.exports = { input, refuseTransfer };
