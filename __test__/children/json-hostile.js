'use strict';

// JSON that is made to break its reader, and callers who are, in a process that may die of it. Run with
// --expose-gc.

const assert = require('node:assert/strict');
const { Worker, MessageChannel, receiveMessageOnPort } = require('node:worker_threads');
const { json, pool, Table } = require('../support/offloop.js');
const { collect, rowsOf } = require('../support/csv.js');

const support = JSON.stringify(require.resolve('../support/offloop.js'));
const fault = { code: 'ERR_OFFLOOP_JSON' };

/** Whatever a call makes of bytes that change under it: a value, or an error. */
async function anything(call) {
  try {
    return await call();
  } catch (error) {
    assert.ok(error instanceof Error, String(error));
    return undefined;
  }
}

/** All that can be asked of a document. */
async function useAll(document) {
  const pointers = ['', '/0', '/1/a', '/100/b/0', '/999/c', '/5000'];
  for (const pointer of pointers) {
    for (const method of ['get', 'has', 'type', 'length', 'keys', 'bytes'])
      await anything(() => document[method](pointer));
    await anything(() => document.get(pointer, { bigint: true }));
  }
  const columns = await anything(() => document.pluck(['/*/a', '/*/b/0', '/*/c']));
  for (const column of columns ?? []) await anything(() => column.toArray());
  for (const options of [undefined, { columns: ['a', 'c', '/b/0'] }, { types: { a: 'json' }, bigint: true }]) {
    const table = await anything(() => document.table('', options));
    if (table === undefined) continue;
    await anything(() => [...table.slice(0, 100)]);
    await anything(() => table.toArrow());
    await anything(() => json.stringify(table));
  }
  await anything(() => document.value());
  await anything(() => collect(document.items('', { batch: 100 })));
}

const record = '{"a":12.5,"b":["x\\n",null],"c":"né 😀"},';
const sample = Buffer.from(`[${record.repeat(8000)}{}]`);

const ways = {
  /** Shared memory that another thread writes to the whole time: any result or an error, and no crash. */
  async sharedMemory() {
    const shared = new Uint8Array(new SharedArrayBuffer(sample.length));
    const state = new Int32Array(new SharedArrayBuffer(4));
    const write = `
      const { shared, state } = require('node:worker_threads').workerData;
      const bytes = new Uint8Array(shared);
      const parts = ['"', '\\\\', '[', ']', '{', '}', ',', ':', '1', '-', 'e', 'true', '\\\\u', '\\\\ud83d', '\\n', ' ', 'é', '\\xff', '"a":'];
      for (;;) {
        // The main thread lays out a document that is whole, and then has it broken.
        Atomics.wait(state, 0, 0);
        const part = Buffer.from(parts[Math.floor(Math.random() * parts.length)]);
        bytes.set(part, Math.floor(Math.random() * (bytes.length - part.length)));
      }`;
    const worker = new Worker(write, { eval: true, workerData: { shared: shared.buffer, state } });
    await new Promise((resolve) => worker.once('online', resolve));
    const change = (isOn) => {
      Atomics.store(state, 0, isOn);
      Atomics.notify(state, 0);
    };
    for (let round = 0; round < 12; round++) {
      change(0);
      shared.set(sample);
      // Whole while it is parsed, in every other round.
      if (round % 2) change(1);
      const document = await anything(() => json.parse(shared));
      change(1);
      await anything(() => json.validate(shared));
      await anything(() => json.parseLines(shared, { onError: 'skip', columns: ['a', 'b'] }));
      if (document !== undefined) await useAll(document);
    }
    await worker.terminate();
  },
  /** Memory that was borrowed, written to by its owner. */
  async writtenTo() {
    for (const fill of ['"', '\\', '[', ']', '{', '}', ',', ':', ' ', '1', '\xff', '\0', 'u', '-', 'é']) {
      const data = Buffer.from(sample);
      const document = await json.parse(data);
      data.fill(fill, 0, 50_000, 'latin1');
      await useAll(document);
      data.fill(fill, 'latin1');
      await useAll(document);
    }
  },
  /** Memory that is transferred and collected, or cut to nothing, while it is parsed and afterwards. */
  async takenAway() {
    const intact = async (document) => {
      assert.equal(document.length(), 8001);
      assert.deepEqual(document.get('/7999'), { a: 12.5, b: ['x\n', null], c: 'né 😀' });
      assert.deepEqual([...new Set((await document.pluck('/*/a')).toArray())], [12.5, null]);
      assert.equal((await document.value()).length, 8001);
    };
    const takeAway = (buffer) => {
      const { port1, port2 } = new MessageChannel();
      port1.postMessage(buffer, [buffer]);
      receiveMessageOnPort(port2);
      port1.close();
    };
    for (let round = 0; round < 3; round++) {
      let own = new Uint8Array(sample);
      const parsed = json.parse(own);
      takeAway(own.buffer);
      global.gc();
      Buffer.alloc(sample.length, 9);
      await anything(async () => useAll(await parsed));

      own = new Uint8Array(sample);
      const document = await json.parse(own);
      takeAway(own.buffer);
      own = undefined; // eslint-disable-line no-useless-assignment -- so that it is collected
      global.gc();
      Buffer.alloc(sample.length, 9);
      await useAll(document);

      const resizable = new ArrayBuffer(sample.length, { maxByteLength: sample.length });
      new Uint8Array(resizable).set(sample);
      const resized = await json.parse(resizable);
      resizable.resize(0);
      await useAll(resized);

      await intact(await json.parse(new Uint8Array(sample), { transfer: true }));
      await intact(await json.parse(sample.toString()));
    }
    const view = await (async () => (await json.parse(sample.toString())).bytes('/7999/c'))();
    global.gc();
    Buffer.alloc(sample.length, 9);
    assert.equal(view.toString(), '"né 😀"');
  },
  /** Documents that are closed, at any moment of what they are asked. */
  async closed() {
    for (let turns = 0; turns < 40; turns++) {
      const document = await json.parse(Buffer.from(sample));
      const using = [useAll(document), useAll(document)];
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      document.close();
      document.close();
      await Promise.all(using);
      assert.throws(() => document.get(''), { code: 'ERR_OFFLOOP_CLOSED' });
    }
  },
  /** Options and pointers that run code while they are read. */
  async getters() {
    const own = new Error('on purpose');
    const document = await json.parse(Buffer.from(sample));
    const throwing = new Proxy({}, { get() { throw own; } }); // prettier-ignore
    for (const call of [
      () => json.parse('[]', throwing),
      () => json.validate('[]', throwing),
      () => json.parseLines('{}', throwing),
      () => collect(json.lineBatches(['{}'], throwing)),
      () => document.table('', throwing),
      () => document.pluck('/*/a', throwing),
      () => document.value('', throwing),
      () => collect(document.items('', throwing)),
      async () => document.get('', throwing),
    ]) {
      await assert.rejects(call, own);
    }
    // Closed, or written to, by what is being read.
    const closing = (property, value) => ({
      get [property]() {
        document.close();
        return value;
      },
    });
    await anything(() => document.table('', closing('columns', ['a'])));
    await anything(() => document.pluck('/*/a', closing('bigint', true)));
    await anything(() => document.value('', closing('bigint', true)));
    const data = new Uint8Array(sample);
    const detaching = {
      get maxDepth() {
        structuredClone(data.buffer, { transfer: [data.buffer] });
        return 5;
      },
    };
    await anything(() => json.parse(data, detaching));
    const columns = ['a', 'b'];
    Object.defineProperty(columns, 1, {
      get() {
        columns.length = 1;
        return {};
      },
    });
    await anything(() => json.parseLines('{"a":1}', { columns }));
    for (const fake of [Object.create(Table.prototype), { columnNames: ['a'], numRows: 1e9 }, new Proxy({}, {})]) {
      await assert.rejects(json.stringify(fake), { code: 'ERR_INVALID_ARG_TYPE' });
    }
  },
  /** One string of 100 MB, alone and as a key, whole and cut. */
  async largeString() {
    const SIZE = 100_000_000;
    const bytes = Buffer.alloc(SIZE + 2, 'x');
    bytes[0] = bytes[SIZE + 1] = 0x22;
    const document = await json.parse(bytes);
    assert.deepEqual([document.type(), document.length(), document.bytes().length], ['string', undefined, SIZE + 2]);
    const value = await document.value();
    assert.ok(value.length === SIZE && Buffer.from(value, 'latin1').equals(bytes.subarray(1, -1)));
    document.close();
    await assert.rejects(json.validate(bytes.subarray(0, -1)), fault);
    await assert.rejects(json.parseLines(Buffer.concat([Buffer.from('{"a":'), bytes, Buffer.from('}')])), fault);
    const keyed = await json.parse(Buffer.concat([Buffer.from('{'), bytes, Buffer.from(':7}')]));
    assert.equal(keyed.keys()[0].length, SIZE);
    assert.equal(keyed.get(`/${value}`), 7);
  },
  /** A million keys in one object, in other orders, and many objects with others each. */
  async millionKeys() {
    const COUNT = 1_000_000;
    const members = Array.from({ length: COUNT }, (_, index) => `"${(index * 7919) % 1_000_003}k":${index}`);
    const document = await json.parse(`{${members.join()}}`);
    assert.equal(document.length(), COUNT);
    assert.deepEqual([document.get(`/${(999_999 * 7919) % 1_000_003}k`), document.get('/0k')], [999_999, 0]);
    assert.equal(document.keys().length, COUNT);
    assert.equal(Object.keys(await document.value()).length, COUNT);
    const equal = await json.parse(`{${'"k":1,'.repeat(COUNT)}"k":2}`);
    assert.deepEqual([equal.length(), equal.keys(), equal.get('/k')], [1, ['k'], 2]);
    const lines = Array.from({ length: 100_000 }, (_, index) => `{"k${index}":1}\n`).join('');
    await assert.rejects(json.parseLines(lines), { ...fault, message: /65,?536/ });
    await assert.rejects(collect(json.lineBatches([lines], { batchBytes: 100_000 })), {
      ...fault,
      message: /in common/,
    });
  },
  /** What is nothing, or next to it. */
  async almostNothing() {
    for (const data of [
      '',
      ' ',
      Buffer.alloc(0),
      new ArrayBuffer(0),
      '\ufeff',
      Buffer.alloc(1),
      Buffer.alloc(1 << 20),
      '\n'.repeat(1 << 20),
    ]) {
      await assert.rejects(json.parse(data), fault);
      await assert.rejects(json.validate(data), fault);
    }
    for (const data of ['', Buffer.alloc(0), '\n'.repeat(1 << 20), '\r\n'.repeat(1 << 20)]) {
      const table = await json.parseLines(data);
      assert.deepEqual([table.numRows, table.numColumns, rowsOf(table)], [0, 0, []]);
    }
  },
  /** Threads are terminated while they work on documents, and the others go on. */
  async terminated() {
    const source = `
      const { json } = require(${support});
      const { parentPort } = require('node:worker_threads');
      const text = ${JSON.stringify(`[${record.repeat(50)}{}]`)};
      const large = Buffer.from('[' + '{"a":1,"b":["x",2]},'.repeat(50_000) + '{}]');
      const lines = Buffer.from('{"a":1,"b":["x",2]}\\n'.repeat(50_000));
      async function* endless() { for (;;) yield lines; }
      const step = async () => {
        const document = await json.parse(large);
        const jobs = [document.pluck('/*/a'), document.table(''), document.value(), json.parse(text), json.parseLines(lines), json.validate(large)];
        for await (const items of document.items('', { batch: 500 })) if (items.length) break;
        document.close();
        await Promise.allSettled(jobs);
        step();
      };
      (async () => { for await (const table of json.lineBatches(endless(), { batchBytes: 65536 })); })();
      step();
      parentPort.postMessage('started');`;
    const own = Buffer.from(`[${'5,'.repeat(100_000)}5]`);
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
        const document = await json.parse(own);
        assert.deepEqual([document.length(), ...new Set((await document.pluck('/*')).toArray())], [100_001, 5]);
      }
    };
    await Promise.all([terminateAll(), terminateAll()]);
    await pool.close();
  },
  /** A thousand documents of 340 KB, dropped or closed, of which a few are held at a time. */
  async memory() {
    const data = () => Buffer.from(sample);
    const round = async (isClosed) => {
      const document = await json.parse(data());
      await document.pluck('/*/a');
      document.get('/10');
      if (isClosed) document.close();
    };
    const resident = async () => {
      for (let count = 0; count < 3; count++) {
        global.gc();
        // Finalizers run between turns of the event loop.
        await new Promise(setImmediate);
      }
      return process.memoryUsage().rss;
    };
    for (let count = 0; count < 100; count++) await round(count % 2 === 0);
    const before = await resident();
    for (let count = 0; count < 1000; count++) {
      await round(count % 2 === 0);
      if (count % 50 === 0) await resident();
    }
    const grown = (await resident()) - before;
    // All of them would be 340 MB, without their indexes.
    assert.ok(grown < 96 * 2 ** 20, `grew by ${grown} bytes`);
  },
};

ways[process.argv[2]]().then(() => console.log('done'));
