'use strict';

const { after, before, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const http = require('node:http');
const { join } = require('node:path');
const { createInterface } = require('node:readline');
const { pathToFileURL } = require('node:url');
const { blake3 } = require('hash-wasm');
const { hash, pool } = require('offloop');

const example = join(__dirname, '..', 'examples', 'express-upload');

const digestsOf = async (bytes) => ({
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  blake3: await blake3(bytes),
});

/** A server of the example in a process of its own. */
async function startServer(script) {
  const child = spawn(process.execPath, [join(example, script)], {
    env: { ...process.env, HOST: '127.0.0.1', PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => (await lines.next()).value ?? assert.fail(`${script} ended`);
  const [url] = /http:\S+/.exec(await nextLine());
  return { child, exited, nextLine, url };
}

/** Calls `use` with the address of a server of the example in this process, whose pool is the test's. */
async function withServer(script, options, use) {
  const { createApp } = await import(pathToFileURL(join(example, script)));
  const server = createApp(options).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Starts an upload, to be written to and ended. */
function openUpload(url, headers = {}) {
  return http.request(`${url}/upload`, { method: 'POST', headers });
}

/** The answer to a request. */
async function answerTo(request) {
  const [response] = await once(request, 'response');
  const text = Buffer.concat(await response.toArray()).toString();
  return { status: response.statusCode, headers: response.headers, body: JSON.parse(text) };
}

async function upload(url, bytes) {
  const { status, body } = await answerTo(openUpload(url).end(bytes));
  assert.equal(status, 200);
  return body;
}

const get = async (url, path) => (await answerTo(http.get(`${url}${path}`))).body;

/** Asks for the pool's statistics until they are as wanted. */
async function statsWhere(url, wanted) {
  for (;;) {
    const stats = await get(url, '/stats');
    if (wanted(stats)) return stats;
  }
}

const isIdle = ({ interactive, bulk }) => interactive.running + interactive.queued + bulk.running + bulk.queued === 0;

for (const script of ['server.mjs', 'server-node-crypto.mjs']) {
  describe(`${script} answers`, () => {
    let server;
    before(async () => {
      server = await startServer(script);
    });
    after(() => server.child.kill('SIGKILL'));

    test('an upload with its size and both digests', async () => {
      for (const length of [0, 1, 100_000, 5_000_000]) {
        const bytes = randomBytes(length);
        assert.deepEqual(await upload(server.url, bytes), await digestsOf(bytes));
      }
    });

    test('uploads at the same time, each with its own digests', async () => {
      const bodies = Array.from({ length: 12 }, () => randomBytes(1_000_000));
      const answers = await Promise.all(bodies.map((bytes) => upload(server.url, bytes)));
      assert.deepEqual(answers, await Promise.all(bodies.map(digestsOf)));
    });

    test('a question after its health', async () => {
      assert.deepEqual(await get(server.url, '/health'), { status: 'ok' });
    });
  });

  test(`${script} refuses more than it takes, announced or not`, async () => {
    await withServer(script, { maxBytes: 1_000_000 }, async (url) => {
      const body = randomBytes(1_000_001);
      for (const headers of [{ 'Content-Length': body.length }, { 'Transfer-Encoding': 'chunked' }]) {
        const { status } = await answerTo(openUpload(url, headers).end(body));
        assert.equal(status, 413);
      }
      const largest = body.subarray(1);
      assert.deepEqual(await upload(url, largest), await digestsOf(largest));
    });
  });
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

describe('server.mjs', () => {
  test('ends the work of a client that goes away, and serves the others', async () => {
    const server = await startServer('server.mjs');
    try {
      const abandoned = openUpload(server.url);
      abandoned.on('error', () => {});
      abandoned.write(randomBytes(20_000_000));
      await statsWhere(server.url, ({ bulk }) => bulk.completed > 0);
      abandoned.destroy();
      await statsWhere(server.url, isIdle);
      assert.deepEqual(await get(server.url, '/health'), { status: 'ok' });
      const bytes = randomBytes(1_000_000);
      assert.deepEqual(await upload(server.url, bytes), await digestsOf(bytes));
      // It would not while a digest still waited for the rest of the abandoned upload.
      if (hasSignals) await drains(server);
    } finally {
      server.child.kill('SIGKILL');
    }
  });

  test('answers 503 with Retry-After while the queue is full', async () => {
    await withServer('server.mjs', {}, async (url) => {
      const { maxQueue } = pool.stats();
      const bytes = randomBytes(3_000_000);
      const holding = new AbortController();
      try {
        // The only thread of the lane where streams are hashed is kept busy, and nothing may wait.
        pool.configure({ threads: 1, maxQueue: 0 });
        const taken = once(pool, 'needDrain');
        const message = Buffer.alloc(16 << 20);
        const hours = Array.from({ length: 100_000 }, () => message);
        const held = hash.digestMany('sha3-512', hours, { lane: 'bulk', signal: holding.signal });
        await Promise.race([taken, held]);

        const { status, headers, body } = await answerTo(openUpload(url).end(bytes));
        assert.equal(status, 503);
        assert.equal(headers['retry-after'], '1');
        assert.equal(typeof body.error, 'string');

        const free = once(pool, 'drain');
        holding.abort();
        await assert.rejects(held, { code: 'ABORT_ERR' });
        await free;
      } finally {
        holding.abort();
        pool.configure({ maxQueue });
      }
      assert.deepEqual(await upload(url, bytes), await digestsOf(bytes));
    });
  });

  test('finishes the uploads in progress on SIGTERM, and then ends', { skip: !hasSignals }, async () => {
    const server = await startServer('server.mjs');
    try {
      const bytes = randomBytes(3_000_000);
      const upload = openUpload(server.url, { Expect: '100-continue' });
      upload.flushHeaders();
      await once(upload, 'continue');
      upload.write(bytes.subarray(0, 1_000_000));

      await drains(server, async () => {
        const late = http.get(`${server.url}/health`, { agent: false });
        assert.equal((await once(late, 'error'))[0].code, 'ECONNREFUSED');
        const { status, body } = await answerTo(upload.end(bytes.subarray(1_000_000)));
        assert.equal(status, 200);
        assert.deepEqual(body, await digestsOf(bytes));
      });
    } finally {
      server.child.kill('SIGKILL');
    }
  });
});
