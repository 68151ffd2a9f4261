// npm start: what offloop does for a server, seen from outside. Two Express servers take the same
// uploads over HTTP, one hashing with node:crypto and one with offloop; then the second stays up.
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
