'use strict';

// The pool's end, with jobs in every state. The pool cannot be opened again, so each way has a
// process of its own.

const assert = require('node:assert/strict');
const { hash, pool, empty, hold, release } = require('../support/offloop.js');

const closed = { code: 'ERR_OFFLOOP_CLOSED', name: 'OffloopError' };
const bulk = () => pool.stats().bulk;

/** Running jobs with and without an edge, and queued ones. */
async function everyState() {
  pool.configure({ threads: 2 });
  const running = [hold(), hold(undefined, { stops: true })];
  while (bulk().running < 2) await new Promise(setImmediate);
  const queued = [
    hold(),
    hash.digestFile('sha256', __filename),
    hash.digest('md5', Buffer.alloc(1 << 20), { lane: 'bulk' }),
  ];
  return { running, queued };
}

async function refusesNewJobs() {
  await assert.rejects(empty(), closed);
  await assert.rejects(hash.digest('sha256', 'tiny'), closed);
  await assert.rejects(hash.digestMany('sha256', ['tiny']), closed);
  await assert.rejects(hash.digestFile('sha256', __filename), closed);
  await assert.rejects(hash.digestStream('sha256', ['tiny']), closed);
  await assert.rejects(hash.hmac('sha256', 'key', 'tiny'), closed);
}

const ways = {
  async close() {
    const { running, queued } = await everyState();
    let ended = false;
    const close = pool.close().then(() => (ended = true));
    await refusesNewJobs();
    assert.equal(ended, false);
    release();
    await Promise.all([...running, ...queued]);
    await close;
    assert.deepEqual([bulk().running, bulk().queued], [0, 0]);
  },
  async closeTwice() {
    const job = hold();
    const both = [pool.close(), pool.close()];
    release();
    await Promise.all(both);
    await job;
    await pool.close();
  },
  async closeIdle() {
    await pool.close();
    await refusesNewJobs();
  },
  async dispose() {
    const dispose = Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose');
    const job = hold();
    const disposed = pool[dispose]();
    release();
    await Promise.all([disposed, job]);
    await refusesNewJobs();
  },
  async destroy() {
    const { running, queued } = await everyState();
    let ended = false;
    const destroy = pool.destroy().then(() => (ended = true));
    for (const job of [...running, ...queued]) await assert.rejects(job, closed);
    await refusesNewJobs();
    assert.equal(bulk().queued, 0);
    assert.equal(ended, false, 'the job without an edge still runs');
    release();
    await destroy;
    assert.equal(bulk().running, 0);
  },
  async destroyAfterClose() {
    const { running, queued } = await everyState();
    const close = pool.close();
    const destroy = pool.destroy();
    for (const job of [...running, ...queued]) await assert.rejects(job, closed);
    release();
    await Promise.all([close, destroy]);
  },
  /** A stream that has begun is a job in flight: closing lets it come to its end. */
  async closeStream() {
    let more;
    const asked = new Promise((resolve) => (more = resolve));
    const chunks = (async function* () {
      yield Buffer.alloc(300_000);
      await asked;
      yield Buffer.alloc(300_000);
    })();
    const digest = hash.digestStream('sha256', chunks);
    const close = pool.close();
    more();
    assert.equal((await digest).length, 32);
    await close;
  },
};

ways[process.argv[2]]().then(() => console.log('done'));
