'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const { setImmediate: nextTurn } = require('node:timers/promises');
const { pool } = require('offloop');
const { answerTo, drains, get, hasSignals, startServer, withBusyLane, withServer } = require('./support/example.js');

const example = (script) => `express-json/${script}`;

const SERVERS = [
  { name: 'server.mjs', script: 'server.mjs' },
  { name: 'server-objects.mjs', script: 'server-objects.mjs' },
  {
    name: 'server-objects.mjs --offloop',
    script: 'server-objects.mjs',
    args: ['--offloop'],
    options: { parser: 'offloop' },
  },
];

const ORDERS = JSON.stringify([
  { id: 1, time: '2024-03-01T10:00:00Z', kind: 'tools', price: 4.5, user: { id: 7, city: 'Łódź' }, tags: ['new'] },
  { id: 2, time: '2024-03-02T11:30:00Z', kind: 'say "glue"', price: 7.25, user: { id: 8, city: 'Oslo' } },
  { id: 3, kind: 'tools', price: 19, note: 'no user' },
]);
const SUMMARY_OF_ORDERS = {
  orders: 3,
  total: 30.75,
  kinds: [
    { name: 'say "glue"', orders: 1, total: 7.25 },
    { name: 'tools', orders: 2, total: 23.5 },
  ],
};
/** What server.mjs keeps of them. */
const KEPT = [
  { id: 1, time: '2024-03-01T10:00:00Z', kind: 'tools', price: 4.5, 'user.id': 7, 'user.city': 'Łódź' },
  { id: 2, time: '2024-03-02T11:30:00Z', kind: 'say "glue"', price: 7.25, 'user.id': 8, 'user.city': 'Oslo' },
  { id: 3, time: null, kind: 'tools', price: 19, 'user.id': null, 'user.city': null },
];

/** More than the pool takes for a short job, and an export of many parts. */
const LARGE_COUNT = 400_000;
const LARGE = `[${'{"id":7,"kind":"tools","price":1234567.25},'.repeat(LARGE_COUNT - 1)}{"id":8,"kind":"tools","price":0.5}]`;

/** Starts a request, to be written to and ended. */
function open(url, headers = {}) {
  return http.request(`${url}/orders`, { method: 'POST', headers });
}

const post = (url, text, headers) => answerTo(open(url, headers).end(text));

async function assertStatus(answer, wanted) {
  const { status, body } = await answer;
  assert.equal(status, wanted, JSON.stringify(body));
  return body;
}

for (const { name, script, args = [], options } of SERVERS) {
  describe(name, () => {
    const withOptions = (more, use) => withServer(example(script), { ...options, ...more }, use);

    test('answers orders with what they come to', async () => {
      await withOptions({}, async (url) => {
        assert.deepEqual(await assertStatus(post(url, ORDERS), 200), SUMMARY_OF_ORDERS);
        assert.deepEqual(await assertStatus(post(url, '[]'), 200), { orders: 0, total: 0, kinds: [] });
      });
    });

    test('reads a body of unknown length, in pieces that end anywhere', async () => {
      await withOptions({}, async (url) => {
        const request = open(url, { 'Transfer-Encoding': 'chunked' });
        const bytes = Buffer.from(ORDERS);
        for (let at = 0; at < bytes.length; at += 7) request.write(bytes.subarray(at, at + 7));
        assert.deepEqual(await assertStatus(answerTo(request.end()), 200), SUMMARY_OF_ORDERS);
        const spaces = ' '.repeat(1_000_000);
        const padded = post(url, spaces + ORDERS, { 'Transfer-Encoding': 'chunked' });
        assert.deepEqual(await assertStatus(padded, 200), SUMMARY_OF_ORDERS);
      });
    });

    test('answers requests at the same time, each with its own orders', async () => {
      await withOptions({}, async (url) => {
        const bodies = Array.from({ length: 8 }, (_, price) =>
          JSON.stringify(Array(1000).fill({ kind: 'tools', price }))
        );
        const answers = await Promise.all(bodies.map((body) => post(url, body)));
        assert.deepEqual(
          answers.map(({ body }) => body.total),
          bodies.map((_, price) => price * 1000)
        );
      });
    });

    test('refuses more bytes than it takes, announced or not', async () => {
      await withOptions({ maxBytes: Buffer.byteLength(ORDERS) }, async (url) => {
        const announced = (body) => ({ 'Content-Length': Buffer.byteLength(body) });
        const unknown = () => ({ 'Transfer-Encoding': 'chunked' });
        for (const headers of [announced, unknown]) {
          const larger = `${ORDERS} `;
          await assertStatus(post(url, larger, headers(larger)), 413);
          await assertStatus(post(url, ORDERS, headers(ORDERS)), 200);
        }
      });
    });

    test('answers 400 to what is not an array of orders, and goes on', async () => {
      await withOptions({}, async (url) => {
        for (const body of [
          '',
          ORDERS.slice(0, -1),
          `${ORDERS},`,
          '{}',
          '7',
          '[null]',
          '[[]]',
          '[{}]',
          '[{"kind":"tools"}]',
          '[{"kind":"tools","price":null}]',
          '[{"kind":"tools","price":"9"}]',
          '[{"price":9}]',
          '[{"kind":9,"price":9}]',
        ]) {
          const { error } = await assertStatus(post(url, body), 400);
          assert.equal(typeof error, 'string', body);
        }
        assert.deepEqual(await assertStatus(post(url, ORDERS), 200), SUMMARY_OF_ORDERS);
      });
    });

    test('tells its health, and ends on SIGTERM', async () => {
      const server = await startServer(example(script), ...args);
      try {
        assert.deepEqual(await get(server.url, '/health'), { status: 'ok' });
        assert.deepEqual(await assertStatus(post(server.url, ORDERS), 200), SUMMARY_OF_ORDERS);
        if (hasSignals) await drains(server);
      } finally {
        server.child.kill('SIGKILL');
      }
    });
  });
}

describe('server.mjs, with native threads', () => {
  const withJsonServer = (use, options = {}) => withServer(example('server.mjs'), options, use);

  test('says where JSON is wrong', async () => {
    await withJsonServer(async (url) => {
      const { error, ...position } = await assertStatus(post(url, '[{"kind":"tools"},\n  ;]'), 400);
      assert.match(error, /line 2/);
      assert.deepEqual(position, { line: 2, column: 3, byteOffset: 21 });
    });
  });

  test('says where a price is no number', async () => {
    await withJsonServer(async (url) => {
      const body = '[{"kind":"é","price":1},\n{"kind":"é","price":"much"}]';
      const { error, ...position } = await assertStatus(post(url, body), 400);
      assert.match(error, /line 2/);
      assert.deepEqual(position, { line: 2, column: 21, byteOffset: 47 });
    });
  });

  test('exports what it has kept of the latest orders, as lines and as an array', async () => {
    await withJsonServer(async (url) => {
      await assertStatus(answerTo(http.get(`${url}/export`)), 404);
      await assertStatus(post(url, LARGE), 200);
      await assertStatus(post(url, ORDERS), 200);
      await assertStatus(post(url, '[{"kind":"tools","price":"9"}]'), 400);

      const lines = await answerTo(http.get(`${url}/export`, { headers: { Accept: 'application/x-ndjson' } }));
      assert.match(lines.headers['content-type'], /^application\/x-ndjson/);
      assert.equal(lines.text, KEPT.map((order) => `${JSON.stringify(order)}\n`).join(''));
      const array = await answerTo(http.get(`${url}/export?format=array`));
      assert.match(array.headers['content-type'], /^application\/json/);
      assert.equal(array.text, JSON.stringify(KEPT));
    });
  });

  test('exports no orders as no lines and an empty array', async () => {
    await withJsonServer(async (url) => {
      await assertStatus(post(url, '[]'), 200);
      assert.equal((await answerTo(http.get(`${url}/export`))).text, '');
      assert.equal((await answerTo(http.get(`${url}/export?format=array`))).text, '[]');
    });
  });

  test('exports many parts as one text', async () => {
    await withJsonServer(async (url) => {
      await assertStatus(post(url, LARGE), 200);
      const { text } = await answerTo(http.get(`${url}/export`));
      const { text: array } = await answerTo(http.get(`${url}/export?format=array`));
      const order = (id, price) =>
        JSON.stringify({ id, time: null, kind: 'tools', price, 'user.id': null, 'user.city': null });
      const orders = [...Array(LARGE_COUNT - 1).fill(order(7, 1234567.25)), order(8, 0.5)];
      // Not by assert.equal, which would print both.
      assert.ok(text === `${orders.join('\n')}\n`);
      assert.ok(array === `[${orders}]`);
    });
  });

  test('ends the export of a client that goes away', async () => {
    await withJsonServer(async (url) => {
      await assertStatus(post(url, LARGE), 200);
      const completed = () => pool.stats().interactive.completed + pool.stats().bulk.completed;
      let before = completed();
      await answerTo(http.get(`${url}/export`));
      const jobs = completed() - before;

      before = completed();
      const [response] = await once(http.get(`${url}/export`, { agent: false }), 'response');
      await once(response, 'readable');
      response.destroy();
      // By the end of a second export the rest of the first would have been written too.
      await answerTo(http.get(`${url}/export`));
      assert.ok(completed() - before < 2 * jobs, `${completed() - before} jobs, of ${jobs} for each export`);
    });
  });

  test('answers 503 with Retry-After while the queue is full', async () => {
    await withJsonServer(async (url) => {
      // Large documents are parsed on the lane for bulk work.
      await withBusyLane('bulk', 0, async () => {
        const { status, headers } = await post(url, LARGE);
        assert.equal(status, 503);
        assert.equal(headers['retry-after'], '1');
      });
      const { orders } = await assertStatus(post(url, LARGE), 200);
      assert.equal(orders, LARGE_COUNT);
    });
  });

  test('drops the work of a client that goes away', async () => {
    await withJsonServer(async (url) => {
      const { cancelled } = pool.stats().bulk;
      await withBusyLane('bulk', 1, async () => {
        const abandoned = open(url).end(LARGE);
        const failed = once(abandoned, 'error');
        while (pool.stats().bulk.queued === 0) await nextTurn();
        abandoned.destroy(new Error('gone'));
        await failed;
        while (pool.stats().bulk.queued > 0) await nextTurn();
      });
      // The promise of a job that runs is rejected before its thread has noticed.
      while (pool.stats().bulk.running > 0) await nextTurn();
      assert.equal(pool.stats().bulk.cancelled, cancelled + 2, 'this job and the one that kept the lane busy');
      assert.deepEqual(await assertStatus(post(url, ORDERS), 200), SUMMARY_OF_ORDERS);
    });
  });
});
