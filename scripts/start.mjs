// npm start: what offloop does for a server, seen from outside. Three Express servers take the same
// uploads, logins, CSV files, JSON and bodies to compress over HTTP: one with scryptSync of node:crypto, papaparse
// and gzipSync, one with its scrypt, csv-parse and gzip, both with JSON.parse, and one with offloop; then the last
// stays up.
//
//   npm start              until Ctrl-C
//   npm start -- --once    ends after the table

import { parseArgs } from 'node:util';
import { setUp } from './setup.mjs';
import { run } from './start/run.mjs';

try {
  const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
  setUp('release');
  process.exitCode = await run(values);
} catch (error) {
  console.error(`npm start failed: ${error.message}`);
  process.exitCode = 1;
}
