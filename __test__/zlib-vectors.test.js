'use strict';

// Known answers: published streams, what they are, and what is wrong with them; published checksums.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { zlib } = require('./support/offloop.js');

const vectors = require('../vectors/zlib.json');

const functions = {
  gzip: zlib.gunzip,
  deflate: zlib.inflate,
  deflateRaw: zlib.inflateRaw,
  brotli: zlib.brotliDecompress,
  zstd: zlib.zstdDecompress,
};

const bytesOf = ({ hex, text, repeat }) => {
  if (hex !== undefined) return Buffer.from(hex, 'hex');
  return Buffer.from(text ?? repeat.text.repeat(repeat.count));
};

async function isRead(decompress, { hex, dictionary, windowBits, output, consumed, expect, message = '' }) {
  const data = Buffer.from(hex, 'hex');
  const options = { info: true, windowBits };
  if (dictionary !== undefined) options.dictionary = Buffer.from(dictionary, 'hex');
  const result = decompress(data, options);
  if (output === undefined) {
    await assert.rejects(result, (error) => error.code === expect && error.message.startsWith(message));
    return;
  }
  const { buffer, engine } = await result;
  assert.ok(buffer.equals(bytesOf(output)));
  assert.equal(engine.bytesWritten, consumed ?? data.length);
}

/** Of Adler-32 there is no function: it is behind a zlib stream (RFC 1950, section 2.2). */
async function isChecksum(format, { input, value }) {
  const bytes = bytesOf(input);
  const found = format === 'crc32' ? zlib.crc32(bytes) : (await zlib.deflate(bytes)).subarray(-4).readUInt32BE();
  assert.equal(found.toString(16).padStart(8, '0'), value);
}

for (const { source, format, vectors: cases } of vectors.groups) {
  describe(`${source}: ${format}`, () => {
    for (const vector of cases) {
      const decompress = functions[format];
      test(vector.name, () => (decompress === undefined ? isChecksum(format, vector) : isRead(decompress, vector)));
    }
  });
}
