// Run as a process: prints the milliseconds from before its first job to the result. The libraries
// are loaded and the event loop has served what that left to do, as in a server before its first
// request; the threads are not there yet.
//
//   node first-job.mjs offloop|worker

import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const SETTLED = 20;

const contenders = {
  async offloop() {
    const { empty } = await import('../offloop.mjs');
    await sleep(SETTLED);
    const start = performance.now();
    await empty();
    return performance.now() - start;
  },
  async worker() {
    const { Worker } = await import('node:worker_threads');
    await sleep(SETTLED);
    const start = performance.now();
    // The least that a worker can be: no file to load.
    const worker = new Worker("require('node:worker_threads').parentPort.postMessage(0)", { eval: true });
    await new Promise((resolve) => worker.once('message', resolve));
    return performance.now() - start;
  },
};

process.stdout.write(String(await contenders[process.argv[2]]()));
