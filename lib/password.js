'use strict';

const { failure, invalidType, invalidValue, outOfRange, toError, veiled } = require('./errors.js');
const native = require('./native.js');
const { scryptParameters } = require('./scrypt.js');
const { runSecret, secret } = require('./secret.js');
const { boolean, integer, oneOf, optionsObject, refuse } = require('./validate.js');

/** @typedef {import('../index.js').PasswordAlgorithm} PasswordAlgorithm */

const MAX_INT32 = 2 ** 31 - 1;
const MAX_UINT32 = 2 ** 32 - 1;

/**
 * An algorithm's options, and the three costs that native code takes for them.
 *
 * @typedef {object} Algorithm
 * @property {readonly string[]} parameters
 * @property {(policy: any, owner: string) => [cost1: number, cost2: number, cost3: number]} costs
 */

// The defaults are those of OWASP's Password Storage Cheat Sheet.

/** @type {Algorithm} */
const argon2id = {
  parameters: ['memory', 'passes', 'parallelism'],
  costs({ memory = 19_456, passes = 2, parallelism = 1 }, owner) {
    integer(parallelism, `${owner}.parallelism`, 1, 2 ** 24 - 1);
    integer(memory, `${owner}.memory`, 8 * parallelism, MAX_UINT32);
    return [memory, integer(passes, `${owner}.passes`, 1, MAX_UINT32), parallelism];
  },
};

/** @type {Algorithm} */
const scrypt = {
  parameters: ['N', 'cost', 'r', 'blockSize', 'p', 'parallelization'],
  costs: (options, owner) =>
    scryptParameters({ options, owner, usualN: 2 ** 17, min: 1, clash: invalidValue, unfit: outOfRange }),
};

/** @type {Algorithm} */
const bcrypt = {
  parameters: ['cost'],
  costs: ({ cost = 10 }, owner) => [integer(cost, `${owner}.cost`, 4, 31), 0, 0],
};

/**
 * @param {number} usual
 * @returns {Algorithm}
 */
const pbkdf2 = (usual) => ({
  parameters: ['iterations'],
  costs: ({ iterations = usual }, owner) => [integer(iterations, `${owner}.iterations`, 1, MAX_INT32), 0, 0],
});

/**
 * In the order of their numbers in native code.
 *
 * @type {Record<PasswordAlgorithm, Algorithm>}
 */
const ALGORITHMS = {
  argon2id,
  scrypt,
  bcrypt,
  'pbkdf2-sha256': pbkdf2(600_000),
  'pbkdf2-sha512': pbkdf2(220_000),
};
const NAMES = /** @type {PasswordAlgorithm[]} */ (Object.keys(ALGORITHMS));
const PARAMETERS = Object.values(ALGORITHMS).flatMap(({ parameters }) => parameters);

/** What a hash may cost to verify, where the caller does not say. */
const USUAL_LIMITS = { memory: 2 ** 30, time: 10_000 };
const LIMITS = new Set(Object.keys(USUAL_LIMITS));

/** Characters of a stored hash; an honest one has about 100. */
const LONGEST_HASH = 4096;

// index.d.ts gives these functions their types. Here their arguments are whatever came.

/**
 * The algorithm and its costs, as native code takes them.
 *
 * @param {Record<string, unknown>} policy
 * @param {string} owner the argument
 * @returns {[algorithm: number, cost1: number, cost2: number, cost3: number]}
 */
function hashSpec(policy, owner) {
  const { algorithm = 'argon2id' } = policy;
  const name = oneOf(algorithm, `${owner}.algorithm`, NAMES);
  const { parameters, costs } = ALGORITHMS[name];
  const foreign = PARAMETERS.filter((parameter) => !parameters.includes(parameter));
  refuse(policy, owner, [...foreign, 'limits'], name);
  return [NAMES.indexOf(name), ...costs(policy, owner)];
}

/** The options of any job, and of any function here, beside the algorithms' parameters. */
const COMMON = ['signal', 'timeout', 'lane', 'priority', 'transfer', 'copy', 'onProgress'];
const OWN = ['algorithm', 'pepper', 'normalize', 'limits'];
const KNOWN = new Set([...COMMON, ...OWN, ...PARAMETERS]);

/**
 * Refuses options that nobody knows: a pepper that is misspelt would be left out of the hash.
 *
 * @param {Record<string, unknown>} options
 * @param {string} owner the argument
 * @param {ReadonlySet<string>} known
 */
function refuseUnknown(options, owner, known) {
  for (const name of Object.keys(options)) {
    if (known.has(name) || options[name] === undefined) continue;
    throw invalidValue(`${owner}.${name}`, 'nothing, since there is no such option,', veiled(options[name]));
  }
}

/**
 * The password and the pepper. All getters have run before either is looked at, so that none can
 * take its bytes away.
 *
 * @param {unknown} password
 * @param {any} options
 * @returns {[password: Uint8Array | string, pepper: Uint8Array | string | undefined]}
 */
function secrets(password, { pepper, normalize = false }) {
  boolean(normalize, 'options.normalize');
  return [passwordBytes(password, normalize), pepperBytes(pepper)];
}

/**
 * @param {unknown} password
 * @param {boolean} normalize
 */
function passwordBytes(password, normalize) {
  const plain = secret(password, 'password');
  if (!normalize) return plain;
  // Bytes are in some encoding already, whose characters nobody knows here.
  if (typeof plain !== 'string') {
    throw invalidValue('options.normalize with a password of bytes', 'false', normalize);
  }
  return plain.normalize('NFKC');
}

/**
 * @param {unknown} pepper
 * @returns {Uint8Array | string | undefined}
 */
function pepperBytes(pepper) {
  if (pepper === undefined) return undefined;
  const key = secret(pepper, 'options.pepper');
  // Of a secret that was to come from somewhere and did not.
  if (key.length === 0) throw invalidValue('options.pepper', 'at least one byte', pepper);
  return key;
}

/**
 * @param {unknown} hash
 * @returns {string}
 */
function hashString(hash) {
  // It may be the password, where the arguments are in the wrong order.
  if (typeof hash !== 'string') throw invalidType('hash', 'a string', veiled(hash));
  // Before all of it is converted for native code, which would take it as long as it is.
  if (hash.length > LONGEST_HASH) {
    const message = `Expected at most ${LONGEST_HASH} characters in hash but received ${hash.length}`;
    throw failure('ERR_OFFLOOP_HASH_FORMAT', { message });
  }
  return hash;
}

/**
 * @param {unknown} password
 * @param {unknown} [options]
 * @returns {Promise<string>}
 */
function hash(password, options) {
  return runSecret('password.hash', options, (slot, { priority, flags }, given) => {
    refuseUnknown(given, 'options', KNOWN);
    const spec = hashSpec(given, 'options');
    return native.passwordHash(slot, priority, flags, ...spec, ...secrets(password, given));
  });
}

/**
 * @param {unknown} hash
 * @param {unknown} password
 * @param {unknown} [options]
 * @returns {Promise<boolean>}
 */
function verify(hash, password, options) {
  return runSecret('password.verify', options, (slot, { priority, flags }, given) => {
    // The hash has them. Whoever gives them here believes that others are refused.
    refuse(given, 'options', ['algorithm', ...PARAMETERS], 'password.verify');
    refuseUnknown(given, 'options', KNOWN);
    const limits = optionsObject(given.limits, 'options.limits');
    refuseUnknown(limits, 'options.limits', LIMITS);
    const { memory = USUAL_LIMITS.memory, time = USUAL_LIMITS.time } = limits;
    return native.passwordVerify(
      slot,
      priority,
      flags,
      hashString(hash),
      ...secrets(password, given),
      integer(memory, 'options.limits.memory', 0, Number.MAX_SAFE_INTEGER),
      integer(time, 'options.limits.time', 0, Number.MAX_SAFE_INTEGER)
    );
  });
}

/**
 * @param {unknown} hash
 * @param {unknown} [policy]
 * @returns {boolean}
 */
function needsRehash(hash, policy) {
  try {
    const text = hashString(hash);
    const given = optionsObject(policy, 'policy');
    refuseUnknown(given, 'policy', KNOWN);
    return native.passwordNeedsRehash(text, ...hashSpec(given, 'policy'));
  } catch (error) {
    throw toError(error, needsRehash);
  }
}

module.exports = { hash, needsRehash, verify };
