'use strict';

const { kMaxLength } = require('node:buffer');
const { promisify } = require('node:util');
const { byteLength, bytes } = require('./bytes.js');
const { invalidType } = require('./errors.js');
const { input } = require('./input.js');
const { run } = require('./job.js');
const native = require('./native.js');
const { jobOptions } = require('./options.js');
const { integer } = require('./validate.js');
const { classes, creators } = require('./zlib-classes.js');
const { CODECS } = require('./zlib-codecs.js');
const { codes, constants } = require('./zlib-constants.js');
const { gunzipFile, gzipFile } = require('./zlib-file.js');
const { END, settingsOf } = require('./zlib-options.js');
const { compressionStream, decompressionStream } = require('./zlib-web.js');

/** @typedef {import('./zlib-codecs.js').Codec} Codec */

/** Half of the longest string that V8 has; several at once still fit a container. */
const MOST_INFLATED = 256 * 1024 * 1024;

const MOST_CRC32 = 2 ** 32 - 1;

// index.d.ts gives these functions their types. Here their arguments are whatever came.

/**
 * @param {Readonly<Codec>} codec
 * @param {unknown} data
 * @param {unknown} options
 * @returns {Promise<unknown>}
 */
async function compute(codec, data, options) {
  const { encodes, number } = codec;
  let info = false;
  let taken = 0;
  /** @type {Buffer | [buffer: Buffer, taken: number]} */
  const result = await run(options, (slot, job) => {
    const settings = settingsOf(codec, options);
    const { params, dictionary, finish, maxOutputLength = encodes ? kMaxLength : MOST_INFLATED } = settings;
    const given = input(data, 'data', job);
    info = settings.info;
    if (info && encodes) taken = byteLength(given);
    const call = encodes ? native.zlibCompress : native.zlibDecompress;
    const { priority, flags } = job;
    return call(slot, priority, flags, number, params, dictionary, finish === END, maxOutputLength, given);
  });
  const [buffer, bytesWritten] = Array.isArray(result) ? result : [result, taken];
  return info ? { buffer, engine: { bytesWritten } } : buffer;
}

/** @param {Readonly<Codec>} codec */
function oneShot(codec) {
  /** @type {(data: unknown, options?: unknown) => Promise<unknown>} */
  const promised = (data, options) => compute(codec, data, options ?? undefined);

  /** @type {(data: unknown, options?: any, callback?: any) => Promise<unknown> | undefined} */
  const call = (data, options, callback) => {
    if (typeof options === 'function') return call(data, undefined, options);
    if (callback === undefined) return promised(data, options);
    if (typeof callback !== 'function') throw invalidType('callback', 'a function', callback);
    // Whoever gives a callback has arguments refused at once, as by node.
    jobOptions(options ?? undefined);
    settingsOf(codec, options);
    bytes(data, 'data');
    promised(data, options).then(
      (result) => process.nextTick(callback, null, result),
      (error) => process.nextTick(callback, error)
    );
    return undefined;
  };
  Object.defineProperties(call, {
    name: { value: codec.name },
    [promisify.custom]: { value: promised },
  });
  return call;
}

const oneShots = Object.fromEntries(Object.entries(CODECS).map(([name, codec]) => [name, oneShot(codec)]));

/**
 * @param {unknown} data
 * @param {unknown} [value]
 * @returns {number}
 */
function crc32(data, value = 0) {
  if (typeof data !== 'string' && !ArrayBuffer.isView(data)) {
    throw invalidType('data', 'a string, Buffer, TypedArray or DataView', data);
  }
  // Zero has no sign here.
  return native.zlibCrc32(bytes(data, 'data'), integer(value, 'value', 0, MOST_CRC32) + 0);
}

module.exports = {
  ...oneShots,
  ...classes,
  ...creators,
  codes,
  compressionStream,
  constants,
  crc32,
  decompressionStream,
  gunzipFile,
  gzipFile,
};
