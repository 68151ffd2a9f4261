'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { parse: csvParse } = require('csv-parse/sync');
const { csv } = require('./support/offloop.js');
const { says } = require('./support/refusals.js');
const { TEXT, randomRows, rowsOf, seeded, typesOf } = require('./support/csv.js');

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';

const text = async (data, options) => (await csv.stringify(data, options)).toString();

describe('csv.stringify of rows', () => {
  for (const [name, rows, options, expected] of [
    ['objects', [{ a: 1, b: 'x' }, { b: 'y', a: 2 }], {}, 'a,b\n1,x\n2,y\n'],
    ['arrays', [[1, 'x'], [2, 'y']], { header: false }, '1,x\n2,y\n'],
    ['a generator', (function* () { yield { a: 1 }; yield { a: 2 }; })(), {}, 'a\n1\n2\n'],
    ['a set', new Set([{ a: 1 }]), {}, 'a\n1\n'],
    ['none', [], { columns: ['a', 'b'] }, 'a,b\n'],
    ['no header', [{ a: 1, b: 2 }], { header: false }, '1,2\n'],
    ['the keys of the first', [{ a: 1 }, { a: 2, b: 3 }, {}], {}, 'a\n1\n2\n\n'],
    ['columns', [{ a: 1, b: 2, c: 3 }], { columns: ['c', 'a'] }, 'c,a\n3,1\n'],
    ['a key that is missing', [{ a: 1 }], { columns: ['a', 'b'] }, 'a,b\n1,\n'],
    ['null and undefined', [{ a: null, b: undefined, c: 0 }], {}, 'a,b,c\n,,0\n'],
    ['nullValue', [{ a: null, b: undefined, c: 'x' }], { nullValue: 'NA' }, 'a,b,c\nNA,NA,x\n'],
    ['an empty text', [{ a: '', b: null }], {}, 'a,b\n"",\n'],
    ['numbers', [[0, -1.5, 1e21, NaN, 12n, 2 ** 53]], { header: false }, '0,-1.5,1e+21,NaN,12,9007199254740992\n'],
    ['booleans', [[true, false]], { header: false }, 'true,false\n'],
    ['dates', [[new Date(1706704496789)]], { header: false }, '2024-01-31T12:34:56.789Z\n'],
    ['other objects', [[{ x: 1 }, [1, 2]]], { header: false }, '"{""x"":1}","[1,2]"\n'],
    ['a delimiter', [['a,b', 'c']], { header: false }, '"a,b",c\n'],
    ['a quote', [['a"b', '"']], { header: false }, '"a""b",""""\n'],
    ['line ends', [['a\nb', 'c\rd', '\r\n']], { header: false }, '"a\nb","c\rd","\r\n"\n'],
    ['spaces, which need no quotes', [[' a ', 'b c', '\t']], { header: false }, ' a ,b c,\t\n'],
    ['names that need quotes', [{ 'a,b': 1, 'c"d': 2, é: 3 }], {}, '"a,b","c""d",é\n1,2,3\n'],
    ['characters of all sizes', [['é', '漢字', '😀']], { header: false }, 'é,漢字,😀\n'],
    ['a lone surrogate', [['a\ud800b', '\udc00']], { header: false }, 'a\ufffdb,\ufffd\n'],
    ['another delimiter', [['a;b', 'c,d']], { header: false, delimiter: ';' }, '"a;b";c,d\n'],
    ['a tab', [['a\tb', 'c,d']], { header: false, delimiter: '\t' }, '"a\tb"\tc,d\n'],
    ['another quote', [["it's", '"']], { header: false, quote: "'" }, "'it''s',\"\n"],
    ['another escape', [['a"b,']], { header: false, escape: '\\' }, '"a\\"b,"\n'],
    ['recordDelimiter', [{ a: 1 }, { a: 'x\ny' }], { recordDelimiter: '\r\n' }, 'a\r\n1\r\n"x\ny"\r\n'],
    ['a byte-order mark', [{ a: 1 }], { bom: true }, '\ufeffa\n1\n'],
    ['a key named __proto__', [JSON.parse('{ "__proto__": 1, "b": 2 }')], {}, '__proto__,b\n1,2\n'],
    ['keys that objects inherit', [{ a: 1 }], { columns: ['a', 'toString'] }, 'a,toString\n1,\n'],
  ]) {
    test(name, async () => assert.equal(await text(rows, options), expected));
  } // prettier-ignore

  test('is a Buffer', async () => assert.ok(Buffer.isBuffer(await csv.stringify([{ a: 1 }]))));

  test('escapeFormulas puts a quote before what a spreadsheet would run', async () => {
    const dangerous = ['=1+1', '+1', '-1+1', '@SUM(A1)', '\tx', '\rx', '＝1', '＋1', '－1', '＠x', '=a,"b"'];
    const harmless = ['1=1', 'a', ' =1', "'=1", '', null, 'é'];
    const numbers = [-1, -1.5, -5n];
    const written = await text([[...dangerous, ...harmless, ...numbers]], { header: false, escapeFormulas: true });
    const expected = [
      ...dangerous.map((each) => `'${each}`),
      ...harmless.map((each) => each ?? ''),
      '-1',
      '-1.5',
      '-5',
    ];
    assert.deepEqual(csvParse(written, { delimiter: ',', record_delimiter: '\n' }), [expected]);
    assert.equal(await text([['=1']], { header: false }), '=1\n');
  });

  test('an error of the rows is the error of the call', async () => {
    const own = new Error('on purpose');
    const failing = (function* () {
      yield { a: 1 };
      throw own;
    })();
    await assert.rejects(csv.stringify(failing), (error) => error === own);
    const getter = {
      get a() {
        throw own;
      },
    };
    await assert.rejects(csv.stringify([getter]), (error) => error === own);
  });

  test('a signal stops it', async () => {
    const aborted = { code: 'ABORT_ERR', name: 'AbortError' };
    await assert.rejects(csv.stringify([{ a: 1 }], { signal: AbortSignal.abort() }), aborted);
    const controller = new AbortController();
    const endless = (function* () {
      for (let row = 0; ; row++) {
        if (row === 100_000) controller.abort();
        yield { a: row };
      }
    })();
    await assert.rejects(csv.stringify(endless, { signal: controller.signal }), aborted);
  });
});

describe('csv.stringify of a table', () => {
  const source =
    'int,float,big,bool,time,text,few\n' +
    '1,1.5,9007199254740993,true,2024-01-31,"a,""b""\nc",x\n' +
    '-2,-0.25,-1,FALSE,2024-01-31T12:34:56.789+01:00,"",x\n' +
    ',,,,,,\n' +
    '4,1e3,2,true,1969-12-31 23:59,é😀,x\n';
  const types = { few: 'dictionary' };
  const expected =
    'int,float,big,bool,time,text,few\n' +
    '1,1.5,9007199254740993,true,2024-01-31T00:00:00Z,"a,""b""\nc",x\n' +
    '-2,-0.25,-1,false,2024-01-31T11:34:56.789Z,"",x\n' +
    ',,,,,,\n' +
    '4,1000,2,true,1969-12-31T23:59:00Z,é😀,x\n';
  const lines = expected.split(/(?<!b"")\n/);

  test('of every type', async () => {
    const table = await csv.parse(source, { types });
    assert.deepEqual(typesOf(table), {
      int: 'int32',
      float: 'float64',
      big: 'int64',
      bool: 'boolean',
      time: 'timestamp',
      text: 'string',
      few: 'dictionary',
    });
    assert.equal(await text(table), expected);
    assert.equal(await text(table, { header: false }), expected.slice(lines[0].length + 1));
  });

  test('of some of its rows and columns', async () => {
    const table = await csv.parse(source, { types });
    assert.equal(await text(table.slice(1, 3)), [lines[0], lines[2], lines[3], ''].join('\n'));
    assert.equal(await text(table.select(['few', 'int']).slice(3, 4)), 'few,int\nx,4\n');
    assert.equal(await text(table, { columns: ['bool', 'int'] }), 'bool,int\ntrue,1\nfalse,-2\n,\ntrue,4\n');
    assert.equal(await text(table.slice(0, 0)), `${lines[0]}\n`);
  });

  test('with every option', async () => {
    const table = await csv.parse('a,b\n=1,\n"x;y",-2\n');
    const options = { delimiter: ';', recordDelimiter: '\r\n', bom: true, escapeFormulas: true, nullValue: 'NULL' };
    assert.equal(await text(table, options), '\ufeffa;b\r\n\'=1;NULL\r\n"x;y";-2\r\n');
    assert.equal(await text(table, { quote: "'", delimiter: ';' }), "a;b\n=1;\n'x;y';-2\n");
  });

  test('every number comes back as it was', async () => {
    const random = seeded(7);
    const view = new DataView(new ArrayBuffer(8));
    const numbers = Array.from({ length: 5000 }, () => {
      view.setUint32(0, random() * 2 ** 32);
      view.setUint32(4, random() * 2 ** 32);
      return view.getFloat64(0);
    }).filter(Number.isFinite);
    numbers.push(0.1, 5e-324, Number.MAX_VALUE, 1e21, 1e-7, 123456789012345680000);
    const options = { types: { a: 'float64' } };
    const table = await csv.parse(await csv.stringify(numbers.map((a) => ({ a }))), options);
    assert.deepEqual(table.column('a').toArray(), numbers);
    const again = await csv.parse(await csv.stringify(table), options);
    assert.deepEqual(again.column('a').toArray(), numbers);
  });

  test('megabytes come back as they were', async () => {
    const rows = randomRows(seeded(8), 30_000, 4);
    const names = ['a', 'b', 'c', 'd'];
    const options = { header: names, types: 'string', bom: false, delimiter: ',' };
    const table = await csv.parse(await csv.stringify(rows, { header: false }), options);
    assert.deepEqual(rowsOf(table), rows);
    const written = await csv.stringify(table);
    assert.ok(written.length > 1 << 19, `${written.length} bytes`);
    assert.deepEqual(csvParse(written, { delimiter: ',', record_delimiter: '\n' }), [names, ...rows]);
  });
});

describe('random rows come back as they were', () => {
  for (let seed = 100; seed < 140; seed++) {
    test(`seed ${seed}`, async () => {
      const random = seeded(seed);
      const pick = (values) => values[Math.floor(random() * values.length)];
      const quote = pick(['"', '"', "'"]);
      const shape = { delimiter: pick([',', ';', '\t', '|', ':']), quote, escape: pick([quote, quote, '\\']) };
      const recordDelimiter = pick(['\n', '\r\n']);
      const rows = randomRows(random, 1 + Math.floor(random() * 60), 2 + Math.floor(random() * 4));
      const withNulls = rows.map((row) => row.map((field) => (random() < 0.1 ? null : field)));
      const written = await csv.stringify(withNulls, { ...shape, recordDelimiter, header: false });
      const read = await csv.parse(written, { ...shape, types: 'string', header: false, bom: false });
      assert.deepEqual(rowsOf(read), withNulls);
      const texts = withNulls.map((row) => row.map((field) => field ?? ''));
      const oracle = csvParse(written, { ...shape, bom: false, record_delimiter: recordDelimiter });
      assert.deepEqual(oracle, texts);
      const again = await csv.stringify(read, { ...shape, recordDelimiter, header: false });
      assert.ok(again.equals(written), 'a table is written as its rows are');
    });
  }
});

describe('arguments', () => {
  test('what is neither a table nor rows is refused', async () => {
    for (const data of [undefined, null, 5, true, {}, () => {}]) {
      await assert.rejects(csv.stringify(data), { code: TYPE, message: /^Expected .+ but received / });
    }
    for (const rows of [[5], [null], ['text'], [{ a: 1 }, undefined]]) {
      await assert.rejects(csv.stringify(rows), { code: TYPE, message: /^Expected .+ but received / });
    }
  });

  test('wrong options are refused', async () => {
    const table = await csv.parse('a\n1\n');
    for (const [option, values] of Object.entries({
      delimiter: [[5, TYPE], ['', VALUE], [',,', VALUE], ['é', VALUE], ['"', VALUE], ['\n', VALUE]],
      quote: [[5, TYPE], ['é', VALUE], ['', VALUE]],
      escape: [[5, TYPE], ['é', VALUE]],
      header: [[5, TYPE], ['a', TYPE]],
      columns: [[5, TYPE], ['a', TYPE]],
      recordDelimiter: [[5, TYPE], ['\t', VALUE], ['', VALUE]],
      escapeFormulas: [[1, TYPE]],
      bom: [[1, TYPE]],
      nullValue: [[5, TYPE], [null, TYPE]],
      signal: [[5, TYPE]],
    })) {
      for (const [value, code] of values) {
        for (const data of [table, [{ a: 1 }]]) {
          await assert.rejects(csv.stringify(data, { [option]: value }), says(code, `options.${option}`));
        }
      }
    } // prettier-ignore
    await assert.rejects(csv.stringify(table, 5), says(TYPE, 'options'));
  });

  test('a column that the table does not have is refused', async () => {
    const table = await csv.parse('a\n1\n');
    await assert.rejects(csv.stringify(table, { columns: ['a', 'nope'] }), /nope/);
  });

  test('options that are not given are as undefined', async () => {
    const names = 'delimiter quote escape header columns recordDelimiter escapeFormulas bom nullValue'.split(' ');
    const options = Object.fromEntries(names.map((name) => [name]));
    assert.equal(await text([{ a: 'x,y', b: null }], options), 'a,b\n"x,y",\n');
    assert.deepEqual(rowsOf(await csv.parse('a\n1\n', { ...TEXT, quote: undefined })), [['1']]);
  });
});
