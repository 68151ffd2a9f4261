'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const { setImmediate: nextTurn } = require('node:timers/promises');
const { pool } = require('offloop');
const {
  answerTo,
  drains,
  get,
  hasSignals,
  hold,
  startServer,
  withBusyLane,
  withServer,
} = require('./support/example.js');

const example = (script) => `express-login/${script}`;

const POLICY = { N: 2 ** 12, r: 8, p: 1 };
const SERVERS = [
  { name: 'server.mjs', script: 'server.mjs', options: { policy: { algorithm: 'scrypt', ...POLICY } } },
  { name: 'server-node-crypto.mjs', script: 'server-node-crypto.mjs', options: { policy: POLICY } },
  {
    name: 'server-node-crypto.mjs --async',
    script: 'server-node-crypto.mjs',
    args: ['--async'],
    options: { policy: POLICY, mode: 'async' },
  },
];

const ADA = { name: 'ada', password: 'first programmer' };

/** Ada with her password hashed by other software: node:crypto's scrypt and bcrypt of npm. */
const WEAK_SCRYPT = '$scrypt$ln=10,r=8,p=1$1TRr/sbm9pbuYtz4QbU2Pw$ZYpVz1EJ3n+OcQc2N0RrQG0BnrmxOu5vbbxxboLSuyU';
const BCRYPT = '$2b$10$Tu7TCuvmeo1fIhCAjntiUOSJ5pf9rL00OHk.nFKSVh4JoKM0y7mq.';

/** Starts a request with this text for a body. */
function open(url, path, text, headers = { 'Content-Type': 'application/json' }) {
  return http.request(`${url}/${path}`, { method: 'POST', headers }).end(text);
}

const post = (url, path, body) => answerTo(open(url, path, JSON.stringify(body)));

async function assertStatus(answer, wanted) {
  const { status, body } = await answer;
  assert.equal(status, wanted, JSON.stringify(body));
  return body;
}

for (const { name, script, args = [], options } of SERVERS) {
  describe(name, () => {
    const withUsers = (users, use) => withServer(example(script), { ...options, users }, use);

    test('registers a user, who then logs in with the password and with no other', async () => {
      const users = new Map();
      await withUsers(users, async (url) => {
        const grace = { name: 'grace', password: 'nanosecond' };
        assert.deepEqual(await assertStatus(post(url, 'register', grace), 201), { name: 'grace' });
        assert.match(users.get('grace'), /^\$scrypt\$ln=12,r=8,p=1\$/);
        assert.deepEqual(await assertStatus(post(url, 'login', grace), 200), { name: 'grace' });
        await assertStatus(post(url, 'login', { ...grace, password: 'microsecond' }), 401);
      });
    });

    test('answers 409 to a name that is taken, be it in the same moment', async () => {
      const users = new Map();
      await withUsers(users, async (url) => {
        const both = ['first password', 'second password'].map((password) => ({ name: 'grace', password }));
        const answers = await Promise.all(both.map((body) => post(url, 'register', body)));
        assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409]);
        const stored = users.get('grace');
        await assertStatus(post(url, 'register', both[0]), 409);
        assert.equal(users.get('grace'), stored);
        await assertStatus(post(url, 'login', both[answers.findIndex(({ status }) => status === 201)]), 200);
      });
    });

    test('gives an unknown name and a wrong password the same answer', async () => {
      await withUsers(undefined, async (url) => {
        const wrong = await post(url, 'login', { ...ADA, password: 'wrong' });
        const unknown = await post(url, 'login', { ...ADA, name: '__proto__' });
        assert.equal(unknown.status, 401);
        assert.deepEqual([unknown.status, unknown.body], [wrong.status, wrong.body]);
      });
    });

    test('accepts the hash that the users start with, and replaces one that is weaker than the policy', async () => {
      await withUsers(undefined, (url) => assertStatus(post(url, 'login', ADA), 200));
      const users = new Map([['ada', WEAK_SCRYPT]]);
      await withUsers(users, async (url) => {
        await assertStatus(post(url, 'login', { ...ADA, password: 'wrong' }), 401);
        assert.equal(users.get('ada'), WEAK_SCRYPT);
        await assertStatus(post(url, 'login', ADA), 200);
        const replaced = users.get('ada');
        assert.match(replaced, /^\$scrypt\$ln=12,r=8,p=1\$/);
        await assertStatus(post(url, 'login', ADA), 200);
        assert.equal(users.get('ada'), replaced);
      });
    });

    test('answers 400 to what is not a name and a password, and 413 to what is too much', async () => {
      await withUsers(new Map(), async (url) => {
        for (const path of ['register', 'login']) {
          for (const body of [
            [],
            {},
            { ...ADA, name: 7 },
            { ...ADA, name: '' },
            { ...ADA, name: 'a'.repeat(65) },
            { name: 'ada' },
            { ...ADA, password: ['first programmer'] },
            { ...ADA, password: '' },
            { ...ADA, password: 'a'.repeat(257) },
          ]) {
            await assertStatus(post(url, path, body), 400);
          }
          await assertStatus(answerTo(open(url, path, '{"name":')), 400);
          await assertStatus(answerTo(open(url, path, JSON.stringify(ADA), {})), 400);
          await assertStatus(post(url, path, { ...ADA, padding: 'a'.repeat(5000) }), 413);
        }
        await assertStatus(post(url, 'register', { ...ADA, password: 'seven77' }), 400);
      });
    });

    test('shows the form, and ends on SIGTERM', async () => {
      const server = await startServer(example(script), ...args);
      try {
        assert.match(await get(server.url, '/'), /^<!doctype html>/);
        await assertStatus(post(server.url, 'login', ADA), 200);
        if (hasSignals) await drains(server);
      } finally {
        server.child.kill('SIGKILL');
      }
    });
  });
}

describe('server.mjs, with native threads', () => {
  test('replaces a hash of bcrypt by one of argon2id', async () => {
    const users = new Map([['ada', BCRYPT]]);
    await withServer(example('server.mjs'), { users }, async (url) => {
      await assertStatus(post(url, 'login', ADA), 200);
      assert.match(users.get('ada'), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
      await assertStatus(post(url, 'login', ADA), 200);
    });
  });

  /** Calls `use` once the server has all that it makes at its start. */
  function withReadyServer(use, users) {
    return withServer(example('server.mjs'), { ...SERVERS[0].options, users }, async (url) => {
      await assertStatus(post(url, 'login', { ...ADA, name: 'nobody' }), 401);
      await use(url);
    });
  }

  /** Jobs that have ended: the last result may come before its job is counted. */
  async function completed() {
    while (pool.stats().interactive.running > 0) await nextTurn();
    return pool.stats().interactive.completed;
  }

  test('does the same work for an unknown name as for a wrong password', async () => {
    await withReadyServer(async (url) => {
      for (const body of [
        { ...ADA, name: 'nobody' },
        { ...ADA, password: 'wrong' },
      ]) {
        const before = await completed();
        await assertStatus(post(url, 'login', body), 401);
        assert.equal(await completed(), before + 1);
      }
    });
  });

  test('answers 503 with Retry-After while the queue is full', async () => {
    await withReadyServer(async (url) => {
      await withBusyLane('interactive', 0, async () => {
        for (const [path, body] of [
          ['login', ADA],
          ['login', { ...ADA, name: 'nobody' }],
          ['register', { name: 'grace', password: 'nanosecond' }],
        ]) {
          const { status, headers } = await post(url, path, body);
          assert.equal(status, 503);
          assert.equal(headers['retry-after'], '1');
        }
      });
      await assertStatus(post(url, 'login', ADA), 200);
    });
  });

  test('takes a password that is right, though the queue has no room for a new hash', async () => {
    const users = new Map([['ada', WEAK_SCRYPT]]);
    await withReadyServer(async (url) => {
      await withBusyLane('interactive', 2, async (letGo) => {
        const answer = post(url, 'login', ADA);
        while (pool.stats().interactive.queued === 0) await nextTurn();
        // Takes the thread after the login has been verified.
        const letNextGo = hold('interactive');
        pool.configure({ maxQueue: 0 });
        await letGo();
        await assertStatus(answer, 200);
        await letNextGo();
      });
      assert.equal(users.get('ada'), WEAK_SCRYPT);
      await assertStatus(post(url, 'login', ADA), 200);
      assert.notEqual(users.get('ada'), WEAK_SCRYPT);
    }, users);
  });

  test('drops the work of a client that goes away', async () => {
    await withReadyServer(async (url) => {
      const { cancelled } = pool.stats().interactive;
      await withBusyLane('interactive', 1, async () => {
        const abandoned = open(url, 'login', JSON.stringify(ADA));
        const failed = once(abandoned, 'error');
        while (pool.stats().interactive.queued === 0) await nextTurn();
        abandoned.destroy(new Error('gone'));
        await failed;
        while (pool.stats().interactive.queued > 0) await nextTurn();
      });
      // The promise of a job that runs is rejected before its thread has noticed.
      while (pool.stats().interactive.running > 0) await nextTurn();
      assert.equal(pool.stats().interactive.cancelled, cancelled + 2, 'this job and the one that kept the lane busy');
    });
  });
});
