// csv.* beside the parsers of npm and two databases.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { stringify } from 'csv-stringify/sync';
import Papa from 'papaparse';
import { COLUMNS, ROWS, csvFile } from '../csv-data.mjs';
import { compareCells, nativeReaders, rowReaders, scriptReaders } from '../csv-readers.mjs';
import { Mismatch, rate } from '../harness.mjs';
import { csv, hash } from '../offloop.mjs';

const QUICK_ROWS = 20_000;
const CORES = availableParallelism();
const workers = join(import.meta.dirname, '..', 'workers');
const run = promisify(execFile);

const megabytes = (bytes) => rate('MB/s', bytes / 1e6);

/** @type {((compare: Function, options: { quick: boolean }) => Promise<void>)[]} */
export const rows = [nativeColumns, scriptColumns, rowObjects, streamed, threads, limits, stringified].map(
  (row) => (compare, options) => row(compare, open(options), options)
);

/** The CSV, as a file and in memory, and what the titles call it. */
function open({ quick }) {
  const path = csvFile(quick ? QUICK_ROWS : ROWS);
  const data = readFileSync(path);
  return { path, data, called: `${Math.round(data.length / 1e6)} MB of CSV` };
}

/** Each round of the slow ones takes half a minute, stalls included. */
const slowRounds = ({ quick }) => (quick ? 1 : 3);

async function nativeColumns(compare, { path, data, called }) {
  await compare({
    title: `${called} to typed columns, on native threads`,
    note:
      'the peers read the file, which the system has in memory; polars leaves the times as text, or is told ' +
      `their format; the targets are for two cores, here are ${CORES}`,
    quantity: megabytes(data.length),
    stall: true,
    contenders: await nativeReaders(path, data),
    compareOutputs: compareCells,
    targets: [{ atLeast: 900 }, { times: 2.5, as: 'nodejs-polars' }, { atMost: 5, column: 'longest stall' }],
  });
}

async function scriptColumns(compare, { path, data, called }, options) {
  const [offloop] = await nativeReaders(path, data);
  await compare({
    title: `${called} to typed columns, beside JavaScript`,
    note: 'papaparse and csv-parse give row objects, whose times and booleans are text with csv-parse',
    quantity: megabytes(data.length),
    stall: true,
    rounds: slowRounds(options),
    contenders: [offloop, ...scriptReaders(data)],
    compareOutputs: compareCells,
  });
}

async function rowObjects(compare, { data, called }, options) {
  // Shared, so that it costs the peer nothing to get it there.
  const shared = new Uint8Array(new SharedArrayBuffer(data.length));
  shared.set(data);
  const worker = new Worker(join(workers, 'csv-rows.mjs'), { workerData: shared });
  const parseInWorker = async () => {
    worker.postMessage('parse');
    return (await once(worker, 'message'))[0];
  };
  try {
    await compare({
      title: `${called} to row objects, all of them kept`,
      quantity: megabytes(data.length),
      stall: true,
      rounds: slowRounds(options),
      contenders: rowReaders(data, parseInWorker),
      compareOutputs: compareCells,
      targets: [
        { times: 5, as: 'udsv' },
        { times: 5, as: 'udsv, strings' },
        { atMost: 10, column: 'longest stall' },
      ],
    });
  } finally {
    await worker.terminate();
  }
}

async function streamed(compare, { path, data, called }, options) {
  const script = join(workers, 'csv-stream.mjs');
  const contenders = ['offloop', 'csv-parser'].map((name) => {
    const inProcess = async () => {
      const { stdout } = await run(process.execPath, [script, name, path]);
      contender.last = JSON.parse(stdout);
      return contender.last;
    };
    const contender = {
      name,
      call: async () => (await inProcess()).totals,
      sample: async () => data.length / 1e6 / (await inProcess()).seconds,
    };
    return contender;
  });
  await compare({
    title: `${called} streamed from a file, two columns added up`,
    note: 'each in a fresh process; memory added: the peak over what the process had at its start',
    processes: true,
    quantity: megabytes(data.length),
    rounds: slowRounds(options),
    contenders,
    columns: [{ title: 'memory added', unit: 'MB', of: ({ last }) => last.megabytes }],
    targets: [
      { times: 15, as: 'csv-parser' },
      { atMost: 64, column: 'memory added' },
    ],
  });
}

async function threads(compare, { path, data, called }, options) {
  const script = join(workers, 'csv-threads.mjs');
  const withThreads = (threads) => async () => {
    const env = { ...process.env, OFFLOOP_THREADS: String(threads) };
    const { stdout } = await run(process.execPath, [script, path], { env });
    return data.length / 1e6 / Number(stdout);
  };
  await compare({
    title: `${called} to typed columns, by threads`,
    note: 'each in a process of its own',
    processes: true,
    quantity: megabytes(data.length),
    rounds: options.quick ? 1 : 5,
    contenders: [
      { name: `offloop, ${CORES} threads`, sample: withThreads(CORES) },
      { name: 'offloop, 1 thread', sample: withThreads(1) },
    ],
  });
}

/** What one digest of `limits` reads. */
const PIECE = 1 << 20;

async function limits(compare, { data, called }) {
  const table = await csv.parse(data);
  const written = Object.keys(COLUMNS).reduce((sum, name) => sum + table.column(name).values.byteLength, 0);
  const pieces = Array.from({ length: Math.ceil(data.length / PIECE) }, (_, index) =>
    data.subarray(index * PIECE, (index + 1) * PIECE)
  );
  await compare({
    title: `${called}: how far from the memory`,
    note: 'every rate is of the bytes of the CSV; fresh memory is what the values of the columns take, touched on one core',
    quantity: megabytes(data.length),
    contenders: [
      { name: 'offloop', call: () => csv.parse(data) },
      { name: 'read by xxh3-128', call: () => hash.digestMany('xxh3-128', pieces) },
      { name: 'fresh memory', call: () => Buffer.allocUnsafeSlow(written).fill(1) },
    ],
    // Three different things.
    compareOutputs: async () => {},
  });
}

async function stringified(compare, { data, called }, options) {
  const table = await csv.parse(data);
  const columns = Object.keys(COLUMNS);
  // As a database would give them, but that the times are text already: each writer has its own form.
  const objects = Array.from(table, (row) => ({ ...row, time: new Date(row.time).toISOString().replace('.000', '') }));
  await compare({
    title: `Rows and columns to ${called}`,
    quantity: megabytes(data.length),
    stall: true,
    rounds: slowRounds(options),
    contenders: [
      { name: 'offloop', call: () => csv.stringify(table) },
      { name: 'offloop, rows', call: () => csv.stringify(objects) },
      { name: 'papaparse', call: () => Papa.unparse(objects, { newline: '\n' }) },
      { name: 'csv-stringify', call: () => stringify(objects, { header: true, columns, cast: { boolean: String } }) },
    ],
    compareOutputs: (title, contenders) => compareText(title, contenders, data),
  });
}

/** Compares what was written with the file that all of it was read from. */
async function compareText(title, contenders, data) {
  for (const { name, call } of contenders) {
    const output = Buffer.from(await call());
    // papaparse does not end the last line.
    if (output.equals(data) || output.equals(data.subarray(0, -1))) continue;
    const at = output.findIndex((byte, index) => byte !== data[index]);
    const [written, read] = [output, data].map((bytes) => JSON.stringify(bytes.toString('utf8', at - 40, at + 40)));
    throw new Mismatch(`${title}: ${name} writes ${written} where the file has ${read}`);
  }
}
