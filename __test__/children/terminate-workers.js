'use strict';

// Terminates worker threads at random moments while their jobs are queued, running and settling.

const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const { createHash } = require('node:crypto');
const { hash, pool } = require('../support/offloop.js');

const ROUNDS = Number(process.argv[2] ?? 1000);
const AT_ONCE = 4;

if (isMainThread) main();
else work();

/** Keeps jobs of all kinds in flight until it is terminated. */
function work() {
  const shared = new Uint8Array(workerData.shared);
  const large = Buffer.alloc(3 << 20, 7);
  const step = () =>
    Promise.allSettled([
      hash.digest('sha256', large),
      hash.digest('blake3', large, { lane: 'interactive' }),
      hash.digest('md5', large, { copy: true }),
      hash.digest('sha1', shared),
      hash.digestMany('sha256', [large.subarray(1 << 20), large.subarray(1), 'text']),
      hash.digestFile('crc32', __filename),
      hash.digest('sha256', 'small', { lane: 'bulk', onProgress() {} }),
      hash.digest('sha512', large, { signal: AbortSignal.timeout(1) }),
    ]).then(step);
  step();
  parentPort.postMessage('started');
}

async function main() {
  const shared = new SharedArrayBuffer(1 << 20);
  const own = Buffer.alloc(1 << 20, 1);
  const expected = createHash('sha256').update(own).digest('hex');
  let rounds = ROUNDS;
  const terminateAll = async () => {
    while (rounds-- > 0) {
      const worker = new Worker(__filename, { workerData: { shared } });
      worker.on('error', (error) => {
        throw error;
      });
      // Some die before they have started.
      if (rounds % 8 !== 0) await new Promise((resolve) => worker.once('message', resolve));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 8));
      await worker.terminate();
      const digest = await hash.digest('sha256', own, { encoding: 'hex' });
      if (digest !== expected) throw new Error('the main thread got a wrong digest');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, terminateAll));
  // A job that borrows nothing outlives its thread until its next checkpoint.
  const deadline = Date.now() + 30_000;
  while (left() > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  const { interactive, bulk } = pool.stats();
  console.log(
    JSON.stringify({ running: interactive.running + bulk.running, queued: interactive.queued + bulk.queued })
  );
}

/** Jobs of all threads that have not ended. */
function left() {
  const { interactive, bulk } = pool.stats();
  return interactive.running + bulk.running + interactive.queued + bulk.queued;
}
