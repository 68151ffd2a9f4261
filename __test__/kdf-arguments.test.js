'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { hash, kdf } = require('./support/offloop.js');
const { refuses } = require('./support/refusals.js');

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';
const DIGEST = 'ERR_CRYPTO_INVALID_DIGEST';
const SCRYPT = 'ERR_CRYPTO_INVALID_SCRYPT_PARAMS';

const bytes = [undefined, null, 5, 5n, true, {}, { length: 5 }, () => {}, Symbol('s'), [1, 2], new Date()].map(
  (value) => [value, TYPE]
);
const integers = (min, max) => [
  [undefined, TYPE],
  [null, TYPE],
  ['5', TYPE],
  [5n, TYPE],
  [{}, TYPE],
  [min - 1, RANGE],
  [max + 1, RANGE],
  [min + 0.5, RANGE],
  [NaN, RANGE],
  [Infinity, RANGE],
];
const digests = [
  [undefined, TYPE],
  [null, TYPE],
  [5, TYPE],
  ['', DIGEST],
  ['SHA256', DIGEST],
  ['toString', DIGEST],
  ['blake3', DIGEST],
  ['crc32', DIGEST],
];
const options = [[null, TYPE], [5, TYPE], ['hex', TYPE], [[], TYPE], [() => {}, TYPE]]; // prettier-ignore

/** Every function: good arguments, and for each position its name, wrong values and their codes. */
const functions = {
  scrypt: {
    good: ['password', 'salt', 32, { N: 2 }],
    wrong: { password: bytes, salt: bytes, keylen: integers(0, 2 ** 31 - 1), options },
  },
  pbkdf2: {
    good: ['password', 'salt', 1, 32, 'sha256', {}],
    wrong: {
      password: bytes,
      salt: bytes,
      iterations: integers(1, 2 ** 31 - 1),
      keylen: integers(1, 2 ** 31 - 1),
      digest: digests,
      options,
    },
  },
  hkdf: {
    good: ['sha256', 'ikm', 'salt', 'info', 32, {}],
    wrong: {
      digest: digests,
      ikm: bytes,
      salt: bytes,
      info: bytes,
      keylen: integers(1, Number.MAX_SAFE_INTEGER),
      options,
    },
  },
  argon2: {
    good: [
      'argon2id',
      { message: 'password', nonce: 'saltsalt', parallelism: 1, tagLength: 32, memory: 8, passes: 1 },
      {},
    ],
    wrong: {
      algorithm: [[undefined, TYPE], [null, TYPE], [2, TYPE], ['', VALUE], ['argon2', VALUE], ['Argon2id', VALUE]],
      parameters: [[undefined, TYPE], [null, TYPE], [5, TYPE], ['password', TYPE], [[], TYPE]],
      options,
    },
  },
}; // prettier-ignore

const jobOptions = {
  signal: [[null, TYPE], [{}, TYPE]],
  timeout: [[0, RANGE], ['5', TYPE]],
  lane: [['fast', VALUE], [5, TYPE]],
  priority: [[1001, RANGE], ['5', TYPE]],
  transfer: [[1, TYPE], [true, VALUE], [false, VALUE]],
  copy: [[1, TYPE], [true, VALUE], [false, VALUE]],
  onProgress: [[5, TYPE], [() => {}, VALUE]],
}; // prettier-ignore

/** How an error calls an option: one that has no meaning, together with the function. */
const optionName = (option, code, call) =>
  `options.${option}${code === VALUE && option !== 'lane' ? ` with ${call}` : ''}`;

for (const [name, { good, wrong }] of Object.entries(functions)) {
  describe(`kdf.${name}`, () => {
    Object.entries(wrong).forEach(([argument, values], position) => {
      test(`refuses wrong values for its argument ${position + 1}, ${argument}`, async () => {
        for (const [value, code] of values) {
          const given = [...good];
          given[position] = value;
          await refuses(() => kdf[name](...given), code, argument);
        }
      });
    });

    test('refuses wrong job options, and those that have no meaning for secrets', async () => {
      for (const [option, values] of Object.entries(jobOptions)) {
        for (const [value, code] of values) {
          const given = [...good.slice(0, -1), { ...good.at(-1), [option]: value }];
          await refuses(() => kdf[name](...given), code, optionName(option, code, `kdf.${name}`));
        }
      }
    });

    test('takes options that are undefined as not given', async () => {
      const none = Object.fromEntries(Object.keys(jobOptions).map((option) => [option, undefined]));
      assert.ok(await kdf[name](...good.slice(0, -1), { ...none, ...good.at(-1) }));
      assert.ok(await kdf[name](...good.slice(0, -1)));
      assert.ok(await kdf[name](...good.slice(0, -1), undefined));
    });
  });
}

describe("scrypt's parameters", () => {
  const scrypt = (given) => kdf.scrypt('password', 'salt', 8, given);

  test('each is a number from 0 to 2^32 - 1, under either name', async () => {
    for (const option of ['N', 'cost', 'r', 'blockSize', 'p', 'parallelization']) {
      for (const [value, code] of integers(0, 2 ** 32 - 1).slice(1)) {
        await refuses(() => scrypt({ [option]: value }), code, `options.${option}`);
      }
    }
  });

  test('both names of one at once are refused', async () => {
    for (const [name, alias] of [['N', 'cost'], ['r', 'blockSize'], ['p', 'parallelization']]) {
      const given = { [name]: 8, [alias]: 8 };
      await refuses(() => scrypt(given), 'ERR_INCOMPATIBLE_OPTION_PAIR', `options.${alias} with options.${name}`);
      await scrypt({ N: 8, [name]: 8, [alias]: undefined });
    }
  }); // prettier-ignore

  test('N is a power of two above 1', async () => {
    for (const N of [1, 3, 6, 1000, 2 ** 31 + 2, 2 ** 32 - 1]) {
      await refuses(() => scrypt({ N }), SCRYPT, 'options.N');
      await refuses(() => scrypt({ cost: N }), SCRYPT, 'options.cost');
    }
  });

  test('N is below 2^(16 r), and r p below 2^30', async () => {
    const maxmem = Number.MAX_SAFE_INTEGER;
    await refuses(() => scrypt({ N: 65_536, r: 1, maxmem }), SCRYPT, 'options.N');
    await refuses(() => scrypt({ N: 2, r: 2 ** 30, maxmem }), SCRYPT, 'options.p');
    await refuses(() => scrypt({ N: 2, r: 1, parallelization: 2 ** 30, maxmem }), SCRYPT, 'options.parallelization');
    await refuses(() => scrypt({ N: 2, r: 2 ** 15, p: 2 ** 15, maxmem }), SCRYPT, 'options.p');
    assert.equal((await scrypt({ N: 32_768, r: 1 })).length, 8);
  });

  test('maxmem is a number of bytes, 256 MiB by default, of which what OWASP asks for takes half', async () => {
    for (const [value, code] of integers(0, Number.MAX_SAFE_INTEGER).slice(1)) {
      await refuses(() => scrypt({ maxmem: value }), code, 'options.maxmem');
    }
    await refuses(() => scrypt({ N: 2 ** 18, r: 8 }), SCRYPT, 'options.maxmem');
    assert.equal((await scrypt({ N: 2 ** 17, r: 8 })).length, 8);
  });

  test('maxmem counts 128 r (N + p + 2) bytes, to the byte', async () => {
    for (const [N, r, p] of [[16, 1, 1], [1024, 8, 1], [64, 3, 5]]) {
      const taken = 128 * r * (N + p + 2);
      assert.equal((await scrypt({ N, r, p, maxmem: taken })).length, 8);
      await refuses(() => scrypt({ N, r, p, maxmem: taken - 1 }), SCRYPT, 'options.maxmem');
    }
  }); // prettier-ignore

  test('0 stands for the default, as in node:crypto', async () => {
    const usual = await scrypt({});
    assert.deepEqual(await scrypt({ N: 0, r: 0, p: 0, maxmem: 0 }), usual);
    assert.deepEqual(await scrypt({ N: 16_384, r: 8, p: 1 }), usual);
  });
});

describe("argon2's parameters", () => {
  const parameters = functions.argon2.good[1];
  const argon2 = (given) => kdf.argon2('argon2id', { ...parameters, ...given });
  const limits = {
    parallelism: [1, 2 ** 24 - 1],
    tagLength: [4, 2 ** 32 - 1],
    memory: [8, 2 ** 32 - 1],
    passes: [1, 2 ** 32 - 1],
  };

  test('each has its range', async () => {
    for (const [name, [min, max]] of Object.entries(limits)) {
      for (const [value, code] of integers(min, max)) {
        await refuses(() => argon2({ [name]: value }), code, `parameters.${name}`);
      }
    }
  });

  test('the memory is at least 8 KiB a lane', async () => {
    assert.equal((await argon2({ parallelism: 3, memory: 24 })).length, 32);
    await refuses(() => argon2({ parallelism: 3, memory: 23 }), RANGE, 'parameters.memory');
  });

  test('the nonce has at least 8 bytes', async () => {
    for (const nonce of ['', '1234567', Buffer.alloc(7)]) {
      await refuses(() => argon2({ nonce }), RANGE, 'parameters.nonce.byteLength');
    }
    assert.equal((await argon2({ nonce: 'ééééé' })).length, 32);
  });

  test('message and nonce are bytes, secret and associatedData too where they are given', async () => {
    for (const name of ['message', 'nonce', 'secret', 'associatedData']) {
      const wrong = name === 'message' || name === 'nonce' ? bytes : bytes.slice(1);
      for (const [value, code] of wrong) await refuses(() => argon2({ [name]: value }), code, `parameters.${name}`);
    }
    const usual = await argon2({});
    assert.deepEqual(await argon2({ secret: undefined, associatedData: undefined }), usual);
    assert.deepEqual(await argon2({ secret: '', associatedData: '' }), usual);
  });
});

describe('digests', () => {
  test('are those that HMAC is defined over', async () => {
    for (const digest of hash.algorithms) {
      const hasHmac = await hash.hmac(digest, 'key', 'data').then(() => true, () => false); // prettier-ignore
      const derived = [kdf.pbkdf2('p', 's', 1, 1, digest), kdf.hkdf(digest, 'ikm', '', '', 1)];
      for (const promise of derived) {
        if (hasHmac) assert.equal((await promise).length, 1);
        else await assert.rejects(promise, { code: DIGEST });
      }
    }
  });

  test('HKDF gives up to 255 of them', async () => {
    for (const digest of hash.algorithms) {
      const length = await hash.hmac(digest, 'key', 'data').then((mac) => mac.length, () => 0); // prettier-ignore
      if (length === 0) continue;
      assert.equal((await kdf.hkdf(digest, 'ikm', 'salt', 'info', 255 * length)).length, 255 * length);
      const oneMore = () => kdf.hkdf(digest, 'ikm', 'salt', 'info', 255 * length + 1);
      await refuses(oneMore, 'ERR_CRYPTO_INVALID_KEYLEN', 'keylen');
    }
  });

  test("HKDF's info has at most 1024 bytes", async () => {
    assert.equal((await kdf.hkdf('sha256', 'ikm', 'salt', 'é'.repeat(512), 8)).length, 8);
    for (const info of ['é'.repeat(513), Buffer.alloc(1025)]) {
      await refuses(() => kdf.hkdf('sha256', 'ikm', 'salt', info, 8), RANGE, 'info.byteLength');
    }
  });
});
