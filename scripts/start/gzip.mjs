// Sends the same CSV to all servers, in turn, to be compressed, and checks every answer.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { csvFile } from '../../bench/csv-data.mjs';
import { sendToEach } from './bodies.mjs';
import { post } from './http.mjs';
import { step } from './progress.mjs';
import { quantile } from './report.mjs';
import { askWhile } from './traffic.mjs';

const AT_LEAST = 1000;
/** More than libuv has threads. */
const AT_ONCE = 8;
const QUESTIONS = { interval: 10 };

const CONDITIONS =
  'The CSV of 50 MB by gzip, level 6, one after the other, and the ratio of its size to the answer. readFile:\n' +
  `a page that is read with fs.readFile, while ${AT_ONCE} parts of the CSV are compressed at once.`;

/** @param {import('./bodies.mjs').Contender[]} contenders */
export async function compareGzip(contenders) {
  const body = readFileSync(csvFile());
  const results = [];
  for (const contender of contenders) {
    const { name, server, mount } = contender;
    const url = `${server.url}${mount}`;
    const expected = await firstAnswer(url, body);
    const [result] = await sendToEach([contender], {
      called: '50 MB to gzip',
      route: '',
      body,
      atLeast: AT_LEAST,
      // To unpack it is no part of what is timed. The same input gives the same bytes.
      check: (answer) => {
        if (!expected.equals(answer.body)) throw new Error(`Expected of ${name} the same bytes for the same CSV`);
      },
    });
    step(`${AT_ONCE} parts of it at once with ${name}`);
    const page = await askWhile(sendAtOnce(url, body), `${server.url}/`, QUESTIONS);
    results.push({ ...result, ratio: body.length / expected.length, pageP99: quantile(page, 0.99) });
  }
  return { results, conditions: CONDITIONS };
}

/** What a server makes of `body`, which node:zlib has to unpack again. */
async function firstAnswer(url, body) {
  const { status, body: compressed } = await post(url, body);
  if (status === 200 && body.equals(gunzipSync(compressed))) return compressed;
  throw new Error(`Expected the gzip of ${body.length} bytes from ${url} but received ${status}`);
}

async function sendAtOnce(url, body) {
  const bytes = Math.ceil(body.length / AT_ONCE);
  const start = performance.now();
  const send = async (_, index) => {
    while (performance.now() - start < AT_LEAST) await post(url, body.subarray(index * bytes, (index + 1) * bytes));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
}
