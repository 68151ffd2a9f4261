'use strict';

// What the npm package `compression` documents and tests, of offloop/express and of the package itself: one stands in
// for the other.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const express = require('express');
const onHeaders = require('on-headers');
const { constants } = require('node:zlib');
const { ask, withServer } = require('./support/express.js');
const packaged = require('compression');
const { compression: ours } = require('offloop/express');

const HELLO = 'hello, world';
/** Above the usual threshold. */
const LONG = 'Some text, over and over again. '.repeat(100);
const GZIP = { 'Accept-Encoding': 'gzip' };

for (const [name, compression] of Object.entries({ 'offloop/express': ours, 'the package compression': packaged })) {
  /** The answer to a request, where `handler` makes the response. */
  const answer = (options, handler, headers = GZIP, method = 'GET') =>
    withServer(compression(options), handler, (url) => ask(url, headers, method));

  /** The answer to a request for a text, whose head has these fields. */
  const textAnswer = (options, head = {}, { headers, method, text = HELLO } = {}) => {
    const send = (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      for (const [field, value] of Object.entries(head)) res.setHeader(field, value);
      res.end(text);
    };
    return answer({ threshold: 0, ...options }, send, headers, method);
  };

  describe(`${name}: which responses it compresses`, () => {
    test('a text, which goes out in chunks of no announced length', async () => {
      const { status, headers, text } = await textAnswer({}, { 'Content-Length': HELLO.length });
      assert.equal(status, 200);
      assert.equal(headers['content-encoding'], 'gzip');
      assert.equal(headers['transfer-encoding'], 'chunked');
      assert.equal(headers['content-length'], undefined);
      assert.equal(text, HELLO);
    });

    test('not for a client that takes no coding that it knows', async () => {
      for (const accepted of ['bogus', 'identity', '*;q=0', 'gzip;q=0']) {
        const { coding, text } = await textAnswer({}, {}, { headers: { 'Accept-Encoding': accepted } });
        assert.deepEqual([coding, text], ['identity', HELLO], accepted);
      }
    });

    test('not the answer to HEAD, which varies all the same', async () => {
      const { headers } = await textAnswer({}, {}, { method: 'HEAD' });
      assert.deepEqual([headers['content-encoding'], headers.vary], [undefined, 'Accept-Encoding']);
    });

    test('not what is encoded already', async () => {
      const { headers, bytes } = await textAnswer({}, { 'Content-Encoding': 'x-custom' });
      assert.deepEqual([headers['content-encoding'], bytes.toString()], ['x-custom', HELLO]);
      assert.equal((await textAnswer({}, { 'Content-Encoding': 'identity' })).coding, 'gzip');
    });

    test('not with Cache-Control: no-transform, which then does not vary either', async () => {
      for (const value of ['no-transform', 'public, No-Transform', 'no-transform , max-age=1']) {
        const { headers, coding, text } = await textAnswer({}, { 'Cache-Control': value });
        assert.deepEqual([coding, text, headers.vary], ['identity', HELLO, undefined], value);
        assert.equal(headers['cache-control'], value);
      }
      assert.equal((await textAnswer({}, { 'Cache-Control': 'no-transformation' })).coding, 'gzip');
    });

    test('not what a filter refuses, which then does not vary either', async () => {
      const refused = await textAnswer({ filter: () => false });
      assert.deepEqual([refused.coding, refused.headers.vary], ['identity', undefined]);
      const image = await textAnswer({}, { 'Content-Type': 'image/jpeg' });
      assert.deepEqual([image.coding, image.headers.vary], ['identity', undefined]);
      const wanted = await textAnswer({ filter: () => true }, { 'Content-Type': 'image/jpeg' });
      assert.equal(wanted.coding, 'gzip');
    });

    test('a filter sees the request and the response', async () => {
      const filter = (req, res) => req.url === '/' && res.getHeader('X-Filtered') === 'no';
      assert.equal((await textAnswer({ filter }, { 'X-Filtered': 'no' })).coding, 'gzip');
      assert.equal((await textAnswer({ filter }, { 'X-Filtered': 'yes' })).coding, 'identity');
    });

    test('compression.filter knows the content types that compress well', async () => {
      const types = {
        'text/plain': true,
        'TEXT/HTML; charset=utf-8': true,
        'application/json': true,
        'application/vnd.any+json': true,
        'image/svg+xml': true,
        'image/png': false,
        'application/x-bogus': false,
        'video/mp4': false,
      };
      const filter = (type) => compression.filter({}, { getHeader: () => type });
      for (const [type, wanted] of Object.entries(types)) assert.equal(filter(type), wanted, type);
      assert.equal(filter(undefined), false);
    });
  });

  describe(`${name}: Vary`, () => {
    test('also where the body is below the threshold, or the client does not say what it takes', async () => {
      const small = await textAnswer({ threshold: 1000 });
      assert.deepEqual([small.coding, small.headers.vary], ['identity', 'Accept-Encoding']);
      const silent = await textAnswer({}, {}, { headers: {} });
      assert.deepEqual([silent.coding, silent.headers.vary], ['identity', 'Accept-Encoding']);
    });

    test('beside what is there already', async () => {
      assert.equal((await textAnswer({}, { Vary: 'Origin' })).headers.vary, 'Origin, Accept-Encoding');
      assert.equal((await textAnswer({}, { Vary: 'accept-encoding' })).headers.vary, 'accept-encoding');
      assert.equal((await textAnswer({}, { Vary: '*' })).headers.vary, '*');
    });
  });

  describe(`${name}: threshold`, () => {
    const coding = async (...given) => (await textAnswer(...given)).coding;
    const TEXT = 'text/plain';

    test('is 1024 bytes, a number of bytes, or a text', async () => {
      const withText = (length) => ({ text: 'x'.repeat(length) });
      for (const [threshold, bytes] of [
        [undefined, 1024],
        [20, 20],
        ['1kb', 1024],
        ['0.5KB', 512],
        ['100', 100],
      ]) {
        assert.equal(await coding({ threshold }, {}, withText(bytes - 1)), 'identity', `${threshold}`);
        assert.equal(await coding({ threshold }, {}, withText(bytes)), 'gzip', `${threshold}`);
      }
    });

    test('is for what Content-Length says, where it is there', async () => {
      const stream = (length) => (_req, res) => {
        res.setHeader('Content-Type', TEXT);
        res.setHeader('Content-Length', length);
        res.write('x'.repeat(length / 2));
        setImmediate(() => res.end('x'.repeat(length / 2)));
      };
      const small = await answer({}, stream(1000));
      assert.deepEqual([small.coding, small.headers['content-length']], ['identity', '1000']);
      assert.equal((await answer({}, stream(2048))).coding, 'gzip');
    });

    test('does not keep back a body whose length nobody knows', async () => {
      const unknown = await answer({}, (_req, res) => {
        res.setHeader('Content-Type', TEXT);
        res.write('hello, ');
        setImmediate(() => res.end('world'));
      });
      assert.deepEqual([unknown.coding, unknown.text], ['gzip', HELLO]);
    });

    test('counts bytes, not characters', async () => {
      assert.equal(await coding({ threshold: 6 }, {}, { text: 'ééé' }), 'gzip');
      const hex = await answer({ threshold: 6 }, (_req, res) => {
        res.setHeader('Content-Type', TEXT);
        res.end('2e2e2e2e', 'hex');
      });
      assert.deepEqual([hex.coding, hex.text], ['identity', '....']);
    });

    test('takes no body for one of no bytes', async () => {
      for (const body of [[], [null], [undefined], ['']]) {
        const empty = await answer({ threshold: 1 }, (_req, res) => {
          res.setHeader('Content-Type', TEXT);
          res.end(...body);
        });
        assert.deepEqual([empty.coding, empty.bytes.length], ['identity', 0]);
      }
    });
  });

  describe(`${name}: the coding`, () => {
    const chosen = async (options, accepted) =>
      (await textAnswer(options, {}, { headers: accepted === undefined ? {} : { 'Accept-Encoding': accepted } }))
        .coding;

    test('is the one that the client likes best, and br before gzip before deflate where it likes several', async () => {
      for (const [accepted, coding] of [
        ['gzip', 'gzip'],
        ['deflate', 'deflate'],
        ['br', 'br'],
        ['gzip, deflate', 'gzip'],
        ['deflate, gzip', 'gzip'],
        ['gzip, br', 'br'],
        ['deflate, gzip, br', 'br'],
        ['deflate, br', 'br'],
        ['gzip;q=1, br;q=0.3', 'gzip'],
        ['gzip, br;q=0.8', 'gzip'],
        ['gzip;q=0.5, deflate;q=0.6', 'deflate'],
        ['gzip;q=0.001', 'gzip'],
        ['gzip;q=0.5, identity;q=0.8', 'identity'],
        ['GZIP', 'gzip'],
        ['*', 'br'],
        ['br;q=0, *', name === 'offloop/express' ? 'zstd' : 'gzip'],
      ]) {
        assert.equal(await chosen({}, accepted), coding, accepted);
      }
    });

    test('is enforceEncoding for clients that do not say', async () => {
      for (const coding of ['gzip', 'deflate', 'br', 'identity']) {
        assert.equal(await chosen({ enforceEncoding: coding }, undefined), coding);
        assert.equal(await chosen({ enforceEncoding: coding }, ''), coding);
      }
      assert.equal(await chosen({ enforceEncoding: 'deflate' }, 'gzip'), 'gzip');
      for (const enforceEncoding of ['bogus', '*', undefined]) {
        assert.equal(await chosen({ enforceEncoding }, undefined), 'identity', enforceEncoding);
      }
    });

    test('has the options of zlib, and brotli its own', async () => {
      const size = async (options, accepted) => {
        const { bytes, text } = await textAnswer(options, {}, { text: LONG, headers: { 'Accept-Encoding': accepted } });
        assert.equal(text, LONG);
        return bytes.length;
      };
      assert.ok((await size({ level: 0 }, 'gzip')) > LONG.length);
      assert.ok((await size({ level: 9 }, 'gzip')) < 200);
      assert.ok((await size({ strategy: constants.Z_HUFFMAN_ONLY }, 'deflate')) > 1000);
      assert.ok((await size({ level: 9, memLevel: 1, windowBits: 9, chunkSize: 64 }, 'deflate')) < 500);
      const params = { [constants.BROTLI_PARAM_LGWIN]: 10, [constants.BROTLI_PARAM_QUALITY]: 11 };
      assert.ok((await size({ level: 0, brotli: { params } }, 'br')) <= (await size({}, 'br')));
      assert.ok((await size({ brotli: { params } }, 'gzip')) < 200);
    });

    test('br has quality 4 where nothing else is said', async () => {
      const text = readFileSync(__filename, 'utf8');
      const size = async (params) => {
        const options = { brotli: { params } };
        return (await textAnswer(options, {}, { text, headers: { 'Accept-Encoding': 'br' } })).bytes.length;
      };
      const usual = await size(undefined);
      assert.equal(usual, await size({ [constants.BROTLI_PARAM_QUALITY]: 4 }));
      assert.notEqual(usual, await size({ [constants.BROTLI_PARAM_QUALITY]: 11 }));
    });
  });

  describe(`${name}: the head`, () => {
    test('may be given to writeHead', async () => {
      for (const head of [
        [{ 'Content-Type': 'text/plain', 'X-Own': 'a' }],
        ['Fine', { 'Content-Type': 'text/plain', 'X-Own': 'a' }],
        [['Content-Type', 'text/plain', 'X-Own', 'a']],
      ]) {
        const { status, headers, text } = await answer({}, (_req, res) => {
          res.writeHead(201, ...head);
          res.write(HELLO);
          res.end();
        });
        assert.deepEqual([status, headers['content-encoding'], headers['x-own']], [201, 'gzip', 'a']);
        assert.equal(text, HELLO);
      }
    });

    test('is what the middleware that comes later makes of it', async () => {
      const { coding, status } = await answer({ threshold: 0 }, (_req, res) => {
        onHeaders(res, () => {
          res.statusCode = 203;
          res.setHeader('Content-Type', 'text/plain');
        });
        res.end(HELLO);
      });
      assert.deepEqual([coding, status], ['gzip', 203]);
    });

    test('is encoded once where the middleware is there twice', async () => {
      const twice = (req, res, next) =>
        compression({ threshold: 0 })(req, res, () => compression({ threshold: 0 })(req, res, next));
      const send = (_req, res) => {
        res.setHeader('Content-Type', 'text/plain');
        res.write('hello, ');
        res.end('world');
      };
      const { coding, text } = await withServer(twice, send, (url) => ask(url, GZIP));
      assert.deepEqual([coding, text], ['gzip', HELLO]);
    });

    test('is as Express sends it', async () => {
      const app = express();
      app.use(compression());
      app.get('/text', (_req, res) => res.send(LONG));
      app.get('/json', (_req, res) => res.json({ LONG }));
      app.get('/small', (_req, res) => res.send('small'));
      app.get('/none', (_req, res) => res.status(204).type('text').send());
      app.get('/file', (_req, res) => res.sendFile(__filename));
      await withServer(app, undefined, async (url) => {
        const text = await ask(`${url}/text`, GZIP);
        assert.deepEqual([text.coding, text.text], ['gzip', LONG]);
        assert.match(text.headers.etag, /^W\//);
        const json = await ask(`${url}/json`, GZIP);
        assert.deepEqual([json.coding, json.text], ['gzip', JSON.stringify({ LONG })]);
        const small = await ask(`${url}/small`, GZIP);
        assert.deepEqual([small.coding, small.headers['content-length']], ['identity', '5']);
        assert.deepEqual((await ask(`${url}/none`, GZIP)).status, 204);
        const cached = await ask(`${url}/text`, { ...GZIP, 'If-None-Match': text.headers.etag });
        assert.deepEqual([cached.status, cached.bytes.length], [304, 0]);
        const file = await ask(`${url}/file`, GZIP);
        assert.equal(file.coding, 'gzip');
        assert.match(file.text, /is as Express sends it/);
      });
    });
  });
}
