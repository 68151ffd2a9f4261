'use strict';

// The content codings of responses (RFC 9110, section 8.4.1): what makes them, and which one a client gets.

const Negotiator = require('negotiator');
const { outOfRange } = require('./errors.js');
const { optionsObject, refuse } = require('./validate.js');

// Its functions are made of a table, in which no type finds them.
const zlib = /** @type {any} */ (require('./zlib.js'));

const { constants } = zlib;

/** The order among those that a client likes equally. */
const PREFERRED = ['br', 'zstd', 'gzip'];
/** `deflate` only for clients that want nothing else: they do not agree on whether it has zlib's header. */
const KNOWN = [...PREFERRED, 'deflate', 'identity'];

/** What there is one of for each response, or nothing. */
const REFUSED = ['signal', 'timeout', 'transfer', 'copy', 'onProgress', 'info'];

/** For responses that are made while somebody waits: quality 11, brotli's own default, takes a hundred times as long. */
const BROTLI_QUALITY = 4;
const ZSTD_LEVEL = 3;
/** Above it, zstd's windows grow beyond what clients have to take. */
const HIGHEST_ZSTD_LEVEL = 19;
/** 8 MiB: clients may refuse larger windows (RFC 9659). */
const MAX_ZSTD_WINDOW_LOG = 23;

/**
 * @typedef {object} Coding
 * @property {string} name as in Content-Encoding
 * @property {number} flushKind what makes a stream put out all that it has been given
 * @property {() => import('node:stream').Transform & { flush(kind: number): void }} createStream
 * @property {(body: Uint8Array, signal: AbortSignal) => Promise<Buffer>} encode a whole body, by one job
 */

/**
 * @param {Record<string, unknown>} deflate the options of gzip and deflate, of which all have the lane and the priority
 * @param {unknown} brotli
 * @param {unknown} zstd
 * @returns {Map<string, Coding>} by name
 */
function contentCodings(deflate, brotli, zstd) {
  const { lane, priority } = deflate;
  const options = ownOptions(deflate, 'options');
  const brotliOptions = { lane, priority, ...ownOptions(brotli, 'options.brotli') };
  const zstdOptions = { lane, priority, ...ownOptions(zstd, 'options.zstd') };
  const codings = [
    // Not a full flush, which would forget what later text could refer to.
    coding('gzip', zlib.createGzip, zlib.gzip, constants.Z_SYNC_FLUSH, options),
    coding('deflate', zlib.createDeflate, zlib.deflate, constants.Z_SYNC_FLUSH, options),
    coding('br', zlib.createBrotliCompress, zlib.brotliCompress, constants.BROTLI_OPERATION_FLUSH, {
      ...brotliOptions,
      params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, .../** @type {any} */ (brotliOptions).params },
    }),
    coding('zstd', zlib.createZstdCompress, zlib.zstdCompress, constants.ZSTD_e_flush, {
      ...zstdOptions,
      params: zstdParams(/** @type {any} */ (zstdOptions).params),
    }),
  ];
  return new Map(codings.map((each) => [each.name, each]));
}

/**
 * @param {unknown} given
 * @param {string} name the argument
 */
function ownOptions(given, name) {
  const options = optionsObject(given ?? undefined, name);
  refuse(options, name, REFUSED, 'compression');
  return options;
}

/**
 * @param {string} name
 * @param {(options: any) => any} createStream
 * @param {(data: any, options: any) => any} encode
 * @param {number} flushKind
 * @param {Record<string, unknown>} options
 * @returns {Coding}
 */
function coding(name, createStream, encode, flushKind, options) {
  // Options that are wrong throw where they are given, and not with the first response.
  createStream(options).destroy();
  return {
    name,
    flushKind,
    createStream: () => createStream(options),
    encode: (body, signal) => encode(body, { ...options, signal }),
  };
}

/** @param {Record<number, number> | undefined} given */
function zstdParams(given) {
  const params = { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL, ...given };
  const windowLog = params[constants.ZSTD_c_windowLog];
  if (windowLog > MAX_ZSTD_WINDOW_LOG) {
    throw outOfRange('ZSTD_c_windowLog of options.zstd.params', `at most ${MAX_ZSTD_WINDOW_LOG}`, windowLog);
  }
  const isLarge =
    params[constants.ZSTD_c_compressionLevel] > HIGHEST_ZSTD_LEVEL ||
    params[constants.ZSTD_c_enableLongDistanceMatching] === 1;
  if (isLarge && !windowLog) params[constants.ZSTD_c_windowLog] = MAX_ZSTD_WINDOW_LOG;
  return params;
}

/**
 * The name of the coding that a client likes best; undefined where it takes none of them, and not even the identity.
 *
 * @param {import('node:http').IncomingMessage} req
 * @param {string} enforced for clients that do not say
 * @returns {string | undefined}
 */
function negotiate(req, enforced) {
  if (!req.headers['accept-encoding']) return enforced;
  // Its types are of a version without the preference.
  return /** @type {any} */ (new Negotiator(req)).encoding(KNOWN, { preferred: PREFERRED });
}

module.exports = { contentCodings, negotiate };
