'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { createGunzip } = require('node:zlib');
const { drains, get, hasSignals, startServer, withBusyLane, withServer } = require('./support/example.js');
const { ask, open } = require('./support/express.js');

const example = (script) => `express-compression/${script}`;

const SERVERS = {
  'server.mjs': ['br', 'zstd', 'gzip', 'deflate', 'identity'],
  'server-compression.mjs': ['br', 'gzip', 'deflate', 'identity'],
};

const FIRST_ROWS = `id,time,region,product,price
0,2024-01-01T00:00:00.000Z,north,item-0,0
1,2024-01-01T00:01:00.000Z,north,item-80,214
`;

for (const [script, codings] of Object.entries(SERVERS)) {
  describe(script, () => {
    const withReports = (options, use) => withServer(example(script), { rows: 11_000, ...options }, use);

    test('sends a report in parts, in every coding', async () => {
      await withReports({}, async (url) => {
        const { text: plain } = await ask(`${url}/report.csv`);
        assert.ok(plain.startsWith(FIRST_ROWS));
        assert.equal(plain.split('\n').length, 11_002);
        for (const coding of codings) {
          const { coding: chosen, headers, text } = await ask(`${url}/report.csv`, { 'Accept-Encoding': coding });
          assert.deepEqual([chosen, text === plain], [coding, true]);
          assert.match(headers['content-type'], /^text\/csv/);
          assert.equal(headers.vary, 'Accept-Encoding');
        }
      });
    });

    test('sends a report in one piece, in every coding', async () => {
      await withReports({ threshold: 100 }, async (url) => {
        for (const coding of codings) {
          const { coding: chosen, headers, text } = await ask(`${url}/report.json`, { 'Accept-Encoding': coding });
          assert.equal(chosen, coding);
          assert.match(headers['content-type'], /^application\/json/);
          const [first, ...others] = JSON.parse(text);
          assert.deepEqual([first.day, first.orders, others.length], ['2024-01-01', 1440, 7]);
        }
      });
    });

    test('sends small answers as they are', async () => {
      await withReports({}, async (url) => {
        const { coding, text } = await ask(`${url}/health`, { 'Accept-Encoding': 'gzip' });
        assert.deepEqual([coding, text], ['identity', '{"status":"ok"}']);
      });
    });

    test('sends each event when it happens', async () => {
      await withReports({ every: 1 }, async (url) => {
        const response = await open(`${url}/events`, { 'Accept-Encoding': 'gzip' });
        assert.equal(response.headers['content-encoding'], 'gzip');
        const events = response.pipe(createGunzip()).setEncoding('utf8');
        let text = '';
        while (!text.includes('"id":3')) text += (await once(events, 'data'))[0];
        assert.ok(text.startsWith('data: {"id":1,"time":"2024-01-01T00:01:00.000Z"'));
        response.destroy();
      });
    });

    test('tells its health, and ends on SIGTERM', async () => {
      const server = await startServer(example(script));
      try {
        assert.deepEqual(await get(server.url, '/health'), { status: 'ok' });
        assert.equal((await ask(`${server.url}/report.json`, { 'Accept-Encoding': 'gzip' })).coding, 'gzip');
        if (hasSignals) await drains(server);
      } finally {
        server.child.kill('SIGKILL');
      }
    });
  });
}

describe('server.mjs, with native threads', () => {
  test('answers 503 with Retry-After while the queue is full', async () => {
    await withServer(example('server.mjs'), { rows: 10_000 }, async (url) => {
      await withBusyLane('bulk', 0, async () => {
        const { status, headers } = await ask(`${url}/report.csv`, { 'Accept-Encoding': 'gzip' });
        assert.deepEqual([status, headers['retry-after']], [503, '1']);
      });
      const { text } = await ask(`${url}/report.csv`);
      assert.ok(text.startsWith(FIRST_ROWS));
    });
  });
});
