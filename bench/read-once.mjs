// For scripts that run as a process, whose peak of memory is then its own.

import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

/**
 * Reads once and prints how long that took, by how much the process grew, and what was read.
 *
 *   node script.mjs <contender> <path>
 *
 * @param {Record<string, () => Promise<(path: string) => Promise<unknown>>>} contenders each loads what it
 *   needs, and returns what reads
 */
export async function readOnce(contenders) {
  const [, , contender, path] = process.argv;
  const read = await contenders[contender]();
  const before = process.memoryUsage.rss();
  const start = performance.now();
  const totals = await read(path);
  const seconds = (performance.now() - start) / 1e3;
  const grown = peak() - before;
  process.stdout.write(JSON.stringify({ seconds, megabytes: grown / 1e6, totals }));
}

/** The most memory that the process has had at any moment, in bytes. */
function peak() {
  // Linux counts for maxRSS what the process was before it became this one: a copy of its parent.
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(kibibytes) * 1024;
}
