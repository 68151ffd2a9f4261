// Logins whose passwords are hashed on native threads. The event loop only asks and answers, so the
// other requests are served meanwhile.

import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import express from 'express';
import { password, pool } from 'offloop';
import { serve } from '../serve.mjs';
import { BODY, PAGE, credentials, newCredentials, refusal, seedUsers } from './accounts.mjs';

// With a hash of 30 ms and two cores, the last of this many waits for a second. One more is asked to
// come back, which serves it better than a queue in which all of them give up and try again.
pool.configure({ maxQueue: 64 });

/**
 * `policy` is what new hashes are made with, and older ones are brought up to: change it here, and
 * the users follow as they log in.
 */
export function createApp({ users = seedUsers(), policy = { algorithm: 'argon2id' } } = {}) {
  const app = express();

  // What a login with an unknown name is compared with. It takes as long as any other, and so does not
  // tell which names there are.
  const nobody = password.hash(randomUUID(), policy);

  app.post('/register', express.json(BODY), async (req, res) => {
    const { name, secret } = newCredentials(req.body);
    const taken = refusal(409, 'This name is taken');
    if (users.has(name)) throw taken;
    const hash = await password.hash(secret, { ...policy, signal: whileConnected(res) });
    // Somebody may have had the same idea meanwhile.
    if (users.has(name)) throw taken;
    users.set(name, hash);
    res.status(201).json({ name });
  });

  app.post('/login', express.json(BODY), async (req, res) => {
    const { name, secret } = credentials(req.body);
    const signal = whileConnected(res);
    const stored = users.get(name);
    const matches = await password.verify(stored ?? (await nobody), secret, { signal });
    if (stored === undefined || !matches) throw refusal(401, 'Wrong name or password');
    // Only now is the password known, so only now can an old hash be replaced.
    if (password.needsRehash(stored, policy)) await rehash(name, stored, secret, signal);
    res.json({ name });
  });

  async function rehash(name, stored, secret, signal) {
    try {
      const hash = await password.hash(secret, { ...policy, signal });
      // Unless the password was changed meanwhile.
      if (users.get(name) === stored) users.set(name, hash);
    } catch (error) {
      // The login is right all the same, and the next one tries again.
      if (error.code !== 'ERR_OFFLOOP_QUEUE_FULL') throw error;
    }
  }

  // Node reads files on libuv's four threads. Hashes do not run there, so this does not wait for them.
  app.get('/', async (_req, res) => {
    res.type('html').send(await readFile(PAGE));
  });

  app.use((error, req, res, next) => {
    if (res.destroyed) return;
    const refused = error.code === 'ERR_OFFLOOP_QUEUE_FULL';
    const status = refused ? 503 : error.status;
    if (status === undefined) return next(error);
    if (refused) res.set('Retry-After', '1');
    res.status(status).json({ error: error.message });
  });

  return app;
}

/** Aborts when the client goes away before it has its answer: nobody waits for the hash. */
function whileConnected(res) {
  const gone = new AbortController();
  res.on('close', () => {
    if (!res.writableEnded) gone.abort();
  });
  return gone.signal;
}

if (process.argv[1] === import.meta.filename) serve(createApp(), () => pool.close());
