'use strict';

// The streams of each format in pipelines, to and from those of node:zlib.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { Readable, Transform, Writable } = require('node:stream');
const { buffer } = require('node:stream/consumers');
const { pipeline } = require('node:stream/promises');
const { pieces } = require('./support/csv.js');
const { FORMATS, decompressed, factory, hasZstd, mixed, node, text, zlib } = require('./support/zlib.js');

const data = mixed(1_300_000);

/** What comes out of a chain of streams. */
async function through(source, ...streams) {
  const chunks = [];
  const sink = new Writable({
    write(chunk, _encoding, callback) {
      chunks.push(chunk);
      callback();
    },
  });
  await pipeline(source, ...streams, sink);
  return Buffer.concat(chunks);
}

for (const [name, { compress, decompress, fast }] of Object.entries(FORMATS)) {
  const create = () => zlib[factory(compress)](fast);
  const open = () => zlib[factory(decompress)]();
  const isNodes = factory(compress) in node;

  describe(name, () => {
    test('to Node, and back to back, in pieces of any size', async () => {
      for (const size of [1000, 65_536, 400_001, data.length]) {
        const bytes = await through(pieces(data, size), create());
        assert.ok((await decompressed(decompress, bytes)).equals(data), `pieces of ${size}`);
        assert.ok((await through(pieces(data, size), create(), open())).equals(data), `pieces of ${size}`);
      }
    });

    test('the bytes depend on the data only, and not on the pieces', async () => {
      const runs = await Promise.all([7919, 65_536, data.length].map((size) => through(pieces(data, size), create())));
      for (const run of runs) assert.ok(run.equals(runs[0]));
    });

    test('from Node, in pieces of any size', { skip: isNodes ? false : 'this Node has no zstd' }, async () => {
      const bytes = node[`${compress}Sync`](data, fast);
      for (const size of [997, 65_536, bytes.length]) {
        assert.ok((await through(pieces(bytes, size), open())).equals(data), `pieces of ${size}`);
        const nodes = node[factory(compress)](fast);
        assert.ok((await through(pieces(data, size * 10), nodes, open())).equals(data));
      }
      const small = node[`${compress}Sync`](data.subarray(0, 1000), fast);
      assert.ok((await through(pieces(small, 1), open())).equals(data.subarray(0, 1000)), 'byte by byte');
    });

    test('of nothing', async () => {
      for (const source of [[], [Buffer.alloc(0)], ['']]) {
        const bytes = await through(Readable.from(source, { objectMode: false }), create());
        assert.equal((await decompressed(decompress, bytes)).length, 0);
        assert.equal((await through([bytes], open())).length, 0);
      }
    });

    test('text, with an encoding', async () => {
      const stream = create();
      stream.write('grö', 'utf8');
      stream.write('6869', 'hex');
      stream.end('ü', 'latin1');
      const expected = Buffer.concat([Buffer.from('gröhi'), Buffer.from([0xfc])]);
      assert.deepEqual(await decompressed(decompress, await buffer(stream)), expected);
    });

    test('dozens of streams at once, each keeps its order', async () => {
      const messages = Array.from({ length: 24 }, (_, index) => data.subarray(index * 1000, index * 1000 + 300_000));
      const results = await Promise.all(
        messages.map((message, index) => through(pieces(message, 1000 + 7001 * index), create(), open()))
      );
      results.forEach((result, index) => assert.ok(result.equals(messages[index]), `${index}`));
    });
  });
}

test('many blocks in flight come out in their order, however uneven they are', async () => {
  // Every other block is trivial, and would be ready long before the one ahead of it.
  const parts = Array.from({ length: 16 }, (_, index) => (index % 2 ? Buffer.alloc(262_144, index) : text(262_144)));
  for (const format of ['Gzip', 'DeflateRaw']) {
    const stream = zlib[`create${format}`]({ level: 9 });
    const bytes = await through(parts, stream);
    const restored = format === 'Gzip' ? node.gunzipSync(bytes) : node.inflateRawSync(bytes);
    assert.ok(restored.equals(Buffer.concat(parts)), format);
    assert.equal(stream.bytesWritten, restored.length);
  }
});

test('createUnzip finds out what it is', async () => {
  const message = text(2000);
  for (const bytes of [node.gzipSync(message), node.deflateSync(message)]) {
    for (const size of [1, 100, bytes.length]) {
      assert.ok((await through(pieces(bytes, size), zlib.createUnzip())).equals(message));
    }
  }
});

test('members that are written one after the other are one file', async () => {
  const members = Buffer.concat([node.gzipSync(text(500)), node.gzipSync(''), node.gzipSync(text(1500))]);
  const expected = Buffer.concat([text(500), text(1500)]);
  for (const size of [1, 10, 1000, members.length]) {
    const tail = Buffer.concat([members, Buffer.alloc(20)]);
    for (const bytes of [members, tail]) {
      const restored = await through(pieces(bytes, size), zlib.createGunzip());
      assert.ok(restored.equals(expected), `pieces of ${size}`);
    }
  }
});

describe('they are streams of Node', () => {
  test('by their classes, which have the names of Node', () => {
    for (const { compress, decompress } of Object.values(FORMATS)) {
      for (const name of [compress, decompress]) {
        const Class = zlib[name[0].toUpperCase() + name.slice(1)];
        const stream = zlib[factory(name)]();
        assert.ok(stream instanceof Class && stream instanceof Transform, name);
        assert.equal(Class.name, name[0].toUpperCase() + name.slice(1));
        assert.ok(new Class({ chunkSize: 64 }) instanceof Class);
        stream.destroy();
      }
    }
    assert.ok(zlib.createUnzip() instanceof zlib.Unzip);
    if (hasZstd) assert.equal(typeof node.createZstdCompress, 'function');
  });

  test('async iteration, and leaving it early', async () => {
    const stream = zlib.createGunzip();
    stream.end(node.gzipSync(Buffer.alloc(4_000_000)));
    let size = 0;
    for await (const chunk of stream) {
      size += chunk.length;
      if (size > 1_000_000) break;
    }
    assert.ok(stream.destroyed && size < 4_000_000, `${size}`);
  });

  test('chunkSize is the most that a chunk has', async () => {
    for (const stream of [zlib.createGunzip({ chunkSize: 1000 }), zlib.createGunzip({ chunkSize: 64 })]) {
      stream.end(node.gzipSync(text(10_000)));
      const chunks = [];
      for await (const chunk of stream) chunks.push(chunk);
      assert.ok(Buffer.concat(chunks).equals(text(10_000)));
      assert.ok(chunks.length >= 10);
    }
  });

  test('an encoding and object mode are left out, as by Node', async () => {
    for (const library of [node, zlib]) {
      const stream = library.createGzip({ encoding: 'hex', objectMode: true, writableObjectMode: true });
      assert.deepEqual([stream.writableObjectMode, stream.readableObjectMode], [false, false]);
      stream.end('text');
      assert.equal(String(node.gunzipSync(await buffer(stream))), 'text');
      const wrong = library.createGzip({ objectMode: true });
      assert.throws(() => wrong.write({ an: 'object' }), { code: 'ERR_INVALID_ARG_TYPE' });
      assert.throws(() => wrong.write(null), { code: 'ERR_STREAM_NULL_VALUES' });
      wrong.destroy();
    }
  });

  test('highWaterMark is an option of theirs', () => {
    const stream = zlib.createGzip({ highWaterMark: 5, readableHighWaterMark: 7 });
    assert.equal(stream.writableHighWaterMark, node.createGzip({ highWaterMark: 5 }).writableHighWaterMark);
    stream.destroy();
  });
});
