'use strict';

// 100,000 jobs of one kind, or as many as are asked for, in batches, after as many that bring the heaps to their size. Prints how
// much the resident memory grew. What a leak adds it adds in every round, and what the heaps' own
// ups and downs add they do not: so up to three rounds, of which the least counts. Run with
// --expose-gc.

const { writeFileSync, mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { csv, hash, json, kdf, password, zlib, empty, panic, hold } = require('../support/offloop.js');

const JOBS = Number(process.argv[3] ?? 100_000);
const BATCH = Number(process.argv[4] ?? 1000);

const folder = mkdtempSync(join(tmpdir(), 'offloop-leak-'));
const file = join(folder, 'file');
writeFileSync(file, Buffer.alloc(5000, 1));
process.on('exit', () => rmSync(folder, { recursive: true }));

const small = Buffer.alloc(1000, 1);
const large = Buffer.alloc(6000, 1);
const rows = Buffer.from(`[${'{"a":1,"b":["x"]},'.repeat(250)}{"a":2}]`);
const broken = Buffer.from(rows.subarray(0, -1));
const bulk = { lane: 'bulk' };
const page = Buffer.alloc(40_000, 'page of text ');
const quick = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } };
const kinds = {
  inline: () => hash.digest('sha256', small),
  copied: () => hash.digest('sha256', small, bulk),
  borrowed: () => hash.digest('sha256', large, bulk),
  string: () => hash.digest('sha1', 'text of some length'.repeat(10), { ...bulk, encoding: 'hex' }),
  transferred: () => hash.digest('crc32', new Uint8Array(4096), { transfer: true }),
  external: () => hash.digest('blake3', small, { length: 20_000 }),
  many: () => hash.digestMany('sha256', [small, large, 'text']),
  file: () => hash.digestFile('crc32c', file),
  stream: () => hash.digestStream('xxh3-64', [small, large]),
  hmac: () => hash.hmac('sha512', 'key', large),
  progress: () => hash.digest('md5', large, { onProgress() {} }),
  aborted: () => hash.digest('md5', large, { ...bulk, signal: AbortSignal.abort() }),
  timed: () => hash.digest('md5', large, { ...bulk, timeout: 10_000 }),
  missing: () => hash.digestFile('md5', '/does/not/exist'),
  invalid: () => hash.digest('md5', large, { key: 'none' }),
  hashed: () => password.hash('password', { memory: 8, passes: 1 }),
  derived: () => kdf.pbkdf2('password', 'salt', 1, 32, 'sha256', bulk),
  malformed: () => password.verify('$argon2id$', 'password'),
  parsed: () => csv.parse('a,b\n1,x\n'),
  /** Left after the first batch: the source and the reader are given up. */
  batches: async () => {
    for await (const batch of csv.batches(['a\n1\n', '2\n'])) if (batch.numRows > 0) break;
  },
  /** Dropped: nobody closes them. */
  documents: async () => (await json.parse(Buffer.from(rows))).get('/100/b/0'),
  /** With a job in flight. */
  closed: async () => {
    const document = await json.parse(Buffer.from(rows));
    const column = document.pluck('/*/a');
    document.close();
    await column;
  },
  broken: () => json.parse(broken),
  /** Left after the first batch: the reader is given up. */
  lines: async () => {
    for await (const batch of json.lineBatches(['{"a":1}\n{"a":2}\n', '{"a":3}\n'])) if (batch.numRows > 0) break;
  },
  /** There and back, or not quite. */
  compressed: async () => {
    const bytes = await zlib.gzip(page, { level: 1 });
    await zlib.gunzip(bytes);
    const refused = [zlib.gunzip(bytes.subarray(0, -1)), zlib.gunzip(bytes, { maxOutputLength: 1 })];
    const others = [zlib.zstdCompress(page), zlib.brotliCompress(page, quick)];
    await Promise.allSettled([...refused, ...others, zlib.deflate(page, { dictionary: small })]);
  },
  /** From one stream to another. */
  streamed: () =>
    new Promise((resolve) => {
      const end = zlib.createGunzip().on('end', resolve);
      end.resume();
      zlib.createGzip({ level: 1 }).end(page).pipe(end);
    }),
  /** With a job in flight, or left as it is, which nobody closes. */
  dropped: async () => {
    const torn = zlib.createZstdCompress();
    torn.write(page);
    torn.flush();
    torn.destroy();
    zlib.createGzip().write(page);
    await new Promise((resolve) => zlib.createGunzip().write(Buffer.from('1f8b08', 'hex'), resolve));
  },
  empty: () => empty(),
  panic: () => panic(),
  /** Aborted by one signal for the batch, while most of them wait. */
  signalled: (batch) => hold({ signal: batch.signal }, { stops: true }),
};

async function resident() {
  // Completions come home in order: behind this one there are none of jobs that were aborted.
  await empty(bulk);
  for (let round = 0; round < 3; round++) {
    global.gc();
    // Finalizers run between turns of the event loop.
    await new Promise(setImmediate);
  }
  return process.memoryUsage().rss;
}

const ROUNDS = 3;
const NOTHING = 4 << 20;

async function round(job) {
  const before = await resident();
  for (let done = 0; done < JOBS; done += BATCH) {
    const batch = new AbortController();
    const settled = Array.from({ length: BATCH }, () => job(batch));
    batch.abort();
    await Promise.allSettled(settled);
    if (done % (10 * BATCH) === 0) await resident();
  }
  return (await resident()) - before;
}

(async () => {
  const job = kinds[process.argv[2]];
  await round(job);
  let grown = Infinity;
  for (let rounds = 0; rounds < ROUNDS && grown > NOTHING; rounds++) grown = Math.min(grown, await round(job));
  console.log(JSON.stringify({ grown }));
})();
