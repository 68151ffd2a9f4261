'use strict';

// The options of node:zlib, with node's checks in node's order, as native code takes them.

const { kMaxLength } = require('node:buffer');
const { isAnyArrayBuffer } = require('node:util').types;
const { bytes } = require('./bytes.js');
const { argumentError, invalidType, invalidValue, outOfRange } = require('./errors.js');
const { refuse } = require('./validate.js');
const { constants } = require('./zlib-constants.js');

/** @typedef {import('./zlib-codecs.js').Codec} Codec */
/** @typedef {import('./zlib-codecs.js').Family} Family */

/**
 * How much of what was written has to come out, in order: each does what those before it do.
 */
const NONE = 0;
const FLUSH = 1;
const FULL_FLUSH = 2;
const END = 4;

/**
 * What node's numbers for it mean here. Those of deflate differ in the few bits that they leave
 * behind, which matters to nobody who reads bytes. Brotli's metadata blocks are left out.
 *
 * @type {Readonly<Record<Family, readonly number[]>>}
 */
const FLUSHES = {
  deflate: [NONE, FLUSH, FLUSH, FULL_FLUSH, END, FLUSH],
  brotli: [NONE, FLUSH, END],
  zstd: [NONE, FLUSH, END],
};

/** zstd's own threads, whose place the pool's have. */
const WORKER_PARAMS = [constants.ZSTD_c_nbWorkers, constants.ZSTD_c_jobSize, constants.ZSTD_c_overlapLog];

const { Z_MIN_CHUNK, Z_DEFAULT_COMPRESSION, Z_DEFAULT_MEMLEVEL, Z_DEFAULT_STRATEGY, Z_DEFAULT_WINDOWBITS } = constants;
const { Z_MIN_WINDOWBITS, Z_MAX_WINDOWBITS, Z_MIN_LEVEL, Z_MAX_LEVEL } = constants;
const { Z_MIN_MEMLEVEL, Z_MAX_MEMLEVEL, Z_FIXED } = constants;

/**
 * @typedef {object} Settings
 * @property {number[]} params as the codec's native code takes them
 * @property {Uint8Array} [dictionary]
 * @property {number} [chunkSize]
 * @property {number} flush what comes out behind every chunk of a stream
 * @property {number} finish what comes out at the end
 * @property {number} [maxOutputLength]
 * @property {boolean} info
 */

/**
 * @param {Readonly<Codec>} codec
 * @param {any} options an object, null or undefined
 * @returns {Settings}
 */
function settingsOf(codec, options) {
  const given = options ?? {};
  const own = OWN_SETTINGS[codec.family](codec, given);
  const chunkSize = chunkSizeOf(given.chunkSize);
  const flush = flushOf(codec, given.flush, 'options.flush', NONE);
  const finish = flushOf(codec, given.finishFlush, 'options.finishFlush', END);
  const maxOutputLength = inRange(given.maxOutputLength, 'options.maxOutputLength', 1, kMaxLength, undefined);
  // Node 24 knows it.
  refuse(given, 'options', ['rejectGarbageAfterEnd'], 'zlib');
  return { ...own, chunkSize, flush, finish: Math.max(flush, finish), maxOutputLength, info: Boolean(given.info) };
}

/** @type {Readonly<Record<Family, (codec: Readonly<Codec>, given: any) => Pick<Settings, 'params' | 'dictionary'>>>} */
const OWN_SETTINGS = {
  deflate: deflateSettings,
  brotli: (_, given) => brotliSettings(given),
  zstd: zstdSettings,
};

/**
 * @param {Readonly<Codec>} codec
 * @param {any} given
 */
function deflateSettings({ name, encodes }, given) {
  const windowBits = windowBitsOf(name, given.windowBits);
  const level = levelOf(given.level, 'options.level');
  const memLevel = inRange(given.memLevel, 'options.memLevel', Z_MIN_MEMLEVEL, Z_MAX_MEMLEVEL, Z_DEFAULT_MEMLEVEL);
  const strategy = strategyOf(given.strategy, 'options.strategy');
  const dictionary = dictionaryOf(given.dictionary);
  return {
    params: encodes ? [level, Math.trunc(windowBits), Math.trunc(memLevel), strategy] : [Math.trunc(windowBits)],
    // Gzip has no place for one, and node takes it without a word.
    dictionary: name === 'gzip' || name === 'gunzip' ? undefined : dictionary,
  };
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function windowBitsOf(name, value) {
  const isInHeader = name === 'inflate' || name === 'gunzip' || name === 'unzip';
  if (isInHeader && (value === undefined || value === null || value === 0)) return 0;
  // Windows of 256 bytes can be read but not written: zlib takes the next size.
  if (value === Z_MIN_WINDOWBITS && (name === 'deflate' || name === 'deflateRaw')) return Z_MIN_WINDOWBITS + 1;
  const least = name === 'gzip' ? Z_MIN_WINDOWBITS + 1 : Z_MIN_WINDOWBITS;
  return inRange(value, 'options.windowBits', least, Z_MAX_WINDOWBITS, Z_DEFAULT_WINDOWBITS);
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function levelOf(value, name) {
  return Math.trunc(inRange(value, name, Z_MIN_LEVEL, Z_MAX_LEVEL, Z_DEFAULT_COMPRESSION));
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function strategyOf(value, name) {
  return Math.trunc(inRange(value, name, Z_DEFAULT_STRATEGY, Z_FIXED, Z_DEFAULT_STRATEGY));
}

/** @param {any} given */
function brotliSettings(given) {
  const params = brotliParams(given.params);
  const dictionary = dictionaryOf(given.dictionary);
  if (dictionary !== undefined) throw invalidValue('options.dictionary', 'nothing with Brotli', given.dictionary);
  return { params, dictionary };
}

/**
 * @param {Readonly<Codec>} codec
 * @param {any} given
 */
function zstdSettings({ encodes }, given) {
  const params = zstdParams(encodes, given.params);
  const dictionary = dictionaryOf(given.dictionary);
  const pledged = pledgedSizeOf(given.pledgedSrcSize);
  return { params: encodes ? [pledged, ...params] : params, dictionary };
}

/** @param {any} params */
function brotliParams(params) {
  return paramPairs(params, constants.BROTLI_PARAM_NDIRECT, (key) => {
    return argumentError(RangeError, 'ERR_BROTLI_INVALID_PARAM', 'options.params', 'numbers of Brotli parameters', key);
  });
}

/**
 * @param {boolean} encodes
 * @param {any} params
 */
function zstdParams(encodes, params) {
  /** @param {string} key */
  const refusal = (key) => {
    return argumentError(RangeError, 'ERR_ZSTD_INVALID_PARAM', 'options.params', 'numbers of zstd parameters', key);
  };
  if (!encodes) return paramPairs(params, constants.ZSTD_d_windowLogMax, refusal);
  const pairs = paramPairs(params, constants.ZSTD_c_overlapLog, refusal);
  /** @type {number[]} */
  const kept = [];
  for (let index = 0; index < pairs.length; index += 2) {
    const [key, value] = pairs.slice(index, index + 2);
    if (!WORKER_PARAMS.includes(key)) kept.push(key, value);
    else if (value !== 0) throw refusal(String(key));
  }
  return kept;
}

/**
 * Keys and values, one after the other. Node keeps them in an array of 32-bit integers, in which -1
 * stands for what is not given.
 *
 * @param {any} params
 * @param {number} mostKey
 * @param {(key: string) => Error} refusal
 * @returns {number[]}
 */
function paramPairs(params, mostKey, refusal) {
  if (!params) return [];
  /** @type {Map<number, number>} */
  const found = new Map();
  for (const text of Object.keys(params)) {
    const key = Number(text);
    if (!Number.isInteger(key) || key < 0 || key > mostKey || found.has(key)) throw refusal(text);
    const value = params[text];
    if (typeof value !== 'number' && typeof value !== 'boolean') {
      throw invalidType(`options.params[${key}]`, 'a number', value);
    }
    const integer = Number(value) | 0;
    if (integer !== -1) found.set(key, integer);
  }
  return [...found].flat();
}

/**
 * @param {unknown} size
 * @returns {number} -1 where there is none
 */
function pledgedSizeOf(size) {
  if (size === undefined) return -1;
  if (typeof size !== 'number') throw invalidType('options.pledgedSrcSize', 'a number', size);
  if (!Number.isSafeInteger(size) || size < 0) {
    throw outOfRange('options.pledgedSrcSize', 'a safe integer that is not negative', size);
  }
  return size;
}

/**
 * @param {unknown} dictionary
 * @returns {Uint8Array | undefined}
 */
function dictionaryOf(dictionary) {
  if (dictionary === undefined) return undefined;
  if (!ArrayBuffer.isView(dictionary) && !isAnyArrayBuffer(dictionary)) {
    throw invalidType('options.dictionary', 'a Buffer, TypedArray, DataView or ArrayBuffer', dictionary);
  }
  return /** @type {Uint8Array} */ (bytes(dictionary, 'options.dictionary'));
}

/**
 * @param {unknown} size
 * @returns {number | undefined}
 */
function chunkSizeOf(size) {
  if (!isGiven(size, 'options.chunkSize')) return undefined;
  if (size < Z_MIN_CHUNK || size > kMaxLength) {
    throw outOfRange('options.chunkSize', `a number from ${Z_MIN_CHUNK} to ${kMaxLength}`, size);
  }
  return Math.trunc(size);
}

/**
 * What one of node's kinds of flushing means here.
 *
 * @param {Readonly<Codec>} codec
 * @param {unknown} kind
 * @param {string} name
 * @param {number} usual
 */
function flushOf({ family }, kind, name, usual) {
  const flushes = FLUSHES[family];
  if (!isGiven(kind, name)) return usual;
  return flushes[Math.trunc(inRange(kind, name, 0, flushes.length - 1, 0))];
}

/**
 * Node's `checkRangesOrGetDefault`.
 *
 * @template {number | undefined} Usual
 * @param {unknown} value
 * @param {string} name
 * @param {number} least
 * @param {number} most
 * @param {Usual} usual
 * @returns {number | Usual}
 */
function inRange(value, name, least, most, usual) {
  if (!isGiven(value, name)) return usual;
  if (value < least || value > most) throw outOfRange(name, `a number from ${least} to ${most}`, value);
  return value;
}

/**
 * Node's `validateFiniteNumber`: undefined and NaN are not given.
 *
 * @param {unknown} value
 * @param {string} name
 * @returns {value is number}
 */
function isGiven(value, name) {
  if (value === undefined || Number.isNaN(value)) return false;
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!Number.isFinite(value)) throw outOfRange(name, 'a finite number', value);
  return true;
}

module.exports = { END, FLUSH, FULL_FLUSH, NONE, flushOf, levelOf, settingsOf, strategyOf };
