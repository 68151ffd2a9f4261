'use strict';

const { after, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { parse: csvParse } = require('csv-parse/sync');
const { csv, pool } = require('./support/offloop.js');
const { TEXT, collect, pieces, randomRows, rowsOf, seeded, write } = require('./support/csv.js');

const vectors = require('../vectors/csv.json');

const folder = mkdtempSync(join(tmpdir(), 'offloop-csv-'));
const file = join(folder, 'file ü.csv');
after(() => rmSync(folder, { recursive: true }));

/** From a string, from bytes, from a file, and from chunks that cut everywhere. */
async function everyWay(text, options, names, rows) {
  const bytes = Buffer.from(text);
  writeFileSync(file, bytes);
  const ways = {
    string: [await csv.parse(text, options)],
    bytes: [await csv.parse(bytes, options)],
    file: [await csv.parseFile(file, options)],
    'chunks of a byte': await collect(csv.batches(pieces(bytes, 1), { batchBytes: 1024, ...options })),
    'chunks of 7 bytes': await collect(csv.batches(pieces(bytes, 7), options)),
    batches: await collect(csv.batches(file, { batchBytes: 1024, ...options })),
  };
  for (const [way, tables] of Object.entries(ways)) {
    assert.deepEqual(rowsOf(...tables), rows, way);
    // A source without a record may give no table.
    for (const { columnNames } of tables) assert.deepEqual(columnNames, names, way);
  }
}

describe('published examples', () => {
  for (const { source, vectors: cases } of vectors.groups) {
    for (const { name, csv: text, options, names, records } of cases) {
      test(`${source}: ${name}`, async () => {
        const numbered = records[0].map((_, index) => `column_${index + 1}`);
        await everyWay(text, { ...TEXT, header: false, ...options }, names ?? numbered, records);
      });
    }
  }
});

const BOM = '\ufeff';

/** By option: CSV, options, the names and the rows that they give. */
const cases = {
  delimiter: [
    ['a;b\n1,5;2\n', { delimiter: ';' }, ['a', 'b'], [['1,5', '2']]],
    ['a,b;c\n1;2,3\n', { delimiter: ',' }, ['a', 'b;c'], [['1;2', '3']]],
    ['a\tb\n1 \t 2\n', { delimiter: '\t' }, ['a', 'b'], [['1 ', ' 2']]],
    ['a|b\n"1|2"|3\n', { delimiter: '|' }, ['a', 'b'], [['1|2', '3']]],
    ['a b\n1 2\n', { delimiter: ' ' }, ['a', 'b'], [['1', '2']]],
    ['a\x1fb\n1\x1f2\n', { delimiter: '\x1f' }, ['a', 'b'], [['1', '2']]],
    ['a,b\n1,2\n', { delimiter: ';' }, ['a,b'], [['1,2']]],
    ['a\n,\n', { delimiter: ';' }, ['a'], [[',']]],
  ],
  quote: [
    ["a,b\n'1,2','it''s'\n\"3\",4\n", { quote: "'" }, ['a', 'b'], [['1,2', "it's"], ['"3"', '4']]],
    ['a,b\n"1,2"\n', { quote: false }, ['a', 'b'], [['"1', '2"']]],
    ['a\n""""\n""""""\n', {}, ['a'], [['"'], ['""']]],
  ],
  escape: [
    ['a,b\n"1\\"2","3\\\\"\n', { escape: '\\' }, ['a', 'b'], [['1"2', '3\\']]],
    ['a,b\n1\\2,\\\n', { escape: '\\' }, ['a', 'b'], [['1\\2', '\\']]],
    ["a\n'1#'2'\n", { quote: "'", escape: '#' }, ['a'], [["1'2"]]],
  ],
  header: [
    ['a,b\n1,2\n', { header: true }, ['a', 'b'], [['1', '2']]],
    ['a,b\n1,2\n', { header: false }, ['column_1', 'column_2'], [['a', 'b'], ['1', '2']]],
    ['a,b\n1,2\n', { header: ['x', 'y'] }, ['x', 'y'], [['a', 'b'], ['1', '2']]],
    ['"a\nb","c""d"\n1,2\n', {}, ['a\nb', 'c"d'], [['1', '2']]],
    ['a,b,a,a\n1,2,3,4\n', {}, ['a', 'b', 'a_2', 'a_3'], [['1', '2', '3', '4']]],
    ['a_2,a,a\n1,2,3\n', {}, ['a_2', 'a', 'a_3'], [['1', '2', '3']]],
    ['x,,y,""\n1,2,3,4\n', {}, ['x', 'column_2', 'y', 'column_4'], [['1', '2', '3', '4']]],
    ['__proto__,constructor\n1,2\n', {}, ['__proto__', 'constructor'], [['1', '2']]],
    ['größe,"漢,字",😀\n1,2,3\n', {}, ['größe', '漢,字', '😀'], [['1', '2', '3']]],
  ],
  comment: [
    ['#x "\na,b\n# y,z,\n1,#2\n#', { comment: '#' }, ['a', 'b'], [['1', '#2']]],
    ['a,b\n"#1",2\n"3\n#4",5\n', { comment: '#' }, ['a', 'b'], [['#1', '2'], ['3\n#4', '5']]],
    ['a\n #1\n', { comment: '#' }, ['a'], [[' #1']]],
    ['a\r\n;x\r\n1\r\n', { comment: ';', delimiter: ',' }, ['a'], [['1']]],
    ['#a\n#1\n', {}, ['#a'], [['#1']]],
  ],
  bom: [
    [`${BOM}a,b\n1,2\n`, {}, ['a', 'b'], [['1', '2']]],
    [`${BOM}"a",b\n1,2\n`, { bom: true }, ['a', 'b'], [['1', '2']]],
    [`${BOM}a,b\n1,2\n`, { bom: false }, [`${BOM}a`, 'b'], [['1', '2']]],
    [`a,b\n${BOM}1,2\n`, {}, ['a', 'b'], [[`${BOM}1`, '2']]],
    [`${BOM}${BOM}a\n1\n`, {}, [`${BOM}a`], [['1']]],
  ],
  skipEmptyLines: [
    ['a\n\n1\n\n', {}, ['a'], [[''], ['1'], ['']]],
    ['\n\na,b\n\n1,2\n\r\n\n3,4', { skipEmptyLines: true }, ['a', 'b'], [['1', '2'], ['3', '4']]],
    ['a\n""\n\n1\n', { skipEmptyLines: true }, ['a'], [[''], ['1']]],
    ['a,b\r\n"1\n\n2",3\r\n\r\n', { skipEmptyLines: true }, ['a', 'b'], [['1\n\n2', '3']]],
  ],
  trim: [
    ['a, b \n 1,\t2 \n', {}, ['a', ' b '], [[' 1', '\t2 ']]],
    [' a , b \n 1\t,\t2\n', { trim: true, delimiter: ',' }, ['a', 'b'], [['1', '2']]],
    ['a,b\n " 1 " , "2"\n', { trim: true }, ['a', 'b'], [[' 1 ', '2']]],
    ['a\tb\n 1 \t" 2"\n', { trim: true, delimiter: '\t' }, ['a', 'b'], [['1', ' 2']]],
    ['a,b\n  , 1 2 \n', { trim: true }, ['a', 'b'], [['', '1 2']]],
  ],
  relaxColumnCount: [
    ['a,b,c\n1\n1,2,3,4\n5,6,7\n', { relaxColumnCount: true }, ['a', 'b', 'c'],
      [['1', null, null], ['1', '2', '3'], ['5', '6', '7']]],
    ['1,2\n3\n4,5,6\n', { relaxColumnCount: true, header: ['x', 'y'] }, ['x', 'y'], [['1', '2'], ['3', null], ['4', '5']]],
    ['a,b\n\n"",\n', { relaxColumnCount: true }, ['a', 'b'], [['', null], ['', '']]],
  ],
  relaxQuotes: [
    ['a,b\n1"2,"x"y\n"z",3"\n', { relaxQuotes: true }, ['a', 'b'], [['1"2', '"x"y'], ['z', '3"']]],
    ['a,b\n"x" ,"y"\n', { relaxQuotes: true }, ['a', 'b'], [['"x" ', 'y']]],
  ],
  nullValues: [
    ['a,b\n,""\n', { nullValues: undefined }, ['a', 'b'], [[null, '']]],
    ['a,b\nNA,"NA"\n,null\n', { nullValues: ['NA', 'null'] }, ['a', 'b'], [[null, 'NA'], ['', null]]],
    ['a,b\nNA,na\n', { nullValues: ['', 'NA'] }, ['a', 'b'], [[null, 'na']]],
    ['a,b\n NA , \n', { nullValues: ['', 'NA'], trim: true }, ['a', 'b'], [[null, null]]],
    ['a,b\né,ééé\n', { nullValues: ['é'] }, ['a', 'b'], [[null, 'ééé']]],
  ],
  columns: [
    ['a,b,c\n1,2,3\n4,5,6\n', { columns: ['c', 'a'] }, ['c', 'a'], [['3', '1'], ['6', '4']]],
    ['1,2\n', { columns: ['column_2'], header: false }, ['column_2'], [['2']]],
    ['a,a\n1,2\n', { columns: ['a_2'] }, ['a_2'], [['2']]],
    ['a,b\n1\n', { columns: ['b'], relaxColumnCount: true }, ['b'], [[null]]],
  ],
  fromLine: [
    ['x\n"y\na,b\n1,2\n', { fromLine: 3 }, ['a', 'b'], [['1', '2']]],
    ['x\r\ny\ra,b\r\n1,2\r\n', { fromLine: 3 }, ['a', 'b'], [['1', '2']]],
    ['a\n1\n2\n', { fromLine: 2, header: false }, ['column_1'], [['1'], ['2']]],
    ['x\na\n1\n2\n3\n', { fromLine: 2, toLine: 4 }, ['a'], [['1'], ['2']]],
  ],
  toLine: [
    ['a\n1\n2\n3\n', { toLine: 3 }, ['a'], [['1'], ['2']]],
    ['a\n"1\n2"\n3\n', { toLine: 2 }, ['a'], [['1\n2']]],
    ['a\n1\n"\n', { toLine: 2 }, ['a'], [['1']]],
    ['a\n1\n', { toLine: 1 }, ['a'], []],
    ['a\n1\n', { toLine: 9 }, ['a'], [['1']]],
  ],
  limit: [
    ['a\n1\n2\n3\n', { limit: 2 }, ['a'], [['1'], ['2']]],
    ['a\n1\n2\n', { limit: 0 }, ['a'], []],
    ['a\n1\n2\n', { limit: 9 }, ['a'], [['1'], ['2']]],
    ['1\n2\n', { limit: 1, header: false }, ['column_1'], [['1']]],
    ['a\n1\n"\n', { limit: 1 }, ['a'], [['1']]],
    ['a\n#\n1\n\n2\n3\n', { limit: 2, comment: '#', skipEmptyLines: true }, ['a'], [['1'], ['2']]],
  ],
  maxRecordSize: [
    ['a,b\n123,456\n', { maxRecordSize: 100 }, ['a', 'b'], [['123', '456']]],
    ['a,b\n1,2\n', { maxRecordSize: 2 ** 30 }, ['a', 'b'], [['1', '2']]],
  ],
  'line ends': [
    ['a,b\r\n1,2\n3,4\r5,6', {}, ['a', 'b'], [['1', '2'], ['3', '4'], ['5', '6']]],
    ['a\n"1\r2\n3\r\n4"\n', {}, ['a'], [['1\r2\n3\r\n4']]],
  ],
}; // prettier-ignore

for (const [option, rows] of Object.entries(cases)) {
  describe(option, () => {
    for (const [text, options, names, records] of rows) {
      test(`${JSON.stringify(text)} ${JSON.stringify(options)}`, async () => {
        await everyWay(text, { ...TEXT, ...options }, names, records);
      });
    }
  });
}

describe('the delimiter that is not given', () => {
  for (const [text, expected] of [
    ['a,b\n1,2\n', ','],
    ['a;b\n1,5;2\n', ';'],
    ['a\tb\n1 2\t3\n', '\t'],
    ['a|b\n1|2\n', '|'],
    ['"a,b,c";"d,e,f"\n"1,2,3";4\n', ';'],
    ['a\n1\n', ','],
    ['', ','],
  ]) {
    test(`of ${JSON.stringify(text)} is ${JSON.stringify(expected)}`, async () => {
      assert.deepEqual((await csv.parse(text)).metadata, { delimiter: expected });
    });
  }

  test('is guessed all the same where a record has an error', async () => {
    const table = await csv.parse('a;b\n1;2\n3;x"y\n4;5\n', { onError: 'skip' });
    assert.deepEqual([table.metadata.delimiter, rowsOf(table)], [';', [[1, 2], [4, 5]]]); // prettier-ignore
  });

  test('is said as well where it is given', async () => {
    assert.equal((await csv.parse('a;b', { delimiter: ':' })).metadata.delimiter, ':');
    const [table] = await collect(csv.batches(['a:b\n1:2\n'], { delimiter: ':' }));
    assert.equal(table.metadata.delimiter, ':');
  });
});

describe('encoding', () => {
  const text = 'naïve,größe\nÿ×,ß\u0080\u009f\n';
  const utf16be = (string) => Buffer.from(string, 'utf16le').swap16();
  for (const [name, bytes, options] of [
    ['latin1', Buffer.from(text, 'latin1'), { encoding: 'latin1' }],
    ['utf-16le', Buffer.from(text, 'utf16le'), { encoding: 'utf-16le' }],
    ['utf-16le, its byte-order mark', Buffer.from(BOM + text, 'utf16le'), { encoding: 'utf-16le' }],
    ['utf-16be', utf16be(text), { encoding: 'utf-16be' }],
    ['utf-16be, its byte-order mark', utf16be(BOM + text), { encoding: 'utf-16be' }],
    ['utf-16le, found by its byte-order mark', Buffer.from(BOM + text, 'utf16le'), {}],
    ['utf-16be, found by its byte-order mark', utf16be(BOM + text), { encoding: 'utf-8' }],
    ['utf-8', Buffer.from(text), { encoding: 'utf-8' }],
  ]) {
    test(name, async () => {
      const rows = [['ÿ×', 'ß\u0080\u009f']];
      const tables = [await csv.parse(bytes, options)];
      assert.deepEqual(tables[0].columnNames, ['naïve', 'größe']);
      writeFileSync(file, bytes);
      tables.push(await csv.parseFile(file, options));
      tables.push(...(await collect(csv.batches(pieces(bytes, 1), options))));
      assert.deepEqual(rowsOf(...tables), [...rows, ...rows, ...rows]);
    });
  }

  test('characters outside of the basic plane, in UTF-16', async () => {
    const rows = Array.from({ length: 50_000 }, (_, index) => [`😀${index}`, '漢']);
    const bytes = Buffer.from(write([['a', 'b'], ...rows]), 'utf16le');
    assert.deepEqual(rowsOf(await csv.parse(bytes, { ...TEXT, encoding: 'utf-16le' })), rows);
    const chunks = csv.batches(pieces(bytes, 4097), { ...TEXT, encoding: 'utf-16le' });
    assert.deepEqual(rowsOf(...(await collect(chunks))), rows);
  });
});

describe('inputs', () => {
  const text = 'a,b\n1,x\n2,y\n';
  const rows = [
    [1, 'x'],
    [2, 'y'],
  ];

  test('of every kind', async () => {
    const bytes = Buffer.from(text);
    const own = new Uint8Array(bytes);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    for (const data of [text, bytes, own, own.buffer, new DataView(own.buffer), shared, shared.buffer]) {
      assert.deepEqual(rowsOf(await csv.parse(data)), rows);
    }
    assert.deepEqual(rowsOf(await csv.parse(Buffer.from(`xx${text}yy`).subarray(2, -2))), rows);
  });

  test('transferred, the caller has lost them', async () => {
    const data = new Uint8Array(Buffer.from(text));
    const table = csv.parse(data, { transfer: true });
    assert.equal(data.length, 0);
    assert.deepEqual(rowsOf(await table), rows);
  });

  test('copied, the caller may write to them', async () => {
    const data = Buffer.from(`a\n${'1\n'.repeat(100_000)}`);
    const table = csv.parse(data, { copy: true });
    data.fill('x');
    assert.deepEqual([...new Set((await table).column('a').toArray())], [1]);
  });

  test('written to afterwards leave the table as it is', async () => {
    const data = Buffer.from(text);
    const table = await csv.parse(data);
    data.fill('x');
    assert.deepEqual(rowsOf(table), rows);
  });

  test('a path as string, Buffer and URL', async () => {
    writeFileSync(file, text);
    for (const path of [file, Buffer.from(file), pathToFileURL(file)]) {
      assert.deepEqual(rowsOf(await csv.parseFile(path)), rows);
      assert.deepEqual(rowsOf(...(await collect(csv.batches(path)))), rows);
    }
  });
});

describe('job options', () => {
  const large = Buffer.from(`a,b\n${'12345,"some ""text"""\n'.repeat(200_000)}`);

  test('lane and priority', async () => {
    const { interactive, bulk } = pool.stats();
    await csv.parse(large, { lane: 'interactive', priority: 5 });
    await csv.parse(large, { lane: 'bulk' });
    assert.equal(pool.stats().interactive.completed, interactive.completed + 1);
    assert.equal(pool.stats().bulk.completed, bulk.completed + 1);
  });

  test('a signal that is aborted before, and while it runs', async () => {
    const reason = new Error('on purpose');
    const cause = { code: 'ABORT_ERR', name: 'AbortError', cause: reason };
    await assert.rejects(csv.parse('a', { signal: AbortSignal.abort(reason) }), cause);
    const controller = new AbortController();
    const running = csv.parse(large, { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(running, cause);
  });

  test('onProgress grows, and ends with all of it', async () => {
    writeFileSync(file, large);
    for (const start of [(options) => csv.parse(large, options), (options) => csv.parseFile(file, options)]) {
      const seen = [];
      await start({ onProgress: (progress) => seen.push(progress) });
      const processed = seen.map(({ processedBytes }) => processedBytes);
      assert.deepEqual(
        processed,
        [...processed].sort((a, b) => a - b)
      );
      assert.deepEqual(seen.at(-1), { processedBytes: large.length, totalBytes: large.length });
    }
  });

  test('a hundred at once do not mix', async () => {
    const texts = Array.from({ length: 100 }, (_, index) => `n,x\n${`${index},${'x'.repeat(index)}\n`.repeat(index)}`);
    const tables = await Promise.all(texts.map((text) => csv.parse(text, TEXT)));
    tables.forEach((table, index) => {
      const row = [String(index), 'x'.repeat(index)];
      assert.deepEqual(
        rowsOf(table),
        Array.from({ length: index }, () => row)
      );
    });
  });
});

describe('random tables', () => {
  for (let seed = 1; seed <= 60; seed++) {
    test(`seed ${seed}`, async () => {
      const random = seeded(seed);
      const pick = (values) => values[Math.floor(random() * values.length)];
      const delimiter = pick([',', ';', '\t', '|', ':', ' ']);
      const quote = pick(['"', '"', "'"]);
      const escape = pick([quote, quote, '\\']);
      const options = { delimiter, quote, escape };
      const rows = randomRows(random, 1 + Math.floor(random() * 60), 1 + Math.floor(random() * 5));
      const chance = pick([0, 0.3, 1]);
      const newline = pick(['\n', '\r\n']);
      const text = write(rows, { ...options, newline, quoted: () => random() < chance });
      const oracle = csvParse(text, { ...options, bom: false, record_delimiter: newline });
      assert.deepEqual(oracle, rows);
      const names = rows[0].map((_, index) => `column_${index + 1}`);
      await everyWay(text, { ...TEXT, ...options, bom: false, header: false }, names, rows);
    });
  }
});
