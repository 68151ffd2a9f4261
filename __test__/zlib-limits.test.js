'use strict';

// maxOutputLength: to the byte, before memory is taken, and where nobody has set it.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { succeeds } = require('./support/child.js');
const { FORMATS, kindOf, mixed, node, noise, text, zlib } = require('./support/zlib.js');

const CODE = 'ERR_BUFFER_TOO_LARGE';

/** Resolves to the code and the class of the refusal, or to the size of the result. */
const verdict = (promise) =>
  promise.then(
    ({ length }) => length,
    (error) => `${kindOf(error)} ${error.code}`
  );
const REFUSED = `RangeError ${CODE}`;

describe('as many bytes as maxOutputLength, and not one more', () => {
  for (const { compress, decompress, fast } of Object.values(FORMATS)) {
    test(decompress, async () => {
      for (const data of [text(1), text(100), Buffer.alloc(70_000), text(262_144), mixed(700_000)]) {
        const bytes = await zlib[compress](data, fast);
        const limited = (maxOutputLength) => verdict(zlib[decompress](bytes, { maxOutputLength }));
        assert.equal(await limited(data.length), data.length);
        assert.equal(await limited(data.length + 1), data.length);
        if (data.length === 1) continue;
        for (const most of [data.length - 1, data.length >> 1, 1]) {
          assert.equal(await limited(most), REFUSED, `${most} of ${data.length}`);
        }
      }
    });

    test(compress, async () => {
      for (const data of [text(0), text(100), noise(70_000), mixed(600_000)]) {
        const { length } = await zlib[compress](data, fast);
        const limited = (maxOutputLength) => verdict(zlib[compress](data, { ...fast, maxOutputLength }));
        assert.equal(await limited(length), length);
        if (length === 1) continue;
        for (const most of [length - 1, length >> 1, 1])
          assert.equal(await limited(most), REFUSED, `${most} of ${length}`);
      }
    });
  }

  test('of several members together', async () => {
    const members = Buffer.concat([node.gzipSync(text(1000)), node.gzipSync(text(500))]);
    assert.equal(await verdict(zlib.gunzip(members, { maxOutputLength: 1500 })), 1500);
    assert.equal(await verdict(zlib.gunzip(members, { maxOutputLength: 1499 })), REFUSED);
    assert.equal(await verdict(zlib.gunzip(members, { maxOutputLength: 1000 })), REFUSED);
  });

  test('the length at the end of a gzip file is not believed', async () => {
    for (const size of [0, 1, 10, 2 ** 31, 2 ** 32 - 1]) {
      const bytes = node.gzipSync(text(400_000));
      bytes.writeUInt32LE(size, bytes.length - 4);
      const error = await zlib.gunzip(bytes, { maxOutputLength: 500_000 }).catch((reason) => reason);
      assert.equal(error.code, 'Z_DATA_ERROR', `${size}: ${error.message}`);
      assert.match(error.message, /^incorrect length check/);
      assert.equal(await verdict(zlib.gunzip(bytes, { maxOutputLength: 100_000 })), REFUSED, `${size}`);
    }
  });
});

test('the error is that of Node', async () => {
  const expected = (() => {
    try {
      return node.gunzipSync(node.gzipSync('text'), { maxOutputLength: 3 });
    } catch (error) {
      return error;
    }
  })();
  const error = await zlib.gunzip(node.gzipSync('text'), { maxOutputLength: 3 }).catch((reason) => reason);
  assert.deepEqual([error.code, error.constructor], [expected.code, expected.constructor]);
  assert.equal(error.constructor, RangeError);
  assert.match(error.message, /3/);
});

describe('bombs die, with little memory:', () => {
  const names = ['gunzip', 'inflate', 'inflateRaw', 'unzip', 'brotliDecompress', 'zstdDecompress'];
  const MOST_GROWN = 64 * 1024;

  async function explode(way, subjects = names) {
    const { results, grown } = JSON.parse(await succeeds('zlib-bombs.js', { args: [way, ...subjects] }));
    return { grown, outcomes: [...new Set(Object.values(results))] };
  }

  for (const [way, what] of [
    ['small', 'with a limit of 1,000 bytes'],
    ['usual', 'with the limit that there is without one'],
    ['medium', 'with a limit of 8 MiB'],
    ['many', 'eight at a time'],
  ]) {
    test(what, async () => {
      const { grown, outcomes } = await explode(way);
      assert.deepEqual(outcomes, [CODE]);
      assert.ok(grown < MOST_GROWN, `${grown} KiB`);
    });
  }

  test('a stream of them is read without keeping it', async () => {
    const { grown, outcomes } = await explode('stream', ['gunzip', 'zstdDecompress']);
    assert.deepEqual(outcomes, ['all of it']);
    // Outputs wait for the garbage collector.
    assert.ok(grown < 2 * MOST_GROWN, `${grown} KiB`);
  });

  test('as files, where a limit or a record that is too long ends them', async () => {
    const { grown, outcomes } = await explode('files', ['gunzip']);
    const codes = `${CODE} ${CODE} ERR_OFFLOOP_CSV`;
    assert.deepEqual(outcomes, [`${codes} ${codes} ${CODE}`]);
    assert.ok(grown < MOST_GROWN, `${grown} KiB`);
  });

  test('a header that boasts', async () => {
    const { grown, outcomes } = await explode('boastful', ['zstdDecompress']);
    // The first wants a window of that size, the second has none and its size is wrong only.
    assert.deepEqual(outcomes, ['ZSTD_error_frameParameter_windowTooLarge Z_BUF_ERROR']);
    assert.ok(grown < MOST_GROWN, `${grown} KiB`);
  });
});
