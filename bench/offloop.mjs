// The library as users call it, on the build that also exports empty jobs: what a job costs beside
// its work is measured through the same lib/job.js as every operation.

import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

const native = require(join(root, 'target', 'testing', 'offloop.node'));
// lib/native.js would load the users' build. The library takes from the cache what is there.
const filename = join(root, 'lib', 'native.js');
require.cache[filename] = { id: filename, filename, exports: native, loaded: true };

export const { csv, hash, json, kdf, password, pool, zlib } = require(join(root, 'index.js'));
const { run } = require(join(root, 'lib', 'job.js'));
const { bytes, transferred } = require(join(root, 'lib', 'bytes.js'));

const submitEmpty = (slot, job) => native.testEmpty(slot, job.priority, job.flags);

/** A job that does nothing. */
export function empty() {
  return run(undefined, submitEmpty);
}

/** A job that takes `data`, as `hash.digest` takes it, and does nothing with it. */
export function take(data, options) {
  return run(options, (slot, job) => {
    const input = job.transfer ? transferred(data, 'data') : bytes(data, 'data');
    return native.testTake(slot, job.priority, job.flags, input);
  });
}

/** Keeps every thread of the interactive lane busy until the function that it returns is called. */
export function holdInteractiveLane() {
  native.testRelease(false);
  const { threads } = pool.stats().interactive;
  const jobs = Array.from({ length: threads }, () =>
    run({ lane: 'interactive' }, (slot, job) => native.testHold(slot, job.priority, job.flags, 0, false))
  );
  return async () => {
    native.testRelease(true);
    await Promise.all(jobs);
  };
}
