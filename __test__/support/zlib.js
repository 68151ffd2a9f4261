'use strict';

// node:zlib as the oracle of what comes out of a call, and bytes to compress.

const assert = require('node:assert/strict');
const { createCipheriv } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const node = require('node:zlib');
const { zlib } = require('./offloop.js');

const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH, BROTLI_PARAM_QUALITY } = node.constants;

/** Node has zstd from 22.15 and 23.8. */
const hasZstd = 'zstdCompressSync' in node;

/**
 * The functions that go with each other, the `finishFlush` of an output that goes on, and options for data of which
 * there is much.
 */
const FORMATS = {
  gzip: { compress: 'gzip', decompress: 'gunzip', flush: Z_SYNC_FLUSH, fast: { level: 1 } },
  deflate: { compress: 'deflate', decompress: 'inflate', flush: Z_SYNC_FLUSH, fast: { level: 1 } },
  deflateRaw: { compress: 'deflateRaw', decompress: 'inflateRaw', flush: Z_SYNC_FLUSH, fast: { level: 1 } },
  brotli: {
    compress: 'brotliCompress',
    decompress: 'brotliDecompress',
    flush: BROTLI_OPERATION_FLUSH,
    fast: { params: { [BROTLI_PARAM_QUALITY]: 3 } },
  },
  zstd: { compress: 'zstdCompress', decompress: 'zstdDecompress', flush: 1, fast: {} },
};

/** Those that zlib itself makes. */
const DEFLATES = [FORMATS.gzip, FORMATS.deflate, FORMATS.deflateRaw];

/** `createGzip` of `gzip`. */
const factory = (name) => `create${name[0].toUpperCase()}${name.slice(1)}`;

/** Node's function where there is one, else offloop's own: then the round trip is all that is shown. */
const decompressed = async (name, data, options) =>
  `${name}Sync` in node ? node[`${name}Sync`](data, options) : zlib[name](data, options);
const compressed = async (name, data, options) =>
  `${name}Sync` in node ? node[`${name}Sync`](data, options) : zlib[name](data, options);

/** TypeError and RangeError are told apart, and other classes are not. */
function kindOf(error) {
  if (error instanceof TypeError) return 'TypeError';
  return error instanceof RangeError ? 'RangeError' : 'Error';
}

/** What a call of Node's gives: `{ bytes }`, or `{ code, errno, message, kind }` of its error. */
function nodeOutcome(name, ...args) {
  try {
    const result = node[`${name}Sync`](...args);
    return { bytes: result.buffer instanceof Uint8Array ? result.buffer : result };
  } catch (error) {
    const { code, errno, message } = error;
    return { code, errno, message, kind: kindOf(error) };
  }
}

/** The same of offloop's. */
async function outcome(name, ...args) {
  const promise = zlib[name](...args);
  assert.ok(promise instanceof Promise, `${name} does not throw`);
  try {
    const result = await promise;
    return { bytes: Buffer.isBuffer(result) ? result : result.buffer };
  } catch (error) {
    const { code, errno, message, byteOffset } = error;
    return { code, errno, message, byteOffset, kind: kindOf(error), error };
  }
}

/**
 * Checks what has come of data against what came, or would have come, of Node's function: the bytes, or the code, the
 * number and the message, and where in the input it was found.
 */
function isSameOutcome(actual, expected, length, label) {
  if (expected.bytes !== undefined) {
    assert.equal(actual.code, undefined, `${label()}: ${actual.error?.stack}`);
    assert.ok(actual.bytes.equals(expected.bytes), `${label()}: other bytes`);
    return;
  }
  const { code, errno, message, byteOffset } = actual;
  assert.deepEqual({ code, errno }, { code: expected.code, errno: expected.errno }, `${label()}: ${message}`);
  assert.ok(message.startsWith(expected.message), `${label()}: ${message}, not ${expected.message}`);
  assert.ok(Number.isInteger(byteOffset) && byteOffset >= 0 && byteOffset <= length, `${label()}: ${byteOffset}`);
  assert.ok(message.endsWith(`at byte ${byteOffset}`), `${label()}: ${message}`);
}

/** Calls `check` on each of many cases, a few hundred at a time. */
async function eachOf(cases, check) {
  const batch = [];
  let count = 0;
  for (const each of cases) {
    count++;
    batch.push(check(each));
    if (batch.length === 256) await Promise.all(batch.splice(0));
  }
  await Promise.all(batch);
  return count;
}

const fixtures = join(__dirname, '..', 'fixtures');
let corpus;

/** The first bytes of a real CSV file, again and again. */
function text(size, from = 0) {
  corpus ??= readFileSync(join(fixtures, 'nfl.csv'));
  if (from + size <= corpus.length) return corpus.subarray(from, from + size);
  return Buffer.alloc(size, corpus);
}

/** Bytes that do not compress, always the same. */
function noise(size) {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(size));
}

/** Bytes of every kind: text, runs, noise. */
function mixed(size) {
  const bytes = Buffer.alloc(size);
  for (let at = 0, kind = 0; at < size; at += 9973, kind++) {
    const length = Math.min(9973, size - at);
    if (kind % 3 === 0) text(length, (at * 7) % 1_000_000).copy(bytes, at);
    else if (kind % 3 === 1) bytes.fill(kind, at, at + length);
    else noise(length).copy(bytes, at);
  }
  return bytes;
}

/** A gzip member with every field that its header may have, and a checksum of it. */
function withFields(data) {
  const fixed = Buffer.from([0x1f, 0x8b, 8, 0x1f, 1, 2, 3, 4, 0, 3]);
  const extra = Buffer.from('\x06\0AB\x02\0xy', 'latin1');
  const header = Buffer.concat([fixed, extra, Buffer.from('a name\0a comment\0')]);
  const checksum = Buffer.alloc(2);
  checksum.writeUInt16LE(node.crc32(header) & 0xffff);
  return Buffer.concat([header, checksum, node.gzipSync(data).subarray(10)]);
}

/** Small files of each format, each made in another way, by the functions that read them. */
function smallFiles() {
  const { Z_FIXED, Z_HUFFMAN_ONLY } = node.constants;
  const [some, more] = [text(70), text(500, 1000)];
  const dictionary = text(64);
  const quality = (value) => ({ params: { [BROTLI_PARAM_QUALITY]: value } });
  const deflates = (compress) => ({
    'of nothing': compress(''),
    stored: compress(some, { level: 0 }),
    'with the fixed code': compress(text(200), { strategy: Z_FIXED }),
    'with codes of its own': compress(more),
    'without matches': compress(text(150), { strategy: Z_HUFFMAN_ONLY }),
  });
  return {
    gunzip: {
      ...deflates(node.gzipSync),
      'with all fields': withFields(some),
      'of two members': Buffer.concat([node.gzipSync(some), node.gzipSync(text(30))]),
    },
    inflate: { ...deflates(node.deflateSync), 'with a dictionary': node.deflateSync(some, { dictionary }) },
    inflateRaw: deflates(node.deflateRawSync),
    unzip: { gzip: node.gzipSync(some), zlib: node.deflateSync(some) },
    brotliDecompress: {
      'of nothing': node.brotliCompressSync(''),
      'quality 0': node.brotliCompressSync(some, quality(0)),
      'quality 5': node.brotliCompressSync(more, quality(5)),
      'quality 11': node.brotliCompressSync(some, quality(11)),
    },
  };
}

module.exports = {
  DEFLATES,
  FORMATS,
  compressed,
  decompressed,
  eachOf,
  factory,
  fixtures,
  hasZstd,
  isSameOutcome,
  kindOf,
  mixed,
  node,
  nodeOutcome,
  noise,
  outcome,
  smallFiles,
  text,
  withFields,
  zlib,
};
