// What a job costs beside its work.

import { execFile } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import Piscina from 'piscina';
import Tinypool from 'tinypool';
import { fillLanes, startWorkers, threadCount } from '../busy.mjs';
import { collectGarbage, rate, time } from '../harness.mjs';
import { empty, holdInteractiveLane, take } from '../offloop.mjs';
import { timerDelays } from '../probes.mjs';
import { median, quantile } from '../statistics.mjs';

const folder = join(import.meta.dirname, '..');
const asyncTask = createRequire(import.meta.url)(join(folder, '..', 'target', 'testing', 'bench.node'));

const IN_FLIGHT = 1000;

/** @type {((compare: Function, options: { quick: boolean }) => Promise<void>)[]} */
export const rows = [emptyJobs, firstJob, handOver, loopDelay];

async function emptyJobs(compare) {
  const threads = availableParallelism();
  const filename = join(folder, 'workers', 'empty.mjs');
  // A worker takes one job at a time by default. With several it is up to twice as fast here.
  const settings = { filename, minThreads: threads, maxThreads: threads, concurrentTasksPerWorker: 10 };
  const piscina = new Piscina(settings);
  const tinypool = new Tinypool(settings);
  const contenders = [
    { name: 'offloop', call: empty },
    { name: 'AsyncTask', call: () => asyncTask.empty() },
    { name: 'piscina', call: () => piscina.run() },
    { name: 'tinypool', call: () => tinypool.run() },
  ];
  // All at once, and again when the last has ended: the peers are up to a third faster so than with
  // a new job for each that ends, offloop is not.
  const inFlight = (call) => () => Promise.all(Array.from({ length: IN_FLIGHT }, call));
  try {
    await compare({
      title: `Empty jobs, ${IN_FLIGHT} in flight`,
      quantity: rate('jobs/s', IN_FLIGHT),
      contenders: contenders.map(({ name, call }) => ({ name, call: inFlight(call) })),
      targets: [{ atLeast: 800_000 }, { times: 3, as: 'AsyncTask' }, { times: 14, as: 'piscina' }],
    });
    await compare({
      title: 'Round trip of one empty job, one after the other',
      quantity: time('µs'),
      contenders,
      targets: [{ atMost: 8 }],
    });
  } finally {
    await Promise.all([piscina.destroy(), tinypool.destroy()]);
  }
}

async function firstJob(compare) {
  const script = join(folder, 'workers', 'first-job.mjs');
  const run = promisify(execFile);
  const inFreshProcess = (contender) => async () => {
    const { stdout } = await run(process.execPath, [script, contender]);
    return Number(stdout);
  };
  await compare({
    title: 'First job in a fresh process, threads included',
    processes: true,
    quantity: time('ms'),
    contenders: [
      { name: 'offloop', sample: inFreshProcess('offloop') },
      { name: 'new Worker', sample: inFreshProcess('worker') },
    ],
    targets: [{ atMost: 1 }],
  });
}

const HANDED_OVER = 100e6;
/** Large enough to be borrowed, and to have memory of its own. */
const SMALL = 16 << 10;

async function handOver(compare) {
  const data = randomFillSync(Buffer.allocUnsafeSlow(HANDED_OVER));
  // Written to, because memory that was never touched has no pages to hand over.
  const fresh = () => Buffer.alloc(HANDED_OVER, 1);
  const contenders = [
    { name: 'offloop', make: () => data, hand: (input) => take(input) },
    { name: 'offloop, transfer', make: fresh, hand: (input) => take(input, { transfer: true }) },
    { name: 'structuredClone', make: () => data, hand: (input) => structuredClone(input) },
    {
      name: 'structuredClone, transfer',
      make: fresh,
      hand: (input) => structuredClone(input, { transfer: [input.buffer] }),
    },
  ];
  await compare({
    title: 'Handing over a 100 MB Buffer, time of the call on the JavaScript thread',
    quantity: time('µs'),
    contenders: contenders.map((contender) => ({
      ...contender,
      sample: (milliseconds) => timeCalls(contender, milliseconds),
    })),
    columns: [{ title: 'memory added', unit: 'MB', of: memoryAdded }],
    targets: [{ atMost: 20 }, { atMost: 1, column: 'memory added' }],
  });
}

/** The median of the calls, in microseconds; what they return is awaited off the clock. */
async function timeCalls({ make, hand }, milliseconds) {
  const times = [];
  const end = performance.now() + milliseconds;
  do {
    const input = make();
    // To unmap the buffer of the call before takes longer than a call.
    collectGarbage();
    // Code that has left the CPU's caches takes 50 µs more, whichever contender's it is. Small
    // buffers bring it back, as the other requests of a server do.
    for (let small = 0; small < 50; small++) await hand(Buffer.alloc(SMALL, 1));
    const start = performance.now();
    const output = hand(input);
    times.push((performance.now() - start) * 1e3);
    await output;
  } while (performance.now() < end);
  return median(times);
}

/** How much larger the process is, in megabytes, while the buffer is on its way. */
async function memoryAdded({ make, hand }) {
  const input = make();
  collectGarbage();
  // The job waits behind these, so that it is in flight when the memory is read.
  const release = await holdInteractiveLane();
  const before = process.memoryUsage.rss();
  const output = hand(input);
  const added = process.memoryUsage.rss() - before;
  await release();
  await output;
  return added / 1e6;
}

async function loopDelay(compare, { quick }) {
  const milliseconds = quick ? 1000 : 3500;
  const beside = (start) => async () => {
    const stop = await start();
    const delays = await timerDelays(sleep(milliseconds));
    await stop();
    return quantile(delays, 0.99);
  };
  await compare({
    title: 'Event-loop p99 delay with both lanes full of work',
    note: `how late a timer of 1 ms fires, beside ${threadCount()} threads that hash; idle: beside none`,
    quantity: time('ms'),
    rounds: quick ? 1 : 3,
    contenders: [
      { name: 'offloop', sample: beside(fillLanes) },
      { name: 'worker threads', sample: beside(startWorkers) },
      { name: 'idle', sample: beside(async () => async () => {}) },
    ],
    targets: [{ atMost: 1.5 }],
  });
}
