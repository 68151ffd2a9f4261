'use strict';

// What apache-arrow reads from `toArrow()`.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { DataType, TimeUnit, tableFromIPC } = require('apache-arrow');
const { csv } = require('./support/offloop.js');
const { TEXT, collect, pieces, randomRows, rowsOf, seeded, write } = require('./support/csv.js');

/** The rows of an Arrow stream as arrays of values. */
function rowsOfArrow(buffer) {
  const table = tableFromIPC(buffer);
  const columns = table.schema.fields.map((_, index) => {
    const vector = table.getChildAt(index);
    const isTime = DataType.isTimestamp(vector.type);
    return [...vector].map((value) => (isTime && value !== null ? Number(value) : value));
  });
  return Array.from({ length: table.numRows }, (_, row) => columns.map((values) => values[row]));
}

/** apache-arrow reads what the table says. */
async function agrees(table) {
  const buffer = await table.toArrow();
  assert.ok(Buffer.isBuffer(buffer));
  const arrow = tableFromIPC(buffer);
  assert.deepEqual(
    arrow.schema.fields.map(({ name }) => name),
    table.columnNames
  );
  assert.deepEqual([arrow.numRows, arrow.numCols], [table.numRows, table.numColumns]);
  const rows = rowsOf(table);
  assert.deepEqual(rowsOfArrow(buffer), rows);
  table.columnNames.forEach((_, index) => {
    const nulls = rows.filter((row) => row[index] === null).length;
    assert.equal(arrow.getChildAt(index).nullCount, nulls);
  });
  return rows;
}

const types = {
  int: 'int32',
  float: 'float64',
  big: 'int64',
  bool: 'boolean',
  time: 'timestamp',
  text: 'string',
  few: 'dictionary',
};

const ROWS = 1000;
const fields = [
  (row) => `${row * (row % 2 ? 1000 : -1000)}`,
  (row) => `${row / 8}`,
  (row) => `${9007199254740993n * BigInt(row % 1000)}`,
  (row) => `${row % 3 === 0}`,
  (row) => new Date(row * 1_234_567_891 - 1e11).toISOString(),
  (row) => `"é${'漢,'.repeat(row % 5)}😀${row}"`,
  (row) => `v${row % 9}`,
];
const parse = (isNull) => {
  const line = (_, row) => fields.map((field, index) => (isNull(row, index) ? '' : field(row))).join(',');
  const lines = Array.from({ length: ROWS }, line);
  return csv.parse(`${Object.keys(types)}\n${lines.join('\n')}\n`, { types });
};
const never = () => false;
const some = (row, index) => (row * 7 + index) % 5 === 0;
const always = () => true;

describe('toArrow, read by apache-arrow', () => {
  test('every type is its own', async () => {
    const arrow = tableFromIPC(await (await parse(some)).toArrow());
    const [int, float, big, bool, time, text, few] = arrow.schema.fields.map(({ type }) => type);
    assert.ok(DataType.isInt(int) && int.bitWidth === 32 && int.isSigned, String(int));
    assert.ok(DataType.isFloat(float) && String(float) === 'Float64', String(float));
    assert.ok(DataType.isInt(big) && big.bitWidth === 64 && big.isSigned, String(big));
    assert.ok(DataType.isBool(bool), String(bool));
    assert.ok(DataType.isTimestamp(time) && time.unit === TimeUnit.MILLISECOND, String(time));
    assert.ok(DataType.isUtf8(text), String(text));
    assert.ok(DataType.isDictionary(few) && DataType.isUtf8(few.dictionary), String(few));
    assert.ok(DataType.isInt(few.indices) && few.indices.bitWidth === 32, String(few.indices));
  });

  for (const [name, isNull] of [
    ['no nulls', never],
    ['some nulls', some],
    ['nulls only', always],
    ['a null at each end', (row) => row === 0 || row === ROWS - 1],
  ]) {
    test(`every type with ${name}`, async () => {
      const rows = await agrees(await parse(isNull));
      assert.equal(rows.length, ROWS);
      assert.equal(
        rows.flat().every((value) => value === null),
        isNull === always
      );
    });
  }

  test('slices of every alignment', async () => {
    const table = await parse(some);
    const all = rowsOf(table);
    for (const [from, to] of [
      [0, 1],
      [1, 2],
      [7, 9],
      [8, 16],
      [3, 67],
      [63, 65],
      [64, 128],
      [999, 1000],
      [1000, 1000],
      [5, 5],
      [0, 1000],
      [13, 987],
    ]) {
      assert.deepEqual(await agrees(table.slice(from, to)), all.slice(from, to), `${from} to ${to}`);
    }
    assert.deepEqual(await agrees(table.slice(10, 900).slice(11, 300)), all.slice(21, 310));
  });

  test('selects, in their order, and slices of them', async () => {
    const table = await parse(some);
    const all = rowsOf(table);
    const selected = table.select(['few', 'bool', 'int']);
    assert.deepEqual(
      await agrees(selected),
      all.map((row) => [row[6], row[3], row[0]])
    );
    assert.deepEqual(
      await agrees(selected.slice(17, 33).select(['bool'])),
      all.slice(17, 33).map((row) => [row[3]])
    );
    for (const name of table.columnNames) await agrees(table.select([name]).slice(9, 500));
  });

  test('no rows', async () => {
    assert.deepEqual(await agrees(await csv.parse('a,b\n', { types: { a: 'dictionary' } })), []);
    assert.deepEqual(await agrees((await parse(never)).slice(4, 4)), []);
  });

  test('names and texts of all kinds', async () => {
    await agrees(await csv.parse('"a,""b""\n",é,,😀,__proto__\n1,2,3,4,5\n'));
    // apache-arrow drops a byte-order mark at the beginning of a text.
    const rows = randomRows(seeded(5), 2000, 6).map((row) => row.map((each) => each.replaceAll('\ufeff', '')));
    const text = write(rows, { quoted: () => true });
    assert.deepEqual(await agrees(await csv.parse(text, { ...TEXT, header: false, bom: false })), rows);
  });

  test('a real file, whole and in batches', async () => {
    const bytes = readFileSync(join(__dirname, 'fixtures', 'nfl.csv'));
    const whole = await agrees(await csv.parse(bytes));
    assert.equal(whole.length, 9999);
    const tables = await collect(csv.batches(pieces(bytes, 65_536), { ...TEXT, batchBytes: 200_000 }));
    assert.ok(tables.length > 3);
    for (const table of tables) await agrees(table);
  });

  test('megabytes', async () => {
    const lines = Array.from({ length: 200_000 }, (_, row) => `${row},${row % 100 ? `x${row % 50}` : ''},"t,${row}"\n`);
    const rows = await agrees(await csv.parse(`a,b,c\n${lines.join('')}`));
    assert.deepEqual(rows[199_999], [199_999, 'x49', 't,199999']);
    assert.deepEqual(rows[100], [100, null, 't,100']);
  });

  test('job options hold', async () => {
    const table = await parse(never);
    await assert.rejects(table.toArrow({ signal: AbortSignal.abort() }), { code: 'ABORT_ERR' });
    await assert.rejects(table.toArrow({ timeout: 0 }), { code: 'ERR_OUT_OF_RANGE' });
    assert.ok(Buffer.isBuffer(await table.toArrow({ lane: 'interactive', priority: 1 })));
  });
});
