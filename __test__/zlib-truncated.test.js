'use strict';

// Files that end too early, at every byte: an error, or with a `finishFlush` that is no end what there is of them.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const support = require('./support/zlib.js');

const { FORMATS, eachOf, isSameOutcome, mixed, node, nodeOutcome, outcome, smallFiles, text, zlib } = support;

const { Z_NO_FLUSH, Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH } = node.constants;
const { BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH } = node.constants;

const range = (length) => Array.from({ length }, (_, index) => index);

for (const [name, files] of Object.entries(smallFiles())) {
  const isBrotli = name === 'brotliDecompress';
  const flushes = isBrotli ? [BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH] : [Z_NO_FLUSH, Z_SYNC_FLUSH];

  describe(`${name}: cut after any byte`, () => {
    for (const [what, file] of Object.entries(files)) {
      test(what, async () => {
        let refused = 0;
        await eachOf(range(file.length), async (end) => {
          const cut = file.subarray(0, end);
          const expected = nodeOutcome(name, cut);
          if (expected.code !== undefined) refused++;
          isSameOutcome(await outcome(name, cut), expected, end, () => `${end} of ${file.length} bytes`);
        });
        // Two members that are cut between them are one.
        assert.ok(refused >= file.length - 1, `${refused} were refused`);
      });

      test(`${what}, which finishFlush allows`, async () => {
        await eachOf(
          flushes.flatMap((finishFlush) => range(file.length + 1).map((end) => [finishFlush, end])),
          async ([finishFlush, end]) => {
            const cut = file.subarray(0, end);
            const expected = nodeOutcome(name, cut, { finishFlush });
            const label = () => `${end} of ${file.length} bytes, ${finishFlush}`;
            isSameOutcome(await outcome(name, cut, { finishFlush }), expected, end, label);
          }
        );
      });
    }
  });
}

describe('a larger file that is cut', () => {
  const data = mixed(600_000);

  for (const [format, { compress, decompress, flush, fast }] of Object.entries(FORMATS)) {
    test(format, async () => {
      const file = await zlib[compress](data, fast);
      const cuts = range(16).map((index) => Math.floor((file.length * index) / 16));
      await eachOf([...cuts, file.length - 9, file.length - 5, file.length - 1], async (end) => {
        const cut = file.subarray(0, end);
        const error = await zlib[decompress](cut).catch((reason) => reason);
        assert.deepEqual([error.code, error.errno], ['Z_BUF_ERROR', -5], `${end} of ${file.length} bytes`);
        assert.match(error.message, /^unexpected end of file at byte \d+$/);
        const there = await zlib[decompress](cut, { finishFlush: flush });
        assert.ok(there.equals(data.subarray(0, there.length)), `${end} of ${file.length} bytes`);
        // A decoder holds less than a block of zstd's, which is the largest, back.
        assert.ok(there.length >= (data.length * (end - 16)) / file.length - 300_000, `${there.length} of ${end}`);
      });
    });
  }
});

describe('finishFlush leaves what is compressed open, and nothing behind', () => {
  const data = text(3000);

  for (const [format, { compress, decompress, flush }] of Object.entries(FORMATS)) {
    const flushes = ['gzip', 'deflate', 'deflateRaw'].includes(format)
      ? [Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH]
      : [flush];

    test(format, async () => {
      for (const finishFlush of flushes) {
        const open = await zlib[compress](data, { finishFlush });
        assert.equal((await outcome(decompress, open)).code, 'Z_BUF_ERROR', `${finishFlush}`);
        if (`${decompress}Sync` in node) {
          assert.ok(node[`${decompress}Sync`](open, { finishFlush: flush }).equals(data), `${finishFlush}`);
        }
        assert.ok((await zlib[decompress](open, { finishFlush: flush })).equals(data), `${finishFlush}`);
      }
    });
  }

  test('raw parts that were flushed are one stream', async () => {
    const finishFlush = Z_FULL_FLUSH;
    const parts = [await zlib.deflateRaw(text(100_000), { finishFlush }), await zlib.deflateRaw(text(5000))];
    assert.ok(node.inflateRawSync(Buffer.concat(parts)).equals(Buffer.concat([text(100_000), text(5000)])));
  });
});
