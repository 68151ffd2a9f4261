'use strict';

const { afterEach, beforeEach, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { getEventListeners } = require('node:events');
const { hash, pool, empty, panic, hold, release, rearm, hasTesting } = require('./support/offloop.js');

const skip = hasTesting ? false : 'needs the library with the exports of the tests';
const large = Buffer.alloc(32 << 20, 1);
const bulk = () => pool.stats().bulk;

/** Resolves when `condition` holds, looking between turns of the event loop. */
async function until(condition) {
  while (!condition()) await new Promise(setImmediate);
}

/** Takes all threads of the bulk lane, so that the next jobs wait. */
async function fill(options) {
  const held = Array.from({ length: bulk().threads }, () => hold(undefined, options));
  await until(() => bulk().running === held.length);
  return held;
}

describe('jobs', { skip }, () => {
  beforeEach(rearm);
  afterEach(async () => {
    release();
    await until(() => bulk().running + bulk().queued === 0);
  });

  describe('signal', () => {
    const aborts = (reason) => (error) => {
      assert.equal(error.name, 'AbortError');
      assert.equal(error.code, 'ABORT_ERR');
      assert.equal(error.cause, reason);
      return true;
    };

    test('already aborted: rejects, and nothing is submitted', async () => {
      const before = bulk();
      const signal = AbortSignal.abort('beforehand');
      await assert.rejects(hash.digest('sha256', large, { signal, lane: 'bulk' }), aborts('beforehand'));
      await assert.rejects(hash.digest('sha256', 'tiny', { signal }), aborts('beforehand'));
      const after = bulk();
      assert.equal(after.completed + after.cancelled, before.completed + before.cancelled);
    });

    test('while queued: removed at once', async () => {
      const held = await fill();
      const controller = new AbortController();
      const { cancelled } = bulk();
      const waiting = hash.digest('sha256', large, { signal: controller.signal, lane: 'bulk' });
      assert.equal(bulk().queued, 1);
      controller.abort('why');
      assert.equal(bulk().queued, 0);
      assert.equal(bulk().cancelled, cancelled + 1);
      await assert.rejects(waiting, aborts('why'));
      release();
      await Promise.all(held);
    });

    test('while running: stops at the next edge', async () => {
      const controller = new AbortController();
      const { cancelled } = bulk();
      const running = hold({ signal: controller.signal }, { stops: true });
      await until(() => bulk().running === 1);
      controller.abort();
      await assert.rejects(running, aborts(controller.signal.reason));
      await until(() => bulk().running === 0);
      assert.equal(bulk().cancelled, cancelled + 1);
    });

    test('while running without an edge: rejects at once, and the slot is kept until the end', async () => {
      const controller = new AbortController();
      const running = hold({ signal: controller.signal });
      await until(() => bulk().running === 1);
      controller.abort();
      await assert.rejects(running, aborts(controller.signal.reason));
      assert.equal(bulk().running, 1);
      release();
      await until(() => bulk().running === 0);
    });

    test('after the end: nothing happens', async () => {
      const controller = new AbortController();
      await hash.digest('sha256', large, { signal: controller.signal });
      controller.abort();
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    });

    test('every operation takes it', async () => {
      const abortSoon = () => {
        const controller = new AbortController();
        setImmediate(() => controller.abort('soon'));
        return { signal: controller.signal };
      };
      const endless = (async function* () {
        for (;;) yield await new Promise((resolve) => setImmediate(resolve, Buffer.alloc(1000)));
      })();
      const held = await fill();
      await assert.rejects(hash.digestMany('sha256', [large, large], { ...abortSoon(), lane: 'bulk' }), aborts('soon'));
      await assert.rejects(hash.digestFile('sha256', process.execPath, abortSoon()), aborts('soon'));
      await assert.rejects(hash.hmac('sha256', 'key', large, { ...abortSoon(), lane: 'bulk' }), aborts('soon'));
      await assert.rejects(hash.digestStream('sha256', endless, abortSoon()), aborts('soon'));
      release();
      await Promise.all(held);
    });

    test("one signal for many jobs has one listener, and the caller's are left as they were", async () => {
      const controller = new AbortController();
      const { signal } = controller;
      let calls = 0;
      const onabort = () => calls++;
      signal.onabort = onabort;
      signal.addEventListener('abort', onabort);
      const before = getEventListeners(signal, 'abort').length;
      const held = await fill();
      const waiting = Array.from({ length: 500 }, () => empty({ signal, lane: 'bulk' }));
      assert.equal(getEventListeners(signal, 'abort').length, before + 1);
      assert.equal(signal.onabort, onabort);
      controller.abort();
      const settled = await Promise.allSettled(waiting);
      assert.ok(settled.every(({ status, reason }) => status === 'rejected' && reason.code === 'ABORT_ERR'));
      assert.equal(calls, 2);
      assert.equal(getEventListeners(signal, 'abort').length, before);
      assert.equal(bulk().queued, 0);
      release();
      await Promise.all(held);
    });
  });

  describe('timeout', () => {
    const late = { code: 'ERR_OFFLOOP_TIMEOUT', name: 'OffloopError', message: /within 5 ms/ };

    test('while queued', async () => {
      const held = await fill();
      await assert.rejects(hash.digest('sha256', large, { timeout: 5, lane: 'bulk' }), late);
      assert.equal(bulk().queued, 0);
      release();
      await Promise.all(held);
    });

    test('while running', async () => {
      await assert.rejects(hold({ timeout: 5 }, { stops: true }), late);
      await until(() => bulk().running === 0);
    });

    test('of a stream that says nothing', async () => {
      const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
      await assert.rejects(hash.digestStream('sha256', silent, { timeout: 5 }), late);
    });

    test('a job that ends in time', async () => {
      assert.equal((await hash.digest('sha256', large, { timeout: 60_000 })).length, 32);
    });
  });

  test('priority: higher first, then first in, first out', async () => {
    const held = await fill();
    const order = [];
    const submit = (name, priority) =>
      hash.digest('md5', large, { lane: 'bulk', priority }).then(() => order.push(name));
    pool.configure({ threads: 1 });
    const waiting = [submit('a', 0), submit('b', -5), submit('c', 7), submit('d', 0), submit('e', 7)];
    release();
    await Promise.all([...held, ...waiting]);
    assert.deepEqual(order, ['c', 'e', 'a', 'd', 'b']);
    pool.configure({ threads: 2 });
  });

  test('lane: by cost, or as asked', async () => {
    const completed = () => {
      const { interactive, bulk } = pool.stats();
      return [interactive.completed, bulk.completed];
    };
    const runsOn = async (job) => {
      const before = completed();
      await job();
      return completed().map((count, lane) => count - before[lane]);
    };
    assert.deepEqual(await runsOn(() => hash.digest('sha256', 'tiny')), [0, 0], 'at once');
    assert.deepEqual(await runsOn(() => hash.digest('sha256', Buffer.alloc(100_000))), [1, 0], 'a short one');
    assert.deepEqual(await runsOn(() => hash.digest('sha256', large)), [0, 1], 'a long one');
    assert.deepEqual(await runsOn(() => hash.digest('sha256', 'tiny', { lane: 'interactive' })), [1, 0]);
    assert.deepEqual(await runsOn(() => hash.digest('sha256', 'tiny', { lane: 'bulk' })), [0, 1]);
    assert.deepEqual(await runsOn(() => hash.digest('sha256', large, { lane: 'interactive' })), [1, 0]);
    assert.deepEqual(await runsOn(() => hash.digestFile('sha256', __filename)), [0, 1]);
  });

  describe('onProgress', () => {
    const record = async (start) => {
      const seen = [];
      await start({ onProgress: (progress) => seen.push(progress) });
      const processed = seen.map(({ processedBytes }) => processedBytes);
      assert.deepEqual(processed, processed.toSorted?.((a, b) => a - b) ?? processed);
      return seen.at(-1);
    };

    test('of a digest, many, a file, an HMAC: ends with all of it', async () => {
      const all = { processedBytes: large.length, totalBytes: large.length };
      assert.deepEqual(await record((options) => hash.digest('sha256', large, options)), all);
      assert.deepEqual(await record((options) => hash.digest('blake3', large, options)), all);
      assert.deepEqual(await record((options) => hash.hmac('sha1', 'key', large, options)), all);
      assert.deepEqual(await record((options) => hash.digestMany('sha256', [large], options)), all);
      const size = require('node:fs').statSync(process.execPath).size;
      const file = await record((options) => hash.digestFile('sha256', process.execPath, options));
      assert.deepEqual(file, { processedBytes: size, totalBytes: size });
    });

    test('of a stream: the total is known at its end', async () => {
      const seen = [];
      const chunks = Array.from({ length: 4 }, () => Buffer.alloc(300_000));
      await hash.digestStream('sha256', chunks, { onProgress: (progress) => seen.push(progress) });
      assert.deepEqual(seen[0], { processedBytes: 300_000, totalBytes: undefined });
      assert.deepEqual(seen.at(-1), { processedBytes: 1_200_000, totalBytes: 1_200_000 });
    });

    test('what it throws ends the job', async () => {
      const error = new Error('from the callback');
      const onProgress = () => {
        throw error;
      };
      await assert.rejects(hash.digest('sha256', large, { onProgress }), error);
      await assert.rejects(hash.digestStream('sha256', ['x'.repeat(300_000)], { onProgress }), error);
    });
  });

  describe('a panic', () => {
    test('rejects its job with ERR_OFFLOOP_PANIC, and the next job runs', async () => {
      for (let round = 0; round < 20; round++) {
        await assert.rejects(panic(), { code: 'ERR_OFFLOOP_PANIC', name: 'OffloopError', message: /on purpose/ });
        await empty();
      }
      const { interactive } = pool.stats();
      assert.ok(interactive.failed >= 20);
      assert.equal(interactive.running, 0);
    });
  });

  test("the stack of a failure leads to the caller, through the caller's own functions", async () => {
    async function aHandler() {
      await hash.digestFile('sha256', '/does/not/exist');
    }
    for (const start of [aHandler, () => panic()]) {
      const error = await start().catch((reason) => reason);
      assert.ok(error.stack.includes(__filename), error.stack);
      assert.ok(!error.stack.includes('lib/job.js'), error.stack);
    }
    const { stack } = await aHandler().catch((reason) => reason);
    assert.match(stack, /at async aHandler/);
  });

  test('continuations see the AsyncLocalStorage of their caller', async () => {
    const { AsyncLocalStorage } = require('node:async_hooks');
    const storage = new AsyncLocalStorage();
    const seen = await Promise.all(
      [1, 2, 3].map((value) => storage.run(value, () => empty().then(() => storage.getStore())))
    );
    assert.deepEqual(seen, [1, 2, 3]);
  });

  test('settling many jobs leaves room for timers and I/O', async () => {
    let turns = 0;
    let pending = true;
    const count = () => {
      turns++;
      if (pending) setImmediate(count);
    };
    setImmediate(count);
    const busy = () => {
      const end = performance.now() + 0.1;
      while (performance.now() < end);
    };
    await Promise.all(Array.from({ length: 1000 }, () => empty().then(busy)));
    pending = false;
    // 100 ms of continuations in turns of about 1 ms each: far more turns than one.
    assert.ok(turns > 20, `${turns} turns`);
  });
});
