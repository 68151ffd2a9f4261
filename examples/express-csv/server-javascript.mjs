// The same upload and the same answers as server.mjs, parsed in JavaScript on the event loop.
//
//   node server-javascript.mjs                by papaparse, from the text as a whole
//   node server-javascript.mjs --csv-parse    by csv-parse, while the request arrives

import { Readable, pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import express from 'express';
import Papa from 'papaparse';
import { serve } from '../serve.mjs';
import { figuresOf, include } from './figures.mjs';
import { refusal, tooLarge, tooMany } from './limits.mjs';

/** Each calls `take` with the rows, objects whose numbers are numbers. */
const parsers = {
  /** The event loop stands still for as long as the text takes. */
  async papaparse(chunks, take) {
    const body = await Readable.from(chunks).toArray();
    const text = Buffer.concat(body).toString();
    const { data, errors } = Papa.parse(text, { header: true, dynamicTyping: true, skipEmptyLines: true });
    const wrong = errors.find(({ type }) => type !== 'Delimiter');
    if (wrong) throw refusal(400, `${wrong.message} in row ${wrong.row + 1}`);
    for (const row of data) take(row);
  },

  /** The event loop has as much to do, but others get a turn between two chunks. */
  async 'csv-parse'(chunks, take) {
    const rows = parse({ columns: true, cast: true });
    // An error of the chunks is one of the rows too.
    pipeline(chunks, rows, () => {});
    try {
      for await (const row of rows) take(row);
    } catch (error) {
      throw error.code?.startsWith('CSV_') ? refusal(400, error.message) : error;
    }
  },
};

/** `parser` is `'papaparse'` or `'csv-parse'`. */
export function createApp({ maxBytes = 2 ** 30, maxRows = 10_000_000, parser = 'papaparse' } = {}) {
  const app = express();

  app.post('/upload', async (req, res) => {
    const summary = new Summary(maxRows);
    await parsers[parser](chunksOf(req, maxBytes), (row) => summary.take(row));
    res.json(summary);
  });

  app.get('/health', (_req, res) => {
    res.json({ status: 'ok' });
  });

  app.use((error, req, res, next) => {
    if (res.destroyed) return;
    if (error.status === undefined) return next(error);
    req.resume();
    res.status(error.status).json({ error: error.message });
  });

  return app;
}

async function* chunksOf(req, maxBytes) {
  if (Number(req.headers['content-length']) > maxBytes) throw tooLarge(maxBytes);
  let bytes = 0;
  // Plain `for await (… of req)` would destroy the request, and the socket of the answer with it.
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

/** What the rows come to. */
class Summary {
  #maxRows;
  #rows = 0;
  /** Of each column, as long as it has nothing but numbers. */
  #figures;

  constructor(maxRows) {
    this.#maxRows = maxRows;
  }

  take(row) {
    this.#figures ??= new Map(Object.keys(row).map((name) => [name, figuresOf(name)]));
    this.#rows++;
    if (this.#rows > this.#maxRows) throw tooMany(this.#maxRows);
    for (const [name, figures] of this.#figures) {
      const value = row[name];
      if (typeof value === 'number') include(figures, value);
      else if (value !== null && value !== '') this.#figures.delete(name);
    }
  }

  toJSON() {
    const columns = [...(this.#figures?.values() ?? [])].filter(({ count }) => count > 0);
    return { rows: this.#rows, columns };
  }
}

if (process.argv[1] === import.meta.filename) {
  serve(createApp({ parser: process.argv.includes('--csv-parse') ? 'csv-parse' : 'papaparse' }));
}
