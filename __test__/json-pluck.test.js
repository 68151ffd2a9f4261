'use strict';

// Columns from paths into a document, in which a star stands for every element of an array.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { json, Column } = require('./support/offloop.js');
const { seeded } = require('./support/csv.js');
const { REFUSED, evaluate } = require('./support/json.js');

const VALUE = 'ERR_INVALID_ARG_VALUE';

/** What a path finds: a row for each element of the array at its last star. */
function find(root, path) {
  const parts = path.split('/*');
  const last = parts.pop();
  let values = [evaluate(root, parts[0])];
  parts.push('');
  for (const part of parts.slice(1)) {
    values = values.flatMap((value) => (Array.isArray(value) ? value.map((element) => evaluate(element, part)) : []));
  }
  return values.map((value) => evaluate(value, last) ?? null);
}

const orders = `{
  "orders": [
    {"id": 1, "who": {"name": "né"}, "items": [{"price": 1.5, "tags": ["a", "b"]}, {"price": 2}]},
    {"id": 2, "items": []},
    {"id": 3, "who": null, "items": [{"price": null, "tags": []}, {}, {"price": 4, "tags": ["c"]}]},
    {"who": {"name": "x", "name": "y"}, "items": "none"},
    {"id": 5, "items": {"price": 6}}
  ],
  "matrix": [[1, 2], [], [3], 4, [[5], 6]],
  "a/b": [{"m~n": [1, 2]}, {"m~n": [3]}],
  "empty": [],
  "scalars": [1, 2, 3]
}`;

describe('pluck finds', () => {
  for (const [path, type, expected] of [
    ['/orders/*/id', 'int32', [1, 2, 3, null, 5]],
    ['/orders/*/who/name', 'string', ['né', null, null, 'y', null]],
    ['/orders/*/nope', 'string', [null, null, null, null, null]],
    ['/orders/*/items/0/price', 'float64', [1.5, null, null, null, null]],
    ['/orders/*/items/*/price', 'float64', [1.5, 2, null, null, 4]],
    ['/orders/*/items/*/tags/0', 'string', ['a', null, null, null, 'c']],
    ['/orders/*/items/*/tags/*', 'string', ['a', 'b', 'c']],
    ['/scalars/*', 'int32', [1, 2, 3]],
    ['/scalars/*/a', 'string', [null, null, null]],
    ['/empty/*', 'string', []],
    ['/empty/*/a', 'string', []],
    ['/matrix/*/*', 'json', ['1', '2', '3', '[5]', '6']],
    ['/matrix/*/*/0', 'int32', [null, null, null, 5, null]],
    ['/matrix/*/0', 'json', ['1', null, '3', null, '[5]']],
    ['/matrix/0/*', 'int32', [1, 2]],
    ['/a~1b/*/m~0n/0', 'int32', [1, 3]],
    ['/a~1b/*/m~0n/*', 'int32', [1, 2, 3]],
  ]) {
    test(path, async () => {
      const document = await json.parse(orders);
      const column = await document.pluck(path);
      assert.ok(column instanceof Column);
      assert.deepEqual([column.name, column.type, column.toArray()], [path, type, expected]);
      const [again] = await document.pluck([path]);
      assert.deepEqual([again.name, again.type, again.toArray()], [path, type, expected]);
      if (type !== 'json') assert.deepEqual(expected, find(JSON.parse(orders), path));
    });
  }

  test('several paths at once, in their order', async () => {
    const document = await json.parse(orders);
    const paths = ['/orders/*/items/*/tags', '/orders/*/items/*/price', '/orders/*/items/*'];
    const columns = await document.pluck(paths);
    assert.deepEqual(
      columns.map(({ name, type }) => [name, type]),
      [[paths[0], 'json'], [paths[1], 'float64'], [paths[2], 'json']]
    ); // prettier-ignore
    assert.deepEqual(columns[0].toArray(), ['["a", "b"]', null, '[]', null, '["c"]']);
    assert.equal(columns[2].get(3), '{}');
  });

  test('the elements of a document that is an array', async () => {
    const document = await json.parse('[[1,{"":2}],[3],[]]');
    assert.deepEqual((await document.pluck('/*/0')).toArray(), [1, 3, null]);
    assert.deepEqual((await document.pluck('/*/1/')).toArray(), [2, null, null]);
    assert.deepEqual((await document.pluck('/*')).toArray(), ['[1,{"":2}]', '[3]', '[]']);
  });

  test('the last value of a key that comes again', async () => {
    const document = await json.parse(
      '{"rows":[{"a":1}],"rows":[{"a":2,"b":{"c":1},"a":3,"b":{"d":4}},{"a":5,"\\u0061":6}]}'
    );
    const columns = await document.pluck(['/rows/*/a', '/rows/*/b/c', '/rows/*/b/d']);
    assert.deepEqual(
      columns.map((column) => column.toArray()),
      [
        [3, 6],
        [null, null],
        [4, null],
      ]
    );
  });

  test('keys of any kind', async () => {
    const document = await json.parse('[{"__proto__":1,"é":2,"a\\nb":3,"":{"":4},"0":5,"constructor":6,"a.b":7}]');
    const paths = ['/*/__proto__', '/*/é', '/*/a\nb', '/*//', '/*/0', '/*/constructor', '/*/toString', '/*/a.b'];
    const columns = await document.pluck(paths);
    assert.deepEqual(
      columns.map((column) => column.get(0)),
      [1, 2, 3, 4, 5, 6, null, 7]
    );
  });
});

describe('pluck refuses', () => {
  test('a first star at what is no array, and names it', async () => {
    const document = await json.parse(orders);
    for (const path of [
      '/nope/*',
      '/*',
      '/*/a',
      '/orders/0/*',
      '/orders/0/id/*/a',
      '/orders/3/items/*/price',
      '/nope/*/*',
    ]) {
      await assert.rejects(document.pluck(path), (error) => {
        assert.equal(error.code, REFUSED);
        assert.match(error.message, /^Expected .*array.* but received /s);
        assert.ok(error.message.includes(path.slice(0, path.indexOf('/*'))), error.message);
        return true;
      });
    }
  });

  test('paths without a star, that are no pointers, and of different arrays', async () => {
    const document = await json.parse(orders);
    for (const path of [
      '',
      '/orders',
      '/orders/0/id',
      'orders/*',
      '*',
      '/orders/*/~',
      '/orders/*/~2',
      '/orders*/id',
      '/orders/*x',
    ]) {
      await assert.rejects(document.pluck(path), { code: VALUE, message: /^Expected .+ but received /s }, path);
    }
    for (const paths of [
      ['/orders/*/id', '/scalars/*'],
      ['/orders/*/id', '/orders/*/items/*/price'],
      ['/orders/*', '/orders/*/items/*'],
    ]) {
      await assert.rejects(document.pluck(paths), { code: VALUE }, paths.join());
    }
  });

  test('what is aborted', async () => {
    const document = await json.parse(orders);
    const signal = AbortSignal.abort();
    await assert.rejects(document.pluck('/orders/*/id', { signal }), { code: 'ABORT_ERR' });
  });
});

describe('pluck of megabytes', () => {
  const random = seeded(51);
  const maybe = (value) => (random() < 0.2 ? undefined : random() < 0.1 ? null : value);
  const records = Array.from({ length: 12_000 }, (_, id) => ({
    id,
    score: maybe(random() * 100),
    name: maybe(`né "${id}"\n`),
    flag: maybe(id % 2 === 0),
    kind: maybe(`kind ${id % 5}`),
    place: maybe({ lat: random(), tags: maybe(['x', id]) }),
    items: Array.from({ length: random() * 4 }, (_, n) => ({ n, price: maybe(n * 1.25), sub: [n, [id]] })),
  }));
  const text = JSON.stringify(
    { before: records.slice(0, 10), rows: records, after: 'x'.repeat(100_000) },
    undefined,
    1
  );
  const root = JSON.parse(text);

  test('finds what JSON.parse and map find', async () => {
    assert.ok(text.length > 300_000);
    const document = await json.parse(text);
    const paths = [
      'id',
      'score',
      'name',
      'flag',
      'kind',
      'place/lat',
      'place/tags/0',
      'place/tags/1',
      'items/1/price',
      'items/0/sub/1/0',
    ];
    const columns = await document.pluck(paths.map((path) => `/rows/*/${path}`));
    for (const [index, path] of paths.entries()) {
      assert.deepEqual(columns[index].toArray(), find(root, `/rows/*/${path}`), path);
    }
    for (const path of [
      '/rows/*/items/*/price',
      '/rows/*/items/*/n',
      '/rows/*/items/*/sub/1/0',
      '/rows/*/items/*/sub/1/*',
      '/before/*/id',
    ]) {
      assert.deepEqual((await document.pluck(path)).toArray(), find(root, path), path);
    }
    const nested = await document.pluck('/rows/*/place');
    assert.equal(nested.type, 'json');
    assert.deepEqual(
      nested.toArray().map((value) => JSON.parse(value)),
      find(root, '/rows/*/place')
    );
  });

  test('many at once from one document', async () => {
    const document = await json.parse(text);
    const plucked = await Promise.all(Array.from({ length: 30 }, () => document.pluck('/rows/*/id')));
    for (const column of plucked) assert.deepEqual([column.length, column.get(11_999)], [12_000, 11_999]);
  });

  test('one array of many, of which each has few', async () => {
    const rows = Array.from({ length: 100_000 }, (_, index) => Array.from({ length: index % 3 }, () => index));
    const document = await json.parse(JSON.stringify(rows));
    assert.deepEqual((await document.pluck('/*/*')).toArray(), rows.flat());
  });
});
