'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { Column } = require('../index.js');
const { table } = require('./support/payload.js');
const { says } = require('./support/refusals.js');

const column = (type, values) => table([{ name: 'c', type, values }]).column('c');

/** Values of each type, and as they lie in memory where nulls are left alone. */
const types = {
  boolean: [[true, false, false, true, true, false, true, false, true, true], Uint8Array.of(0b01011001, 0b11)],
  int32: [[0, 1, -1, 2 ** 31 - 1, -(2 ** 31)], Int32Array.of(0, 1, -1, 2 ** 31 - 1, -(2 ** 31))],
  float64: [[0, -0, 0.1, 2 ** 53, Infinity, NaN], Float64Array.of(0, -0, 0.1, 2 ** 53, Infinity, NaN)],
  int64: [[0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)], BigInt64Array.of(0n, -1n, 2n ** 63n - 1n, -(2n ** 63n))],
  timestamp: [
    [0, -1, 1, 2 ** 32, -(2 ** 32), 8.64e15, -8.64e15],
    BigInt64Array.of(0n, -1n, 1n, 2n ** 32n, -(2n ** 32n), 8_640_000_000_000_000n, -8_640_000_000_000_000n),
  ],
  string: [['', 'a', 'é', '', '😀'], Uint8Array.from(Buffer.from('aé😀'))],
  dictionary: [['x', '', 'x', '😀', ''], Int32Array.of(0, 1, 0, 2, 1)],
};

for (const [type, [values, memory]] of Object.entries(types)) {
  describe(`a column of type ${type}`, () => {
    test('has its values, all ways', () => {
      const it = column(type, values);
      assert.ok(it instanceof Column);
      assert.deepEqual([it.name, it.type, it.length, it.nullCount], ['c', type, values.length, 0]);
      assert.deepEqual(it.toArray(), values);
      assert.deepEqual([...it], values);
      values.forEach((value, row) => assert.deepEqual(it.get(row), value));
    });

    test('has them in memory', () => {
      const it = column(type, values);
      assert.deepEqual(it.values, memory);
      assert.equal(it.values, it.values, 'made once');
      assert.equal(it.validity, undefined);
    });

    test('has nulls', () => {
      const holes = values.flatMap((value) => [null, value, value]);
      const it = column(type, holes);
      assert.equal(it.nullCount, values.length);
      assert.deepEqual(it.toArray(), holes);
      assert.deepEqual([...it], holes);
      holes.forEach((value, row) => assert.deepEqual(it.get(row), value));
      const bits = holes.map((_, row) => (it.validity[row >> 3] >> (row & 7)) & 1);
      assert.deepEqual(
        bits,
        holes.map((value) => (value === null ? 0 : 1))
      );
    });

    test('of a slice at any offset', () => {
      const holes = Array.from({ length: 40 }, (_, row) => (row % 7 === 3 ? null : values[row % values.length]));
      const whole = table([{ name: 'c', type, values: holes }]);
      for (let from = 0; from <= 17; from++) {
        for (const to of [from, from + 1, from + 9, 40]) {
          const it = whole.slice(from, to).column('c');
          const expected = holes.slice(from, to);
          assert.deepEqual(it.toArray(), expected);
          assert.equal(it.nullCount, expected.filter((value) => value === null).length);
          assert.equal(it.validity === undefined, it.nullCount === 0);
          expected.forEach((value, row) => {
            assert.deepEqual(it.get(row), value);
            if (it.validity) assert.equal((it.validity[row >> 3] >> (row & 7)) & 1, Number(value !== null));
            if (type === 'boolean' && value !== null) {
              assert.equal((it.values[row >> 3] >> (row & 7)) & 1, Number(value));
            }
            if (type === 'string' && value !== null) {
              const text = it.values.subarray(it.offsets[row], it.offsets[row + 1]);
              assert.equal(Buffer.from(text).toString(), value);
            }
            if (type === 'dictionary' && value !== null) assert.equal(it.dictionary[it.values[row]], value);
          });
        }
      }
    });
  });
}

test('offsets are of strings only, a dictionary of dictionaries only', () => {
  for (const [type, [values]] of Object.entries(types)) {
    const it = column(type, values);
    assert.equal(it.offsets instanceof Int32Array, type === 'string');
    assert.equal(Array.isArray(it.dictionary), type === 'dictionary');
  }
  assert.deepEqual(column('string', ['', 'a', 'é']).offsets, Int32Array.of(0, 0, 1, 3));
  const { dictionary } = column('dictionary', ['x', null, 'y', 'x']);
  assert.deepEqual(dictionary, ['x', 'y']);
  assert.ok(Object.isFrozen(dictionary));
});

test('there is one object for a column', () => {
  const it = table([{ name: 'c', type: 'int32', values: [1] }]);
  assert.equal(it.column('c'), it.column('c'));
  assert.ok(Object.isFrozen(it.column('c')));
});

test('an index that is no row is refused', () => {
  const it = column('int32', [1, 2, 3]);
  for (const [index, code] of [
    [3, 'ERR_OUT_OF_RANGE'],
    [-1, 'ERR_OUT_OF_RANGE'],
    [1.5, 'ERR_OUT_OF_RANGE'],
    ['1', 'ERR_INVALID_ARG_TYPE'],
    [undefined, 'ERR_INVALID_ARG_TYPE'],
  ]) {
    assert.throws(() => it.get(index), says(code, 'index'));
  }
  assert.throws(() => column('int32', []).get(0), says('ERR_OUT_OF_RANGE', 'index'));
});

test('null is null, and not what lies in its place', () => {
  for (const type of Object.keys(types)) assert.deepEqual(column(type, [null, null]).toArray(), [null, null]);
});
