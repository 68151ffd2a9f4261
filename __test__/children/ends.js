'use strict';

// Ways for a process to end while it has jobs, or has none.

const { Worker } = require('node:worker_threads');
const { hash, hold, empty } = require('../support/offloop.js');

const large = Buffer.alloc(64 << 20, 1);
const jobs = () => hash.algorithms.map((algorithm) => hash.digest(algorithm, large));
const ways = {
  /** Nothing was ever asked for: the process ends at once. */
  idle() {},
  /** A job was, and is done: the idle threads hold nothing. */
  async idleAfterJob() {
    await hash.digest('sha256', large);
    console.log('done');
  },
  /** A job is pending and nothing else holds the process: it lives until the job is done. */
  pending() {
    hash.digest('sha256', large).then(() => console.log('done'));
  },
  exit() {
    jobs();
    setTimeout(() => process.exit(7), 10);
  },
  exitAtOnce() {
    jobs();
    process.exit(7);
  },
  uncaught() {
    jobs();
    setTimeout(() => {
      throw new Error('on purpose');
    }, 10);
  },
  rejected() {
    hash.digest('sha256', large, { timeout: 1 });
  },
  /** A worker thread's jobs end with it, the main thread's go on. */
  async workerExits() {
    const source = `const { hash } = require(${JSON.stringify(require.resolve('../support/offloop.js'))});
      const large = Buffer.alloc(64 << 20, 1);
      for (let i = 0; i < 8; i++) hash.digest('sha512', large);
      setImmediate(() => process.exit(3));`;
    const worker = new Worker(source, { eval: true });
    const own = hash.digest('sha1', large, { encoding: 'hex' });
    await new Promise((resolve) => worker.once('exit', resolve));
    console.log((await own).length);
  },
  /** A job without an edge that nobody will end. */
  held() {
    hold();
    hold();
    setTimeout(() => process.exit(7), 10);
  },
  /** The last reference to the package goes while jobs run. */
  async reloaded() {
    const pending = empty();
    for (const path of Object.keys(require.cache)) delete require.cache[path];
    await pending;
    const again = require('../../index.js');
    console.log((await again.hash.digest('crc32', large, { encoding: 'hex' })).length);
  },
};

ways[process.argv[2]]();
