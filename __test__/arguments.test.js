'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { hash, pool } = require('./support/offloop.js');

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

/** Every function with good arguments, by name; `options` comes last. */
const functions = {
  digest: ['sha256', 'data'],
  digestMany: ['sha256', ['data']],
  digestFile: ['sha256', __filename],
  digestStream: ['sha256', ['data']],
  hmac: ['sha256', 'key', 'data'],
};

/** The argument's name, values that are wrong for it, and the code of each. */
const wrong = {
  algorithm: [
    [undefined, TYPE],
    [null, TYPE],
    [5, TYPE],
    [{}, TYPE],
    [Symbol('s'), TYPE],
    ['', VALUE],
    ['SHA256', VALUE],
    ['toString', VALUE],
  ],
  data: [
    [undefined, TYPE],
    [null, TYPE],
    [5, TYPE],
    [5n, TYPE],
    [true, TYPE],
    [{}, TYPE],
    [{ length: 5 }, TYPE],
    [() => {}, TYPE],
    [Symbol('s'), TYPE],
    [[1, 2], TYPE],
    [new Date(), TYPE],
  ],
  messages: [
    [undefined, TYPE],
    [null, TYPE],
    ['text', TYPE],
    [Buffer.from('x'), TYPE],
    [{ length: 1 }, TYPE],
    [[undefined], TYPE],
    [['fine', 5], TYPE],
    [[, 'a hole'], TYPE], // eslint-disable-line no-sparse-arrays
  ],
  path: [
    [undefined, TYPE],
    [null, TYPE],
    [5, TYPE],
    [{}, TYPE],
    ['with\0nul', VALUE],
    [Buffer.from('with\0nul'), VALUE],
    [new URL('https://example.org/file'), 'ERR_INVALID_URL_SCHEME'],
  ],
  readable: [
    [undefined, TYPE],
    [null, TYPE],
    [5, TYPE],
    ['text', TYPE],
    [{}, TYPE],
    [() => {}, TYPE],
    [[5], TYPE],
  ],
  options: [
    [null, TYPE],
    [5, TYPE],
    ['hex', TYPE],
    [[], TYPE],
    [() => {}, TYPE],
  ],
};

const positions = {
  digest: ['algorithm', 'data', 'options'],
  digestMany: ['algorithm', 'messages', 'options'],
  digestFile: ['algorithm', 'path', 'options'],
  digestStream: ['algorithm', 'readable', 'options'],
  hmac: ['algorithm', 'data', 'data', 'options'],
};

const wrongOptions = {
  signal: [[null, TYPE], [5, TYPE], [{}, TYPE], [new AbortController(), TYPE], [new EventTarget(), TYPE]],
  timeout: [['5', TYPE], [null, TYPE], [0, RANGE], [-1, RANGE], [1.5, RANGE], [NaN, RANGE], [Infinity, RANGE], [2 ** 31, RANGE]],
  lane: [[5, TYPE], [null, TYPE], ['fast', VALUE], ['', VALUE]],
  priority: [['5', TYPE], [null, TYPE], [1.5, RANGE], [1001, RANGE], [-1001, RANGE], [NaN, RANGE]],
  transfer: [[1, TYPE], ['yes', TYPE], [null, TYPE]],
  copy: [[1, TYPE], ['yes', TYPE], [null, TYPE]],
  onProgress: [[5, TYPE], [null, TYPE], [{}, TYPE]],
  encoding: [[5, TYPE], [null, TYPE], ['utf8', VALUE], ['HEX', VALUE], ['toString', VALUE]],
}; // prettier-ignore

const wrongDigestOptions = {
  key: [[5, TYPE], [null, TYPE], [{}, TYPE], ['sha256 has no keyed mode', VALUE]],
  length: [['5', TYPE], [null, TYPE], [-1, RANGE], [1.5, RANGE], [2 ** 53, RANGE], [NaN, RANGE], [31, VALUE]],
}; // prettier-ignore

/** The message says what was expected, for what, and what came. */
function says(code, name) {
  return (error) => {
    assert.equal(error.code, code, error.stack);
    assert.ok(error instanceof (code === RANGE ? RangeError : TypeError), error.stack);
    if (code !== 'ERR_INVALID_URL_SCHEME') {
      assert.match(error.message, /^Expected .+ for .+ but received .+/s);
      assert.ok(error.message.includes(` for ${name}`), error.message);
    }
    return true;
  };
}

for (const [name, good] of Object.entries(functions)) {
  describe(`hash.${name}`, () => {
    positions[name].forEach((argument, position) => {
      test(`refuses wrong values for its argument ${position + 1}, ${argument}`, async () => {
        for (const [value, code] of wrong[argument]) {
          const values = [...good];
          values[position] = value;
          const promise = hash[name](...values);
          assert.ok(promise instanceof Promise, 'it does not throw');
          const called =
            { messages: 'data', readable: Array.isArray(value) ? 'a chunk of readable' : 'readable' }[argument] ??
            (name === 'hmac' && position === 1 ? 'key' : argument);
          await assert.rejects(promise, says(code, called));
        }
      });
    });

    test('refuses wrong options', async () => {
      const all = { ...wrongOptions, ...(name === 'hmac' ? {} : wrongDigestOptions) };
      for (const [option, values] of Object.entries(all)) {
        for (const [value, code] of values) {
          await assert.rejects(hash[name](...good, { [option]: value }), says(code, `options.${option}`));
        }
      }
    });

    test('takes options that are not given as undefined', async () => {
      const options = Object.fromEntries(Object.keys({ ...wrongOptions, ...wrongDigestOptions }).map((key) => [key]));
      assert.ok(await hash[name](...good, options));
      assert.ok(await hash[name](...good, undefined));
    });
  });
}

describe('keys and lengths', () => {
  test('a keyed mode takes keys of its own lengths only', async () => {
    for (const [algorithm, good, bad] of [
      ['blake3', [32], [0, 31, 33, 64]],
      ['blake2b512', [1, 32, 64], [0, 65]],
      ['blake2s256', [1, 16, 32], [0, 33]],
    ]) {
      for (const length of good) assert.ok(await hash.digest(algorithm, 'x', { key: Buffer.alloc(length) }));
      for (const length of bad) {
        const expected = new RegExp(`^Expected a key of .* bytes for options.key but received ${length} bytes$`);
        const promise = hash.digest(algorithm, 'x', { key: Buffer.alloc(length) });
        await assert.rejects(promise, { code: VALUE, message: expected });
      }
    }
  });

  test('algorithms without a keyed mode say what to use', async () => {
    await assert.rejects(hash.digest('sha512', 'x', { key: 'k' }), { code: VALUE, message: /use hash\.hmac/ });
  });

  test('HMAC is refused over algorithms that have none, and takes no key or length option', async () => {
    for (const algorithm of ['blake3', 'xxh64', 'xxh3-64', 'xxh3-128', 'crc32', 'crc32c']) {
      await assert.rejects(hash.hmac(algorithm, 'k', 'x'), says(VALUE, 'algorithm'));
    }
    await assert.rejects(hash.hmac('sha256', 'k', 'x', { key: 'k' }), says(VALUE, 'options.key'));
    await assert.rejects(hash.hmac('sha256', 'k', 'x', { length: 32 }), says(VALUE, 'options.length'));
  });

  test('a length is refused where the algorithm has one', async () => {
    assert.equal((await hash.digest('sha256', 'x', { length: 32 })).length, 32);
    const message = /^Expected 32 \(the length of sha256\) for options\.length but received 16$/;
    await assert.rejects(hash.digest('sha256', 'x', { length: 16 }), { code: VALUE, message });
  });
});

describe('pool.configure', () => {
  test('refuses wrong values', () => {
    for (const [value, code] of wrong.options) assert.throws(() => pool.configure(value), says(code, 'options'));
    const wrongSizes = {
      threads: [['2', TYPE], [null, TYPE], [0, RANGE], [1025, RANGE], [1.5, RANGE], [NaN, RANGE]],
      maxQueue: [['2', TYPE], [null, TYPE], [-1, RANGE], [2 ** 32, RANGE], [1.5, RANGE]],
      memory: [['2', TYPE], [null, TYPE], [-1, RANGE], [2 ** 53, RANGE], [1.5, RANGE]],
      handoff: [[5, TYPE], [null, TYPE], ['move', VALUE]],
    }; // prettier-ignore
    const before = pool.stats();
    for (const [option, values] of Object.entries(wrongSizes)) {
      for (const [value, code] of values) {
        assert.throws(() => pool.configure({ threads: 1, [option]: value }), says(code, `options.${option}`));
      }
    }
    assert.equal(pool.stats().bulk.threads, before.bulk.threads, 'nothing was changed');
  });
});

test('no error shows the bytes of an input', async () => {
  const secret = Buffer.from('correct horse battery staple');
  for (const call of [
    () => hash.digest('sha256', { secret }),
    () => hash.digest('sha256', secret, { transfer: true }),
    () => hash.digest('blake3', 'x', { key: secret }),
    () => hash.hmac('blake3', secret, secret),
    () => hash.digestFile('sha256', [secret]),
  ]) {
    const error = await call().catch((reason) => reason);
    for (const form of [error.stack, require('node:util').inspect(error)]) {
      assert.ok(!form.includes('horse') && !form.includes('63 6f 72'), form);
    }
  }
});
