'use strict';

// The servers of examples/, and requests to them.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const http = require('node:http');
const { join } = require('node:path');
const { createInterface } = require('node:readline');
const { setImmediate: nextTurn } = require('node:timers/promises');
const { pathToFileURL } = require('node:url');
const { hash, pool } = require('offloop');

const examples = join(__dirname, '..', '..', 'examples');

/** A server in a process of its own. */
async function startServer(script, ...args) {
  const child = spawn(process.execPath, [join(examples, script), ...args], {
    env: { ...process.env, HOST: '127.0.0.1', PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => (await lines.next()).value ?? assert.fail(`${script} ended`);
  const [url] = /http:\S+/.exec(await nextLine());
  return { child, exited, nextLine, url };
}

// Windows has no signals: there `kill` ends a process, which then cannot drain.
const hasSignals = process.platform !== 'win32';

/** Asks a server to end, calls `meanwhile`, and checks that it ends with nothing left undone. */
async function drains({ child, exited, nextLine }, meanwhile = () => {}) {
  child.kill('SIGTERM');
  assert.match(await nextLine(), /^Draining/);
  await meanwhile();
  assert.equal(await nextLine(), 'Drained');
  assert.deepEqual(await exited, [0, null]);
}

/** Calls `use` with the address of a server in this process, whose pool is the test's. */
async function withServer(script, options, use) {
  const { createApp } = await import(pathToFileURL(join(examples, script)));
  const server = createApp(options).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Starts a job of hours, and returns what ends it. */
function hold(lane) {
  const holding = new AbortController();
  const message = Buffer.alloc(16 << 20);
  const hours = Array.from({ length: 100_000 }, () => message);
  const held = hash.digestMany('sha3-512', hours, { lane, signal: holding.signal });
  return async () => {
    holding.abort();
    await assert.rejects(held, { code: 'ABORT_ERR' });
  };
}

/**
 * Calls `use` while the only thread of a lane is busy, until it calls what it is given, and `maxQueue`
 * jobs may wait.
 */
async function withBusyLane(lane, maxQueue, use) {
  const { [lane]: usual, maxQueue: usualQueue } = pool.stats();
  pool.configure({ threads: 1, maxQueue });
  const taken = once(pool, 'needDrain');
  const letGo = hold(lane);
  try {
    await taken;
    // It waits for its thread at first, and is not what anybody means by the queue.
    while (pool.stats()[lane].running === 0) await nextTurn();
    await use(letGo);
  } finally {
    await letGo();
    while (pool.stats()[lane].needsDrain) await nextTurn();
    pool.configure({ threads: usual.threads, maxQueue: usualQueue });
  }
}

/** The answer to a request, with its body as it is and, where that is JSON, as a value. */
async function answerTo(request) {
  const [response] = await once(request, 'response');
  const text = Buffer.concat(await response.toArray()).toString();
  const isJson = /\bjson\b/.test(response.headers['content-type']);
  return { status: response.statusCode, headers: response.headers, text, body: isJson ? JSON.parse(text) : text };
}

const get = async (url, path) => (await answerTo(http.get(`${url}${path}`))).body;

module.exports = { answerTo, drains, get, hasSignals, hold, startServer, withBusyLane, withServer };
