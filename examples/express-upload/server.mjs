// Uploads that are hashed on native threads while they arrive. The event loop only hands chunks on,
// so the other requests are served meanwhile.

import { PassThrough } from 'node:stream';
import express from 'express';
import { hash, pool } from 'offloop';
import { serve } from '../serve.mjs';

// An upload has at most two jobs in the pool, so this many that wait are the work of 32 uploads.
// One more is asked to come back, which serves it better than a queue in which all of them time out.
pool.configure({ maxQueue: 64 });

export function createApp({ maxBytes = 2 ** 30 } = {}) {
  const app = express();

  app.post('/upload', async (req, res) => {
    const upload = new AbortController();
    res.on('close', () => {
      // The client went away before it had its answer: nobody waits for the digests.
      if (!res.writableEnded) upload.abort();
    });
    res.json(await digestUpload(req, maxBytes, upload));
  });

  app.get('/health', (_req, res) => {
    res.json({ status: 'ok' });
  });

  app.get('/stats', (_req, res) => {
    res.json(pool.stats());
  });

  app.use((error, req, res, next) => {
    if (res.destroyed) return;
    const refused = error.code === 'ERR_OFFLOOP_QUEUE_FULL';
    const status = refused ? 503 : error.status;
    if (status === undefined) return next(error);
    if (refused) res.set('Retry-After', '1');
    // What is left of the body is read and dropped: a client that is still sending reads no answer.
    req.unpipe();
    req.resume();
    res.status(status).json({ error: error.message });
  });

  return app;
}

/**
 * Both digests of a request, from two branches of its one stream. `pipe` waits for the slower branch,
 * so that memory stays small however large the upload. It is not `pipeline` because that one
 * destroys the request when a digest fails, and with it the socket that still carries the answer.
 */
async function digestUpload(req, maxBytes, upload) {
  const tooLarge = Object.assign(new Error(`Expected an upload of at most ${maxBytes} bytes`), { status: 413 });
  if (Number(req.headers['content-length']) > maxBytes) throw tooLarge;
  let bytes = 0;
  req.on('data', (chunk) => {
    bytes += chunk.length;
    if (bytes > maxBytes) upload.abort(tooLarge);
  });
  const options = { encoding: 'hex', signal: upload.signal };
  try {
    const [sha256, blake3] = await Promise.all([
      hash.digestStream('sha256', req.pipe(new PassThrough()), options),
      hash.digestStream('blake3', req.pipe(new PassThrough()), options),
    ]);
    return { bytes, sha256, blake3 };
  } catch (error) {
    // Ends the other digest. The reason is that of the first abort, where there was one before.
    upload.abort(error);
    throw upload.signal.reason;
  }
}

if (process.argv[1] === import.meta.filename) serve(createApp(), () => pool.close());
