// Run as a process, whose peak of memory is then its own: reads a CSV once and prints how long that
// took, by how much the process grew, and what it read.
//
//   node csv-stream.mjs offloop|csv-parser <path>

import { createReadStream, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

/** Each loads what it needs, and returns what reads. */
const contenders = {
  async offloop() {
    const { csv } = await import('../offloop.mjs');
    return async (path) => {
      const totals = { rows: 0, price: 0, scores: 0 };
      for await (const table of csv.batches(path)) {
        totals.rows += table.numRows;
        totals.scores += table.numRows - table.column('score').nullCount;
        for (const price of table.column('price').values) totals.price += price;
      }
      return totals;
    };
  },

  async 'csv-parser'() {
    const { default: csvParser } = await import('csv-parser');
    return (path) =>
      new Promise((resolve, reject) => {
        const totals = { rows: 0, price: 0, scores: 0 };
        createReadStream(path)
          .on('error', reject)
          .pipe(csvParser())
          .on('error', reject)
          .on('data', ({ price, score }) => {
            totals.rows++;
            if (score !== '') totals.scores++;
            totals.price += Number(price);
          })
          .on('end', () => resolve(totals));
      });
  },
};

/** The most memory that the process has had at any moment, in bytes. */
function peak() {
  // Linux counts for maxRSS what the process was before it became this one: a copy of its parent.
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(kibibytes) * 1024;
}

const [, , contender, path] = process.argv;
const read = await contenders[contender]();
const before = process.memoryUsage.rss();
const start = performance.now();
const totals = await read(path);
const seconds = (performance.now() - start) / 1e3;
const grown = peak() - before;
process.stdout.write(JSON.stringify({ seconds, megabytes: grown / 1e6, totals }));
