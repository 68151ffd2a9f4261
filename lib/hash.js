'use strict';

const { constants } = require('node:buffer');
const { bytes } = require('./bytes.js');
const { invalidType, invalidValue, outOfRange } = require('./errors.js');
const { input, refuseTransfer } = require('./input.js');
const { report, run, runSteps, step } = require('./job.js');
const native = require('./native.js');
const { filePath } = require('./path.js');
const { openSource, readBatches } = require('./source.js');
const { integer, oneOf } = require('./validate.js');

/** @typedef {import('../index.js').Algorithm} Algorithm */

/** @type {readonly Algorithm[]} */
const algorithms = Object.freeze(native.algorithms());
const ENCODINGS = { buffer: 0, hex: 1, base64: 2, base64url: 3, latin1: 4, binary: 4 };
const ENCODING_NAMES = /** @type {(keyof typeof ENCODINGS)[]} */ (Object.keys(ENCODINGS));

// The modes of src/binding/digest.rs.
const PLAIN = 0;
const KEYED = 1;
const HMAC = 2;
/** No length was asked for. */
const USUAL_LENGTH = -1;
/** Bytes of the longest digest of a usual length. */
const LONGEST_USUAL = 64;

/** Bytes that digestStream gathers for one job: 0.2 ms of SHA-256, so that the hop vanishes. */
const STREAM_BATCH = 256 * 1024;

// index.d.ts gives these functions their types. Here their arguments are whatever came.

/**
 * What to compute, as the arguments that native code takes for it.
 *
 * @param {unknown} algorithm
 * @param {any} options an object or undefined, as `run` has checked
 * @returns {[algorithm: number, mode: number, encoding: number, length: number, key: Uint8Array | string | undefined]}
 */
function digestSpec(algorithm, options) {
  const number = algorithms.indexOf(oneOf(algorithm, 'algorithm', algorithms));
  if (options === undefined) return [number, PLAIN, ENCODINGS.buffer, USUAL_LENGTH, undefined];
  const { encoding = 'buffer', key, length } = options;
  const form = ENCODINGS[oneOf(encoding, 'options.encoding', ENCODING_NAMES)];
  // Of text, hexadecimal is the longest: two characters a byte.
  const longest = form === ENCODINGS.buffer ? constants.MAX_LENGTH : Math.floor(constants.MAX_STRING_LENGTH / 2);
  return [
    number,
    key === undefined ? PLAIN : KEYED,
    form,
    length === undefined ? USUAL_LENGTH : integer(length, 'options.length', 0, longest),
    key === undefined ? undefined : bytes(key, 'options.key'),
  ];
}

/**
 * @param {unknown} algorithm
 * @param {unknown} key
 * @param {any} options an object or undefined, as `run` has checked
 * @returns {ReturnType<typeof digestSpec>}
 */
function hmacSpec(algorithm, key, options) {
  for (const name of /** @type {const} */ (['key', 'length'])) {
    const value = options?.[name];
    if (value !== undefined) throw invalidValue(`options.${name}`, 'nothing with hash.hmac', value);
  }
  const [number, , encoding] = digestSpec(algorithm, options);
  return [number, HMAC, encoding, USUAL_LENGTH, bytes(key, 'key')];
}

/**
 * Runs a job that has one digest for its result.
 *
 * @param {(slot: number, priority: number, flags: number, ...rest: any[]) => Digest | undefined} call
 * @param {unknown} options the caller's
 * @param {(job: { transfer: boolean }) => [ReturnType<typeof digestSpec>, Uint8Array | string]} prepare
 */
function runDigest(call, options, prepare) {
  /** @type {number} */
  let encoding = ENCODINGS.buffer;
  return run(
    options,
    (slot, job) => {
      const [spec, data] = prepare(job);
      encoding = spec[2];
      return call(slot, job.priority, job.flags, ...spec, data);
    },
    (digest) => asAsked(digest, encoding)
  );
}

/** @typedef {Buffer | string} Digest */

/**
 * Small digests come as text of one byte a character, because a Buffer in Node's pool is cheaper to
 * make here than one of its own is in native code.
 *
 * @param {Digest} digest
 * @param {number} encoding
 */
function asAsked(digest, encoding) {
  return encoding === ENCODINGS.buffer && typeof digest === 'string' ? Buffer.from(digest, 'latin1') : digest;
}

/**
 * @param {unknown} algorithm
 * @param {unknown} data
 * @param {unknown} [options]
 */
function digest(algorithm, data, options) {
  return runDigest(native.digest, options, (job) => [digestSpec(algorithm, options), input(data, 'data', job)]);
}

/**
 * @param {unknown} algorithm
 * @param {unknown} key
 * @param {unknown} data
 * @param {unknown} [options]
 */
function hmac(algorithm, key, data, options) {
  return runDigest(native.digest, options, (job) => [hmacSpec(algorithm, key, options), input(data, 'data', job)]);
}

/**
 * @param {unknown} algorithm
 * @param {unknown} data
 * @param {unknown} [options]
 * @returns {Promise<(Buffer | string)[]>}
 */
async function digestMany(algorithm, data, options) {
  let count = 0;
  /** @type {BufferEncoding | 'buffer'} */
  let encoding = 'buffer';
  const digests = /** @type {Buffer} */ (
    await run(options, (slot, job) => {
      if (!Array.isArray(data)) throw invalidType('data', 'an array', data);
      const spec = digestSpec(algorithm, options);
      // Unlike map, this visits holes, which are refused.
      const messages = Array.from(data, (message, index) => input(message, `data[${index}]`, job));
      count = messages.length;
      const each = spec[3] === USUAL_LENGTH ? LONGEST_USUAL : spec[3];
      if (each * count > constants.MAX_LENGTH) {
        const most = Math.floor(constants.MAX_LENGTH / count);
        throw outOfRange('options.length', `at most ${most} for ${count} messages`, each);
      }
      encoding = /** @type {any} */ (options)?.encoding ?? 'buffer';
      return native.digestMany(slot, job.priority, job.flags, ...spec, messages);
    })
  );
  const length = digests.length / count;
  return Array.from({ length: count }, (_, index) => {
    const start = index * length;
    return encoding === 'buffer'
      ? digests.subarray(start, start + length)
      : digests.toString(encoding, start, start + length);
  });
}

/**
 * @param {unknown} algorithm
 * @param {unknown} path
 * @param {unknown} [options]
 */
function digestFile(algorithm, path, options) {
  return runDigest(native.digestFile, options, (job) => {
    refuseTransfer(job, 'hash.digestFile');
    return [digestSpec(algorithm, options), filePath(path)];
  });
}

/**
 * @param {unknown} algorithm
 * @param {unknown} readable
 * @param {unknown} [options]
 */
function digestStream(algorithm, readable, options) {
  return runSteps(options, async (operation) => {
    refuseTransfer(operation.job, 'hash.digestStream');
    const spec = digestSpec(algorithm, options);
    const source = openSource(readable, 'readable');
    const stop = () => source.stop();
    operation.whenAbandoned = stop;
    try {
      const stream = native.streamStart(...spec);
      let processed = 0;
      const { batch, size } = await readBatches(source, 'readable', STREAM_BATCH, async (batch, size) => {
        await step(operation, (slot, { priority, flags }) => native.streamUpdate(slot, priority, flags, stream, batch));
        processed += size;
        report(operation, processed, undefined);
      });
      const digest = await step(operation, (slot, { priority, flags }) =>
        native.streamFinish(slot, priority, flags, stream, batch)
      );
      report(operation, processed + size, processed + size);
      return asAsked(digest, spec[2]);
    } catch (failure) {
      stop();
      throw failure;
    }
  });
}

module.exports = { algorithms, digest, digestMany, digestFile, digestStream, hmac };
