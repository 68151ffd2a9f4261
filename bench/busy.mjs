// Ways to keep as many threads busy as both lanes have, with the same work.

import { Worker } from 'node:worker_threads';
import { hash, pool } from './offloop.mjs';

/** About 10 ms of SHA-512, which runs on one thread: the event loop has next to nothing to do. */
const BYTES = 8 << 20;

/** Of both lanes together. */
export function threadCount() {
  const { interactive, bulk } = pool.stats();
  return interactive.threads + bulk.threads;
}

/**
 * Each lane with twice as many jobs in flight as it has threads, so that none of them waits for
 * JavaScript.
 *
 * @returns {Promise<() => Promise<void>>} what ends it
 */
export async function fillLanes() {
  let running = true;
  const data = Buffer.alloc(BYTES, 1);
  const chain = async (lane) => {
    while (running) await hash.digest('sha512', data, { lane });
  };
  const { interactive, bulk } = pool.stats();
  const chains = [
    ...Array.from({ length: 2 * interactive.threads }, () => chain('interactive')),
    ...Array.from({ length: 2 * bulk.threads }, () => chain('bulk')),
  ];
  return async () => {
    running = false;
    await Promise.all(chains);
  };
}

/** As many worker threads. */
export async function startWorkers() {
  const control = new SharedArrayBuffer(4);
  const workers = Array.from(
    { length: threadCount() },
    () => new Worker(new URL('./workers/busy.mjs', import.meta.url), { workerData: { bytes: BYTES, control } })
  );
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
  return async () => {
    const ends = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
    Atomics.store(new Int32Array(control), 0, 1);
    await Promise.all(ends);
  };
}
