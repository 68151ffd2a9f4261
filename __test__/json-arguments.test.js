'use strict';

// Arguments that are wrong, of every function: what was expected, for what, and what came.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { json, csv, pool, JsonDocument, Table } = require('./support/offloop.js');
const { collect, rowsOf } = require('./support/csv.js');
const { says } = require('./support/refusals.js');

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

const jobs = { signal: [[5, TYPE]], timeout: [[0, RANGE], ['1', TYPE]], lane: [['fast', VALUE], [5, TYPE]], priority: [['1', TYPE]],
  onProgress: [[5, TYPE]], copy: [[1, TYPE]] }; // prettier-ignore
const limits = {
  maxDepth: [['1', TYPE], [null, TYPE], [0, RANGE], [-1, RANGE], [1.5, RANGE], [32_001, RANGE], [NaN, RANGE]],
  bom: [[1, TYPE], ['yes', TYPE], [null, TYPE]],
}; // prettier-ignore
const types = [
  [5, TYPE],
  ['string', TYPE],
  [null, TYPE],
  [['string'], TYPE],
];
const columns = [
  ['a', TYPE],
  [5, TYPE],
  [null, TYPE],
  [['a', 'a'], VALUE],
];
const bigint = [
  [1, TYPE],
  ['yes', TYPE],
  [null, TYPE],
];
const lines = {
  ...limits,
  columns,
  types,
  bigint,
  onError: [
    [5, TYPE],
    ['ignore', VALUE],
  ],
  maxRecordSize: [
    ['1', TYPE],
    [0, RANGE],
    [1.5, RANGE],
    [2 ** 30 + 1, RANGE],
    [NaN, RANGE],
  ],
};
const signal = [[5, TYPE], [null, TYPE]]; // prettier-ignore
const batchBytes = [['1', TYPE], [1023, RANGE], [2 ** 28 + 1, RANGE], [2000.5, RANGE]]; // prettier-ignore
const batch = [['1', TYPE], [0, RANGE], [-1, RANGE], [1.5, RANGE], [NaN, RANGE]]; // prettier-ignore

const opened = json.parse('[{"a":1}]');
const table = csv.parse('a\n1\n');
/** Thrown by the call or by the first step: a caller who loops sees no difference. */
const loop = async (make) => collect(make());

/** Each function with options, and the options that it refuses. */
const calls = {
  'json.parse': [(options) => json.parse('[]', options), { ...jobs, ...limits }],
  'json.validate': [(options) => json.validate('[]', options), { ...jobs, ...limits }],
  'json.parseLines': [(options) => json.parseLines('{"a":1}', options), { ...jobs, ...lines }],
  'json.lineBatches': [(options) => loop(() => json.lineBatches(['{"a":1}'], options)), { ...jobs, ...lines, batchBytes }],
  'json.stringify': [
    async (options) => json.stringify(await table, options),
    { ...jobs, lines: [[1, TYPE], ['yes', TYPE]], columns },
  ],
  'document.pluck': [async (options) => (await opened).pluck('/*/a', options), { ...jobs, bigint, types }],
  'document.table': [async (options) => (await opened).table('', options), { ...jobs, bigint, types, columns }],
  'document.items': [async (options) => loop(async function* () { yield* (await opened).items('', options); }), { batch, bigint, signal }],
  'document.value': [async (options) => (await opened).value('', options), { bigint, signal }],
  'document.get': [async (options) => (await opened).get('', options), { bigint }],
}; // prettier-ignore

for (const [name, [call, options]] of Object.entries(calls)) {
  describe(name, () => {
    test('refuses wrong options', async () => {
      for (const [option, values] of Object.entries(options)) {
        for (const [value, code] of values) {
          const check = (error) => {
            assert.equal(error.code, code, error.stack);
            assert.match(error.message, /^Expected .+ for .+ but received /s);
            return error.message.includes(`options.${option}`);
          };
          await assert.rejects(call({ [option]: value }), check, `${option}: ${String(value)}`);
        }
      }
      for (const wrong of [null, 5, 'x', []]) await assert.rejects(call(wrong), says(TYPE, 'options'));
    });

    test('takes options that are not given as undefined', async () => {
      const none = Object.fromEntries(Object.keys(options).map((option) => [option]));
      for (const given of [none, {}, undefined]) await call(given);
    });
  });
}

describe('elements of options', () => {
  for (const [name, take, call] of [
    ['json.parseLines', 'columns types', (options) => json.parseLines('{"a":1}', options)],
    ['json.lineBatches', 'columns types', (options) => loop(() => json.lineBatches(['{"a":1}'], options))],
    ['json.stringify', 'columns', async (options) => json.stringify(await table, options)],
    ['document.table', 'columns types', async (options) => (await opened).table('', options)],
    ['document.pluck', 'types', async (options) => (await opened).pluck('/*/a', options)],
  ]) {
    test(`of ${name}`, async () => {
      const given = {
        columns: [[{ columns: ['a', 5] }, TYPE], [{ columns: [null] }, TYPE]],
        types: [[{ types: { a: 5 } }, TYPE], [{ types: { a: 'number' } }, VALUE], [{ types: { a: 'INT32' } }, VALUE]],
      }; // prettier-ignore
      for (const [options, code] of take.split(' ').flatMap((option) => given[option])) {
        await assert.rejects(call(options), { code, message: /^Expected .+ for .*options\..+ but received .+/s });
      }
    });
  }

  test('a type for what is no column', async () => {
    const document = await opened;
    for (const call of [
      () => json.parseLines('{"a":1}', { types: { nope: 'int32' } }),
      () => loop(() => json.lineBatches(['{"a":1}'], { columns: ['a'], types: { nope: 'int32' } })),
      () => document.table('', { types: { nope: 'int32' } }),
      () => document.table('', { columns: ['a'], types: { b: 'int32' } }),
      () => document.pluck('/*/a', { types: { '/*/b': 'int32' } }),
    ]) {
      await assert.rejects(call, { code: VALUE, message: /nope|b/ });
    }
  });

  test('columns of a table that it does not have', async () => {
    await assert.rejects(json.stringify(await table, { columns: ['a', 'nope'] }), { code: VALUE, message: /nope/ });
  });

  test('the largest and the smallest that are allowed', async () => {
    for (const maxDepth of [1, 32_000]) assert.deepEqual((await json.parse('[]', { maxDepth })).get(''), []);
    for (const maxRecordSize of [7, 2 ** 30]) {
      assert.deepEqual(rowsOf(await json.parseLines('{"a":1}', { maxRecordSize })), [[1]]);
    }
    for (const size of [1024, 2 ** 28]) {
      const tables = await collect(json.lineBatches(['{"a":1}'], { batchBytes: size }));
      assert.deepEqual(rowsOf(...tables), [[1]]);
    }
    for (const most of [1, 2 ** 31 - 1]) {
      assert.deepEqual(await collect((await opened).items('', { batch: most })), [[{ a: 1 }]]);
    }
  });
});

describe('arguments of the wrong type', () => {
  test('data', async () => {
    for (const data of [undefined, null, 5, true, {}, [], () => {}]) {
      for (const call of [json.parse, json.validate, json.parseLines]) {
        await assert.rejects(call(data), says(TYPE, 'data'));
      }
    }
  });

  test('a source', async () => {
    for (const source of [undefined, null, 5, {}, () => {}]) {
      const run = loop(() => json.lineBatches(source));
      await assert.rejects(run, { code: TYPE, message: / for source but received / });
    }
    await assert.rejects(
      loop(() => json.lineBatches([5])),
      says(TYPE, 'a chunk of source')
    );
    await assert.rejects(
      loop(() => json.lineBatches('/does/not/exist')),
      { code: 'ENOENT', syscall: 'open' }
    );
  });

  test('what json.stringify takes for a table', async () => {
    for (const data of [undefined, null, 5, 'text', {}, [], [{ a: 1 }], await opened, Object.create(Table.prototype)]) {
      await assert.rejects(json.stringify(data), { code: TYPE, message: /^Expected .+ but received /s });
    }
  });

  test('a pointer', async () => {
    const document = await opened;
    for (const pointer of [5, null, true, {}, [], ['/0'], Symbol('s')]) {
      for (const method of ['get', 'has', 'type', 'length', 'keys', 'bytes']) {
        assert.throws(() => document[method](pointer), says(TYPE, 'pointer'), method);
      }
      await assert.rejects(document.value(pointer), says(TYPE, 'pointer'));
      await assert.rejects(document.table(pointer), says(TYPE, 'pointer'));
      await assert.rejects(loop(async function* () { yield* document.items(pointer); }), says(TYPE, 'pointer'));
    } // prettier-ignore
    for (const method of ['get', 'has']) assert.throws(() => document[method](), says(TYPE, 'pointer'), method);
  });

  test('paths', async () => {
    const document = await opened;
    for (const paths of [undefined, 5, null, {}, [5], ['/*/a', null]]) {
      await assert.rejects(document.pluck(paths), { code: TYPE, message: /^Expected .+ but received /s });
    }
  });

  test('documents are made by json.parse only', () => {
    for (const args of [[], [5], [{}], [Buffer.from('[]')]]) {
      assert.throws(() => new JsonDocument(...args), { code: TYPE });
    }
  });

  test('methods of a document on something else', () => {
    const { get, has, type, length, keys, bytes, close } = JsonDocument.prototype;
    for (const method of [get, has, type, length, keys, bytes, close]) {
      assert.throws(() => method.call({}, ''), TypeError);
      assert.throws(() => method.call(Object.create(JsonDocument.prototype), ''), TypeError);
    }
  });
});

describe('inputs', () => {
  const text = '[{"a":"é"}]';

  test('of every kind', async () => {
    const bytes = Buffer.from(text);
    const own = new Uint8Array(bytes);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    for (const data of [text, bytes, own, own.buffer, new DataView(own.buffer), shared, shared.buffer]) {
      const document = await json.parse(data);
      assert.deepEqual(document.get(''), [{ a: 'é' }]);
      assert.equal(document.byteLength, bytes.length);
      await json.validate(data);
    }
    const part = Buffer.from(`xx${text}yy`).subarray(2, -2);
    assert.deepEqual((await json.parse(part)).get(''), [{ a: 'é' }]);
  });

  test('transferred, the caller has lost them', async () => {
    const data = new Uint8Array(Buffer.from(text));
    const document = json.parse(data, { transfer: true });
    assert.equal(data.length, 0);
    assert.deepEqual((await document).get(''), [{ a: 'é' }]);
    await assert.rejects(json.parse(text, { transfer: true }), { code: /ERR_INVALID_ARG_(TYPE|VALUE)/ });
  });

  test('copied, the caller may write to them', async () => {
    const data = Buffer.from(`[${'"abc",'.repeat(50_000)}0]`);
    const parsing = json.parse(data, { copy: true });
    data.fill('?');
    const document = await parsing;
    assert.equal(document.get('/49999'), 'abc');
    data.fill(']');
    assert.equal(document.bytes('/1').toString(), '"abc"');
  });

  test('job options: lane, an aborted signal, progress to the end', async () => {
    const { interactive, bulk } = pool.stats();
    await json.parse(text, { lane: 'interactive', priority: 5 });
    await json.validate(text, { lane: 'bulk' });
    assert.equal(pool.stats().interactive.completed, interactive.completed + 1);
    assert.equal(pool.stats().bulk.completed, bulk.completed + 1);
    const reason = new Error('on purpose');
    const aborted = { code: 'ABORT_ERR', name: 'AbortError', cause: reason };
    const large = Buffer.from(`[${'{"a": [1, 2.5, "text"]},'.repeat(200_000)}0]`);
    for (const call of [json.parse, json.validate, (data, options) => json.parseLines(data, options)]) {
      await assert.rejects(call(text, { signal: AbortSignal.abort(reason) }), aborted);
      const controller = new AbortController();
      const running = call(large, { signal: controller.signal });
      controller.abort(reason);
      await assert.rejects(running, aborted);
    }
    const seen = [];
    await json.parse(large, { onProgress: (progress) => seen.push(progress) });
    assert.deepEqual(seen.at(-1), { processedBytes: large.length, totalBytes: large.length });
  });
});
