// The clients: some that upload, some that log in, and some that want a quick answer meanwhile.

import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { USER, checkLogin } from './answers.mjs';
import { logIn, send, upload } from './http.mjs';

/** Calls `use` with connections that are kept until it ends. */
async function withAgent(use) {
  const agent = new Agent({ keepAlive: true });
  try {
    return await use(agent);
  } finally {
    agent.destroy();
  }
}

/**
 * Does something so many times `atOnce`, and again at every interval, whether or not what came before
 * has ended: clients do not wait for each other. Resolves with the milliseconds that each took.
 */
async function timeAll(milliseconds, { atOnce, interval }, task) {
  async function timed() {
    const began = performance.now();
    await task();
    return performance.now() - began;
  }
  async function burst(_, index) {
    // Not all with the first moment, when the connections are new and the buffers small.
    await sleep((index + 0.5) * interval);
    return Promise.all(Array.from({ length: atOnce }, timed));
  }
  const bursts = await Promise.all(Array.from({ length: milliseconds / interval }, burst));
  return bursts.flat();
}

/** Uploads `body`, and resolves with the milliseconds that each upload took. */
export function uploadFor(milliseconds, url, { body, check, ...pace }) {
  return withAgent((agent) => timeAll(milliseconds, pace, async () => check(await upload(url, body, agent))));
}

/** Logs in, and resolves with the milliseconds that each login took. */
export function logInFor(milliseconds, url, pace) {
  const { name, password } = USER;
  return withAgent((agent) =>
    timeAll(milliseconds, pace, async () => checkLogin(await logIn(url, name, password, agent)))
  );
}

/** Asks for `url` at every interval, and resolves with the milliseconds that the answers took. */
export function askFor(milliseconds, url, pace) {
  return askWhile(sleep(milliseconds), url, pace);
}

/**
 * The same until a promise has settled. Rejects where that does.
 *
 * A question that falls due while the one before is unanswered is not sent, but counts with the
 * time that it would have waited. Otherwise a long stall would count as a single slow answer, and
 * hide behind the many quick ones.
 */
export function askWhile(promise, url, { interval }) {
  return withAgent(async (agent) => {
    const latencies = [];
    let settled = false;
    const settle = () => {
      settled = true;
    };
    promise.then(settle, settle);
    for (let due = performance.now(); !settled;) {
      const asked = performance.now();
      const { status } = await send(url, { agent });
      if (status !== 200) throw new Error(`Expected 200 from ${url} but received ${status}`);
      const answered = performance.now();
      for (let waited = answered - asked; waited > 0; waited -= interval) latencies.push(waited);
      while (due <= answered) due += interval;
      await sleep(due - answered);
    }
    await promise;
    return latencies;
  });
}
