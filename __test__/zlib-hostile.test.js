'use strict';

// Threads, memory and processes that go away in the middle of compression. Each in a process of its own, which could
// die of it.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { succeeds } = require('./support/child.js');

describe('zlib survives', () => {
  for (const [way, what] of [
    ['terminated', 'threads that are terminated while they compress and decompress'],
    ['takenAway', 'memory that is transferred and collected, or cut to nothing'],
    ['sharedMemory', 'shared memory that another thread writes to'],
    ['writtenTo', 'chunks that are written over as soon as their callback says so'],
    ['getters', 'options that throw, detach and abort while they are read'],
    ['destroyed', 'pool.destroy() with streams and files under way'],
    ['random', 'random bytes, and random ends of real files'],
  ]) {
    test(what, async () => {
      assert.equal(await succeeds('zlib-hostile.js', { args: [way], flags: ['--expose-gc'] }), 'done\n');
    });
  }
});
