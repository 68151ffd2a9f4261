'use strict';

// Against other readers, to the last field: csv-parse, and the csv module of Python.

const { after, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { parse: csvParse } = require('csv-parse/sync');
const { csv } = require('./support/offloop.js');
const { TEXT, collect, pieces, randomRows, rowsOf, seeded, typesOf, write } = require('./support/csv.js');

const fixtures = join(__dirname, 'fixtures');
const folder = mkdtempSync(join(tmpdir(), 'offloop-csv-'));
after(() => rmSync(folder, { recursive: true }));

const READER = `
import csv, json, sys
csv.field_size_limit(2 ** 30)
with open(sys.argv[1], newline='', encoding='utf-8') as file:
    json.dump(list(csv.reader(file)), sys.stdout)
`;
const hasPython = spawnSync('python3', ['-c', 'import csv']).status === 0;
const skip = hasPython ? false : 'python3 is not installed';

/** The records of a file as Python reads them. */
function pythonReads(path) {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', READER, path], { maxBuffer: 2 ** 28 });
  assert.equal(status, 0, String(stderr));
  return JSON.parse(stdout);
}

/** As records, in every way. */
async function reads(path) {
  const options = { ...TEXT, header: false, bom: false, delimiter: ',' };
  const bytes = readFileSync(path);
  const records = rowsOf(await csv.parseFile(path, options));
  assert.deepEqual(rowsOf(await csv.parse(bytes, options)), records);
  for (const source of [path, pieces(bytes, 10_007)]) {
    const tables = await collect(csv.batches(source, { ...options, batchBytes: 100_000 }));
    assert.deepEqual(rowsOf(...tables), records);
  }
  return records;
}

const random = seeded(42);
const half = () => random() < 0.5;

/** Files that are hard to cut in the right places: what stands in quotes looks like records. */
const generated = {
  'random fields': () => write(randomRows(random, 25_000, 5), { quoted: half }),
  'ends of lines by \\r\\n': () => write(randomRows(random, 20_000, 3), { newline: '\r\n' }),
  'quoted fields of lines': () => {
    const field = () => 'a,b\n'.repeat(random() * 50);
    return write(Array.from({ length: 15_000 }, () => [field(), 'x', field()]));
  },
  'quoted fields of quotes': () => {
    const field = () => '",\n"'.repeat(random() * 30);
    return write(Array.from({ length: 15_000 }, () => [field(), field()]));
  },
  'fields of hundreds of kilobytes': () => {
    const sizes = [1, 2 ** 17 - 1, 2 ** 17, 2 ** 17 + 1, 3, 400_000, 5, 700_001];
    return write(sizes.map((size) => ['x"y,\n'.repeat(size / 5 + 1).slice(0, size), String(size)]));
  },
  'one field of megabytes': () => write([['a', '"\n",\n""\n1,2\n'.repeat(300_000)]]),
  'lines of nothing': () => write(Array.from({ length: 100_000 }, (_, row) => [row % 1000 ? '' : 'x'])),
  'fields of nothing': () => write(Array.from({ length: 30_000 }, () => ['', '', '', '', '', '', ''])),
};

describe('real files', () => {
  for (const [name, expected] of [
    ['nfl.csv', { records: 10_000, columns: 13 }],
    ['gtfs-mbta-stop-times.csv', { records: 10_000, columns: 9 }],
  ]) {
    const path = join(fixtures, name);

    test(`${name} as csv-parse reads it`, async () => {
      const records = await reads(path);
      assert.deepEqual({ records: records.length, columns: records[0].length }, expected);
      assert.deepEqual(records, csvParse(readFileSync(path)));
    });

    test(`${name} as Python reads it`, { skip }, async () => {
      assert.deepEqual(await reads(path), pythonReads(path));
    });

    test(`${name} comes back from csv.stringify, with the same types`, async () => {
      const table = await csv.parseFile(path);
      const again = await csv.parse(await csv.stringify(table));
      assert.deepEqual(again.schema, table.schema);
      assert.deepEqual(rowsOf(again), rowsOf(table));
    });
  }

  test('the types of nfl.csv, and its values as numbers', async () => {
    const path = join(fixtures, 'nfl.csv');
    const table = await csv.parseFile(path);
    assert.deepEqual(typesOf(table), {
      gameid: 'dictionary',
      qtr: 'int32',
      min: 'int32',
      sec: 'int32',
      off: 'dictionary',
      def: 'dictionary',
      down: 'int32',
      togo: 'int32',
      ydline: 'int32',
      description: 'string',
      offscore: 'int32',
      defscore: 'int32',
      season: 'int32',
    });
    const [names, ...records] = csvParse(readFileSync(path));
    names.forEach((name, index) => {
      const isNumber = table.column(name).type === 'int32';
      const expected = records.map((record) => {
        if (record[index] === '') return null;
        return isNumber ? Number(record[index]) : record[index];
      });
      assert.deepEqual(table.column(name).toArray(), expected, name);
    });
    assert.deepEqual([table.column('down').nullCount, table.column('gameid').dictionary.length], [1003, 60]);
  });

  test('the types of gtfs-mbta-stop-times.csv, whose empty fields are quoted', async () => {
    const table = await csv.parseFile(join(fixtures, 'gtfs-mbta-stop-times.csv'));
    const { trip_id, stop_id, stop_sequence, pickup_type, drop_off_type, timepoint } = typesOf(table);
    assert.deepEqual([trip_id, stop_id], ['dictionary', 'dictionary']);
    assert.deepEqual([stop_sequence, pickup_type, drop_off_type, timepoint], Array(4).fill('int32'));
    assert.equal(table.column('arrival_time').get(0), '08:00:00');
    assert.deepEqual([...new Set(table.column('stop_headsign'))], ['']);
  });
});

describe('generated files', () => {
  for (const [name, make] of Object.entries(generated)) {
    test(`${name}, as csv-parse and Python read them`, async (t) => {
      const path = join(folder, 'generated.csv');
      // Python before 3.11 reads no NUL.
      const text = make().replaceAll('\0', '0');
      writeFileSync(path, text);
      const records = await reads(path);
      const newline = text.includes('\r\n') && name.includes('\\r') ? '\r\n' : '\n';
      assert.deepEqual(records, csvParse(text, { record_delimiter: newline }));
      if (!hasPython) return t.diagnostic(skip);
      // Of a line of nothing Python makes a record without a field.
      const python = pythonReads(path).map((record) => (record.length === 0 ? [''] : record));
      assert.deepEqual(records, python);
    });
  }
});

test('every text of up to six characters that count is read, or refused, as csv-parse does', async () => {
  const CHARACTERS = [',', '"', '\n', 'a'];
  const texts = [''];
  for (let start = 0, length = 1; length <= 6; length++) {
    const end = texts.length;
    for (; start < end; start++) texts.push(...CHARACTERS.map((each) => texts[start] + each));
  }
  const options = { ...TEXT, header: false, delimiter: ',' };
  const oracle = (text) => {
    try {
      return csvParse(text, { record_delimiter: '\n' });
    } catch {
      return 'ERR_OFFLOOP_CSV';
    }
  };
  const refused = (error) => error.code;
  let refusals = 0;
  for (const text of texts) {
    const expected = oracle(text);
    if (expected === 'ERR_OFFLOOP_CSV') refusals++;
    assert.deepEqual(await csv.parse(text, options).then(rowsOf, refused), expected, JSON.stringify(text));
  }
  assert.equal(texts.length, 5461);
  assert.ok(refusals > 1000 && refusals < texts.length - 1000, `${refusals} were refused`);
});
