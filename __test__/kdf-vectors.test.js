'use strict';

// The published vectors of ../vectors, but for those of more than 64 MiB, which tests/kdf.rs has.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { kdf, password } = require('./support/offloop.js');

const argon2 = require('../vectors/argon2.json');
const bcrypt = require('../vectors/bcrypt.json');
const hkdf = require('../vectors/hkdf.json');
const pbkdf2 = require('../vectors/pbkdf2.json');
const phc = require('../vectors/phc.json');
const scrypt = require('../vectors/scrypt.json');

const MOST = 2 ** 26;
const V13 = 19;

const bytes = (hex) => Buffer.from(hex, 'hex');
const hex = (promise) => promise.then((key) => key.toString('hex'));

/** A test for each group; `check` takes a vector. */
function groups(name, { groups: all }, check) {
  describe(name, () => {
    for (const group of all) {
      test([group.algorithm, group.kind, group.form, group.source].filter(Boolean).join(': '), async () => {
        await Promise.all(group.vectors.map((vector) => check(vector, group)));
      });
    }
  });
}

/** What a stored hash is to verify, where the vector does not say otherwise: true. */
async function verifies(hash, text, expect = 'true') {
  const verified = password.verify(hash, text);
  if (expect === 'invalid' || expect === 'unsupported') {
    await assert.rejects(verified, { code: 'ERR_OFFLOOP_HASH_FORMAT' }, hash);
  } else {
    assert.equal(await verified, expect === 'true', hash);
  }
}

groups('scrypt', scrypt, async ({ password: text, salt, N, r, p, keylen, key }) => {
  if (128 * N * r > MOST) return;
  const derived = kdf.scrypt(bytes(text), bytes(salt), keylen, { N, r, p, maxmem: 2 ** 28 });
  assert.equal(await hex(derived), key, `N ${N}, r ${r}, p ${p}`);
});

groups('PBKDF2', pbkdf2, async ({ password: text, salt, iterations, keylen, key }, { algorithm }) => {
  assert.equal(await hex(kdf.pbkdf2(bytes(text), bytes(salt), iterations, keylen, algorithm)), key);
});

groups('HKDF', hkdf, async ({ ikm, salt, info, keylen, key, expect }, { algorithm }) => {
  const derived = hex(kdf.hkdf(algorithm, bytes(ikm), bytes(salt), bytes(info), keylen));
  if (expect === 'invalid') await assert.rejects(derived, { code: 'ERR_CRYPTO_INVALID_KEYLEN' });
  else assert.equal(await derived, key);
});

groups('Argon2', argon2, async (vector) => {
  const { algorithm, version, message, nonce, secret, associatedData, tag, encoded, expect } = vector;
  if (vector.memory * 1024 > MOST) return;
  if (encoded !== undefined) await verifies(encoded, bytes(message), expect);
  // RFC 9106 has version 1.3 alone.
  if (tag === undefined || version !== V13) return;
  const { memory, passes, parallelism } = vector;
  const parameters = { memory, passes, parallelism, message: bytes(message), nonce: bytes(nonce) };
  if (secret !== undefined) parameters.secret = bytes(secret);
  if (associatedData !== undefined) parameters.associatedData = bytes(associatedData);
  assert.equal(await hex(kdf.argon2(algorithm, { ...parameters, tagLength: tag.length / 2 })), tag);
});

groups('bcrypt', bcrypt, ({ password: text, hash, expect }) => verifies(hash, bytes(text), expect));

/** What password.verify reads of other software: no SHA-1, and of Django PBKDF2 alone. */
const READ = /^\$(argon2(id|i|d)|scrypt|pbkdf2-sha256|pbkdf2-sha512)\$|^pbkdf2_sha256\$/;

groups('Stored hashes', phc, ({ password: text, hash, expect }) =>
  verifies(hash, bytes(text), READ.test(hash) ? expect : 'unsupported')
);
