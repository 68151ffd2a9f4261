'use strict';

// What somebody would try who controls a file. Each in a process of its own, which could die of it.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { succeeds } = require('./support/child.js');

describe('csv survives', () => {
  for (const [way, what] of [
    ['largeField', 'a quoted field of 100 MB, and refuses it where a record may not be so long'],
    ['endlessQuote', 'a quote that is never closed in a source without an end'],
    ['millionColumns', '65,536 columns of one name, and a million'],
    ['nuls', 'NUL in names and fields, and a megabyte of nothing else'],
    ['invalidUtf8', 'bytes that are no UTF-8'],
    ['cutAnywhere', 'a text cut after any byte, and a quote opened in the last of a megabyte'],
    ['newlinesOnly', 'a million line ends of every kind, and nothing else'],
    ['almostNothing', 'no bytes, a byte-order mark, half of one, a header only'],
    ['hugeMaxRecordSize', 'the largest limits for the smallest texts'],
    ['sharedMemory', 'shared memory that another thread writes to'],
    ['takenAway', 'memory that is transferred and collected, or cut to nothing'],
    ['forgedMessages', 'messages that no table has made'],
    ['terminated', 'threads that are terminated while they parse'],
  ]) {
    test(what, async () => {
      assert.equal(await succeeds('csv-hostile.js', { args: [way], flags: ['--expose-gc'] }), 'done\n');
    });
  }
});
