// The same reports with the npm package `compression`: node:zlib on libuv's four threads, as br or gzip.

import compression from 'compression';
import { serve } from '../serve.mjs';
import { createReportApp } from './report.mjs';

export function createApp({ threshold, ...options } = {}) {
  return createReportApp(compression({ threshold }), options);
}

if (process.argv[1] === import.meta.filename) serve(createApp());
