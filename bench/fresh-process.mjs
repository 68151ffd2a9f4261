// Contenders that run in a process of their own, whose memory and threads are then theirs alone.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const workers = join(import.meta.dirname, 'workers');

/** What `readers` add to the memory of their processes. */
export const MEMORY_ADDED = { title: 'memory added', unit: 'MB', of: ({ last }) => last.megabytes };

/**
 * Contenders that read a file once.
 *
 * @param {string} script of `workers`, which calls `readOnce` of read-once.mjs
 * @param {string[]} names of those that the script knows
 * @param {string} path
 * @param {number} bytes of the file
 */
export function readers(script, names, path, bytes) {
  return names.map((name) => {
    const inProcess = async () => {
      const { stdout } = await run(process.execPath, [join(workers, script), name, path]);
      contender.last = JSON.parse(stdout);
      return contender.last;
    };
    const contender = {
      name,
      call: async () => (await inProcess()).totals,
      sample: async () => bytes / 1e6 / (await inProcess()).seconds,
    };
    return contender;
  });
}

/**
 * Contenders that do something with a file that they have in memory, each with so many threads.
 *
 * @param {number[]} counts of threads
 * @param {string} operation of those that workers/threads.mjs knows
 * @param {string} path
 * @param {number} bytes that the rate is of
 */
export function withThreads(counts, operation, path, bytes) {
  return counts.map((threads) => ({
    name: `offloop, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    sample: async () => {
      const env = { ...process.env, OFFLOOP_THREADS: String(threads) };
      const { stdout } = await run(process.execPath, [join(workers, 'threads.mjs'), operation, path], { env });
      return bytes / 1e6 / Number(stdout);
    },
  }));
}
