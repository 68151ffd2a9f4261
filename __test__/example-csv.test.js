'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const { setImmediate: nextTurn } = require('node:timers/promises');
const { pool } = require('offloop');
const { answerTo, drains, get, hasSignals, startServer, withBusyLane, withServer } = require('./support/example.js');

const example = (script) => `express-csv/${script}`;

const SERVERS = [
  { name: 'server.mjs', script: 'server.mjs' },
  { name: 'server-javascript.mjs', script: 'server-javascript.mjs' },
  {
    name: 'server-javascript.mjs --csv-parse',
    script: 'server-javascript.mjs',
    args: ['--csv-parse'],
    options: { parser: 'csv-parse' },
  },
];

const SALES = `item,price,sold,stock
"nails, 5 cm",4.5,2024-03-01,120
"""best"" glue",7.25,2024-03-02,
schräge Säge,19,2024-03-02,-3
`;
const FIGURES_OF_SALES = {
  rows: 3,
  columns: [
    { name: 'price', count: 3, sum: 30.75, min: 4.5, max: 19 },
    { name: 'stock', count: 2, sum: 117, min: -3, max: 120 },
  ],
};

/** More than one batch. */
const LARGE_ROWS = 300_000;
const LARGE = `n\n${'1234567.00000001\n'.repeat(LARGE_ROWS)}`;

/** Starts an upload, to be written to and ended. */
function open(url, headers = {}) {
  return http.request(`${url}/upload`, { method: 'POST', headers });
}

const upload = (url, text, headers) => answerTo(open(url, headers).end(text));

async function assertStatus(answer, wanted) {
  const { status, body } = await answer;
  assert.equal(status, wanted, JSON.stringify(body));
  return body;
}

for (const { name, script, args = [], options } of SERVERS) {
  describe(name, () => {
    const withOptions = (more, use) => withServer(example(script), { ...options, ...more }, use);

    test('answers an upload with the figures of its columns of numbers', async () => {
      await withOptions({}, async (url) => {
        assert.deepEqual(await assertStatus(upload(url, SALES), 200), FIGURES_OF_SALES);
      });
    });

    test('leaves out a column that turns out to be text at the end of a large upload', async () => {
      await withOptions({}, async (url) => {
        const answer = await assertStatus(upload(url, `${LARGE}none\n`), 200);
        assert.deepEqual(answer, { rows: LARGE_ROWS + 1, columns: [] });
      });
    });

    test('answers uploads at the same time, each with its own figures', async () => {
      await withOptions({}, async (url) => {
        const bodies = Array.from({ length: 8 }, (_, index) => `n\n${`${index}\n`.repeat(1000)}`);
        const answers = await Promise.all(bodies.map((body) => upload(url, body)));
        assert.deepEqual(
          answers.map(({ body }) => body.columns[0].sum),
          bodies.map((_, index) => index * 1000)
        );
      });
    });

    test('refuses more bytes than it takes, announced or not', async () => {
      await withOptions({ maxBytes: SALES.length }, async (url) => {
        const larger = `${SALES}glass,1,2024-03-03,1\n`;
        for (const headers of [{ 'Content-Length': Buffer.byteLength(larger) }, { 'Transfer-Encoding': 'chunked' }]) {
          await assertStatus(upload(url, larger, headers), 413);
        }
      });
      await withOptions({ maxBytes: Buffer.byteLength(SALES) }, (url) => assertStatus(upload(url, SALES), 200));
    });

    test('refuses more rows than it takes', async () => {
      await withOptions({ maxRows: 2 }, (url) => assertStatus(upload(url, SALES), 413));
      await withOptions({ maxRows: 3 }, (url) => assertStatus(upload(url, SALES), 200));
    });

    test('answers 400 to what is not a table, and goes on', async () => {
      await withOptions({}, async (url) => {
        await assertStatus(upload(url, 'a,b\n1,2\n3\n'), 400);
        await assertStatus(upload(url, SALES), 200);
      });
    });

    test('tells its health, and ends on SIGTERM', async () => {
      const server = await startServer(example(script), ...args);
      try {
        assert.deepEqual(await get(server.url, '/health'), { status: 'ok' });
        assert.deepEqual(await assertStatus(upload(server.url, SALES), 200), FIGURES_OF_SALES);
        if (hasSignals) await drains(server);
      } finally {
        server.child.kill('SIGKILL');
      }
    });
  });
}

describe('server.mjs, with native threads', () => {
  const withCsvServer = (use, options = {}) => withServer(example('server.mjs'), options, use);

  test('says where a CSV is wrong', async () => {
    await withCsvServer(async (url) => {
      const { error, ...position } = await assertStatus(upload(url, 'a,b\n1,2\n3\n'), 400);
      assert.match(error, /line 3/);
      assert.deepEqual(position, { line: 3, column: 1, byteOffset: 8 });
    });
  });

  test('counts the rows of all batches', async () => {
    await withCsvServer((url) => assertStatus(upload(url, LARGE), 413), { maxRows: LARGE_ROWS - 1 });
  });

  test('exports the figures of the latest upload, with no formula in them', async () => {
    await withCsvServer(async (url) => {
      assert.equal(await get(url, '/export.csv'), 'name,count,sum,min,max\n');
      await assertStatus(upload(url, '"=HYPERLINK(""x"")",b,c\n1,none,2\n3,none,-4\n'), 200);
      const { headers, body } = await answerTo(http.get(`${url}/export.csv`));
      assert.match(headers['content-type'], /^text\/csv/);
      assert.equal(body, `name,count,sum,min,max\n"'=HYPERLINK(""x"")",2,4,1,3\nc,2,-2,-4,2\n`);
    });
  });

  test('answers 503 with Retry-After while the queue is full', async () => {
    await withCsvServer(async (url) => {
      // Large parses run on the lane for bulk work.
      await withBusyLane('bulk', 0, async () => {
        const { status, headers } = await upload(url, LARGE);
        assert.equal(status, 503);
        assert.equal(headers['retry-after'], '1');
      });
      const { rows } = await assertStatus(upload(url, LARGE), 200);
      assert.equal(rows, LARGE_ROWS);
    });
  });

  test('drops the work of a client that goes away', async () => {
    await withCsvServer(async (url) => {
      const isTaken = () => pool.stats().bulk.running > 0;
      const { cancelled } = pool.stats().bulk;
      await withBusyLane('bulk', 1, async () => {
        const abandoned = open(url);
        abandoned.write(LARGE);
        const failed = once(abandoned, 'error');
        // Both: what keeps the lane busy waits for its thread at first.
        while (!isTaken() || pool.stats().bulk.queued === 0) await nextTurn();
        abandoned.destroy(new Error('gone'));
        await failed;
        while (pool.stats().bulk.queued > 0) await nextTurn();
      });
      // The promise of a job that runs is rejected before its thread has noticed.
      while (isTaken()) await nextTurn();
      assert.equal(pool.stats().bulk.cancelled, cancelled + 2, 'this job and the one that kept the lane busy');
      assert.deepEqual(await assertStatus(upload(url, SALES), 200), FIGURES_OF_SALES);
    });
  });
});
