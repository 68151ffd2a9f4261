'use strict';

const { OffloopError } = require('./lib/errors.js');
const hash = require('./lib/hash.js');
const pool = require('./lib/pool.js');

module.exports = { hash, pool, OffloopError };
