'use strict';

// Tables of arrays of objects: which columns there are, and what is in them.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { json, Table } = require('./support/offloop.js');
const { rowsOf, seeded, typesOf } = require('./support/csv.js');
const { REFUSED, escaped, evaluate, randomText } = require('./support/json.js');

const table = async (text, pointer, options) => (await json.parse(text)).table(pointer, options);

describe('the columns of a table', () => {
  for (const [name, text, options, names, rows] of [
    ['are the keys in the order in which they appear first', '[{"b":1,"a":2},{"c":3,"a":4}]', {}, ['b', 'a', 'c'],
      [[1, 2, null], [null, 4, 3]]],
    ['also of keys that look like indexes', '[{"2":1,"b":2,"1":3},{"0":4}]', {}, ['2', 'b', '1', '0'], [[1, 2, 3, null], [null, null, null, 4]]],
    ['have each key once, with its last value', '[{"a":1,"b":2,"a":3},{"\\u0061":4}]', {}, ['a', 'b'], [[3, 2], [4, null]]],
    ['may have any names', '[{"__proto__":1,"":2,"a.b":3,"/x":4,"é\\n😀":5,"constructor":6}]', {},
      ['__proto__', '', 'a.b', '/x', 'é\n😀', 'constructor'], [[1, 2, 3, 4, 5, 6]]],
    ['hold what is nested as JSON', '[{"a":{"b": 1},"c":[1, 2]},{"a":null}]', {}, ['a', 'c'], [['{"b": 1}', '[1, 2]'], [null, null]]],
    ['are those that were asked for, in that order', '[{"a":1,"b":2,"c":3}]', { columns: ['c', 'a'] }, ['c', 'a'], [[3, 1]]],
    ['are null where nothing is', '[{"a":1},{"b":2}]', { columns: ['a', 'nope'] }, ['a', 'nope'], [[1, null], [null, null]]],
    ['may be nested, by dots', '[{"user":{"name":"x","age":{"years":3}}},{"user":5},{}]', { columns: ['user.name', 'user.age.years'] },
      ['user.name', 'user.age.years'], [['x', 3], [null, null], [null, null]]],
    ['are a key with dots before they are nested', '[{"a.b":1,"a":{"b":2}},{"a":{"b":3}}]', { columns: ['a.b'] }, ['a.b'], [[1], [3]]],
    ['may be pointers', '[{"a":{"b.c":[1,{"d/e":2}]}},{"a":[]}]', { columns: ['/a/b.c/0', '/a/b.c/1/d~1e', '/a'] },
      ['/a/b.c/0', '/a/b.c/1/d~1e', '/a'], [[1, 2, '{"b.c":[1,{"d/e":2}]}'], [null, null, '[]']]],
    ['may be the same value under two names', '[{"a":{"b":1}}]', { columns: ['a.b', '/a/b'] }, ['a.b', '/a/b'], [[1, 1]]],
    ['may be within others', '[{"a":{"b":[5]}}]', { columns: ['a', 'a.b', '/a/b/0'] }, ['a', 'a.b', '/a/b/0'], [['{"b":[5]}', '[5]', 5]]],
    ['may be the key without characters', '[{"":1},"x",[2]]', { columns: ['', '/'] }, ['', '/'], [[1, 1], [null, null], [null, null]]],
    ['of elements that are no objects are null, where they are named', '[{"a":1},2,"x",null,[3]]', { columns: ['a', '/0'] },
      ['a', '/0'], [[1, null], [null, null], [null, null], [null, null], [null, 3]]],
    ['of nothing are none', '[]', {}, [], []],
    ['of nothing are those that were asked for', '[]', { columns: ['a', 'b'] }, ['a', 'b'], []],
    ['are the keys with their dots, where none are named', '[{"a":{"x":1}},{"a.x":2}]', {}, ['a', 'a.x'], [['{"x":1}', null], [null, 2]]],
  ]) {
    test(name, async () => {
      const result = await table(text, '', options);
      assert.ok(result instanceof Table);
      assert.deepEqual([...result.columnNames], names);
      assert.equal(result.numRows, JSON.parse(text).length);
      assert.deepEqual(rowsOf(result), names.length === 0 ? JSON.parse(text).map(() => []) : rows);
    });
  } // prettier-ignore

  test('of objects without keys: rows without columns', async () => {
    const result = await table('[{},{},{}]', '');
    assert.deepEqual([result.numRows, result.numColumns], [3, 0]);
  });

  test('are asked for by name, once each', async () => {
    await assert.rejects(table('[]', '', { columns: ['a', 'a'] }), { code: 'ERR_INVALID_ARG_VALUE' });
    await assert.rejects(table('[]', '', { columns: ['/~'] }), { code: 'ERR_INVALID_ARG_VALUE' });
  });

  test('have the types that were declared, by the names that were asked for', async () => {
    const text = '[{"t":"2024-01-31","n":{"x":1}},{"t":0}]';
    const types = { t: 'timestamp', 'n.x': 'float64', '/n': 'json' };
    const result = await table(text, '', { columns: ['t', 'n.x', '/n'], types });
    assert.deepEqual(typesOf(result), types);
    assert.deepEqual(rowsOf(result), [[Date.parse('2024-01-31'), 1, '{"x":1}'], [0, null, null]]); // prettier-ignore
  });

  test('that come late in megabytes are null before', async () => {
    const records = Array.from({ length: 60_000 }, (_, a) => ({ a, [`k${Math.floor(a / 20_000)}`]: `v ${a}` }));
    records.push({ last: true, a: 1.5 });
    const result = await table(JSON.stringify(records), '');
    assert.deepEqual([...result.columnNames], ['a', 'k0', 'k1', 'k2', 'last']);
    assert.deepEqual(typesOf(result), { a: 'float64', k0: 'string', k1: 'string', k2: 'string', last: 'boolean' });
    for (const name of result.columnNames) {
      assert.deepEqual(
        result.column(name).toArray(),
        records.map((record) => record[name] ?? null)
      );
    }
  });

  test('are 65,536 at most', async () => {
    const object = (count) => `{${Array.from({ length: count }, (_, index) => `"k${index}":${index}`).join()}}`;
    const most = await table(`[${object(65_536)}]`, '');
    assert.deepEqual([most.numColumns, most.column('k65535').get(0)], [65_536, 65_535]);
    for (const text of [`[${object(65_537)}]`, `[${object(65_536)},{"one more":1}]`]) {
      await assert.rejects(table(text, ''), { code: REFUSED, message: /65,?536/ });
    }
    const some = await table(`[${object(70_000)}]`, '', { columns: ['k69999'] });
    assert.deepEqual(rowsOf(some), [[69_999]]);
  });
});

describe('a table is of', () => {
  test('any array in the document', async () => {
    const text = '{"a":[{"b":[{"c":1},{"c":2}]}],"d/e":[{"f":3}]}';
    assert.deepEqual(rowsOf(await table(text, '/a/0/b')), [[1], [2]]);
    assert.deepEqual(rowsOf(await table(text, '/d~1e')), [[3]]);
    assert.deepEqual(rowsOf(await (await json.parse('[{"a":1}]')).table()), [[1]]);
  });

  test('nothing else', async () => {
    const text = '{"object":{"a":1},"string":"x","null":null,"array":[]}';
    for (const pointer of ['', '/object', '/object/a', '/string', '/null', '/nope', '/array/0']) {
      await assert.rejects(table(text, pointer), {
        code: /^ERR_(OFFLOOP_JSON|INVALID_ARG_VALUE)$/,
        message: /^Expected .*array/s,
      });
    }
  });

  test('objects, where no columns are named, and the error says where one is none', async () => {
    for (const element of ['1', '"x"', 'null', '[]', 'true']) {
      const text = `[{"a":1},\n {"é":2}, ${element}]`;
      await assert.rejects(table(text, ''), ({ code, line, column, byteOffset, message }) => {
        assert.deepEqual(
          { code, line, column, byteOffset },
          { code: REFUSED, line: 2, column: 11, byteOffset: 21 },
          message
        );
        assert.match(message, /^Expected .*object.* but received /s);
        return true;
      });
    }
    const rows = '{"a":1},'.repeat(50_000);
    await assert.rejects(table(`[${rows}5,${rows}6]`, ''), { code: REFUSED, byteOffset: 1 + rows.length });
  });
});

test('a table is like any other', async () => {
  const result = await table('[{"id":1,"tags":["a"],"name":"x"},{"id":2,"name":null}]', '');
  assert.deepEqual([...result], [{ id: 1, tags: '["a"]', name: 'x' }, { id: 2, tags: null, name: null }]); // prettier-ignore
  assert.deepEqual(result.schema, [
    { name: 'id', type: 'int32', nullable: false },
    { name: 'tags', type: 'json', nullable: true },
    { name: 'name', type: 'string', nullable: true },
  ]);
  assert.equal(Buffer.from(result.column('tags').values).toString(), '["a"]');
  assert.deepEqual([...result.slice(1, 2).select(['name', 'tags'])], [{ name: null, tags: null }]);
  const message = await result.toMessage();
  assert.deepEqual([...Table.from(structuredClone(message, { transfer: [message.memory] }))], [...result]);
  assert.deepEqual([...Table.from(await result.share())], [...result]);
  assert.ok(Buffer.isBuffer(await result.toArrow()));
});

/** That the columns hold what is in the rows at the pointers of their names. */
function isColumns(result, rows, pointerOf) {
  for (const name of result.columnNames) {
    const { type } = result.column(name);
    result.column(name).toArray().forEach((cell, row) => {
      const expected = evaluate(rows[row], pointerOf(name)) ?? null;
      // What was mixed is the text of each value.
      if (type === 'json') assert.deepEqual(JSON.parse(cell), expected, `${name}, row ${row}`);
      else assert.deepEqual(cell, typeof expected === 'string' ? expected.toWellFormed() : expected, `${name}, row ${row}`);
    }); // prettier-ignore
  }
}

describe('random records', () => {
  for (let seed = 61; seed < 69; seed++) {
    test(`of more than 300 KB, against JSON.parse and map: seed ${seed}`, async () => {
      const random = seeded(seed);
      const keys = ['a', 'b', 'c', 'd.e', '__proto__', '', 'é', 'x/y'];
      const used = keys.filter(() => random() < 0.8).concat('z');
      const kinds = new Map(used.map((key) => [key, Math.floor(random() * 6)]));
      const value = (kind, row) => {
        if (random() < 0.1) return 'null';
        if (kind === 0) return `${Math.floor((random() - 0.5) * 2 ** 33)}`;
        if (kind === 1) return `${(random() - 0.5) * 1e6}`;
        if (kind === 2) return `${random() < 0.5}`;
        if (kind === 3) return JSON.stringify(`né ${row} "\n`);
        if (kind === 4) return JSON.stringify(`v${Math.floor(random() * 5)}`);
        return randomText(random, { depth: 2, width: 4 });
      };
      const parts = [];
      for (let size = 0, row = 0; size < 320_000; size += parts.at(-1).length, row++) {
        const members = used.filter(() => random() < 0.9);
        parts.push(`{${members.map((key) => `${JSON.stringify(key)} :${value(kinds.get(key), row)}`).join(' ,')}}`);
      }
      const text = `[${parts.join(',\n')}]`;
      const rows = JSON.parse(text);
      const result = await table(text, '');
      const names = new Set(parts.flatMap((part) => Object.keys(JSON.parse(part))));
      assert.deepEqual([...result.columnNames], [...names]);
      assert.equal(result.numRows, rows.length);
      isColumns(result, rows, (name) => `/${escaped(name)}`);
      const pointers = ['/z/0', '/z/a', '/x~1y', '/nope'];
      isColumns(await table(text, '', { columns: pointers }), rows, (pointer) => pointer);
    });
  }
});
