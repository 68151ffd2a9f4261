// The ways to read the NDJSON of json-data.mjs into columns, and to look into what comes of it.

import { DuckDBInstance } from '@duckdb/node-api';
import pl from 'nodejs-polars';
import { KEYS } from './json-data.mjs';
import { json } from './offloop.mjs';

const NAMES = Object.keys(KEYS);
/** What `user` is, as columns of their own. */
const FLAT = NAMES.flatMap((name) => (name === 'user' ? ['user.id', 'user.city'] : name));

const DUCKDB_TYPES = {
  int32: 'INTEGER',
  float64: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'VARCHAR',
  string: 'VARCHAR',
  dictionary: 'VARCHAR',
  json: 'JSON',
};

/** An object with something for each of the columns. */
const eachColumn = (of) => Object.fromEntries(NAMES.map((name) => [name, of(name)]));

const ofTable = (table) => eachColumn((name) => table.column(name).toArray());
const ofFlatTable = (table) => eachColumn((name) => (name === 'user' ? usersOf(table) : table.column(name).toArray()));
const ofRows = (rows) => eachColumn((name) => rows.map((row) => row[name]));
const ofFrame = (frame) => eachColumn((name) => frame.getColumn(name).toArray());
const ofDuckdb = (reader) => reader.getColumnsObjectJS();

function usersOf(table) {
  const cities = table.column('user.city').toArray();
  return Array.from(table.column('user.id'), (id, row) => ({ id, city: cities[row] }));
}

/** Readers of cells.mjs. */
export async function lineReaders(path, data) {
  const duckdb = await (await DuckDBInstance.create()).connect();
  const file = `'${path.replaceAll("'", "''")}', format = 'newline_delimited'`;
  const columns = Object.entries(KEYS).map(([name, type]) => `${name}: '${DUCKDB_TYPES[type]}'`);
  return [
    { name: 'offloop', call: () => json.parseLines(data), cells: ofTable },
    {
      // As much as duckdb does by itself.
      name: 'offloop, times and nested',
      call: () => json.parseLines(data, { columns: FLAT, types: { time: 'timestamp' } }),
      cells: ofFlatTable,
    },
    { name: 'duckdb', call: () => duckdb.runAndReadAll(`SELECT * FROM read_json(${file})`), cells: ofDuckdb },
    {
      // As little as offloop does by itself: times and nested values stay text, and nothing has to be found out.
      name: 'duckdb, told the columns',
      call: () => duckdb.runAndReadAll(`SELECT * FROM read_json(${file}, columns = {${columns}})`),
      cells: ofDuckdb,
    },
    // readJSON, which takes a Buffer too, blocks the event loop.
    { name: 'nodejs-polars', call: () => pl.scanJson(path).collect(), cells: ofFrame },
    { name: 'JSON.parse by line', call: () => parseByLine(data), cells: ofRows },
  ];
}

function parseByLine(data) {
  const text = data.toString();
  const records = [];
  let start = 0;
  for (let end; (end = text.indexOf('\n', start)) !== -1; start = end + 1) {
    records.push(JSON.parse(text.slice(start, end)));
  }
  return records;
}
