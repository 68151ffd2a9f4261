'use strict';

// What passwords and keys have in common: native code copies them and wipes its copies, and no error
// shows them.

const { bytes } = require('./bytes.js');
const { invalidType, veiled } = require('./errors.js');
const { run } = require('./job.js');
const { optionsObject, refuse } = require('./validate.js');

/** The job options that have no meaning where inputs are always copied and nothing tells how far it is. */
const MEANINGLESS = ['transfer', 'copy', 'onProgress'];

/**
 * As `bytes`. Not even a number is shown, because it may be somebody's PIN.
 *
 * @param {unknown} data
 * @param {string} name the argument
 */
function secret(data, name) {
  return bytes(typeof data === 'string' ? data : veiled(data), name);
}

/**
 * Runs one job on secrets.
 *
 * @template T
 * @param {string} call how the caller knows it
 * @param {unknown} options the caller's
 * @param {(slot: number, job: { priority: number, flags: number }, options: Record<string, unknown>) => T | undefined} submit
 * @returns {Promise<T>}
 */
function runSecret(call, options, submit) {
  const isObject = options === undefined || (typeof options === 'object' && options !== null);
  return run(isObject ? options : undefined, (slot, job) => {
    // A password in the wrong place is not shown.
    if (!isObject) throw invalidType('options', 'an object', veiled(options));
    const given = optionsObject(options, 'options');
    refuse(given, 'options', MEANINGLESS, call);
    return submit(slot, job, given);
  });
}

module.exports = { runSecret, secret };
