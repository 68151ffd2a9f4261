// zlib.* beside node:zlib and a binding of zstd.

import { DuckDBInstance } from '@duckdb/node-api';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import nodeZlib, { constants } from 'node:zlib';
import { compareCells } from '../cells.mjs';
import {
  RATIO,
  comparingRestored,
  compressing,
  decompressing,
  asItIs,
  megabytes,
  node,
  open,
  piecesOf,
  slowRounds,
  through,
  zstdBinding,
} from '../compressed.mjs';
import { COLUMNS } from '../csv-data.mjs';
import { withThreads } from '../fresh-process.mjs';
import { rate, time } from '../harness.mjs';
import { linesFile } from '../json-data.mjs';
import { csv, zlib } from '../offloop.mjs';
import { statTimes } from '../probes.mjs';
import { quantile } from '../statistics.mjs';

const CORES = availableParallelism();
const FOR_TWO_CORES = `the targets are for two cores, here are ${CORES}`;
/** Ours may be 1.5 % below zlib's. */
const AS_SMALL = { column: 'ratio', times: 0.985, as: 'node:zlib' };
const NO_STALL = { column: 'longest stall', atMost: 5 };

const SIX = { level: 6 };
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
const ZSTD = { params: { [zlib.constants.ZSTD_c_compressionLevel]: 3 } };

const gzip = compressing(
  'by gzip, level 6',
  node.gunzip,
  { offloop: (data) => zlib.gzip(data, SIX), 'node:zlib': (data) => node.gzip(data, SIX) },
  { note: FOR_TWO_CORES, targets: [{ times: 3, as: 'node:zlib' }, AS_SMALL, NO_STALL] }
);

const gunzip = decompressing(
  'by gunzip',
  (data) => node.gzip(data, SIX),
  {
    offloop: (data) => zlib.gunzip(data),
    'node:zlib': (data) => node.gunzip(data),
    // As fast as it gets: fewer turns between the event loop and libuv's threads.
    'node:zlib, chunks of 1 MiB': (data) => node.gunzip(data, { chunkSize: 1 << 20 }),
  },
  {
    note: `node:zlib has made the input, at level 6; ${FOR_TWO_CORES}`,
    targets: [{ times: 7, as: 'node:zlib' }, NO_STALL],
  }
);

const levels = [0, 1, 2, 3, 4, 5, 7, 8, 9].map((level) =>
  compressing(
    `by gzip, level ${level}`,
    node.gunzip,
    { offloop: (data) => zlib.gzip(data, { level }), 'node:zlib': (data) => node.gzip(data, { level }) },
    { stall: false, rounds: 1, targets: [AS_SMALL] }
  )
);

const deflate = compressing(
  'by deflate, level 6',
  node.inflate,
  { offloop: (data) => zlib.deflate(data, SIX), 'node:zlib': (data) => node.deflate(data, SIX) },
  { targets: [AS_SMALL] }
);

const inflate = decompressing(
  'by inflate',
  (data) => node.deflate(data, SIX),
  { offloop: (data) => zlib.inflate(data), 'node:zlib': (data) => node.inflate(data) },
  { note: 'node:zlib has made the input, at level 6' }
);

const brotli = compressing(
  'by brotli, quality 5',
  node.brotliDecompress,
  { offloop: (data) => zlib.brotliCompress(data, BROTLI), 'node:zlib': (data) => node.brotliCompress(data, BROTLI) },
  { note: FOR_TWO_CORES, targets: [{ times: 1.8, as: 'node:zlib' }, NO_STALL] }
);

const brotliBack = decompressing(
  'from brotli',
  (data) => node.brotliCompress(data, BROTLI),
  { offloop: (data) => zlib.brotliDecompress(data), 'node:zlib': (data) => node.brotliDecompress(data) },
  { note: 'node:zlib has made the input, at quality 5' }
);

const zstd = compressing(
  'by zstd, level 3',
  zstdBinding.decompress,
  {
    offloop: (data) => zlib.zstdCompress(data, ZSTD),
    '@toondepauw/node-zstd': (data) => zstdBinding.compress(data, 3),
    'node:zlib': node.zstdCompress && ((data) => node.zstdCompress(data, ZSTD)),
  },
  { note: FOR_TWO_CORES, targets: [{ times: 1.5, as: '@toondepauw/node-zstd' }, NO_STALL] }
);

const zstdBack = decompressing(
  'from zstd',
  (data) => zstdBinding.compress(data, 3),
  {
    offloop: (data) => zlib.zstdDecompress(data),
    '@toondepauw/node-zstd': zstdBinding.decompress,
    'node:zlib': node.zstdDecompress && ((data) => node.zstdDecompress(data)),
  },
  { note: '@toondepauw/node-zstd has made the input, at level 3' }
);

const FROM_MEMORY = 'in chunks of 64 KiB from memory, by pipeline';

const streamed = compressing(
  'through createGzip, level 6',
  node.gunzip,
  {
    offloop: (data) => through(zlib.createGzip(SIX), data),
    'node:zlib': (data) => through(nodeZlib.createGzip(SIX), data),
  },
  { note: FROM_MEMORY, targets: [AS_SMALL] }
);

const streamedBack = decompressing(
  'through createGunzip',
  (data) => node.gzip(data, SIX),
  {
    offloop: (data) => through(zlib.createGunzip(), data),
    'node:zlib': (data) => through(nodeZlib.createGunzip(), data),
  },
  { note: `${FROM_MEMORY}; node:zlib has made the input, at level 6` }
);

/** @type {((compare: Function, options: { quick: boolean }) => Promise<void>)[]} */
export const rows = [
  gzip,
  gunzip,
  brotli,
  zstd,
  deflate,
  inflate,
  brotliBack,
  zstdBack,
  smallBodies,
  streamed,
  streamedBack,
  files,
  compressedCsv,
  fsMeanwhile,
  threads,
  ...levels,
];

const BODIES = 64;
const BODY_BYTES = 16 << 10;

async function smallBodies(compare) {
  const lines = await readFile(linesFile());
  const data = lines.subarray(0, BODIES * BODY_BYTES);
  const bodies = piecesOf(data, BODY_BYTES);
  const atOnce = (compress) => async () => Buffer.concat(await Promise.all(bodies.map((body) => compress(body, SIX))));
  await compare({
    title: `${BODIES} bodies of ${BODY_BYTES / 1024} KiB of JSON at once by gzip, level 6`,
    note: "a job each; node:zlib has libuv's four threads at work",
    quantity: rate('bodies/s', BODIES),
    stall: true,
    columns: [RATIO],
    contenders: [
      { name: 'offloop', call: atOnce(zlib.gzip) },
      { name: 'node:zlib', call: atOnce(node.gzip) },
    ],
    // Members that follow one another are restored as one.
    compareOutputs: comparingRestored(data, node.gunzip),
  });
}

async function files(compare, options) {
  const { path, gzipped, data, called } = open(options);
  const folder = await mkdtemp(join(tmpdir(), 'offloop-bench-'));
  const byStreams = (from, transform, to) => pipeline(createReadStream(from), transform, createWriteStream(to));
  const compareFiles = (what, restore, functions) => {
    const contenders = Object.entries(functions).map(([name, write], index) => {
      const to = join(folder, String(index));
      return { name, to, call: () => write(to) };
    });
    const reading = ({ name, to, call }) => ({ name, call: async () => (await call(), readFile(to)) });
    return compare({
      title: `${called} from file to file by ${what}`,
      note: 'the system has the file in memory',
      quantity: megabytes(data.length),
      stall: true,
      rounds: slowRounds(options),
      contenders,
      compareOutputs: (title) => comparingRestored(data, restore)(title, contenders.map(reading)),
    });
  };
  try {
    await compareFiles('gzip, level 6', node.gunzip, {
      offloop: (to) => zlib.gzipFile(path, to, SIX),
      'node streams': (to) => byStreams(path, nodeZlib.createGzip(SIX), to),
    });
    await compareFiles('gunzip', asItIs, {
      offloop: (to) => zlib.gunzipFile(gzipped, to),
      'node streams': (to) => byStreams(gzipped, nodeZlib.createGunzip(), to),
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function compressedCsv(compare, options) {
  const { path, gzipped, data, called } = open(options);
  const duckdb = await (await DuckDBInstance.create()).connect();
  const cells = (table) => Object.fromEntries(Object.keys(COLUMNS).map((name) => [name, table.column(name).toArray()]));
  await compare({
    title: `${called}, as a .gz, to typed columns`,
    note: 'the system has the files in memory; every rate is of the bytes of the CSV',
    quantity: megabytes(data.length),
    stall: true,
    rounds: slowRounds(options),
    contenders: [
      { name: 'offloop', call: () => csv.parseFile(gzipped), cells },
      { name: 'offloop, not compressed', call: () => csv.parseFile(path), cells },
      {
        name: 'node:zlib, then csv.parse',
        call: async () => csv.parse(await node.gunzip(await readFile(gzipped))),
        cells,
      },
      {
        name: 'duckdb',
        call: () => duckdb.runAndReadAll(`SELECT * FROM read_csv('${gzipped.replaceAll("'", "''")}')`),
        cells: (reader) => reader.getColumnsObjectJS(),
      },
    ],
    compareOutputs: (title, contenders) => compareCells(COLUMNS, title, contenders),
  });
}

const IN_FLIGHT = 8;
const PIECE = 1 << 20;
/** Milliseconds of a sample: the slowest hundredth of some hundred times is what counts. */
const WATCHED = 2000;

async function fsMeanwhile(compare, options) {
  const pieces = piecesOf(open({ quick: false }).data, PIECE).slice(0, IN_FLIGHT);
  const watched = options.quick ? WATCHED / 4 : WATCHED;
  const compressing = (name, compress) => {
    const contender = { name, sample, speed: 0 };
    /** The 99th percentile of the times of fs.stat, while each of the pieces is compressed again and again. */
    async function sample() {
      let running = true;
      let bytes = 0;
      const chains = pieces.map(async (piece) => {
        while (running) {
          await compress(piece, SIX);
          if (running) bytes += piece.length;
        }
      });
      const times = await statTimes(watched);
      running = false;
      contender.speed = bytes / 1e3 / watched;
      await Promise.all(chains);
      return quantile(times, 0.99);
    }
    return contender;
  };
  await compare({
    title: `fs.stat, p99, while ${IN_FLIGHT} gzips of 1 MiB are in flight`,
    note: "node:zlib and fs share libuv's four threads",
    quantity: time('ms'),
    rounds: slowRounds(options),
    columns: [{ title: 'gzip', unit: 'MB/s', of: ({ speed }) => speed }],
    contenders: [
      compressing('offloop', zlib.gzip),
      compressing('node:zlib', node.gzip),
      { name: 'nothing in flight', speed: 0, sample: async () => quantile(await statTimes(watched), 0.99) },
    ],
  });
}

async function threads(compare, options) {
  const { path, gzipped, data, called } = open(options);
  for (const [operation, from] of [
    ['zlib.gzip', path],
    ['zlib.gunzip', gzipped],
  ]) {
    await compare({
      title: `${called} by ${operation}, by threads`,
      note: 'each in a process of its own',
      processes: true,
      quantity: megabytes(data.length),
      rounds: slowRounds(options),
      contenders: withThreads([CORES, 1], operation, from, data.length),
    });
  }
}
