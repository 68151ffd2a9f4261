'use strict';

const { fileURLToPath } = require('node:url');
const { isUint8Array } = require('node:util').types;
const { accessDenied, invalidType, invalidValue } = require('./errors.js');

/**
 * The path of a file that native code may read, or write.
 *
 * @param {unknown} path
 * @param {string} [name] the argument
 * @param {'fs.read' | 'fs.write'} [access]
 * @returns {string | Uint8Array}
 */
function filePath(path, name = 'path', access = 'fs.read') {
  const plain = path instanceof URL ? fileURLToPath(path) : path;
  if (typeof plain !== 'string' && !isUint8Array(plain)) {
    throw invalidType(name, 'a string, Buffer or URL', path);
  }
  if (typeof plain === 'string' ? plain.includes('\0') : plain.includes(0)) {
    throw invalidValue(name, 'a path without null bytes', path);
  }
  // Native code is outside of Node's permission model.
  const resource = String(typeof plain === 'string' ? plain : Buffer.from(plain));
  const { permission } = /** @type {any} */ (process);
  if (permission?.has(access, resource) === false) throw accessDenied(access, resource);
  return plain;
}

/**
 * The same as bytes, in the system's form.
 *
 * @param {unknown} path
 * @param {string} [name] the argument
 * @param {'fs.read' | 'fs.write'} [access]
 */
function pathBytes(path, name, access) {
  const plain = filePath(path, name, access);
  return typeof plain === 'string' ? Buffer.from(plain) : plain;
}

module.exports = { filePath, pathBytes };
