'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { createReadStream, mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { PassThrough } = require('node:stream');
const { child, succeeds } = require('./support/child.js');
const { hash, pool, empty, hasTesting } = require('./support/offloop.js');

const skip = hasTesting ? false : 'needs the library with the exports of the tests';

describe('programs that are wrong', { skip }, () => {
  for (const way of [
    'externalBuffer',
    'throwingListener',
    'fakeSignal',
    'fakeTimers',
    'reloaded',
    'staleSlot',
    'tooLong',
    'loweredBudget',
    'emptyChunks',
    'stuckSource',
    'largeChunk',
  ]) {
    test(way, async () => {
      assert.equal(await succeeds('hostile.js', { args: [way] }), 'done\n');
    });
  }

  test("Node's permission model holds for files", async () => {
    const permission = process.allowedNodeEnvironmentFlags.has('--permission')
      ? '--permission'
      : '--experimental-permission';
    const flags = [permission, '--allow-addons', '--allow-fs-read=/', '--no-warnings'];
    const denied = flags.map((flag) =>
      flag.startsWith('--allow-fs') ? `--allow-fs-read=${join(__dirname, '..')}` : flag
    );
    const { stdout } = await child('permission.js', { flags: denied });
    assert.equal(stdout, 'ERR_ACCESS_DENIED\n');
    assert.equal((await child('permission.js', { flags })).stdout, 'done\n');
  });
});

describe('inputs that are not what they seem', () => {
  test('a message that a getter detaches while the arguments are read', async () => {
    const first = new Uint8Array(10_000);
    const messages = [first, 'x'];
    Object.defineProperty(messages, 1, {
      get() {
        structuredClone(first.buffer, { transfer: [first.buffer] });
        return 'x';
      },
    });
    await assert.rejects(hash.digestMany('sha256', messages), { code: 'ERR_INVALID_ARG_VALUE', message: /detached/ });
  });

  test('an array with a length or a prototype of its own making', async () => {
    const expected = await hash.digest('sha256', Buffer.alloc(5000, 1));
    class Liar extends Uint8Array {
      get byteLength() {
        return 0;
      }
      get length() {
        return 1e9;
      }
    }
    assert.deepEqual(await hash.digest('sha256', new Liar(Buffer.alloc(5000, 1))), expected);
    const bare = Object.setPrototypeOf(new Uint8Array(Buffer.alloc(5000, 1)), null);
    assert.deepEqual(await hash.digest('sha256', bare), expected);
  });

  test('a signal that a getter aborts while the arguments are read', async () => {
    const controller = new AbortController();
    const options = {
      signal: controller.signal,
      lane: 'bulk',
      get encoding() {
        controller.abort();
        return 'hex';
      },
    };
    await assert.rejects(hash.digest('sha256', 'x', options), { code: 'ABORT_ERR' });
  });

  test('what a source throws arrives as it is', async () => {
    for (const thrown of [undefined, null, 'text', 5, { code: 'ERR_OFFLOOP_PANIC' }, Symbol('s')]) {
      const source = (async function* () {
        yield 'x';
        throw thrown;
      })();
      const outcome = await hash.digestStream('sha256', source).then(
        () => assert.fail('it throws'),
        (reason) => ({ reason })
      );
      assert.equal(outcome.reason, thrown);
    }
  });

  test('a stream that fails after its digest has failed', async () => {
    const missing = createReadStream('/does/not/exist');
    await assert.rejects(hash.digestStream('sha256', missing, { length: 5 }));
    missing.on('error', () => {});
    const stream = new PassThrough();
    stream.destroy = () => {
      throw new Error('on purpose');
    };
    const controller = new AbortController();
    const others = [hash.digestStream('sha256', stream, { signal: controller.signal })];
    others.push(hash.digest('md5', Buffer.alloc(64 << 20), { signal: controller.signal }));
    controller.abort();
    for (const job of others) await assert.rejects(job, { code: 'ABORT_ERR' });
  });

  test('outputs that no Buffer or string can hold are refused', async () => {
    const { MAX_STRING_LENGTH } = require('node:buffer').constants;
    const long = { length: MAX_STRING_LENGTH, encoding: 'hex' };
    await assert.rejects(hash.digest('blake3', 'x', long), { code: 'ERR_OUT_OF_RANGE' });
    const many = Array(100_000).fill('x');
    await assert.rejects(hash.digestMany('blake3', many, { length: 2 ** 40 }), { code: 'ERR_OUT_OF_RANGE' });
    const { memory } = pool.stats();
    pool.configure({ memory: 1 << 20 });
    await assert.rejects(hash.digestMany('blake3', many, { length: 100 }), { code: 'ERR_OFFLOOP_MEMORY_LIMIT' });
    pool.configure({ memory });
  });

  test(
    'a named pipe is refused, because nothing could end the wait for its writer',
    { skip: process.platform === 'win32' },
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'offloop-'));
      execFileSync('mkfifo', [join(folder, 'pipe')]);
      await assert.rejects(hash.digestFile('sha256', join(folder, 'pipe')), {
        code: 'ERR_INVALID_ARG_VALUE',
        message: /pipe/,
      });
      rmSync(folder, { recursive: true });
    }
  );
});

describe('listeners', { skip }, () => {
  test('removeAllListeners leaves the pool able to take new ones', async () => {
    pool.on('needDrain', () => assert.fail('it was removed'));
    pool.removeAllListeners();
    assert.equal(pool.listenerCount('needDrain'), 0);
    let events = 0;
    pool.configure({ threads: 1 });
    pool.on('needDrain', () => events++);
    await Promise.all(Array.from({ length: 10 }, () => empty()));
    await new Promise(setImmediate);
    assert.ok(events > 0);
    pool.removeAllListeners('needDrain');
  });

  test('onProgress is called with the progress and nothing else', async () => {
    let receiver = 'not called';
    await hash.digest('sha256', Buffer.alloc(5 << 20), {
      onProgress() {
        receiver = this;
      },
    });
    assert.equal(receiver, undefined);
  });

  test('progress never exceeds the total', async () => {
    const seen = [];
    const messages = ['a', 'b', 'c'.repeat(100)];
    await hash.digestMany('sha256', messages, { onProgress: (progress) => seen.push(progress) });
    assert.ok(seen.every(({ processedBytes, totalBytes }) => processedBytes <= totalBytes));
    assert.equal(seen.at(-1).totalBytes, 102);
  });
});
