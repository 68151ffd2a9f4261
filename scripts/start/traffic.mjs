// The two clients: one that uploads, and one that wants a quick answer meanwhile.

import { Agent, request } from 'node:http';
import { setTimeout } from 'node:timers/promises';

/** Milliseconds from one question after a server's health to the next. */
export const HEALTH_INTERVAL = 5;

/** An answer that takes longer never comes: the servers need a second or two. */
const TIMEOUT = 120_000;

/** The JSON of the answer to one request. */
function fetchJson(url, { method = 'GET', agent, body }) {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT);
    const sent = request(url, { method, agent, signal, headers: { 'Content-Length': body?.length ?? 0 } });
    sent.on('error', (cause) => reject(new Error(`${method} ${url}: ${cause.message}`, { cause })));
    sent.on('response', async (response) => {
      try {
        const text = Buffer.concat(await response.toArray()).toString();
        if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}: ${text}`);
        resolve(JSON.parse(text));
      } catch (cause) {
        reject(new Error(`${method} ${url}: ${cause.message}`, { cause }));
      }
    });
    // As one buffer, which costs this process next to nothing: on a small machine it would
    // otherwise measure itself.
    sent.end(body);
  });
}

/** Sends `body` `count` times, `concurrency` at a time, each answer to `check`. */
export async function uploadAll(url, body, { count, concurrency, check, onAnswer = () => {} }) {
  const agent = new Agent({ keepAlive: true });
  let sent = 0;
  let answered = 0;
  async function uploadInTurn() {
    while (sent < count) {
      sent++;
      check(await fetchJson(`${url}/upload`, { method: 'POST', agent, body }));
      onAnswer(++answered);
    }
  }
  try {
    await Promise.all(Array.from({ length: concurrency }, uploadInTurn));
  } finally {
    agent.destroy();
  }
}

/**
 * Asks for the server's health until `over` is aborted, and resolves with the milliseconds that the
 * answers took.
 *
 * A question that falls due while the one before is unanswered is not sent, but counts with the
 * time that it would have waited. Otherwise a long stall would count as a single slow answer, and
 * hide behind the many quick ones.
 */
export async function askHealth(url, over) {
  const agent = new Agent({ keepAlive: true });
  const latencies = [];
  try {
    let due = performance.now();
    while (!over.aborted) {
      const asked = performance.now();
      await fetchJson(`${url}/health`, { agent });
      const answered = performance.now();
      for (let waited = answered - asked; waited > 0; waited -= HEALTH_INTERVAL) latencies.push(waited);
      while (due <= answered) due += HEALTH_INTERVAL;
      await setTimeout(due - answered);
    }
  } finally {
    agent.destroy();
  }
  return latencies;
}
