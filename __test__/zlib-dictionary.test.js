'use strict';

// Dictionaries: both sides have the same one, another one, or only one of them has one.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { hasZstd, isSameOutcome, node, nodeOutcome, noise, outcome, text, zlib } = require('./support/zlib.js');

const data = text(20_000, 300);
const dictionaries = [text(300), text(32_768), text(100_000), noise(10), Buffer.from(new Uint16Array([1, 2]).buffer)];
const PAIRS = [
  ['deflate', 'inflate'],
  ['deflateRaw', 'inflateRaw'],
  ['gzip', 'gunzip'],
  ['deflate', 'unzip'],
];

for (const [compress, decompress] of PAIRS) {
  test(`${compress} and ${decompress}, both ways with Node`, async () => {
    for (const dictionary of dictionaries) {
      const label = () => `${dictionary.length} bytes`;
      const bytes = await zlib[compress](data, { dictionary });
      assert.ok(node[`${decompress}Sync`](bytes, { dictionary }).equals(data), label());
      const nodes = node[`${compress}Sync`](data, { dictionary });
      assert.ok((await zlib[decompress](nodes, { dictionary })).equals(data), label());
      for (const other of [undefined, Buffer.from('other'), Buffer.alloc(0), text(300, 5)]) {
        const options = { dictionary: other };
        for (const file of [bytes, nodes]) {
          const expected = nodeOutcome(decompress, file, options);
          isSameOutcome(await outcome(decompress, file, options), expected, file.length, label);
        }
      }
    }
  });
}

test('a dictionary helps, also the first of several blocks', async () => {
  for (const size of [1000, 600_000]) {
    const message = Buffer.concat([text(1000), noise(size)]);
    const without = await zlib.deflate(message);
    const bytes = await zlib.deflate(message, { dictionary: text(2000) });
    assert.ok(bytes.length < without.length - 200, `${bytes.length}, without ${without.length}`);
    assert.ok(node.inflateSync(bytes, { dictionary: text(2000) }).equals(message));
  }
});

test('a missing and a wrong dictionary have the code and the number of Node', async () => {
  const file = node.deflateSync(data, { dictionary: dictionaries[0] });
  for (const [options, message] of [
    [{}, /^Missing dictionary/],
    [{ dictionary: dictionaries[1] }, /^Bad dictionary/],
  ]) {
    await assert.rejects(zlib.inflate(file, options), { code: 'Z_NEED_DICT', errno: 2, message });
  }
});

test('a dictionary of every type of bytes', async () => {
  const bytes = text(64);
  const buffer = new Uint8Array(bytes).buffer;
  const shared = new SharedArrayBuffer(64);
  new Uint8Array(shared).set(bytes);
  const expected = await zlib.deflate(data, { dictionary: bytes });
  for (const dictionary of [buffer, shared, new Uint16Array(buffer), new DataView(buffer), new Uint8Array(shared)]) {
    assert.ok((await zlib.deflate(data, { dictionary })).equals(expected), dictionary.constructor.name);
  }
});

test('of zstd, of several blocks too', async () => {
  const dictionary = text(5000);
  for (const size of [300, 20_000, 3_000_000]) {
    const message = text(size, 100);
    const bytes = await zlib.zstdCompress(message, { dictionary });
    assert.ok((await zlib.zstdDecompress(bytes, { dictionary })).equals(message), `${size} bytes`);
    if (!hasZstd) continue;
    assert.ok(node.zstdDecompressSync(bytes, { dictionary }).equals(message), `${size} bytes`);
    const nodes = node.zstdCompressSync(message, { dictionary });
    assert.ok((await zlib.zstdDecompress(nodes, { dictionary })).equals(message), `${size} bytes`);
  }
});
