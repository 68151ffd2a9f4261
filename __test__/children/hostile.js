'use strict';

// Programs that are wrong in ways that once took the process, or other callers' jobs, with them.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { Worker } = require('node:worker_threads');
const { native, hash, pool, empty, hold, release, run } = require('../support/offloop.js');

const support = JSON.stringify(require.resolve('../support/offloop.js'));

const ways = {
  /** Node frees an external buffer when its thread ends, whatever else holds its memory. */
  async externalBuffer() {
    const source = `
      const { hash } = require(${support});
      (async () => {
        const external = await hash.digest('blake3', 'x', { length: 24 << 20 });
        hash.digest('sha512', external);
        hash.digestMany('sha256', [external.subarray(1), external.subarray(2)]);
        setImmediate(() => process.exit());
      })();`;
    for (let round = 0; round < 5; round++) {
      await once(new Worker(source, { eval: true }), 'exit');
      Buffer.alloc(24 << 20, round);
    }
  },
  /** A listener that throws is an uncaught exception, and the jobs of its batch settle. */
  async throwingListener() {
    const uncaught = [];
    process.on('uncaughtException', (error) => uncaught.push(error.message));
    pool.configure({ threads: 1 });
    pool.on('needDrain', () => {
      throw new Error('on purpose');
    });
    await Promise.all(Array.from({ length: 200 }, () => empty()));
    assert.ok(uncaught.length > 0);
    assert.ok(uncaught.every((message) => message === 'on purpose'));
  },
  async fakeSignal() {
    const signals = [
      { aborted: false, addEventListener() {} },
      {
        aborted: false,
        addEventListener() {},
        removeEventListener() {
          throw new Error('on purpose');
        },
      },
    ];
    for (const signal of signals) {
      await Promise.all([empty({ signal }), empty(), empty({ signal })]);
      await hash.digestStream('sha256', ['x'], { signal });
    }
    const throwing = {
      aborted: false,
      addEventListener() {
        throw new Error('on purpose');
      },
    };
    await assert.rejects(hash.digestStream('sha256', ['x'], { signal: throwing }), /on purpose/);
    await pool.close();
  },
  /** Test runners replace the global timers. */
  async fakeTimers() {
    for (const name of ['setImmediate', 'setTimeout', 'clearTimeout', 'queueMicrotask']) globalThis[name] = () => {};
    const busy = () => {
      const end = performance.now() + 0.2;
      while (performance.now() < end);
    };
    await Promise.all(Array.from({ length: 200 }, () => empty().then(busy)));
    await hash.digestStream('sha256', [Buffer.alloc(1 << 20)]);
  },
  /** The JavaScript is loaded again, and the native library is not: what test runners do. */
  async reloaded() {
    for (const path of Object.keys(require.cache)) if (!path.endsWith('native.js')) delete require.cache[path];
    const again = require('../../index.js');
    assert.notEqual(again.hash, hash);
    const [a, b] = [Buffer.alloc(1 << 20, 1), Buffer.alloc(1 << 20, 2)];
    const digests = await Promise.all([
      hash.digest('sha256', a, { encoding: 'hex' }),
      again.hash.digest('sha256', b, { encoding: 'hex' }),
      hash.digest('sha256', b, { encoding: 'hex' }),
      again.hash.digest('sha256', a, { encoding: 'hex' }),
    ]);
    const expected = [a, b, b, a].map((bytes) =>
      require('node:crypto').createHash('sha256').update(bytes).digest('hex')
    );
    assert.deepEqual(digests, expected);
  },
  /** A stream that is given up between two of its jobs must not end the job that has the slot now. */
  async staleSlot() {
    pool.configure({ threads: 1 });
    for (let round = 0; round < 50; round++) {
      const controller = new AbortController();
      let hashed;
      const first = new Promise((resolve) => (hashed = resolve));
      const source = (async function* () {
        yield Buffer.alloc(300_000);
        await new Promise(() => {});
      })();
      const options = { signal: controller.signal, onProgress: () => hashed() };
      const given = hash.digestStream('crc32', source, options).catch((error) => error.code);
      await first;
      const others = Array.from({ length: 4 }, () => hash.digest('md5', Buffer.alloc(100_000), { lane: 'bulk' }));
      controller.abort();
      assert.equal(await given, 'ABORT_ERR');
      assert.equal((await Promise.all(others)).length, 4);
    }
    await pool.close();
  },
  /** A result that JavaScript has no value for fails its own job and no other. */
  async tooLong() {
    const long = run(undefined, (slot, { priority, flags }) => native.testText(slot, priority, flags, 2 ** 30));
    const others = Array.from({ length: 20 }, () => empty());
    await assert.rejects(long, { code: 'ERR_BUFFER_TOO_LARGE', name: 'OffloopError' });
    await Promise.all(others);
    await pool.close();
  },
  /** A job that waits for a budget that was lowered under it still gets its turn. */
  async loweredBudget() {
    pool.configure({ memory: 1000 });
    const jobs = [hold(undefined, { bytes: 900 }), hold(undefined, { bytes: 900 }), hold(undefined, { bytes: 10 })];
    pool.configure({ memory: 100 });
    release();
    await Promise.all(jobs);
  },
  /** A source of nothing holds neither memory nor the event loop. */
  async emptyChunks() {
    const nothing = Buffer.alloc(0);
    const endless = (function* () {
      for (;;) yield nothing;
    })();
    const tiny = (function* () {
      for (let index = 0; index < 100_000; index++) yield Buffer.from([index]);
    })();
    await assert.rejects(hash.digestStream('sha256', endless, { timeout: 100 }), { code: 'ERR_OFFLOOP_TIMEOUT' });
    const digest = await hash.digestStream('sha256', tiny);
    const expected = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index));
    assert.deepEqual(digest, require('node:crypto').createHash('sha256').update(expected).digest());
  },
  /** A source that never answers does not keep the pool from closing. */
  async stuckSource() {
    const stuck = (async function* () {
      await new Promise(() => {});
      yield 'never';
    })();
    const digest = hash.digestStream('sha256', stuck);
    const ended = pool.destroy();
    await assert.rejects(digest, { code: 'ERR_OFFLOOP_CLOSED' });
    await ended;
  },
  /** One chunk of a gigabyte: the thread that ends does not wait for all of it. */
  async largeChunk() {
    const source = `
      const { hash } = require(${support});
      hash.digestStream('sha3-512', [Buffer.alloc(1 << 30), 'end']);
      setTimeout(() => process.exit(), 300);`;
    const worker = new Worker(source, { eval: true });
    await once(worker, 'exit');
  },
};

ways[process.argv[2]]().then(() => console.log('done'));
