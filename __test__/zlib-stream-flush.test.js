'use strict';

// What comes out of a stream before its end, and what changes in the middle of it.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { buffer } = require('node:stream/consumers');
const { pieces } = require('./support/csv.js');
const { DEFLATES, FORMATS, decompressed, factory, mixed, node, noise, text, zlib } = require('./support/zlib.js');

const { Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_NO_FLUSH, Z_BLOCK, Z_FINISH } = node.constants;

const flushed = (stream, ...kind) => new Promise((resolve) => stream.flush(...kind, resolve));

/** All that a paused stream holds. */
function held(stream) {
  const chunks = [];
  for (let chunk; (chunk = stream.read()) !== null;) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('behind flush, all that was written can be read', () => {
  for (const [name, { compress, decompress, flush }] of Object.entries(FORMATS)) {
    test(name, async () => {
      const kinds = flush === Z_SYNC_FLUSH ? [[], [Z_PARTIAL_FLUSH], [Z_SYNC_FLUSH], [Z_FULL_FLUSH]] : [[], [flush]];
      for (const kind of kinds) {
        const stream = zlib[factory(compress)]();
        const out = [];
        const sent = [];
        for (let round = 0; round < 5; round++) {
          const message = text(300 * round + 1, round * 1000);
          stream.write(message);
          sent.push(message);
          await flushed(stream, ...kind);
          out.push(held(stream));
          const restored = await decompressed(decompress, Buffer.concat(out), { finishFlush: flush });
          assert.ok(restored.equals(Buffer.concat(sent)), `round ${round}, kind ${kind}`);
        }
        stream.end('the end');
        out.push(await buffer(stream));
        const whole = await decompressed(decompress, Buffer.concat(out));
        assert.ok(whole.equals(Buffer.concat([...sent, Buffer.from('the end')])), `kind ${kind}`);
      }
    });
  }

  test('in the middle of large blocks too, with all of them in flight', async () => {
    const data = mixed(1_700_000);
    const stream = zlib.createGzip();
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    for (const piece of pieces(data, 170_000)) {
      stream.write(piece);
      await flushed(stream);
    }
    // What was handed over before the callback has been emitted a turn later.
    await new Promise(setImmediate);
    const restored = node.gunzipSync(Buffer.concat(chunks), { finishFlush: Z_SYNC_FLUSH });
    assert.ok(restored.equals(data));
    stream.end();
    await once(stream, 'end');
    assert.ok(node.gunzipSync(Buffer.concat(chunks)).equals(data));
  });

  test('of a full flush, without what comes before it', async () => {
    const stream = zlib.createDeflateRaw();
    const parts = [];
    for (let round = 0; round < 3; round++) {
      stream.write(text(2000));
      await flushed(stream, Z_FULL_FLUSH);
      parts.push(held(stream));
    }
    for (const part of parts) {
      assert.ok(node.inflateRawSync(part, { finishFlush: Z_SYNC_FLUSH }).equals(text(2000)));
    }
    stream.destroy();
  });

  test('flush refuses kinds that there are not', () => {
    for (const name of ['createGzip', 'createBrotliCompress', 'createZstdCompress', 'createGunzip']) {
      for (const [kind, code] of [
        [-1, 'ERR_OUT_OF_RANGE'],
        [7, 'ERR_OUT_OF_RANGE'],
        [Infinity, 'ERR_OUT_OF_RANGE'],
        ['x', 'ERR_INVALID_ARG_TYPE'],
        [null, 'ERR_INVALID_ARG_TYPE'],
        [1n, 'ERR_INVALID_ARG_TYPE'],
      ]) {
        const stream = zlib[name]();
        assert.throws(() => stream.flush(kind), { code }, `${name} ${String(kind)}`);
        stream.destroy();
      }
    }
  });

  test('flush without data, twice, at the end and after it calls back', async () => {
    for (const library of [node, zlib]) {
      const stream = library.createGzip();
      await flushed(stream);
      await flushed(stream);
      stream.end('text');
      const late = flushed(stream);
      assert.equal(String(node.gunzipSync(await buffer(stream))), 'text');
      await late;
      await flushed(stream);
    }
  });

  test('the option flush does it behind every chunk', async () => {
    for (const { compress, decompress, flush } of Object.values(FORMATS)) {
      const stream = zlib[factory(compress)]({ flush });
      await new Promise((resolve) => stream.write(text(500), resolve));
      const restored = await decompressed(decompress, held(stream), { finishFlush: flush });
      assert.ok(restored.equals(text(500)), compress);
      stream.destroy();
    }
    const stream = zlib.createGzip({ flush: Z_NO_FLUSH });
    await new Promise((resolve) => stream.write(text(500), resolve));
    assert.ok(held(stream).length <= 10, 'nothing but the header');
    stream.destroy();
  });

  test('the option finishFlush leaves the end open', async () => {
    for (const { compress, decompress, flush } of Object.values(FORMATS)) {
      const stream = zlib[factory(compress)]({ finishFlush: flush });
      stream.end(text(500));
      const open = await buffer(stream);
      assert.ok((await decompressed(decompress, open, { finishFlush: flush })).equals(text(500)), compress);
      await assert.rejects(decompressed(decompress, open), { code: 'Z_BUF_ERROR' });
      const reader = zlib[factory(decompress)]({ finishFlush: flush });
      reader.end(open);
      assert.ok((await buffer(reader)).equals(text(500)), decompress);
    }
  });

  test('Z_FINISH ends it, and more is an error', async () => {
    for (const library of [node, zlib]) {
      const stream = library.createGzip();
      stream.write('text');
      await flushed(stream, Z_FINISH);
      assert.equal(String(node.gunzipSync(held(stream))), 'text');
      stream.write('more');
      const [error] = await once(stream, 'error');
      assert.deepEqual([error.code, error.errno], ['Z_STREAM_ERROR', -2]);
    }
  });

  test('the end by a flush, of Brotli', async () => {
    for (const library of [node, zlib]) {
      const stream = library.createBrotliCompress();
      stream.write('text');
      await flushed(stream, node.constants.BROTLI_OPERATION_FINISH);
      assert.equal(String(node.brotliDecompressSync(held(stream))), 'text');
      stream.write('more');
      const [error] = await once(stream, 'error');
      assert.equal(error.code, 'ERR_BROTLI_COMPRESSION_FAILED');
    }
  });

  test('of zstd, behind which another frame begins', async () => {
    const stream = zlib.createZstdCompress();
    stream.write('text');
    await flushed(stream, zlib.constants.ZSTD_e_end);
    assert.equal(String(await decompressed('zstdDecompress', held(stream))), 'text');
    stream.end('more');
    assert.equal(String(await decompressed('zstdDecompress', await buffer(stream))), 'more');
  });

  test('Z_BLOCK is a kind too', async () => {
    const stream = zlib.createGzip();
    stream.write(text(500));
    await flushed(stream, Z_BLOCK);
    stream.end();
    assert.ok(node.gunzipSync(await buffer(stream)).equals(text(500)));
  });
});

describe('params', () => {
  test('change what comes later, and are flushed between', async () => {
    for (const { compress, decompress } of DEFLATES) {
      const stream = zlib[factory(compress)]({ level: 9 });
      const out = [];
      stream.on('data', (chunk) => out.push(chunk));
      const set = (...args) => new Promise((resolve) => stream.params(...args, resolve));
      stream.write(text(100_000));
      await set(0, 0);
      await new Promise(setImmediate);
      const before = Buffer.concat(out).length;
      assert.ok(before > 5000 && before < 60_000, `${before} compressed`);
      stream.write(text(100_000));
      await set(6, node.constants.Z_HUFFMAN_ONLY);
      await new Promise(setImmediate);
      const between = Buffer.concat(out).length - before;
      assert.ok(between >= 100_000 && between < 101_000, `${between} stored`);
      stream.write(text(100_000));
      stream.end();
      await once(stream, 'end');
      const bytes = Buffer.concat(out);
      const { buffer: restored, engine } = node[`${decompress}Sync`](bytes, { info: true });
      assert.ok(restored.equals(Buffer.concat([text(100_000), text(100_000), text(100_000)])), compress);
      assert.equal(engine.bytesWritten, bytes.length, 'one member');
    }
  });

  test('are taken and refused as by Node', () => {
    for (const args of [
      [99, 0],
      [-2, 0],
      ['x', 0],
      [null, 0],
      [6, 5],
      [6, -1],
      [6, 'x'],
      [1n, 0],
    ]) {
      const verdict = (library) => {
        const stream = library.createDeflate();
        try {
          return stream.params(...args, () => {});
        } catch (error) {
          return [error.code, error.constructor.name];
        } finally {
          stream.destroy();
        }
      };
      assert.deepEqual(verdict(zlib), verdict(node), String(args));
    }
  });

  test('that are the same call back', async () => {
    const stream = zlib.createGzip({ level: 5 });
    await new Promise((resolve) => stream.params(5, 0, resolve));
    stream.end('text');
    assert.equal(String(node.gunzipSync(await buffer(stream))), 'text');
  });
});

describe('reset', () => {
  test('begins again: one output after another, in one stream', async () => {
    for (const library of [node, zlib]) {
      const stream = library.createGzip();
      stream.write('dropped, for it was not flushed');
      await new Promise((resolve) => stream.write('', resolve));
      const header = held(stream);
      stream.reset();
      stream.end('kept');
      const bytes = await buffer(stream);
      assert.ok(header.length <= 10);
      assert.equal(String(node.gunzipSync(bytes)), 'kept');
    }
  });

  test('of a reader', async () => {
    for (const library of [node, zlib]) {
      const stream = library.createInflateRaw();
      const bytes = node.deflateRawSync(text(3000));
      await new Promise((resolve) => stream.write(bytes.subarray(0, 40), resolve));
      held(stream);
      stream.reset();
      stream.end(bytes);
      assert.ok((await buffer(stream)).equals(text(3000)));
    }
  });
});

test('bytesWritten is how much was taken, as in Node', async () => {
  const bytes = node.gzipSync(text(70_000));
  for (const [name, input] of [
    ['createGzip', noise(70_000)],
    ['createGunzip', bytes],
    ['createGunzip', Buffer.concat([bytes, Buffer.alloc(5)])],
    ['createInflate', Buffer.concat([node.deflateSync('x'), Buffer.from('garbage')])],
    ['createBrotliDecompress', node.brotliCompressSync('text')],
  ]) {
    const counts = [];
    for (const library of [node, zlib]) {
      const stream = library[name]();
      assert.equal(stream.bytesWritten, 0);
      stream.end(input);
      await buffer(stream);
      counts.push(stream.bytesWritten);
    }
    assert.equal(counts[1], counts[0], name);
  }
});

test('close calls back, before and after the end', async () => {
  for (const library of [node, zlib]) {
    const unfinished = library.createGzip();
    unfinished.write('text');
    const error = await new Promise((resolve) => unfinished.close(resolve));
    assert.equal(error?.code, 'ERR_STREAM_PREMATURE_CLOSE');
    const finished = library.createGzip();
    finished.end('text');
    await buffer(finished);
    assert.equal(await new Promise((resolve) => finished.close(resolve)), undefined);
    assert.ok(unfinished.destroyed && finished.destroyed);
  }
});
