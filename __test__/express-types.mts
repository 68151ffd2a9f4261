// Compiled, never run: express.d.ts gives the middleware the types that its callers expect.

import http from 'node:http';
import http2 from 'node:http2';
import express from 'express';
import { compression } from 'offloop/express';
import type { CompressionOptions, ContentCoding, Middleware } from 'offloop/express';

const options: CompressionOptions = {
  threshold: '1kb',
  level: 6,
  memLevel: 8,
  strategy: 0,
  windowBits: 15,
  chunkSize: 1024,
  filter: (req, res) => req.url !== '/' && compression.filter(req, res),
  enforceEncoding: 'gzip' satisfies ContentCoding,
  brotli: { params: { 1: 4 } },
  zstd: { params: { 100: 3 } },
  lane: 'interactive',
  priority: 1,
};

const app = express();
app.use(compression());
app.use('/reports', compression(options));
app.use(compression({ filter: (req: express.Request, res: express.Response) => !req.query.plain && res.locals.small }));
app.get('/', compression({ threshold: 0 }), (_req, res) => {
  res.write('data: 1\n\n');
  res.flush();
});

const middleware: Middleware = compression(null);
http.createServer((req, res) => middleware(req, res, () => res.end()));
http2.createServer((req, res) => middleware(req, res, () => res.end()));

// @ts-expect-error: a size is a number or a text
compression({ threshold: {} });
// @ts-expect-error: each response has its own
compression({ signal: AbortSignal.timeout(1) });
// @ts-expect-error: misspelt
compression({ treshold: 1 });
