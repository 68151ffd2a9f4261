'use strict';

// Values of megabytes, made in parts between which the event loop is served.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { setImmediate: nextTurn } = require('node:timers/promises');
const { json } = require('./support/offloop.js');
const { seeded } = require('./support/csv.js');
const { evaluate, isSame, large, pointersOf, randomText } = require('./support/json.js');

/** What a promise gives, and the turns of the event loop until it did. */
async function turnsOf(promise) {
  let isSettled = false;
  const settled = promise.finally(() => (isSettled = true));
  let turns = 0;
  const count = () => {
    turns++;
    if (!isSettled) setImmediate(count);
  };
  setImmediate(count);
  return [await settled, turns];
}

describe('value() is what JSON.parse gives', () => {
  for (const [name, make] of Object.entries(large)) {
    test(`of ${name}`, async () => {
      const text = make();
      assert.ok(text.length > 1_000_000, `${text.length} characters`);
      const expected = JSON.parse(text);
      const document = await json.parse(text);
      isSame(await document.value(), expected);
      isSame(document.get(''), expected);
    });
  }

  test('of parts of large documents', async () => {
    const text = `{"a":${large['an array of records']()},"b":[${large['one string of megabytes']()}]}`;
    const root = JSON.parse(text);
    const document = await json.parse(text);
    for (const pointer of ['/a', '/a/0', '/a/19999/nested', '/b', '/b/0/text', '/b/0/after/0', '/a/7/tags/0']) {
      isSame(await document.value(pointer), evaluate(root, pointer), pointer);
    }
    assert.equal(await document.value('/c'), undefined);
  });

  test('of random documents', async () => {
    const random = seeded(31);
    for (let round = 0; round < 300; round++) {
      const text = randomText(random);
      const root = JSON.parse(text);
      const document = await json.parse(text);
      isSame(await document.value(), root, text);
      const pointers = [...pointersOf(root)];
      const pointer = pointers[Math.floor(random() * pointers.length)];
      isSame(await document.value(pointer), evaluate(root, pointer), pointer);
    }
  });

  test('with prototypes and properties as usual', async () => {
    const members = Array.from({ length: 100_000 }, (_, index) => `"k${index}":{"__proto__":[${index}]}`);
    const document = await json.parse(`{"__proto__":{"polluted":1},${members.join()},"constructor":2}`);
    const value = await document.value();
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal(value.polluted, undefined);
    assert.deepEqual(Object.getOwnPropertyDescriptor(value, '__proto__'), {
      value: { polluted: 1 },
      writable: true,
      enumerable: true,
      configurable: true,
    });
    assert.deepEqual(Object.keys(value.k99999), ['__proto__']);
    assert.equal({}.polluted, undefined);
  });

  test('with BigInt among hundreds of thousands of integers', async () => {
    const numbers = Array.from({ length: 200_000 }, (_, index) => 2n ** 53n - 100_000n + BigInt(index));
    const document = await json.parse(`{"numbers":[${numbers.join()}]}`);
    const { numbers: values } = await document.value('', { bigint: true });
    assert.deepEqual(
      values,
      numbers.map((number) => (number > Number.MAX_SAFE_INTEGER ? number : Number(number)))
    );
    assert.deepEqual((await document.value()).numbers, numbers.map(Number));
  });
});

describe('value()', () => {
  const records = large['an array of records']();

  test('serves the event loop all along, and not once in the end', async () => {
    const document = await json.parse(`[${Array(16).fill(records).join()}]`);
    const [value, turns] = await turnsOf(document.value());
    assert.equal(value.length, 16);
    assert.ok(turns >= 10, `${turns} turns for ${document.byteLength} bytes`);
  });

  test('serves it within one string too', async () => {
    const text = 'a\n"é😀'.repeat(2_500_000);
    const document = await json.parse(JSON.stringify(text));
    const [value, turns] = await turnsOf(document.value());
    assert.equal(value, text);
    assert.ok(turns >= 4, `${turns} turns for ${document.byteLength} bytes`);
  });

  test('several at once do not mix', async () => {
    const document = await json.parse(records);
    const other = await json.parse(large['one object of many keys']());
    const [first, second, third] = await Promise.all([document.value(), other.value(), document.value('/5')]);
    isSame(first, JSON.parse(records));
    assert.equal(Object.keys(second).length, 60_000);
    isSame(third, first[5]);
    assert.notEqual(third, first[5]);
  });

  test('stops where its signal is aborted: before, and in between', async () => {
    const document = await json.parse(records);
    const reason = new Error('on purpose');
    const aborted = { code: 'ABORT_ERR', name: 'AbortError', cause: reason };
    await assert.rejects(document.value('', { signal: AbortSignal.abort(reason) }), aborted);
    const controller = new AbortController();
    const waiting = document.value('', { signal: controller.signal });
    setImmediate(() => controller.abort(reason));
    await assert.rejects(waiting, aborted);
    // Nothing is left of it.
    isSame(await document.value('/3'), JSON.parse(records)[3]);
  });

  test('ends with ERR_OFFLOOP_CLOSED, or well, where the document is closed in between', async () => {
    const text = large['half a million numbers']();
    for (let turnsBefore = 0; turnsBefore < 4; turnsBefore++) {
      const document = await json.parse(text);
      const waiting = document.value().then(
        (value) => isSame(value, JSON.parse(text)),
        ({ code }) => assert.equal(code, 'ERR_OFFLOOP_CLOSED')
      );
      for (let turn = 0; turn < turnsBefore; turn++) await nextTurn();
      document.close();
      await waiting;
    }
  });

  test('has the stack of the caller', async () => {
    const document = await json.parse(records);
    async function theCaller() {
      await document.value('no pointer');
    }
    await assert.rejects(theCaller(), ({ stack }) => stack.includes('theCaller'));
  });
});
