// Sends the same CSV to all servers, in turn, and checks every answer.

import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { ROWS, csvBytes, csvFile } from '../../bench/csv-data.mjs';
import { sendCsv } from './http.mjs';
import { step } from './progress.mjs';
import { quantile } from './report.mjs';
import { askWhile } from './traffic.mjs';

/** Milliseconds of each pass, at least: the slow ones take longer for a single file. */
const PASS = 2000;
/** Rows of what warms the servers up, and shows that they agree. */
const FEW = 10_000;
const QUESTIONS = { interval: 10 };

const CONDITIONS =
  `One CSV of 50 MB and ${ROWS.toLocaleString('en')} rows after the other: how many there are, and sum, minimum\n` +
  'and maximum of three columns of numbers. papaparse takes the text as a whole, the others as it arrives.';

/** @param {{ server: object, parser: string }[]} servers */
export async function compareCsv(servers) {
  const check = answerChecker();
  const small = csvBytes(FEW);
  for (const { server } of servers) check(await sendCsv(server.url, small), FEW);

  const path = csvFile();
  const body = readFileSync(path);
  const results = [];
  for (const { server, parser } of servers) {
    step(`A CSV of 50 MB with ${parser}`);
    const timed = await pass(server, body, check);
    // As with the other figures: the watch takes a core, so what is watched is not timed.
    await server.startStallWatch();
    await pass(server, body, check);
    results.push({ name: parser, ...timed, stall: await server.stopStallWatch() });
  }
  return { results, conditions: CONDITIONS, path };
}

async function pass({ url }, body, check) {
  const times = [];
  async function sendAll() {
    const start = performance.now();
    while (performance.now() - start < PASS) {
      const sent = performance.now();
      check(await sendCsv(url, body), ROWS);
      times.push(performance.now() - sent);
    }
  }
  const health = await askWhile(sendAll(), `${url}/csv/health`, QUESTIONS);
  const time = quantile(times, 0.5);
  // Bytes per millisecond are kilobytes per second.
  return { seconds: time / 1000, speed: body.length / time / 1000, healthP99: quantile(health, 0.99) };
}

/** Takes the answers: the rows that were sent, and the figures of the first answer for as many rows. */
function answerChecker() {
  const expected = new Map();
  return ({ status, text }, rows) => {
    const answer = status === 200 ? JSON.parse(text) : undefined;
    if (!expected.has(rows)) expected.set(rows, answer);
    const right = answer?.rows === rows && isDeepStrictEqual(answer, expected.get(rows));
    if (right) return;
    const wanted = JSON.stringify(expected.get(rows));
    throw new Error(`Expected ${rows} rows with ${wanted} for a CSV but received ${status} with ${text}`);
  };
}
