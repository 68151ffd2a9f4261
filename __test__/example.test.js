'use strict';

const { after, before, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const http = require('node:http');
const { blake3 } = require('hash-wasm');
const { answerTo, drains, get, hasSignals, startServer, withBusyLane, withServer } = require('./support/example.js');

const example = (script) => `express-upload/${script}`;

const digestsOf = async (bytes) => ({
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  blake3: await blake3(bytes),
});

/** Starts an upload, to be written to and ended. */
function openUpload(url, headers = {}) {
  return http.request(`${url}/upload`, { method: 'POST', headers });
}

async function upload(url, bytes) {
  const { status, body } = await answerTo(openUpload(url).end(bytes));
  assert.equal(status, 200);
  return body;
}

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
      server = await startServer(example(script));
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
    await withServer(example(script), { maxBytes: 1_000_000 }, async (url) => {
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

describe('server.mjs', () => {
  test('ends the work of a client that goes away, and serves the others', async () => {
    const server = await startServer(example('server.mjs'));
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
    await withServer(example('server.mjs'), {}, async (url) => {
      const bytes = randomBytes(3_000_000);
      // Streams are hashed on the lane for bulk work.
      await withBusyLane('bulk', 0, async () => {
        const { status, headers, body } = await answerTo(openUpload(url).end(bytes));
        assert.equal(status, 503);
        assert.equal(headers['retry-after'], '1');
        assert.equal(typeof body.error, 'string');
      });
      assert.deepEqual(await upload(url, bytes), await digestsOf(bytes));
    });
  });

  test('finishes the uploads in progress on SIGTERM, and then ends', { skip: !hasSignals }, async () => {
    const server = await startServer(example('server.mjs'));
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
