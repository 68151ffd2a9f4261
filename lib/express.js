'use strict';

// The middleware that compresses responses, for Express and whatever else has (req, res, next).

const { isUint8Array } = require('node:util/types');
const parseBytes = require('bytes').parse;
const compressible = require('compressible');
const onHeaders = require('on-headers');
const vary = require('vary');
const { contentCodings, negotiate } = require('./content-coding.js');
const { EncodedBody } = require('./encoded-body.js');
const { invalidType, invalidValue } = require('./errors.js');
const { optionsObject, string } = require('./validate.js');

/** @typedef {import('node:http').IncomingMessage} IncomingMessage */
/** @typedef {import('node:http').ServerResponse} ServerResponse */
/** @typedef {import('./encoded-body.js').Callback} Callback */

const DEFAULT_THRESHOLD = 1024;

const NO_TRANSFORM = /(?:^|,)\s*no-transform\s*(?:,|$)/i;

/**
 * Responses without content, and parts: a range is of the representation as it is sent (RFC 9110, section 14), so a
 * part cannot be encoded once it has been cut.
 */
const AS_THEY_ARE = new Set([204, 205, 206, 304]);

/** @param {unknown} given */
function settings(given) {
  const options = optionsObject(given ?? undefined, 'options');
  const { filter, threshold, enforceEncoding, brotli, zstd, ...deflate } = options;
  return {
    filter: filterOf(filter ?? isCompressible),
    threshold: bytesOf(threshold ?? DEFAULT_THRESHOLD),
    enforceEncoding: string(enforceEncoding ?? 'identity', 'options.enforceEncoding'),
    codings: contentCodings(deflate, brotli, zstd),
  };
}

/**
 * @param {unknown} filter
 * @returns {(req: IncomingMessage, res: ServerResponse) => boolean}
 */
function filterOf(filter) {
  if (typeof filter !== 'function') throw invalidType('options.filter', 'a function', filter);
  return /** @type {any} */ (filter);
}

/** @param {unknown} threshold */
function bytesOf(threshold) {
  if (typeof threshold !== 'number' && typeof threshold !== 'string') {
    throw invalidType('options.threshold', 'a number or a string', threshold);
  }
  const bytes = parseBytes(threshold);
  if (bytes === null) throw invalidValue('options.threshold', "a number of bytes or a text as '1kb'", threshold);
  return bytes;
}

/**
 * The usual filter: whether the Content-Type is one that compresses well.
 *
 * @param {IncomingMessage} _req
 * @param {ServerResponse} res
 */
function isCompressible(_req, res) {
  const type = res.getHeader('Content-Type');
  return typeof type === 'string' && compressible(type) === true;
}

/** @param {import('../express.js').CompressionOptions | null} [options] */
function compression(options) {
  const { filter, threshold, enforceEncoding, codings } = settings(options);

  /**
   * What encodes the response. Called when the head is complete, and nothing of it sent.
   *
   * @param {IncomingMessage} req
   * @param {ServerResponse} res
   * @param {number | undefined} length of the body, where it is known without Content-Length
   */
  function codingOf(req, res, length) {
    if (!filter(req, res)) return undefined;
    if (NO_TRANSFORM.test(String(res.getHeader('Cache-Control') ?? ''))) return undefined;
    // Also where this client gets the body as it is, for caches between.
    vary(res, 'Accept-Encoding');
    if (Number(res.getHeader('Content-Length') ?? length) < threshold) return undefined;
    if ((res.getHeader('Content-Encoding') ?? 'identity') !== 'identity') return undefined;
    if (req.method === 'HEAD' || AS_THEY_ARE.has(res.statusCode)) return undefined;
    return codings.get(negotiate(req, enforceEncoding) ?? 'identity');
  }

  /**
   * @param {IncomingMessage} req
   * @param {any} res of which `write` and `end` are replaced
   * @param {(error?: unknown) => void} next
   */
  return function compress(req, res, next) {
    const { write, end } = res;
    /** @type {InstanceType<typeof EncodedBody> | undefined} */
    let body;
    /** @type {number | undefined} */
    let length;
    let isEnded = false;
    let isClosed = Boolean(res.destroyed ?? res.stream?.destroyed);

    onHeaders(res, () => {
      const coding = codingOf(req, res, length);
      if (coding === undefined || isClosed) return;
      announce(res, coding.name);
      body = new EncodedBody(res, write, end, coding);
    });
    takeAnyReason(res);

    res.once('close', () => {
      isClosed = true;
      body?.close();
      // What comes now goes to the response, which says to the caller that it is closed.
      body = undefined;
    });

    res.flush = () => {
      if (!isEnded) body?.flush();
    };

    res.write = (/** @type {unknown[]} */ ...given) => {
      const [chunk, encoding, callback] = inPlace(given);
      if (isEnded) {
        if (callback) process.nextTick(callback, writeAfterEnd());
        return false;
      }
      // Node has the error for what is no bytes.
      if (!isBytes(chunk)) return write.apply(res, given);
      if (!res.headersSent) res.writeHead(res.statusCode);
      return body === undefined ? write.apply(res, given) : body.write(chunk, encoding, callback);
    };

    res.end = (/** @type {unknown[]} */ ...given) => {
      const [chunk, encoding, callback] = inPlace(typeof given[0] === 'function' ? [undefined, ...given] : given);
      if (isEnded) {
        if (callback) res.once('finish', callback);
        return false;
      }
      if (chunk && !isBytes(chunk)) return end.apply(res, given);
      const last = chunk || undefined;
      if (!res.headersSent) {
        length = last === undefined ? 0 : Buffer.byteLength(last, encoding);
        res.writeHead(res.statusCode);
      }
      if (body === undefined) return end.apply(res, given);
      body.end(last, encoding, callback);
      isEnded = true;
      return res;
    };

    next();
  };
}

compression.filter = isCompressible;

/**
 * @param {ServerResponse} res
 * @param {string} name the coding's
 */
function announce(res, name) {
  res.setHeader('Content-Encoding', name);
  res.removeHeader('Content-Length');
  const etag = res.getHeader('ETag');
  // A strong one is of these very bytes (RFC 9110, section 8.8.1), and the body has others in every coding.
  if (typeof etag === 'string' && !etag.startsWith('W/')) res.setHeader('ETag', `W/${etag}`);
}

/**
 * Node takes the headers in the third place after a reason that is undefined or null too, on-headers only after a text.
 *
 * @param {any} res
 */
function takeAnyReason(res) {
  const { writeHead } = res;
  res.writeHead = (/** @type {number} */ status, /** @type {unknown} */ reason, /** @type {unknown} */ headers) =>
    typeof reason === 'string'
      ? writeHead.call(res, status, reason, headers)
      : writeHead.call(res, status, headers ?? reason);
}

/**
 * The arguments of `write` and `end`, of which the encoding may be left out.
 *
 * @param {unknown[]} given
 * @returns {[chunk: any, encoding: BufferEncoding | undefined, callback: Callback | undefined]}
 */
function inPlace([chunk, encoding, callback]) {
  const all = typeof encoding === 'function' ? [chunk, undefined, encoding] : [chunk, encoding, callback];
  return /** @type {any} */ (all);
}

/** @param {unknown} chunk */
function isBytes(chunk) {
  return typeof chunk === 'string' || isUint8Array(chunk);
}

/** What Node's own `write` calls back with then. */
function writeAfterEnd() {
  return Object.assign(new Error('write after end'), { code: 'ERR_STREAM_WRITE_AFTER_END' });
}

module.exports = { compression };
