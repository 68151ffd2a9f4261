'use strict';

// Tables as JSON: the text of JSON.stringify over their rows.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { csv, json } = require('./support/offloop.js');
const { seeded, typesOf } = require('./support/csv.js');
const { randomText } = require('./support/json.js');

const text = async (table, options) => (await json.stringify(table, options)).toString();

/** A row as JSON.stringify has to have it: a timestamp is a Date, an int64 its digits, JSON what it stands for. */
function written(table, row, names = table.columnNames) {
  const members = names.map((name) => {
    const { type } = table.column(name);
    const value = table.column(name).get(row);
    if (value === null) return `${JSON.stringify(name)}:null`;
    if (type === 'json' || type === 'int64') return `${JSON.stringify(name)}:${value}`;
    return `${JSON.stringify(name)}:${JSON.stringify(type === 'timestamp' ? new Date(value) : value)}`;
  });
  return `{${members.join()}}`;
}

async function isWritten(table, options = {}) {
  const rows = Array.from({ length: table.numRows }, (_, row) => written(table, row, options.columns));
  assert.equal(await text(table, options), `[${rows.join()}]`);
  // A value with line ends of its own still has one line.
  const lines = rows.map((row) => `${row.replaceAll(/[\n\r]/g, ' ')}\n`);
  assert.equal(await text(table, { ...options, lines: true }), lines.join(''));
}

/** A table with one column of these JSON values. */
const column = (values, type) =>
  json.parseLines(values.map((value) => `{"a":${value}}`).join('\n'), type === undefined ? {} : { types: { a: type } });

describe('json.stringify writes', () => {
  test('rows as JSON.stringify does', async () => {
    const table = await csv.parse('id,name,score,ok\n1,"x ""y""",1.5,true\n2,,,\n-3,é😀,-0.25,false\n');
    assert.equal(await text(table), JSON.stringify([...table]));
    assert.equal(
      await text(table),
      '[{"id":1,"name":"x \\"y\\"","score":1.5,"ok":true},{"id":2,"name":null,"score":null,"ok":null},' +
        '{"id":-3,"name":"é😀","score":-0.25,"ok":false}]'
    );
    assert.ok(Buffer.isBuffer(await json.stringify(table)));
  });

  test('a line for each row', async () => {
    const table = await csv.parse('a,b\n1,x\n2,\n');
    assert.equal(await text(table, { lines: true }), '{"a":1,"b":"x"}\n{"a":2,"b":null}\n');
  });

  test('no rows', async () => {
    for (const table of [await csv.parse('a,b\n'), await csv.parse(''), await json.parseLines('')]) {
      assert.equal(await text(table), '[]');
      assert.equal(await text(table, { lines: true }), '');
    }
  });

  test('rows without columns', async () => {
    const table = await json.parseLines('{}\n{}\n');
    assert.equal(await text(table), '[{},{}]');
    assert.equal(await text(table, { lines: true }), '{}\n{}\n');
  });

  test('some of the columns and rows', async () => {
    const table = await csv.parse('a,b,c\n1,x,2.5\n2,y,\n3,z,0.5\n');
    assert.equal(await text(table, { columns: ['c', 'a'] }), '[{"c":2.5,"a":1},{"c":null,"a":2},{"c":0.5,"a":3}]');
    assert.equal(await text(table.slice(1, 2).select(['b'])), '[{"b":"y"}]');
    assert.equal(await text(table.slice(1), { columns: ['b'], lines: true }), '{"b":"y"}\n{"b":"z"}\n');
    assert.equal(await text(table.slice(0, 0)), '[]');
  });

  test('every character', async () => {
    const characters = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code));
    characters.push('\ud7ff', '\ue000', '\ufeff', '\ufffd', '\uffff', '\u{10000}', '\u{1f600}', '\u{10ffff}');
    const values = [...characters, ...characters.map((each, index) => `${'x'.repeat(index % 70)}${each}é"`)];
    const table = await column(values.map((value) => JSON.stringify(value)), 'string'); // prettier-ignore
    assert.equal(await text(table), JSON.stringify(values.map((a) => ({ a }))));
    await isWritten(table);
  });

  test('names of any kind', async () => {
    const names = ['', '"', '\\', '\n', '\0', '\x1f', 'é', '😀', '__proto__', '0', '-1', 'a.b', '/', '\u2028'];
    const object = `{${names.map((name, index) => `${JSON.stringify(name)}:${index}`).join()}}`;
    const table = await json.parseLines(object);
    assert.equal(await text(table), `[${object}]`);
  });

  test('numbers as JavaScript does', async () => {
    const floats = [0, -0, 1, -1, 0.1, 1e21, 1e-7, 123456789012345680000, 1e-6, 5e-324, 1.7976931348623157e308, 2 ** 53, 0.30000000000000004,
      100, 1e20, 999999999999999900000, 1.5e300, -1e-300, 4294967296, 0.000001234]; // prettier-ignore
    const table = await column(floats.map((value) => (Object.is(value, -0) ? '-0' : String(value))), 'float64'); // prettier-ignore
    assert.equal(await text(table), JSON.stringify(floats.map((a) => ({ a }))));
    const infinite = await column(['1e400', '-1e400', '1'], 'float64');
    assert.deepEqual(infinite.column('a').toArray(), [Infinity, -Infinity, 1]);
    assert.equal(await text(infinite), '[{"a":null},{"a":null},{"a":1}]');
    const nan = await csv.parse('a\n1.5\nNaN\n', { types: { a: 'float64' } }).catch(() => undefined);
    if (nan !== undefined) assert.equal(await text(nan), '[{"a":1.5},{"a":null}]');
    const integers = await column(['9223372036854775807', '-9223372036854775808', '0', 'null', '-1'], 'int64');
    assert.equal(
      await text(integers, { lines: true }),
      '{"a":9223372036854775807}\n{"a":-9223372036854775808}\n{"a":0}\n{"a":null}\n{"a":-1}\n'
    );
    await isWritten(await column(['2147483647', '-2147483648', '0', '10', 'null'], 'int32'));
  });

  test('any float64 as it is', async () => {
    const random = seeded(81);
    const view = new DataView(new ArrayBuffer(8));
    const floats = Array.from({ length: 20_000 }, () => {
      view.setUint32(0, random() * 2 ** 32);
      view.setUint32(4, random() * 2 ** 32);
      return view.getFloat64(0);
    }).filter(Number.isFinite);
    const table = await column(floats.map(String), 'float64');
    assert.equal(await text(table), JSON.stringify(floats.map((a) => ({ a }))));
  });

  test('timestamps as Date.prototype.toJSON does', async () => {
    const times = [0, -1, 1706704496789, 1706659200000, -62135596800000, 253402300799999, 253402300800000, -62167219200001, 8.64e15, -8.64e15, 8640000000000001, 951782400000];
    const table = await column(times.map(String), 'timestamp');
    assert.equal(await text(table), JSON.stringify(times.map((time) => ({ a: new Date(time) }))));
  }); // prettier-ignore

  test('booleans, dictionaries and nulls', async () => {
    const rows = Array.from({ length: 3000 }, (_, row) => `{"b":${row % 3 ? row % 2 === 0 : null},"d":${row % 7 ? `"é\\n${row % 4}"` : null}}`);
    const table = await json.parseLines(rows.join('\n'));
    assert.deepEqual(typesOf(table), { b: 'boolean', d: 'dictionary' });
    assert.equal(await text(table), `[${rows.join()}]`);
    await isWritten(table.slice(5, 2990));
  }); // prettier-ignore

  test('JSON as it is', async () => {
    const values = ['[1, 2]', '{"x" : "\\u0041"}', '1.50', 'null', '"y"', 'true'];
    const table = await column(values, 'json');
    assert.equal(await text(table), `[${values.map((value) => `{"a":${value}}`).join()}]`);
  });

  test('megabytes', async () => {
    const source = Array.from(
      { length: 40_000 },
      (_, row) => `${row},"te""xt é\n${row}",${row / 3},${row % 5 ? row % 2 === 0 : ''}`
    );
    await isWritten(await csv.parse(`id,text,score,ok\n${source.join('\n')}\n`));
  });
});

describe('what was written is read as it was', () => {
  test('by json.parseLines, and by a document', async () => {
    const lines = Array.from({ length: 5000 }, (_, id) =>
      JSON.stringify({
        id,
        name: `né "${id}"\n`,
        score: id / 7,
        ok: id % 3 ? id % 2 === 0 : null,
        rest: [id, { x: 'y' }],
        kind: `k${id % 3}`,
      })
    );
    const table = await json.parseLines(lines.join('\n'));
    const again = await json.parseLines(await json.stringify(table, { lines: true }));
    assert.deepEqual(again.schema, table.schema);
    assert.deepEqual([...again], [...table]);
    assert.equal(await text(table, { lines: true }), `${lines.join('\n')}\n`);
    const document = await json.parse(await json.stringify(table));
    const third = await document.table();
    assert.deepEqual(third.schema, table.schema);
    assert.deepEqual([...third], [...table]);
    assert.deepEqual(document.get(''), lines.map((line) => JSON.parse(line))); // prettier-ignore
  });

  test('of random values', async () => {
    const random = seeded(91);
    for (let round = 0; round < 40; round++) {
      const lines = Array.from({ length: 30 }, (_, row) => {
        const value = () => randomText(random, { depth: 2 }).replaceAll(/[\n\r]/g, '');
        return `{"row":${row},"value":${value()},"other":${value()}}`;
      });
      const types = { value: 'json', other: 'json' };
      const table = await json.parseLines(lines.join('\n'), { types });
      await isWritten(table);
      const written = await json.stringify(table, { lines: true });
      assert.deepEqual([...(await json.parseLines(written, { types }))], [...table]);
      assert.deepEqual(JSON.parse(await json.stringify(table)), lines.map((line) => JSON.parse(line))); // prettier-ignore
    }
  });

  test('of CSV as JSON, and of JSON as CSV', async () => {
    const table = await csv.parse('a,b,c\n1,"x,y",1.5\n2,é,\n');
    const document = await json.parse(await json.stringify(table));
    const again = await document.table();
    assert.deepEqual([...again], [...table]);
    assert.deepEqual([...(await csv.parse(await csv.stringify(again)))], [...table]);
  });
});

test('a signal stops it', async () => {
  const table = await csv.parse('a\n1\n');
  await assert.rejects(json.stringify(table, { signal: AbortSignal.abort() }), {
    code: 'ABORT_ERR',
    name: 'AbortError',
  });
});
