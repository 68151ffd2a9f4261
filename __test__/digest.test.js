'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fc = require('fast-check');
const { hash } = require('./support/offloop.js');

const vectors = require('../vectors/digest.json');
const hmacVectors = require('../vectors/hmac.json');
const blake3Vectors = require('../vectors/blake3.json');

/** The algorithms that node:crypto has under the same name. */
const ORACLE = hash.algorithms.filter((name) => crypto.getHashes().includes(name));

const mod251 = (length) => Buffer.from(Array.from({ length }, (_, index) => index % 251));

function bytesOf({ hex, text, repeat, pattern, length }) {
  if (hex !== undefined) return Buffer.from(hex, 'hex');
  if (text !== undefined) return Buffer.from(text);
  if (repeat !== undefined) return Buffer.from(repeat.text.repeat(repeat.count));
  assert.equal(pattern, 'mod251');
  return mod251(length);
}

/** Streams, files, many and one shot. */
async function everyWay(algorithm, message, expected, options = {}) {
  const hex = { ...options, encoding: 'hex' };
  const label = `${algorithm} of ${message.length} bytes`;
  assert.equal(await hash.digest(algorithm, message, hex), expected, label);
  assert.equal(await hash.digest(algorithm, message, { ...hex, lane: 'bulk' }), expected, `${label}, as a job`);
  const many = await hash.digestMany(algorithm, [message, message, message], hex);
  assert.deepEqual(many, [expected, expected, expected], `${label}, many`);
  const half = message.length >> 1;
  const halves = [message.subarray(0, half), message.subarray(half)];
  assert.equal(await hash.digestStream(algorithm, halves, hex), expected, `${label}, in two`);
}

describe('published vectors', () => {
  test('every algorithm has some', () => {
    const covered = new Set(vectors.groups.map(({ algorithm }) => algorithm));
    assert.deepEqual(
      [...hash.algorithms].filter((name) => !covered.has(name)),
      []
    );
  });

  for (const { algorithm, source, vectors: cases } of vectors.groups) {
    test(`${algorithm}: ${source}`, async () => {
      for (const { message, digest, key } of cases) {
        const options = key === undefined ? {} : { key: Buffer.from(key, 'hex') };
        await everyWay(algorithm, bytesOf(message), digest, options);
      }
    });
  }

  for (const { algorithm, source, vectors: cases } of hmacVectors.groups) {
    test(`HMAC of ${algorithm}: ${source}`, async () => {
      for (const { message, digest, key } of cases) {
        const [secret, bytes] = [Buffer.from(key, 'hex'), bytesOf(message)];
        assert.equal(await hash.hmac(algorithm, secret, bytes, { encoding: 'hex' }), digest);
        assert.equal(await hash.hmac(algorithm, secret, bytes, { encoding: 'hex', lane: 'bulk' }), digest);
      }
    });
  }

  test('BLAKE3: test_vectors.json of its repository, with its output of any length', async () => {
    const key = blake3Vectors.key;
    for (const { input_len: length, hash: plain, keyed_hash: keyed } of blake3Vectors.cases) {
      const message = mod251(length);
      const whole = { length: plain.length / 2 };
      await everyWay('blake3', message, plain, whole);
      await everyWay('blake3', message, keyed, { ...whole, key });
      await everyWay('blake3', message, plain.slice(0, 64));
    }
  });
});

describe('against node:crypto', () => {
  test('it has most of them', () => {
    assert.deepEqual(
      hash.algorithms.filter((name) => !ORACLE.includes(name)),
      ['blake3', 'xxh64', 'xxh3-64', 'xxh3-128', 'crc32', 'crc32c']
    );
  });

  for (const algorithm of ORACLE) {
    test(`${algorithm}: any message, in any parts`, async () => {
      const message = fc.uint8Array({ maxLength: 3000 });
      const property = fc.asyncProperty(message, fc.nat(), async (bytes, seed) => {
        const expected = crypto.createHash(algorithm).update(bytes).digest('hex');
        const cut = seed % (bytes.length + 1);
        await everyWay(algorithm, bytes, expected);
        const parts = [bytes.subarray(0, cut), bytes.subarray(cut)];
        assert.equal(await hash.digestStream(algorithm, parts, { encoding: 'hex' }), expected);
      });
      await fc.assert(property, { numRuns: 25 });
    });

    test(`${algorithm}: sizes around the edges of its chunks`, async () => {
      for (const edge of [64, 128, 2048, 4096, 128 << 10, 1 << 20]) {
        for (const length of [edge - 1, edge, edge + 1]) {
          const bytes = mod251(length);
          const expected = crypto.createHash(algorithm).update(bytes).digest();
          assert.deepEqual(await hash.digest(algorithm, bytes), expected, `${length} bytes`);
        }
      }
    });

    test(`HMAC of ${algorithm}: any key, any message`, async () => {
      const bytes = fc.uint8Array({ maxLength: 300 });
      const property = fc.asyncProperty(bytes, bytes, async (key, message) => {
        const expected = crypto.createHmac(algorithm, key).update(message).digest('hex');
        assert.equal(await hash.hmac(algorithm, key, message, { encoding: 'hex' }), expected);
      });
      await fc.assert(property, { numRuns: 50 });
    });
  }
});

test('BLAKE3 of any length is a prefix of the longer ones, also where it is made in parallel', async () => {
  const message = mod251(1000);
  const long = await hash.digest('blake3', message, { length: 5_000_001 });
  for (const length of [0, 1, 32, 63, 64, 65, 16_383, 16_384, 1 << 20, (1 << 20) + 1, 2 << 20, 5_000_000]) {
    const digest = await hash.digest('blake3', message, { length });
    assert.equal(digest.length, length);
    assert.ok(digest.equals(long.subarray(0, length)), `${length} bytes`);
  }
});

describe('large messages, which are split over the threads, match the same in small parts', () => {
  for (const algorithm of hash.algorithms) {
    test(algorithm, async () => {
      const message = crypto.randomBytes(5_000_003);
      const parts = [];
      for (let at = 0; at < message.length; at += 7001) parts.push(message.subarray(at, at + 7001));
      const whole = await hash.digest(algorithm, message, { encoding: 'hex' });
      assert.equal(await hash.digestStream(algorithm, parts, { encoding: 'hex' }), whole);
    });
  }
});

describe('digestMany', () => {
  for (const algorithm of hash.algorithms) {
    test(`${algorithm}: each digest is that of its message`, async () => {
      const lengths = [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 70_000, 3, 1_100_000, 17];
      const messages = lengths.map((length) => crypto.randomBytes(length));
      const expected = await Promise.all(messages.map((message) => hash.digest(algorithm, message)));
      assert.deepEqual(await hash.digestMany(algorithm, messages), expected);
    });
  }

  test('no messages, no digests', async () => {
    assert.deepEqual(await hash.digestMany('sha256', []), []);
  });

  test('10,000 messages', async () => {
    const messages = Array.from({ length: 10_000 }, (_, index) => `message ${index}`);
    const digests = await hash.digestMany('sha256', messages, { encoding: 'hex' });
    messages.forEach((message, index) => {
      assert.equal(digests[index], crypto.createHash('sha256').update(message).digest('hex'));
    });
  });
});

test('encodings', async () => {
  const digest = crypto.createHash('sha1').update('abc');
  const expected = digest.digest();
  for (const encoding of ['hex', 'base64', 'base64url', 'latin1', 'binary']) {
    assert.equal(await hash.digest('sha1', 'abc', { encoding }), expected.toString(encoding));
    assert.deepEqual(await hash.digestMany('sha1', ['abc'], { encoding }), [expected.toString(encoding)]);
    assert.equal(await hash.digestStream('sha1', ['abc'], { encoding }), expected.toString(encoding));
  }
  assert.deepEqual(await hash.digest('sha1', 'abc', { encoding: 'buffer' }), expected);
  assert.deepEqual(await hash.digestMany('sha1', ['abc'], { encoding: 'buffer' }), [expected]);
});
