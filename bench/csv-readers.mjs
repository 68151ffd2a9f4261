// The ways to read the CSV of csv-data.mjs, and to look into what comes of it.

import { DuckDBInstance } from '@duckdb/node-api';
import { parse } from 'csv-parse/sync';
import pl from 'nodejs-polars';
import Papa from 'papaparse';
import { COLUMNS } from './csv-data.mjs';
import { csv } from './offloop.mjs';
import { udsv } from './udsv.mjs';

/** An object with something for each of the columns. */
const eachColumn = (of) =>
  Object.fromEntries(Object.entries(COLUMNS).map(([name, type], at) => [name, of(name, type, at)]));

const ofTable = (table) => eachColumn((name) => table.column(name).toArray());
const ofRows = (rows) => eachColumn((name) => rows.map((row) => row[name]));
const ofFrame = (frame) => eachColumn((name) => frame.getColumn(name).toArray());
const ofArrays = (arrays) => eachColumn((_name, _type, at) => arrays[at]);

const polarsTime = pl.col('time').str.strptime(pl.Datetime('ms'), '%Y-%m-%dT%H:%M:%SZ');

/** What reads on native threads, into columns: readers of cells.mjs, as the others. */
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
