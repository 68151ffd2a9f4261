'use strict';

// The jobs behind a response of offloop/express: how many there are, and what ends them.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const http2 = require('node:http2');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { setImmediate: nextTurn } = require('node:timers/promises');
const { pool } = require('./support/offloop.js');
const { withBusyLane } = require('./support/example.js');
const { ask, latch, open, withServer, withTexts } = require('./support/express.js');
const { compression } = require('offloop/express');

const TEXT = 'Some text, over and over again. '.repeat(1000);
const GZIP = { 'Accept-Encoding': 'gzip' };

const compressed = (handler, use, options) => withTexts(compression(options), handler, use);

/** The sum of a figure over both lanes. */
const figure = (name) => pool.stats().interactive[name] + pool.stats().bulk[name];

async function idle() {
  while (figure('running') + figure('queued') > 0) await nextTurn();
}

async function discard(readable) {
  await readable.forEach(() => {});
}

/** Chunks that do not compress, without an end. */
function* endless() {
  const chunk = randomBytes(1 << 16);
  for (;;) yield chunk;
}

describe('jobs', () => {
  test('a small body in one piece takes one, in every coding', async () => {
    for (const coding of ['br', 'zstd', 'gzip', 'deflate']) {
      await compressed(
        (_req, res) => res.end(TEXT),
        async (url) => {
          const before = figure('completed');
          // Not decoded, which would take jobs too.
          const response = await open(url, { 'Accept-Encoding': coding });
          await discard(response);
          assert.deepEqual([response.headers['content-encoding'], figure('completed') - before], [coding, 1]);
        }
      );
    }
  });

  test('have the lane of the options', async () => {
    for (const lane of ['interactive', 'bulk']) {
      for (const accepted of ['br', 'zstd', 'gzip']) {
        await compressed(
          (req, res) => {
            if (req.url === '/stream') res.write(TEXT);
            res.end(TEXT);
          },
          async (url) => {
            for (const path of ['', '/stream']) {
              const { [lane]: before } = pool.stats();
              await ask(url + path, { 'Accept-Encoding': accepted });
              assert.ok(pool.stats()[lane].completed > before.completed, `${accepted} ${path} ${lane}`);
            }
          },
          { lane }
        );
      }
    }
  });

  test('that the full queue refuses wait until there is room', async () => {
    await compressed(
      (_req, res) => res.end(TEXT),
      async (url) => {
        const { rejected } = pool.stats().interactive;
        let asked;
        await withBusyLane('interactive', 0, async () => {
          asked = ask(url, GZIP);
          while (pool.stats().interactive.rejected === rejected) await nextTurn();
        });
        const { status, text } = await asked;
        assert.deepEqual([status, text === TEXT], [200, true]);
      },
      { lane: 'interactive' }
    );
  });

  test('that fail destroy the response, so that nobody takes it for complete', async () => {
    for (const size of [10_000, 1_000_000]) {
      await compressed(
        (_req, res) => res.end(randomBytes(size)),
        (url) => assert.rejects(ask(url, GZIP), { code: 'ECONNRESET' }),
        { maxOutputLength: 1000 }
      );
    }
  });
});

describe('a client that goes away', () => {
  test('ends what is written to it, and its jobs', async () => {
    const { release: hand, promise: failed } = latch();
    await compressed(
      (_req, res) => pipeline(Readable.from(endless()), res).catch(hand),
      async (url) => {
        const response = await open(url, GZIP);
        await once(response, 'readable');
        response.destroy();
        assert.equal((await failed).code, 'ERR_STREAM_PREMATURE_CLOSE');
        await idle();
      }
    );
  });

  test('has the callbacks called of what was not sent', async () => {
    const { release: hand, promise: failed } = latch();
    const send = (_req, res) => {
      const write = (error) => {
        if (error) hand(error);
        else res.write(randomBytes(1 << 20), write);
      };
      write();
    };
    await compressed(send, async (url) => {
      const response = await open(url, GZIP);
      response.destroy();
      assert.ok((await failed) instanceof Error);
      await idle();
    });
  });

  test('withdraws the job of a body in one piece from the queue', async () => {
    await compressed(
      (_req, res) => res.end(TEXT),
      async (url) => {
        const { cancelled } = pool.stats().interactive;
        await withBusyLane('interactive', 1, async () => {
          const asked = ask(url, GZIP);
          const rejected = assert.rejects(asked, { code: 'ECONNRESET' });
          while (pool.stats().interactive.queued === 0) await nextTurn();
          asked.request.destroy();
          await rejected;
          while (pool.stats().interactive.queued > 0) await nextTurn();
        });
        await idle();
        assert.equal(pool.stats().interactive.cancelled, cancelled + 2, 'this job and the one that kept the lane busy');
      },
      { lane: 'interactive' }
    );
  });

  test('leaves nothing behind where it went before the middleware came', async () => {
    const { release: hand, promise: written } = latch();
    const { release: arrive, promise: arrived } = latch();
    const middleware = compression();
    const late = async (req, res, next) => {
      arrive();
      await once(res, 'close');
      middleware(req, res, next);
    };
    const send = (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      hand([res.getHeader('Content-Encoding'), res.write(TEXT, (error) => hand(error)), res.end().writableEnded]);
    };
    await withServer(late, send, async (url) => {
      const before = figure('completed');
      const asked = ask(url, GZIP);
      const rejected = assert.rejects(asked, { code: 'ECONNRESET' });
      await arrived;
      asked.request.destroy();
      await rejected;
      assert.deepEqual(await written, [undefined, false, true]);
      assert.equal(figure('completed'), before);
    });
  });

  test('has the end of the response called once, for those who put something around it', async () => {
    for (const endsFirst of [false, true]) {
      const { release: hand, promise: closed } = latch();
      let ends = 0;
      const around = (_req, res, next) => {
        const { end } = res;
        res.end = (...given) => {
          ends++;
          return end.apply(res, given);
        };
        next();
      };
      const middleware = compression();
      const send = async (_req, res) => {
        res.setHeader('Content-Type', 'text/plain');
        res.write(randomBytes(1 << 20));
        if (endsFirst) res.end();
        res.destroy();
        await once(res, 'close');
        if (!endsFirst) res.end();
        hand();
      };
      await withServer(
        (req, res, next) => around(req, res, () => middleware(req, res, next)),
        send,
        async (url) => {
          await assert.rejects(ask(url, GZIP), { code: 'ECONNRESET' });
          await closed;
          await idle();
        }
      );
      assert.equal(ends, 1);
    }
  });

  test('ends what is written to it over HTTP/2 too', async () => {
    const { release: hand, promise: failed } = latch();
    const middleware = compression();
    const server = http2.createServer((req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      middleware(req, res, () => pipeline(Readable.from(endless()), res).catch(hand));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = http2.connect(`http://127.0.0.1:${server.address().port}`);
    try {
      const stream = client.request({ 'accept-encoding': 'gzip' });
      await once(stream, 'readable');
      stream.close(http2.constants.NGHTTP2_CANCEL);
      assert.ok((await failed) instanceof Error);
      await idle();
    } finally {
      client.close();
      server.close();
    }
  });
});
