'use strict';

// What takes threads, memory and the pool away from compression. Run with --expose-gc.

const assert = require('node:assert/strict');
const { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { buffer } = require('node:stream/consumers');
const { Worker, MessageChannel, receiveMessageOnPort } = require('node:worker_threads');
const { seeded } = require('../support/csv.js');
const { pool } = require('../support/offloop.js');
const { FORMATS, decompressed, factory, mixed, node, noise, smallFiles, zlib } = require('../support/zlib.js');

const support = JSON.stringify(require.resolve('../support/zlib.js'));
const formats = Object.values(FORMATS);

const ways = {
  async terminated() {
    const source = `
      const { FORMATS, factory, mixed, node, zlib } = require(${support});
      const { parentPort } = require('node:worker_threads');
      const data = mixed(700_000);
      const zipped = node.gzipSync(data, { level: 1 });
      const endless = (stream, chunk) => {
        const go = () => stream.write(chunk, go);
        go();
        stream.resume();
      };
      for (const { compress, fast } of Object.values(FORMATS)) endless(zlib[factory(compress)](fast), data);
      const step = () => Promise.all([zlib.gunzip(zipped), zlib.gzip(data), zlib.zstdCompress(data)]).then(step);
      step();
      zlib.createGunzip().end(zipped);
      parentPort.postMessage('started');`;
    const own = mixed(300_000);
    for (let round = 0; round < 5; round++) {
      const worker = new Worker(source, { eval: true });
      worker.on('error', (error) => {
        throw error;
      });
      await new Promise((resolve) => worker.once('message', resolve));
      // At any moment of its work.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      await worker.terminate();
      assert.ok(node.gunzipSync(await zlib.gzip(own, { level: 1 })).equals(own));
    }
  },

  async takenAway() {
    const data = mixed(2_000_000);
    for (const { compress, decompress, fast } of formats) {
      const bytes = await zlib[compress](data, fast);
      for (const [name, input, check] of [
        [compress, data, async (result) => assert.ok((await decompressed(decompress, result)).equals(data))],
        [decompress, bytes, (result) => assert.ok(result.equals(data))],
      ]) {
        let own = new Uint8Array(input);
        const job = zlib[name](own, fast);
        const { port1, port2 } = new MessageChannel();
        port1.postMessage(own.buffer, [own.buffer]);
        own = undefined; // eslint-disable-line no-useless-assignment -- so that it is collected
        receiveMessageOnPort(port2);
        port1.close();
        global.gc();
        noise(input.length);
        await check(await job);

        const resizable = new ArrayBuffer(input.length, { maxByteLength: input.length });
        new Uint8Array(resizable).set(input);
        const resized = zlib[name](resizable, fast);
        resizable.resize(0);
        await check(await resized);
      }
    }
  },

  /** Any bytes or an error, and no crash. */
  async sharedMemory() {
    const file = node.gzipSync(mixed(400_000), { level: 1 });
    const shared = new Uint8Array(new SharedArrayBuffer(file.length));
    const write = `
      const { file, shared } = require('node:worker_threads').workerData;
      for (;;) {
        shared.set(file);
        for (let times = 0; times < 20; times++) shared[Math.floor(Math.random() * shared.length)] = Math.random() * 256;
      }`;
    const worker = new Worker(write, { eval: true, workerData: { file, shared } });
    await new Promise((resolve) => worker.once('online', resolve));
    for (let round = 0; round < 4; round++) {
      for (const { compress, decompress, fast } of formats) {
        assert.ok(Buffer.isBuffer(await zlib[compress](shared, fast)));
        const result = await zlib[decompress](shared).catch((error) => error.code);
        assert.ok(Buffer.isBuffer(result) || typeof result === 'string');
      }
      await zlib.gzip(shared, { dictionary: shared });
      await zlib.deflate('text', { dictionary: shared });
    }
    await worker.terminate();
  },

  /** The writer may use its memory again when `write` calls back, and not before. */
  async writtenTo() {
    const chunks = Array.from({ length: 12 }, (_, index) => Buffer.from(mixed(200_000 + index).reverse()));
    for (const { compress, decompress, fast } of formats) {
      const stream = zlib[factory(compress)](fast);
      const out = buffer(stream);
      const own = Buffer.alloc(200_020);
      for (const chunk of chunks) {
        chunk.copy(own);
        await new Promise((resolve) => stream.write(own.subarray(0, chunk.length), resolve));
        own.fill(0xee);
      }
      stream.end();
      assert.ok((await decompressed(decompress, await out)).equals(Buffer.concat(chunks)), compress);
    }
  },

  async getters() {
    const own = new Error('on purpose');
    const data = mixed(100_000);
    for (const { compress, decompress, fast } of formats) {
      const bytes = await zlib[compress](data, fast);
      for (const [name, input] of [
        [compress, data],
        [decompress, bytes],
      ]) {
        const thrower = (option) => Object.defineProperty({}, option, { get: () => { throw own; } }); // prettier-ignore
        for (const option of ['chunkSize', 'info', 'maxOutputLength', 'signal', 'flush']) {
          await assert.rejects(zlib[name](input, thrower(option)), own, `${name} ${option}`);
        }
        const given = new Uint8Array(input);
        const detaching = { get maxOutputLength() { structuredClone(given, { transfer: [given.buffer] }); return 2 ** 20; } }; // prettier-ignore
        const result = await zlib[name](given, detaching).catch((error) => error.code);
        assert.ok(Buffer.isBuffer(result) || typeof result === 'string', name);
        const controller = new AbortController();
        const aborting = { signal: controller.signal, get info() { controller.abort(); return false; } }; // prettier-ignore
        await assert.rejects(zlib[name](input, aborting), { code: 'ABORT_ERR' }, name);
      }
    }
  },

  async destroyed() {
    const folder = mkdtempSync(join(tmpdir(), 'offloop-zlib-'));
    const data = mixed(8_000_000);
    const [from, to] = [join(folder, 'from'), join(folder, 'to')];
    writeFileSync(from, data);
    const ends = [];
    for (const { compress, fast } of formats) {
      const stream = zlib[factory(compress)](fast);
      stream.resume().write(data);
      ends.push(new Promise((resolve) => stream.once('error', resolve)));
      ends.push(zlib[compress](data, fast).catch((error) => error));
    }
    const web = zlib.compressionStream('gzip');
    const writer = web.writable.getWriter();
    ends.push(writer.closed.catch((error) => error));
    writer.write(data).catch(() => {});
    const reading = new Response(web.readable).arrayBuffer();
    ends.push(reading.catch((error) => error));
    ends.push(zlib.gzipFile(from, to, { level: 9 }).catch((error) => error));
    await new Promise(setImmediate);
    await pool.destroy();
    // A fast one may have ended before.
    const codes = (await Promise.all(ends)).flatMap((end) => (Buffer.isBuffer(end) ? [] : [end.code]));
    assert.deepEqual([...new Set(codes)], ['ERR_OFFLOOP_CLOSED']);
    assert.equal(existsSync(to), false);
    assert.deepEqual(readdirSync(folder), ['from']);
    rmSync(folder, { recursive: true });
    await assert.rejects(zlib.gzip('text'), { code: 'ERR_OFFLOOP_CLOSED' });
    const late = zlib.createGzip();
    const failed = new Promise((resolve) => late.once('error', resolve));
    late.end('text');
    assert.equal((await failed).code, 'ERR_OFFLOOP_CLOSED');
    assert.equal(typeof zlib.crc32('text'), 'number');
  },

  /** The outcome is that of Node, or an error where it has no such function. */
  async random() {
    const random = seeded(5);
    const files = Object.entries(smallFiles()).flatMap(([name, each]) =>
      Object.values(each).map((file) => [name, file])
    );
    files.push(['zstdDecompress', await zlib.zstdCompress(mixed(2000))]);
    const jobs = [];
    for (let round = 0; round < 1000; round++) {
      const [name, file] = files[round % files.length];
      const start = Math.floor(random() * file.length);
      const bytes = Buffer.from(file);
      for (let at = start; at < bytes.length; at++) bytes[at] = random() * 256;
      jobs.push([name, bytes, zlib[name](bytes).then((result) => result, ({ code }) => code)]); // prettier-ignore
    }
    let refused = 0;
    for (const [name, bytes, job] of jobs) {
      const result = await job;
      if (typeof result === 'string') refused++;
      if (!(`${name}Sync` in node)) continue;
      let expected;
      try {
        expected = node[`${name}Sync`](bytes);
      } catch ({ code }) {
        expected = code;
      }
      assert.deepEqual(result, expected, `${name} of ${bytes.toString('base64')}`);
    }
    assert.ok(refused > 300, `${refused} were refused`);
  },
};

ways[process.argv[2]]().then(() => console.log('done'));
