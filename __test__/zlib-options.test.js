'use strict';

// What node:zlib takes and refuses, option by option: its own functions are asked for every expectation.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const fc = require('fast-check');
const { refuses } = require('./support/refusals.js');
const { FORMATS, eachOf, hasZstd, kindOf, node, zlib } = require('./support/zlib.js');

const TEXT = 'hello hello hello hello';

const NUMBERS = [-2, -1, -0.5, 0, 1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15, 16, 24, 63, 64, 65, 1000, 2 ** 53];
const OTHERS = [undefined, null, NaN, Infinity, -Infinity, '', '1', '15', 'x', 1n, true, false, {}, [], [9]];
OTHERS.push(
  () => 1,
  Symbol('s'),
  new Date(0),
  Buffer.from('hello'),
  new Uint16Array(3),
  new DataView(new ArrayBuffer(2))
);
OTHERS.push(new ArrayBuffer(2), new SharedArrayBuffer(2), new Number(9));
const VALUES = [...NUMBERS, ...OTHERS];

const COMMON = ['flush', 'finishFlush', 'chunkSize', 'info', 'maxOutputLength'];
const DEFLATE = [...COMMON, 'windowBits', 'level', 'memLevel', 'strategy', 'dictionary'];

/** Each function, the options that Node's reads, and an input that it takes. */
const FUNCTIONS = Object.entries({
  gzip: [DEFLATE, TEXT],
  deflate: [DEFLATE, TEXT],
  deflateRaw: [DEFLATE, TEXT],
  gunzip: [DEFLATE, node.gzipSync(TEXT)],
  inflate: [DEFLATE, node.deflateSync(TEXT)],
  inflateRaw: [DEFLATE, node.deflateRawSync(TEXT)],
  unzip: [DEFLATE, node.deflateSync(TEXT)],
  brotliCompress: [[...COMMON, 'params'], TEXT],
  brotliDecompress: [[...COMMON, 'params'], node.brotliCompressSync(TEXT)],
  ...(hasZstd && {
    zstdCompress: [[...COMMON, 'params', 'pledgedSrcSize'], TEXT],
    zstdDecompress: [[...COMMON, 'params'], node.zstdCompressSync(TEXT)],
  }),
}).map(([name, [options, data]]) => ({ name, options, data }));

/** The name of an option that a message is about. */
const about = (message) => /options\.(\w+)/.exec(message)?.[1];

const resultOf = (result) => (Buffer.isBuffer(result) ? 'bytes' : Object.keys(result).sort().join());

/** What comes of a call: what kind of result, or which error. */
function verdict(error, result) {
  return error === undefined ? { result } : { code: error.code, kind: kindOf(error), about: about(error.message) };
}

function nodeVerdict({ name, data }, options) {
  try {
    return verdict(undefined, resultOf(node[`${name}Sync`](data, options)));
  } catch (error) {
    return verdict(error);
  }
}

async function ownVerdict({ name, data }, options) {
  const promise = zlib[name](data, options);
  assert.ok(promise instanceof Promise, `${name} does not throw`);
  try {
    return verdict(undefined, resultOf(await promise));
  } catch (error) {
    return verdict(error);
  }
}

const shown = (value) => (typeof value === 'symbol' || typeof value === 'function' ? String(value) : value);

/** Options of which Node makes its buffers in vain: too large for it, not for a job. */
const isHuge = (option, value) => option === 'chunkSize' && value === 2 ** 53;

/** Brotli's blocks of metadata, which are not written here: see below. */
const isMetadata = ({ name }, option, value) => name.startsWith('brotli') && /flush/i.test(option) && value === 3;

async function isSame(subject, options) {
  const expected = nodeVerdict(subject, options);
  const actual = await ownVerdict(subject, options);
  // How long what is compressed becomes is each one's own.
  const depends = [expected, actual].some(({ code }) => code === 'ERR_BUFFER_TOO_LARGE');
  if (depends && subject.data === TEXT) return expected;
  // Of keys of params Node does not say what they belong to.
  if (expected.about === undefined) actual.about = undefined;
  if (expected.code === undefined) delete actual.about;
  const label = () =>
    `${subject.name} ${Object.entries(options).map(([key, value]) => `${key}: ${String(shown(value))}`)}`;
  assert.deepEqual(actual, expected, label());
  return expected;
}

describe('each value of each option is taken or refused as Node does', () => {
  for (const subject of FUNCTIONS) {
    test(subject.name, async () => {
      const cases = subject.options.flatMap((option) =>
        VALUES.filter((value) => !isHuge(option, value) && !isMetadata(subject, option, value)).map((value) => ({
          [option]: value,
        }))
      );
      const counts = {};
      await eachOf(cases, async (options) => {
        const { code = 'taken' } = await isSame(subject, options);
        counts[code] = (counts[code] ?? 0) + 1;
      });
      assert.ok(counts.taken > 50 && counts.ERR_INVALID_ARG_TYPE > 50 && counts.ERR_OUT_OF_RANGE > 20, counts);
    });
  }
});

test('of several wrong options the one is named that Node names', async () => {
  const some = fc.constantFrom(undefined, null, NaN, 'x', 1n, -7, 0, 1, 1.5, 8, 9, 15, 64, 100, Buffer.from('hello'));
  const params = fc.constantFrom(undefined, null, {}, { 100: 20 }, { x: 1 }, { 1: 'x' }, 'x');
  const given = ({ options }) => {
    const values = options.map((option) => [option, option === 'params' ? params : some]);
    return fc.record(Object.fromEntries(values), { requiredKeys: [] });
  };
  const calls = fc.constantFrom(...FUNCTIONS).chain((subject) => fc.tuple(fc.constant(subject), given(subject)));
  const property = fc.asyncProperty(calls, async ([subject, options]) => {
    await isSame(subject, options);
  });
  await fc.assert(property, { numRuns: 1000 });
});

test('options that another function has are left alone, as by Node', async () => {
  for (const [name, options] of [
    ['gzip', { params: { x: 'y' }, pledgedSrcSize: 'x' }],
    ['brotliCompress', { level: 'x', windowBits: {}, memLevel: null, strategy: 99 }],
  ]) {
    const subject = FUNCTIONS.find((each) => each.name === name);
    assert.deepEqual(await isSame(subject, options), { result: 'bytes' });
  }
});

describe('params', () => {
  const KEYS = [
    '',
    '0',
    '1',
    '2',
    '3',
    '4',
    '5',
    '6',
    '7',
    '8',
    '9',
    '01',
    '1e0',
    '1.5',
    '-1',
    '-0',
    'x',
    'NaN',
    '1000',
  ];

  for (const name of ['brotliCompress', 'brotliDecompress']) {
    const subject = FUNCTIONS.find((each) => each.name === name);

    test(`${name}: every key, with every kind of value`, async () => {
      const values = [0, 1, 2, 3, 5, 9, 10, 11, 12, 16, 22, 24, 25, 30, -1, true, false, NaN, 1.5, 2 ** 32, '1', null];
      values.push(undefined, 1n, {}, Symbol('s'));
      const cases = KEYS.flatMap((key) => values.map((value) => ({ params: { [key]: value } })));
      await eachOf(cases, (options) => isSame(subject, options));
    });

    test(`${name}: a key that comes twice`, async () => {
      for (const params of [
        { 1: 5, '01': 5 },
        { 0: 1, '': 1 },
      ])
        await isSame(subject, { params });
    });
  }

  test('zstd: keys and values as in Node 24', async () => {
    const invalid = { code: 'ERR_ZSTD_INVALID_PARAM', name: /RangeError/ };
    const failed = { code: 'ERR_ZLIB_INITIALIZATION_FAILED' };
    const wrong = { code: 'ERR_INVALID_ARG_TYPE' };
    const frame = await zlib.zstdCompress(TEXT);
    for (const key of ['x', '-1', '1.5', '5000']) {
      await assert.rejects(zlib.zstdCompress(TEXT, { params: { [key]: 1 } }), { code: invalid.code }, key);
    }
    for (const key of ['101', 'x', '-1', '2000']) {
      await assert.rejects(zlib.zstdDecompress(frame, { params: { [key]: 1 } }), { code: invalid.code }, key);
    }
    for (const key of ['98', '99']) await assert.rejects(zlib.zstdCompress(TEXT, { params: { [key]: 1 } }), failed);
    const { constants } = zlib;
    for (const [key, value] of [
      ['ZSTD_c_windowLog', 9],
      ['ZSTD_c_windowLog', 100],
      ['ZSTD_c_strategy', 10],
      ['ZSTD_c_minMatch', 8],
      ['ZSTD_c_targetLength', -5],
    ]) {
      await assert.rejects(zlib.zstdCompress(TEXT, { params: { [constants[key]]: value } }), failed, `${key} ${value}`);
    }
    for (const value of [9, 32]) {
      const params = { [constants.ZSTD_d_windowLogMax]: value };
      await assert.rejects(zlib.zstdDecompress(frame, { params }), failed);
    }
    for (const value of ['1', null, undefined, 1n, {}]) {
      await assert.rejects(zlib.zstdCompress(TEXT, { params: { [constants.ZSTD_c_compressionLevel]: value } }), wrong);
    }
    for (const [key, value] of [
      ['ZSTD_c_compressionLevel', 0],
      ['ZSTD_c_compressionLevel', -5],
      ['ZSTD_c_compressionLevel', 100],
      ['ZSTD_c_checksumFlag', true],
      ['ZSTD_c_windowLog', 0],
      ['ZSTD_c_windowLog', -1],
    ]) {
      const bytes = await zlib.zstdCompress(TEXT, { params: { [constants[key]]: value } });
      assert.equal(String(await zlib.zstdDecompress(bytes)), TEXT, `${key} ${value}`);
    }
  });

  test('zstd: what shares the work among threads is refused, for the pool does it', async () => {
    for (const name of ['nbWorkers', 'jobSize', 'overlapLog']) {
      const key = zlib.constants[`ZSTD_c_${name}`];
      assert.ok(Number.isInteger(key), name);
      const code = 'ERR_ZSTD_INVALID_PARAM';
      await assert.rejects(zlib.zstdCompress(TEXT, { params: { [key]: 1 } }), { code }, name);
      const bytes = await zlib.zstdCompress(TEXT, { params: { [key]: 0 } });
      assert.equal(String(await zlib.zstdDecompress(bytes)), TEXT);
    }
  });

  test('zstd: pledgedSrcSize as in Node 24', async () => {
    for (const pledgedSrcSize of [TEXT.length, undefined]) {
      const bytes = await zlib.zstdCompress(TEXT, { pledgedSrcSize });
      assert.equal(String(await zlib.zstdDecompress(bytes)), TEXT);
    }
    for (const [pledgedSrcSize, code] of [
      [0, 'ZSTD_error_srcSize_wrong'],
      [TEXT.length - 1, 'ZSTD_error_srcSize_wrong'],
      [TEXT.length + 1, 'ZSTD_error_srcSize_wrong'],
      [-1, 'ERR_OUT_OF_RANGE'],
      [1.5, 'ERR_OUT_OF_RANGE'],
      [NaN, 'ERR_OUT_OF_RANGE'],
      [2 ** 53, 'ERR_OUT_OF_RANGE'],
      [null, 'ERR_INVALID_ARG_TYPE'],
      ['5', 'ERR_INVALID_ARG_TYPE'],
      [5n, 'ERR_INVALID_ARG_TYPE'],
    ]) {
      await assert.rejects(zlib.zstdCompress(TEXT, { pledgedSrcSize }), { code }, String(pledgedSrcSize));
    }
  });
});

describe('data', () => {
  const values = ['', 'text', 'grö', '\ud800', Buffer.from('b'), new Uint16Array([1, 2]), new Float64Array(2)];
  values.push(new DataView(new ArrayBuffer(4), 1, 2), new ArrayBuffer(3), new SharedArrayBuffer(3));
  values.push(new Uint8Array(new SharedArrayBuffer(9), 3, 4), new BigInt64Array(1), Buffer.alloc(0));
  values.push(undefined, null, 5, 5n, true, {}, [], [1, 2], new Date(0), Symbol('s'), new Map(), new String('x'));

  test('of every type is taken or refused as Node does', async () => {
    for (const { name, compress, decompress } of Object.entries(FORMATS).map(([name, rest]) => ({ name, ...rest }))) {
      if (name === 'zstd' && !hasZstd) continue;
      for (const data of values) {
        const label = `${compress} ${String(shown(data))}`;
        const expected = nodeVerdict({ name: compress, data });
        assert.deepEqual(await ownVerdict({ name: compress, data }), expected, label);
        assert.equal((await ownVerdict({ name: decompress, data })).code, nodeVerdict({ name: decompress, data }).code);
        if (expected.result === undefined) continue;
        const bytes = await zlib[compress](data);
        const restored = node[`${decompress}Sync`](node[`${compress}Sync`](data));
        assert.deepEqual(node[`${decompress}Sync`](bytes), restored, label);
      }
    }
  });
});

describe('other than in Node', () => {
  test('blocks of metadata of Brotli are refused', async () => {
    const metadata = node.constants.BROTLI_OPERATION_EMIT_METADATA;
    for (const option of ['flush', 'finishFlush']) {
      await refuses(() => zlib.brotliCompress(TEXT, { [option]: metadata }), 'ERR_OUT_OF_RANGE', `options.${option}`);
    }
  });

  test('options that are no object are refused, and null is none', async () => {
    for (const { name, data } of FUNCTIONS) {
      for (const options of ['x', 5, true, false, 1n, Symbol('s'), '']) {
        await refuses(() => zlib[name](data, options), 'ERR_INVALID_ARG_TYPE', 'options');
      }
      for (const options of [null, undefined, {}]) assert.ok(Buffer.isBuffer(await zlib[name](data, options)));
    }
  });

  test('job options stand beside them, and are checked as everywhere', async () => {
    for (const { name, data } of FUNCTIONS) {
      for (const [options, code] of [
        [{ timeout: '1' }, 'ERR_INVALID_ARG_TYPE'],
        [{ timeout: 0 }, 'ERR_OUT_OF_RANGE'],
        [{ lane: 'fast' }, 'ERR_INVALID_ARG_VALUE'],
        [{ priority: 0.5 }, 'ERR_OUT_OF_RANGE'],
        [{ signal: {} }, 'ERR_INVALID_ARG_TYPE'],
        [{ transfer: 1 }, 'ERR_INVALID_ARG_TYPE'],
        [{ copy: 1 }, 'ERR_INVALID_ARG_TYPE'],
        [{ onProgress: 1 }, 'ERR_INVALID_ARG_TYPE'],
      ]) {
        await refuses(() => zlib[name](data, options), code, `options.${Object.keys(options)[0]}`);
      }
      const code = 'ABORT_ERR';
      await assert.rejects(zlib[name](data, { signal: AbortSignal.abort() }), { code });
    }
  });
});
