// Puts the same load on both servers, in turn, and checks every answer.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { step, update } from './progress.mjs';
import { quantile } from './report.mjs';
import { startServer, stopServer } from './server-process.mjs';
import { HEALTH_INTERVAL, askHealth, uploadAll } from './traffic.mjs';

const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'express-upload');
const SERVERS = [
  { name: 'node:crypto', script: join(EXAMPLE, 'server-node-crypto.mjs') },
  { name: 'offloop', script: join(EXAMPLE, 'server.mjs') },
];

/** The servers take turns, so that what else the machine does meanwhile falls on both. */
const ROUNDS = 2;
/** Of each pass: a round has two, one that is timed and one with the watch on the event loop. */
const UPLOADS = 6;
const CONCURRENCY = 4;

/** The results, and the server with offloop, which is left running. */
export async function compare() {
  // A file that every machine has, and a large one.
  const file = process.execPath;
  const body = await readFile(file);
  const check = checker(body);
  const megabytes = body.length / 1e6;

  step('Starting the servers');
  const servers = await Promise.all(SERVERS.map(({ name, script }) => startServer(name, script)));
  for (const server of servers) {
    step(`${server.name}: one upload of ${megabytes.toFixed()} MB to warm up`);
    await uploadAll(server.url, body, { count: 1, concurrency: 1, check });
  }

  const rounds = new Map(servers.map((server) => [server, []]));
  for (let round = 1; round <= ROUNDS; round++) {
    for (const server of servers) {
      const title = `${server.name}, round ${round} of ${ROUNDS}`;
      const timed = await pass(server, body, check, `${title}: timed`);
      // Not timed: the watch never sleeps, and on a small machine or a busy one it takes the core
      // from the native threads, which give way to everything.
      await server.startStallWatch();
      await pass(server, body, check, `${title}: event loop watched`);
      rounds.get(server).push({ ...timed, stall: await server.stopStallWatch() });
    }
  }

  const [peer, offloop] = servers;
  await stopServer(peer);
  const results = servers.map((server) => summary(server.name, rounds.get(server), megabytes));
  const uploads = `${ROUNDS * UPLOADS} uploads of ${megabytes.toFixed()} MB to each server, ${CONCURRENCY} at a time`;
  const conditions = [
    `${uploads}, SHA-256 and BLAKE3 of each; /health asked every ${HEALTH_INTERVAL} ms.`,
    'The stall is that of as many more: the watch on the event loop takes a core of its own.',
  ].join('\n');
  return { results, server: offloop, file, conditions };
}

/** Sends the uploads, with the questions after the server's health: how long both took. */
async function pass(server, body, check, title) {
  const over = new AbortController();
  async function upload() {
    const onAnswer = (answered) => update(`${title}, ${answered} of ${UPLOADS} uploads`);
    const began = performance.now();
    try {
      await uploadAll(server.url, body, { count: UPLOADS, concurrency: CONCURRENCY, check, onAnswer });
      return performance.now() - began;
    } finally {
      over.abort();
    }
  }
  step(`${title}, ${UPLOADS} uploads`);
  const [milliseconds, latencies] = await Promise.all([upload(), askHealth(server.url, over.signal)]);
  return { milliseconds, latencies };
}

function summary(name, rounds, megabytes) {
  const seconds = rounds.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / 1000;
  const latencies = rounds.flatMap((round) => round.latencies);
  return {
    name,
    throughput: (rounds.length * UPLOADS * megabytes) / seconds,
    stall: Math.max(...rounds.map((round) => round.stall)),
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  };
}

/**
 * Throws unless an answer has the size and the SHA-256 of `body`, and the BLAKE3 of all other
 * answers: the servers compute that with two libraries that have nothing in common.
 */
function checker(body) {
  const bytes = body.length;
  const sha256 = createHash('sha256').update(body).digest('hex');
  let blake3;
  return (answer) => {
    blake3 ??= answer.blake3;
    if (answer.bytes === bytes && answer.sha256 === sha256 && answer.blake3 === blake3) return;
    const expected = JSON.stringify({ bytes, sha256, blake3 });
    throw new Error(`Expected ${expected} for an upload but received ${JSON.stringify(answer)}`);
  };
}
