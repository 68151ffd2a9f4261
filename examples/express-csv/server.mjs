// CSV uploads that are parsed on native threads while they arrive. The event loop hands chunks on and adds
// up typed arrays, so the other requests are served meanwhile.

import express from 'express';
import { csv, pool } from 'offloop';
import { serve } from '../serve.mjs';
import { FIGURES, figuresOf, include } from './figures.mjs';
import { tooLarge, tooMany } from './limits.mjs';

// An upload has one job in the pool at a time, so this many uploads may wait. One more is asked to
// come back, which serves it better than a queue in which all of them time out.
pool.configure({ maxQueue: 64 });

export function createApp({ maxBytes = 2 ** 30, maxRows = 10_000_000 } = {}) {
  const app = express();
  /** What the latest upload came to: an entry for each column of numbers. */
  let latest = [];

  app.post('/upload', async (req, res) => {
    if (Number(req.headers['content-length']) > maxBytes) throw tooLarge(maxBytes);
    const summary = await summarize(req, { maxBytes, maxRows, signal: whileConnected(res) });
    latest = summary.columns;
    res.json(summary);
  });

  app.get('/export.csv', async (_req, res) => {
    // The names are whatever somebody uploaded: to a spreadsheet `=HYPERLINK(…)` would be a formula.
    const options = { columns: FIGURES, escapeFormulas: true, signal: whileConnected(res) };
    const file = await csv.stringify(latest, options);
    res.attachment('summary.csv').send(file);
  });

  app.get('/health', (_req, res) => {
    res.json({ status: 'ok' });
  });

  app.use((error, req, res, next) => {
    if (res.destroyed) return;
    const { code, line, column, byteOffset } = error;
    const status = { ERR_OFFLOOP_QUEUE_FULL: 503, ERR_OFFLOOP_CSV: 400 }[code] ?? error.status;
    if (status === undefined) return next(error);
    if (status === 503) res.set('Retry-After', '1');
    // What is left of the body is read and dropped: a client that is still sending reads no answer.
    req.resume();
    // A position is there for a CSV that is wrong; JSON leaves out what is not.
    res.status(status).json({ error: error.message, line, column, byteOffset });
  });

  return app;
}

/**
 * How many rows there are, and the figures of each column of numbers. One batch is in JavaScript at a
 * time, and the request is read no faster than that.
 */
async function summarize(req, { maxBytes, maxRows, signal }) {
  const onProgress = ({ processedBytes }) => {
    if (processedBytes > maxBytes) throw tooLarge(maxBytes);
  };
  const figures = new Map();
  let rows = 0;
  let numeric = [];
  for await (const table of csv.batches(req, { signal, onProgress })) {
    rows += table.numRows;
    if (rows > maxRows) throw tooMany(maxRows);
    // Types widen from batch to batch, from integers to text perhaps: the last ones hold for all.
    numeric = table.schema.filter(({ type }) => NUMBERS.includes(type));
    for (const { name } of numeric) {
      if (!figures.has(name)) figures.set(name, figuresOf(name));
      includeColumn(figures.get(name), table.column(name));
    }
  }
  return { rows, columns: numeric.map(({ name }) => figures.get(name)) };
}

const NUMBERS = ['int32', 'float64', 'int64'];

function includeColumn(figures, { values, validity, length }) {
  for (let row = 0; row < length; row++) {
    const isNull = validity !== undefined && ((validity[row >> 3] >> (row & 7)) & 1) === 0;
    // int64 comes as BigInts.
    if (!isNull) include(figures, Number(values[row]));
  }
}

/** Aborts when the client goes away before it has its answer: nobody waits for the rows. */
function whileConnected(res) {
  const gone = new AbortController();
  res.on('close', () => {
    if (!res.writableEnded) gone.abort();
  });
  return gone.signal;
}

if (process.argv[1] === import.meta.filename) serve(createApp(), () => pool.close());
