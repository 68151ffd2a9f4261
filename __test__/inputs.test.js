'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const vm = require('node:vm');
const { MessageChannel, receiveMessageOnPort } = require('node:worker_threads');
const { hash, pool } = require('./support/offloop.js');

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const hex = { encoding: 'hex' };
/** Small ones are copied or done at once, large ones are borrowed. */
const SIZES = [1, 100, 2047, 2048, 100_000];

const filled = (size) => {
  const buffer = new ArrayBuffer(size);
  new Uint8Array(buffer).forEach((_, index, bytes) => (bytes[index] = index * 7));
  return buffer;
};

describe('inputs of every kind, small and large, done at once and as a job', () => {
  const check = async (data, bytes) => {
    const expected = sha256(bytes);
    assert.equal(await hash.digest('sha256', data, hex), expected);
    assert.equal(await hash.digest('sha256', data, { ...hex, lane: 'bulk' }), expected);
    assert.equal(await hash.digest('sha256', data, { ...hex, lane: 'bulk', copy: true }), expected);
    assert.deepEqual(await hash.digestMany('sha256', [data, data], hex), [expected, expected]);
  };

  const TYPES = [
    Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array, Float32Array,
    Float64Array, BigInt64Array, BigUint64Array,
  ]; // prettier-ignore
  for (const Type of TYPES) {
    test(Type.name, async () => {
      for (const size of SIZES) {
        const buffer = filled((size + 2) * Type.BYTES_PER_ELEMENT);
        const view = new Type(buffer, Type.BYTES_PER_ELEMENT, size);
        await check(view, new Uint8Array(buffer, view.byteOffset, view.byteLength));
      }
    });
  }

  test('DataView', async () => {
    for (const size of SIZES) {
      const view = new DataView(filled(size + 3), 2, size);
      await check(view, new Uint8Array(view.buffer, 2, size));
    }
  });

  test('ArrayBuffer and SharedArrayBuffer', async () => {
    for (const size of SIZES) {
      await check(filled(size), new Uint8Array(filled(size)));
      const shared = new SharedArrayBuffer(size);
      new Uint8Array(shared).set(new Uint8Array(filled(size)));
      await check(shared, new Uint8Array(filled(size)));
      await check(new Uint8Array(shared), new Uint8Array(filled(size)));
      await check(new DataView(shared), new Uint8Array(filled(size)));
    }
  });

  test('a growable SharedArrayBuffer, also while it grows', async () => {
    const shared = new SharedArrayBuffer(100_000, { maxByteLength: 10_000_000 });
    new Uint8Array(shared).fill(3);
    const expected = sha256(new Uint8Array(shared));
    const digest = hash.digest('sha256', shared, { ...hex, lane: 'bulk' });
    shared.grow(10_000_000);
    assert.equal(await digest, expected);
  });

  test('Buffers with an offset into the slab', async () => {
    for (const text of ['a', 'some text', 'x'.repeat(3000)]) {
      const buffer = Buffer.from(text);
      assert.ok(buffer.buffer.byteLength > buffer.byteLength, 'it shares a slab');
      await check(buffer, text);
      await check(buffer.subarray(1), text.slice(1));
    }
  });

  test('strings are UTF-8, lone surrogates U+FFFD as in Buffer.from', async () => {
    for (const text of ['', 'ascii', 'größer ✓ 𝄞', 'é'.repeat(50_000), '\ud800 lone \udc00', 'nul \0 inside']) {
      await check(text, Buffer.from(text));
    }
  });

  test('nothing', async () => {
    for (const data of ['', Buffer.alloc(0), new ArrayBuffer(0), new SharedArrayBuffer(0), new Float64Array(0)]) {
      await check(data, '');
    }
    await check(new Uint8Array(filled(100), 50, 0), '');
  });

  test('values of another realm', async () => {
    await check(vm.runInNewContext('new Uint8Array([1, 2, 3])'), Buffer.from([1, 2, 3]));
    await check(vm.runInNewContext('new Uint16Array([1, 2]).buffer'), Buffer.from([1, 0, 2, 0]));
  });

  test('resizable buffers, and views that follow their length', async () => {
    for (const size of SIZES) {
      const resizable = new ArrayBuffer(size, { maxByteLength: 200_000 });
      new Uint8Array(resizable).fill(4);
      await check(resizable, Buffer.alloc(size, 4));
      await check(new Uint8Array(resizable), Buffer.alloc(size, 4));
      await check(new Uint8Array(resizable, 1), Buffer.alloc(size - 1, 4));
      resizable.resize(size + 1);
      await check(new Uint8Array(resizable, 0, size), Buffer.alloc(size, 4));
    }
  });
});

const refused = (code, pattern) => (error) => {
  assert.equal(error.code, code);
  assert.match(error.message, pattern);
  return true;
};

describe('bytes that are not there any more', () => {
  const detach = (buffer) => structuredClone(buffer, { transfer: [buffer] });
  const invalid = refused(
    'ERR_INVALID_ARG_VALUE',
    /Expected bytes that are still there.* for data but received an instance of (Uint8Array|DataView|ArrayBuffer)$/
  );

  test('a view of a detached buffer', async () => {
    for (const size of SIZES) {
      const view = new Uint8Array(size);
      detach(view.buffer);
      await assert.rejects(hash.digest('sha256', view), invalid);
      await assert.rejects(hash.digest('sha256', view, { lane: 'bulk' }), invalid);
      await assert.rejects(hash.digest('sha256', view, { transfer: true }), invalid);
    }
  });

  test('a detached buffer, and a DataView of one', async () => {
    const view = new DataView(new ArrayBuffer(100));
    detach(view.buffer);
    await assert.rejects(hash.digest('sha256', view.buffer), invalid);
    await assert.rejects(hash.digest('sha256', view), invalid);
    await assert.rejects(hash.digestMany('sha256', ['x', view]), { message: / for data\[1\] / });
  });
});

describe('transfer', () => {
  const transfer = { ...hex, transfer: true };

  test('the digest is right and the caller has lost the bytes', async () => {
    for (const size of SIZES) {
      const data = new Uint8Array(filled(size));
      const expected = sha256(data);
      const digest = hash.digest('sha256', data, transfer);
      assert.equal(data.byteLength, 0);
      assert.equal(await digest, expected);
      const buffer = filled(size);
      assert.equal(await hash.digest('sha256', buffer, { ...transfer, lane: 'bulk' }), expected);
      assert.equal(buffer.byteLength, 0);
    }
  });

  test('of many', async () => {
    const messages = [filled(10), filled(10_000)];
    const expected = messages.map((message) => sha256(Buffer.from(message)));
    assert.deepEqual(await hash.digestMany('sha256', messages, transfer), expected);
    assert.deepEqual(
      messages.map((message) => message.byteLength),
      [0, 0]
    );
  });

  test('a view of a slab is refused with the reason, and keeps its bytes', async () => {
    const buffer = Buffer.from('shares its slab');
    const neighbour = Buffer.from('with this one');
    const reason = refused('ERR_INVALID_ARG_VALUE', /a view of its whole ArrayBuffer.*15 of \d+ bytes.*slab/s);
    await assert.rejects(hash.digest('sha256', buffer, transfer), reason);
    assert.equal(`${buffer} ${neighbour}`, 'shares its slab with this one');
  });

  test('what Node has marked as untransferable is refused', async () => {
    const slab = Buffer.from(Buffer.from('x').buffer);
    await assert.rejects(hash.digest('sha256', slab, transfer), { code: 'ERR_INVALID_ARG_VALUE' });
    assert.equal(Buffer.from('the slab is still there').toString(), 'the slab is still there');
  });

  test('strings and shared memory cannot be transferred', async () => {
    await assert.rejects(hash.digest('sha256', 'text', transfer), { code: 'ERR_INVALID_ARG_VALUE' });
    const shared = new Uint8Array(new SharedArrayBuffer(5000));
    await assert.rejects(hash.digest('sha256', shared, transfer), { code: 'ERR_INVALID_ARG_VALUE' });
  });

  test('together with copy it is refused', async () => {
    await assert.rejects(hash.digest('sha256', filled(10), { transfer: true, copy: true }), {
      code: 'ERR_INVALID_ARG_VALUE',
    });
  });

  test('where there is nothing to transfer it is refused', async () => {
    await assert.rejects(hash.digestFile('sha256', __filename, transfer), { code: 'ERR_INVALID_ARG_VALUE' });
    await assert.rejects(hash.digestStream('sha256', ['x'], transfer), { code: 'ERR_INVALID_ARG_VALUE' });
  });
});

describe('copy', () => {
  const SIZE = 16 << 20;

  test('the caller may write at once', async () => {
    const data = Buffer.alloc(SIZE, 1);
    const expected = sha256(data);
    const digest = hash.digest('sha256', data, { ...hex, copy: true });
    data.fill(2);
    assert.equal(await digest, expected);
  });

  test('for the whole thread, and back; a call can say otherwise', async () => {
    pool.configure({ handoff: 'copy' });
    assert.equal(pool.stats().handoff, 'copy');
    const data = Buffer.alloc(SIZE, 1);
    const expected = sha256(data);
    const digest = hash.digest('sha256', data, hex);
    data.fill(2);
    assert.equal(await digest, expected);
    assert.equal(await hash.digest('sha256', data, { ...hex, copy: false }), sha256(data));
    pool.configure({ handoff: 'borrow' });
    assert.equal(pool.stats().handoff, 'borrow');
  });
});

test('a borrowed buffer can be transferred by the caller, and the digest is still right', async () => {
  const data = new Uint8Array(filled(8 << 20));
  const expected = sha256(data);
  const digest = hash.digest('sha256', data, hex);
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(data, [data.buffer]);
  assert.equal(data.byteLength, 0);
  assert.equal(sha256(receiveMessageOnPort(port2).message), expected);
  port1.close();
  assert.equal(await digest, expected);
});

test(
  'native code lets go of the memory when the job is done',
  { skip: !global.gc && 'needs --expose-gc' },
  async () => {
    const ROUNDS = 8;
    let collected = 0;
    const registry = new FinalizationRegistry(() => collected++);
    for (let round = 0; round < ROUNDS; round++) {
      const data = new Uint8Array(1 << 20);
      registry.register(data.buffer, round);
      await hash.digest('sha256', data);
    }
    for (let turn = 0; turn < 10 && collected < ROUNDS; turn++) {
      global.gc();
      await new Promise(setImmediate);
    }
    // The last one may still be on this function's own stack.
    assert.ok(collected >= ROUNDS - 1, `${collected} of ${ROUNDS} were collected`);
  }
);
