'use strict';

// The formats, in both directions, under node:zlib's names.

/** What has its parameters and its ways of flushing in common. @typedef {'deflate' | 'brotli' | 'zstd'} Family */

/**
 * @typedef {object} Codec
 * @property {string} name of node's function; that of its class begins with a capital
 * @property {Family} family
 * @property {boolean} encodes
 * @property {number} number of native code, which counts encoders and decoders apart
 */

/** @type {readonly [name: string, family: Family][]} */
const ENCODERS = [
  ['gzip', 'deflate'],
  ['deflate', 'deflate'],
  ['deflateRaw', 'deflate'],
  ['brotliCompress', 'brotli'],
  ['zstdCompress', 'zstd'],
];

/** @type {readonly [name: string, family: Family][]} */
const DECODERS = [
  ['gunzip', 'deflate'],
  ['inflate', 'deflate'],
  ['inflateRaw', 'deflate'],
  ['unzip', 'deflate'],
  ['brotliDecompress', 'brotli'],
  ['zstdDecompress', 'zstd'],
];

/**
 * @param {readonly [name: string, family: Family][]} list
 * @param {boolean} encodes
 * @returns {[string, Readonly<Codec>][]}
 */
function entries(list, encodes) {
  return list.map(([name, family], number) => [name, { name, family, encodes, number }]);
}

/** @type {Readonly<Record<string, Readonly<Codec>>>} */
const CODECS = Object.freeze(Object.fromEntries([...entries(ENCODERS, true), ...entries(DECODERS, false)]));

module.exports = { CODECS };
