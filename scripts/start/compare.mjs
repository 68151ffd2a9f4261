// Puts the same load on all servers, in turn, and checks every answer.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { compareAnswers, uploadChecker } from './answers.mjs';
import { compareCsv } from './csv.mjs';
import { compareGzip } from './gzip.mjs';
import { compareJson } from './json.mjs';
import { step } from './progress.mjs';
import { quantile } from './report.mjs';
import { startServer, stopServer } from './server-process.mjs';
import { askFor, logInFor, uploadFor } from './traffic.mjs';

const SCRIPT = join(import.meta.dirname, 'server.mjs');
/** offloop last: it is left running. */
const SERVERS = [
  { name: 'node:crypto, scryptSync', variant: 'scryptSync' },
  { name: 'node:crypto, scrypt', variant: 'scrypt' },
  { name: 'offloop', variant: 'offloop' },
];

const CSV = [
  { name: 'papaparse', variant: 'scryptSync', mount: '/csv', isNative: false },
  { name: 'csv-parse', variant: 'scrypt', mount: '/csv', isNative: false },
  { name: 'offloop', variant: 'offloop', mount: '/csv', isNative: true },
];
const JSON_BODIES = [
  { name: 'JSON.parse', variant: 'scryptSync', mount: '/json', isNative: false },
  { name: 'offloop, value()', variant: 'offloop', mount: '/objects', isNative: true },
  { name: 'offloop, table()', variant: 'offloop', mount: '/json', isNative: true },
];

const GZIP = [
  { name: 'node:zlib, gzipSync', variant: 'scryptSync', mount: '/gzip', isNative: false },
  { name: 'node:zlib, gzip', variant: 'scrypt', mount: '/gzip', isNative: true },
  { name: 'offloop', variant: 'offloop', mount: '/gzip', isNative: true },
];

/** The servers take turns, so that what else the machine does meanwhile falls on all of them. */
const ROUNDS = 2;
/** Milliseconds of each pass: a round has two, one that is timed and one with the watch on the event loop. */
const TIMED = 3000;
const WATCHED = 1000;
/** Before the first: until the code is compiled and the threads have their memory, all takes twice as long. */
const WARM_UP = 1000;

const UPLOAD_BYTES = 16_000_000;
/**
 * A load that every server can carry, at a pace of its own: a faster server does not get more of it,
 * and the clients, which run on the same machine, do not take it whole.
 */
const UPLOADS = { atOnce: 1, interval: 200 };
/** More at once than libuv has threads. */
const LOGINS = { atOnce: 6, interval: 1000 };
const QUESTIONS = { interval: 10 };

const CONDITIONS = [
  `${ROUNDS} times ${TIMED / 1000} s for each server: an upload of ${UPLOAD_BYTES / 1e6} MB every ${UPLOADS.interval} ms, ` +
    `SHA-256 and BLAKE3 of each;`,
  `${LOGINS.atOnce} logins at once every second, scrypt N=2^14 r=8 p=1; /health, and a page that is read with`,
  `fs.readFile, every ${QUESTIONS.interval} ms. The stall is of runs of its own: the watch on the event loop takes a core.`,
].join('\n');

/** The results of uploads and logins, of CSV, JSON and gzip, and the server with offloop, which is left running. */
export async function compare() {
  const body = randomBytes(UPLOAD_BYTES);
  const check = uploadChecker(body);

  step('Starting the servers');
  const servers = await Promise.all(SERVERS.map(({ name, variant }) => startServer(name, SCRIPT, variant)));
  step('Comparing their answers');
  await compareAnswers(servers, body, check);
  step('Warming them up');
  for (const server of servers) await pass(WARM_UP, server, body, check);

  const rounds = new Map(servers.map((server) => [server, []]));
  for (let round = 1; round <= ROUNDS; round++) {
    for (const server of servers) {
      step(`${server.name}, round ${round} of ${ROUNDS}`);
      const timed = await pass(TIMED, server, body, check);
      // Not timed: the watch never sleeps, and on a small machine or a busy one it takes the core
      // from the native threads, which give way to everything.
      await server.startStallWatch();
      await pass(WATCHED, server, body, check);
      rounds.get(server).push({ ...timed, stall: await server.stopStallWatch() });
    }
  }

  const byVariant = new Map(SERVERS.map(({ variant }, index) => [variant, servers[index]]));
  const onServer = ({ variant, ...contender }) => ({ ...contender, server: byVariant.get(variant) });
  const csv = await compareCsv(CSV.map(onServer));
  const json = await compareJson(JSON_BODIES.map(onServer));
  const gzip = await compareGzip(GZIP.map(onServer));

  const offloop = servers.pop();
  await Promise.all(servers.map(stopServer));
  const results = Array.from(rounds, ([{ name }, passes]) => summary(name, passes));
  return { traffic: { results, conditions: CONDITIONS }, csv, json, gzip, server: offloop };
}

/** All clients at the same time. */
async function pass(milliseconds, { url }, body, check) {
  const [uploads, logins, health, page] = await Promise.all([
    uploadFor(milliseconds, url, { ...UPLOADS, body, check }),
    logInFor(milliseconds, url, LOGINS),
    askFor(milliseconds, `${url}/health`, QUESTIONS),
    askFor(milliseconds, `${url}/`, QUESTIONS),
  ]);
  return { uploads, logins, health, page };
}

function summary(name, rounds) {
  const all = (measured) => rounds.flatMap((round) => round[measured]);
  return {
    name,
    loginP50: quantile(all('logins'), 0.5),
    loginP99: quantile(all('logins'), 0.99),
    // Of one upload, as its client sees it. Bytes per millisecond are kilobytes per second.
    uploadSpeed: UPLOAD_BYTES / quantile(all('uploads'), 0.5) / 1000,
    stall: Math.max(...all('stall')),
    healthP99: quantile(all('health'), 0.99),
    pageP99: quantile(all('page'), 0.99),
  };
}
