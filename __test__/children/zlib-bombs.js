'use strict';

// Small inputs that would inflate to 300 MB. Prints what each came to, and how much the resident memory peaked above
// the start meanwhile, in KiB.

const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { finished } = require('node:stream/promises');
const { collect } = require('../support/csv.js');
const { csv, json } = require('../support/offloop.js');
const { node, text, zlib } = require('../support/zlib.js');

const MB = 2 ** 20;
const TIMES = 300;
const { Z_FULL_FLUSH } = node.constants;

/** A megabyte of zeros in a form that may be repeated, 1,000 to 1. */
const piece = node.deflateRawSync(Buffer.alloc(MB), { finishFlush: Z_FULL_FLUSH, level: 9 });
const deflated = Buffer.concat([...Array(TIMES).fill(piece), Buffer.from([3, 0])]);
const gzipHeader = node.gzipSync('').subarray(0, 10);

/** A megabyte of zeros again and again: what a BrotliCompress of Node gives behind each flush, and the end. */
const brotli = Buffer.concat([
  Buffer.from('abffff074002201e0b24f7fec100', 'hex'),
  ...Array(TIMES - 1).fill(Buffer.from('faff7f002400e2b00074ef1f0c', 'hex')),
  Buffer.from([3]),
]);

/** Blocks of 128 KiB that repeat one byte, RFC 8878 3.1.1.2. */
const zstd = Buffer.concat([
  Buffer.from('28b52ffd0058', 'hex'),
  ...Array(TIMES * 8).fill(Buffer.from('02001000', 'hex')),
  Buffer.from('010000', 'hex'),
]);

/** Frames whose header says that they have 2 ** 60 bytes: in a window of that size, and in a small one. */
const boastful = ['28b52ffde0000000000000001003000000', '28b52ffdc0580000000000000010'].map((hex) =>
  Buffer.from(hex, 'hex')
);

const bombs = {
  gunzip: Buffer.concat([gzipHeader, deflated, Buffer.alloc(8)]),
  inflate: Buffer.concat([Buffer.from([0x78, 0x9c]), deflated, Buffer.alloc(4)]),
  inflateRaw: deflated,
  unzip: Buffer.concat([gzipHeader, deflated, Buffer.alloc(8)]),
  brotliDecompress: brotli,
  zstdDecompress: zstd,
};

const codeOf = (promise) =>
  promise.then(
    (result) => result.length,
    ({ code }) => code
  );

const ways = {
  /** With the limit that holds where none is given. */
  usual: (name) => codeOf(zlib[name](bombs[name])),
  small: (name) => codeOf(zlib[name](bombs[name], { maxOutputLength: 1000 })),
  medium: (name) => codeOf(zlib[name](bombs[name], { maxOutputLength: 8 * MB })),
  /** Eight at a time. */
  many: (name) =>
    Promise.all(Array.from({ length: 8 }, () => codeOf(zlib[name](bombs[name], { maxOutputLength: MB })))).then(
      (codes) => [...new Set(codes)].join()
    ),
  /** A stream has no limit but its reader. */
  async stream(name) {
    const stream = zlib[`create${name[0].toUpperCase()}${name.slice(1)}`]();
    let size = 0;
    stream.on('data', (chunk) => (size += chunk.length));
    stream.end(bombs[name]);
    // Where there is a checksum, it is wrong, and what ends with it is not handed over.
    await finished(stream).catch(({ code }) => code);
    return size > (TIMES - 1) * MB ? 'all of it' : size;
  },
  /** As files: with a limit, and where no record may be so long. */
  async files() {
    const folder = mkdtempSync(join(tmpdir(), 'offloop-bomb-'));
    const codes = [];
    for (const name of ['gunzip', 'zstdDecompress']) {
      const path = join(folder, name);
      writeFileSync(path, bombs[name]);
      const limit = { maxOutputLength: MB };
      codes.push(await codeOf(csv.parseFile(path, limit)));
      codes.push(await codeOf(collect(json.lineBatches(path, limit))));
      codes.push(await codeOf(collect(csv.batches(path))));
    }
    codes.push(await codeOf(zlib.gunzipFile(join(folder, 'gunzip'), join(folder, 'to'), { maxOutputLength: MB })));
    rmSync(folder, { recursive: true });
    return codes.join(' ');
  },
  boastful: () =>
    Promise.all(boastful.map((frame) => codeOf(zlib.zstdDecompress(frame)))).then((codes) => codes.join(' ')),
};

(async () => {
  const [way, ...names] = process.argv.slice(2);
  for (const name of names) await zlib[name](await zlib[{ brotliDecompress: 'brotliCompress', zstdDecompress: 'zstdCompress', inflate: 'deflate', inflateRaw: 'deflateRaw' }[name] ?? 'gzip'](text(5000))); // prettier-ignore
  const before = process.resourceUsage().maxRSS;
  const results = {};
  for (const name of names) results[name] = await ways[way](name);
  console.log(JSON.stringify({ results, grown: process.resourceUsage().maxRSS - before }));
})();
