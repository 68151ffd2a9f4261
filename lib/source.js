'use strict';

// The streams that an operation can read: Node streams, web streams, and iterables.

const { IncomingMessage } = require('node:http');
const { setImmediate } = require('node:timers');
const { byteLength, bytes } = require('./bytes.js');
const { invalidType } = require('./errors.js');

const BYTES = 'a Node.js Readable, a ReadableStream or an (async) iterable of bytes';

/**
 * @typedef {object} Source
 * @property {() => Promise<IteratorResult<unknown>> | IteratorResult<unknown>} next
 * @property {() => void} stop ends a source that was not read to its end; never throws
 * @property {boolean} handsOver whether its chunks are the reader's to keep. A generator may reuse
 *   its buffer once it is asked for the next chunk
 */

/**
 * @param {any} readable
 * @param {string} name the argument
 * @param {string} [expected]
 * @returns {Source}
 */
function openSource(readable, name, expected = BYTES) {
  const source = sourceOf(readable);
  if (source === undefined) throw invalidType(name, expected, readable);
  const stop = () => {
    try {
      source.stop();
    } catch {
      // The operation has failed already, with an error that says more.
    }
  };
  return { ...source, stop };
}

/**
 * @param {any} readable
 * @returns {Source | undefined}
 */
function sourceOf(readable) {
  if (readable !== null && typeof readable === 'object') {
    if (typeof readable.getReader === 'function') return webStream(readable);
    if (typeof readable.iterator === 'function' && typeof readable.destroy === 'function') {
      return nodeStream(readable);
    }
    const iterate = readable[Symbol.asyncIterator] ?? readable[Symbol.iterator];
    if (typeof iterate === 'function') return iterable(iterate.call(readable));
  }
  return undefined;
}

/**
 * @param {import('node:stream').Readable} stream
 * @returns {Source}
 */
function nodeStream(stream) {
  const iterator = stream.iterator({ destroyOnReturn: false });
  const stop = () => {
    // A request's socket still carries the response, an error perhaps: the server ends it.
    if (stream instanceof IncomingMessage) return;
    // The operation has its error; another one of the stream's is nobody's to handle.
    stream.on('error', () => {});
    stream.destroy();
  };
  return { next: () => iterator.next(), stop, handsOver: true };
}

/**
 * @param {ReadableStream} stream
 * @returns {Source}
 */
function webStream(stream) {
  const reader = stream.getReader();
  const stop = () => {
    Promise.resolve(reader.cancel()).catch(() => {});
  };
  return { next: () => /** @type {any} */ (reader.read()), stop, handsOver: true };
}

/**
 * @param {AsyncIterator<unknown> | Iterator<unknown>} iterator
 * @returns {Source}
 */
function iterable(iterator) {
  const stop = () => {
    Promise.resolve(iterator.return?.()).catch(() => {});
  };
  return { next: () => iterator.next(), stop, handsOver: false };
}

/**
 * The same bytes in chunks of at most `most` bytes.
 *
 * @param {Source} source
 * @param {string} name the argument
 * @param {number} most
 * @returns {Source}
 */
function inPieces(source, name, most) {
  /** @type {Uint8Array} */
  let rest = new Uint8Array(0);
  const piece = () => {
    const value = rest.subarray(0, most);
    rest = rest.subarray(most);
    return { done: false, value };
  };
  const next = async () => {
    if (rest.byteLength > 0) return piece();
    const { done, value } = await source.next();
    if (done) return { done, value: undefined };
    const chunk = bytes(value, chunkOf(name));
    if (byteLength(chunk) <= most) return { done, value: chunk };
    // Text cannot be cut anywhere: a character may be of two units.
    rest = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    return piece();
  };
  return { ...source, next };
}

/** @param {string} name the argument */
function chunkOf(name) {
  return `a chunk of ${name}`;
}

/** What a chunk costs beside its bytes, so that a batch of tiny ones stays small too. */
const CHUNK_OVERHEAD = 256;

/**
 * Reads a source to its end in batches. While one batch is being taken the next is read, and no
 * more: that is the backpressure.
 *
 * @param {Source} source
 * @param {string} name the argument
 * @param {number} batchBytes how many bytes make a batch
 * @param {(batch: (Uint8Array | string)[], size: number) => Promise<void>} take
 * @returns {Promise<{ batch: (Uint8Array | string)[], size: number }>} the last batch, not taken
 */
async function readBatches(source, name, batchBytes, take) {
  /** @type {(Uint8Array | string)[]} */
  let batch = [];
  let size = 0;
  let cost = 0;
  /** @type {Promise<void>} */
  let taking = Promise.resolve();
  for (;;) {
    const { done, value } = await next(source, taking);
    if (done) break;
    const chunk = bytes(value, chunkOf(name));
    const length = byteLength(chunk);
    cost += length + CHUNK_OVERHEAD;
    if (length > 0) {
      // The next chunk may overwrite it while it waits for its batch.
      batch.push(source.handsOver || typeof chunk === 'string' ? chunk : new Uint8Array(chunk));
      size += length;
    }
    if (cost < batchBytes) continue;
    await taking;
    // A source that never waits for anything would hold the event loop.
    await new Promise(setImmediate);
    taking = take(batch, size);
    // Looked at by the next `await taking`.
    taking.catch(() => {});
    batch = [];
    size = 0;
    cost = 0;
  }
  await taking;
  return { batch, size };
}

/**
 * A source that fails has been taken up to there first, so that what came before the failure is not lost.
 *
 * @param {Source} source
 * @param {Promise<void>} taking
 */
async function next(source, taking) {
  try {
    return await source.next();
  } catch (failure) {
    await taking;
    throw failure;
  }
}

module.exports = { inPieces, openSource, readBatches };
