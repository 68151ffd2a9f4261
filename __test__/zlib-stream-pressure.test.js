'use strict';

// Streams that are not read, and streams that are given up: what they hold is bounded, and goes.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { getEventListeners, once } = require('node:events');
const http = require('node:http');
const { PassThrough, Readable, Writable, pipeline } = require('node:stream');
const { buffer } = require('node:stream/consumers');
const { child, succeeds } = require('./support/child.js');
const { pool } = require('./support/offloop.js');
const { FORMATS, decompressed, factory, mixed, node, noise, zlib } = require('./support/zlib.js');

const MB = 2 ** 20;

function isIdle() {
  const { interactive, bulk } = pool.stats();
  return interactive.running + interactive.queued + bulk.running + bulk.queued === 0;
}

/** Waits until no job of this process is left. */
async function idle() {
  while (!isIdle()) await new Promise(setImmediate);
}

/** Waits until nothing happens any more: no job is in flight, and `progress` stays as it is. */
async function stuck(progress) {
  for (let turns = 0, last = progress(); turns < 200; turns++) {
    await new Promise(setImmediate);
    if (!isIdle() || progress() !== last) turns = 0;
    last = progress();
  }
}

describe('a writer that never stops, and nobody reads:', () => {
  for (const { compress, decompress, fast } of Object.values(FORMATS)) {
    test(`${compress} takes a few blocks, and goes on when it is read`, async () => {
      const stream = zlib[factory(compress)](fast);
      const chunk = noise(64 << 10);
      let taken = 0;
      const MOST = 48 * MB;
      let isOver = false;
      const writing = (async () => {
        while (!isOver && taken < MOST) {
          await new Promise((resolve) => stream.write(chunk, resolve));
          taken += chunk.length;
        }
      })();
      await stuck(() => taken);
      assert.ok(taken < 24 * MB, `${taken} bytes were taken`);
      assert.ok(stream.readableLength <= 8 * MB, `${stream.readableLength} bytes wait for a reader`);
      isOver = true;
      const out = buffer(stream);
      await writing;
      stream.end();
      const restored = await decompressed(decompress, await out);
      assert.equal(restored.length, taken);
      assert.ok(restored.subarray(-chunk.length).equals(chunk));
    });

    test(`${decompress} makes no more than is read`, async () => {
      const zeros = Buffer.alloc(24 * MB);
      const bytes = await zlib[compress](zeros, fast);
      const stream = zlib[factory(decompress)]();
      stream.end(bytes);
      await stuck(() => stream.readableLength);
      assert.ok(stream.readableLength > 0 && stream.readableLength <= 2 * MB, `${stream.readableLength} bytes`);
      assert.equal((await buffer(stream)).length, zeros.length);
    });
  }
});

describe('destroy in the middle', () => {
  const data = mixed(3 * MB);

  test('ends the stream with its error, and its jobs', async () => {
    const own = new Error('on purpose');
    for (const { compress, fast } of Object.values(FORMATS)) {
      for (const error of [undefined, own]) {
        const stream = zlib[factory(compress)](fast);
        const written = new Promise((resolve) => stream.write(data, resolve));
        stream.resume();
        const closed = new Promise((resolve) => stream.once('close', resolve));
        const failed = error && once(stream, 'error');
        setImmediate(() => stream.destroy(error));
        await closed;
        await written;
        if (error) assert.equal((await failed)[0], own);
        assert.ok(stream.destroyed);
        await idle();
      }
    }
  });

  test('withdraws the jobs that it has in flight', async () => {
    const cancelled = () => pool.stats().interactive.cancelled + pool.stats().bulk.cancelled;
    for (const name of ['createGzip', 'createZstdCompress']) {
      const before = cancelled();
      const stream = zlib[name]({ level: 9 });
      stream.write(data);
      stream.destroy();
      await idle();
      assert.ok(cancelled() > before, name);
    }
  });

  test('at once, twice, with a flush under way, and before anything', async () => {
    for (const { compress, decompress, fast } of Object.values(FORMATS)) {
      const bytes = await zlib[compress](data, fast);
      for (const [name, input] of [
        [compress, data],
        [decompress, bytes],
      ]) {
        zlib[factory(name)]().destroy().destroy();
        const stream = zlib[factory(name)]();
        stream.write(input);
        const flushed = new Promise((resolve) => stream.flush(resolve));
        stream.destroy();
        assert.equal((await flushed).code, 'ERR_STREAM_DESTROYED', name);
      }
    }
    await idle();
  });

  test('of the source or of the sink, through pipeline', async () => {
    const own = new Error('on purpose');
    const ended = (...streams) => new Promise((resolve) => pipeline(...streams, resolve));
    const failing = new Readable({ read() {} });
    failing.push(data);
    const broken = zlib.createGzip();
    const failed = ended(failing, broken, new PassThrough().resume());
    broken.once('data', () => failing.destroy(own));
    assert.equal(await failed, own);
    assert.ok(broken.destroyed);

    const left = zlib.createGzip();
    const source = Readable.from([data, data, data]);
    const rejected = ended(source, left, new Writable({ write: (_chunk, _encoding, callback) => callback(own) }));
    assert.equal(await rejected, own);
    assert.ok(left.destroyed && source.destroyed);
    await idle();
  });
});

describe('errors', () => {
  test('of the data have the code, the number and the place, through pipeline too', async () => {
    const file = node.gzipSync(mixed(200_000));
    const wrong = Buffer.from(file);
    wrong[file.length - 8] ^= 1;
    for (const [name, bytes] of [
      ['createGunzip', wrong],
      ['createGunzip', file.subarray(0, -1)],
      ['createGunzip', Buffer.from('no gzip at all')],
      ['createGunzip', Buffer.concat([node.gzipSync('x'), Buffer.from('garbage')])],
      ['createInflate', file],
      ['createInflateRaw', file.subarray(0, 5)],
      ['createUnzip', file.subarray(0, 100)],
      ['createBrotliDecompress', Buffer.from([0xff, 0xff, 0xff, 0xff])],
      ['createBrotliDecompress', node.brotliCompressSync('text').subarray(0, 5)],
    ]) {
      const [expected, actual] = await Promise.all(
        [node, zlib].map((library) => {
          const stream = library[name]();
          return new Promise((resolve) => {
            pipeline([bytes.subarray(0, 50_000), bytes.subarray(50_000)], stream, async (chunks) => {
              for await (const chunk of chunks) assert.ok(chunk.length > 0);
            }, resolve); // prettier-ignore
          });
        })
      );
      assert.ok(expected instanceof Error, name);
      assert.deepEqual([actual.code, actual.errno], [expected.code, expected.errno], name);
      assert.ok(actual.message.startsWith(expected.message), actual.message);
      assert.ok(actual.byteOffset >= 0 && actual.byteOffset <= bytes.length, `${actual.byteOffset}`);
    }
  });

  test('what came before the error can be read', async () => {
    const file = node.gzipSync(mixed(400_000));
    const stream = zlib.createGunzip();
    stream.end(file.subarray(0, -4));
    const chunks = [];
    await assert.rejects(
      (async () => {
        for await (const chunk of stream) chunks.push(chunk);
      })(),
      { code: 'Z_BUF_ERROR' }
    );
    assert.ok(Buffer.concat(chunks).length > 100_000);
  });

  test('maxOutputLength is kept where it is given', async () => {
    const zeros = Buffer.alloc(100_000);
    for (const { compress, decompress } of Object.values(FORMATS)) {
      const bytes = await zlib[compress](zeros);
      const short = zlib[factory(decompress)]({ maxOutputLength: 99_999 });
      short.end(bytes);
      await assert.rejects(buffer(short), { code: 'ERR_BUFFER_TOO_LARGE' }, decompress);
      const enough = zlib[factory(decompress)]({ maxOutputLength: 100_000 });
      enough.end(bytes);
      assert.equal((await buffer(enough)).length, 100_000);
      const writer = zlib[factory(compress)]({ maxOutputLength: 5 });
      writer.end(noise(1000));
      await assert.rejects(buffer(writer), { code: 'ERR_BUFFER_TOO_LARGE' }, compress);
    }
  });

  test('job options that mean nothing for a stream are refused, and the others are checked', () => {
    for (const { compress, decompress } of Object.values(FORMATS)) {
      for (const name of [factory(compress), factory(decompress)]) {
        for (const [options, code] of [
          [{ timeout: 5 }, 'ERR_INVALID_ARG_VALUE'],
          [{ transfer: true }, 'ERR_INVALID_ARG_VALUE'],
          [{ copy: false }, 'ERR_INVALID_ARG_VALUE'],
          [{ onProgress() {} }, 'ERR_INVALID_ARG_VALUE'],
          [{ lane: 'fast' }, 'ERR_INVALID_ARG_VALUE'],
          [{ priority: 0.5 }, 'ERR_OUT_OF_RANGE'],
          [{ signal: {} }, 'ERR_INVALID_ARG_TYPE'],
          [{ flush: 99 }, 'ERR_OUT_OF_RANGE'],
          ['x', 'ERR_INVALID_ARG_TYPE'],
        ]) {
          assert.throws(() => zlib[name](options), { code }, `${name} ${JSON.stringify(options)}`);
        }
        zlib[name]({ lane: 'bulk', priority: 5 }).destroy();
        zlib[name](null).destroy();
      }
    }
  });
});

describe('a signal', () => {
  test('that is aborted destroys the stream, and is left alone by one that has ended', async () => {
    for (const { compress, decompress, fast } of Object.values(FORMATS)) {
      const controller = new AbortController();
      const { signal } = controller;
      const done = zlib[factory(compress)]({ signal });
      done.end('text');
      const bytes = await buffer(done);
      const reader = zlib[factory(decompress)]({ signal });
      reader.end(bytes);
      assert.equal(String(await buffer(reader)), 'text');
      const stream = zlib[factory(compress)]({ ...fast, signal });
      stream.write(mixed(MB));
      const ended = Promise.all([once(stream, 'error'), new Promise((resolve) => stream.once('close', resolve))]);
      controller.abort();
      const [[error]] = await ended;
      assert.deepEqual([error.name, error.code], ['AbortError', 'ABORT_ERR']);
      assert.equal(getEventListeners(signal, 'abort').length, 0, compress);
      await idle();
    }
  });

  test('that was aborted before', async () => {
    const stream = zlib.createGzip({ signal: AbortSignal.abort() });
    const [error] = await once(stream, 'error');
    assert.equal(error.code, 'ABORT_ERR');
  });
});

test('a client that leaves early leaves no stream and no job behind', async () => {
  const closed = [];
  const streams = [];
  const server = http.createServer((request, response) => {
    const gzip = zlib.createGzip({ level: 6 });
    const source = Readable.from((function* () { for (;;) yield mixed(100_000); })()); // prettier-ignore
    streams.push(source, gzip);
    closed.push(new Promise((resolve) => pipeline(source, gzip, response, resolve)));
  });
  await once(server.listen(0), 'listening');
  const { port } = server.address();
  for (let client = 0; client < 8; client++) {
    const request = http.get({ port, agent: false });
    const [response] = await once(request, 'response');
    await once(response, 'readable');
    request.destroy();
  }
  for (const error of await Promise.all(closed)) assert.equal(error.code, 'ERR_STREAM_PREMATURE_CLOSE');
  assert.ok(streams.every((stream) => stream.destroyed));
  await idle();
  server.close();
});

describe('a process ends', () => {
  test('that has streams on which nothing happens, and streams that nobody reads', async () => {
    assert.equal(await succeeds('zlib-ends.js', { args: ['idleStreams'] }), '');
  });

  test('in the middle of a compression', async () => {
    const { code, signal, stderr } = await child('zlib-ends.js', { args: ['exit'] });
    assert.deepEqual({ code, signal, stderr }, { code: 7, signal: null, stderr: '' });
  });

  test('when a stream has its last byte, and not before', async () => {
    assert.equal(await succeeds('zlib-ends.js', { args: ['pending'] }), 'done\n');
  });
});
