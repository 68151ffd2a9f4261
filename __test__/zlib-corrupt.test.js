'use strict';

// Bits of every byte of small files are flipped, and bits of larger ones: what becomes of it is what node:zlib makes of it.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { seeded } = require('./support/csv.js');
const support = require('./support/zlib.js');

const { FORMATS, eachOf, isSameOutcome, mixed, node, nodeOutcome, outcome, smallFiles, zlib } = support;

function flipped(bytes, bit) {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] ^= 1 << (bit & 7);
  return copy;
}

/** Checks a file with each of these bits flipped, and returns how many came to each code. */
async function flips(name, file, bits) {
  const counts = {};
  await eachOf(bits, async (bit) => {
    const bytes = flipped(file, bit);
    const expected = nodeOutcome(name, bytes);
    counts[expected.code ?? 'bytes'] = (counts[expected.code ?? 'bytes'] ?? 0) + 1;
    isSameOutcome(
      await outcome(name, bytes),
      expected,
      bytes.length,
      () => `bit ${bit} of ${file.length} bytes, ${file.subarray(0, 150).toString('base64')}`
    );
  });
  return counts;
}

const range = (length) => Array.from({ length }, (_, index) => index);

for (const [name, files] of Object.entries(smallFiles())) {
  describe(`${name}: a bit of any byte`, () => {
    for (const [what, file] of Object.entries(files)) {
      test(what, async () => {
        // Of the longer ones three bits of each byte, which are other ones each time.
        const bits = range(file.length * 8).filter((bit) => file.length < 64 || ((bit >> 3) * 3 + bit) % 8 < 3);
        const counts = await flips(name, file, bits);
        assert.ok(Object.keys(counts).length > 1, JSON.stringify(counts));
      });
    }
  });
}

describe('any bit of a larger file, made by each', () => {
  const data = mixed(500_000);
  for (const [format, { compress, decompress, fast }] of Object.entries(FORMATS)) {
    // zlib-zstd-frames.test.js has its frames.
    if (format === 'zstd') continue;
    test(format, async () => {
      const random = seeded(format.length);
      for (const file of [node[`${compress}Sync`](data, fast), await zlib[compress](data, fast)]) {
        const bits = range(16).map(() => Math.floor(random() * file.length * 8));
        const ends = range(12).map((index) => (file.length - 1 - index) * 8 + (index % 8));
        await flips(decompress, file, [...bits, ...ends]);
      }
    });
  }
});

describe('what is wrong is said, and where', () => {
  const file = node.gzipSync('hello hello hello hello');
  const { length } = file;

  test('in the header: the header', async () => {
    const error = await zlib.gunzip(flipped(file, 0)).catch((reason) => reason);
    assert.deepEqual([error.name, error.code, error.errno], ['OffloopError', 'Z_DATA_ERROR', -3]);
    assert.match(error.message, /^incorrect header check at byte [0-2]$/);
  });

  test('in the checksum and in the length: the place behind the data', async () => {
    for (const [at, message] of [
      [length - 8, 'incorrect data check'],
      [length - 4, 'incorrect length check'],
    ]) {
      const error = await zlib.gunzip(flipped(file, at * 8)).catch((reason) => reason);
      assert.equal(error.message, `${message} at byte ${error.byteOffset}`);
      assert.ok(error.byteOffset >= at && error.byteOffset <= at + 4, `${error.byteOffset}, of ${length}`);
    }
  });

  test('the errors have the stack of the caller', async () => {
    const theCaller = async () => await zlib.gunzip(flipped(file, 0));
    await assert.rejects(theCaller(), (error) => error.stack.includes('theCaller'));
  });
});
