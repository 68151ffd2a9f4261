'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { createHash, randomBytes } = require('node:crypto');
const { createReadStream, writeFileSync, mkdtempSync, rmSync, mkdirSync } = require('node:fs');
const { once } = require('node:events');
const http = require('node:http');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { PassThrough, Readable } = require('node:stream');
const { pathToFileURL } = require('node:url');
const { hash } = require('./support/offloop.js');

const hex = { encoding: 'hex' };
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const message = randomBytes(3_000_000);
const expected = sha256(message);

function* pieces(size) {
  for (let at = 0; at < message.length; at += size) yield message.subarray(at, at + size);
}

describe('digestStream reads', () => {
  test('a Node.js stream', async () => {
    for (const size of [1 << 10, 65_536, 1 << 20, 3_000_000]) {
      assert.equal(await hash.digestStream('sha256', Readable.from(pieces(size)), hex), expected);
    }
  });

  test('a Node.js stream with an encoding', async () => {
    const stream = Readable.from(['grö', 'ße'], { objectMode: false }).setEncoding('utf8');
    assert.equal(await hash.digestStream('sha256', stream, hex), sha256('größe'));
  });

  test('a web stream', async () => {
    assert.equal(await hash.digestStream('sha256', new Blob([message]).stream(), hex), expected);
    assert.equal(await hash.digestStream('sha256', new Response(message).body, hex), expected);
  });

  test('async iterables, iterables, and chunks of every kind', async () => {
    const slow = async function* () {
      for (const piece of pieces(400_000)) {
        await new Promise(setImmediate);
        yield piece;
      }
    };
    assert.equal(await hash.digestStream('sha256', slow(), hex), expected);
    assert.equal(await hash.digestStream('sha256', pieces(70_000), hex), expected);
    const kinds = [
      'a',
      Buffer.from('b'),
      new Uint16Array([0x6463]),
      new Uint8Array([101]).buffer,
      new SharedArrayBuffer(1),
    ];
    assert.equal(await hash.digestStream('sha256', kinds, hex), sha256('abcde\0'));
  });

  test('a generator that fills one buffer again and again', async () => {
    const reuse = async function* () {
      const buffer = Buffer.alloc(70_000);
      for (const piece of pieces(buffer.length)) {
        piece.copy(buffer);
        yield buffer.subarray(0, piece.length);
      }
    };
    assert.equal(await hash.digestStream('sha256', reuse(), hex), expected);
  });

  test('nothing', async () => {
    assert.equal(await hash.digestStream('sha256', [], hex), sha256(''));
    assert.equal(await hash.digestStream('sha256', Readable.from([]), hex), sha256(''));
    assert.equal(await hash.digestStream('sha256', new Blob([]).stream(), hex), sha256(''));
  });

  test('an HTTP request', async () => {
    const server = http.createServer(async (request, response) => {
      response.end(await hash.digestStream('sha256', request, hex));
    });
    await once(server.listen(0), 'listening');
    const url = `http://127.0.0.1:${server.address().port}`;
    const response = await fetch(url, { method: 'POST', body: message });
    assert.equal(await response.text(), expected);
    server.close();
  });
});

test('a source is read no faster than it is hashed', async () => {
  const chunk = Buffer.alloc(128 << 10, 1);
  let handed = 0;
  let hashed = 0;
  let most = 0;
  const source = (function* () {
    for (let index = 0; index < 200; index++) {
      most = Math.max(most, handed - hashed);
      handed += chunk.length;
      yield chunk;
    }
  })();
  const onProgress = ({ processedBytes }) => (hashed = processedBytes);
  await hash.digestStream('md5', source, { onProgress });
  assert.equal(handed, 200 * chunk.length);
  assert.ok(most <= 6 * chunk.length, `${most} bytes were held`);
});

describe('digestStream fails', () => {
  const own = new Error('the source failed');

  test('with the error of its source', async () => {
    const failing = new PassThrough();
    failing.write('some');
    setImmediate(() => failing.destroy(own));
    await assert.rejects(hash.digestStream('sha256', failing), own);
    const generator = (async function* () {
      yield 'some';
      throw own;
    })();
    await assert.rejects(hash.digestStream('sha256', generator), own);
    const web = new ReadableStream({ pull: (controller) => controller.error(own) });
    await assert.rejects(hash.digestStream('sha256', web), own);
  });

  test('for a chunk that is no bytes, and ends the source', async () => {
    const stream = Readable.from(['text', { not: 'bytes' }, 'more']);
    const message = /for a chunk of readable but received an instance of Object/;
    await assert.rejects(hash.digestStream('sha256', stream), { code: 'ERR_INVALID_ARG_TYPE', message });
    assert.equal(stream.destroyed, true);
  });

  test('when it is aborted, and ends the source: a Node.js stream, a web stream, a generator', async () => {
    const abort = async (source) => {
      const controller = new AbortController();
      const digest = hash.digestStream('sha256', source, { signal: controller.signal });
      setImmediate(() => controller.abort());
      await assert.rejects(digest, { code: 'ABORT_ERR' });
    };
    const stream = new PassThrough();
    stream.write('some');
    await abort(stream);
    assert.equal(stream.destroyed, true);

    let cancelled = false;
    await abort(new ReadableStream({ cancel: () => (cancelled = true) }));
    assert.equal(cancelled, true);

    let returned = false;
    const endless = (async function* () {
      try {
        for (;;) yield await new Promise((resolve) => setImmediate(resolve, 'some'));
      } finally {
        returned = true;
      }
    })();
    await abort(endless);
    while (!returned) await new Promise(setImmediate);
  });

  test('and leaves the socket of an HTTP request, for the answer', async () => {
    const server = http.createServer(async (request, response) => {
      const error = await hash.digestStream('sha256', request, { key: 'none' }).catch((reason) => reason);
      response.statusCode = 418;
      response.end(error.code);
    });
    await once(server.listen(0), 'listening');
    const url = `http://127.0.0.1:${server.address().port}`;
    const response = await fetch(url, { method: 'POST', body: 'small' });
    assert.equal(response.status, 418);
    assert.equal(await response.text(), 'ERR_INVALID_ARG_VALUE');
    server.closeAllConnections();
    server.close();
  });
});

describe('digestFile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'offloop-'));
  process.on('exit', () => rmSync(folder, { recursive: true }));

  test('of every size around its chunks, by string, Buffer and URL', async () => {
    const path = join(folder, 'file ü');
    const CHUNK = 2 << 20;
    for (const size of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7]) {
      const bytes = randomBytes(size);
      writeFileSync(path, bytes);
      for (const name of [path, Buffer.from(path), pathToFileURL(path)]) {
        assert.equal(await hash.digestFile('sha256', name, hex), sha256(bytes));
      }
      const blake3 = await hash.digest('blake3', bytes, hex);
      assert.equal(await hash.digestFile('blake3', path, hex), blake3);
      assert.equal(await hash.digestStream('blake3', createReadStream(path), hex), blake3);
    }
  });

  test('that is missing, a folder, or not to be read', async () => {
    const missing = join(folder, 'missing');
    const fs = require('node:fs/promises');
    const oracle = await fs.readFile(missing).catch((error) => error);
    await assert.rejects(hash.digestFile('sha256', missing), (error) => {
      const { code, errno, syscall, path, message } = error;
      assert.deepEqual(
        { code, errno, syscall, path, message },
        {
          code: oracle.code,
          errno: oracle.errno,
          syscall: oracle.syscall,
          path: oracle.path,
          message: oracle.message,
        }
      );
      return true;
    });
    mkdirSync(join(folder, 'folder'));
    const code = process.platform === 'win32' ? 'EACCES' : 'EISDIR';
    await assert.rejects(hash.digestFile('sha256', join(folder, 'folder')), { code });
    await assert.rejects(hash.digestFile('sha256', join(folder, 'missing', 'deeper')), { code: 'ENOENT' });
  });

  test('a device has no length', { skip: process.platform !== 'linux' }, async () => {
    const seen = [];
    const digest = hash.digestFile('sha256', '/dev/zero', {
      timeout: 50,
      onProgress: (progress) => seen.push(progress),
    });
    await assert.rejects(digest, { code: 'ERR_OFFLOOP_TIMEOUT' });
    assert.equal(seen.at(-1).totalBytes, undefined);
    assert.equal(await hash.digestFile('sha256', '/dev/null', hex), sha256(''));
  });
});
