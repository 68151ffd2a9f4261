'use strict';

// The package over the native library with the tests' exports, where it has been built: `npm test`
// builds it. Without it the tests that need those exports are skipped.

const { existsSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..', '..');
const testing = join(root, 'target', 'testing', 'offloop.node');
const hasTesting = existsSync(testing);
if (hasTesting) {
  const path = require.resolve('../../lib/native.js');
  require.cache[path] = Object.assign(new module.constructor(path), { exports: require(testing), loaded: true });
}

const native = require('../../lib/native.js');
const { run } = require('../../lib/job.js');

/** A job that does nothing. */
const empty = (options) => run(options, (slot, { priority, flags }) => native.testEmpty(slot, priority, flags));

/** A job that panics. */
const panic = (options) => run(options, (slot, { priority, flags }) => native.testPanic(slot, priority, flags));

/** A job that declares `bytes` and runs until `release()`, or where `stops`, until it is cancelled. */
const hold = (options, { bytes = 0, stops = false } = {}) =>
  run(options, (slot, { priority, flags }) => native.testHold(slot, priority, flags, bytes, stops));

/** Lets jobs of `hold` end. */
const release = () => native.testRelease(true);

/** Makes jobs of `hold` wait again. */
const rearm = () => native.testRelease(false);

module.exports = { ...require('../../index.js'), root, native, run, empty, panic, hold, release, rearm, hasTesting };
