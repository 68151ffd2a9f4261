'use strict';

const { fileURLToPath } = require('node:url');
const { isUint8Array } = require('node:util').types;
const { accessDenied, invalidType, invalidValue } = require('./errors.js');

/**
 * The path of a file that native code may read.
 *
 * @param {unknown} path
 * @returns {string | Uint8Array}
 */
function filePath(path) {
  const plain = path instanceof URL ? fileURLToPath(path) : path;
  if (typeof plain !== 'string' && !isUint8Array(plain)) {
    throw invalidType('path', 'a string, Buffer or URL', path);
  }
  if (typeof plain === 'string' ? plain.includes('\0') : plain.includes(0)) {
    throw invalidValue('path', 'a path without null bytes', path);
  }
  // Native code is outside of Node's permission model.
  const name = String(typeof plain === 'string' ? plain : Buffer.from(plain));
  const { permission } = /** @type {any} */ (process);
  if (permission?.has('fs.read', name) === false) throw accessDenied(name);
  return plain;
}

/**
 * The same as bytes, in the system's form.
 *
 * @param {unknown} path
 */
function pathBytes(path) {
  const plain = filePath(path);
  return typeof plain === 'string' ? Buffer.from(plain) : plain;
}

module.exports = { filePath, pathBytes };
