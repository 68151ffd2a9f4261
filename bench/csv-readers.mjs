// The ways to read the CSV of csv-data.mjs, and to look into what comes of it.

import { inspect } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { parse } from 'csv-parse/sync';
import pl from 'nodejs-polars';
import Papa from 'papaparse';
import { COLUMNS } from './csv-data.mjs';
import { Mismatch } from './harness.mjs';
import { csv } from './offloop.mjs';
import { udsv } from './udsv.mjs';

/**
 * @typedef {object} Reader a contender with
 * @property {string} name
 * @property {() => unknown} call reads the whole CSV
 * @property {(output: any) => Record<string, Iterable<unknown>>} cells of each column, off the clock
 */

/** An object with something for each of the columns. */
const eachColumn = (of) =>
  Object.fromEntries(Object.entries(COLUMNS).map(([name, type], at) => [name, of(name, type, at)]));

const ofTable = (table) => eachColumn((name) => table.column(name).toArray());
const ofRows = (rows) => eachColumn((name) => rows.map((row) => row[name]));
const ofFrame = (frame) => eachColumn((name) => frame.getColumn(name).toArray());
const ofArrays = (arrays) => eachColumn((_name, _type, at) => arrays[at]);

const polarsTime = pl.col('time').str.strptime(pl.Datetime('ms'), '%Y-%m-%dT%H:%M:%SZ');

/** What reads on native threads, into columns. */
export async function nativeReaders(path, data) {
  const duckdb = await (await DuckDBInstance.create()).connect();
  return [
    { name: 'offloop', call: () => csv.parse(data), cells: ofTable },
    { name: 'offloop, parseFile', call: () => csv.parseFile(path), cells: ofTable },
    // readCSV, which takes a Buffer too, blocks the event loop.
    { name: 'nodejs-polars', call: () => pl.scanCSV(path).collect(), cells: ofFrame },
    {
      name: 'nodejs-polars, times',
      // `parseDates`, which has to find the format by itself, takes four times as long.
      call: () => pl.scanCSV(path).withColumn(polarsTime).collect(),
      cells: ofFrame,
    },
    {
      name: 'duckdb',
      call: () => duckdb.runAndReadAll(`SELECT * FROM read_csv('${path.replaceAll("'", "''")}')`),
      cells: (reader) => reader.getColumnsObjectJS(),
    },
  ];
}

/** What reads in JavaScript, in its fastest way to values that have their types. */
export function scriptReaders(data) {
  return [
    { name: 'udsv', call: () => udsv(data, 'typedCols'), cells: ofArrays },
    {
      name: 'papaparse',
      call: () => Papa.parse(data.toString(), { header: true, dynamicTyping: true, skipEmptyLines: true }).data,
      cells: ofRows,
    },
    {
      name: 'csv-parse',
      // With a function for `cast`, which it gives an object for each field, it takes five times as long.
      call: () => parse(data, { columns: true, cast: true }),
      cells: ofRows,
    },
  ];
}

/** To row objects, all of them kept. */
export function rowReaders(data, worker) {
  return [
    { name: 'offloop', call: () => allRows(data), cells: ofRows },
    { name: 'udsv', call: () => udsv(data, 'typedObjs'), cells: ofRows },
    { name: 'udsv, strings', call: () => udsv(data, 'stringObjs'), cells: ofRows },
    { name: 'udsv in a worker', call: worker, cells: ofRows },
  ];
}

async function allRows(data) {
  const table = await csv.parse(data);
  const all = [];
  for await (const rows of table.rows()) {
    for (const row of rows) all.push(row);
  }
  return all;
}

/**
 * Compares every cell with offloop's.
 *
 * @param {string} title
 * @param {Reader[]} readers offloop first
 */
export async function compareCells(title, [ours, ...peers]) {
  const read = async ({ call, cells }) => {
    const columns = cells(await call());
    return eachColumn((name, type) => Array.from(columns[name], value(type)));
  };
  const expected = await read(ours);
  for (const peer of peers) {
    const received = await read(peer);
    for (const name of Object.keys(COLUMNS)) {
      compareColumn(`${title}: ${name}`, ours, expected[name], peer, received[name]);
    }
  }
}

/** What a cell says, whatever the form that a reader gives it. */
function value(type) {
  const convert = {
    boolean: (cell) => (typeof cell === 'string' ? cell === 'true' : cell),
    int32: Number,
    float64: Number,
    timestamp: (cell) => Number(typeof cell === 'string' ? new Date(cell) : cell),
  }[type];
  return (cell) => (cell === null || cell === '' ? null : (convert?.(cell) ?? cell));
}

function compareColumn(title, ours, expected, peer, received) {
  if (received.length !== expected.length) {
    throw new Mismatch(`${title}: ${ours.name} has ${expected.length} rows but ${peer.name} ${received.length}`);
  }
  const row = expected.findIndex((cell, index) => cell !== received[index]);
  if (row === -1) return;
  const [one, other] = [expected[row], received[row]].map((cell) => inspect(cell));
  throw new Mismatch(`${title}: in row ${row} ${ours.name} has ${one} but ${peer.name} ${other}`);
}
