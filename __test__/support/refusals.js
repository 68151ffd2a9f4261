'use strict';

const assert = require('node:assert/strict');

/** The classes of errors that Node has given its codes. */
const CLASSES = {
  ERR_CRYPTO_INVALID_DIGEST: TypeError,
  ERR_CRYPTO_INVALID_KEYLEN: RangeError,
  ERR_CRYPTO_INVALID_SCRYPT_PARAMS: RangeError,
  ERR_INCOMPATIBLE_OPTION_PAIR: TypeError,
  ERR_INVALID_ARG_TYPE: TypeError,
  ERR_INVALID_ARG_VALUE: TypeError,
  ERR_OUT_OF_RANGE: RangeError,
};

/** An error with this code, whose message says what was expected, for what, and what came. */
function says(code, name) {
  return (error) => {
    assert.equal(error.code, code, error.stack);
    assert.equal(error.constructor, CLASSES[code], error.stack);
    assert.match(error.message, /^Expected .+ for .+ but received .+$/s);
    assert.ok(error.message.includes(` for ${name} `), `${error.message} is not about ${name}`);
    return true;
  };
}

/** `call` returns a promise, which rejects so. */
async function refuses(call, code, name) {
  const promise = call();
  assert.ok(promise instanceof Promise, 'it does not throw');
  await assert.rejects(promise, says(code, name));
}

module.exports = { refuses, says };
