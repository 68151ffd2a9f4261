'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { child, succeeds } = require('./support/child.js');
const { hasTesting } = require('./support/offloop.js');

const skip = hasTesting ? false : 'needs the library with the exports of the tests';
const gc = ['--expose-gc'];

describe('an environment that ends', () => {
  test('worker threads terminated 400 times with jobs in flight', { skip }, async () => {
    const stdout = await succeeds('terminate-workers.js', { args: ['400'] });
    assert.deepEqual(JSON.parse(stdout), { running: 0, queued: 0 });
  });

  test('an idle pool does not hold the process, before its first job and after', { skip }, async () => {
    assert.equal(await succeeds('ends.js', { args: ['idle'] }), '');
    assert.equal(await succeeds('ends.js', { args: ['idleAfterJob'] }), 'done\n');
  });

  test('a pending job holds the process', { skip }, async () => {
    assert.equal(await succeeds('ends.js', { args: ['pending'] }), 'done\n');
  });

  for (const way of ['exit', 'exitAtOnce', 'held']) {
    test(`process.exit() with jobs in flight: ${way}`, { skip }, async () => {
      const { code, signal, stderr } = await child('ends.js', { args: [way] });
      assert.deepEqual({ code, signal, stderr }, { code: 7, signal: null, stderr: '' });
    });
  }

  for (const [way, message] of [
    ['uncaught', 'on purpose'],
    ['rejected', 'ERR_OFFLOOP_TIMEOUT'],
  ]) {
    test(`an error that nobody handles ends the process as always: ${way}`, { skip }, async () => {
      const { code, signal, stderr } = await child('ends.js', { args: [way] });
      assert.deepEqual({ code, signal }, { code: 1, signal: null });
      assert.ok(stderr.includes(message), stderr);
    });
  }

  test('a worker thread exits, and the main thread goes on', { skip }, async () => {
    assert.equal(await succeeds('ends.js', { args: ['workerExits'] }), '40\n');
  });

  test('the package is loaded again into the same environment', { skip }, async () => {
    assert.equal(await succeeds('ends.js', { args: ['reloaded'] }), '8\n');
  });

  test('cluster workers are killed with jobs in flight, and forked again', { skip }, async () => {
    const { killed, answered } = JSON.parse(await succeeds('cluster.js'));
    assert.equal(killed, 12);
    assert.ok(answered >= 14, `${answered} answered`);
  });
});

describe('memory that is taken away from under a running job', () => {
  for (const [way, what] of [
    ['collected', 'transferred and collected by its receiver'],
    ['toWorker', 'transferred to a worker thread that ends'],
    ['resized', 'a resizable buffer cut to nothing'],
    ['unshared', 'shared memory that another thread writes to'],
    ['memory', 'WebAssembly memory that grows'],
  ]) {
    test(what, { skip }, async () => {
      assert.equal(await succeeds('handoff.js', { args: [way], flags: gc }), `${way} done\n`);
    });
  }
});

test('100,000 jobs at once, aborted at random: all settle, and the memory comes back', { skip }, async () => {
  const { counts, grown } = JSON.parse(await succeeds('flood.js', { flags: gc }));
  for (const [ending, count] of Object.entries(counts)) assert.ok(count > 0, `${ending} never happened`);
  assert.ok(grown < 32 * 1024, `grew by ${grown} KiB`);
});

// Of kinds that take longer there are fewer, which show a leak of whole values.
for (const [jobs, kinds] of [
  [100_000, 'inline copied borrowed string transferred empty signalled'],
  [
    20_000,
    'external aborted missing many file stream hmac progress timed invalid hashed derived malformed parsed batches panic',
  ],
]) {
  describe(`${jobs.toLocaleString('en')} jobs of each kind leave no memory behind`, () => {
    for (const kind of kinds.split(' ')) {
      test(kind, { skip }, async () => {
        const { grown } = JSON.parse(await succeeds('leak.js', { args: [kind, `${jobs}`], flags: gc }));
        // One allocation of 150 bytes for each of 100,000 would be 14 MiB. Those of 20 KB are in the allocator's
        // hands, which keeps some; one for each job would be 2 GiB.
        const allowed = kind === 'external' ? 64 : 12;
        assert.ok(grown < allowed * 2 ** 20, `${kind} grew by ${grown} bytes`);
      });
    }
  });
}

describe('8,000 JSON documents of 4 KB leave no memory behind', () => {
  for (const kind of ['documents', 'closed', 'broken', 'lines']) {
    test(kind, { skip }, async () => {
      const { grown } = JSON.parse(await succeeds('leak.js', { args: [kind, '8000'], flags: gc }));
      // One text for each would be 34 MiB.
      assert.ok(grown < 16 * 2 ** 20, `${kind} grew by ${grown} bytes`);
    });
  }
});

describe('600 compressions of 40 KB leave no memory behind', () => {
  for (const kind of ['compressed', 'streamed', 'dropped']) {
    test(kind, { skip }, async () => {
      const { grown } = JSON.parse(await succeeds('leak.js', { args: [kind, '600', '50'], flags: gc }));
      // One text for each would be 23 MiB, the state of one compressor more.
      assert.ok(grown < 12 * 2 ** 20, `${kind} grew by ${grown} bytes`);
    });
  }
});
