// The servers of npm start: the examples' uploads, logins, CSV and JSON in one process, and gzip.
//
//   node server.mjs offloop        all with offloop; JSON at /objects to objects, at /json to columns
//   node server.mjs scrypt         uploads and logins with node:crypto, passwords by its scrypt on libuv's
//                                  threads, as gzip's; CSV with csv-parse, JSON with JSON.parse
//   node server.mjs scryptSync     the same, passwords by scryptSync on the event loop, as gzipSync; CSV with papaparse

import express from 'express';
import { serve } from '../../examples/serve.mjs';
import * as compressors from './gzip-app.mjs';

/**
 * What `crypto.scrypt` takes by default, and so what many servers use: 16 MiB and some 50 ms. It is
 * the same for all, and keeps npm start short; OWASP asks for eight times as much.
 */
const COST = { N: 2 ** 14, r: 8, p: 1 };

const VARIANTS = {
  offloop: {
    crypto: 'server.mjs',
    login: { policy: { algorithm: 'scrypt', ...COST } },
    tables: 'server.mjs',
    json: 'server.mjs',
    objects: { parser: 'offloop' },
    gzip: 'offloop',
  },
  scrypt: {
    crypto: 'server-node-crypto.mjs',
    login: { policy: COST, mode: 'async' },
    tables: 'server-javascript.mjs',
    csv: { parser: 'csv-parse' },
    json: 'server-objects.mjs',
    gzip: 'gzip',
  },
  scryptSync: {
    crypto: 'server-node-crypto.mjs',
    login: { policy: COST, mode: 'sync' },
    tables: 'server-javascript.mjs',
    csv: { parser: 'papaparse' },
    json: 'server-objects.mjs',
    gzip: 'gzipSync',
  },
};

const { crypto, login, tables, csv, json, objects, gzip } = VARIANTS[process.argv[2]];
const uploads = await import(`../../examples/express-upload/${crypto}`);
const logins = await import(`../../examples/express-login/${crypto}`);
const csvUploads = await import(`../../examples/express-csv/${tables}`);
const orders = await import(`../../examples/express-json/${json}`);
const ordersAsObjects = await import('../../examples/express-json/server-objects.mjs');
serve(
  express()
    .use('/csv', csvUploads.createApp(csv))
    .use('/json', orders.createApp())
    .use('/objects', ordersAsObjects.createApp(objects))
    .use('/gzip', await compressors.createApp(gzip))
    .use(uploads.createApp())
    .use(logins.createApp(login))
);
