'use strict';

// The pool's sizes where nobody has configured it.

const { totalmem } = require('node:os');

const MAX_THREADS = 1024;
const DEFAULT_MAX_QUEUE = 10_000;

/** `OFFLOOP_THREADS`, or 0 for the CPUs that the process may use. */
function threadsFromEnvironment() {
  const text = process.env.OFFLOOP_THREADS;
  if (text === undefined || text === '') return 0;
  const threads = Number(text);
  if (Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS) return threads;
  process.emitWarning(
    `Expected an integer from 1 to ${MAX_THREADS} for OFFLOOP_THREADS but received '${text}'; it is ignored`,
    { code: 'OFFLOOP_THREADS' }
  );
  return 0;
}

/** Half of what the cgroup, or else the machine, has. */
function defaultMemory() {
  const constrained = process.constrainedMemory?.() || Infinity;
  return Math.floor(Math.min(constrained, totalmem()) / 2);
}

function initialSizes() {
  return { threads: threadsFromEnvironment(), maxQueue: DEFAULT_MAX_QUEUE, memory: defaultMemory() };
}

module.exports = { MAX_THREADS, initialSizes };
