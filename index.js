'use strict';

const csv = require('./lib/csv.js');
const { OffloopError } = require('./lib/errors.js');
const hash = require('./lib/hash.js');
const kdf = require('./lib/kdf.js');
const password = require('./lib/password.js');
const pool = require('./lib/pool.js');
const { Column, Table } = require('./lib/table.js');

module.exports = { csv, hash, kdf, password, pool, Column, OffloopError, Table };
