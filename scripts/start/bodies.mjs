// Sends the same large body again and again.

import { isDeepStrictEqual } from 'node:util';
import { post } from './http.mjs';
import { step } from './progress.mjs';
import { quantile } from './report.mjs';
import { askWhile } from './traffic.mjs';

const QUESTIONS = { interval: 10 };

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {object} server
 * @property {string} mount where the server has the example that answers
 * @property {boolean} isNative whether native threads do the work
 */

/**
 * Sends a body to one contender after the other, and returns what they show.
 *
 * @param {Contender[]} contenders
 * @param {object} of
 * @param {string} of.called what the body is
 * @param {string} of.route of each mount
 * @param {Buffer} of.body
 * @param {number} of.atLeast milliseconds of each pass: the slow ones take longer for a single body
 * @param {(answer: object) => void} of.check takes each answer
 */
export async function sendToEach(contenders, { called, route, body, atLeast, check }) {
  const results = [];
  for (const { name, server, mount, isNative } of contenders) {
    step(`${called} with ${name}`);
    const pass = async () => {
      const times = [];
      const sending = sendFor(atLeast, `${server.url}${mount}${route}`, body, check, times);
      const health = await askWhile(sending, `${server.url}${mount}/health`, QUESTIONS);
      return { time: quantile(times, 0.5), healthP99: quantile(health, 0.99) };
    };
    // Not timed, where the watch would take its core from native threads. JavaScript has none to take.
    const timed = isNative ? await pass() : undefined;
    await server.startStallWatch();
    const watched = await pass();
    const stall = await server.stopStallWatch();
    const { time, healthP99 } = timed ?? watched;
    // Bytes per millisecond are kilobytes per second.
    results.push({ name, seconds: time / 1000, speed: body.length / time / 1000, stall, healthP99 });
  }
  return results;
}

async function sendFor(milliseconds, url, body, check, times) {
  const start = performance.now();
  while (performance.now() - start < milliseconds) {
    const sent = performance.now();
    check(await post(url, body));
    times.push(performance.now() - sent);
  }
}

/**
 * What takes the answers to a body: each has to say how much there is, and all the same as the first.
 *
 * @param {string} what
 * @param {string} field of the answer
 * @param {number} count
 */
export function answerChecker(what, field, count) {
  let expected;
  return ({ status, text }) => {
    const answer = status === 200 ? JSON.parse(text) : undefined;
    expected ??= answer;
    if (answer?.[field] === count && isDeepStrictEqual(answer, expected)) return;
    const wanted = JSON.stringify(expected);
    throw new Error(`Expected ${count} ${field} with ${wanted} for ${what} but received ${status} with ${text}`);
  };
}
