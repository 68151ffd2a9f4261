// The reports that both servers send, as text. Only the middleware that compresses them differs.

import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import express from 'express';
import { csv } from 'offloop';

const REGIONS = ['north', 'east', 'south', 'west'];
const FIRST = Date.UTC(2024, 0, 1);
const MINUTE = 60_000;

/** Rows of a part: about half a megabyte of text. */
const ROWS = 10_000;

export function createReportApp(compression, { rows = 200_000, every = 1000 } = {}) {
  const app = express();
  // Before the routes, because it has to see the heads that they write.
  app.use(compression);

  /** A row for each order. A part is made when the client has taken most of those before. */
  app.get('/report.csv', async (_req, res) => {
    const text = Readable.from(csvOf(rows, whileConnected(res)));
    // Where the first part fails, by a full queue perhaps, there is still an answer to give.
    await once(text, 'readable');
    res.type('text/csv');
    await pipeline(text, res);
  });

  /** The figures of each day: one text, given to the response as a whole. */
  app.get('/report.json', (_req, res) => {
    res.json(daysOf(rows));
  });

  /** An event now and then, until the client goes away. */
  app.get('/events', async (_req, res) => {
    const signal = whileConnected(res);
    // A proxy that kept them back would keep back the events too.
    res.type('text/event-stream').set('Cache-Control', 'no-cache');
    for (let count = 1; !signal.aborted; count++) {
      res.write(`data: ${JSON.stringify(orderOf(count))}\n\n`);
      // Without it the text would wait for more, to be compressed together with it.
      res.flush();
      await delay(every, undefined, { signal }).catch(() => {});
    }
  });

  app.get('/health', (_req, res) => {
    res.json({ status: 'ok' });
  });

  app.use((error, _req, res, next) => {
    if (res.destroyed) return;
    if (error.code !== 'ERR_OFFLOOP_QUEUE_FULL') return next(error);
    res.set('Retry-After', '1').status(503).json({ error: error.message });
  });

  return app;
}

/** The same order for the same number. A server has them in a database. */
function orderOf(id) {
  const random = (id * 7919) % 1009;
  const time = new Date(FIRST + id * MINUTE).toISOString();
  return { id, time, region: REGIONS[random % 4], product: `item-${random % 97}`, price: random / 4 };
}

async function* csvOf(rows, signal) {
  for (let from = 0; from < rows; from += ROWS) {
    const length = Math.min(ROWS, rows - from);
    const part = Array.from({ length }, (_, index) => orderOf(from + index));
    yield await csv.stringify(part, { header: from === 0, signal });
  }
}

function daysOf(rows) {
  const days = new Map();
  for (let id = 0; id < rows; id++) {
    const { time, price } = orderOf(id);
    const day = time.slice(0, 10);
    const figures = days.get(day) ?? { day, orders: 0, total: 0 };
    figures.orders++;
    figures.total += price;
    days.set(day, figures);
  }
  return [...days.values()];
}

/** Aborts when the client goes away before it has its answer: nobody waits for it. */
function whileConnected(res) {
  const gone = new AbortController();
  res.on('close', () => {
    if (!res.writableEnded) gone.abort();
  });
  return gone.signal;
}
