'use strict';

// The shape of what is compressed: one member, the same bytes whatever the threads, and what goes in and comes out.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const { promisify } = require('node:util');
const { succeeds } = require('./support/child.js');
const { FORMATS, decompressed, mixed, node, text, zlib } = require('./support/zlib.js');

const SIZES = [0, 1, 1000, 100_000, 1_500_000];

describe('one member, of which a reader takes every byte:', () => {
  test('gzip, with a header of ten bytes, the checksum and the length', async () => {
    for (const size of SIZES) {
      const data = mixed(size);
      const bytes = await zlib.gzip(data);
      assert.equal(bytes.subarray(0, 4).toString('hex'), '1f8b0800', 'the magic number, the method, no flags');
      assert.equal(bytes.readUInt32LE(4), 0, 'no time');
      const { buffer, engine } = node.inflateRawSync(bytes.subarray(10), { info: true });
      assert.ok(buffer.equals(data));
      assert.equal(10 + engine.bytesWritten + 8, bytes.length, `${size} bytes`);
      assert.equal(bytes.readUInt32LE(bytes.length - 8), node.crc32(data));
      assert.equal(bytes.readUInt32LE(bytes.length - 4), size);
    }
  });

  test('the header of gzip says as in Node what made it, and how well', async () => {
    for (const level of [-1, 0, 1, 2, 6, 9]) {
      const [own, nodes] = [await zlib.gzip('x', { level }), node.gzipSync('x', { level })];
      assert.equal(own[8], nodes[8], `level ${level}`);
    }
  });

  test('deflate, whose header is that of Node', async () => {
    for (const size of SIZES) {
      const data = mixed(size);
      for (const options of [{}, { level: 1 }, { level: 9 }, { windowBits: 10 }, { level: 0 }]) {
        const bytes = await zlib.deflate(data, options);
        const header = node.deflateSync(data.subarray(0, 10), options).subarray(0, 2);
        assert.deepEqual(bytes.subarray(0, 2), header, JSON.stringify(options));
        const { buffer, engine } = node.inflateSync(bytes, { info: true });
        assert.ok(buffer.equals(data));
        assert.equal(engine.bytesWritten, bytes.length);
      }
    }
  });

  test('raw deflate and brotli', async () => {
    for (const size of SIZES) {
      const data = mixed(size);
      const params = { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 };
      for (const { compress, decompress } of [FORMATS.deflateRaw, FORMATS.brotli]) {
        const bytes = await zlib[compress](data, { params });
        const { buffer, engine } = node[`${decompress}Sync`](bytes, { info: true });
        assert.ok(buffer.equals(data));
        assert.equal(engine.bytesWritten, bytes.length);
      }
    }
  });
});

describe('the same bytes', () => {
  test('whatever the number of threads', async () => {
    const outputs = await Promise.all(
      ['1', '3'].map((threads) => succeeds('zlib-threads.js', { env: { OFFLOOP_THREADS: threads } }))
    );
    assert.equal(outputs[0], outputs[1]);
    assert.match(outputs[0], /^\{"gzip":"[0-9a-f]{64}"/);
  });

  test('every time, also among others', async () => {
    const data = mixed(800_000);
    const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
    const runs = await Promise.all(Array.from({ length: 6 }, () => zlib.gzip(data)));
    assert.equal(new Set(runs.map(digest)).size, 1);
  });
});

describe('what goes in', () => {
  const data = text(5000);
  const buffer = new Uint8Array(data).buffer;
  const shared = new SharedArrayBuffer(5000);
  new Uint8Array(shared).set(data);
  const views = [buffer, shared, new Uint32Array(buffer), new DataView(buffer), new Uint8Array(shared)];

  test('is bytes of every type, of which only what the view shows counts', async () => {
    const inner = new DataView(buffer, 100, 1000);
    for (const { compress, decompress } of Object.values(FORMATS)) {
      for (const view of views) {
        const bytes = await zlib[compress](view);
        assert.ok((await decompressed(decompress, bytes)).equals(data), view.constructor.name);
      }
      const part = await decompressed(decompress, await zlib[compress](inner));
      assert.ok(part.equals(data.subarray(100, 1100)));
      const compressed = await zlib[compress](data);
      const slab = new Uint8Array(new SharedArrayBuffer(compressed.length + 9), 9);
      slab.set(compressed);
      assert.ok((await zlib[decompress](slab)).equals(data));
    }
  });

  test('or text, as UTF-8', async () => {
    for (const value of ['', 'grö', '漢字😀', 'x'.repeat(100_000), '\ud800']) {
      const bytes = await zlib.gzip(value);
      assert.deepEqual(node.gunzipSync(bytes), Buffer.from(value));
    }
  });

  test('is borrowed, copied or transferred', async () => {
    for (const { compress, decompress } of Object.values(FORMATS)) {
      const own = new Uint8Array(data);
      const copied = zlib[compress](own, { copy: true });
      own.fill(0);
      assert.ok((await decompressed(decompress, await copied)).equals(data), `${compress}, copied`);
      const given = new Uint8Array(data);
      const transferred = zlib[compress](given, { transfer: true });
      assert.equal(given.length, 0, 'it is the job’s now');
      const bytes = await transferred;
      assert.ok((await decompressed(decompress, bytes)).equals(data), `${compress}, transferred`);
      const kept = new Uint8Array(bytes);
      const restored = zlib[decompress](kept, { transfer: true });
      assert.equal(kept.length, 0);
      assert.ok((await restored).equals(data));
    }
  });
});

describe('what comes out', () => {
  test('is a Buffer, and with info that and how much was taken', async () => {
    for (const { compress, decompress, fast } of Object.values(FORMATS)) {
      for (const size of [10, 400_000]) {
        const made = await zlib[compress](text(size), { ...fast, info: true });
        assert.ok(Buffer.isBuffer(made.buffer));
        assert.equal(made.engine.bytesWritten, size);
        const restored = await zlib[decompress](made.buffer, { info: true });
        assert.ok(restored.buffer.equals(text(size)));
        assert.equal(restored.engine.bytesWritten, made.buffer.length);
      }
    }
  });

  test('comes by a callback, as in Node, and by promisify', async () => {
    for (const { compress, decompress } of Object.values(FORMATS)) {
      const calledBack = (name, ...args) =>
        new Promise((resolve, reject) => {
          const returned = zlib[name](...args, (error, result) => (error ? reject(error) : resolve(result)));
          assert.equal(returned, undefined);
        });
      for (const run of [calledBack, (name, ...args) => promisify(zlib[name])(...args)]) {
        const bytes = await run(compress, 'text');
        assert.equal(String(await run(decompress, bytes)), 'text');
        assert.equal(String((await run(decompress, bytes, { info: true })).buffer), 'text');
        await assert.rejects(run(decompress, Buffer.from([9, 9, 9, 9, 9])), (error) => typeof error.errno === 'number');
      }
    }
  });

  test('and who gives a callback has arguments refused at once, as by Node', () => {
    const never = () => assert.fail('called');
    for (const library of [node, zlib]) {
      assert.throws(() => library.gzip('x', { level: 99 }, never), { code: 'ERR_OUT_OF_RANGE' });
      assert.throws(() => library.gunzip('x', { level: 'x' }, never), { code: 'ERR_INVALID_ARG_TYPE' });
      assert.throws(() => library.inflate(5, never), { code: 'ERR_INVALID_ARG_TYPE' });
    }
  });

  test('what a callback throws is an uncaught exception, and not a second call', async () => {
    assert.equal(await succeeds('zlib-ends.js', { args: ['throwingCallback'] }), 'on purpose, 1 call\n');
  });
});

describe('progress', () => {
  test('goes up to the end, for a large input', async () => {
    const data = mixed(3_000_000);
    const seen = [];
    const bytes = await zlib.gzip(data, { level: 6, onProgress: (progress) => seen.push(progress) });
    assert.ok(node.gunzipSync(bytes).equals(data));
    for (let index = 1; index < seen.length; index++) {
      assert.ok(seen[index].processedBytes >= seen[index - 1].processedBytes);
    }
    assert.deepEqual(seen.at(-1), { processedBytes: data.length, totalBytes: data.length });
    const restored = [];
    await zlib.gunzip(bytes, { onProgress: (progress) => restored.push(progress) });
    assert.deepEqual(restored.at(-1), { processedBytes: bytes.length, totalBytes: bytes.length });
  });

  test('a job that is aborted, and one that has no time', async () => {
    const data = mixed(6_000_000);
    const controller = new AbortController();
    const aborted = zlib.gzip(data, { level: 9, signal: controller.signal });
    setImmediate(() => controller.abort());
    await assert.rejects(aborted, { code: 'ABORT_ERR' });
    await assert.rejects(zlib.gzip(data, { level: 9, timeout: 1 }), { code: 'ERR_OFFLOOP_TIMEOUT' });
  });
});
