// A worker thread that parses the same bytes whenever it is told to, and posts what comes of it.

import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

/**
 * Calls `use` with the function that lets the worker parse once and returns a promise of the result.
 *
 * @param {string} script of `workers`
 * @param {Buffer} data
 * @param {(parse: () => Promise<unknown>) => Promise<void>} use
 */
export async function withParsingWorker(script, data, use) {
  // Shared, so that it costs the peer nothing to get it there.
  const shared = new Uint8Array(new SharedArrayBuffer(data.length));
  shared.set(data);
  const worker = new Worker(join(import.meta.dirname, 'workers', script), { workerData: shared });
  const parse = async () => {
    worker.postMessage('parse');
    return (await once(worker, 'message'))[0];
  };
  try {
    await use(parse);
  } finally {
    await worker.terminate();
  }
}
