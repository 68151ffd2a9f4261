// Run as a process, with OFFLOOP_THREADS: prints the seconds that a warm call takes.
//
//   node threads.mjs csv.parse|json.parse|json.parseLines|zlib.gzip|zlib.gunzip <path>

import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { collectGarbage } from '../harness.mjs';
import { csv, json, zlib } from '../offloop.mjs';
import { median } from '../statistics.mjs';

const WARM_UP = 3;
const PASSES = 7;

const operations = {
  'csv.parse': (data) => csv.parse(data),
  'json.parse': async (data) => (await json.parse(data)).close(),
  'json.parseLines': (data) => json.parseLines(data),
  'zlib.gzip': (data) => zlib.gzip(data, { level: 6 }),
  'zlib.gunzip': (data) => zlib.gunzip(data),
};

const [, , operation, path] = process.argv;
const work = operations[operation];
const data = readFileSync(path);
const times = [];
for (let pass = 0; pass < WARM_UP + PASSES; pass++) {
  collectGarbage();
  const start = performance.now();
  await work(data);
  times.push(performance.now() - start);
}
process.stdout.write(String(median(times.slice(WARM_UP)) / 1e3));
