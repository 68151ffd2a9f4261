// What the event loop feels while work runs.

import { stat } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/**
 * The longest gap between two turns of the event loop, in milliseconds, while `work` runs: its call
 * and the delivery of its result included.
 *
 * The loop never sleeps meanwhile and so takes a core. Time the work without this probe.
 */
export async function longestStall(work) {
  let longest = 0;
  let running = true;
  let last;
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) setImmediate(turn);
  };
  await nextTurn();
  last = performance.now();
  setImmediate(turn);
  await work();
  // The gap that delivered the result ends with the turn after it.
  await nextTurn();
  running = false;
  turn();
  return longest;
}

/**
 * How late a timer of 1 ms fires, in milliseconds, again and again until `work` has ended. The loop
 * sleeps between, as that of a server does, so the kernel has to take a core away from other
 * threads for it. Timers count whole milliseconds: up to 1 ms of a delay is rounding, not waiting.
 *
 * @param {Promise<unknown>} work
 */
export async function timerDelays(work) {
  const delays = [];
  let running = true;
  const start = () => {
    const due = performance.now() + 1;
    setTimeout(() => {
      delays.push(performance.now() - due);
      if (running) start();
    }, 1);
  };
  start();
  try {
    await work;
  } finally {
    running = false;
  }
  return delays;
}

/**
 * How long `fs.stat` takes, in milliseconds, one after the other for so long: what a server waits for a file,
 * or for `dns.lookup`, which are done by the same four threads of libuv. Between two the loop sleeps.
 *
 * @param {number} milliseconds
 */
export async function statTimes(milliseconds) {
  const times = [];
  for (const start = performance.now(); performance.now() - start < milliseconds;) {
    const asked = performance.now();
    await stat(import.meta.filename);
    times.push(performance.now() - asked);
    await sleep(1);
  }
  return times;
}
