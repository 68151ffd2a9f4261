'use strict';

// The jobs of this thread. Their registry belongs to the native library: where these files are
// loaded again beside a library that stays (a purged require.cache, a test runner's modules), the
// first registry serves them all, because native code knows one.

const native = require('./native.js');

const REGISTRY = Symbol.for('offloop.registry');

/** @type {typeof import('./registry.js')} */
let registry = native[REGISTRY];
if (registry === undefined) {
  registry = require('./registry.js');
  Object.defineProperty(native, REGISTRY, { value: registry });
}

module.exports = registry;
