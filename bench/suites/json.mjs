// json.* beside JSON.parse, here and in a worker, and two databases.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { inspect, isDeepStrictEqual } from 'node:util';
import { compareCells } from '../cells.mjs';
import { MEMORY_ADDED, readers, withThreads } from '../fresh-process.mjs';
import { Mismatch, rate } from '../harness.mjs';
import { KEYS, RECORDS, jsonFile, linesFile } from '../json-data.mjs';
import { lineReaders } from '../json-readers.mjs';
import { memoryLimits } from '../memory-limits.mjs';
import { json } from '../offloop.mjs';
import { withParsingWorker } from '../parsing-worker.mjs';
import { compareWritten } from '../written.mjs';

const QUICK_RECORDS = 10_000;
const CORES = availableParallelism();

const megabytes = (bytes) => rate('MB/s', bytes / 1e6);

/** @type {((compare: Function, options: { quick: boolean }) => Promise<void>)[]} */
export const rows = [indexed, oneField, wholeTree, walked, linesToColumns, streamed, threads, limits, stringified];

/** A file, as it is and in memory, and what the titles call it. */
function open(file, kind, { quick }) {
  const path = file(quick ? QUICK_RECORDS : RECORDS);
  const data = readFileSync(path);
  return { path, data, called: `${Math.round(data.length / 1e6)} MB of ${kind}` };
}

const openArray = (options) => open(jsonFile, 'JSON', options);
const openLines = (options) => open(linesFile, 'NDJSON', options);

/** Each round of the slow ones takes ten seconds, stalls included. */
const slowRounds = ({ quick }) => (quick ? 1 : 5);

/** What everybody does with the bytes of a request. */
const parse = (data) => JSON.parse(data.toString());

/** Calls `use` with the document of `data`, which is closed then: its index is freed without a garbage collector. */
async function withDocument(data, use) {
  const document = await json.parse(data);
  try {
    return await use(document);
  } finally {
    document.close();
  }
}

async function indexed(compare, options) {
  const { data, called } = openArray(options);
  const perByte = await withDocument(data, ({ indexBytes, byteLength }) => indexBytes / byteLength);
  await compare({
    title: `${called}, validated and indexed`,
    note:
      `the index takes ${perByte.toFixed(2)} bytes for each of the text; JSON.parse makes the tree meanwhile; ` +
      `the targets are for two cores, here are ${CORES}`,
    quantity: megabytes(data.length),
    stall: true,
    rounds: slowRounds(options),
    contenders: [
      { name: 'offloop', call: () => withDocument(data, () => {}) },
      { name: 'offloop, validate', call: () => json.validate(data) },
      { name: 'JSON.parse', call: () => parse(data) },
    ],
    compareOutputs: (title) => compareDocument(title, data),
    targets: [{ atLeast: 700 }, { atMost: 5, column: 'longest stall' }],
  });
}

/** Records of a document that are compared with JSON.parse's. */
const SAMPLES = 25;

async function compareDocument(title, data) {
  const records = parse(data);
  const samples = Array.from({ length: SAMPLES }, (_, index) => Math.floor((index * records.length) / SAMPLES));
  await withDocument(data, (document) => {
    expectSame(title, document.length(), records.length);
    for (const index of samples) expectSame(title, document.get(`/${index}`), records[index]);
  });
  await json.validate(data);
  const cut = data.subarray(0, -1);
  for (const refuse of [json.parse, json.validate]) {
    const code = await refuse(cut).then(
      () => 'none',
      (error) => error.code
    );
    expectSame(`${title}: the error where the end is missing`, code, 'ERR_OFFLOOP_JSON');
  }
}

function expectSame(title, ours, expected) {
  if (isDeepStrictEqual(ours, expected)) return;
  throw new Mismatch(`${title}: offloop has ${inspect(ours)} instead of ${inspect(expected)}`);
}

async function oneField(compare, options) {
  const { data, called } = openArray(options);
  await withDocument(data, async (opened) => {
    const pluck = async (document) => (await document.pluck('/*/price')).values;
    await compare({
      title: `${called}: one field of every record to a typed column`,
      note: `from the bytes, but for "pluck alone"; here are ${CORES} cores`,
      quantity: megabytes(data.length),
      stall: true,
      rounds: slowRounds(options),
      contenders: [
        { name: 'offloop', call: () => withDocument(data, pluck) },
        { name: 'offloop, pluck alone', call: () => pluck(opened) },
        { name: 'JSON.parse, then map', call: () => Float64Array.from(parse(data), ({ price }) => price) },
      ],
      targets: [
        { times: 10, as: 'JSON.parse, then map' },
        { atMost: 5, column: 'longest stall' },
      ],
    });
  });
}

async function wholeTree(compare, options) {
  const { data, called } = openArray(options);
  await withParsingWorker('json-tree.mjs', data, (parseInWorker) =>
    compare({
      title: `${called} to the whole tree`,
      note: 'the worker has the bytes in shared memory, and its tree is cloned',
      quantity: megabytes(data.length),
      stall: true,
      rounds: slowRounds(options),
      contenders: [
        { name: 'offloop', call: () => withDocument(data, (document) => document.value()) },
        { name: 'JSON.parse', call: () => parse(data) },
        { name: 'JSON.parse in a worker', call: parseInWorker },
      ],
      targets: [
        { times: 1, as: 'JSON.parse' },
        { atMost: 10, column: 'longest stall' },
      ],
    })
  );
}

async function walked(compare, options) {
  const { data, called } = openArray(options);
  await compare({
    title: `${called}: a walk over all records`,
    note: 'offloop makes 1,000 at a time, which are garbage when the next come',
    quantity: megabytes(data.length),
    stall: true,
    rounds: slowRounds(options),
    contenders: [
      {
        name: 'offloop, items',
        call: () =>
          withDocument(data, async (document) => {
            const totals = { records: 0, price: 0, tags: 0 };
            for await (const records of document.items()) addUp(totals, records);
            return totals;
          }),
      },
      { name: 'JSON.parse', call: () => addUp({ records: 0, price: 0, tags: 0 }, parse(data)) },
    ],
  });
}

function addUp(totals, records) {
  for (const { price, tags } of records) {
    totals.records++;
    totals.price += price;
    totals.tags += tags.length;
  }
  return totals;
}

async function linesToColumns(compare, options) {
  const { path, data, called } = openLines(options);
  await compare({
    title: `${called} to typed columns`,
    note:
      'duckdb and polars read the file, which the system has in memory; duckdb finds the times by itself; both make ' +
      'columns of nested values; JSON.parse makes row objects and no columns',
    quantity: megabytes(data.length),
    stall: true,
    rounds: slowRounds(options),
    contenders: await lineReaders(path, data),
    compareOutputs: (title, contenders) => compareCells(KEYS, title, contenders),
    targets: [
      { times: 4, as: 'duckdb' },
      { times: 8, as: 'JSON.parse by line' },
    ],
  });
}

async function streamed(compare, options) {
  const { path, data, called } = openLines(options);
  await compare({
    title: `${called} streamed from a file, two columns added up`,
    note: 'each in a fresh process; memory added: the peak over what the process had at its start',
    processes: true,
    quantity: megabytes(data.length),
    rounds: slowRounds(options),
    contenders: readers('json-stream.mjs', ['offloop', 'JSON.parse by line'], path, data.length),
    columns: [MEMORY_ADDED],
  });
}

async function threads(compare, options) {
  for (const [operation, { path, data, called }] of [
    ['json.parse', openArray(options)],
    ['json.parseLines', openLines(options)],
  ]) {
    await compare({
      title: `${called} by ${operation}, by threads`,
      note: 'each in a process of its own',
      processes: true,
      quantity: megabytes(data.length),
      rounds: slowRounds(options),
      contenders: withThreads([CORES, 1], operation, path, data.length),
    });
  }
}

async function limits(compare, options) {
  const { data, called } = openArray(options);
  const written = await withDocument(data, ({ indexBytes }) => indexBytes);
  await compare({
    title: `${called}: how far from the memory`,
    note: 'every rate is of the bytes of the JSON; fresh memory is what the index takes, touched on one core',
    quantity: megabytes(data.length),
    contenders: [
      { name: 'offloop', call: () => withDocument(data, () => {}) },
      { name: 'offloop, validate', call: () => json.validate(data) },
      ...memoryLimits(data, written),
    ],
    // Different things.
    compareOutputs: async () => {},
  });
}

async function stringified(compare, options) {
  const { data } = openArray(options);
  const objects = parse(data).map(({ id, name, price, time, paid, kind, stars, note, user }) => {
    return { id, name, price, time, paid, kind, stars, note, 'user.id': user.id, 'user.city': user.city };
  });
  const table = await withDocument(data, (document) => document.table('', { columns: Object.keys(objects[0]) }));
  const text = Buffer.from(JSON.stringify(objects));
  const lines = Buffer.from(objects.map((row) => `${JSON.stringify(row)}\n`).join(''));
  await compare({
    title: `${objects.length.toLocaleString('en')} rows to ${Math.round(text.length / 1e6)} MB of JSON`,
    note: 'offloop has a table, JSON.stringify the row objects; offloop and "to a Buffer" give bytes, as a response needs them',
    quantity: megabytes(text.length),
    stall: true,
    rounds: slowRounds(options),
    contenders: [
      { name: 'offloop', call: () => json.stringify(table) },
      { name: 'offloop, lines', call: () => json.stringify(table, { lines: true }) },
      { name: 'JSON.stringify', call: () => JSON.stringify(objects) },
      { name: 'JSON.stringify, to a Buffer', call: () => Buffer.from(JSON.stringify(objects)) },
    ],
    compareOutputs: async (title, [array, byLine, ...peers]) => {
      await compareWritten(title, [array, ...peers], [text]);
      await compareWritten(title, [byLine], [lines]);
    },
  });
}
