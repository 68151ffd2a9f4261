// JSON that is parsed on native threads. Of the orders only the columns that somebody asks for come to
// JavaScript, as typed arrays, so the other requests are served meanwhile.

import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import express from 'express';
import { json, pool } from 'offloop';
import { serve } from '../serve.mjs';
import { arrayOf, linesOf } from './export.mjs';
import { Summary, readBody, refusal, whileConnected } from './orders.mjs';

// A request has one job in the pool at a time, so this many requests may wait. One more is asked to
// come back, which serves it better than a queue in which all of them time out.
pool.configure({ maxQueue: 64 });

/** What is kept of an order. A dotted name is a key of the object in that place. */
const COLUMNS = ['id', 'time', 'kind', 'price', 'user.id', 'user.city'];
/** What is none of these is an error, at its place. The few kinds that there are become codes. */
const TYPES = { price: 'float64', kind: 'dictionary' };

export function createApp({ maxBytes = 2 ** 28 } = {}) {
  const app = express();
  /** A table of the latest orders. A server has them in a database. */
  let latest;

  app.post('/orders', async (req, res) => {
    const signal = whileConnected(res);
    const body = await readBody(req, maxBytes);
    const orders = await ordersOf(body, signal);
    const summary = summaryOf(orders);
    latest = orders;
    res.json(summary);
  });

  app.get('/export', async (req, res) => {
    if (latest === undefined) throw refusal(404, 'There are no orders yet');
    const isArray = req.query.format === 'array';
    const partsOf = isArray ? arrayOf : linesOf;
    // The next part is made when the client has taken most of those before.
    const text = Readable.from(partsOf(latest, { signal: whileConnected(res) }));
    // Where the first part fails, by a full queue perhaps, there is still an answer to give.
    await once(text, 'readable');
    res.type(isArray ? 'application/json' : 'application/x-ndjson');
    await pipeline(text, res);
  });

  app.get('/health', (_req, res) => {
    res.json({ status: 'ok' });
  });

  app.use((error, req, res, next) => {
    if (res.destroyed) return;
    const { code, line, column, byteOffset } = error;
    const status = { ERR_OFFLOOP_QUEUE_FULL: 503, ERR_OFFLOOP_JSON: 400 }[code] ?? error.status;
    if (status === undefined) return next(error);
    if (status === 503) res.set('Retry-After', '1');
    // What is left of the body is read and dropped: a client that is still sending reads no answer.
    req.resume();
    // A position is there for JSON that is wrong; what is undefined is left out.
    res.status(status).json({ error: error.message, line, column, byteOffset });
  });

  return app;
}

/** The table of an array of orders. */
async function ordersOf(body, signal) {
  const document = await json.parse(body, { signal });
  try {
    if (document.type() !== 'array') throw refusal(400, 'Expected an array of orders');
    const table = await document.table('', { columns: COLUMNS, types: TYPES, signal });
    for (const name of Object.keys(TYPES)) {
      // Of a key that is missing too.
      if (table.column(name).nullCount > 0) throw refusal(400, `Expected a ${name} for each order`);
    }
    return table;
  } finally {
    document.close();
  }
}

function summaryOf(table) {
  const summary = new Summary();
  const { values: prices } = table.column('price');
  const { values: codes, dictionary } = table.column('kind');
  const kinds = dictionary.map((name) => summary.kind(name));
  for (let row = 0; row < table.numRows; row++) summary.add(kinds[codes[row]], prices[row]);
  return summary;
}

if (process.argv[1] === import.meta.filename) serve(createApp(), () => pool.close());
