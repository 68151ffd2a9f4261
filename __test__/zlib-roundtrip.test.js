'use strict';

// What offloop compresses node:zlib restores, and the other way round.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const fc = require('fast-check');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const support = require('./support/zlib.js');

const { DEFLATES, FORMATS, decompressed, eachOf, fixtures, hasZstd, mixed, node, noise, text, zlib } = support;
const { constants } = zlib;

/** Both ways with Node's functions, and with our own. */
async function bothWays({ compress, decompress }, data, options, label = '') {
  const [bytes, own] = [await zlib[compress](data, options), Buffer.from(data)];
  const what = () => `${compress} of ${own.length} bytes ${label} ${JSON.stringify(options)}`;
  const { windowBits } = options ?? {};
  // Windows of 256 bytes are never written, zlib.h says.
  const restoring = windowBits === undefined ? undefined : { windowBits: Math.max(9, windowBits) };
  assert.ok((await decompressed(decompress, bytes, restoring)).equals(own), `${what()}, restored by Node`);
  assert.ok((await zlib[decompress](bytes, restoring)).equals(own), `${what()}, restored`);
  if (!(`${compress}Sync` in node)) return bytes;
  const nodes = node[`${compress}Sync`](data, options);
  assert.ok((await zlib[decompress](nodes, restoring)).equals(own), `${what()}, restored from Node's`);
  return bytes;
}

const LEVELS = [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

describe('every level', () => {
  for (const format of DEFLATES) {
    test(`of ${format.compress}`, async () => {
      for (const level of LEVELS) {
        for (const data of [text(3000), noise(3000), mixed(150_000)]) await bothWays(format, data, { level });
      }
    });
  }
});

test('every windowBits, memLevel and strategy', async () => {
  const data = mixed(90_000);
  for (const format of DEFLATES) {
    const least = format.compress === 'gzip' ? 9 : 8;
    for (let windowBits = least; windowBits <= 15; windowBits++) await bothWays(format, data, { windowBits });
    for (let memLevel = 1; memLevel <= 9; memLevel++) await bothWays(format, data, { memLevel });
    for (let strategy = 0; strategy <= 4; strategy++) {
      for (const level of [1, 6, 9]) await bothWays(format, data, { strategy, level });
    }
    await bothWays(format, data, { windowBits: 9, memLevel: 1, strategy: 3, level: 9 });
  }
});

test('a small window holds for all blocks: a reader with no more memory restores them', async () => {
  const data = mixed(700_000);
  for (const { compress, decompress } of DEFLATES) {
    const bytes = await zlib[compress](data, { windowBits: 9 });
    assert.ok(node[`${decompress}Sync`](bytes, { windowBits: 9 }).equals(data), compress);
  }
});

describe('sizes around every edge', () => {
  const edges = [4, 8, 12, 14, 15].map((power) => 2 ** power);
  edges.push(65_535, 64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20);
  const sizes = [0, 1, 2, 3, ...edges.flatMap((edge) => [edge - 1, edge, edge + 1])];
  const data = mixed((1 << 20) + 1);

  for (const [name, format] of Object.entries(FORMATS)) {
    test(name, async () => {
      await eachOf(sizes, async (size) => {
        const bytes = await zlib[format.compress](data.subarray(0, size), format.fast);
        const restored = await decompressed(format.decompress, bytes);
        assert.ok(restored.equals(data.subarray(0, size)), `${size} bytes`);
        assert.ok((await zlib[format.decompress](bytes)).equals(restored), `${size} bytes`);
      });
    });
  }

  test('where one block is text and the next one noise', async () => {
    const block = 256 << 10;
    const uneven = Buffer.concat([text(block), noise(block), Buffer.alloc(block), text(block - 1), noise(7)]);
    for (const format of Object.values(FORMATS)) await bothWays(format, uneven, format.fast);
  });
});

test('any bytes at any level', async () => {
  const pieces = fc.array(fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.constant(text(300))), { maxLength: 8 });
  const property = fc.asyncProperty(
    fc.constantFrom(...DEFLATES),
    fc.constantFrom(...LEVELS),
    pieces,
    fc.nat(40),
    async (format, level, parts, times) => {
      await bothWays(format, Buffer.concat(Array(times).fill(parts).flat()), { level });
    }
  );
  await fc.assert(property, { numRuns: 150 });
});

test('brotli: qualities, windows and modes', async () => {
  const key = (name) => constants[`BROTLI_PARAM_${name}`];
  const sets = [0, 1, 2, 4, 5, 6, 9, 10, 11].map((quality) => [['QUALITY', quality]]);
  sets.push([['LGWIN', 10]], [['LGWIN', 24]], [['LGBLOCK', 16]], [['MODE', 1]], [['MODE', 2]], [['SIZE_HINT', 5]]);
  sets.push([['DISABLE_LITERAL_CONTEXT_MODELING', 1]], [['NPOSTFIX', 1], ['NDIRECT', 2]]); // prettier-ignore
  for (const pairs of sets) {
    const quality = pairs[0][0] === 'QUALITY' ? [] : [[key('QUALITY'), 5]];
    const params = Object.fromEntries([...quality, ...pairs.map(([name, value]) => [key(name), value])]);
    for (const data of [text(0), text(30_000), noise(2000)]) await bothWays(FORMATS.brotli, data, { params });
  }
});

test('brotli: a large window, which both sides have to ask for', async () => {
  const { BROTLI_PARAM_LARGE_WINDOW, BROTLI_PARAM_LGWIN, BROTLI_PARAM_QUALITY } = constants;
  const { BROTLI_DECODER_PARAM_LARGE_WINDOW } = constants;
  const params = { [BROTLI_PARAM_LARGE_WINDOW]: 1, [BROTLI_PARAM_LGWIN]: 26, [BROTLI_PARAM_QUALITY]: 5 };
  const bytes = await zlib.brotliCompress(text(50_000), { params });
  const options = { params: { [BROTLI_DECODER_PARAM_LARGE_WINDOW]: 1 } };
  for (const file of [bytes, node.brotliCompressSync(text(50_000), { params })]) {
    assert.ok(node.brotliDecompressSync(file, options).equals(text(50_000)));
    assert.ok((await zlib.brotliDecompress(file, options)).equals(text(50_000)));
    const refusal = await zlib.brotliDecompress(file).catch(({ code }) => code);
    assert.equal(typeof refusal, 'string', 'refused without the option');
  }
});

test('zstd: levels and params', async () => {
  const key = (name) => constants[`ZSTD_c_${name}`];
  const sets = [-7, -1, 0, 1, 3, 7, 12, 19, 22].map((level) => [['compressionLevel', level]]);
  sets.push([['windowLog', 10]], [['windowLog', 24]], [['hashLog', 8]], [['chainLog', 8]], [['searchLog', 3]]);
  sets.push([['minMatch', 5]], [['targetLength', 64]], [['strategy', constants.ZSTD_btultra2]]);
  sets.push([['enableLongDistanceMatching', 1]], [['checksumFlag', 1]], [['contentSizeFlag', 0]]);
  for (const pairs of sets) {
    const params = Object.fromEntries(pairs.map(([name, value]) => [key(name), value]));
    for (const data of [text(0), text(60_000), noise(3000)]) await bothWays(FORMATS.zstd, data, { params });
  }
  const large = mixed(2_300_000);
  for (const level of [1, 3]) await bothWays(FORMATS.zstd, large, { params: { [key('compressionLevel')]: level } });
});

test('strategy and level change what comes out', async () => {
  const data = text(100_000);
  const { Z_HUFFMAN_ONLY, Z_RLE, BROTLI_PARAM_QUALITY, ZSTD_c_compressionLevel } = constants;
  const size = async (name, options) => (await zlib[name](data, options)).length;
  const [stored, fast, usual, best] = await Promise.all([0, 1, 6, 9].map((level) => size('gzip', { level })));
  assert.ok(stored > data.length && fast > usual && usual >= best, `${stored} ${fast} ${usual} ${best}`);
  assert.ok((await size('gzip', { strategy: Z_HUFFMAN_ONLY })) > 1.5 * usual);
  assert.ok((await size('gzip', { strategy: Z_RLE })) > 1.5 * usual);
  assert.ok((await size('gzip', { windowBits: 9 })) > 1.1 * usual);
  const brotli = await Promise.all([0, 5, 9].map((value) => size('brotliCompress', { params: { [BROTLI_PARAM_QUALITY]: value } }))); // prettier-ignore
  assert.ok(brotli[0] > brotli[1] && brotli[1] > brotli[2], String(brotli));
  const zstd = await Promise.all([1, 19].map((value) => size('zstdCompress', { params: { [ZSTD_c_compressionLevel]: value } }))); // prettier-ignore
  assert.ok(zstd[0] > zstd[1], String(zstd));
});

describe('gzip is at most 1.5 % larger than by Node, in several blocks too, at level', () => {
  const whole = readFileSync(join(fixtures, 'nfl.csv'));
  for (const level of [1, 4, 6, 9]) {
    test(`${level}`, async () => {
      for (const data of [whole, whole.subarray(0, 100_000)]) {
        const [own, nodes] = [(await zlib.gzip(data, { level })).length, node.gzipSync(data, { level }).length];
        assert.ok(own <= nodes * 1.015, `${data.length} bytes become ${own}, by Node ${nodes}`);
      }
    });
  }
});

test('zstd of Node itself, where it has one', { skip: hasZstd ? false : 'this Node has no zstd' }, async () => {
  for (const size of [0, 1, 70_000, 1_100_000]) {
    const data = mixed(size);
    assert.ok(node.zstdDecompressSync(await zlib.zstdCompress(data)).equals(data));
    assert.ok((await zlib.zstdDecompress(node.zstdCompressSync(data))).equals(data));
  }
});
