'use strict';

// CSV and NDJSON in compressed files are read as if they were not compressed.

const { after, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { csv, json } = require('./support/offloop.js');
const { collect, rowsOf } = require('./support/csv.js');
const { fixtures, node, text, zlib } = require('./support/zlib.js');

const folder = mkdtempSync(join(tmpdir(), 'offloop-pipeline-'));
after(() => rmSync(folder, { recursive: true }));

function save(name, bytes) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const plain = readFileSync(join(fixtures, 'nfl.csv'));
const lines = Buffer.from(
  Array.from({ length: 30_000 }, (_, id) =>
    JSON.stringify({ id, name: `né ${id % 100}`, even: id % 2 === 0, x: id / 8 })
  ).join('\n')
);

/** Bytes in every form that is read. */
async function forms(bytes) {
  const cut = (bytes.length * 0.4) | 0;
  const [first, second] = [bytes.subarray(0, cut), bytes.subarray(cut)];
  return {
    'x.gz': node.gzipSync(bytes),
    'x.own.gz': await zlib.gzip(bytes, { level: 1 }),
    'x.members.gz': Buffer.concat([node.gzipSync(first), node.gzipSync(''), node.gzipSync(second), Buffer.alloc(512)]),
    'x.zst': await zlib.zstdCompress(bytes),
    'x.frames.zst': Buffer.concat([await zlib.zstdCompress(first), await zlib.zstdCompress(second)]),
    // Their names lie, in both directions.
    'zipped.csv': node.gzipSync(bytes),
    'frame.json': await zlib.zstdCompress(bytes),
    'plain.gz': bytes,
    'plain.zst': bytes,
  };
}

test('csv.parseFile', async () => {
  const expected = await csv.parse(plain);
  for (const [name, bytes] of Object.entries(await forms(plain))) {
    const table = await csv.parseFile(save(name, bytes));
    assert.deepEqual(table.schema, expected.schema, name);
    assert.ok((await csv.stringify(table)).equals(await csv.stringify(expected)), name);
  }
});

test('csv.batches, whose batches end within the blocks', async () => {
  const bytes = plain.subarray(0, plain.indexOf('\n', 700_000) + 1);
  const options = { batchBytes: 50_000, types: 'string' };
  const expected = await collect(csv.batches(save('plain.csv', bytes), options));
  assert.ok(expected.length > 5, `${expected.length} batches`);
  const rows = rowsOf(...expected);
  for (const [name, form] of Object.entries(await forms(bytes))) {
    const tables = await collect(csv.batches(save(name, form), options));
    assert.ok(tables.length > 5, `${name}: ${tables.length} batches`);
    assert.deepEqual(rowsOf(...tables), rows, name);
  }
});

test('json.lineBatches', async () => {
  for (const batchBytes of [30_000, 2 ** 22]) {
    const expected = await collect(json.lineBatches(save('plain.ndjson', lines), { batchBytes }));
    const rows = rowsOf(...expected);
    for (const [name, form] of Object.entries(await forms(lines))) {
      const tables = await collect(json.lineBatches(save(name, form), { batchBytes }));
      assert.deepEqual(rowsOf(...tables), rows, `${name}, ${batchBytes}`);
    }
  }
});

test('UTF-16, with its byte-order mark', async () => {
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('a,b\ngrö,1\n漢字,2\n'.repeat(1), 'utf16le')]);
  const expected = [['grö', 1], ['漢字', 2]]; // prettier-ignore
  for (const bytes of [node.gzipSync(utf16), await zlib.zstdCompress(utf16), utf16]) {
    const path = save('utf16', bytes);
    assert.deepEqual(rowsOf(await csv.parseFile(path)), expected);
    assert.deepEqual(rowsOf(...(await collect(csv.batches(path)))), expected);
  }
});

test('nothing, a header only, one record', async () => {
  for (const content of ['', '\ufeff', 'a,b', 'a,b\n', 'a,b\n1,2']) {
    const expected = await csv.parseFile(save('plain', content));
    for (const bytes of [node.gzipSync(content), await zlib.zstdCompress(content)]) {
      const path = save('compressed', bytes);
      const table = await csv.parseFile(path);
      assert.deepEqual([table.schema, rowsOf(table)], [expected.schema, rowsOf(expected)], content);
      const batches = rowsOf(...(await collect(csv.batches(path))));
      assert.deepEqual(batches, rowsOf(expected), content);
    }
  }
  for (const bytes of [node.gzipSync(''), await zlib.zstdCompress('')]) {
    assert.deepEqual(rowsOf(...(await collect(json.lineBatches(save('compressed', bytes))))), []);
  }
});

test('bytes that only begin like gzip are text', async () => {
  for (const head of [[0x1f], [0x1f, 0x8b], [0x28, 0xb5, 0x2f]]) {
    const path = save('alike', Buffer.concat([Buffer.from(head), Buffer.from(',b\n1,2\n')]));
    const table = await csv.parseFile(path, { encoding: 'latin1', delimiter: ',' });
    assert.deepEqual(rowsOf(table), [[1, 2]]);
  }
});

test('compressed bytes in memory are not taken for a file', async () => {
  await assert.rejects(csv.parse(node.gzipSync('a,b\n1,2\n')), { code: 'ERR_OFFLOOP_CSV' });
});

describe('what is wrong has the code of the decompression:', () => {
  const gzip = node.gzipSync(plain);

  async function codes(bytes, options) {
    const path = save('wrong', bytes);
    const calls = [
      csv.parseFile(path, options),
      collect(csv.batches(path, options)),
      collect(json.lineBatches(path, options)),
    ];
    const settled = await Promise.all(calls.map((call) => call.catch((error) => error)));
    return settled.map((error) => error.code);
  }

  test('a wrong checksum, a cut, garbage behind it', async () => {
    const wrong = Buffer.from(node.gzipSync(lines));
    wrong[wrong.length - 8] ^= 1;
    const [parsed, batches, records] = await codes(wrong, {});
    // What is read as CSV may be refused as that before the end is seen.
    assert.deepEqual([parsed, records], ['Z_DATA_ERROR', 'Z_DATA_ERROR']);
    assert.ok(batches !== undefined);
    for (const [bytes, code] of [
      [gzip.subarray(0, -1), 'Z_BUF_ERROR'],
      [gzip.subarray(0, 12), 'Z_BUF_ERROR'],
      [Buffer.concat([gzip, Buffer.from('garbage')]), 'Z_DATA_ERROR'],
    ]) {
      const path = save('wrong', bytes);
      await assert.rejects(csv.parseFile(path), { code });
      await assert.rejects(collect(csv.batches(path)), { code });
    }
    const frame = await zlib.zstdCompress(lines);
    const path = save('wrong', frame.subarray(0, -1));
    await assert.rejects(csv.parseFile(path), { code: 'Z_BUF_ERROR' });
    await assert.rejects(collect(json.lineBatches(path)), { code: 'Z_BUF_ERROR' });
  });

  test('tables before the damage are given, and then the error', async () => {
    const path = save('wrong', gzip.subarray(0, -1));
    let rows = 0;
    await assert.rejects(
      (async () => {
        for await (const table of csv.batches(path, { batchBytes: 50_000 })) rows += table.numRows;
      })(),
      { code: 'Z_BUF_ERROR' }
    );
    assert.ok(rows > 1000, `${rows} rows`);
  });

  test('more than maxOutputLength, to the byte', async () => {
    const size = lines.length;
    for (const bytes of [node.gzipSync(lines), await zlib.zstdCompress(lines)]) {
      const path = save('bomb', bytes);
      const code = 'ERR_BUFFER_TOO_LARGE';
      const options = { maxOutputLength: size - 1 };
      await assert.rejects(collect(json.lineBatches(path, options)), { code });
      await assert.rejects(
        csv.parseFile(path, { ...options, header: false, relaxQuotes: true, relaxColumnCount: true }),
        { code }
      );
      const all = await collect(json.lineBatches(path, { maxOutputLength: size }));
      assert.equal(rowsOf(...all).length, 30_000);
    }
    const path = save('plain.csv', text(5000));
    assert.ok(
      (await csv.parseFile(path, { maxOutputLength: 10, relaxColumnCount: true })).numRows > 0,
      'a plain file has no such limit'
    );
  });

  test('maxOutputLength is checked, and refused where there is no file', async () => {
    const path = save('plain.csv', 'a\n1\n');
    for (const [maxOutputLength, code] of [
      [0, 'ERR_OUT_OF_RANGE'],
      [1.5, 'ERR_OUT_OF_RANGE'],
      ['1', 'ERR_INVALID_ARG_TYPE'],
    ]) {
      await assert.rejects(csv.parseFile(path, { maxOutputLength }), { code });
      await assert.rejects(collect(csv.batches(path, { maxOutputLength })), { code });
      await assert.rejects(collect(json.lineBatches(path, { maxOutputLength })), { code });
    }
    await assert.rejects(csv.parse('a\n1\n', { maxOutputLength: 5 }), { code: 'ERR_INVALID_ARG_VALUE' });
  });
});

test('progress is of the bytes of the file', async () => {
  const path = save('progress.gz', node.gzipSync(plain));
  const { size } = require('node:fs').statSync(path);
  const seen = [];
  await csv.parseFile(path, { onProgress: (progress) => seen.push(progress) });
  for (const { processedBytes, totalBytes } of seen) assert.ok(processedBytes <= (totalBytes ?? Infinity));
  assert.ok(seen.length > 0 && seen.at(-1).totalBytes >= size);
});
