'use strict';

// A value on each line: parseLines, against JSON.parse line by line.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { json, OffloopError } = require('./support/offloop.js');
const { collect, pieces, rowsOf, seeded, typesOf } = require('./support/csv.js');
const { REFUSED, randomText } = require('./support/json.js');

/** From a string, from bytes, and from chunks that cut everywhere. */
async function everyWay(text, options, names, rows) {
  const bytes = Buffer.from(text);
  const ways = {
    string: [await json.parseLines(text, options)],
    bytes: [await json.parseLines(bytes, options)],
    'chunks of a byte': await collect(json.lineBatches(pieces(bytes, 1), options)),
    'chunks of 7 bytes': await collect(json.lineBatches(pieces(bytes, 7), options)),
  };
  for (const [way, tables] of Object.entries(ways)) {
    assert.deepEqual(rowsOf(...tables), rows, way);
    // A source without a record may give no table.
    for (const { columnNames } of tables) assert.deepEqual([...columnNames], names, way);
  }
}

const BOM = '\ufeff';

describe('lines', () => {
  for (const [name, text, options, names, rows] of [
    ['that end with \\n', '{"a":1}\n{"a":2}\n', {}, ['a'], [[1], [2]]],
    ['that end with \\r\\n', '{"a":1}\r\n{"a":2}\r\n', {}, ['a'], [[1], [2]]],
    ['of which the last does not end', '{"a":1}\n{"a":2}', {}, ['a'], [[1], [2]]],
    ['of blanks are skipped', '\n{"a":1}\n\n \t\r\n\r\n{"a":2}\n   \n\n', {}, ['a'], [[1], [2]]],
    ['with blanks around values', '  {"a":1}\t \n\t{ "a" : 2 } \r\n', {}, ['a'], [[1], [2]]],
    ['with \\r between tokens', '{"a":\r1}\n\r{"a"\r:2\r}\r\n', {}, ['a'], [[1], [2]]],
    ['with escaped line ends in strings', '{"a":"x\\ny"}\n{"a":"\\r\\n"}\n', {}, ['a'], [['x\ny'], ['\r\n']]],
    ['with other keys each', '{"a":1}\n{"b":"x"}\n{"c":true,"a":2}\n', {}, ['a', 'b', 'c'],
      [[1, null, null], [null, 'x', null], [2, null, true]]],
    ['with a key that comes again', '{"a":1,"a":2}\n{"a":{"b":1},"a":3}\n', {}, ['a'], [[2], [3]]],
    ['of other types', '{"a":1}\n{"a":"x"}\n{"a":[2]}\n', {}, ['a'], [['1'], ['"x"'], ['[2]']]],
    ['of objects without keys', '{"a":1}\n{}\n{ }\n', {}, ['a'], [[1], [null], [null]]],
    ['with columns that were asked for', '{"a":{"b":[5]},"c":1}\n{"c":2}\n', { columns: ['c', 'a.b', '/a/b/0'] }, ['c', 'a.b', '/a/b/0'],
      [[1, '[5]', 5], [2, null, null]]],
    ['that are no objects, where columns are named', '[1,2]\n3\n"x"\n{"a":4}\nnull\n', { columns: ['/1', 'a'] }, ['/1', 'a'],
      [[2, null], [null, null], [null, null], [null, 4], [null, null]]],
    ['with types', '{"a":1,"t":"2024-01-31"}\n{"a":2}\n', { types: { a: 'float64', t: 'timestamp' } }, ['a', 't'],
      [[1, Date.parse('2024-01-31')], [2, null]]],
    ['with bigint', '{"a":9007199254740993}\n{"a":1}\n', { bigint: true }, ['a'], [[9007199254740993n], [1n]]],
    ['without it', '{"a":9007199254740993}\n{"a":1}\n', {}, ['a'], [[9007199254740992], [1]]],
    ['behind a byte-order mark', `${BOM}{"a":1}\n{"a":"${BOM}"}`, { bom: true, columns: ['a'], types: { a: 'json' } }, ['a'], [['1'], [`"${BOM}"`]]],
    ['with bom, and none', '{"a":1}', { bom: true }, ['a'], [[1]]],
    ['that are none', '', {}, [], []],
    ['of blanks only', '\n \r\n\t\n', {}, [], []],
    ['that are none, with columns', '', { columns: ['a'] }, ['a'], []],
    ['with nested values', '{"a":[{"b":[[]]}, {}],"c":"\\u00e9"}\n', {}, ['a', 'c'], [['[{"b":[[]]}, {}]', 'é']]],
  ]) {
    test(name, () => everyWay(text, options, names, rows));
  } // prettier-ignore

  test('as long as maxRecordSize, and the last without an end', async () => {
    const line = `{"a":"${'x'.repeat(92)}"}`;
    assert.equal(line.length, 100);
    await everyWay(`${line}\n${line}\n${line}`, { maxRecordSize: 100 }, ['a'], Array(3).fill(['x'.repeat(92)]));
  });
});

/** Lines of which one is wrong, where, and what the message speaks of. */
const faults = {
  'a broken line': ['{"a":1}\n{"a":}\n{"a":2}\n', {}, { line: 2, column: 6, byteOffset: 13 }, ['}']],
  'two values in a line': ['{"a":1}\n{"a":2} {"a":3}\n', {}, { line: 2, column: 9, byteOffset: 16 }, []],
  'a value over two lines': ['{"a":1}\n{"a":\n2}\n', {}, { line: 2 }, []],
  'a string over two lines': ['{"a":"x\ny"}\n', {}, { line: 1 }, []],
  'a comma behind a line': ['{"a":1},\n', {}, { line: 1, column: 8, byteOffset: 7 }, [',']],
  'a line that is no object': ['{"a":1}\r\n\r\n [2]\n', {}, { line: 3, column: 2, byteOffset: 12 }, ['object']],
  'a line that was cut': ['{"a":1}\n{"a":2', {}, { line: 2 }, []],
  'a misfit': ['{"a":1}\n{"é":0,"a":"x"}\n', { types: { a: 'int32' } }, { line: 2, column: 12, byteOffset: 20 }, ['"a"']],
  'bytes that are no UTF-8': [Buffer.from('{"a":1}\n{"a":"\xff"}\n', 'latin1'), {}, { line: 2, column: 7, byteOffset: 14 }, ['UTF-8']],
  'a byte-order mark': [`${BOM}{"a":1}\n`, {}, { line: 1, column: 1, byteOffset: 0 }, []],
  'a byte-order mark of a later line': [`{"a":1}\n${BOM}{"a":1}\n`, { bom: true }, { line: 2, column: 1, byteOffset: 8 }, []],
  'what is too deep': ['{"a":1}\n{"a":[[1]]}\n', { maxDepth: 2 }, { line: 2, column: 7, byteOffset: 14 }, ['2']],
}; // prettier-ignore

function isFault(error, where, words) {
  assert.ok(error instanceof OffloopError, error.stack);
  assert.equal(error.code, REFUSED, error.stack);
  for (const [name, value] of Object.entries(where)) assert.equal(error[name], value, `${name}: ${error.message}`);
  assert.match(error.message, /^Expected .+ but received .+/s);
  for (const word of words) assert.ok(error.message.includes(word), `${error.message} does not say ${word}`);
  return true;
}

describe('what is wrong, and where', () => {
  for (const [name, [text, options, where, words]] of Object.entries(faults)) {
    test(name, async () => {
      const bytes = Buffer.from(text);
      for (const start of [
        () => json.parseLines(bytes, options),
        () => collect(json.lineBatches([bytes], options)),
        () => collect(json.lineBatches(pieces(bytes, 1), options)),
      ]) {
        await assert.rejects(start, (error) => isFault(error, where, words));
      }
    });
  }

  test('in the last line of megabytes', async () => {
    const lines = '{"a":1,"b":"é"}\n'.repeat(100_000);
    const where = { line: 100_001, column: 6, byteOffset: Buffer.byteLength(lines) + 5 };
    const text = `${lines}{"a":?}\n`;
    await assert.rejects(json.parseLines(text), (error) => isFault(error, where, ['?']));
    const batches = json.lineBatches(pieces(Buffer.from(text), 70_001), { batchBytes: 100_000 });
    await assert.rejects(collect(batches), (error) => isFault(error, where, ['?']));
  });

  test('more columns than there may be', async () => {
    const lines = Array.from({ length: 65_537 }, (_, index) => `{"k${index}":1}`);
    const most = await json.parseLines(lines.slice(0, 256).join('\n'));
    assert.equal(most.numColumns, 256);
    const object = (count) => `{${Array.from({ length: count }, (_, index) => `"k${index}":1`).join()}}`;
    assert.equal((await json.parseLines(object(65_536))).numColumns, 65_536);
    await assert.rejects(json.parseLines(`${object(65_536)}\n{"more":1}\n`), { code: REFUSED, message: /65,?536/ });
  });
});

describe('onError', () => {
  const text = '{"a":1,"b":"x"}\n{"a":}\n[2]\n\n{"a":"y"}\n{"a":3,"b":\n{"a":4,"b":"z"}\nnope';
  const good = [[1, 'x'], [4, 'z']]; // prettier-ignore
  const options = { types: { a: 'int32' } };
  const lines = [2, 3, 5, 6, 8];

  test("'throw' is the default", async () => {
    for (const given of [options, { ...options, onError: 'throw' }]) {
      await assert.rejects(json.parseLines(text, given), { code: REFUSED, line: 2, byteOffset: 21 });
    }
  });

  test("'skip' leaves lines out, and counts them", async () => {
    const table = await json.parseLines(text, { ...options, onError: 'skip' });
    assert.deepEqual([rowsOf(table), table.errorCount, table.errors.length], [good, 5, 0]);
  });

  test("'collect' keeps the errors as well", async () => {
    const table = await json.parseLines(text, { ...options, onError: 'collect' });
    assert.deepEqual([rowsOf(table), table.errorCount], [good, 5]);
    assert.deepEqual(table.errors.map(({ line }) => line), lines); // prettier-ignore
    assert.deepEqual([table.errors[0].byteOffset, table.errors[1].byteOffset], [21, 23]);
    for (const error of table.errors) isFault(error, {}, []);
  });

  test('in batches, each table has its own', async () => {
    const bytes = Buffer.from(
      Array.from({ length: 20_000 }, (_, row) => (row % 10 === 0 ? '{"a":\n' : `{"a":${row}}\n`)).join('')
    );
    const tables = await collect(json.lineBatches(pieces(bytes, 1000), { onError: 'collect', batchBytes: 16_384 }));
    assert.ok(tables.length > 5, `${tables.length} tables`);
    assert.deepEqual(
      tables.flatMap(({ errors }) => errors.map(({ line }) => line)),
      Array.from({ length: 2000 }, (_, index) => 1 + index * 10)
    );
    assert.equal(rowsOf(...tables).length, 18_000);
  });

  test('counts all, and keeps the first 10,000', async () => {
    const table = await json.parseLines(`{"a":1}\n${'{\n'.repeat(12_000)}{"a":2}\n`, { onError: 'collect' });
    assert.deepEqual([rowsOf(table), table.errorCount, table.errors.length], [[[1], [2]], 12_000, 10_000]);
    assert.deepEqual([table.errors[0].line, table.errors[9999].line], [2, 10_001]);
  });

  test('does not bring in the keys, nor the types, of a line that is left out', async () => {
    const table = await json.parseLines('{"a":1}\n{"b":2,"a":"x"} ?\n{"a":3}\n', { onError: 'skip' });
    assert.deepEqual([[...table.columnNames], typesOf(table), rowsOf(table)], [['a'], { a: 'int32' }, [[1], [3]]]);
  });

  test('does not take a line that is longer than maxRecordSize', async () => {
    const long = `{"a":1}\n{"a":"${'x'.repeat(100)}"}\n{"a":2}\n`;
    for (const onError of ['throw', 'skip', 'collect']) {
      const given = { maxRecordSize: 50, onError };
      await assert.rejects(json.parseLines(long, given), { code: REFUSED, line: 2, message: /50/ });
      await assert.rejects(collect(json.lineBatches([long], given)), { code: REFUSED, line: 2 });
      await assert.rejects(collect(json.lineBatches(pieces(Buffer.from(long), 1), given)), { code: REFUSED, line: 2 });
    }
  });
});

test('random lines of megabytes are what JSON.parse makes of each', async () => {
  for (const seed of [71, 72, 73]) {
    const random = seeded(seed);
    const lines = [];
    for (let size = 0; size < 400_000; size += lines.at(-1).length) {
      const value = randomText(random, { depth: 3 }).replaceAll('\n', ' ');
      lines.push(random() < 0.05 ? ' \t' : `{"id":${lines.length},"value":${value}${random() < 0.3 ? ',"x":1' : ''}}`);
    }
    const rows = lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line));
    const text = lines.join(random() < 0.5 ? '\n' : '\r\n');
    const tables = [
      [await json.parseLines(text)],
      await collect(json.lineBatches(pieces(Buffer.from(text), 5003), { batchBytes: 50_000 })),
    ];
    for (const parts of tables) {
      const cells = (name) => parts.flatMap((table) => table.column(name).toArray());
      assert.deepEqual(cells('id'), rows.map(({ id }) => id)); // prettier-ignore
      const values = parts.flatMap((table) => {
        const column = table.column('value');
        return column.toArray().map((cell) => (column.type === 'json' && cell !== null ? JSON.parse(cell) : cell));
      });
      assert.deepEqual(values, rows.map(({ value }) => value)); // prettier-ignore
    }
  }
});
