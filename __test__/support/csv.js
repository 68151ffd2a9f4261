'use strict';

// Tables as plain rows, and random tables as CSV.

/** Options under which every field is its text. */
const TEXT = { types: 'string', nullValues: [] };

/** The rows of tables as arrays of values. */
function rowsOf(...tables) {
  return tables.flatMap((table) => {
    const columns = table.columnNames.map((name) => table.column(name).toArray());
    return Array.from({ length: table.numRows }, (_, row) => columns.map((values) => values[row]));
  });
}

/** The types of a table's columns, by their names. */
const typesOf = (table) => Object.fromEntries(table.schema.map(({ name, type }) => [name, type]));

/** Everything that an iterable gives. */
async function collect(iterable) {
  const all = [];
  for await (const each of iterable) all.push(each);
  return all;
}

/** Bytes in pieces of a size. */
function* pieces(bytes, size) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** A generator of numbers below 1, the same for the same seed: mulberry32. */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const PARTS = [',', ';', '\t', '|', '"', '""', "'", '\\', '#', ' ', '\n', '\r\n', '\r', '0', '12', '-1.5', 'true'];
PARTS.push('text', 'né', '漢字', '😀', '\u2028', '\0', '\ufeff', '2024-01-31', '=1+1', 'null');

/** Random texts, as hard to read as CSV can hold. */
function randomRows(random, rows, columns) {
  const part = () => PARTS[Math.floor(random() * PARTS.length)];
  const text = () => Array.from({ length: Math.floor(random() ** 2 * 6) }, part).join('');
  return Array.from({ length: rows }, () => Array.from({ length: columns }, text));
}

/** Rows as CSV, quoted where it is needed and, where a caller says so, elsewhere. */
function write(rows, { delimiter = ',', quote = '"', escape = quote, newline = '\n', quoted = () => false } = {}) {
  const special = [delimiter, quote, escape, '\r', '\n'];
  const field = (text) => {
    if (!quoted() && text !== '' && !special.some((each) => text.includes(each))) return text;
    const escaped = [...text].map((each) => (each === quote || each === escape ? escape + each : each));
    return quote + escaped.join('') + quote;
  };
  return rows.map((row) => row.map(field).join(delimiter) + newline).join('');
}

module.exports = { TEXT, collect, pieces, randomRows, rowsOf, seeded, typesOf, write };
