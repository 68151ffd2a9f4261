'use strict';

// How a response is written through the middleware: what the package `compression` documents and tests, of
// offloop/express and of the package itself.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const http2 = require('node:http2');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { setImmediate: nextTurn } = require('node:timers/promises');
const zlib = require('node:zlib');
const { ask, latch, open, withTexts } = require('./support/express.js');
const { pool } = require('offloop');
const packaged = require('compression');
const { compression: ours } = require('offloop/express');

const HELLO = 'hello, world';
const DECODERS = { gzip: zlib.createGunzip, deflate: zlib.createInflate, br: zlib.createBrotliDecompress };

for (const [name, compression] of Object.entries({ 'offloop/express': ours, 'the package compression': packaged })) {
  const compressed = (handler, use, options = { threshold: 0 }) => withTexts(compression(options), handler, use);
  /** The answer to a request, where `handler` makes the response. */
  const answer = (handler, coding = 'gzip') => compressed(handler, (url) => ask(url, { 'Accept-Encoding': coding }));

  describe(`${name}: what is written`, () => {
    test('may be text in any encoding, and bytes', async () => {
      const { text } = await answer((_req, res) => {
        res.write('hel', 'utf8');
        res.write(Buffer.from('lo'));
        res.write('LCA=', 'base64');
        res.write(new Uint8Array([119, 111]));
        res.end('726c64', 'hex');
      });
      assert.equal(text, HELLO);
    });

    test('may be large, in one piece and in several', async () => {
      const piece = randomBytes(160_000).toString('hex');
      for (const coding of ['gzip', 'br', 'deflate']) {
        const whole = await answer((_req, res) => res.end(piece), coding);
        assert.deepEqual([whole.coding, whole.text === piece], [coding, true]);
        const several = await answer((_req, res) => {
          for (let count = 0; count < 3; count++) res.write(piece);
          res.end(piece);
        }, coding);
        assert.deepEqual([several.coding, several.text === piece.repeat(4)], [coding, true]);
      }
    });

    test('may be nothing', async () => {
      const { coding, text } = await answer((_req, res) => res.end());
      assert.deepEqual([coding, text], ['gzip', '']);
    });

    test('has its head sent with the first of it, or when it is flushed before', async () => {
      const begins = [(res) => res.write(HELLO), (res) => res.writeHead(200).flush()];
      for (const begin of begins) {
        const goOn = latch();
        const send = async (_req, res) => {
          begin(res);
          await goOn.promise;
          res.end(HELLO);
        };
        await compressed(send, async (url) => {
          const response = await open(url, { 'Accept-Encoding': 'gzip' });
          assert.equal(response.headers['content-encoding'], 'gzip');
          goOn.release();
          assert.match(zlib.gunzipSync(Buffer.concat(await response.toArray())).toString(), /^(hello, world)+$/);
        });
      }
    });

    test('after the end is nothing, and write and end say so', async () => {
      const returned = latch();
      const { text } = await answer((_req, res) => {
        res.end(HELLO);
        returned.release([res.write('more'), res.write(), res.end('more'), res.end()]);
      });
      assert.equal(text, HELLO);
      assert.deepEqual(await returned.promise, [false, false, false, false]);
    });

    test('after the response has closed is nothing', async () => {
      const closed = latch();
      await compressed(
        async (_req, res) => {
          res.destroy();
          await once(res, 'close');
          closed.release([res.write('hello, '), Boolean(res.end('world'))]);
        },
        async (url) => {
          await assert.rejects(ask(url, { 'Accept-Encoding': 'gzip' }), { code: 'ECONNRESET' });
          assert.equal((await closed.promise)[0], false);
        }
      );
    });
  });

  describe(`${name}: res.flush`, () => {
    test('is there for every response, and does nothing before there is something', async () => {
      const { status, text } = await answer((_req, res) => {
        res.flush();
        res.end(HELLO);
        res.flush();
      });
      assert.deepEqual([status, text], [200, HELLO]);
    });

    for (const coding of ['gzip', 'deflate', 'br']) {
      test(`has all that was written sent, in ${coding}`, async () => {
        let goOn = latch();
        const send = async (_req, res) => {
          for (let count = 0; count < 5; count++) {
            res.write(`event ${count}\n`);
            res.flush();
            await goOn.promise;
            goOn = latch();
          }
          res.end('end\n');
        };
        await compressed(send, async (url) => {
          const response = await open(url, { 'Accept-Encoding': coding });
          const events = [];
          for await (const chunk of response.pipe(DECODERS[coding]())) {
            events.push(chunk.toString());
            goOn.release();
          }
          assert.deepEqual(events, ['event 0\n', 'event 1\n', 'event 2\n', 'event 3\n', 'event 4\n', 'end\n']);
        });
      });
    }
  });

  describe(`${name}: backpressure`, () => {
    /** Chunks that do not compress; `pulled` says how many were asked for. */
    const source = () => {
      const state = { pulled: 0 };
      const chunk = randomBytes(1 << 16);
      const chunks = function* () {
        for (;;) {
          state.pulled++;
          yield chunk;
        }
      };
      return Object.assign(state, { readable: Readable.from(chunks(), { highWaterMark: 1 }) });
    };

    /** Resolves when a source has not been asked for anything in many turns, in which nothing is compressed. */
    const stalls = async (state) => {
      for (let quiet = 0, last = 0; quiet < 300; last = state.pulled) {
        await nextTurn();
        const { interactive, bulk } = pool.stats();
        quiet = state.pulled === last && interactive.running + bulk.running === 0 ? quiet + 1 : 0;
        assert.ok(state.pulled * 65_536 < 2 ** 26, `${state.pulled} chunks of 64 KiB`);
      }
    };

    for (const accepted of ['gzip', 'identity']) {
      test(`what a client does not read is not asked for, and goes on when it reads, in ${accepted}`, async () => {
        const state = source();
        const send = (_req, res) => pipeline(state.readable, res).catch(() => {});
        const use = async (url) => {
          const response = await open(url, { 'Accept-Encoding': accepted });
          await stalls(state);
          const { pulled } = state;
          while (state.pulled === pulled) {
            if (response.read() === null) await once(response, 'readable');
          }
          response.destroy();
        };
        await compressed(send, use, { level: 1 });
      });
    }

    test('write says that the buffer is full, and drain that it is empty again', async () => {
      const written = latch();
      const { text } = await answer(async (_req, res) => {
        const seen = [];
        for (let count = 0; count < 3; count++) {
          seen.push(res.write('x'.repeat(2 ** 20)));
          await new Promise((resolve) => res.on('drain', resolve));
        }
        res.end();
        written.release(seen);
      });
      assert.equal(text.length, 3 * 2 ** 20);
      assert.deepEqual(await written.promise, [false, false, false]);
    });
  });

  describe(`${name}: HTTP/2`, () => {
    /** What a client of HTTP/2 gets. */
    const askHttp2 = async (handler, headers) => {
      const middleware = compression({ threshold: 4 });
      const server = http2.createServer((req, res) => middleware(req, res, () => handler(req, res)));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const client = http2.connect(`http://127.0.0.1:${server.address().port}`);
      try {
        const stream = client.request(headers);
        const [head] = await once(stream, 'response');
        const bytes = Buffer.concat(await stream.toArray());
        return { head, bytes };
      } finally {
        client.close();
        server.close();
      }
    };

    const sends = {
      'in one piece': (res) => res.end(HELLO),
      'in several': (res) => {
        res.write('hello, ');
        res.end('world');
      },
    };
    for (const [way, send] of Object.entries(sends)) {
      test(`is compressed, ${way}`, async () => {
        const handler = (_req, res) => {
          res.setHeader('Content-Type', 'text/plain');
          send(res);
        };
        const { head, bytes } = await askHttp2(handler, { 'accept-encoding': 'gzip' });
        assert.deepEqual([head[':status'], head['content-encoding'], head.vary], [200, 'gzip', 'Accept-Encoding']);
        assert.equal(zlib.gunzipSync(bytes).toString(), HELLO);
        const plain = await askHttp2(handler, {});
        assert.deepEqual([plain.head['content-encoding'], plain.bytes.toString()], [undefined, HELLO]);
      });
    }
  });
}
