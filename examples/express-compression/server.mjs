// Reports that are compressed on native threads, as br, zstd or gzip. The event loop hands parts on, so the other
// requests are served meanwhile, and fs and dns have libuv's threads for themselves.

import { pool } from 'offloop';
import { compression } from 'offloop/express';
import { serve } from '../serve.mjs';
import { createReportApp } from './report.mjs';

export function createApp({ threshold, ...options } = {}) {
  return createReportApp(compression({ threshold }), options);
}

if (process.argv[1] === import.meta.filename) serve(createApp(), () => pool.close());
