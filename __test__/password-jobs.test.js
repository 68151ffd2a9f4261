'use strict';

// Password hashes and keys as jobs: lanes, many at once, and jobs that end before their work does.

const { afterEach, beforeEach, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { pbkdf2Sync } = require('node:crypto');
const { kdf, password, pool, hold, release, rearm, hasTesting } = require('./support/offloop.js');
const { CHEAP, POLICIES } = require('./support/policies.js');

const lane = () => pool.stats().interactive;
const { threads } = lane();

/** Resolves when `condition` holds, looking between turns of the event loop. */
async function until(condition) {
  while (!condition()) await new Promise(setImmediate);
}

/** Jobs that would take minutes or hours, of little memory. */
const ENDLESS = {
  'password.hash with bcrypt': (options) => password.hash('password', { algorithm: 'bcrypt', cost: 31, ...options }),
  'password.hash with argon2id': (options) =>
    password.hash('password', { memory: 64, passes: 2 ** 32 - 1, ...options }),
  'password.verify': (options) => {
    const hash = `$pbkdf2-sha512$i=2147483647$${'A'.repeat(22)}$${'A'.repeat(43)}`;
    return password.verify(hash, 'password', { limits: { time: Number.MAX_SAFE_INTEGER }, ...options });
  },
  'kdf.scrypt': (options) => kdf.scrypt('password', 'salt', 32, { N: 2 ** 14, p: 2 ** 12, ...options }),
  'kdf.pbkdf2': (options) => kdf.pbkdf2('password', 'salt', 2 ** 31 - 1, 1024, 'sha256', options),
  'kdf.argon2': (options) => {
    const parameters = {
      message: '',
      nonce: 'some salt',
      parallelism: 1,
      tagLength: 32,
      memory: 8,
      passes: 2 ** 32 - 1,
    };
    return kdf.argon2('argon2d', parameters, options);
  },
};

describe('while they run', () => {
  for (const [name, start] of Object.entries(ENDLESS)) {
    test(`${name} stops when its signal is aborted`, async () => {
      const controller = new AbortController();
      const { cancelled } = pool.stats().bulk;
      const running = start({ signal: controller.signal, lane: 'bulk' });
      await until(() => pool.stats().bulk.running === 1);
      controller.abort('why');
      await assert.rejects(running, { name: 'AbortError', code: 'ABORT_ERR', cause: 'why' });
      await until(() => pool.stats().bulk.running === 0);
      assert.equal(pool.stats().bulk.cancelled, cancelled + 1);
      assert.equal(pool.stats().bytesInFlight, 0);
    });

    test(`${name} stops after its timeout`, async () => {
      const late = { code: 'ERR_OFFLOOP_TIMEOUT', name: 'OffloopError', message: /within 5 ms/ };
      await assert.rejects(start({ timeout: 5, lane: 'bulk' }), late);
      await until(() => pool.stats().bulk.running === 0);
    });
  }

  test('an aborted one leaves the others alone', async () => {
    pool.configure({ threads: 1 });
    const controller = new AbortController();
    const aborted = [];
    const others = [];
    for (let index = 0; index < 8; index++) {
      const options = { signal: controller.signal, lane: 'interactive' };
      aborted.push(kdf.pbkdf2('password', `${index}`, 2 ** 31 - 1, 32, 'sha256', options));
      const given = ['password', `${index}`, 20_000 + index, 32, 'sha256'];
      others.push(kdf.pbkdf2(...given).then((key) => assert.deepEqual(key, pbkdf2Sync(...given))));
    }
    await until(() => lane().running > 0);
    controller.abort();
    for (const each of aborted) await assert.rejects(each, { code: 'ABORT_ERR' });
    await Promise.all(others);
    pool.configure({ threads });
  });
});

describe('in the queue', { skip: hasTesting ? false : 'needs the library with the exports of the tests' }, () => {
  const { maxQueue } = pool.stats();
  let held = [];

  beforeEach(async () => {
    rearm();
    pool.configure({ threads: 1 });
    held = [hold({ lane: 'interactive' })];
    await until(() => lane().running === 1);
  });
  afterEach(async () => {
    release();
    await Promise.all(held);
    pool.configure({ threads, maxQueue });
  });

  const hash = `$2b$04$${'e'.repeat(53)}`;

  test('a job is removed when its signal is aborted', async () => {
    const controller = new AbortController();
    const { cancelled } = lane();
    const waiting = password.verify(hash, 'password', { signal: controller.signal });
    const other = password.hash('password', CHEAP.bcrypt);
    assert.equal(lane().queued, 2);
    controller.abort('why');
    assert.equal(lane().queued, 1);
    assert.equal(lane().cancelled, cancelled + 1);
    await assert.rejects(waiting, { name: 'AbortError', code: 'ABORT_ERR', cause: 'why' });
    release();
    assert.equal(await password.verify(await other, 'password'), true);
  });

  test('the wait counts for the timeout', async () => {
    await assert.rejects(password.hash('password', { ...CHEAP.scrypt, timeout: 5 }), { code: 'ERR_OFFLOOP_TIMEOUT' });
    assert.equal(lane().queued, 0);
  });

  test('one more than maxQueue is refused with ERR_OFFLOOP_QUEUE_FULL', async () => {
    pool.configure({ maxQueue: 2 });
    const waiting = [password.hash('password', CHEAP.bcrypt), kdf.scrypt('password', 'salt', 32)];
    const full = { code: 'ERR_OFFLOOP_QUEUE_FULL', message: /interactive lane's queue.* 2 of 2 / };
    for (const policy of POLICIES) await assert.rejects(password.hash('password', policy), full);
    await assert.rejects(password.verify(hash, 'password'), full);
    await assert.rejects(kdf.pbkdf2('password', 'salt', 100_000, 32, 'sha256'), full);
    release();
    await Promise.all(waiting);
  });

  test('a higher priority goes first', async () => {
    const order = [];
    const submit = (name, priority) =>
      password.hash('password', { ...CHEAP.argon2id, priority }).then(() => order.push(name));
    const waiting = [submit('last', -1), submit('first', 1), submit('second', 0)];
    release();
    await Promise.all(waiting);
    assert.deepEqual(order, ['first', 'second', 'last']);
  });
});

describe('at once', () => {
  test('32 of all algorithms, right and wrong', async () => {
    const round = Array.from({ length: 32 }, async (_, index) => {
      const policy = POLICIES[index % POLICIES.length];
      const hash = await password.hash(`password ${index}`, policy);
      const answers = [index, index + 1].map((other) => password.verify(hash, `password ${other}`));
      assert.deepEqual(await Promise.all(answers), [true, false], `${policy.algorithm} ${index}`);
    });
    await Promise.all(round);
  });

  for (const policy of POLICIES) {
    test(`32 of ${policy.algorithm}, right and wrong, with and without a pepper, on one thread`, async () => {
      pool.configure({ threads: 1 });
      const options = (index) => (index % 3 === 0 ? { pepper: `pepper ${index}` } : {});
      const start = (index) => password.hash(`password ${index}`, { ...policy, ...options(index) });
      const hashes = await Promise.all(Array.from({ length: 32 }, (_, index) => start(index)));
      const answers = hashes.map((hash, index) =>
        password.verify(hash, `password ${index % 4 === 1 ? 'wrong' : index}`, options(index))
      );
      const expected = hashes.map((_, index) => index % 4 !== 1);
      assert.deepEqual(await Promise.all(answers), expected);
      pool.configure({ threads });
    });
  }

  test('more than the budget holds wait for their bytes', async () => {
    const { memory } = pool.stats();
    pool.configure({ memory: 2.5 * 2 ** 20 });
    const policy = { memory: 1024, passes: 3 };
    const hashes = await Promise.all(Array.from({ length: 16 }, () => password.hash('password', policy)));
    const answers = await Promise.all(hashes.map((hash) => password.verify(hash, 'password')));
    assert.deepEqual(
      answers,
      Array.from({ length: 16 }, () => true)
    );
    pool.configure({ memory });
  });
});

test('lane: interactive for passwords, or as asked', async () => {
  const completed = () => {
    const { interactive, bulk } = pool.stats();
    return [interactive.completed, bulk.completed];
  };
  const runsOn = async (job) => {
    const before = completed();
    await job();
    return completed().map((count, index) => count - before[index]);
  };
  for (const policy of POLICIES) {
    const hash = await password.hash('password', policy);
    assert.deepEqual(await runsOn(() => password.hash('password', policy)), [1, 0]);
    assert.deepEqual(await runsOn(() => password.verify(hash, 'password')), [1, 0]);
    assert.deepEqual(await runsOn(() => password.hash('password', { ...policy, lane: 'bulk' })), [0, 1]);
    assert.deepEqual(await runsOn(() => password.verify(hash, 'password', { lane: 'bulk' })), [0, 1]);
  }
});
