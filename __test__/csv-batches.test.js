'use strict';

const { after, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { createReadStream, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } = require('node:fs');
const http = require('node:http');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { PassThrough, Readable } = require('node:stream');
const { setImmediate: nextTurn } = require('node:timers/promises');
const { pathToFileURL } = require('node:url');
const { csv } = require('./support/offloop.js');
const { succeeds } = require('./support/child.js');
const { TEXT, collect, pieces, rowsOf, typesOf, write } = require('./support/csv.js');

const folder = mkdtempSync(join(tmpdir(), 'offloop-csv-'));
after(() => rmSync(folder, { recursive: true }));

const names = ['number', 'text', 'lines'];
const rows = Array.from({ length: 20_000 }, (_, row) => [`${row}`, `é,"${row % 7}"`, `a\r\n${'漢\n'.repeat(row % 5)}`]);
const bytes = Buffer.from(write([names, ...rows]));
const path = join(folder, 'rows ü.csv');
writeFileSync(path, bytes);

const batchBytes = 64 * 1024;
const options = { ...TEXT, batchBytes };

/** Numbers, a line each, without an end; `onEnd` is called when it is ended. */
async function* endless(onEnd = () => {}) {
  try {
    yield 'n\n';
    for (;;) yield await nextTurn('1\n'.repeat(20_000));
  } finally {
    onEnd();
  }
}

describe('csv.batches reads', () => {
  const slowly = async function* () {
    for (const piece of pieces(bytes, 33_333)) yield await nextTurn(piece);
  };
  const reusing = async function* () {
    const buffer = Buffer.alloc(10_000);
    for (const piece of pieces(bytes, buffer.length)) {
      piece.copy(buffer);
      yield buffer.subarray(0, piece.length);
    }
  };
  for (const [name, source] of [
    ['a path', () => path],
    ['a path as Buffer', () => Buffer.from(path)],
    ['a path as URL', () => pathToFileURL(path)],
    ['a file stream', () => createReadStream(path)],
    ['a Node.js stream of small chunks', () => Readable.from(pieces(bytes, 1000))],
    ['a Node.js stream of strings', () => createReadStream(path, 'utf8')],
    ['a web stream', () => new Blob([bytes]).stream()],
    ['a response', () => new Response(bytes).body],
    ['an async iterable', slowly],
    ['a generator that fills one buffer again and again', reusing],
    ['an iterable of all at once', () => [bytes]],
    ['chunks of three bytes', () => pieces(bytes, 3)],
    ['chunks that are larger than a batch', () => pieces(bytes, 200_000)],
    [
      'chunks of nothing between',
      () => [Buffer.alloc(0), bytes.subarray(0, 5), '', bytes.subarray(5), new Uint8Array()],
    ],
  ]) {
    test(name, async () => {
      const tables = await collect(csv.batches(source(), options));
      assert.deepEqual(rowsOf(...tables), rows);
      for (const table of tables) assert.deepEqual(table.columnNames, names);
    });
  }

  test('chunks of every kind', async () => {
    const chunks = [
      'a,b\n',
      Buffer.from('1,'),
      new Uint16Array([0x0a32]),
      new Uint8Array([51]).buffer,
      new DataView(new Uint8Array([44, 52]).buffer),
    ];
    assert.deepEqual(rowsOf(...(await collect(csv.batches(chunks)))), [
      [1, 2],
      [3, 4],
    ]);
  });

  test('the body of an HTTP request', async () => {
    const server = http.createServer(async (request, response) => {
      let sum = 0;
      for await (const table of csv.batches(request, { batchBytes, columns: ['number'] })) {
        for (const value of table.column('number').values) sum += value;
      }
      response.end(String(sum));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${server.address().port}`;
    const response = await fetch(url, { method: 'POST', body: bytes });
    assert.equal(await response.text(), String((rows.length * (rows.length - 1)) / 2));
    server.closeAllConnections();
    server.close();
  });

  test('nothing, a header only, and a last record without a line end', async () => {
    for (const [text, expected] of [
      ['', []],
      ['a,b\n', []],
      ['a,b', []],
      ['a\n1', [[1]]],
      ['a\n"1\n"', [['1\n']]],
    ]) {
      for (const chunks of [[text], [...text]]) {
        const tables = await collect(csv.batches(chunks));
        assert.deepEqual(rowsOf(...tables), expected, JSON.stringify(text));
      }
    }
  });
});

describe('batches', () => {
  test('are made of about batchBytes of CSV each', async () => {
    for (const source of [path, pieces(bytes, 4096)]) {
      const tables = await collect(csv.batches(source, options));
      const expected = bytes.length / batchBytes;
      assert.ok(tables.length >= expected / 2 && tables.length <= expected * 2, `${tables.length} tables`);
      const most = Math.max(...tables.map(({ numRows }) => numRows));
      assert.ok(most * expected < 3 * rows.length, `${most} rows in one`);
      for (const { metadata } of tables) assert.deepEqual(metadata, { delimiter: ',' });
    }
  });

  test('hold records that are larger than a batch', async () => {
    const long = 'x\n'.repeat(50_000);
    const text = write([['a'], [long], ['1'], [long], [long]]);
    const tables = await collect(csv.batches(pieces(Buffer.from(text), 999), { ...TEXT, batchBytes: 1024 }));
    assert.deepEqual(rowsOf(...tables), [[long], ['1'], [long], [long]]);
  });

  test('widen their types, never narrow them, and lose nothing', async () => {
    const part = (make) => Array.from({ length: 10_000 }, (_, row) => make(row));
    const parts = [part(String), part((row) => `${row}.50`), part((row) => `x${row}`), part(String)];
    const text = `a,z\n${parts.flat().join(',9\n')},9\n`;
    const tables = await collect(csv.batches(pieces(Buffer.from(text), 5000), { batchBytes: 8192 }));
    const types = tables.map((table) => table.column('a').type);
    const order = types.filter((type, index) => type !== types[index - 1]);
    assert.deepEqual(order, ['int32', 'float64', 'string']);
    let row = 0;
    for (const table of tables) {
      const it = table.column('a');
      const expected = parts.flat().slice(row, row + table.numRows);
      assert.deepEqual(it.toArray(), it.type === 'string' ? expected : expected.map(Number));
      row += table.numRows;
    }
    assert.equal(row, 40_000);
  });

  test('have the types that were pinned', async () => {
    const text = `a,z\n${'1,2\n'.repeat(5000)}${'x,2\n'.repeat(5000)}`;
    const pinned = csv.batches([text], { batchBytes: 1024, types: { a: 'string', z: 'float64' } });
    for (const table of await collect(pinned)) assert.deepEqual(typesOf(table), { a: 'string', z: 'float64' });
  });

  test('share one limit, and end the source when it is reached', async () => {
    let ended = 0;
    const source = endless(() => ended++);
    const tables = await collect(csv.batches(source, { limit: 100_001, batchBytes: 1024 }));
    assert.equal(rowsOf(...tables).length, 100_001);
    while (ended === 0) await nextTurn();
    const lines = await collect(csv.batches(endless(), { toLine: 50_000, batchBytes: 1024 }));
    assert.equal(rowsOf(...lines).length, 49_999);
  });

  test('are asked for several at once, and come in order', async () => {
    const iterator = csv.batches(path, options)[Symbol.asyncIterator]();
    const steps = await Promise.all(Array.from({ length: 100 }, () => iterator.next()));
    const tables = steps.filter(({ done }) => !done).map(({ value }) => value);
    assert.deepEqual(rowsOf(...tables), rows);
    assert.equal(steps.at(-1).done, true);
  });

  test('of several sources at once do not mix', async () => {
    const sources = [0, 1, 2, 3, 4, 5, 6, 7].map((digit) => {
      const text = `n\n${`${digit}\n`.repeat(30_000)}`;
      return collect(csv.batches(pieces(Buffer.from(text), 7000), { batchBytes: 8192 }));
    });
    (await Promise.all(sources)).forEach((tables, digit) => {
      const values = tables.flatMap((table) => table.column('n').toArray());
      assert.deepEqual([values.length, [...new Set(values)]], [30_000, [digit]]);
    });
  });
});

/** Every kind of source that does not end by itself, and whether it has been ended. */
const kinds = {
  'a generator': () => {
    let ended = false;
    return [endless(() => (ended = true)), () => ended];
  },
  'a Node.js stream': () => {
    const stream = Readable.from(endless());
    return [stream, () => stream.destroyed];
  },
  'a web stream': () => {
    let cancelled = false;
    const chunk = Buffer.from('1\n'.repeat(20_000));
    const pull = (controller) => controller.enqueue(chunk);
    return [new ReadableStream({ pull, cancel: () => void (cancelled = true) }), () => cancelled];
  },
};

describe('a loop that is left early ends its source', () => {
  for (const [kind, make] of Object.entries(kinds)) {
    test(`${kind}: break, throw, return()`, async () => {
      const leave = {
        async break(batches) {
          for await (const table of batches) if (table.numRows > 0) break;
        },
        async throw(batches) {
          const own = new Error('on purpose');
          const loop = async () => {
            for await (const table of batches) if (table.numRows > 0) throw own;
          };
          await assert.rejects(loop(), own);
        },
        async return(batches) {
          const iterator = batches[Symbol.asyncIterator]();
          await iterator.next();
          assert.equal((await iterator.return()).done, true);
          assert.equal((await iterator.next()).done, true);
        },
      };
      for (const way of Object.values(leave)) {
        const [source, ended] = make();
        await way(csv.batches(source, { batchBytes }));
        while (!ended()) await nextTurn();
      }
    });
  }
});

describe('a signal', () => {
  const aborted = { code: 'ABORT_ERR', name: 'AbortError' };

  test('that is aborted already', async () => {
    for (const source of [path, endless()]) {
      await assert.rejects(async () => collect(csv.batches(source, { signal: AbortSignal.abort() })), aborted);
    }
  });

  for (const [kind, make] of Object.entries(kinds)) {
    test(`that is aborted between batches ends ${kind}`, async () => {
      const controller = new AbortController();
      const [source, ended] = make();
      let tables = 0;
      const loop = async () => {
        for await (const table of csv.batches(source, { batchBytes, signal: controller.signal })) {
          tables += table.numRows > 0 ? 1 : 0;
          if (tables === 3) controller.abort();
        }
      };
      await assert.rejects(loop(), aborted);
      while (!ended()) await nextTurn();
    });
  }

  test('that is aborted while a source says nothing', async () => {
    const stuck = new PassThrough();
    stuck.write('a\n1\n');
    const controller = new AbortController();
    const waiting = collect(csv.batches(stuck, { signal: controller.signal }));
    setImmediate(() => controller.abort());
    await assert.rejects(waiting, aborted);
    assert.equal(stuck.destroyed, true);
  });
});

describe('an error of the source is the error of the loop', () => {
  const own = new Error('the source failed');

  for (const [kind, make] of [
    [
      'a Node.js stream',
      () => {
        const stream = new PassThrough();
        stream.write('a\n1\n');
        setImmediate(() => stream.destroy(own));
        return stream;
      },
    ],
    ['a web stream', () => new ReadableStream({ pull: (controller) => controller.error(own) })],
    [
      'a generator',
      async function* () {
        yield 'a\n';
        yield '1\n'.repeat(100_000);
        throw own;
      },
    ],
    [
      'an iterator',
      () => ({
        [Symbol.iterator]() {
          throw own;
        },
      }),
    ],
  ]) {
    test(kind, async () => {
      const loop = async () => collect(csv.batches(make(), { batchBytes }));
      await assert.rejects(loop(), (error) => error === own);
    });
  }

  test('and an error of the CSV ends the source', async () => {
    for (const [, make] of Object.entries(kinds)) {
      const [source, ended] = make();
      const loop = collect(csv.batches(source, { batchBytes, types: { nope: 'int32' }, delimiter: ',' }));
      await assert.rejects(loop, { code: 'ERR_OFFLOOP_CSV' });
      while (!ended()) await nextTurn();
    }
  });
});

test('a source is read no faster than its tables are taken', async () => {
  const chunk = Buffer.from('12345678,abcdefg\n'.repeat(1000));
  let handed = 0;
  const source = (function* () {
    yield 'a,b\n';
    for (let index = 0; index < 1000; index++) {
      handed += chunk.length;
      yield chunk;
    }
  })();
  let taken = 0;
  let most = 0;
  for await (const table of csv.batches(source, { batchBytes })) {
    taken += table.numRows * 17;
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    most = Math.max(most, handed - taken);
  }
  assert.equal(taken, 1000 * chunk.length);
  assert.ok(most <= 8 * batchBytes, `${most} bytes were held`);
});

const descriptors = '/proc/self/fd';

test('a file that is left is closed', { skip: existsSync(descriptors) ? false : `needs ${descriptors}` }, async () => {
  const path = join(__dirname, 'fixtures', 'nfl.csv');
  const open = () => readdirSync(descriptors).length;
  const before = open();
  for (let round = 0; round < 20; round++)
    for await (const table of csv.batches(path, { batchBytes })) if (table) break;
  // The job that was in flight has the last of them.
  for (let turn = 0; turn < 10_000 && open() > before; turn++) await nextTurn();
  assert.equal(open(), before);
});

test('half a gigabyte goes through in little memory', async () => {
  const { total, rows: count, grown } = JSON.parse(await succeeds('csv-memory.js'));
  assert.ok(total >= 2 ** 29);
  assert.equal(count * 32, total);
  assert.ok(grown < 192 * 2 ** 20, `${grown} bytes above the start`);
});
