'use strict';

// What whoever writes a response learns of it, where offloop/express goes further than the package `compression`.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { ask, latch, withServer, withTexts } = require('./support/express.js');
const { compression } = require('offloop/express');

const TEXT = 'Some text, over and over again. '.repeat(1000);
const GZIP = { 'Accept-Encoding': 'gzip' };

const compressed = (handler, use, options) => withTexts(compression(options), handler, use);

describe('the writer', () => {
  test('has its callbacks called', async () => {
    const { release: hand, promise: calls } = latch();
    const send = (_req, res) => {
      res.write('hello, ', () => {
        res.write('wor', 'utf8', (error) => {
          const returned = res.end('ld', () => {
            res.write('more', (late) => hand([error, returned === res, res.writableFinished, late.code]));
          });
        });
      });
    };
    await compressed(send, async (url) => {
      assert.equal((await ask(url, GZIP)).text, 'hello, world');
      const [error, isItself, isFinished, late] = await calls;
      assert.deepEqual([error ?? null, isItself, isFinished, late], [null, true, true, 'ERR_STREAM_WRITE_AFTER_END']);
    });
  });

  test('has the callback of end called in all its forms', async () => {
    for (const given of [[], ['hello'], ['hello', 'utf8'], ['x'.repeat(300_000)]]) {
      const { release: hand, promise: finished } = latch();
      const send = (_req, res) => {
        res.end(...given, () => hand(res.writableFinished));
      };
      await compressed(send, (url) => ask(url, GZIP), { threshold: 0 });
      assert.equal(await finished, true);
    }
  });

  test('has an error of Node for what is neither text nor bytes, and can still answer', async () => {
    const { release: hand, promise: codes } = latch();
    const send = (_req, res) => {
      const thrown = [];
      const attempt = (call) => {
        try {
          call();
        } catch (error) {
          thrown.push(error.code);
        }
      };
      attempt(() => res.write(5));
      attempt(() => res.write(null));
      attempt(() => res.end({}));
      res.statusCode = 500;
      res.write('sor');
      attempt(() => res.end({}));
      res.end('ry');
      hand(thrown);
    };
    await compressed(send, async (url) => {
      const { status, text } = await ask(url, GZIP);
      assert.deepEqual([status, text], [500, 'sorry']);
      const TYPE = 'ERR_INVALID_ARG_TYPE';
      assert.deepEqual(await codes, [TYPE, 'ERR_STREAM_NULL_VALUES', TYPE, TYPE]);
    });
  });

  test('does not hear when the socket is empty again', async () => {
    const { release: hand, promise: heard } = latch();
    const send = (_req, res) => {
      let drains = 0;
      res.on('drain', () => drains++);
      res.write('text');
      // As Node's HTTP does.
      res.emit('drain');
      hand(drains);
      res.end();
    };
    await compressed(send, async (url) => {
      assert.equal((await ask(url, GZIP)).text, 'text');
      assert.equal(await heard, 0);
    });
  });

  test('can wait for drain once, and leaves no listener behind', async () => {
    const { release: hand, promise: listeners } = latch();
    const send = async (_req, res) => {
      const listener = () => assert.fail('was removed');
      res.on('drain', listener);
      res.removeListener('drain', listener);
      for (let count = 0; count < 20; count++) {
        if (!res.write(TEXT)) await once(res, 'drain');
      }
      hand(res.listenerCount('drain'));
      res.end();
    };
    await compressed(send, async (url) => {
      assert.equal((await ask(url, GZIP)).text.length, 20 * TEXT.length);
      assert.equal(await listeners, 0);
    });
  });

  test('that pipes to the response waits for what compresses, and not for the socket', async () => {
    const middleware = compression();
    const full = (req, res, next) => {
      Object.defineProperty(res, 'writableNeedDrain', { configurable: true, value: true });
      middleware(req, res, next);
    };
    const send = async (_req, res) => {
      res.setHeader('Content-Type', 'text/plain');
      res.write('the ');
      await pipeline(Readable.from(['end']), res);
    };
    await withServer(full, send, async (url) => assert.equal((await ask(url, GZIP)).text, 'the end'));
  });
});
