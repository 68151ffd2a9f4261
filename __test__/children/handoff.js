'use strict';

// Takes the memory away from under running jobs, in every way that JavaScript has.
// Run with --expose-gc.

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const { Worker, MessageChannel, receiveMessageOnPort } = require('node:worker_threads');
const { hash } = require('../support/offloop.js');

const SIZE = 48 << 20;
const filled = (size) => Buffer.from(new ArrayBuffer(size)).fill(5);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const ways = { collected, toWorker, resized, unshared, memory };

/** Transferred to a port that nobody reads any more, and collected there. */
async function collected() {
  const expected = sha256(filled(SIZE));
  for (let round = 0; round < 4; round++) {
    let buffer = filled(SIZE);
    const digest = hash.digest('sha256', buffer, { encoding: 'hex' });
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(buffer.buffer, [buffer.buffer]);
    assert.equal(buffer.length, 0, 'the caller has lost it');
    buffer = undefined; // eslint-disable-line no-useless-assignment -- so that it is collected
    receiveMessageOnPort(port2);
    port1.close();
    global.gc();
    global.gc();
    // New memory in its place, where the old has been freed.
    filled(SIZE).fill(9);
    assert.equal(await digest, expected);
  }
}

/** Transferred to a worker thread, which drops it and ends. */
async function toWorker() {
  const buffer = filled(SIZE);
  const expected = sha256(buffer);
  const digest = hash.digest('sha256', buffer, { encoding: 'hex' });
  const drop = 'process.exit()';
  const worker = new Worker(drop, { eval: true, workerData: buffer, transferList: [buffer.buffer] });
  await new Promise((resolve) => worker.once('exit', resolve));
  global.gc();
  assert.equal(await digest, expected);
}

/** A resizable buffer cut to nothing, which unmaps its pages. */
async function resized() {
  const resizable = new ArrayBuffer(SIZE, { maxByteLength: SIZE });
  const whole = new Uint8Array(resizable).fill(5);
  const expected = sha256(whole);
  const digest = hash.digest('sha256', whole, { encoding: 'hex' });
  const partial = hash.digest('sha256', new DataView(resizable, 16), { encoding: 'hex' });
  const expectedPartial = sha256(whole.subarray(16));
  resizable.resize(0);
  assert.equal(await digest, expected);
  assert.equal(await partial, expectedPartial);
}

/** Shared memory that another thread writes to the whole time: any digest, and no crash. */
async function unshared() {
  const shared = new SharedArrayBuffer(SIZE);
  const write =
    'const b = new Uint8Array(require("node:worker_threads").workerData); for (;;) b.fill(Math.random() * 256)';
  const worker = new Worker(write, { eval: true, workerData: shared });
  await new Promise((resolve) => worker.once('online', resolve));
  for (const algorithm of hash.algorithms) {
    const digest = await hash.digest(algorithm, new Uint8Array(shared, 3), { encoding: 'hex' });
    assert.match(digest, /^[0-9a-f]+$/);
  }
  const parts = Array.from({ length: 16 }, (_, index) => new Uint8Array(shared, index << 20, 1 << 20));
  for (const algorithm of hash.algorithms) assert.equal((await hash.digestMany(algorithm, parts)).length, 16);
  await worker.terminate();
}

/** WebAssembly memory, whose buffer is detached and may move when it grows. */
async function memory() {
  const wasm = new WebAssembly.Memory({ initial: 256, maximum: 4096 });
  const bytes = new Uint8Array(wasm.buffer).fill(5);
  const expected = sha256(bytes);
  const digest = hash.digest('sha256', bytes, { encoding: 'hex' });
  wasm.grow(1024);
  assert.equal(bytes.length, 0, 'growing has detached it');
  new Uint8Array(wasm.buffer).fill(5);
  global.gc();
  assert.equal(await digest, expected);
}

const way = process.argv[2];
ways[way]().then(() => console.log(`${way} done`));
