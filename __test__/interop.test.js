'use strict';

// Hashes of other software verify here, and those of offloop there.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { password } = require('./support/offloop.js');
const { CHEAP } = require('./support/policies.js');
const { platformName } = require('../lib/platform.js');

const PASSWORDS = ['', 'password', 'pässwörd 密码', 'x'.repeat(72)];
const pepper = crypto.randomBytes(32);

/** A package, or undefined where it has no binary for this platform. */
function peer(name) {
  try {
    return require(name);
  } catch (error) {
    if (platformName() === 'linux-x64-gnu') throw error;
    return undefined;
  }
}

const argon2 = peer('argon2');
const nodeArgon2 = peer('@node-rs/argon2');
const bcrypt = peer('bcrypt');
const nodeBcrypt = peer('@node-rs/bcrypt');
const absent = (module) => (module ? false : `has no binary for ${platformName()}`);

describe('argon2', { skip: absent(argon2) }, () => {
  const parameters = { memoryCost: 64, timeCost: 2, parallelism: 2 };

  for (const type of ['argon2id', 'argon2i', 'argon2d']) {
    test(`its ${type} hashes verify here`, async () => {
      for (const text of PASSWORDS) {
        for (const length of [16, 32, 64]) {
          const form = { ...parameters, type: argon2[type], hashLength: length, salt: crypto.randomBytes(length) };
          const hash = await argon2.hash(text, form);
          assert.equal(await password.verify(hash, text), true, hash);
          assert.equal(await password.verify(hash, `${text} `), false);
          const peppered = await argon2.hash(text, { ...form, secret: pepper });
          assert.equal(await password.verify(peppered, text, { pepper }), true);
          assert.equal(await password.verify(peppered, text), false);
        }
      }
    });
  }

  test('offloop verifies there, with a pepper for its secret', async () => {
    for (const text of PASSWORDS) {
      assert.equal(await argon2.verify(await password.hash(text, CHEAP.argon2id), text), true);
      const peppered = await password.hash(text, { ...CHEAP.argon2id, pepper });
      assert.equal(await argon2.verify(peppered, text, { secret: pepper }), true);
      assert.equal(await argon2.verify(peppered, text), false);
    }
  });

  test('its defaults verify here, and are not offloop’s', async () => {
    const hash = await argon2.hash('password');
    assert.equal(await password.verify(hash, 'password'), true);
    assert.equal(password.needsRehash(hash), true);
    assert.equal(password.needsRehash(hash, { memory: 65_536, passes: 3, parallelism: 4 }), false);
  });

  test('a hash of its version 0.45, which puts the parameters in another order, verifies here', async () => {
    const hash = '$argon2id$v=19$m=64,p=2,t=3$9k6L6/S8wQ8A6HivHwt57g$DlFs1IisMAws/4y09g5AMO73ikc98iU6Emcws2+jZvA';
    assert.equal(await password.verify(hash, 'correct horse battery staple'), true);
    assert.equal(await password.verify(hash, 'correct horse battery stapler'), false);
  });
});

describe('@node-rs/argon2', { skip: absent(nodeArgon2) }, () => {
  const parameters = { memoryCost: 64, timeCost: 2, parallelism: 2 };

  test('its hashes verify here', async () => {
    for (const text of PASSWORDS) {
      for (const algorithm of [0, 1, 2]) {
        const hash = await nodeArgon2.hash(text, { ...parameters, algorithm });
        assert.equal(await password.verify(hash, text), true, hash);
        assert.equal(await password.verify(hash, `${text} `), false);
        const peppered = await nodeArgon2.hash(text, { ...parameters, algorithm, secret: pepper });
        assert.equal(await password.verify(peppered, text, { pepper }), true);
      }
    }
  });

  test('its defaults are those of offloop', async () => {
    const hash = await nodeArgon2.hash('password');
    assert.equal(await password.verify(hash, 'password'), true);
    assert.equal(password.needsRehash(hash), false);
  });

  test('offloop verifies there', async () => {
    for (const text of PASSWORDS) {
      assert.equal(await nodeArgon2.verify(await password.hash(text, CHEAP.argon2id), text), true);
      const peppered = await password.hash(text, { ...CHEAP.argon2id, pepper });
      assert.equal(await nodeArgon2.verify(peppered, text, { secret: pepper }), true);
    }
  });
});

for (const [name, module] of Object.entries({ bcrypt, '@node-rs/bcrypt': nodeBcrypt })) {
  describe(name, { skip: absent(module) }, () => {
    test('its hashes verify here', async () => {
      for (const text of PASSWORDS) {
        for (const cost of [4, 5]) {
          const hash = await module.hash(text, cost);
          assert.equal(await password.verify(hash, text), true, hash);
          assert.equal(await password.verify(hash, `y${text.slice(1)}`), false);
          assert.equal(password.needsRehash(hash, { algorithm: 'bcrypt', cost: 4 }), cost !== 4);
        }
      }
    });

    test('its hash of a long password, which it cut at 72 bytes, verifies here', async () => {
      for (const text of ['x'.repeat(100), 'é'.repeat(50)]) {
        const hash = await module.hash(text, 4);
        assert.equal(await password.verify(hash, text), true);
        assert.equal(await password.verify(hash, text.slice(0, 30)), false);
      }
    });

    test('offloop verifies there', async () => {
      for (const text of PASSWORDS) {
        assert.equal(await module.compare(text, await password.hash(text, CHEAP.bcrypt)), true);
        const peppered = await password.hash(text, { ...CHEAP.bcrypt, pepper });
        const mac = crypto.createHmac('sha384', pepper).update(text).digest('base64');
        assert.equal(await module.compare(mac, peppered), true);
      }
    });

    test('its variants $2a$ and $2y$ verify here, and want to be hashed again', async () => {
      const hash = await module.hash('password', 4);
      for (const variant of ['2a', '2y']) {
        const other = hash.replace('$2b$', `$${variant}$`);
        assert.equal(await password.verify(other, 'password'), true);
        assert.equal(await password.verify(other, 'passwords'), false);
        assert.equal(password.needsRehash(other, CHEAP.bcrypt), true);
      }
    });
  });
}

describe('node:crypto', () => {
  const salt = crypto.randomBytes(16);
  const base64 = (bytes) => bytes.toString('base64').replace(/=+$/, '');
  const phc = (head, output) => `${head}$${base64(salt)}$${base64(output)}`;

  test('its keys, put into the PHC string format, verify here', async () => {
    for (const text of PASSWORDS) {
      for (const length of [16, 32, 64]) {
        const { pbkdf2Sync, scryptSync } = crypto;
        for (const hash of [
          phc('$scrypt$ln=5,r=4,p=2', scryptSync(text, salt, length, { N: 32, r: 4, p: 2 })),
          phc('$pbkdf2-sha256$i=1000', pbkdf2Sync(text, salt, 1000, length, 'sha256')),
          phc('$pbkdf2-sha512$i=1000', pbkdf2Sync(text, salt, 1000, length, 'sha512')),
        ]) {
          assert.equal(await password.verify(hash, text), true, hash);
          assert.equal(await password.verify(hash, `${text} `), false, hash);
        }
      }
    }
  });
});
