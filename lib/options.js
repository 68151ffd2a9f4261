'use strict';

// The job options, as native code takes them.

const { invalidType, invalidValue } = require('./errors.js');
const { optionsObject, integer, boolean, oneOf } = require('./validate.js');

/** @typedef {import('../index.js').JobOptions} JobOptions */

/**
 * Job options as native code takes them, and what JavaScript does itself.
 *
 * @typedef {object} Job
 * @property {number} priority
 * @property {number} flags
 * @property {boolean} transfer
 * @property {AbortSignal} [signal]
 * @property {number} [timeout]
 * @property {JobOptions['onProgress']} [onProgress]
 */

// The flags of src/binding.
const LANE_FLAGS = { interactive: 1, bulk: 2 };
const COPY = 4;
const PROGRESS = 8;

const MAX_TIMEOUT = 2 ** 31 - 1;
const MAX_PRIORITY = 1000;

/** How inputs cross where a call does not say: `pool.configure({ handoff })`. */
let handoffFlags = 0;

/** @type {Readonly<Job>} */
const DEFAULTS = Object.freeze({ priority: 0, flags: 0, transfer: false });

/**
 * @param {unknown} options
 * @returns {Readonly<Job>}
 */
function jobOptions(options) {
  if (options === undefined) return handoffFlags === 0 ? DEFAULTS : { ...DEFAULTS, flags: handoffFlags };
  const { signal, timeout, lane, priority, transfer, copy, onProgress } = optionsObject(options, 'options');
  const job = { priority: 0, flags: handoffFlags, transfer: false };
  if (signal !== undefined) Object.assign(job, { signal: abortSignal(signal) });
  if (timeout !== undefined) Object.assign(job, { timeout: integer(timeout, 'options.timeout', 1, MAX_TIMEOUT) });
  if (lane !== undefined) job.flags |= LANE_FLAGS[oneOf(lane, 'options.lane', ['interactive', 'bulk'])];
  if (priority !== undefined) {
    job.priority = integer(priority, 'options.priority', -MAX_PRIORITY, MAX_PRIORITY);
  }
  if (transfer !== undefined) job.transfer = boolean(transfer, 'options.transfer');
  if (copy !== undefined) {
    if (boolean(copy, 'options.copy')) job.flags |= COPY;
    else job.flags &= ~COPY;
    if (copy && job.transfer) throw invalidValue('options.copy', 'false with options.transfer', copy);
  }
  // What is transferred is the job's own already.
  if (job.transfer) job.flags &= ~COPY;
  if (onProgress !== undefined) {
    if (typeof onProgress !== 'function') throw invalidType('options.onProgress', 'a function', onProgress);
    Object.assign(job, { onProgress });
    job.flags |= PROGRESS;
  }
  return job;
}

/**
 * @param {unknown} signal
 * @returns {AbortSignal}
 */
function abortSignal(signal) {
  const candidate = /** @type {any} */ (signal);
  const fits =
    candidate !== null &&
    typeof candidate === 'object' &&
    typeof candidate.aborted === 'boolean' &&
    typeof candidate.addEventListener === 'function';
  if (!fits) throw invalidType('options.signal', 'an AbortSignal', signal);
  return candidate;
}

/** @param {'borrow' | 'copy'} handoff */
function setHandoff(handoff) {
  handoffFlags = handoff === 'copy' ? COPY : 0;
}

function getHandoff() {
  return handoffFlags === COPY ? 'copy' : 'borrow';
}

module.exports = { COPY, DEFAULTS, PROGRESS, jobOptions, setHandoff, getHandoff };
