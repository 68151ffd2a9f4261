'use strict';

// CSV that is made to break its reader, in a process that may die of it. Run with --expose-gc.

const assert = require('node:assert/strict');
const { isUtf8 } = require('node:buffer');
const { Worker, MessageChannel, receiveMessageOnPort } = require('node:worker_threads');
const { csv, pool, Table } = require('../support/offloop.js');
const { TEXT, collect, pieces, rowsOf, seeded } = require('../support/csv.js');

const support = JSON.stringify(require.resolve('../support/offloop.js'));
const fault = { code: 'ERR_OFFLOOP_CSV' };

/** How many rows there are, or the code of the error. */
const outcome = (start) =>
  start.then(
    (tables) => rowsOf(...[tables].flat()).length,
    ({ code }) => code
  );

const ways = {
  /** A quoted field of 100 MB, of what would be records outside. */
  async largeField() {
    const SIZE = 100_000_000;
    const bytes = Buffer.alloc(SIZE + 5);
    bytes.write('a\n"');
    bytes.fill('x,\n', 3, SIZE + 3);
    bytes.write('"\n', SIZE + 3);
    const options = { maxRecordSize: 2 ** 28 };
    const column = (await csv.parse(bytes, options)).column('a');
    assert.deepEqual([column.length, column.values.length], [1, SIZE]);
    assert.ok(bytes.subarray(3, SIZE + 3).equals(column.values));
    const [table] = await collect(csv.batches(pieces(bytes, 1 << 20), options));
    assert.ok(bytes.subarray(3, SIZE + 3).equals(table.column('a').values));
    await assert.rejects(csv.parse(bytes), { ...fault, line: 2 });
    await assert.rejects(collect(csv.batches(pieces(bytes, 1 << 20))), fault);
  },
  /** A quote that is never closed is no reason to hold all that follows. */
  async endlessQuote() {
    const chunk = Buffer.alloc(1 << 20, 'x,\n');
    let handed = 0;
    const source = (function* () {
      yield 'a\n"';
      for (;;) {
        handed += chunk.length;
        yield chunk;
      }
    })();
    await assert.rejects(collect(csv.batches(source)), fault);
    assert.ok(handed < 64 << 20, `${handed} bytes were read`);
  },
  /** As many columns as there may be, all of one name, and more. */
  async millionColumns() {
    const MOST = 65_536;
    const MILLION = 1_000_000;
    const line = (field, count) => `${`${field},`.repeat(count - 1)}${field}\n`;
    const table = await csv.parse(line('a', MOST) + line('7', MOST));
    assert.deepEqual([table.numColumns, table.numRows], [MOST, 1]);
    assert.deepEqual(table.column(`a_${MOST}`).toArray(), [7]);
    assert.equal(Object.keys(table.row(0)).length, MOST);
    const one = await csv.parse(line('', MOST) + line('x', MOST), { columns: [`column_${MOST}`] });
    assert.deepEqual(rowsOf(one), [['x']]);
    for (const count of [MOST + 1, MILLION]) {
      for (const text of [line('a', count), line('', count)]) {
        await assert.rejects(csv.parse(text + text), { ...fault, line: 1, message: /65536/ });
      }
    }
    const surplus = await csv.parse(`a,b\n${line('7', MILLION)}`, { relaxColumnCount: true });
    assert.deepEqual(rowsOf(surplus), [[7, 7]]);
    await assert.rejects(csv.parse(`a,b\n${line('7', MILLION)}`), { ...fault, line: 2 });
  },
  async nuls() {
    const table = await csv.parse('a\0b,c\n\0,\0\0\n"\0\n",x\n', TEXT);
    assert.deepEqual(table.columnNames, ['a\0b', 'c']);
    assert.deepEqual(rowsOf(table), [['\0', '\0\0'], ['\0\n', 'x']]); // prettier-ignore
    const nothing = await csv.parse(Buffer.alloc(1 << 20), { header: false });
    assert.deepEqual(rowsOf(nothing), [['\0'.repeat(1 << 20)]]);
  },
  /** Two fields that are wrong apart may be right together. */
  async invalidUtf8() {
    const random = seeded(3);
    const fields = Array.from({ length: 20_000 }, () =>
      Buffer.from(Array.from({ length: 1 + random() * 8 }, () => 0x40 + Math.floor(random() * 0xc0)))
    );
    const lines = fields.flatMap((field) => [field, Buffer.from('\n')]);
    const bytes = Buffer.concat([Buffer.from('a\n'), ...lines]);
    const valid = fields.filter((field) => isUtf8(field));
    assert.ok(valid.length > 1000 && valid.length < 19_000, `${valid.length} are valid`);
    const options = { types: 'string', delimiter: ',' };
    await assert.rejects(csv.parse(bytes, options), { ...fault, message: /UTF-8/ });
    const table = await csv.parse(bytes, { ...options, onError: 'skip' });
    assert.deepEqual(table.column('a').toArray(), valid.map(String));
    assert.equal(table.errorCount, fields.length - valid.length);
    const tables = await collect(csv.batches(pieces(bytes, 777), { ...options, onError: 'skip', batchBytes: 1024 }));
    assert.deepEqual(
      tables.flatMap((each) => each.column('a').toArray()),
      valid.map(String)
    );
    const latin1 = await csv.parse(bytes, { ...options, encoding: 'latin1' });
    assert.deepEqual(
      latin1.column('a').toArray(),
      fields.map((field) => field.toString('latin1'))
    );
    assert.deepEqual(rowsOf(await csv.parse('a\n\ud800x\n')), [['\ufffdx']]);
  },
  /** Cut after any byte, a text gives records or an error. */
  async cutAnywhere() {
    const bytes = Buffer.from('\ufeffa,"b"\r\n"1\n",é\n"""",\r\n"x","😀"');
    for (let end = 0; end <= bytes.length; end++) {
      const cut = bytes.subarray(0, end);
      const whole = await outcome(csv.parse(cut));
      assert.ok(typeof whole === 'number' || whole === fault.code, String(whole));
      assert.equal(await outcome(collect(csv.batches(pieces(cut, 1)))), whole, `${end} bytes`);
      const quotes = cut.filter((byte) => byte === 0x22).length;
      if (quotes % 2 === 1) assert.equal(whole, fault.code, `${end} bytes`);
    }
    const large = Buffer.from(`a\n${'1\n'.repeat(500_000)}"`);
    await assert.rejects(csv.parse(large), { ...fault, line: 500_002, byteOffset: large.length - 1 });
  },
  async newlinesOnly() {
    const COUNT = 1_000_000;
    for (const newline of ['\n', '\r\n', '\r']) {
      const text = newline.repeat(COUNT);
      const table = await csv.parse(text);
      assert.deepEqual([table.columnNames, table.numRows], [['column_1'], COUNT - 1], JSON.stringify(newline));
      assert.equal(table.column('column_1').nullCount, COUNT - 1);
      assert.equal((await csv.parse(text, { skipEmptyLines: true })).numRows, 0);
    }
  },
  async almostNothing() {
    const empty = [
      '',
      Buffer.alloc(0),
      new ArrayBuffer(0),
      '\ufeff',
      Buffer.from([0xff, 0xfe]),
      Buffer.from([0xfe, 0xff]),
    ];
    for (const data of empty) {
      const table = await csv.parse(data);
      assert.deepEqual([table.numRows, table.numColumns, table.columnNames], [0, 0, []]);
      assert.deepEqual([...table], []);
      const none = await csv.parse(data, { header: ['a', 'b'] });
      assert.deepEqual([none.numRows, none.columnNames, none.column('b').toArray()], [0, ['a', 'b'], []]);
    }
    for (const text of ['a,b', 'a,b\n', '\ufeffa,b\r\n', 'a,b\r']) {
      const table = await csv.parse(text);
      assert.deepEqual([table.numRows, table.columnNames, rowsOf(table)], [0, ['a', 'b'], []]);
      assert.ok(Buffer.isBuffer(await table.toArrow()));
      assert.equal(String(await csv.stringify(table)), 'a,b\n');
    }
    // Half a byte-order mark, and half a character of UTF-16.
    await assert.rejects(csv.parse(Buffer.from([0xef, 0xbb])), fault);
    assert.deepEqual((await csv.parse(Buffer.from([0xff, 0xfe, 0x61]))).columnNames, ['\ufffd']);
  },
  /** The most that a record may have is not what is taken for one. */
  async hugeMaxRecordSize() {
    await csv.parse('a\n1\n');
    const before = process.resourceUsage().maxRSS;
    const options = { maxRecordSize: 2 ** 30, batchBytes: 2 ** 28 };
    for (let round = 0; round < 20; round++) {
      assert.deepEqual(rowsOf(await csv.parse('a\n1\n', options)), [[1]]);
      assert.deepEqual(rowsOf(...(await collect(csv.batches(['a\n1\n'], options)))), [[1]]);
    }
    const grown = process.resourceUsage().maxRSS - before;
    assert.ok(grown < 128 * 1024, `${grown} KiB`);
  },
  /** Shared memory that another thread writes to the whole time: any table or an error, and no crash. */
  async sharedMemory() {
    const SIZE = 2 << 20;
    const shared = new Uint8Array(new SharedArrayBuffer(SIZE));
    const write = `
      const bytes = new Uint8Array(require('node:worker_threads').workerData);
      const parts = [',', '"', '\\n', 'a', '1', 'é', '","', '\\r\\n', '""', '2024-01-31', '\\xff'];
      for (let at = 0; ; ) {
        const part = Buffer.from(parts[Math.floor(Math.random() * parts.length)]);
        at = at + part.length > bytes.length ? 0 : at;
        bytes.set(part, at);
        at += part.length;
      }`;
    const worker = new Worker(write, { eval: true, workerData: shared.buffer });
    await new Promise((resolve) => worker.once('online', resolve));
    const relaxed = { relaxColumnCount: true, relaxQuotes: true, onError: 'skip', maxRecordSize: 2 ** 24 };
    const wellFormed = (value) => assert.ok(value === null || Buffer.from(value).toString() === value);
    for (let round = 0; round < 12; round++) {
      const header = ['a', 'b', 'c'];
      const types = round % 2 ? 'string' : 'infer';
      for (const start of [
        () => csv.parse(shared, { ...relaxed, header, types }),
        () => csv.parse(shared, { header, types, onError: 'collect' }),
        () => csv.parse(shared, { relaxQuotes: true }),
        () => collect(csv.batches([shared], { ...relaxed, header, types, batchBytes: 1 << 16 })),
      ]) {
        const tables = await start().then(
          (result) => [result].flat(),
          // A second look may have found other bytes than the first.
          ({ code }) => assert.ok([fault.code, 'ERR_INVALID_ARG_VALUE'].includes(code), code)
        );
        for (const table of (tables ?? []).slice(0, 3)) {
          const column = table.column(table.columnNames[0]);
          if (column?.type === 'string') for (let row = 0; row < column.length; row += 97) wellFormed(column.get(row));
          assert.ok(Buffer.isBuffer(await table.toArrow()));
        }
      }
    }
    await worker.terminate();
  },
  /** Memory that is transferred and collected, or cut to nothing, under its reader. */
  async takenAway() {
    const text = Buffer.from(`a,b\n${'123,"x ""y"""\n'.repeat(300_000)}`);
    const intact = (table) => {
      assert.equal(table.numRows, 300_000);
      assert.deepEqual([...new Set(table.column('a').toArray())], [123]);
      assert.deepEqual([...new Set(table.column('b').toArray())], ['x "y"']);
    };
    for (let round = 0; round < 4; round++) {
      let own = new Uint8Array(text);
      const parsed = csv.parse(own);
      const { port1, port2 } = new MessageChannel();
      port1.postMessage(own.buffer, [own.buffer]);
      own = undefined; // eslint-disable-line no-useless-assignment -- so that it is collected
      receiveMessageOnPort(port2);
      port1.close();
      global.gc();
      Buffer.alloc(text.length, 9);
      intact(await parsed);

      const resizable = new ArrayBuffer(text.length, { maxByteLength: text.length });
      new Uint8Array(resizable).set(text);
      const resized = csv.parse(resizable);
      resizable.resize(0);
      intact(await resized);
    }
  },
  /** Messages that no table has made: any table or an error, and no crash. */
  async forgedMessages() {
    const table = await csv.parse('a,b,c,d,e\n1,x,true,1.5,2024-01-31\n,yé,,,\n3,"",false,2,2024-02-01\n', {
      types: { b: 'dictionary', c: 'boolean' },
    });
    const message = await table.slice(1, 3).toMessage();
    const use = async (forged) => {
      try {
        const made = Table.from(forged);
        if (made.numRows > 0) made.row(0);
        await made.toArrow();
        await csv.stringify(made);
      } catch (error) {
        assert.ok(error instanceof Error, String(error));
      }
    };
    const meta = JSON.parse(message.meta);
    const numbers = [];
    JSON.stringify(meta, function find(key, value) {
      if (typeof value === 'number') numbers.push([this, key, value]);
      return value;
    });
    assert.ok(numbers.length > 10, `${numbers.length} numbers`);
    for (const [owner, key, value] of numbers) {
      for (const other of [
        -1,
        0,
        1,
        0.5,
        64,
        128,
        4096,
        value + 1,
        value - 1,
        2 ** 31,
        2 ** 32,
        2 ** 53,
        NaN,
        '1',
        null,
      ]) {
        owner[key] = other;
        await use({ meta: JSON.stringify(meta), memory: message.memory });
      }
      owner[key] = value;
    }
    const random = seeded(11);
    const shared = await table.share();
    for (const { memory, ...rest } of [message, shared]) {
      const bytes = new Uint8Array(memory);
      for (let round = 0; round < 500; round++) {
        for (let count = 0; count < 4; count++) bytes[Math.floor(random() * bytes.length)] = random() * 256;
        await use({ ...rest, memory });
      }
      await use({ ...rest, memory: memory.slice(0, 64) });
      await use({ ...rest, memory: new ArrayBuffer(0) });
    }
  },
  /** Threads are terminated while they parse, and the others go on. */
  async terminated() {
    const source = `
      const { csv } = require(${support});
      const { parentPort } = require('node:worker_threads');
      const text = 'a,b\\n' + '1,"x""y"\\n'.repeat(100_000);
      const bytes = Buffer.from(text);
      async function* endless() { for (;;) yield bytes.subarray(4); }
      const step = async () => {
        await Promise.all([
          csv.parse(bytes).then((table) => Promise.all([table.toArrow(), csv.stringify(table)])),
          csv.parse(text),
          csv.parseFile(${support}, { relaxQuotes: true, relaxColumnCount: true }),
          csv.stringify(Array.from({ length: 20_000 }, (_, a) => ({ a }))),
        ]);
        step();
      };
      (async () => { for await (const table of csv.batches(endless(), { header: ['a', 'b'], batchBytes: 65536 })); })();
      step();
      parentPort.postMessage('started');`;
    const own = Buffer.from(`n\n${'5\n'.repeat(100_000)}`);
    let rounds = 40;
    const terminateAll = async () => {
      while (rounds-- > 0) {
        const worker = new Worker(source, { eval: true });
        worker.on('error', (error) => {
          throw error;
        });
        await new Promise((resolve) => worker.once('message', resolve));
        // At any moment of its work.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
        await worker.terminate();
        const table = await csv.parse(own);
        assert.deepEqual([table.numRows, ...new Set(table.column('n').values)], [100_000, 5]);
      }
    };
    await Promise.all([terminateAll(), terminateAll()]);
    await pool.close();
  },
};

ways[process.argv[2]]().then(() => console.log('done'));
