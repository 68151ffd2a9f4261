'use strict';

// What somebody would try who controls a hash, an option or the memory of the machine.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { scryptSync } = require('node:crypto');
const { join } = require('node:path');
const { inspect } = require('node:util');
const { kdf, password, pool, hasTesting } = require('./support/offloop.js');

const CHEAP = { memory: 8, passes: 1 };
const invalid = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };

describe('options', () => {
  test('that nobody knows are refused: a misspelt pepper would be missing in the hash', async () => {
    const hash = await password.hash('password', CHEAP);
    for (const [name, call] of [
      ['options.peper', () => password.hash('password', { peper: 'hidden' })],
      ['options.memoryCost', () => password.hash('password', { memoryCost: 65_536 })],
      ['options.pepperr', () => password.verify(hash, 'password', { pepperr: 'hidden' })],
      ['options.limits.ms', () => password.verify(hash, 'password', { limits: { ms: 1 } })],
    ]) {
      const message = `Expected nothing, since there is no such option, for ${name}`;
      await assert.rejects(call(), (error) => {
        assert.ok(error.message.startsWith(message) && !inspect(error).includes('hidden'), inspect(error));
        return error.code === invalid.code;
      });
    }
    assert.throws(() => password.needsRehash(hash, { rounds: 12 }), invalid);
    assert.equal(typeof (await password.hash('password', { ...CHEAP, peper: undefined })), 'string');
  });

  test('whose getters take away the bytes of a password do so before it is read', async () => {
    const buffer = new ArrayBuffer(16, { maxByteLength: 32 });
    const options = {
      ...CHEAP,
      get pepper() {
        buffer.resize(4);
        return 'secret';
      },
    };
    const hash = await password.hash(new Uint8Array(buffer), options);
    assert.equal(await password.verify(hash, Buffer.alloc(4), { pepper: 'secret' }), true);
  });

  test('in whose place a password stands do not show it', async () => {
    const secret = 'hunter2';
    for (const call of [
      () => kdf.argon2(secret, {}),
      () => kdf.argon2('argon2id', secret),
      () => kdf.hkdf(secret, 'sha256', '', '', 32),
      () => kdf.pbkdf2('sha256', 'salt', 1, 32, secret),
      () => password.hash('name', secret),
      () => password.verify('$', 'password', secret),
      () => password.verify('483920', 'password'),
      () => password.verify('$483920', 'password'),
    ]) {
      await assert.rejects(call(), (error) => !/hunter2|483920/.test(inspect(error)));
    }
  });
});

describe('a hash', () => {
  test('of more than 4096 characters is refused before it is converted', async () => {
    const error = { code: 'ERR_OFFLOOP_HASH_FORMAT', message: /at most 4096 characters in hash but received 4097/ };
    await assert.rejects(password.verify('x'.repeat(4097), 'password'), error);
    assert.throws(() => password.needsRehash('x'.repeat(4097)), error);
  });

  test('of short slices or many lanes counts what they take', async () => {
    const over = (option) => ({ code: 'ERR_OFFLOOP_HASH_FORMAT', message: new RegExp(`limits\\.${option}`) });
    const tail = `$${'A'.repeat(22)}$${'A'.repeat(43)}`;
    // By its blocks alone this would be 9.6 seconds.
    await assert.rejects(password.verify(`$argon2i$v=19$m=16,t=2000000,p=2${tail}`, 'password'), over('time'));
    // And this 0.3.
    const lanes = password.verify(`$argon2i$v=19$m=1048576,t=1,p=131072${tail}`, 'password', {
      limits: { time: 1000 },
    });
    await assert.rejects(lanes, over('time'));
    // Its blocks are N + p + 5.
    const limits = { memory: 128 * 1_300_000 * 7 };
    await assert.rejects(password.verify(`$scrypt$ln=1,r=1300000,p=1${tail}`, 'password', { limits }), over('memory'));
  });
});

test('work that takes in much does not hold up a login that has begun', async () => {
  const { threads } = pool.stats().interactive;
  pool.configure({ threads: 1 });
  try {
    const order = [];
    const note = (name) => () => order.push(name);
    const login = kdf.scrypt('password', 'salt', 32, { N: 2 ** 15 }).then(note('login'));
    const salt = Buffer.alloc(50_000_000);
    const long = kdf.scrypt('password', salt, 32, { N: 2, lane: 'interactive' }).then(note('long'));
    await Promise.all([login, long]);
    assert.deepEqual(order, ['login', 'long']);
  } finally {
    pool.configure({ threads });
  }
});

const hasLimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0;

test('a process that is short of memory says so and goes on', { skip: !(hasLimit && hasTesting) }, () => {
  const child = join(__dirname, 'children', 'short-of-memory.js');
  const key = scryptSync('password', 'salt', 16, { N: 16 }).toString('hex');
  // Less than the first and V8 itself does not start.
  for (const megabytes of [700, 1000, 1500]) {
    const limit = `--data=${megabytes * 2 ** 20}`;
    const { status, signal, stdout, stderr } = spawnSync('prlimit', [limit, process.execPath, child], {
      encoding: 'utf8',
    });
    assert.deepEqual({ status, signal }, { status: 0, signal: null }, `${megabytes} MiB: ${stderr}`);
    const result = JSON.parse(stdout);
    assert.equal(result.key, key);
    assert.ok(result.codes.includes('ERR_OFFLOOP_MEMORY_LIMIT'), `${megabytes} MiB: ${result.codes}`);
  }
});
