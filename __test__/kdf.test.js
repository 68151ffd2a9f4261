'use strict';

const { afterEach, beforeEach, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const argon2 = require('argon2');
const fc = require('fast-check');
const { hash, kdf, pool } = require('./support/offloop.js');

const DIGESTS = hash.algorithms.filter((name) => !/^(blake3|xxh|crc)/.test(name));
const { hkdfSync, pbkdf2Sync, scryptSync } = crypto;

const bytes = fc.uint8Array({ maxLength: 300 });
const small = (max, min = 1) => fc.integer({ min, max });
const runs = (numRuns) => ({ numRuns });

/** What another implementation of Argon2 makes of the same parameters. */
function reference(type, { message, nonce, parallelism, tagLength, memory, passes, secret, associatedData }) {
  return argon2.hash(Buffer.from(message), {
    raw: true,
    type: argon2[type],
    salt: Buffer.from(nonce),
    parallelism,
    hashLength: tagLength,
    memoryCost: memory,
    timeCost: passes,
    secret: Buffer.from(secret ?? []),
    associatedData: Buffer.from(associatedData ?? []),
  });
}

describe('against node:crypto', () => {
  test('scrypt: any password, salt, length and parameters', async () => {
    const parameters = fc.record({ N: small(9).map((power) => 2 ** power), r: small(9), p: small(5) });
    const property = fc.asyncProperty(
      bytes,
      bytes,
      small(200, 0),
      parameters,
      async (password, salt, keylen, given) => {
        const expected = scryptSync(password, salt, keylen, given);
        assert.deepEqual(await kdf.scrypt(password, salt, keylen, given), expected);
      }
    );
    await fc.assert(property, runs(150));
  });

  test('scrypt: its defaults, and what OWASP asks for', async () => {
    assert.deepEqual(await kdf.scrypt('password', 'salt', 64), scryptSync('password', 'salt', 64));
    const strong = { N: 2 ** 17, r: 8, p: 1 };
    const expected = scryptSync('password', 'salt', 32, { ...strong, maxmem: 2 ** 28 });
    assert.deepEqual(await kdf.scrypt('password', 'salt', 32, strong), expected);
  });

  test('scrypt: the long names of its options', async () => {
    const expected = scryptSync('password', 'salt', 32, { N: 64, r: 3, p: 2 });
    const given = { cost: 64, blockSize: 3, parallelization: 2 };
    assert.deepEqual(await kdf.scrypt('password', 'salt', 32, given), expected);
  });

  for (const digest of DIGESTS) {
    test(`PBKDF2 over ${digest}: any password, salt, length and iterations`, async () => {
      const property = fc.asyncProperty(bytes, bytes, small(40), small(200), async (...given) => {
        assert.deepEqual(await kdf.pbkdf2(...given, digest), pbkdf2Sync(...given, digest));
      });
      await fc.assert(property, runs(40));
    });

    test(`HKDF over ${digest}: any key, salt, info and length`, async () => {
      const property = fc.asyncProperty(bytes, bytes, bytes, small(600), async (...given) => {
        assert.deepEqual(await kdf.hkdf(digest, ...given), Buffer.from(hkdfSync(digest, ...given)));
      });
      await fc.assert(property, runs(40));
    });
  }

  test('PBKDF2: many iterations', async () => {
    for (const digest of ['sha1', 'sha256', 'sha512']) {
      const given = ['password', 'salt', 100_001, 70, digest];
      assert.deepEqual(await kdf.pbkdf2(...given), pbkdf2Sync(...given));
    }
  });

  test('keys of a megabyte', async () => {
    const length = (1 << 20) + 1;
    assert.deepEqual(await kdf.scrypt('p', 's', length, { N: 2 }), scryptSync('p', 's', length, { N: 2 }));
    const given = ['p', 's', 1, length, 'sha256'];
    assert.deepEqual(await kdf.pbkdf2(...given), pbkdf2Sync(...given));
  });
});

describe('Argon2 against another implementation', () => {
  for (const type of ['argon2id', 'argon2i', 'argon2d']) {
    test(`${type}: any message, nonce, secret, data, length and parameters`, async () => {
      const parameters = small(4).chain((parallelism) =>
        fc.record({
          message: bytes,
          nonce: fc.uint8Array({ minLength: 8, maxLength: 100 }),
          parallelism: fc.constant(parallelism),
          tagLength: small(200, 4),
          memory: small(300, 8 * parallelism),
          passes: small(4),
          secret: fc.option(bytes, { nil: undefined }),
          associatedData: fc.option(bytes, { nil: undefined }),
        })
      );
      const property = fc.asyncProperty(parameters, async (given) => {
        assert.deepEqual(await kdf.argon2(type, given), await reference(type, given));
      });
      await fc.assert(property, runs(60));
    });

    test(`${type}: what OWASP asks for`, async () => {
      const strong = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };
      const given = { ...strong, message: 'password', nonce: 'some salt' };
      assert.deepEqual(await kdf.argon2(type, given), await reference(type, given));
    });
  }
});

describe('many at once, each its own', () => {
  const random = (most) => crypto.randomBytes(crypto.randomInt(most));
  const atOnce = (count, start) => Promise.all(Array.from({ length: count }, start));

  test('PBKDF2 of several digests, lengths and iterations', async () => {
    await atOnce(64, async () => {
      const digest = DIGESTS[crypto.randomInt(4)];
      const given = [random(200), random(100), crypto.randomInt(1, 2000), crypto.randomInt(1, 150), digest];
      assert.deepEqual(await kdf.pbkdf2(...given), pbkdf2Sync(...given));
    });
  });

  test('scrypt of several parameters', async () => {
    await atOnce(32, async () => {
      const parameters = { N: 2 ** crypto.randomInt(1, 10), r: crypto.randomInt(1, 9), p: crypto.randomInt(1, 4) };
      const given = [random(200), random(100), crypto.randomInt(1, 150), parameters];
      assert.deepEqual(await kdf.scrypt(...given), scryptSync(...given));
    });
  });

  test('Argon2 of several parameters', async () => {
    await atOnce(32, async (_, index) => {
      const type = ['argon2id', 'argon2i', 'argon2d'][index % 3];
      const given = {
        message: random(100),
        nonce: crypto.randomBytes(16),
        parallelism: crypto.randomInt(1, 4),
        tagLength: crypto.randomInt(4, 100),
        memory: crypto.randomInt(32, 200),
        passes: crypto.randomInt(1, 4),
      };
      assert.deepEqual(await kdf.argon2(type, given), await reference(type, given));
    });
  });
});

describe('inputs', () => {
  /** Every function, with its password, salt and whatever else is bytes. */
  const functions = {
    scrypt: (a, b, options) => kdf.scrypt(a, b, 32, { N: 16, ...options }),
    pbkdf2: (a, b, options) => kdf.pbkdf2(a, b, 10, 32, 'sha256', options),
    hkdf: (a, b, options) => kdf.hkdf('sha256', a, b, b, 32, options),
    argon2: (message, nonce, options) => {
      const parameters = { message, nonce, secret: message, associatedData: nonce };
      return kdf.argon2('argon2id', { ...parameters, parallelism: 1, tagLength: 32, memory: 8, passes: 1 }, options);
    },
  };
  /** The bytes of `text` as each kind of input. */
  const kinds = (text) => {
    const buffer = Buffer.from(text);
    const shared = new Uint8Array(new SharedArrayBuffer(buffer.length));
    shared.set(buffer);
    const offset = new Uint8Array([1, 2, ...buffer, 3]).subarray(2, -1);
    const { buffer: whole } = new Uint8Array(buffer);
    return [text, buffer, offset, new DataView(whole), whole, shared, shared.buffer];
  };

  for (const [name, derive] of Object.entries(functions)) {
    test(`kdf.${name} takes text as UTF-8, and bytes of every kind`, async () => {
      const expected = await derive(Buffer.from('pässword'), Buffer.from('some sält'));
      const salts = kinds('some sält');
      for (const [index, password] of kinds('pässword').entries()) {
        assert.deepEqual(await derive(password, salts[index]), expected, password.constructor.name);
      }
    });

    test(`kdf.${name} copies what it is given, and leaves it as it was`, async () => {
      const expected = await derive('password', 'some salt');
      const [password, salt] = [Buffer.from('password'), Buffer.from('some salt')];
      const promise = derive(password, salt, { lane: 'interactive' });
      assert.deepEqual([String(password), String(salt)], ['password', 'some salt']);
      password.fill(0);
      salt.fill(0);
      assert.deepEqual(await promise, expected);
    });

    test(`kdf.${name} gives the same on either lane, and where inputs are copied anyway`, async () => {
      const expected = await derive('password', 'some salt');
      assert.deepEqual(await derive('password', 'some salt', { lane: 'bulk' }), expected);
      pool.configure({ handoff: 'copy' });
      const copied = await derive('password', 'some salt');
      pool.configure({ handoff: 'borrow' });
      assert.deepEqual(copied, expected);
    });
  }

  test('passwords and salts of no bytes, and of a megabyte', async () => {
    const megabyte = crypto.randomBytes(1 << 20);
    for (const [password, salt] of [['', ''], [megabyte, ''], ['', megabyte], [megabyte, megabyte]]) {
      assert.deepEqual(await kdf.scrypt(password, salt, 32, { N: 2 }), scryptSync(password, salt, 32, { N: 2 }));
      const given = [password, salt, 2, 32, 'sha512'];
      assert.deepEqual(await kdf.pbkdf2(...given), pbkdf2Sync(...given));
      const expected = Buffer.from(hkdfSync('sha256', password, salt, '', 32));
      assert.deepEqual(await kdf.hkdf('sha256', password, salt, '', 32), expected);
    }
    const parameters = { parallelism: 1, tagLength: 32, memory: 8, passes: 1 };
    const given = { ...parameters, message: megabyte, nonce: megabyte, secret: megabyte, associatedData: megabyte };
    assert.deepEqual(await kdf.argon2('argon2id', given), await reference('argon2id', given));
    const least = { ...parameters, message: '', nonce: '8 bytes!' };
    assert.deepEqual(await kdf.argon2('argon2id', least), await reference('argon2id', least));
  }); // prettier-ignore
});

describe("the pool's budget", () => {
  const { memory } = pool.stats();
  beforeEach(() => pool.configure({ memory: 2 ** 22 }));
  afterEach(() => pool.configure({ memory }));

  const parameters = { message: 'password', nonce: 'some salt', parallelism: 1, tagLength: 32, memory: 8, passes: 1 };
  const full = { code: 'ERR_OFFLOOP_MEMORY_LIMIT', name: 'OffloopError', message: /at most 4194304 bytes/ };

  test('counts working memory', async () => {
    assert.equal((await kdf.scrypt('password', 'salt', 32, { N: 2 ** 11, r: 8 })).length, 32);
    await assert.rejects(kdf.scrypt('password', 'salt', 32, { N: 2 ** 12, r: 8 }), full);
    assert.equal((await kdf.argon2('argon2id', { ...parameters, memory: 4096 })).length, 32);
    await assert.rejects(kdf.argon2('argon2id', { ...parameters, memory: 4097 }), full);
  });

  test('counts long keys', async () => {
    const length = 2 ** 22 + 1;
    await assert.rejects(kdf.pbkdf2('password', 'salt', 1, length, 'sha256'), full);
    await assert.rejects(kdf.scrypt('password', 'salt', length, { N: 2 }), full);
    await assert.rejects(kdf.argon2('argon2id', { ...parameters, tagLength: length }), full);
  });
});
