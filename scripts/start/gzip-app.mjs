// An app that answers a body with its gzip, as a server does that stores uploads or sends exports.

import { promisify } from 'node:util';
import zlib from 'node:zlib';
import express from 'express';

const OPTIONS = { level: 6 };
const MOST_BYTES = 2 ** 28;

/** Each gives a function of the body's bytes. */
const compressors = {
  /** On the event loop. */
  gzipSync: async () => zlib.gzipSync,
  /** On one of libuv's four threads. */
  gzip: async () => promisify(zlib.gzip),
  /** On threads of its own, all of them. */
  offloop: async () => (await import('offloop')).zlib.gzip,
};

/** @param {keyof compressors} name */
export async function createApp(name) {
  const compress = await compressors[name]();
  const app = express();

  app.post('/', async (req, res) => {
    const length = Number(req.headers['content-length']);
    if (!(length <= MOST_BYTES)) return res.status(413).end();
    const body = await bodyOf(req, length);
    // `res.send` would hash it for an ETag.
    res.type('application/gzip').end(await compress(body, OPTIONS));
  });

  app.get('/health', (_req, res) => {
    res.json({ status: 'ok' });
  });

  return app;
}

/** The body in one piece, which is filled as it comes: to put 50 MB together at the end is a stall. */
async function bodyOf(req, length) {
  const body = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for await (const chunk of req.iterator({ destroyOnReturn: false })) at += chunk.copy(body, at);
  return body;
}
