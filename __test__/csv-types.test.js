'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { csv } = require('./support/offloop.js');
const { collect, pieces, rowsOf, seeded, typesOf } = require('./support/csv.js');

/** A column `a` of these fields, as they stand in the CSV. */
async function column(fields, options) {
  // The second column keeps the line of an empty field from being an empty line.
  const table = await csv.parse(`a,z\n${fields.map((field) => `${field},9\n`).join('')}`, options);
  return table.column('a');
}

/** What is inferred from fields: the type and the values. */
async function inferred(fields) {
  const it = await column(fields);
  const values = it.toArray();
  assert.equal(it.nullCount, values.filter((value) => value === null).length);
  return [it.type, values];
}

const bit = (bitmap, index) => (bitmap[index >> 3] >> (index & 7)) & 1;

describe('the type of a column is inferred', () => {
  const cases = [
    [['1', '-2', '0'], 'int32', [1, -2, 0]],
    [['2147483647', '-2147483648'], 'int32', [2147483647, -2147483648]],
    [['2147483648', '1'], 'float64', [2147483648, 1]],
    [['-2147483649'], 'float64', [-2147483649]],
    [['9007199254740991', '-9007199254740991'], 'float64', [9007199254740991, -9007199254740991]],
    [['9007199254740993', '1'], 'int64', [9007199254740993n, 1n]],
    [['9223372036854775807', '-9223372036854775808'], 'int64', [9223372036854775807n, -9223372036854775808n]],
    [['9223372036854775808', '1'], 'string', ['9223372036854775808', '1']],
    [['1.5', '-2', '1e3', '2.5E-3'], 'float64', [1.5, -2, 1000, 0.0025]],
    [['9007199254740991', '0.5'], 'float64', [9007199254740991, 0.5]],
    [['9007199254740993', '0.5'], 'string', ['9007199254740993', '0.5']],
    [['007', '8'], 'string', ['007', '8']],
    [['-01'], 'string', ['-01']],
    [['00'], 'string', ['00']],
    [['01.5', '2'], 'string', ['01.5', '2']],
    [['0', '0.5'], 'float64', [0, 0.5]],
    [['+1', '2'], 'string', ['+1', '2']],
    [[' 1', '2'], 'string', [' 1', '2']],
    [['1_000'], 'string', ['1_000']],
    [['0x10'], 'string', ['0x10']],
    [['-'], 'string', ['-']],
    [['1.2.3'], 'string', ['1.2.3']],
    [['1e'], 'string', ['1e']],
    [['true', 'FALSE', 'True', 'fAlSe'], 'boolean', [true, false, true, false]],
    [['true', '1'], 'string', ['true', '1']],
    [['truely'], 'string', ['truely']],
    [['yes', 'no'], 'string', ['yes', 'no']],
    [['2024-01-31', '1'], 'string', ['2024-01-31', '1']],
    [['1', 'x'], 'string', ['1', 'x']],
    [['1', '', '3'], 'int32', [1, null, 3]],
    [['', '1.5'], 'float64', [null, 1.5]],
    [['9007199254740993', ''], 'int64', [9007199254740993n, null]],
    [['', 'true', ''], 'boolean', [null, true, null]],
    [['', '2024-01-31'], 'timestamp', [null, 1706659200000]],
    [['x', ''], 'string', ['x', null]],
    [['x', '""'], 'string', ['x', '']],
    [['1', '""', ''], 'int32', [1, null, null]],
    [['', '', ''], 'string', [null, null, null]],
    [['é', '漢字'], 'string', ['é', '漢字']],
    [['"a,b"', '"c""d"'], 'string', ['a,b', 'c"d']],
  ];
  for (const [fields, type, values] of cases) {
    test(`${fields.join(' ')} is ${type}`, async () => assert.deepEqual(await inferred(fields), [type, values]));
  }

  test('of no rows is string', async () => assert.deepEqual(await inferred([]), ['string', []]));
});

describe('a timestamp', () => {
  for (const [text, iso] of [
    ['2024-01-31', '2024-01-31T00:00:00.000Z'],
    ['2024-01-31T12:34', '2024-01-31T12:34:00.000Z'],
    ['2024-01-31 12:34', '2024-01-31T12:34:00.000Z'],
    ['2024-01-31T12:34:56', '2024-01-31T12:34:56.000Z'],
    ['2024-01-31T12:34:56.789', '2024-01-31T12:34:56.789Z'],
    ['2024-01-31T12:34Z', '2024-01-31T12:34:00.000Z'],
    ['2024-01-31T12:34:56Z', '2024-01-31T12:34:56.000Z'],
    ['2024-01-31 12:34:56.789Z', '2024-01-31T12:34:56.789Z'],
    ['2024-01-31T00:34:56+01:00', '2024-01-30T23:34:56.000Z'],
    ['2024-01-31T23:34:56.789-0130', '2024-02-01T01:04:56.789Z'],
    ['2024-01-31T12:34+0100', '2024-01-31T11:34:00.000Z'],
    ['1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z'],
    ['1970-01-01', '1970-01-01T00:00:00.000Z'],
    ['2000-02-29', '2000-02-29T00:00:00.000Z'],
    ['0001-01-01', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999', '9999-12-31T23:59:59.999Z'],
  ]) {
    test(text, async () => assert.deepEqual(await inferred([text]), ['timestamp', [new Date(iso).getTime()]]));
  }

  test('every day of four centuries', async () => {
    const days = Array.from({ length: 366 * 400 }, (_, day) => Date.UTC(1800, 0, 1) + day * 86_400_000);
    const fields = days.map((day) => new Date(day).toISOString().slice(0, 10));
    assert.deepEqual(await inferred(fields), ['timestamp', days]);
  });

  test('is no day or time that does not exist, and nothing finer than a millisecond', async () => {
    for (const text of [
      '2024-02-30',
      '2023-02-29',
      '1900-02-29',
      '2024-00-10',
      '2024-13-01',
      '2024-01-00',
      '2024-01-32',
      '2024-01-31T25:00',
      '2024-01-31T12:60',
      '2024-01-31T12',
      '2024-01-31T12:34:56.123456',
      '2024-01-31T12:34X',
      '2024-01-31x12:34',
      '2024-1-31',
      '20240131T1234',
      '31.01.2024',
    ]) {
      assert.deepEqual(await inferred([text]), ['string', [text]], text);
    }
  });
});

describe('text of few distinct values is a dictionary', () => {
  const repeated = (distinct, rows) => Array.from({ length: rows }, (_, row) => `v${row % distinct}`);

  test('whose codes lead to its texts', async () => {
    const fields = repeated(10, 1000);
    const it = await column(fields);
    assert.equal(it.type, 'dictionary');
    assert.deepEqual([...it.dictionary].sort(), [...new Set(fields)].sort());
    assert.ok(it.values instanceof Int32Array);
    assert.deepEqual(
      Array.from(it.values, (code) => it.dictionary[code]),
      fields
    );
    assert.deepEqual(it.toArray(), fields);
    assert.equal(it.get(999), 'v9');
  });

  test('also with nulls and empty texts, which differ', async () => {
    const it = await column([...repeated(3, 100), '', '""', ...repeated(3, 100)]);
    assert.equal(it.type, 'dictionary');
    assert.equal(it.nullCount, 1);
    assert.deepEqual(it.toArray().slice(99, 103), ['v0', null, '', 'v0']);
  });

  test('but not where more than a quarter of the rows differ', async () => {
    const fields = repeated(500, 1000);
    assert.deepEqual(await inferred(fields), ['string', fields]);
  });

  test('of at most 65,536', async () => {
    const start = repeated(1, 300_000);
    for (const [more, type] of [
      [65_535, 'dictionary'],
      [65_536, 'string'],
    ]) {
      const fields = [...start, ...Array.from({ length: more }, (_, index) => `w${index}`)];
      assert.deepEqual(await inferred(fields), [type, fields]);
    }
  });
});

describe('the last row of megabytes', () => {
  const ROWS = 250_000;
  const many = (make) => Array.from({ length: ROWS }, (_, row) => make(row));
  const ODD = ['1.50', '-0.0', '1e5', '100', '0.10', '""', '', '5E+2'];
  const cases = [
    ['1.5', 'float64', (row) => `${row}`, (row) => row, 1.5],
    ['9007199254740993', 'int64', (row) => `${-row}`, (row) => BigInt(-row), 9007199254740993n],
    ['2147483648', 'float64', (row) => `${row}`, (row) => row, 2147483648],
    ['007', 'string', (row) => `${row}`, (row) => `${row}`, '007'],
    ['x', 'string', (row) => `${row}`, (row) => `${row}`, 'x'],
    ['9007199254740993', 'string', (row) => `${row}.50`, (row) => `${row}.50`, '9007199254740993'],
    ['0.5', 'string', (row) => `${row + 1}9007199254740`, (row) => `${row + 1}9007199254740`, '0.5'],
    ['n/a', 'string', (row) => isoDay(row), (row) => isoDay(row), 'n/a'],
    ['7', 'int32', () => '', () => null, 7],
    ['x', 'string', (row) => (row % 2 ? '""' : ''), (row) => (row % 2 ? '' : null), 'x'],
    ['1', 'dictionary', (row) => (row % 2 ? 'True' : 'FALSE'), (row) => (row % 2 ? 'True' : 'FALSE'), '1'],
    ['x', 'dictionary', (row) => ODD[row % 8], (row) => [...ODD.slice(0, 5), '', null, '5E+2'][row % 8], 'x'],
  ];

  function isoDay(row) {
    const text = new Date(row * 100_000_000).toISOString();
    return row % 2 ? text : text.slice(0, 10);
  }

  for (const [last, type, make, expected, end] of cases) {
    test(`that is ${last} after ${make(1)} makes all of them ${type}, with nothing lost`, async () => {
      const [actual, values] = await inferred([...many(make), last]);
      // Whether few texts are worth a dictionary is looked at where they begin.
      if (type !== 'string' || actual !== 'dictionary') assert.equal(actual, type);
      assert.deepEqual(values, [...many(expected), end]);
    });
  }
});

describe('types', () => {
  const fields = ['1', '0', '1'];

  test("'string' for all", async () => {
    const table = await csv.parse('a,b,c\n1,true,2024-01-31\n', { types: 'string' });
    assert.deepEqual(typesOf(table), { a: 'string', b: 'string', c: 'string' });
    assert.deepEqual(rowsOf(table), [['1', 'true', '2024-01-31']]);
  });

  for (const [type, texts, expected] of [
    ['int32', fields, [1, 0, 1]],
    ['float64', fields, [1, 0, 1]],
    ['int64', fields, [1n, 0n, 1n]],
    ['string', fields, ['1', '0', '1']],
    ['dictionary', ['x', 'y', ''], ['x', 'y', null]],
    ['boolean', ['TRUE', 'false', ''], [true, false, null]],
    ['timestamp', ['2024-01-31', '', '""'], [1706659200000, null, null]],
    ['int32', ['"5"', '""', ''], [5, null, null]],
    ['float64', ['"1.5"', '""'], [1.5, null]],
    ['int64', ['9223372036854775807', ''], [9223372036854775807n, null]],
    ['string', ['""', ''], ['', null]],
    ['dictionary', ['""', '', '""'], ['', null, '']],
  ]) {
    test(`${type} for ${texts.join(' ')}`, async () => {
      const it = await column(texts, { types: { a: type } });
      assert.equal(it.type, type);
      assert.deepEqual(it.toArray(), expected);
    });
  }

  test('of some columns, the others are inferred', async () => {
    const table = await csv.parse('a,b,c\n1,2,3\n', { types: { c: 'string', a: 'int64' } });
    assert.deepEqual(table.schema, [
      { name: 'a', type: 'int64', nullable: false },
      { name: 'b', type: 'int32', nullable: false },
      { name: 'c', type: 'string', nullable: false },
    ]);
  });

  test("'infer' with the columns that are asked for", async () => {
    const table = await csv.parse('a,b\n1,x\n', { types: 'infer', columns: ['b'] });
    assert.deepEqual(typesOf(table), { b: 'string' });
  });
});

describe('a column', () => {
  const COUNT = 20;
  const isNull = (row) => row % 3 === 1;
  for (const [type, Values, text, value] of [
    ['int32', Int32Array, (row) => `${row}`, (row) => row],
    ['float64', Float64Array, (row) => `${row}.5`, (row) => row + 0.5],
    ['int64', BigInt64Array, (row) => `${row}`, (row) => BigInt(row)],
    ['timestamp', BigInt64Array, (row) => `2024-01-${row + 10}`, (row) => Date.UTC(2024, 0, row + 10)],
    ['boolean', Uint8Array, (row) => String(row % 2 === 0), (row) => row % 2 === 0],
    ['string', Uint8Array, (row) => `é${row}`, (row) => `é${row}`],
    ['dictionary', Int32Array, (row) => `é${row % 4}`, (row) => `é${row % 4}`],
  ]) {
    test(`of ${type} has its values in memory as Arrow lays them out`, async () => {
      const rows = Array.from({ length: COUNT }, (_, row) => row);
      const it = await column(
        rows.map((row) => (isNull(row) ? '' : text(row))),
        { types: { a: type } }
      );
      const expected = rows.map((row) => (isNull(row) ? null : value(row)));
      assert.deepEqual([it.name, it.type, it.length, it.nullCount], ['a', type, COUNT, 7]);
      assert.deepEqual(it.toArray(), expected);
      assert.deepEqual([...it], expected);
      assert.deepEqual(
        rows.map((row) => it.get(row)),
        expected
      );
      assert.deepEqual(
        rows.map((row) => bit(it.validity, row)),
        rows.map((row) => (isNull(row) ? 0 : 1))
      );
      assert.ok(it.values instanceof Values);
      for (const row of rows.filter((each) => !isNull(each))) {
        const raw = {
          boolean: () => bit(it.values, row) === 1,
          timestamp: () => Number(it.values[row]),
          string: () => Buffer.from(it.values.subarray(it.offsets[row], it.offsets[row + 1])).toString(),
          dictionary: () => it.dictionary[it.values[row]],
        };
        assert.equal(raw[type] ? raw[type]() : it.values[row], value(row));
      }
      assert.equal(it.offsets?.length, type === 'string' ? COUNT + 1 : undefined);
      assert.equal(Array.isArray(it.dictionary), type === 'dictionary');
    });

    test(`of ${type} without nulls has no validity`, async () => {
      const it = await column([text(0), text(1)], { types: { a: type } });
      assert.deepEqual([it.nullCount, it.validity, it.toArray()], [0, undefined, [value(0), value(1)]]);
    });
  }
});

describe('random columns are inferred as a simple reading of all rows says', () => {
  const POOLS = [
    ['1', '-2', '0', '2147483647'],
    ['2147483648', '-9007199254740991'],
    ['9007199254740993', '-9223372036854775808'],
    ['1.5', '-0.25', '1e3'],
    ['true', 'FALSE'],
    ['2024-01-31', '2024-01-31T12:34:56.789Z', '1999-12-31 23:59'],
    ['x', 'né', '007', '+1', ' '],
    ['', ''],
  ];
  const INTEGER = /^(0|-?[1-9]\d*)$/;
  const within = (value, bits) => BigInt.asIntN(bits, value) === value;

  function oracle(texts) {
    const present = texts.filter((text) => text !== '');
    const all = (holds) => present.length > 0 && present.every(holds);
    const as = (type, value) => [type, texts.map((text) => (text === '' ? null : value(text)))];
    if (all((text) => /^(true|false)$/i.test(text))) return as('boolean', (text) => /true/i.test(text));
    const integers = present.filter((text) => INTEGER.test(text)).map(BigInt);
    const exact = integers.every((value) => Number.isSafeInteger(Number(value)));
    if (all((text) => INTEGER.test(text))) {
      if (integers.every((value) => within(value, 32))) return as('int32', Number);
      return exact ? as('float64', Number) : as('int64', BigInt);
    }
    if (exact && all((text) => INTEGER.test(text) || POOLS[3].includes(text))) return as('float64', Number);
    const iso = (text) => text.replace(' ', 'T') + (/\d:/.test(text) && !text.endsWith('Z') ? 'Z' : '');
    if (all((text) => POOLS[5].includes(text))) return as('timestamp', (text) => new Date(iso(text)).getTime());
    return as('string', (text) => text);
  }

  for (let seed = 1; seed <= 10; seed++) {
    test(`seed ${seed}`, async () => {
      const random = seeded(seed);
      const pick = (values) => values[Math.floor(random() * values.length)];
      const columns = Array.from({ length: 60 }, () => {
        const pools = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(POOLS)).flat();
        return Array.from({ length: 12 }, () => pick(pools));
      });
      const names = columns.map((_, index) => `c${index}`);
      const lines = [names, ...columns[0].map((_, row) => columns.map((texts) => texts[row]))];
      const text = lines.map((line) => `${line.join(',')}\n`).join('');
      const tables = [await csv.parse(text), ...(await collect(csv.batches(pieces(Buffer.from(text), 100))))];
      assert.equal(tables.length, 2);
      for (const table of tables) {
        names.forEach((name, index) => {
          const { type } = table.column(name);
          const actual = [type === 'dictionary' ? 'string' : type, table.column(name).toArray()];
          assert.deepEqual(actual, oracle(columns[index]), columns[index].join(' '));
        });
      }
    });
  }
});
