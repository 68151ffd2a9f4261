// The servers of npm start: the examples' uploads and logins in one process.
//
//   node server.mjs offloop        both with offloop
//   node server.mjs scrypt         both with node:crypto, passwords by its scrypt on libuv's threads
//   node server.mjs scryptSync     the same, passwords by scryptSync on the event loop

import express from 'express';
import { serve } from '../../examples/serve.mjs';

/**
 * What `crypto.scrypt` takes by default, and so what many servers use: 16 MiB and some 50 ms. It is
 * the same for all, and keeps npm start short; OWASP asks for eight times as much.
 */
const COST = { N: 2 ** 14, r: 8, p: 1 };

const VARIANTS = {
  offloop: { file: 'server.mjs', login: { policy: { algorithm: 'scrypt', ...COST } } },
  scrypt: { file: 'server-node-crypto.mjs', login: { policy: COST, mode: 'async' } },
  scryptSync: { file: 'server-node-crypto.mjs', login: { policy: COST, mode: 'sync' } },
};

const { file, login } = VARIANTS[process.argv[2]];
const uploads = await import(`../../examples/express-upload/${file}`);
const logins = await import(`../../examples/express-login/${file}`);
serve(express().use(uploads.createApp()).use(logins.createApp(login)));
