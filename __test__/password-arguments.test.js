'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { inspect } = require('node:util');
const { kdf, password } = require('./support/offloop.js');
const { CHEAP, POLICIES } = require('./support/policies.js');
const { refuses, says } = require('./support/refusals.js');

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

const HASH = '$pbkdf2-sha256$i=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

const noBytes = [undefined, null, 5, 5n, true, {}, { length: 5 }, () => {}, Symbol('s'), [1, 2], new Date()];
const noStrings = [undefined, null, 5, 5n, true, {}, Buffer.from(HASH), [HASH], Symbol('s')];
const noObjects = [null, 5, 'argon2id', [], () => {}];
const range = (min, max) => [
  [null, TYPE],
  ['5', TYPE],
  [5n, TYPE],
  [min - 1, RANGE],
  [max + 1, RANGE],
  [min + 0.5, RANGE],
  [NaN, RANGE],
  [Infinity, RANGE],
];

/** Every parameter of each algorithm, with its range. */
const parameters = {
  argon2id: { memory: [8, 2 ** 32 - 1], passes: [1, 2 ** 32 - 1], parallelism: [1, 2 ** 24 - 1] },
  scrypt: {
    N: [2, 2 ** 32 - 1],
    cost: [2, 2 ** 32 - 1],
    r: [1, 2 ** 32 - 1],
    blockSize: [1, 2 ** 32 - 1],
    p: [1, 2 ** 32 - 1],
    parallelization: [1, 2 ** 32 - 1],
  },
  bcrypt: { cost: [4, 31] },
  'pbkdf2-sha256': { iterations: [1, 2 ** 31 - 1] },
  'pbkdf2-sha512': { iterations: [1, 2 ** 31 - 1] },
};
const everyParameter = [...new Set(Object.values(parameters).flatMap(Object.keys))];

describe('password.hash', () => {
  test('refuses a password that is not bytes, without showing it', async () => {
    for (const value of noBytes) await refuses(() => password.hash(value), TYPE, 'password');
    for (const pin of [123456, 123456n, Symbol('123456')]) {
      for (const call of [
        () => password.hash(pin),
        () => password.verify(HASH, pin),
        () => password.verify(pin, HASH),
      ]) {
        const error = await call().catch((reason) => reason);
        assert.equal(error.code, TYPE);
        assert.ok(!inspect(error).includes('123456'), inspect(error));
      }
    }
  });

  test('refuses options that are not an object', async () => {
    for (const value of noObjects) await refuses(() => password.hash('password', value), TYPE, 'options');
  });

  test('refuses an algorithm that it does not know', async () => {
    for (const [algorithm, code] of [
      [null, TYPE],
      [5, TYPE],
      ['', VALUE],
      ['Argon2id', VALUE],
      ['argon2i', VALUE],
      ['pbkdf2', VALUE],
      ['toString', VALUE],
    ]) {
      await refuses(() => password.hash('password', { algorithm }), code, 'options.algorithm');
    }
  });

  for (const [algorithm, own] of Object.entries(parameters)) {
    test(`${algorithm}: refuses parameters out of their range`, async () => {
      for (const [name, limits] of Object.entries(own)) {
        for (const [value, code] of range(...limits)) {
          await refuses(() => password.hash('password', { algorithm, [name]: value }), code, `options.${name}`);
        }
      }
    });

    test(`${algorithm}: refuses the parameters of other algorithms`, async () => {
      for (const name of everyParameter.filter((each) => !(each in own))) {
        const given = { ...CHEAP[algorithm], [name]: 16 };
        await refuses(() => password.hash('password', given), VALUE, `options.${name} with ${algorithm}`);
        assert.ok(await password.hash('password', { ...given, [name]: undefined }));
      }
    });
  }

  test('says which parameter it has no use for', async () => {
    const message = 'Expected nothing for options.cost with argon2id but received type number (12)';
    await assert.rejects(password.hash('password', { cost: 12 }), { code: VALUE, message });
  });

  test('argon2id: refuses less than 8 KiB a lane', async () => {
    await refuses(() => password.hash('password', { memory: 31, parallelism: 4 }), RANGE, 'options.memory');
    await refuses(() => password.hash('password', { parallelism: 2433 }), RANGE, 'options.memory');
    assert.ok(await password.hash('password', { memory: 32, parallelism: 4, passes: 1 }));
  });

  test('scrypt: refuses what RFC 7914 does not allow', async () => {
    for (const [given, name] of [
      [{ N: 3 }, 'N'],
      [{ cost: 1000 }, 'cost'],
      [{ N: 65_536, r: 1 }, 'N'],
      [{ N: 2, r: 2 ** 30 }, 'p'],
      [{ N: 2, r: 2 ** 15, p: 2 ** 15 }, 'p'],
      [{ N: 2, r: 1, parallelization: 2 ** 30 }, 'parallelization'],
    ]) {
      await refuses(() => password.hash('password', { algorithm: 'scrypt', ...given }), RANGE, `options.${name}`);
    }
  });

  test('scrypt: refuses both names of one parameter', async () => {
    for (const [name, alias] of [
      ['N', 'cost'],
      ['r', 'blockSize'],
      ['p', 'parallelization'],
    ]) {
      const given = { algorithm: 'scrypt', [name]: 8, [alias]: 8 };
      await refuses(() => password.hash('password', given), VALUE, `options.${alias} with options.${name}`);
    }
  });

  test('refuses limits, which are for verify', async () => {
    await refuses(() => password.hash('password', { limits: {} }), VALUE, 'options.limits with argon2id');
  });
});

describe('password.verify', () => {
  test('refuses a hash that is not a string and a password that is not bytes', async () => {
    for (const value of noStrings) await refuses(() => password.verify(value, 'password'), TYPE, 'hash');
    for (const value of noBytes) await refuses(() => password.verify(HASH, value), TYPE, 'password');
    for (const value of noObjects) await refuses(() => password.verify(HASH, 'password', value), TYPE, 'options');
  });

  test('refuses the algorithm and its parameters, which are those of the hash', async () => {
    for (const policy of POLICIES) {
      for (const [name, value] of Object.entries(policy)) {
        const call = () => password.verify(HASH, 'password', { [name]: value });
        await refuses(call, VALUE, `options.${name} with password.verify`);
      }
    }
  });

  test('refuses wrong limits', async () => {
    for (const value of noObjects) {
      await refuses(() => password.verify(HASH, 'password', { limits: value }), TYPE, 'options.limits');
    }
    for (const name of ['memory', 'time']) {
      for (const [value, code] of range(0, Number.MAX_SAFE_INTEGER)) {
        const call = () => password.verify(HASH, 'password', { limits: { [name]: value } });
        await refuses(call, code, `options.limits.${name}`);
      }
    }
    const none = { limits: { memory: undefined, time: undefined } };
    assert.equal(await password.verify(HASH, 'password', none), false);
  });
});

/** The options that hash and verify have in common: values, codes, and what the message calls it. */
const shared = [
  ...noBytes.slice(1).map((value) => [{ pepper: value }, TYPE, 'pepper']),
  [{ pepper: '' }, VALUE, 'pepper'],
  [{ pepper: new ArrayBuffer(0) }, VALUE, 'pepper'],
  [{ normalize: 1 }, TYPE, 'normalize'],
  [{ normalize: null }, TYPE, 'normalize'],
  [{ signal: {} }, TYPE, 'signal'],
  [{ timeout: 0 }, RANGE, 'timeout'],
  [{ lane: 'fast' }, VALUE, 'lane'],
  [{ priority: 0.5 }, RANGE, 'priority'],
  [{ transfer: 1 }, TYPE, 'transfer'],
];
const meaningless = [
  ['transfer', true],
  ['transfer', false],
  ['copy', true],
  ['copy', false],
  ['onProgress', () => {}],
];

for (const [call, start] of Object.entries({
  'password.hash': (options, text = 'password') => password.hash(text, options),
  'password.verify': (options, text = 'password') => password.verify(HASH, text, options),
})) {
  describe(`the other options of ${call}`, () => {
    test('refuses wrong options', async () => {
      for (const [options, code, name] of shared) await refuses(() => start(options), code, `options.${name}`);
    });

    test('refuses job options that have no meaning for secrets', async () => {
      for (const [name, value] of meaningless) {
        await refuses(() => start({ [name]: value }), VALUE, `options.${name} with ${call}`);
      }
    });

    test('refuses to normalize bytes, whose encoding nobody knows', async () => {
      const bytes = Buffer.from('password');
      const name = 'options.normalize with a password of bytes';
      await refuses(() => start({ normalize: true }, bytes), VALUE, name);
      assert.notEqual(await start({ normalize: false }, bytes), undefined);
    });

    test('does not show a password or a pepper in an error', async () => {
      const secret = 'correct horse';
      for (const [options, text] of [
        [{ pepper: [secret] }, 'password'],
        [{ pepper: Symbol(secret) }, 'password'],
        [{ memory: 0 }, secret],
        [{ normalize: true }, Buffer.from(secret)],
        [{ pepper: secret, normalize: secret.length }, secret],
        [{ transfer: true }, secret],
      ]) {
        const error = await start(options, text).catch((reason) => reason);
        assert.ok(error instanceof Error);
        for (const form of [error.stack, inspect(error)]) assert.ok(!/horse|68 6f 72/.test(form), form);
      }
    });
  });
}

test('no error of kdf shows a key that is a number', async () => {
  for (const call of [
    () => kdf.scrypt(123456, 'salt', 32),
    () => kdf.pbkdf2(123456, 'salt', 1, 32, 'sha256'),
    () => kdf.hkdf('sha256', 123456, 'salt', 'info', 32),
    () => kdf.argon2('argon2id', { message: 123456 }),
  ]) {
    const error = await call().catch((reason) => reason);
    assert.ok(error instanceof TypeError && !inspect(error).includes('123456'), inspect(error));
  }
});

describe('password.needsRehash', () => {
  const throws = (call, code, name) => assert.throws(call, says(code, name));

  test('throws for a hash that is not a string and a policy that is not an object', () => {
    for (const value of noStrings) throws(() => password.needsRehash(value), TYPE, 'hash');
    for (const value of noObjects) throws(() => password.needsRehash(HASH, value), TYPE, 'policy');
  });

  test('throws for a wrong policy, as hash does for wrong options', () => {
    throws(() => password.needsRehash(HASH, { algorithm: 'md5' }), VALUE, 'policy.algorithm');
    throws(() => password.needsRehash(HASH, { cost: 12 }), VALUE, 'policy.cost with argon2id');
    throws(() => password.needsRehash(HASH, { limits: {} }), VALUE, 'policy.limits with argon2id');
    for (const [algorithm, own] of Object.entries(parameters)) {
      for (const [name, limits] of Object.entries(own)) {
        for (const [value, code] of range(...limits)) {
          throws(() => password.needsRehash(HASH, { algorithm, [name]: value }), code, `policy.${name}`);
        }
      }
    }
  });

  test('takes the options of hash, and does not look at what a hash does not tell', () => {
    const options = { pepper: 'secret', normalize: true, signal: AbortSignal.abort(), timeout: 1, lane: 'bulk' };
    const policy = { algorithm: 'pbkdf2-sha256', iterations: 1, ...options };
    assert.equal(password.needsRehash(HASH, policy), false);
  });
});
