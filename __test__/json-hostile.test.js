'use strict';

// What somebody would try who controls a text, or the memory that it is in. Each in a process of its own,
// which could die of it.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { succeeds } = require('./support/child.js');

describe('json survives', () => {
  for (const [way, what] of [
    ['sharedMemory', 'shared memory that another thread writes to, while it is parsed and afterwards'],
    ['writtenTo', 'memory that its owner fills with something else under a document'],
    ['takenAway', 'memory that is transferred and collected, or cut to nothing'],
    ['closed', 'documents that are closed at any moment of their work'],
    ['getters', 'options that throw, close and detach while they are read'],
    ['largeString', 'a string of 100 MB, as a value and as a key'],
    ['millionKeys', 'a million keys, and a million times one key'],
    ['almostNothing', 'no bytes, blanks only, NUL only'],
    ['terminated', 'threads that are terminated with jobs on a document in flight'],
    ['memory', 'a thousand documents, dropped and closed, without keeping their memory'],
  ]) {
    test(what, async () => {
      assert.equal(await succeeds('json-hostile.js', { args: [way], flags: ['--expose-gc'] }), 'done\n');
    });
  }
});
