'use strict';

const { after, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { csv, OffloopError } = require('./support/offloop.js');
const { says } = require('./support/refusals.js');
const { collect, pieces, rowsOf } = require('./support/csv.js');

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

const folder = mkdtempSync(join(tmpdir(), 'offloop-csv-'));
const file = join(folder, 'file.csv');
after(() => rmSync(folder, { recursive: true }));

/** CSV with one fault, its options, where it is, and what its message speaks of. */
const faults = {
  'too few fields': ['a,b,c\n1,2,3\n4,5\n', {}, { line: 3, byteOffset: 12 }, ['3', '2']],
  'too many fields': ['a,b\n1,2,3\n', {}, { line: 2, byteOffset: 4 }, ['2', '3']],
  'fewer fields than names': ['1,2\n', { header: ['x', 'y', 'z'] }, { line: 1, byteOffset: 0 }, ['3', '2']],
  'an empty line': ['a,b\n1,2\n\n3,4\n', {}, { line: 3, byteOffset: 8 }, ['2', '1']],
  'a quote inside of a field': ['a,b\n1,x"y\n', {}, { line: 2, column: 4, byteOffset: 7 }, ['"']],
  'a space before a quote': ['a,b\n1, "2"\n', {}, { line: 2, column: 4, byteOffset: 7 }, ['"']],
  'text after a closing quote': ['a,b\n1,"x"y\n', {}, { line: 2, column: 6, byteOffset: 9 }, ['"']],
  'a quote that is not closed': ['a,b\n1,2\n3,"4\n5,6\n', {}, { line: 3, column: 3, byteOffset: 10 }, ['"']],
  'a quote that opens at the end': ['a,b\n1,"', {}, { line: 2, column: 3, byteOffset: 6 }, ['"']],
  'a fault in the header': ['a,"b"c\n1,2\n', {}, { line: 1, column: 6, byteOffset: 5 }, ['"']],
  'behind lines inside of quotes': ['a,b\n"1\n\r\n2",3\n4,x"y\n', {}, { line: 5, column: 4, byteOffset: 17 }, ['"']],
  'behind characters of several bytes': ['ä,漢\n😀,x"y\n', {}, { line: 2, column: 4, byteOffset: 13 }, ['"']],
  'behind a byte-order mark': ['\ufeffa,b\n1,x"y\n', {}, { line: 2, column: 4, byteOffset: 10 }, ['"']],
  'behind lines ended by \\r\\n': ['a,b\r\n1,2\r\n3,x"y\r\n', {}, { line: 3, column: 4, byteOffset: 13 }, ['"']],
  'behind a comment': ['#"\na,b\n#x\n3,x"y\n', { comment: '#' }, { line: 4, column: 4, byteOffset: 13 }, ['"']],
  'behind fromLine': ['x\ny\na,b\n1,x"y\n', { fromLine: 3 }, { line: 4, column: 4, byteOffset: 11 }, ['"']],
  'another quote': ["a,b\n1,x'y\n", { quote: "'" }, { line: 2, column: 4, byteOffset: 7 }, ["'"]],
  'a record that is too long': ['a\n1\n12345678901\n', { maxRecordSize: 10 }, { line: 3, byteOffset: 4 }, ['10']],
  'a name in columns that there is not': ['a,b\n1,2\n', { columns: ['a', 'nope'] }, {}, ['nope']],
  'a name in types that there is not': ['a,b\n1,2\n', { types: { nope: 'int32' } }, {}, ['nope']],
}; // prettier-ignore

/** A type, and what it cannot hold. */
const misfits = [
  ['int32', 'x'],
  ['int32', '1.5'],
  ['int32', '2147483648'],
  ['int32', '-2147483649'],
  ['int32', ' 1'],
  ['int64', '9223372036854775808'],
  ['int64', '1.5'],
  ['int64', 'true'],
  ['float64', 'x'],
  ['float64', '1.2.3'],
  ['float64', '1,5'],
  ['boolean', '2'],
  ['boolean', 'yes'],
  ['timestamp', '2024-02-30'],
  ['timestamp', 'today'],
  ['timestamp', '1706659200000'],
];
for (const [type, text] of misfits) {
  const field = text.includes(',') ? `"${text}"` : text;
  const csvText = `a,b\nx,\nxyz,${field}\n`;
  const where = { line: 3, column: 5, byteOffset: 11 };
  faults[`${text} in a column of ${type}`] = [csvText, { types: { b: type } }, where, ['"b"', text]];
}

function isFault(error, where, words) {
  assert.ok(error instanceof OffloopError, error.stack);
  assert.equal(error.code, 'ERR_OFFLOOP_CSV', error.stack);
  for (const [name, value] of Object.entries(where)) assert.equal(error[name], value, `${name}: ${error.message}`);
  assert.match(error.message, /^Expected .+ but .+/s);
  for (const word of words) assert.ok(error.message.includes(word), `${error.message} does not say ${word}`);
  return true;
}

describe('ERR_OFFLOOP_CSV says where, what was expected and what came', () => {
  for (const [name, [text, options, where, words]] of Object.entries(faults)) {
    test(name, async () => {
      const bytes = Buffer.from(text);
      writeFileSync(file, bytes);
      for (const start of [
        () => csv.parse(text, options),
        () => csv.parse(bytes, options),
        () => csv.parseFile(file, options),
        () => collect(csv.batches(file, options)),
        () => collect(csv.batches([bytes], options)),
        () => collect(csv.batches(pieces(bytes, 1), { batchBytes: 1024, ...options })),
      ]) {
        await assert.rejects(start, (error) => isFault(error, where, words));
      }
    });
  }

  test('for bytes that are no UTF-8', async () => {
    const bytes = Buffer.from('a,b\né,x\n1,yé\n2,y\xff\n', 'latin1');
    const where = { line: 2, column: 1, byteOffset: 4 };
    const name = /"a"/;
    await assert.rejects(csv.parse(bytes), (error) => isFault(error, where, ['UTF-8']) && name.test(error.message));
    const names = Buffer.from([0x61, 0x2c, 0xff, 0x0a]);
    await assert.rejects(csv.parse(names), (error) => isFault(error, { line: 1, byteOffset: 2 }, ['UTF-8']));
    const { errors } = await csv.parse(bytes, { onError: 'collect' });
    assert.deepEqual(
      errors.map(({ line, byteOffset }) => [line, byteOffset]),
      [
        [2, 4],
        [3, 10],
        [4, 15],
      ]
    );
  });

  test('in bytes of the input where that is UTF-16', async () => {
    const bytes = Buffer.from('\ufeffa,b\n😀,x"y\n', 'utf16le');
    await assert.rejects(csv.parse(bytes), (error) =>
      isFault(error, { line: 2, column: 4, byteOffset: 2 * '\ufeffa,b\n😀,x'.length }, ['"'])
    );
  });

  test('in the last row of megabytes', async () => {
    const rows = '"1\n2",é,"say ""hi"""\n'.repeat(150_000);
    const start = Buffer.byteLength(`a,b,c\n${rows}`);
    const where = { line: 300_002, column: 4, byteOffset: start + 3 };
    for (const run of [csv.parse, (text) => collect(csv.batches(pieces(Buffer.from(text), 70_001)))]) {
      await assert.rejects(run(`a,b,c\n${rows}1,x"y,z\n`), (error) => isFault(error, where, ['"']));
    }
  });

  test('of several faults the first is thrown', async () => {
    const rows = '1,2\n'.repeat(100_000);
    const text = `a,b\n${rows}1\n${rows}x"y,2\n${rows}1,2,3\n`;
    await assert.rejects(csv.parse(text), { code: 'ERR_OFFLOOP_CSV', line: 100_002, byteOffset: 4 + rows.length });
  });

  test('with the stack of the caller', async () => {
    async function theCaller() {
      await csv.parse('a\n"');
    }
    await assert.rejects(theCaller(), ({ stack }) => stack.includes('theCaller'));
  });

  test('and does not repeat a large field', async () => {
    const text = `a\n${'x'.repeat(1_000_000)}\n`;
    const { message } = await csv.parse(text, { types: { a: 'int32' } }).catch((error) => error);
    assert.match(message, /^Expected/);
    assert.ok(message.length < 1000, `${message.length} characters`);
  });
});

describe('onError', () => {
  const text = 'a,b\n1,x\n2\n3,"y"z\n4,é"\n5,w,\n6,v\n';
  const good = [
    [1, 'x'],
    [6, 'v'],
  ];
  const where = [
    { line: 3, byteOffset: 8 },
    { line: 4, byteOffset: 15 },
    { line: 5, byteOffset: 21 },
    { line: 6, byteOffset: 23 },
  ];

  test("'throw' is the default", async () => {
    for (const options of [{}, { onError: 'throw' }]) {
      await assert.rejects(csv.parse(text, options), { code: 'ERR_OFFLOOP_CSV', line: 3 });
    }
  });

  test("'skip' leaves records out, and counts them", async () => {
    const table = await csv.parse(text, { onError: 'skip' });
    assert.deepEqual(rowsOf(table), good);
    assert.deepEqual([table.errorCount, table.errors], [4, []]);
  });

  test("'collect' keeps the errors as well", async () => {
    const table = await csv.parse(text, { onError: 'collect' });
    assert.deepEqual(rowsOf(table), good);
    assert.equal(table.errorCount, 4);
    assert.deepEqual(
      table.errors.map(({ line, byteOffset }) => ({ line, byteOffset })),
      where
    );
    for (const error of table.errors) isFault(error, {}, []);
  });

  test('for values that do not fit their types, whose records are left out whole', async () => {
    const options = { types: { n: 'int32' }, onError: 'collect' };
    const table = await csv.parse('s,n,t\na,1,x\nb,z,y\nc,,\nd,3,w\n', options);
    assert.deepEqual(rowsOf(table), [
      ['a', 1, 'x'],
      ['c', null, null],
      ['d', 3, 'w'],
    ]);
    assert.equal(table.errors.length, 1);
    isFault(table.errors[0], { line: 3, column: 3, byteOffset: 14 }, ['"n"', '"z"']);
  });

  test('goes on with the line after a quote that is never closed', async () => {
    const table = await csv.parse('a,b\n1,x\n2,"y\n3,z\n', { onError: 'collect' });
    assert.deepEqual(rowsOf(table), [
      [1, 'x'],
      [3, 'z'],
    ]);
    assert.equal(table.errorCount, 1);
    isFault(table.errors[0], { line: 3, column: 3, byteOffset: 10 }, ['"']);
  });

  test('counts all, and keeps the first 10,000', async () => {
    const table = await csv.parse(`a,b\n1,2\n${'3\n'.repeat(12_000)}4,5\n`, { onError: 'collect' });
    assert.equal(table.errorCount, 12_000);
    assert.equal(table.errors.length, 10_000);
    assert.deepEqual([table.errors[0].line, table.errors[9999].line], [3, 10_002]);
    assert.deepEqual(rowsOf(table), [
      [1, 2],
      [4, 5],
    ]);
  });

  test('without errors says so', async () => {
    for (const onError of ['throw', 'skip', 'collect']) {
      const table = await csv.parse('a\n1\n', { onError });
      assert.deepEqual([table.errorCount, table.errors], [0, []]);
    }
  });

  test('in batches, each table has its own', async () => {
    const rows = Array.from({ length: 20_000 }, (_, row) => (row % 10 === 0 ? 'bad\n' : `${row},x\n`));
    const bytes = Buffer.from(`a,b\n${rows.join('')}`);
    const options = { onError: 'collect', batchBytes: 16_384 };
    const tables = await collect(csv.batches(pieces(bytes, 1000), options));
    assert.ok(tables.length > 5, `${tables.length} tables`);
    const sum = tables.reduce((total, { errorCount }) => total + errorCount, 0);
    assert.equal(sum, 2000);
    assert.deepEqual(
      tables.flatMap(({ errors }) => errors.map(({ line }) => line)),
      Array.from({ length: 2000 }, (_, index) => 2 + index * 10)
    );
    assert.equal(rowsOf(...tables).length, 18_000);
  });
});

describe('arguments', () => {
  const wrong = {
    delimiter: [[5, TYPE], [null, TYPE], ['', VALUE], [',,', VALUE], ['é', VALUE], ['"', VALUE], ['\n', VALUE], ['\r', VALUE]],
    quote: [[5, TYPE], [true, undefined], ['""', VALUE], ['é', VALUE], ['\n', VALUE]],
    escape: [[5, TYPE], ['\\\\', VALUE], ['é', VALUE]],
    header: [[5, TYPE], [null, TYPE], ['a', TYPE]],
    comment: [[5, TYPE], ['//', VALUE], ['é', VALUE]],
    bom: [[1, TYPE], ['yes', TYPE]],
    skipEmptyLines: [[1, TYPE]],
    trim: [[1, TYPE]],
    relaxColumnCount: [[1, TYPE]],
    relaxQuotes: [[1, TYPE]],
    onError: [[5, TYPE], ['ignore', VALUE]],
    maxRecordSize: [['1', TYPE], [0, RANGE], [1.5, RANGE], [2 ** 30 + 1, RANGE], [NaN, RANGE]],
    nullValues: [['x', TYPE], [5, TYPE]],
    types: [[5, TYPE], ['number', VALUE]],
    columns: [['a', TYPE], [5, TYPE]],
    fromLine: [['1', TYPE], [0, RANGE], [-1, RANGE], [1.5, RANGE]],
    toLine: [['1', TYPE], [-1, RANGE], [1.5, RANGE]],
    limit: [['1', TYPE], [-1, RANGE], [1.5, RANGE]],
    encoding: [[5, TYPE], ['ascii', VALUE]],
    signal: [[5, TYPE]],
    timeout: [[0, RANGE]],
    lane: [['fast', VALUE]],
  }; // prettier-ignore
  const batches = {
    batchBytes: [
      ['1', TYPE],
      [1023, RANGE],
      [2 ** 28 + 1, RANGE],
      [2000.5, RANGE],
    ],
  };
  // Thrown by the call or by the first step: a caller who loops sees no difference.
  const loop = async (source, options) => collect(csv.batches(source, options));
  const small = join(folder, 'small.csv');
  writeFileSync(small, 'a\n1\n');

  for (const [name, call, more] of [
    ['parse', (options) => csv.parse('a\n1\n', options)],
    ['parseFile', (options) => csv.parseFile(small, options)],
    ['batches', (options) => loop(['a\n1\n'], options), batches],
  ]) {
    test(`csv.${name} refuses wrong options`, async () => {
      for (const [option, values] of Object.entries({ ...wrong, ...more })) {
        for (const [value, code] of values) {
          const check = code === undefined ? TypeError : says(code, `options.${option}`);
          await assert.rejects(call({ [option]: value }), check, `${option}: ${String(value)}`);
        }
      }
      for (const options of [null, 5, 'x', []]) await assert.rejects(call(options), says(TYPE, 'options'));
    });

    test(`csv.${name} refuses wrong elements of options`, async () => {
      for (const [options, code] of [
        [{ header: ['a', 5] }, TYPE],
        [{ nullValues: [5] }, TYPE],
        [{ columns: [5] }, TYPE],
        [{ types: { a: 5 } }, TYPE],
        [{ types: { a: 'number' } }, VALUE],
      ]) {
        await assert.rejects(call(options), { code, message: /^Expected .+ for .*options\..+ but received .+/ });
      }
    });

    test(`csv.${name} takes options that are not given as undefined`, async () => {
      const names = [...Object.keys(wrong), ...Object.keys(batches)];
      for (const options of [Object.fromEntries(names.map((option) => [option])), {}, undefined]) {
        assert.deepEqual(rowsOf(...[await call(options)].flat()), [[1]]);
      }
    });
  }

  test('of the wrong type', async () => {
    for (const data of [undefined, null, 5, true, {}, [], () => {}]) {
      await assert.rejects(csv.parse(data), says(TYPE, 'data'));
    }
    for (const path of [undefined, null, 5, {}]) await assert.rejects(csv.parseFile(path), says(TYPE, 'path'));
    for (const source of [undefined, null, 5, {}, () => {}]) {
      await assert.rejects(loop(source), { code: TYPE, message: / for source but received / });
    }
    await assert.rejects(loop([5]), says(TYPE, 'a chunk of source'));
    await assert.rejects(csv.parseFile('with\0nul'), says(VALUE, 'path'));
  });

  test("files that cannot be read give the system's errors", async () => {
    const missing = join(folder, 'missing.csv');
    mkdirSync(join(folder, 'folder'));
    const isFolder = process.platform === 'win32' ? 'EACCES' : 'EISDIR';
    for (const start of [csv.parseFile, loop]) {
      await assert.rejects(start(missing), { code: 'ENOENT', syscall: 'open', path: missing });
      await assert.rejects(start(join(folder, 'folder')), { code: isFolder });
    }
  });
});
