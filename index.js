'use strict';

const { OffloopError } = require('./lib/errors.js');
const hash = require('./lib/hash.js');
const kdf = require('./lib/kdf.js');
const password = require('./lib/password.js');
const pool = require('./lib/pool.js');

module.exports = { hash, kdf, password, pool, OffloopError };
