// Run as a process, with OFFLOOP_THREADS: prints the seconds that a warm csv.parse takes.
//
//   node csv-threads.mjs <path>

import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { collectGarbage } from '../harness.mjs';
import { csv } from '../offloop.mjs';
import { median } from '../statistics.mjs';

const WARM_UP = 3;
const PASSES = 7;

const data = readFileSync(process.argv[2]);
const times = [];
for (let pass = 0; pass < WARM_UP + PASSES; pass++) {
  collectGarbage();
  const start = performance.now();
  await csv.parse(data);
  times.push(performance.now() - start);
}
process.stdout.write(String(median(times.slice(WARM_UP)) / 1e3));
