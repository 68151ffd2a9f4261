'use strict';

// 100,000 jobs at once, aborted at random. Run with --expose-gc.

const assert = require('node:assert/strict');
const { hash, pool, empty } = require('../support/offloop.js');

const JOBS = 100_000;
const kilobytes = () => {
  global.gc();
  return process.memoryUsage().rss / 1024;
};

async function flood() {
  const controllers = Array.from({ length: 100 }, () => new AbortController());
  const data = Buffer.alloc(4096, 1);
  const counts = { fulfilled: 0, ABORT_ERR: 0, ERR_OFFLOOP_TIMEOUT: 0 };
  const settled = [];
  for (let index = 0; index < JOBS; index++) {
    const options = { lane: index % 2 ? 'bulk' : 'interactive', priority: index % 7 };
    if (index % 3) options.signal = controllers[index % controllers.length].signal;
    if (index % 50 === 0) options.timeout = 1 + (index % 30);
    const job = index % 4 ? empty(options) : hash.digest('sha256', data, options);
    settled.push(
      job.then(
        () => counts.fulfilled++,
        ({ code }) => counts[code]++
      )
    );
    if (index % 1000 === 999) controllers[Math.floor(Math.random() * controllers.length)].abort();
  }
  setTimeout(() => controllers.forEach((controller) => controller.abort()), 20);
  await Promise.all(settled);
  assert.equal(counts.fulfilled + counts.ABORT_ERR + counts.ERR_OFFLOOP_TIMEOUT, JOBS);
  for (const value of Object.values(counts)) assert.ok(Number.isInteger(value));
  return counts;
}

async function idle() {
  for (;;) {
    const { interactive, bulk } = pool.stats();
    if (interactive.running + interactive.queued + bulk.running + bulk.queued === 0) return;
    await new Promise(setImmediate);
  }
}

(async () => {
  pool.configure({ maxQueue: JOBS });
  await flood();
  await flood();
  await idle();
  const before = kilobytes();
  const counts = await flood();
  await idle();
  const { interactive, bulk } = pool.stats();
  const ended = (lane) => lane.completed + lane.failed + lane.cancelled;
  assert.equal(ended(interactive) + ended(bulk) >= JOBS, true);
  assert.equal(pool.needsDrain, false);
  await pool.close();
  const grown = kilobytes() - before;
  console.log(JSON.stringify({ counts, grown }));
})();
