// hash.* beside the digests of Node and npm.

import nodeCrc32 from '@node-rs/crc32';
import nodeXxhash from '@node-rs/xxhash';
import { createBLAKE3 } from 'hash-wasm';
import crypto, { createHash, randomFillSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { rate } from '../harness.mjs';
import { hash, pool } from '../offloop.mjs';

const LARGE = 100e6;
const MESSAGES = 1600;
const MESSAGE_BYTES = 64 << 10;
const SMALL_BATCH = 1000;

/** Where inputs come from: random, because nothing here depends on what they say. */
const large = randomFillSync(Buffer.allocUnsafeSlow(LARGE));

const gigabytes = (bytes) => rate('GB/s', bytes / 1e9);
const sha256 = (data) => createHash('sha256').update(data).digest();

/** @type {((compare: Function) => Promise<void>)[]} */
export const rows = [largeSha256, manyOnOneThread, manyOnAllThreads, largeBlake3, largeXxh3, largeCrc32, small, file];

async function largeSha256(compare) {
  await compare({
    title: 'SHA-256 of 100 MB',
    quantity: gigabytes(LARGE),
    stall: true,
    contenders: [
      { name: 'offloop', call: () => hash.digest('sha256', large) },
      { name: 'node:crypto', call: () => sha256(large) },
    ],
    targets: [{ times: 0.97, as: 'node:crypto' }],
  });
}

/** The messages as views of memory that is there already. */
function manyMessages() {
  const memory = randomFillSync(Buffer.allocUnsafeSlow(MESSAGES * MESSAGE_BYTES));
  return Array.from({ length: MESSAGES }, (_, index) =>
    memory.subarray(index * MESSAGE_BYTES, (index + 1) * MESSAGE_BYTES)
  );
}

async function compareMany(compare, row) {
  const messages = manyMessages();
  await compare({
    quantity: gigabytes(MESSAGES * MESSAGE_BYTES),
    stall: true,
    contenders: [
      { name: 'offloop', call: () => hash.digestMany('sha256', messages) },
      { name: 'node:crypto', call: () => messages.map(sha256) },
    ],
    ...row,
  });
}

async function manyOnOneThread(compare) {
  const { threads } = pool.stats().bulk;
  pool.configure({ threads: 1 });
  try {
    await compareMany(compare, {
      title: 'SHA-256 of 1,600 messages of 64 KiB with digestMany, per core',
      note: 'the pool has one thread, and node:crypto in a loop takes one core',
      targets: [{ times: 1.6, as: 'node:crypto' }],
    });
  } finally {
    pool.configure({ threads });
  }
}

async function manyOnAllThreads(compare) {
  await compareMany(compare, {
    title: 'SHA-256 of 1,600 messages of 64 KiB with digestMany',
    note: `the pool has ${pool.stats().bulk.threads} threads, and node:crypto in a loop takes one core`,
  });
}

async function largeBlake3(compare) {
  const blake3 = await createBLAKE3();
  await compare({
    title: 'BLAKE3 of 100 MB',
    note: `the target is for two cores; here are ${availableParallelism()}`,
    quantity: gigabytes(LARGE),
    stall: true,
    contenders: [
      { name: 'offloop', call: () => hash.digest('blake3', large, { encoding: 'hex' }) },
      { name: 'hash-wasm', call: () => blake3.init().update(large).digest('hex') },
    ],
    targets: [{ atLeast: 4.5 }],
  });
}

async function largeXxh3(compare) {
  await compare({
    title: 'xxh3-128 of 100 MB',
    quantity: gigabytes(LARGE),
    stall: true,
    contenders: [
      { name: 'offloop', call: () => hash.digest('xxh3-128', large, { encoding: 'hex' }) },
      // A number, where offloop gives its digits, the most significant first.
      { name: '@node-rs/xxhash', call: () => nodeXxhash.xxh3.xxh128(large).toString(16).padStart(32, '0') },
    ],
    targets: [{ times: 8, as: '@node-rs/xxhash' }],
  });
}

async function largeCrc32(compare) {
  await compare({
    title: 'crc32 of 100 MB',
    quantity: gigabytes(LARGE),
    stall: true,
    contenders: [
      { name: 'offloop', call: () => hash.digest('crc32', large, { encoding: 'hex' }) },
      { name: '@node-rs/crc32', call: () => nodeCrc32.crc32(large).toString(16).padStart(8, '0') },
    ],
    targets: [{ times: 1, as: '@node-rs/crc32' }],
  });
}

async function small(compare) {
  for (const bytes of [64, 1024, 16 * 1024]) {
    const messages = Array.from({ length: SMALL_BATCH }, () => randomFillSync(Buffer.allocUnsafeSlow(bytes)));
    // One awaits them all: the promises are part of the price where there are any.
    const inFlight = (digest) => () => Promise.all(messages.map(digest));
    await compare({
      title: `SHA-256 of ${bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`}, ${SMALL_BATCH} in flight`,
      note: 'createHash and crypto.hash, where Node has it, block the event loop and make no promises',
      quantity: rate('digests/s', SMALL_BATCH),
      contenders: [
        { name: 'offloop', call: inFlight((data) => hash.digest('sha256', data)) },
        { name: 'createHash', call: () => messages.map(sha256) },
        ...(crypto.hash
          ? [{ name: 'crypto.hash', call: () => messages.map((data) => crypto.hash('sha256', data, 'buffer')) }]
          : []),
        {
          name: 'crypto.subtle',
          call: inFlight(async (data) => Buffer.from(await crypto.subtle.digest('SHA-256', data))),
        },
      ],
    });
  }
}

async function file(compare) {
  const folder = await mkdtemp(join(tmpdir(), 'offloop-bench-'));
  try {
    const path = join(folder, 'large');
    await writeFile(path, large);
    await compare({
      title: 'SHA-256 of a file of 100 MB',
      note: 'which the system has in memory',
      quantity: gigabytes(LARGE),
      stall: true,
      contenders: [
        { name: 'offloop', call: () => hash.digestFile('sha256', path) },
        { name: 'node streams', call: () => hashThroughStream(path) },
      ],
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

function hashThroughStream(path) {
  return new Promise((resolve, reject) => {
    const digest = createHash('sha256').setEncoding('hex');
    createReadStream(path)
      .on('error', reject)
      .pipe(digest)
      .on('error', reject)
      .on('finish', () => resolve(Buffer.from(digest.read(), 'hex')));
  });
}
