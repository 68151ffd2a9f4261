'use strict';

// Lines of JSON from sources of every kind, in tables of some megabytes.

const { after, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { createReadStream, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { PassThrough, Readable } = require('node:stream');
const { setImmediate: nextTurn } = require('node:timers/promises');
const { pathToFileURL } = require('node:url');
const { json } = require('./support/offloop.js');
const { collect, pieces, rowsOf, typesOf } = require('./support/csv.js');
const { REFUSED } = require('./support/json.js');

const folder = mkdtempSync(join(tmpdir(), 'offloop-json-'));
after(() => rmSync(folder, { recursive: true }));

const records = Array.from({ length: 15_000 }, (_, id) => ({
  id,
  text: `né 😀 "${id}"\n`,
  rest: [id % 7, { x: '漢'.repeat(id % 5) }],
}));
const bytes = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
const path = join(folder, 'records ü.ndjson');
writeFileSync(path, bytes);

const batchBytes = 64 * 1024;
const isAll = (tables) =>
  assert.deepEqual(
    rowsOf(...tables),
    records.map(({ id, text, rest }) => [id, text, JSON.stringify(rest)])
  );

/** Lines without an end; `onEnd` is called when they are ended. */
async function* endless(onEnd = () => {}) {
  try {
    for (;;) yield await nextTurn('{"n":1}\n'.repeat(20_000));
  } finally {
    onEnd();
  }
}

describe('json.lineBatches reads', () => {
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
  const strings = function* () {
    const text = bytes.toString();
    // Cut inside of surrogate pairs too.
    for (let at = 0; at < text.length; at += 10_007) yield text.slice(at, at + 10_007);
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
    ['chunks of a byte', () => pieces(bytes, 1)],
    ['chunks of three bytes', () => pieces(bytes, 3)],
    ['chunks that are larger than a batch', () => pieces(bytes, 200_000)],
    ['chunks of nothing between', () => [Buffer.alloc(0), bytes.subarray(0, 5), '', bytes.subarray(5), new Uint8Array()]],
    ['lines without the last end', () => [bytes.subarray(0, -1)]],
  ]) {
    test(name, async () => {
      const tables = await collect(json.lineBatches(source(), { batchBytes }));
      isAll(tables);
      for (const table of tables) {
        assert.deepEqual(typesOf(table), { id: 'int32', text: 'string', rest: 'json' });
      }
    });
  } // prettier-ignore

  test('strings that are cut anywhere', async () => {
    const whole = '{"a":"x😀y"}\n{"a":"é"}\n';
    for (let at = 0; at <= whole.length; at++) {
      const cut = [whole.slice(0, at), whole.slice(at)];
      // What becomes of a pair that was cut is not said; the line is one all the same.
      const isWhole = cut.every((part) => part.isWellFormed());
      const rows = rowsOf(...(await collect(json.lineBatches(cut, { columns: ['a'] }))));
      if (isWhole) assert.deepEqual(rows, [['x😀y'], ['é']]);
      else assert.deepEqual([rows.length, rows[1]], [2, ['é']]);
    }
    const tables = await collect(json.lineBatches(strings(), { batchBytes }));
    assert.equal(rowsOf(...tables).length, records.length);
  });

  test('nothing', async () => {
    for (const source of [[], [''], ['\n\n'], [Buffer.alloc(0)], [' \r\n']]) {
      assert.deepEqual(rowsOf(...(await collect(json.lineBatches(source)))), []);
    }
  });
});

describe('batches', () => {
  test('are made of about batchBytes of lines each', async () => {
    for (const source of [path, pieces(bytes, 4096)]) {
      const tables = await collect(json.lineBatches(source, { batchBytes }));
      const expected = bytes.length / batchBytes;
      assert.ok(tables.length >= expected / 2 && tables.length <= expected * 2, `${tables.length} tables`);
    }
  });

  test('hold lines that are larger than a batch', async () => {
    const long = 'x'.repeat(100_000);
    const text = [long, '1', long, long].map((a) => `${JSON.stringify({ a })}\n`).join('');
    const tables = await collect(json.lineBatches(pieces(Buffer.from(text), 999), { batchBytes: 1024 }));
    assert.deepEqual(rowsOf(...tables), [[long], ['1'], [long], [long]]);
  });

  test('widen their types, never narrow them, and lose nothing', async () => {
    const part = (make) => Array.from({ length: 8000 }, (_, row) => make(row));
    const parts = [part((row) => row), part((row) => row + 0.5), part((row) => `x${row}`), part((row) => row)];
    const values = parts.flat();
    const text = values.map((a) => `{"a":${JSON.stringify(a)}}\n`).join('');
    const tables = await collect(json.lineBatches(pieces(Buffer.from(text), 5000), { batchBytes: 8192 }));
    const types = tables.map((table) => table.column('a').type);
    assert.deepEqual(
      types.filter((type, index) => type !== types[index - 1]),
      ['int32', 'float64', 'json']
    );
    const cells = tables.flatMap((table) => {
      const { type } = table.column('a');
      return table.column('a').toArray().map((cell) => (type === 'json' ? JSON.parse(cell) : cell)); // prettier-ignore
    });
    assert.deepEqual(cells, values);
  });

  test('have all columns that were seen so far, in their order', async () => {
    const lines = Array.from({ length: 20_000 }, (_, row) => `{"k${Math.floor(row / 5000)}":${row},"all":true}\n`);
    const tables = await collect(json.lineBatches(pieces(Buffer.from(lines.join('')), 3000), { batchBytes: 8192 }));
    const order = ['k0', 'all', 'k1', 'k2', 'k3'];
    let seen = 0;
    let row = 0;
    for (const table of tables) {
      assert.deepEqual([...table.columnNames], order.slice(0, table.numColumns));
      assert.ok(table.numColumns >= seen);
      seen = table.numColumns;
      const expected = Array.from({ length: table.numRows }, (_, index) => {
        const key = `k${Math.floor((row + index) / 5000)}`;
        return table.columnNames.map((name) => (name === 'all' ? true : name === key ? row + index : null));
      });
      assert.deepEqual(rowsOf(table), expected);
      row += table.numRows;
    }
    assert.deepEqual([seen, row], [5, 20_000]);
  });

  test('have the types that were pinned, and the columns that were asked for', async () => {
    const text = `${'{"a":1,"b":2}\n'.repeat(5000)}${'{"a":1.5}\n'.repeat(5000)}`;
    const options = { batchBytes: 1024, columns: ['a', 'c'], types: { a: 'float64', c: 'timestamp' } };
    for (const table of await collect(json.lineBatches([text], options))) {
      assert.deepEqual(typesOf(table), { a: 'float64', c: 'timestamp' });
      assert.equal(table.column('c').nullCount, table.numRows);
    }
  });

  test('are asked for several at once, and come in order', async () => {
    const iterator = json.lineBatches(path, { batchBytes })[Symbol.asyncIterator]();
    const steps = await Promise.all(Array.from({ length: 100 }, () => iterator.next()));
    isAll(steps.filter(({ done }) => !done).map(({ value }) => value));
    assert.equal(steps.at(-1).done, true);
  });

  test('end with the line that is wrong, after those before it', async () => {
    const text = `${'{"a":1}\n'.repeat(20_000)}?\n${'{"a":1}\n'.repeat(20_000)}`;
    let rows = 0;
    const loop = async () => {
      for await (const table of json.lineBatches(pieces(Buffer.from(text), 4096), { batchBytes: 4096 }))
        rows += table.numRows;
    };
    await assert.rejects(loop(), { code: REFUSED, line: 20_001, column: 1, byteOffset: 160_000 });
    assert.ok(rows > 10_000 && rows <= 20_000, `${rows} rows`);
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
    const chunk = Buffer.from('{"n":1}\n'.repeat(20_000));
    const pull = (controller) => controller.enqueue(chunk);
    return [new ReadableStream({ pull, cancel: () => void (cancelled = true) }), () => cancelled];
  },
};

describe('a source is ended', () => {
  const aborted = { code: 'ABORT_ERR', name: 'AbortError' };
  for (const [kind, make] of Object.entries(kinds)) {
    test(`${kind}: by break, by return(), by a signal, by a line that is wrong`, async () => {
      for (const leave of [
        async (source) => {
          for await (const table of json.lineBatches(source, { batchBytes })) if (table.numRows > 0) break;
        },
        async (source) => {
          const iterator = json.lineBatches(source, { batchBytes })[Symbol.asyncIterator]();
          await iterator.next();
          assert.equal((await iterator.return()).done, true);
          assert.equal((await iterator.next()).done, true);
        },
        async (source) => {
          const controller = new AbortController();
          const loop = async () => {
            for await (const table of json.lineBatches(source, { batchBytes, signal: controller.signal })) {
              if (table.numRows > 0) controller.abort();
            }
          };
          await assert.rejects(loop(), aborted);
        },
        (source) =>
          assert.rejects(collect(json.lineBatches(source, { batchBytes, types: { n: 'string' } })), { code: REFUSED }),
      ]) {
        const [source, ended] = make();
        await leave(source);
        while (!ended()) await nextTurn();
      }
    });
  }

  test('by a signal while it says nothing', async () => {
    const stuck = new PassThrough();
    stuck.write('{"a":1}\n');
    const controller = new AbortController();
    const waiting = collect(json.lineBatches(stuck, { signal: controller.signal }));
    setImmediate(() => controller.abort());
    await assert.rejects(waiting, aborted);
    assert.equal(stuck.destroyed, true);
  });

  test('and its own error is that of the loop', async () => {
    const own = new Error('the source failed');
    const failing = async function* () {
      yield '{"a":1}\n'.repeat(100_000);
      throw own;
    };
    for (const source of [
      failing(),
      Readable.from(failing()),
      new ReadableStream({ pull: (controller) => controller.error(own) }),
    ]) {
      await assert.rejects(collect(json.lineBatches(source, { batchBytes })), (error) => error === own);
    }
  });
});

const descriptors = '/proc/self/fd';

test('a file that is left is closed', { skip: existsSync(descriptors) ? false : `needs ${descriptors}` }, async () => {
  const open = () => readdirSync(descriptors).length;
  const before = open();
  for (let round = 0; round < 20; round++)
    for await (const table of json.lineBatches(path, { batchBytes })) if (table) break;
  // The job that was in flight has the last of them.
  for (let turn = 0; turn < 10_000 && open() > before; turn++) await nextTurn();
  assert.equal(open(), before);
});
