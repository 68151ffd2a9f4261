'use strict';

const { byteLength } = require('./bytes.js');
const { argumentError, invalidType, invalidValue, veiled } = require('./errors.js');
const { algorithms } = require('./hash.js');
const native = require('./native.js');
const { scryptParameters } = require('./scrypt.js');
const { runSecret, secret } = require('./secret.js');
const { integer, optionsObject } = require('./validate.js');

const MAX_INT32 = 2 ** 31 - 1;
const MAX_UINT32 = 2 ** 32 - 1;

/** The bytes of a digest, for each of the algorithms that HMAC is defined over. */
const DIGEST_LENGTHS = {
  md5: 16,
  sha1: 20,
  sha224: 28,
  sha256: 32,
  sha384: 48,
  sha512: 64,
  'sha512-256': 32,
  'sha3-256': 32,
  'sha3-512': 64,
  blake2b512: 64,
  blake2s256: 32,
};

/** In the order of their numbers in native code. */
const ARGON2_TYPES = /** @type {const} */ (['argon2id', 'argon2i', 'argon2d']);
const MAX_ARGON2_PARALLELISM = 2 ** 24 - 1;

/** Of scrypt: what N = 2^17 and r = 8, which OWASP asks for, takes twice. Node's own default is 32 MiB, a quarter. */
const USUAL_MAXMEM = 256 * 1024 * 1024;
/** Of HKDF, as in node:crypto, where it is a limit of OpenSSL. */
const MAX_INFO = 1024;

// index.d.ts gives these functions their types. Here their arguments are whatever came. What Node
// has a code for fails with that of its newest version.

/**
 * @param {unknown} password
 * @param {unknown} salt
 * @param {unknown} keylen
 * @param {unknown} [options]
 * @returns {Promise<Buffer>}
 */
function scrypt(password, salt, keylen, options) {
  return runSecret('kdf.scrypt', options, (slot, { priority, flags }, given) => {
    // Getters run before the secrets are looked at, so that none can take their bytes away.
    const { maxmem = USUAL_MAXMEM } = given;
    const most = integer(maxmem, 'options.maxmem', 0, Number.MAX_SAFE_INTEGER) || USUAL_MAXMEM;
    /** @type {import('./scrypt.js').Source} */
    const source = { options: given, owner: 'options', usualN: 16_384, min: 0, clash, unfit };
    const parameters = within(most, scryptParameters(source));
    const length = integer(keylen, 'keylen', 0, MAX_INT32);
    const secrets = [secret(password, 'password'), secret(salt, 'salt')];
    return native.kdfScrypt(slot, priority, flags, ...secrets, length, ...parameters);
  });
}

/** @type {import('./scrypt.js').MakeError} */
function clash(name, expected, value) {
  return argumentError(TypeError, 'ERR_INCOMPATIBLE_OPTION_PAIR', name, expected, value);
}

/** @type {import('./scrypt.js').MakeError} */
function unfit(name, expected, value) {
  return argumentError(RangeError, 'ERR_CRYPTO_INVALID_SCRYPT_PARAMS', name, expected, value);
}

/**
 * The parameters, whose memory counts as OpenSSL counts it.
 *
 * @param {number} maxmem
 * @param {[N: number, r: number, p: number]} parameters
 */
function within(maxmem, [N, r, p]) {
  const bytes = p * 128 * r + 32 * r * (N + 2) * 4;
  if (bytes > maxmem) throw unfit('options.maxmem', `at least ${bytes} with N ${N}, r ${r} and p ${p}`, maxmem);
  return [N, r, p];
}

/**
 * @param {unknown} password
 * @param {unknown} salt
 * @param {unknown} iterations
 * @param {unknown} keylen
 * @param {unknown} digest
 * @param {unknown} [options]
 * @returns {Promise<Buffer>}
 */
function pbkdf2(password, salt, iterations, keylen, digest, options) {
  return runSecret('kdf.pbkdf2', options, (slot, { priority, flags }) =>
    native.kdfPbkdf2(
      slot,
      priority,
      flags,
      secret(password, 'password'),
      secret(salt, 'salt'),
      integer(iterations, 'iterations', 1, MAX_INT32),
      integer(keylen, 'keylen', 1, MAX_INT32),
      algorithms.indexOf(digestName(digest))
    )
  );
}

/**
 * @param {unknown} digest
 * @param {unknown} ikm
 * @param {unknown} salt
 * @param {unknown} info
 * @param {unknown} keylen
 * @param {unknown} [options]
 * @returns {Promise<Buffer>}
 */
function hkdf(digest, ikm, salt, info, keylen, options) {
  return runSecret('kdf.hkdf', options, (slot, { priority, flags }) => {
    const name = digestName(digest);
    const keyMaterial = secret(ikm, 'ikm');
    const extractSalt = secret(salt, 'salt');
    const context = secret(info, 'info');
    integer(byteLength(context), 'info.byteLength', 0, MAX_INFO);
    const length = integer(keylen, 'keylen', 1, Number.MAX_SAFE_INTEGER);
    const longest = 255 * DIGEST_LENGTHS[name];
    if (length > longest) {
      const expected = `at most ${longest}, 255 digests of ${name},`;
      throw argumentError(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'keylen', expected, length);
    }
    return native.kdfHkdf(slot, priority, flags, algorithms.indexOf(name), keyMaterial, extractSalt, context, length);
  });
}

/**
 * @param {unknown} digest
 * @returns {keyof typeof DIGEST_LENGTHS}
 */
function digestName(digest) {
  // Not shown: it may be the password, where the arguments are in another function's order.
  if (typeof digest !== 'string') throw invalidType('digest', 'a string', veiled(digest));
  if (!Object.hasOwn(DIGEST_LENGTHS, digest)) {
    const expected = `one of ${Object.keys(DIGEST_LENGTHS)
      .map((name) => `'${name}'`)
      .join(', ')}`;
    throw argumentError(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', 'digest', expected, veiled(digest));
  }
  return /** @type {keyof typeof DIGEST_LENGTHS} */ (digest);
}

/**
 * @param {unknown} algorithm
 * @returns {number}
 */
function argon2Type(algorithm) {
  const type = ARGON2_TYPES.findIndex((name) => name === algorithm);
  if (type >= 0) return type;
  if (typeof algorithm !== 'string') throw invalidType('algorithm', 'a string', veiled(algorithm));
  const names = ARGON2_TYPES.map((name) => `'${name}'`).join(', ');
  throw invalidValue('algorithm', `one of ${names}`, veiled(algorithm));
}

/**
 * @param {unknown} algorithm
 * @param {unknown} parameters
 * @param {unknown} [options]
 * @returns {Promise<Buffer>}
 */
function argon2(algorithm, parameters, options) {
  return runSecret('kdf.argon2', options, (slot, { priority, flags }) => {
    const type = argon2Type(algorithm);
    if (typeof parameters !== 'object') throw invalidType('parameters', 'an object', veiled(parameters));
    // All getters run before the first check, so that none can undo one.
    const {
      message,
      nonce,
      parallelism,
      tagLength,
      memory,
      passes,
      secret: key,
      associatedData,
    } = /** @type {Record<string, any>} */ (optionsObject(parameters, 'parameters'));
    const nonceBytes = secret(nonce, 'parameters.nonce');
    integer(byteLength(nonceBytes), 'parameters.nonce.byteLength', 8, MAX_UINT32);
    const lanes = integer(parallelism, 'parameters.parallelism', 1, MAX_ARGON2_PARALLELISM);
    return native.kdfArgon2(
      slot,
      priority,
      flags,
      type,
      secret(message, 'parameters.message'),
      nonceBytes,
      lanes,
      integer(tagLength, 'parameters.tagLength', 4, MAX_UINT32),
      integer(memory, 'parameters.memory', 8 * lanes, MAX_UINT32),
      integer(passes, 'parameters.passes', 1, MAX_UINT32),
      key === undefined ? undefined : secret(key, 'parameters.secret'),
      associatedData === undefined ? undefined : secret(associatedData, 'parameters.associatedData')
    );
  });
}

module.exports = { argon2, hkdf, pbkdf2, scrypt };
