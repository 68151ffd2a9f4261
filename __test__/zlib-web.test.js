'use strict';

// The streams of the web, beside those that Node has.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { CompressionStream, DecompressionStream } = require('node:stream/web');
const { pieces } = require('./support/csv.js');
const { pool } = require('./support/offloop.js');
const { FORMATS, factory, mixed, node, noise, text, zlib } = require('./support/zlib.js');

const NAMES = { gzip: 'gzip', deflate: 'deflate', 'deflate-raw': 'deflateRaw', brotli: 'brotli', zstd: 'zstd' };
const IN_NODE = ['gzip', 'deflate', 'deflate-raw'];

const data = mixed(900_000);

const streamOf = (bytes, size = 50_000) => ReadableStream.from(pieces(bytes, size));
const bytesOf = async (readable) => Buffer.from(await new Response(readable).arrayBuffer());
const optionsOf = (format) => FORMATS[NAMES[format]].fast;

describe('there and back', () => {
  for (const format of Object.keys(NAMES)) {
    test(format, async () => {
      for (const size of [1000, 300_000, data.length]) {
        const compressed = streamOf(data, size).pipeThrough(zlib.compressionStream(format, optionsOf(format)));
        const restored = await bytesOf(compressed.pipeThrough(zlib.decompressionStream(format)));
        assert.ok(restored.equals(data), `pieces of ${size}`);
      }
      const nothing = streamOf(Buffer.alloc(0)).pipeThrough(zlib.compressionStream(format));
      assert.equal((await bytesOf(nothing.pipeThrough(zlib.decompressionStream(format)))).length, 0);
    });
  }

  test('with the streams of Node', async () => {
    for (const format of IN_NODE) {
      const own = streamOf(data).pipeThrough(zlib.compressionStream(format));
      assert.ok((await bytesOf(own.pipeThrough(new DecompressionStream(format)))).equals(data), format);
      const nodes = streamOf(data).pipeThrough(new CompressionStream(format));
      assert.ok((await bytesOf(nodes.pipeThrough(zlib.decompressionStream(format)))).equals(data), format);
    }
  });

  test('with Blob, Response and fetch', async () => {
    const body = new Blob([data]).stream().pipeThrough(zlib.compressionStream('gzip'));
    const compressed = await bytesOf(body);
    assert.ok(node.gunzipSync(compressed).equals(data));
    const url = `data:application/gzip;base64,${compressed.toString('base64')}`;
    const response = await fetch(url);
    const restored = await bytesOf(response.body.pipeThrough(zlib.decompressionStream('gzip')));
    assert.ok(restored.equals(data));
  });

  test('chunks of every type of bytes', async () => {
    const chunks = [text(10), new Uint16Array([1, 2]), new ArrayBuffer(3), new DataView(new ArrayBuffer(2))];
    const compressed = ReadableStream.from(chunks).pipeThrough(zlib.compressionStream('gzip'));
    const expected = Buffer.concat([text(10), Buffer.from([1, 0, 2, 0]), Buffer.alloc(5)]);
    assert.ok(node.gunzipSync(await bytesOf(compressed)).equals(expected));
  });

  test('what comes out is Uint8Arrays', async () => {
    const { readable, writable } = zlib.compressionStream('gzip');
    writable.getWriter().write(data);
    const { value } = await readable.getReader().read();
    assert.equal(value.constructor, Uint8Array);
  });
});

test('options are those of the streams, and what is wrong is thrown', () => {
  for (const make of [zlib.compressionStream, zlib.decompressionStream]) {
    for (const [args, code] of [
      [[], 'ERR_INVALID_ARG_TYPE'],
      [['br'], 'ERR_INVALID_ARG_VALUE'],
      [[5], 'ERR_INVALID_ARG_TYPE'],
      [['gzip', { level: 99 }], 'ERR_OUT_OF_RANGE'],
      [['gzip', { timeout: 5 }], 'ERR_INVALID_ARG_VALUE'],
      [['gzip', 'x'], 'ERR_INVALID_ARG_TYPE'],
    ]) {
      assert.throws(() => make(...args), { code }, JSON.stringify(args));
    }
  }
});

test('level and maxOutputLength hold', async () => {
  const stored = await bytesOf(streamOf(text(50_000)).pipeThrough(zlib.compressionStream('gzip', { level: 0 })));
  assert.ok(stored.length > 50_000);
  const limited = streamOf(stored).pipeThrough(zlib.decompressionStream('gzip', { maxOutputLength: 1000 }));
  await assert.rejects(bytesOf(limited), { code: 'ERR_BUFFER_TOO_LARGE' });
});

test('flush lets all that was written be read', async () => {
  for (const [format, name] of Object.entries(NAMES)) {
    const { decompress, flush: finishFlush } = FORMATS[name];
    const { readable, writable, flush } = zlib.compressionStream(format, optionsOf(format));
    const [writer, reader] = [writable.getWriter(), readable.getReader()];
    const message = text(3000);
    await writer.write(message);
    const flushed = flush();
    const restorer = zlib[factory(decompress)]({ finishFlush });
    const chunks = [];
    restorer.on('data', (chunk) => chunks.push(chunk));
    const size = () => chunks.reduce((sum, { length }) => sum + length, 0);
    while (size() < message.length) {
      const { value } = await reader.read();
      await new Promise((resolve) => restorer.write(value, resolve));
      await new Promise(setImmediate);
    }
    assert.ok(Buffer.concat(chunks).equals(message), format);
    await flushed;
    const written = writer.close();
    for (let done = false; !done;) ({ done } = await reader.read());
    await written;
    restorer.destroy();
  }
});

describe('a reader that does not read', () => {
  test('holds the writer back', async () => {
    const { readable, writable } = zlib.compressionStream('gzip', { level: 1 });
    const writer = writable.getWriter();
    const chunk = noise(256 << 10);
    let taken = 0;
    let isOver = false;
    const writing = (async () => {
      while (!isOver && taken < 64 << 20) {
        await writer.write(chunk);
        taken += chunk.length;
      }
      await writer.close();
    })();
    for (let turns = 0, last = 0; turns < 200; turns++) {
      await new Promise(setImmediate);
      const { interactive, bulk } = pool.stats();
      if (interactive.running + bulk.running > 0 || taken !== last) turns = 0;
      last = taken;
    }
    assert.ok(taken < 32 << 20, `${taken} bytes were taken`);
    isOver = true;
    const restored = node.gunzipSync(await bytesOf(readable));
    await writing;
    assert.equal(restored.length, taken);
  });

  test('and cancels, so that the writer fails', async () => {
    const reason = new Error('on purpose');
    for (const make of [zlib.compressionStream, zlib.decompressionStream]) {
      const { readable, writable } = make('gzip');
      const writer = writable.getWriter();
      const written = writer.write(node.gzipSync(data));
      const ended = Promise.allSettled([written, writer.closed]);
      await readable.cancel(reason);
      const [, closed] = await ended;
      assert.deepEqual([closed.status, closed.reason], ['rejected', reason]);
    }
  });
});

test('a writer that aborts lets the reader fail with its reason', async () => {
  const reason = new Error('on purpose');
  for (const make of [zlib.compressionStream, zlib.decompressionStream]) {
    const { readable, writable } = make('gzip');
    const reader = readable.getReader();
    const read = assert.rejects(reader.read(), reason);
    await writable.abort(reason);
    await read;
  }
});

test('a reader that cancels withdraws the jobs in flight', async () => {
  const counts = () => {
    const { interactive, bulk } = pool.stats();
    const running = interactive.running + interactive.queued + bulk.running + bulk.queued;
    return { running, cancelled: interactive.cancelled + bulk.cancelled };
  };
  const { cancelled } = counts();
  const { readable, writable } = zlib.compressionStream('gzip', { level: 9 });
  const writer = writable.getWriter();
  const written = Promise.allSettled([writer.write(Buffer.concat([data, data, data])), writer.closed]);
  while (counts().running === 0) await new Promise(setImmediate);
  await readable.cancel();
  await written;
  while (counts().running > 0) await new Promise(setImmediate);
  assert.ok(counts().cancelled > cancelled);
});

test('what is wrong with the data comes to both ends', async () => {
  const file = node.gzipSync(text(5000));
  for (const [bytes, code] of [
    [Buffer.from('no gzip at all'), 'Z_DATA_ERROR'],
    [file.subarray(0, -1), 'Z_BUF_ERROR'],
  ]) {
    const { readable, writable } = zlib.decompressionStream('gzip');
    const writer = writable.getWriter();
    const closed = assert.rejects(writer.closed, { code });
    const writing = Promise.allSettled([writer.write(bytes), writer.close()]);
    await assert.rejects(bytesOf(readable), { code });
    await closed;
    assert.ok((await writing).some(({ status }) => status === 'rejected'));
  }
});

test('a chunk that is no bytes fails both ends, as in Node 24', async () => {
  for (const chunk of [5, null, {}, [1]]) {
    const { readable, writable } = zlib.compressionStream('gzip');
    const writer = writable.getWriter();
    writer.closed.catch(() => {});
    const [written, read] = await Promise.allSettled([writer.write(chunk), bytesOf(readable)]);
    assert.deepEqual([written.status, read.status], ['rejected', 'rejected'], String(chunk));
    assert.equal(written.reason.code, 'ERR_INVALID_ARG_TYPE');
  }
});
