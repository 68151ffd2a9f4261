// csv.* beside the parsers of npm and two databases.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { stringify } from 'csv-stringify/sync';
import Papa from 'papaparse';
import { compareCells } from '../cells.mjs';
import { COLUMNS, ROWS, csvFile } from '../csv-data.mjs';
import { nativeReaders, rowReaders, scriptReaders } from '../csv-readers.mjs';
import { MEMORY_ADDED, readers, withThreads } from '../fresh-process.mjs';
import { rate } from '../harness.mjs';
import { memoryLimits } from '../memory-limits.mjs';
import { csv } from '../offloop.mjs';
import { withParsingWorker } from '../parsing-worker.mjs';
import { compareWritten } from '../written.mjs';

const QUICK_ROWS = 20_000;
const CORES = availableParallelism();

const megabytes = (bytes) => rate('MB/s', bytes / 1e6);
const compareOutputs = (title, contenders) => compareCells(COLUMNS, title, contenders);

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
    compareOutputs,
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
    compareOutputs,
  });
}

function rowObjects(compare, { data, called }, options) {
  return withParsingWorker('csv-rows.mjs', data, (parseInWorker) =>
    compare({
      title: `${called} to row objects, all of them kept`,
      quantity: megabytes(data.length),
      stall: true,
      rounds: slowRounds(options),
      contenders: rowReaders(data, parseInWorker),
      compareOutputs,
      targets: [
        { times: 5, as: 'udsv' },
        { times: 5, as: 'udsv, strings' },
        { atMost: 10, column: 'longest stall' },
      ],
    })
  );
}

async function streamed(compare, { path, data, called }, options) {
  await compare({
    title: `${called} streamed from a file, two columns added up`,
    note: 'each in a fresh process; memory added: the peak over what the process had at its start',
    processes: true,
    quantity: megabytes(data.length),
    rounds: slowRounds(options),
    contenders: readers('csv-stream.mjs', ['offloop', 'csv-parser'], path, data.length),
    columns: [MEMORY_ADDED],
    targets: [
      { times: 15, as: 'csv-parser' },
      { atMost: 64, column: 'memory added' },
    ],
  });
}

async function threads(compare, { path, data, called }, options) {
  await compare({
    title: `${called} to typed columns, by threads`,
    note: 'each in a process of its own',
    processes: true,
    quantity: megabytes(data.length),
    rounds: options.quick ? 1 : 5,
    contenders: withThreads([CORES, 1], 'csv.parse', path, data.length),
  });
}

async function limits(compare, { data, called }) {
  const table = await csv.parse(data);
  const written = Object.keys(COLUMNS).reduce((sum, name) => sum + table.column(name).values.byteLength, 0);
  await compare({
    title: `${called}: how far from the memory`,
    note: 'every rate is of the bytes of the CSV; fresh memory is what the values of the columns take, touched on one core',
    quantity: megabytes(data.length),
    contenders: [{ name: 'offloop', call: () => csv.parse(data) }, ...memoryLimits(data, written)],
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
    // The file that all of it was read from; papaparse does not end the last line.
    compareOutputs: (title, contenders) => compareWritten(title, contenders, [data, data.subarray(0, -1)]),
  });
}
