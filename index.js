'use strict';

const csv = require('./lib/csv.js');
const { OffloopError } = require('./lib/errors.js');
const hash = require('./lib/hash.js');
const { JsonDocument } = require('./lib/json-document.js');
const json = require('./lib/json.js');
const kdf = require('./lib/kdf.js');
const password = require('./lib/password.js');
const pool = require('./lib/pool.js');
const { Column, Table } = require('./lib/table.js');
const zlib = require('./lib/zlib.js');

module.exports = { csv, hash, json, kdf, password, pool, zlib, Column, JsonDocument, OffloopError, Table };
