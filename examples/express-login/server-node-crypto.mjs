// The same routes and the same answers as server.mjs with scrypt of node:crypto, which cannot be
// cancelled and whose queue has no end.
//
//   node server-node-crypto.mjs            on the event loop, by scryptSync
//   node server-node-crypto.mjs --async    on libuv's threads, by scrypt

import { randomBytes, randomUUID, scrypt, scryptSync, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import express from 'express';
import { serve } from '../serve.mjs';
import { BODY, PAGE, credentials, newCredentials, refusal, seedUsers } from './accounts.mjs';

const derivations = {
  sync: async (...args) => scryptSync(...args),
  async: promisify(scrypt),
};

/** `policy` as in server.mjs, for scrypt only; OWASP's by default. `mode` is `'sync'` or `'async'`. */
export function createApp({ users = seedUsers(), policy = { N: 2 ** 17, r: 8, p: 1 }, mode = 'sync' } = {}) {
  const app = express();
  const passwords = withScrypt(derivations[mode]);
  const nobody = passwords.hash(randomUUID(), policy);

  app.post('/register', express.json(BODY), async (req, res) => {
    const { name, secret } = newCredentials(req.body);
    const taken = refusal(409, 'This name is taken');
    if (users.has(name)) throw taken;
    const hash = await passwords.hash(secret, policy);
    if (users.has(name)) throw taken;
    users.set(name, hash);
    res.status(201).json({ name });
  });

  app.post('/login', express.json(BODY), async (req, res) => {
    const { name, secret } = credentials(req.body);
    const stored = users.get(name);
    const matches = await passwords.verify(stored ?? (await nobody), secret);
    if (stored === undefined || !matches) throw refusal(401, 'Wrong name or password');
    if (passwords.needsRehash(stored, policy)) {
      const hash = await passwords.hash(secret, policy);
      if (users.get(name) === stored) users.set(name, hash);
    }
    res.json({ name });
  });

  app.get('/', async (_req, res) => {
    res.type('html').send(await readFile(PAGE));
  });

  app.use((error, req, res, next) => {
    if (res.destroyed) return;
    if (error.status === undefined) return next(error);
    res.status(error.status).json({ error: error.message });
  });

  return app;
}

/** What offloop's `password` does, for the PHC strings of scrypt: `$scrypt$ln=14,r=8,p=1$salt$hash`. */
function withScrypt(derive) {
  const compute = (secret, salt, length, { N, r, p }) =>
    // Node has a limit of 32 MiB, and needs some more than the algorithm's 128 * N * r.
    derive(secret, salt, length, { N, r, p, maxmem: 256 * N * r });

  return {
    async hash(secret, policy) {
      const salt = randomBytes(16);
      return format(policy, salt, await compute(secret, salt, 32, policy));
    },
    async verify(stored, secret) {
      const { salt, hash, ...policy } = parse(stored);
      return timingSafeEqual(await compute(secret, salt, hash.length, policy), hash);
    },
    needsRehash(stored, policy) {
      const { N, r, p } = parse(stored);
      return N !== policy.N || r !== policy.r || p !== policy.p;
    },
  };
}

function format({ N, r, p }, salt, hash) {
  const [first, second] = [salt, hash].map((bytes) => bytes.toString('base64').replaceAll('=', ''));
  return `$scrypt$ln=${Math.log2(N)},r=${r},p=${p}$${first}$${second}`;
}

function parse(stored) {
  const fields = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(stored);
  if (fields === null) throw new Error('Expected a PHC string of scrypt for the stored hash');
  const [, ln, r, p, salt, hash] = fields;
  const bytes = (text) => Buffer.from(text, 'base64');
  return { N: 2 ** Number(ln), r: Number(r), p: Number(p), salt: bytes(salt), hash: bytes(hash) };
}

if (process.argv[1] === import.meta.filename) {
  serve(createApp({ mode: process.argv.includes('--async') ? 'async' : 'sync' }));
}
