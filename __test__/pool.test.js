'use strict';

const { afterEach, beforeEach, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { Worker } = require('node:worker_threads');
const { succeeds } = require('./support/child.js');
const { hash, pool, empty, hold, release, rearm, hasTesting } = require('./support/offloop.js');

const skip = hasTesting ? false : 'needs the library with the exports of the tests';
const bulk = () => pool.stats().bulk;

async function until(condition) {
  while (!condition()) await new Promise(setImmediate);
}

describe('pool', { skip }, () => {
  const initial = pool.stats();

  beforeEach(rearm);
  afterEach(async () => {
    release();
    pool.configure({ threads: initial.bulk.threads, maxQueue: initial.maxQueue, memory: initial.memory });
    await until(() => bulk().running + bulk().queued === 0);
  });

  test('sizes by default', () => {
    const { maxQueue, memory, handoff, interactive } = initial;
    assert.deepEqual({ maxQueue, handoff }, { maxQueue: 10_000, handoff: 'borrow' });
    assert.ok(memory > 0 && memory <= require('node:os').totalmem() / 2);
    assert.ok(interactive.threads >= 1 && interactive.threads <= require('node:os').cpus().length);
    assert.equal(interactive.threads, initial.bulk.threads);
  });

  test('configure changes what it is given and nothing else', () => {
    pool.configure({ threads: 3 });
    pool.configure({ maxQueue: 5 });
    pool.configure({ memory: 1000 });
    pool.configure({});
    const { interactive, bulk, maxQueue, memory } = pool.stats();
    assert.deepEqual([interactive.threads, bulk.threads, maxQueue, memory], [3, 3, 5, 1000]);
  });

  test('more threads take jobs that wait, and fewer leave after their job', async () => {
    pool.configure({ threads: 1 });
    const held = Array.from({ length: 6 }, () => hold());
    await until(() => bulk().running === 1);
    assert.equal(bulk().queued, 5);
    pool.configure({ threads: 4 });
    await until(() => bulk().running === 4);
    pool.configure({ threads: 2 });
    assert.equal(bulk().running, 4);
    release();
    await Promise.all(held);
    rearm();
    const more = Array.from({ length: 4 }, () => hold());
    await until(() => bulk().running === 2);
    assert.deepEqual([bulk().running, bulk().queued], [2, 2]);
    release();
    await Promise.all(more);
  });

  test('stats count what happens to jobs', async () => {
    const before = bulk();
    const held = Array.from({ length: before.threads }, () => hold(undefined, { bytes: 1000 }));
    await until(() => bulk().running === held.length);
    const controller = new AbortController();
    const waiting = empty({ lane: 'bulk', signal: controller.signal });
    assert.equal(bulk().queued, 1);
    assert.equal(bulk().bytesInFlight, 1000 * held.length);
    assert.equal(pool.stats().bytesInFlight, 1000 * held.length);
    assert.equal(bulk().needsDrain, true);
    controller.abort();
    await assert.rejects(waiting);
    release();
    await Promise.all(held);
    await assert.rejects(hash.digestFile('md5', '/does/not/exist'));
    const after = bulk();
    assert.equal(after.completed - before.completed, held.length);
    assert.equal(after.cancelled - before.cancelled, 1);
    assert.equal(after.failed - before.failed, 1);
    assert.deepEqual([after.running, after.queued, after.bytesInFlight, after.needsDrain], [0, 0, 0, false]);
    assert.equal(typeof after.loweredPriority, 'boolean');
    for (const time of [after.waitTime, after.runTime]) {
      const { p50, p90, p99, max } = time;
      assert.ok(0 <= p50 && p50 <= p90 && p90 <= p99 && p99 <= max, JSON.stringify(time));
    }
    assert.ok(after.runTime.max > 0);
  });

  test('a full queue refuses with ERR_OFFLOOP_QUEUE_FULL, and takes jobs again when it has room', async () => {
    pool.configure({ threads: 1, maxQueue: 2 });
    const held = [hold()];
    await until(() => bulk().running === 1);
    held.push(hold(), hold());
    const { rejected } = bulk();
    const full = { code: 'ERR_OFFLOOP_QUEUE_FULL', name: 'OffloopError', message: /bulk lane's queue.* 2 of 2 / };
    await assert.rejects(hold(), full);
    await assert.rejects(hash.digestFile('md5', __filename), full);
    assert.equal(bulk().rejected, rejected + 2);
    await empty();
    release();
    await Promise.all(held);
    await hash.digestFile('md5', __filename);
  });

  test('a job beyond the whole budget is refused with ERR_OFFLOOP_MEMORY_LIMIT', async () => {
    pool.configure({ memory: 1_000_000 });
    const tooLarge = { code: 'ERR_OFFLOOP_MEMORY_LIMIT', name: 'OffloopError', message: /1000000 bytes.* 1000001/ };
    await assert.rejects(hash.digest('blake3', 'x', { length: 1_000_001 }), tooLarge);
    await assert.rejects(hash.digestFile('sha256', __filename), { code: 'ERR_OFFLOOP_MEMORY_LIMIT' });
    assert.equal((await hash.digest('blake3', 'x', { length: 1_000_000 })).length, 1_000_000);
  });

  test('jobs within the budget wait for each other, those without bytes for nobody', async () => {
    pool.configure({ threads: 4, memory: 1000 });
    const sized = [hold(undefined, { bytes: 600 }), hold(undefined, { bytes: 600 }), hold(undefined, { bytes: 300 })];
    await until(() => bulk().running === 1);
    await empty({ lane: 'bulk' });
    assert.deepEqual([bulk().running, bulk().queued, bulk().bytesInFlight], [1, 2, 600]);
    release();
    await Promise.all(sized);
  });

  test('bytes that one lane gives back wake a job of the other', async () => {
    pool.configure({ memory: 1000 });
    const first = hold(undefined, { bytes: 1000 });
    await until(() => bulk().running === 1);
    const second = hold({ lane: 'interactive' }, { bytes: 1000 });
    await empty({ lane: 'interactive' });
    assert.equal(pool.stats().interactive.queued, 1);
    release();
    await Promise.all([first, second]);
  });

  test('needDrain when the last free thread is taken, drain when one is free again', async () => {
    const events = [];
    const listen = (event) => (lane) => events.push(`${event} ${lane}`);
    const [onNeedDrain, onDrain] = [listen('needDrain'), listen('drain')];
    pool.on('needDrain', onNeedDrain).on('drain', onDrain);
    pool.configure({ threads: 2 });
    const first = hold();
    await until(() => bulk().running === 1);
    assert.equal(pool.needsDrain, false);
    const taken = once(pool, 'needDrain');
    const second = hold();
    assert.equal(pool.needsDrain, true);
    assert.deepEqual(await taken, ['bulk']);
    const free = once(pool, 'drain');
    release();
    await Promise.all([first, second]);
    assert.deepEqual(await free, ['bulk']);
    assert.equal(pool.needsDrain, false);
    pool.off('needDrain', onNeedDrain).off('drain', onDrain);
    assert.deepEqual(events, ['needDrain bulk', 'drain bulk']);
  });

  test('a worker thread shares the pool, and its close is its own', async () => {
    const source = `
      const { parentPort } = require('node:worker_threads');
      const { hash, pool } = require(${JSON.stringify(require.resolve('./support/offloop.js'))});
      (async () => {
        const { threads } = pool.stats().bulk;
        const digest = await hash.digest('sha256', Buffer.alloc(1 << 20), { encoding: 'hex' });
        await pool.close();
        const code = await hash.digest('sha256', 'x').catch((error) => error.code);
        parentPort.postMessage({ threads, digest, code });
      })();`;
    pool.configure({ threads: 3 });
    const worker = new Worker(source, { eval: true });
    const [{ threads, digest, code }] = await once(worker, 'message');
    assert.equal(threads, 3);
    assert.equal(code, 'ERR_OFFLOOP_CLOSED');
    assert.equal(await hash.digest('sha256', Buffer.alloc(1 << 20), { encoding: 'hex' }), digest);
    await worker.terminate();
  });
});

describe('the end of the pool', { skip }, () => {
  for (const way of ['close', 'closeTwice', 'closeIdle', 'dispose', 'destroy', 'destroyAfterClose', 'closeStream']) {
    test(way, async () => {
      assert.equal(await succeeds('shutdown.js', { args: [way] }), 'done\n');
    });
  }
});

describe('OFFLOOP_THREADS', () => {
  const threads = async (value) => {
    const stdout = await succeeds('threads.js', { env: { OFFLOOP_THREADS: value } });
    return JSON.parse(stdout);
  };

  test('sets the threads of each lane', async () => {
    assert.deepEqual(await threads('3'), { interactive: 3, bulk: 3, warnings: [] });
  });

  test('is ignored with a warning where it is no such number', async () => {
    const { bulk: usual } = await threads('');
    for (const value of ['0', '-1', '1.5', 'many', '1025']) {
      const { bulk, warnings } = await threads(value);
      assert.equal(bulk, usual);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0], new RegExp(`from 1 to 1024 for OFFLOOP_THREADS but received '${value}'`));
    }
  });
});
