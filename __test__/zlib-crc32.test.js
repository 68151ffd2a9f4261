'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { kindOf, mixed, node, zlib } = require('./support/zlib.js');

test('crc32 is that of Node, of bytes and text, and goes on from a value', () => {
  const data = mixed(100_000);
  for (const size of [0, 1, 7, 63, 64, 65, 4096, 100_000]) {
    const bytes = data.subarray(0, size);
    for (const value of [undefined, 0, 1, 0xdeadbeef, 0xffffffff]) {
      assert.equal(zlib.crc32(bytes, value), node.crc32(bytes, value), `${size} bytes`);
    }
  }
  const halves = zlib.crc32(data.subarray(40_000), zlib.crc32(data.subarray(0, 40_000)));
  assert.equal(halves, node.crc32(data));
  const values = ['', 'grö', '漢字😀', '\ud800x', new Uint16Array([1, 2, 3]), new DataView(new ArrayBuffer(5), 1)];
  values.push(new Uint8Array(new SharedArrayBuffer(5)), new Float64Array(3));
  for (const value of values) assert.equal(zlib.crc32(value), node.crc32(value));
  assert.equal(zlib.crc32('hello'), 0x3610a686);
});

test('crc32 refuses what Node refuses', () => {
  const verdict = (crc32, args) => {
    try {
      return crc32(...args);
    } catch (error) {
      return [error.code, kindOf(error)];
    }
  };
  const data = [
    undefined,
    null,
    5,
    true,
    {},
    [],
    new ArrayBuffer(2),
    new SharedArrayBuffer(2),
    Symbol('s'),
    () => 1,
    1n,
  ];
  const values = [-1, 2 ** 32, 1.5, NaN, Infinity, '1', null, 1n, {}, true];
  for (const args of [...data.map((each) => [each]), ...values.map((value) => ['x', value])]) {
    const expected = verdict(node.crc32, args);
    assert.ok(Array.isArray(expected), String(args.map(String)));
    assert.deepEqual(verdict(zlib.crc32, args), expected, String(args.map(String)));
  }
});

test('constants and codes are those of Node, with those of zstd', () => {
  for (const [name, value] of Object.entries(node.constants)) assert.equal(zlib.constants[name], value, name);
  for (const [name, value] of Object.entries(node.codes)) assert.equal(zlib.codes[name], value, name);
  const { ZSTD_c_compressionLevel, ZSTD_e_flush, ZSTD_d_windowLogMax, ZSTD_error_checksum_wrong } = zlib.constants;
  assert.deepEqual(
    [ZSTD_c_compressionLevel, ZSTD_e_flush, ZSTD_d_windowLogMax, ZSTD_error_checksum_wrong],
    [100, 1, 100, 22]
  );
});
