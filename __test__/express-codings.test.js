'use strict';

// What offloop/express has beside what the package `compression` has: zstd, ETags, parts of a range, and options that
// are checked.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { ask, withServer } = require('./support/express.js');
const { zlib } = require('./support/offloop.js');
const { compression } = require('offloop/express');

const { constants } = zlib;
const HELLO = 'hello, world';
const ALL = { 'Accept-Encoding': 'gzip, deflate, br, zstd' };

/** The answer to a request for a text, with this status and these fields. */
function answer({
  options,
  status = 200,
  head = {},
  text = HELLO,
  headers = { 'Accept-Encoding': 'gzip' },
  method,
} = {}) {
  const send = (_req, res) => {
    res.writeHead(status, { 'Content-Type': 'text/plain', ...head });
    res.end(text);
  };
  return withServer(compression({ threshold: 0, ...options }), send, (url) => ask(url, headers, method));
}

describe('zstd', () => {
  test('is chosen behind br and before gzip where a client likes them equally', async () => {
    for (const [accepted, coding] of [
      ['zstd', 'zstd'],
      ['gzip, zstd', 'zstd'],
      ['gzip, deflate, br, zstd', 'br'],
      ['gzip, br;q=0.9, zstd', 'zstd'],
      ['gzip;q=1, zstd;q=0.5', 'gzip'],
      ['deflate, zstd', 'zstd'],
      ['br;q=0, *', 'zstd'],
      ['zstd;q=0, br;q=0, *', 'gzip'],
    ]) {
      const { coding: chosen, text } = await answer({ headers: { 'Accept-Encoding': accepted } });
      assert.deepEqual([chosen, text], [coding, HELLO], accepted);
    }
    const enforced = await answer({ options: { enforceEncoding: 'zstd' }, headers: {} });
    assert.deepEqual([enforced.coding, enforced.text], ['zstd', HELLO]);
  });

  test('has options of its own', async () => {
    const text = randomBytes(30_000).toString('hex');
    const size = async (params) => {
      const { bytes, text: decoded } = await answer({
        options: { zstd: { params } },
        text,
        headers: { 'Accept-Encoding': 'zstd' },
      });
      assert.ok(decoded === text);
      return bytes.length;
    };
    const usual = await size(undefined);
    assert.equal(usual, await size({ [constants.ZSTD_c_compressionLevel]: 3 }));
    assert.ok((await size({ [constants.ZSTD_c_checksumFlag]: 1 })) === usual + 4);
  });

  test('never has a window of more than the 8 MiB that clients have to take', async () => {
    // A stream, whose size is not known, has the whole window.
    const send = (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.write(HELLO);
      res.end();
    };
    for (const params of [
      { [constants.ZSTD_c_compressionLevel]: 22 },
      { [constants.ZSTD_c_enableLongDistanceMatching]: 1 },
      { [constants.ZSTD_c_compressionLevel]: 22, [constants.ZSTD_c_windowLog]: 20 },
    ]) {
      const middleware = compression({ zstd: { params } });
      const { bytes, text } = await withServer(middleware, send, (url) => ask(url, { 'Accept-Encoding': 'zstd' }));
      assert.equal(text, HELLO);
      const log = windowLog(bytes);
      assert.ok(log <= (params[constants.ZSTD_c_windowLog] ?? 23), `2 ** ${log}`);
    }
    const params = { [constants.ZSTD_c_windowLog]: 24 };
    assert.throws(() => compression({ zstd: { params } }), { code: 'ERR_OUT_OF_RANGE', message: /at most 23/ });
  });

  /** The exponent of a frame's window, rounded up (RFC 8878, section 3.1.1.1.2); of its size where it is one segment. */
  function windowLog(frame) {
    const isSingleSegment = (frame[4] & 0x20) !== 0;
    if (isSingleSegment) return 0;
    const [exponent, mantissa] = [frame[5] >> 3, frame[5] & 7];
    return 10 + exponent + (mantissa > 0 ? 1 : 0);
  }
});

describe('ETag', () => {
  const etag = async (value, given) => (await answer({ head: { ETag: value }, ...given })).headers.etag;

  test('a strong one becomes weak where the body is encoded, and a weak one stays', async () => {
    assert.equal(await etag('"abc"'), 'W/"abc"');
    assert.equal(await etag('W/"abc"'), 'W/"abc"');
  });

  test('stays strong where the body is as it was', async () => {
    assert.equal(await etag('"abc"', { headers: {} }), '"abc"');
    assert.equal(await etag('"abc"', { method: 'HEAD' }), '"abc"');
    assert.equal(await etag('"abc"', { options: { filter: () => false } }), '"abc"');
  });
});

describe('responses that stay as they are', () => {
  test('a part of a range, which varies all the same', async () => {
    const head = { 'Content-Range': 'bytes 0-11/100', 'Content-Length': 12, ETag: '"abc"' };
    const { coding, headers, text } = await answer({ status: 206, head });
    assert.deepEqual([coding, text, headers.vary], ['identity', HELLO, 'Accept-Encoding']);
    assert.deepEqual([headers['content-range'], headers['content-length']], ['bytes 0-11/100', '12']);
    assert.equal(headers.etag, '"abc"');
  });

  test('those without content', async () => {
    for (const status of [204, 205, 304]) {
      const { coding, headers, bytes } = await answer({ status, text: '' });
      assert.deepEqual([coding, bytes.length, headers.vary], ['identity', 0, 'Accept-Encoding'], `${status}`);
    }
  });
});

describe('the head', () => {
  test('has the headers that writeHead is given behind a reason that is missing', async () => {
    for (const reason of [undefined, null, 'Fine']) {
      const send = (_req, res) => {
        res.writeHead(200, reason, { 'Content-Type': 'text/plain', 'X-Own': 'a' });
        res.end(HELLO);
      };
      const { coding, headers, text } = await withServer(compression(), send, (url) => ask(url, ALL));
      assert.deepEqual([coding, headers['x-own'], text], ['br', 'a', HELLO]);
    }
  });
});

describe('options', () => {
  test('may be left out', async () => {
    for (const given of [undefined, null, {}, { threshold: undefined, filter: null, brotli: undefined, zstd: null }]) {
      const middleware = compression(given);
      const send = (_req, res) => res.writeHead(200, { 'Content-Type': 'text/plain' }).end('x'.repeat(2000));
      const { coding, text } = await withServer(middleware, send, (url) => ask(url, ALL));
      assert.deepEqual([coding, text.length], ['br', 2000]);
    }
  });

  test('that are wrong throw where they are given', () => {
    const signal = AbortSignal.timeout(1000);
    for (const [options, code] of [
      ['1kb', 'ERR_INVALID_ARG_TYPE'],
      [{ threshold: true }, 'ERR_INVALID_ARG_TYPE'],
      [{ threshold: NaN }, 'ERR_INVALID_ARG_VALUE'],
      [{ threshold: 'some' }, 'ERR_INVALID_ARG_VALUE'],
      [{ filter: 'text' }, 'ERR_INVALID_ARG_TYPE'],
      [{ enforceEncoding: 1 }, 'ERR_INVALID_ARG_TYPE'],
      [{ level: 10 }, 'ERR_OUT_OF_RANGE'],
      [{ memLevel: '8' }, 'ERR_INVALID_ARG_TYPE'],
      [{ brotli: 4 }, 'ERR_INVALID_ARG_TYPE'],
      [{ brotli: { params: { 1000: 1 } } }, 'ERR_BROTLI_INVALID_PARAM'],
      [{ zstd: { params: { 1000: 1 } } }, 'ERR_ZSTD_INVALID_PARAM'],
      [{ zstd: { params: { [constants.ZSTD_c_nbWorkers]: 2 } } }, 'ERR_ZSTD_INVALID_PARAM'],
      [{ lane: 'slow' }, 'ERR_INVALID_ARG_VALUE'],
      [{ signal }, 'ERR_INVALID_ARG_VALUE'],
      [{ timeout: 1000 }, 'ERR_INVALID_ARG_VALUE'],
      [{ brotli: { signal } }, 'ERR_INVALID_ARG_VALUE'],
      [{ zstd: { timeout: 1000 } }, 'ERR_INVALID_ARG_VALUE'],
    ]) {
      assert.throws(() => compression(options), { code }, JSON.stringify(options));
    }
  });
});
