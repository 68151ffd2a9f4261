'use strict';

// The types of columns, and what is in them: inferred and declared, the same of documents and of lines.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { json } = require('./support/offloop.js');
const { collect, pieces } = require('./support/csv.js');

const record = (text) => (text === undefined ? '{"z":9}' : `{"z":9,"a":${text}}`);

/** A column of values, as they stand in the JSON; of `undefined` there is none. In each way that there is. */
async function columns(values, options = {}) {
  const { type, ...rest } = options;
  const named = (name) => (type === undefined ? rest : { ...rest, types: { [name]: type } });
  const document = await json.parse(`[${values.map(record).join()}]`);
  const lines = values.map((value) => `${record(value)}\n`).join('');
  const table = await json.parseLines(lines, { ...named('a'), columns: ['a'] });
  const [batch] = await collect(json.lineBatches(pieces(Buffer.from(lines), 7), { ...named('a'), columns: ['a'] }));
  return {
    pluck: await document.pluck('/*/a', named('/*/a')),
    table: (await document.table('', { ...named('a'), columns: ['a'] })).column('a'),
    parseLines: table.column('a'),
    lineBatches: batch.column('a'),
  };
}

async function gives(values, [type, expected], options) {
  for (const [way, column] of Object.entries(await columns(values, options))) {
    const actual = column.toArray();
    assert.deepEqual([column.type, actual], [type, expected], way);
    assert.equal(column.nullCount, actual.filter((value) => value === null).length, way);
  }
}

describe('the type of a column is inferred', () => {
  for (const [values, type, expected] of [
    [['1', '-2', '0'], 'int32', [1, -2, 0]],
    [['2147483647', '-2147483648'], 'int32', [2147483647, -2147483648]],
    [['2147483648', '1'], 'float64', [2147483648, 1]],
    [['-2147483649'], 'float64', [-2147483649]],
    [['9007199254740991', '-9007199254740991'], 'float64', [9007199254740991, -9007199254740991]],
    [['9007199254740993', '1'], 'float64', [9007199254740992, 1]],
    [['123456789012345678901234567890'], 'float64', [1.2345678901234568e29]],
    [['1.5', '-2'], 'float64', [1.5, -2]],
    [['1.0', '2'], 'float64', [1, 2]],
    [['1e3', '2E-3', '1e0'], 'float64', [1000, 0.002, 1]],
    [['-0', '1'], 'float64', [-0, 1]],
    [['1e400', '-1e400', '1e-400'], 'float64', [Infinity, -Infinity, 0]],
    [['0.1', '5e-324', '1.7976931348623157e308', '0.30000000000000004'], 'float64', [0.1, 5e-324, 1.7976931348623157e308, 0.30000000000000004]],
    [['true', 'false'], 'boolean', [true, false]],
    [['"x"', '"né"', '""', '"y"'], 'string', ['x', 'né', '', 'y']],
    [['"\\u0041\\n\\ud83d\\ude00\\"\\\\\\/"', '"b"'], 'string', ['A\n😀"\\/', 'b']],
    [['"1"', '"2"', '"3"'], 'string', ['1', '2', '3']],
    [['"2024-01-31"', '"2024-02-01T12:00:00Z"', '"x"'], 'string', ['2024-01-31', '2024-02-01T12:00:00Z', 'x']],
    [['"true"', '"false"', '"null"'], 'string', ['true', 'false', 'null']],
    [['"\\ud800x"', '"\\udc00"', '"\\udc00\\ud800"'], 'string', ['\ufffdx', '\ufffd', '\ufffd\ufffd']],
    [['null', 'null'], 'string', [null, null]],
    [[undefined, undefined], 'string', [null, null]],
    [['null', undefined, '1'], 'int32', [null, null, 1]],
    [['true', undefined, 'null'], 'boolean', [true, null, null]],
    [['1.5', undefined, 'null'], 'float64', [1.5, null, null]],
    [['"x"', undefined, 'null', '"y"', '""'], 'string', ['x', null, null, 'y', '']],
    [['[1, 2]', '[]'], 'json', ['[1, 2]', '[]']],
    [['{"b": 1}', '{}'], 'json', ['{"b": 1}', '{}']],
    [['[1]', 'null', undefined], 'json', ['[1]', null, null]],
    [['1', 'true'], 'json', ['1', 'true']],
    [['1', '"x"', 'null'], 'json', ['1', '"x"', null]],
    [['"x"', '"y"', 'false', '[ ]'], 'json', ['"x"', '"y"', 'false', '[ ]']],
    [['1.50', '-0', '1e3', '{"a":[1 ,2]}'], 'json', ['1.50', '-0', '1e3', '{"a":[1 ,2]}']],
    [['"\\u0041"', '1'], 'json', ['"\\u0041"', '1']],
    [['true', '"true"'], 'json', ['true', '"true"']],
  ]) {
    test(`of ${values.join()}: ${type}`, () => gives(values, [type, expected]));
  } // prettier-ignore

  for (const [values, type, expected] of [
    [['1', '2'], 'int32', [1, 2]],
    [['9007199254740993', '1'], 'int64', [9007199254740993n, 1n]],
    [['2147483648', '-1'], 'float64', [2147483648, -1]],
    [['9223372036854775807', '-9223372036854775808'], 'int64', [9223372036854775807n, -9223372036854775808n]],
    [['9007199254740993', 'null', undefined], 'int64', [9007199254740993n, null, null]],
    [['9223372036854775808', '1'], 'json', ['9223372036854775808', '1']],
    [['-9223372036854775809'], 'json', ['-9223372036854775809']],
    [['9007199254740993', '0.5'], 'json', ['9007199254740993', '0.5']],
    [['9007199254740991', '0.5'], 'float64', [9007199254740991, 0.5]],
  ]) {
    test(`of ${values.join()} with bigint: ${type}`, () => gives(values, [type, expected], { bigint: true }));
  }
});

test('few distinct strings are a dictionary, many are not', async () => {
  const few = Array.from({ length: 5000 }, (_, row) => (row % 11 === 0 ? 'null' : `"né ${row % 7}"`));
  const expected = few.map((text) => JSON.parse(text));
  for (const column of Object.values(await columns(few)).slice(0, 3)) {
    assert.equal(column.type, 'dictionary');
    assert.deepEqual([...column.dictionary].sort(), [...new Set(expected.filter((value) => value !== null))].sort());
    assert.deepEqual(column.toArray(), expected);
  }
  const many = Array.from({ length: 5000 }, (_, row) => `"né ${row}"`);
  for (const column of Object.values(await columns(many)).slice(0, 3)) {
    assert.deepEqual([column.type, column.get(4999)], ['string', 'né 4999']);
  }
});

test('a type that changes late in megabytes changes for the whole column', async () => {
  const rows = (make) => Array.from({ length: 60_000 }, (_, row) => make(row));
  for (const [first, last, type, expected] of [
    [(row) => `${row}`, '0.5', 'float64', (text) => JSON.parse(text)],
    [(row) => `${row}`, '"x"', 'json', (text) => text],
    [(row) => `${row}`, '-0', 'float64', (text) => JSON.parse(text)],
    [(row) => `"v${row}"`, '1', 'json', (text) => text],
    [(row) => `"v${row % 3}"`, '[1,"é"]', 'json', (text) => text],
    [(row) => `${row % 2 === 0}`, '{}', 'json', (text) => text],
    [() => 'null', '"x"', undefined, (text) => JSON.parse(text)],
    [() => undefined, '7', 'int32', (text) => (text === undefined ? null : 7)],
  ]) {
    const values = [...rows(first), last];
    const document = await json.parse(`[${values.map(record).join()}]`);
    const lines = await json.parseLines(values.map(record).join('\n'));
    for (const column of [await document.pluck('/*/a'), (await document.table()).column('a'), lines.column('a')]) {
      if (type !== undefined) assert.equal(column.type, type);
      assert.deepEqual(
        column.toArray(),
        values.map((text) => (text === 'null' ? null : expected(text)))
      );
    }
  }
});

describe('a type that is declared', () => {
  for (const [type, values, expected] of [
    ['int32', ['1', '-2147483648', 'null', undefined], [1, -2147483648, null, null]],
    ['float64', ['1', '2.5', '-0', 'null', '1e3'], [1, 2.5, -0, null, 1000]],
    ['int64', ['1', '9223372036854775807', 'null', '-9223372036854775808'], [1n, 9223372036854775807n, null, -9223372036854775808n]],
    ['boolean', ['true', 'null', 'false', undefined], [true, null, false, null]],
    ['string', ['"a"', 'null', '""', undefined], ['a', null, '', null]],
    ['string', ['"a"', '"a"', '"a"'], ['a', 'a', 'a']],
    ['dictionary', ['"a"', '"b"', 'null', '"c\\n"'], ['a', 'b', null, 'c\n']],
    ['json', ['1', '"a"', 'null', '[ 1 ]', '{"b":2}', 'true', undefined], ['1', '"a"', null, '[ 1 ]', '{"b":2}', 'true', null]],
    ['timestamp', ['"2024-01-31"', '"2024-01-31T12:34:56.789Z"', 'null', undefined],
      [Date.parse('2024-01-31'), Date.parse('2024-01-31T12:34:56.789Z'), null, null]],
    ['timestamp', ['"2024-01-31T12:34:56+01:00"', '1706704496789', '0', '-1'], [Date.parse('2024-01-31T12:34:56+01:00'), 1706704496789, 0, -1]],
  ]) {
    test(`${type} of ${values.join()}`, () => gives(values, [type, expected], { type }));
  } // prettier-ignore

  for (const [type, value] of [
    ['int32', '1.5'], ['int32', '2147483648'], ['int32', '-2147483649'], ['int32', '"1"'], ['int32', 'true'], ['int32', '[1]'],
    ['int64', '1.5'], ['int64', '9223372036854775808'], ['int64', '"1"'], ['int64', 'false'],
    ['float64', '"1.5"'], ['float64', 'true'], ['float64', '{}'],
    ['boolean', '1'], ['boolean', '0'], ['boolean', '"true"'], ['boolean', '[]'],
    ['string', '1'], ['string', 'true'], ['string', '[]'], ['string', '{}'],
    ['dictionary', '1'], ['dictionary', 'false'],
    ['timestamp', '"today"'], ['timestamp', '"2024-02-30"'], ['timestamp', 'true'], ['timestamp', '""'], ['timestamp', '{}'],
  ]) {
    test(`${type} does not take ${value}, and says where`, async () => {
      const text = `[{"z":1},\n{"é": 2, "a": ${value}}]`;
      const where = { code: 'ERR_OFFLOOP_JSON', line: 2, column: 15, byteOffset: 25 };
      const check = (error) => {
        const { code, line, column, byteOffset } = error;
        assert.deepEqual({ code, line, column, byteOffset }, where, error.message);
        assert.match(error.message, /^Expected .+ but received /s);
        return true;
      };
      const document = await json.parse(text);
      await assert.rejects(document.pluck('/*/a', { types: { '/*/a': type } }), check);
      await assert.rejects(document.table('', { types: { a: type } }), check);
      const lines = text.replace(/^\[/, ' ').replace(',\n', ' \n').slice(0, -1);
      await assert.rejects(json.parseLines(lines, { types: { a: type } }), check);
      await assert.rejects(collect(json.lineBatches([lines], { types: { a: type } })), check);
    });
  } // prettier-ignore
});
