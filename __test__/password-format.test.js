'use strict';

// What a stored hash may look like, and what it may cost.

const { afterEach, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { inspect } = require('node:util');
const { password, pool } = require('./support/offloop.js');
const { CHEAP, POLICIES } = require('./support/policies.js');

const base64 = (length) => Buffer.alloc(length, 7).toString('base64').replace(/=+$/, '');
const SALT = base64(16);
const OUTPUT = base64(32);
/** 22 characters of salt and 31 of output, in bcrypt's own alphabet. */
const BCRYPT = 'abcdefghijklmnopqrstuu' + 'abcdefghijklmnopqrstuvwxyz01232';

/** Hashes that are well-formed, each of a policy and of nothing else. */
const WELL_FORMED = {
  argon2id: `$argon2id$v=19$m=64,t=2,p=2$${SALT}$${OUTPUT}`,
  scrypt: `$scrypt$ln=5,r=4,p=2$${SALT}$${OUTPUT}`,
  bcrypt: `$2b$04$${BCRYPT}`,
  'pbkdf2-sha256': `$pbkdf2-sha256$i=1000$${SALT}$${OUTPUT}`,
  'pbkdf2-sha512': `$pbkdf2-sha512$i=1000$${SALT}$${OUTPUT}`,
};

const malformed = { code: 'ERR_OFFLOOP_HASH_FORMAT', name: 'OffloopError', message: /^Expected / };

describe('needsRehash', () => {
  test('is false for what hash has just made of the policy, and for nothing else', async () => {
    for (const policy of POLICIES) {
      const hash = await password.hash('password', policy);
      for (const other of POLICIES) assert.equal(password.needsRehash(hash, other), other !== policy, hash);
    }
  });

  test('is false for the default of today', async () => {
    const hash = await password.hash('password');
    assert.equal(password.needsRehash(hash), false);
    assert.equal(password.needsRehash(hash, {}), false);
    assert.equal(password.needsRehash(hash, { memory: 19_456, passes: 2, parallelism: 1 }), false);
    assert.equal(password.needsRehash(WELL_FORMED.argon2id), true);
  });

  test('is false for a peppered hash, which looks like any other', async () => {
    const policy = { ...CHEAP.argon2id, pepper: 'secret' };
    const hash = await password.hash('password', policy);
    assert.equal(password.needsRehash(hash, policy), false);
    assert.equal(password.needsRehash(hash, CHEAP.argon2id), false);
  });

  for (const [algorithm, hash] of Object.entries(WELL_FORMED)) {
    test(`${algorithm}: is true when any parameter differs`, () => {
      const policy = CHEAP[algorithm];
      assert.equal(password.needsRehash(hash, policy), false);
      for (const [name, value] of Object.entries(policy).slice(1)) {
        for (const other of name === 'N' ? [value / 2, value * 2] : [value - 1, value + 1]) {
          // bcrypt's least cost is the policy's.
          if (algorithm === 'bcrypt' && other < 4) continue;
          assert.equal(password.needsRehash(hash, { ...policy, [name]: other }), true, `${name} ${other}`);
        }
      }
    });
  }

  test('is true for the same hash in another notation', () => {
    const { argon2id, scrypt } = CHEAP;
    for (const [hash, policy] of [
      [`$argon2id$v=19$m=64,p=2,t=2$${SALT}$${OUTPUT}`, argon2id],
      [`$argon2id$v=19$m=064,t=2,p=2$${SALT}$${OUTPUT}`, argon2id],
      [`$argon2id$v=19$m=64,t=2,p=2$${SALT}==$${OUTPUT}=`, argon2id],
      [`$scrypt$ln=05,r=4,p=2$${SALT}$${OUTPUT}`, scrypt],
      [`$pbkdf2-sha256$1000$${SALT}$${OUTPUT}`, CHEAP['pbkdf2-sha256']],
      [`$pbkdf2-sha256$i=1000,l=32$${SALT}$${OUTPUT}`, CHEAP['pbkdf2-sha256']],
    ]) {
      assert.equal(password.needsRehash(hash, policy), true, hash);
    }
  });

  test('is true for another version, variant, salt or output', () => {
    const { argon2id, scrypt, bcrypt } = CHEAP;
    for (const [hash, policy] of [
      [`$argon2id$v=16$m=64,t=2,p=2$${SALT}$${OUTPUT}`, argon2id],
      [`$argon2i$v=19$m=64,t=2,p=2$${SALT}$${OUTPUT}`, argon2id],
      [`$argon2d$v=19$m=64,t=2,p=2$${SALT}$${OUTPUT}`, argon2id],
      [`$argon2id$v=19$m=64,t=2,p=2$${base64(15)}$${OUTPUT}`, argon2id],
      [`$argon2id$v=19$m=64,t=2,p=2$${base64(32)}$${OUTPUT}`, argon2id],
      [`$argon2id$v=19$m=64,t=2,p=2$${SALT}$${base64(31)}`, argon2id],
      [`$argon2id$v=19$m=64,t=2,p=2$${SALT}$${base64(64)}`, argon2id],
      [`$scrypt$ln=5,r=4,p=2$${base64(15)}$${OUTPUT}`, scrypt],
      [`$scrypt$ln=5,r=4,p=2$${SALT}$${base64(64)}`, scrypt],
      [`$pbkdf2-sha256$i=1000$${base64(8)}$${OUTPUT}`, CHEAP['pbkdf2-sha256']],
      [`$pbkdf2-sha512$i=1000$${SALT}$${base64(64)}`, CHEAP['pbkdf2-sha512']],
      [`$2a$04$${BCRYPT}`, bcrypt],
      [`$2y$04$${BCRYPT}`, bcrypt],
    ]) {
      assert.equal(password.needsRehash(hash, policy), true, hash);
    }
  });

  test('throws for what is no hash, with a stack that leads to the caller', () => {
    function aMigration() {
      password.needsRehash('plain text');
    }
    assert.throws(aMigration, (error) => {
      assert.equal(error.code, 'ERR_OFFLOOP_HASH_FORMAT');
      assert.match(error.stack.split('\n')[1], /aMigration/);
      return true;
    });
  });
});

describe('malformed hashes', () => {
  const tables = {
    'of no form': [
      '',
      ' ',
      '$',
      '$$$$$',
      'password',
      'x'.repeat(1 << 20),
      '$'.repeat(1 << 20),
      '\0',
      '哈希',
      '$md5$abc',
      '$1$saltsalt$0123456789abcdef',
      '$6$saltsalt$0123456789abcdef',
      '5f4dcc3b5aa765d61d8327deb882cf99',
    ],
    'of an algorithm that is not known': [
      `$argon2$v=19$m=64,t=2,p=2$${SALT}$${OUTPUT}`,
      `$argon2idd$v=19$m=64,t=2,p=2$${SALT}$${OUTPUT}`,
      `$ARGON2ID$v=19$m=64,t=2,p=2$${SALT}$${OUTPUT}`,
      `$pbkdf2$i=20$${SALT}$${OUTPUT}`,
      `$pbkdf2-md5$i=20$${SALT}$${OUTPUT}`,
      `$balloon$s=1,t=1$${SALT}$${OUTPUT}`,
    ],
    'of argon2': [
      `$argon2id$v=19$m=64,t=2,p=2$${SALT}`,
      `$argon2id$v=19$m=64,t=2,p=2$${SALT}$`,
      `$argon2id$v=19$m=64,t=2,p=2$$${OUTPUT}`,
      `$argon2id$v=19$m=64,t=2,p=2$${SALT}$${OUTPUT}$`,
      `$argon2id$v=19$m=64,t=2,p=2$${SALT}$${OUTPUT}\n`,
      ` $argon2id$v=19$m=64,t=2,p=2$${SALT}$${OUTPUT}`,
      `argon2id$v=19$m=64,t=2,p=2$${SALT}$${OUTPUT}`,
      `$argon2id$v=20$m=64,t=2,p=2$${SALT}$${OUTPUT}`,
      `$argon2id$v=$m=64,t=2,p=2$${SALT}$${OUTPUT}`,
      `$argon2id$v=19$m=64,t=2$${SALT}$${OUTPUT}`,
      `$argon2id$v=19$m=64,t=2,p=2,x=1$${SALT}$${OUTPUT}`,
      `$argon2id$v=19$m=64,m=64,t=2,p=2$${SALT}$${OUTPUT}`,
      `$argon2id$v=19$m=,t=2,p=2$${SALT}$${OUTPUT}`,
      `$argon2id$v=19$m=6 4,t=2,p=2$${SALT}$${OUTPUT}`,
      `$argon2id$v=19$m=+64,t=2,p=2$${SALT}$${OUTPUT}`,
      `$argon2id$v=19$m=-64,t=2,p=2$${SALT}$${OUTPUT}`,
      `$argon2id$v=19$m=0x40,t=2,p=2$${SALT}$${OUTPUT}`,
      `$argon2id$v=19$m=4294967296,t=2,p=2$${SALT}$${OUTPUT}`,
      `$argon2id$v=19$m=${'9'.repeat(100)},t=2,p=2$${SALT}$${OUTPUT}`,
      `$argon2id$v=19$m=15,t=2,p=2$${SALT}$${OUTPUT}`,
      `$argon2id$v=19$m=64,t=0,p=2$${SALT}$${OUTPUT}`,
      `$argon2id$v=19$m=64,t=2,p=0$${SALT}$${OUTPUT}`,
      `$argon2id$v=19$m=64,t=2,p=2$${SALT}$${OUTPUT.slice(0, -1)}*`,
      `$argon2id$v=19$m=64,t=2,p=2$${SALT}$${OUTPUT.slice(0, -2)}`,
      `$argon2id$v=19$m=64,t=2,p=2$${SALT}$YQ`,
    ],
    'of scrypt': [
      `$scrypt$ln=0,r=4,p=2$${SALT}$${OUTPUT}`,
      `$scrypt$ln=64,r=4,p=2$${SALT}$${OUTPUT}`,
      `$scrypt$ln=5,r=0,p=2$${SALT}$${OUTPUT}`,
      `$scrypt$ln=5,r=4,p=0$${SALT}$${OUTPUT}`,
      `$scrypt$ln=16,r=1,p=1$${SALT}$${OUTPUT}`,
      `$scrypt$ln=5,r=32768,p=32768$${SALT}$${OUTPUT}`,
      `$scrypt$N=32,r=4,p=2$${SALT}$${OUTPUT}`,
      `$scrypt$ln=5,r=4$${SALT}$${OUTPUT}`,
      `$scrypt$ln=5,r=4,p=2$${SALT}`,
    ],
    'of PBKDF2': [
      `$pbkdf2-sha256$i=0$${SALT}$${OUTPUT}`,
      `$pbkdf2-sha256$i=4294967296$${SALT}$${OUTPUT}`,
      `$pbkdf2-sha256$i=2e1$${SALT}$${OUTPUT}`,
      `$pbkdf2-sha256$${SALT}$${OUTPUT}`,
      `$pbkdf2-sha256$i=20$${SALT}`,
      `$pbkdf2-sha256$i=20$${SALT}$`,
    ],
    'of bcrypt': [
      `$2b$04$${BCRYPT.slice(1)}`,
      `$2b$04$${BCRYPT}a`,
      `$2b$04$${BCRYPT}\n`,
      `$2b$03$${BCRYPT}`,
      `$2b$32$${BCRYPT}`,
      `$2b$4$${BCRYPT}`,
      `$2b$004$${BCRYPT}`,
      `$2b$0x$${BCRYPT}`,
      `$2c$04$${BCRYPT}`,
      `$2$04$${BCRYPT}`,
      `2b$04$${BCRYPT}`,
      `$2b$04$${BCRYPT.slice(0, -1)}+`,
      `$2b$04$${BCRYPT.slice(0, -1)}é`,
    ],
  };

  for (const [form, hashes] of Object.entries(tables)) {
    test(`${form}: refused with ERR_OFFLOOP_HASH_FORMAT, by verify and by needsRehash`, async () => {
      for (const hash of hashes) {
        const label = inspect(hash).slice(0, 120);
        await assert.rejects(password.verify(hash, 'password'), malformed, label);
        assert.throws(() => password.needsRehash(hash), malformed, label);
      }
    });
  }

  test('their errors show no hash and, where the arguments are swapped, no password', async () => {
    const secret = 'correct horse battery staple';
    for (const [hash, text] of [
      [secret, WELL_FORMED.bcrypt],
      [`$${secret}`, WELL_FORMED.bcrypt],
      [`$2b$${secret}`, WELL_FORMED.bcrypt],
      [`$scrypt$${secret}`, WELL_FORMED.bcrypt],
      [WELL_FORMED.bcrypt.slice(0, -1), secret],
      [`${WELL_FORMED.scrypt}!`, secret],
    ]) {
      const error = await password.verify(hash, text).catch((reason) => reason);
      assert.equal(error.code, 'ERR_OFFLOOP_HASH_FORMAT');
      assert.ok(!/horse|abcdefghij|BwcHB/.test(inspect(error)), inspect(error));
    }
  });

  test('a well-formed hash of another password is not one of them', async () => {
    for (const hash of Object.values(WELL_FORMED)) assert.equal(await password.verify(hash, 'password'), false);
  });
});

describe('limits', () => {
  const { memory: budget } = pool.stats();
  afterEach(() => pool.configure({ memory: budget }));

  const over = (option) => ({ ...malformed, message: new RegExp(`^Expected .*limits\\.${option}`) });

  test('by default 1 GiB of memory', async () => {
    for (const hash of [
      `$argon2id$v=19$m=1048577,t=1,p=1$${SALT}$${OUTPUT}`,
      `$argon2id$v=19$m=4294967295,t=1,p=1$${SALT}$${OUTPUT}`,
      `$scrypt$ln=21,r=8,p=1$${SALT}$${OUTPUT}`,
      `$scrypt$ln=2,r=1073741823,p=1$${SALT}$${OUTPUT}`,
    ]) {
      await assert.rejects(password.verify(hash, 'password'), over('memory'), hash);
    }
  });

  test('by default 10 seconds of work', async () => {
    for (const hash of [
      `$argon2id$v=19$m=64,t=4294967295,p=1$${SALT}$${OUTPUT}`,
      `$scrypt$ln=10,r=8,p=1000000$${SALT}$${OUTPUT}`,
      `$pbkdf2-sha256$i=2147483647$${SALT}$${OUTPUT}`,
      `$2b$31$${BCRYPT}`,
    ]) {
      await assert.rejects(password.verify(hash, 'password'), over('time'), hash);
    }
  });

  test('memory as given, with nothing to spare', async () => {
    const hash = await password.hash('password', { memory: 1024, passes: 1 });
    const verify = (memory) => password.verify(hash, 'password', { limits: { memory } });
    assert.equal(await verify(2 ** 20), true);
    for (const memory of [0, 2 ** 19, 2 ** 20 - 1]) await assert.rejects(verify(memory), over('memory'));
  });

  test('time as given', async () => {
    for (const policy of POLICIES.slice(3)) {
      const hash = await password.hash('password', { ...policy, iterations: 100_000 });
      const verify = (time) => password.verify(hash, 'password', { limits: { time } });
      assert.equal(await verify(60_000), true);
      await assert.rejects(verify(1), over('time'));
    }
    const hash = await password.hash('password', { algorithm: 'bcrypt', cost: 10 });
    await assert.rejects(password.verify(hash, 'password', { limits: { time: 1 } }), over('time'));
  });

  test("what is within them and above the pool's budget is refused with ERR_OFFLOOP_MEMORY_LIMIT", async () => {
    const full = { code: 'ERR_OFFLOOP_MEMORY_LIMIT', name: 'OffloopError' };
    const hash = await password.hash('password', { memory: 2048, passes: 1 });
    pool.configure({ memory: 2 ** 20 });
    await assert.rejects(password.verify(hash, 'password'), full);
    await assert.rejects(password.hash('password', { memory: 2048, passes: 1 }), full);
    await assert.rejects(password.hash('password', { algorithm: 'scrypt', N: 2 ** 14 }), full);
  });
});
