// The same orders and the same answers as server.mjs, from plain objects: all of them are made.
//
//   node server-objects.mjs              by JSON.parse, for whose time the event loop stands still
//   node server-objects.mjs --offloop    by offloop, which makes them a few at a time between other requests

import express from 'express';
import { json } from 'offloop';
import { serve } from '../serve.mjs';
import { Summary, readBody, refusal, whileConnected } from './orders.mjs';

const parsers = {
  async 'JSON.parse'(body) {
    try {
      return JSON.parse(body.toString());
    } catch (error) {
      throw refusal(400, error.message);
    }
  },

  async offloop(body, signal) {
    const document = await json.parse(body, { signal });
    try {
      return await document.value('', { signal });
    } finally {
      document.close();
    }
  },
};

/** `parser` is `'JSON.parse'` or `'offloop'`. */
export function createApp({ maxBytes = 2 ** 28, parser = 'JSON.parse' } = {}) {
  const app = express();

  app.post('/orders', async (req, res) => {
    const signal = whileConnected(res);
    const body = await readBody(req, maxBytes);
    res.json(summaryOf(await parsers[parser](body, signal)));
  });

  app.get('/health', (_req, res) => {
    res.json({ status: 'ok' });
  });

  app.use((error, req, res, next) => {
    if (res.destroyed) return;
    const status = error.code === 'ERR_OFFLOOP_JSON' ? 400 : error.status;
    if (status === undefined) return next(error);
    req.resume();
    res.status(status).json({ error: error.message });
  });

  return app;
}

function summaryOf(orders) {
  if (!Array.isArray(orders)) throw refusal(400, 'Expected an array of orders');
  const summary = new Summary();
  for (const order of orders) {
    const { price, kind } = order ?? {};
    if (typeof price !== 'number') throw refusal(400, 'Expected a price for each order');
    if (typeof kind !== 'string') throw refusal(400, 'Expected a kind for each order');
    summary.add(summary.kind(kind), price);
  }
  return summary;
}

if (process.argv[1] === import.meta.filename) {
  serve(createApp({ parser: process.argv.includes('--offloop') ? 'offloop' : 'JSON.parse' }));
}
