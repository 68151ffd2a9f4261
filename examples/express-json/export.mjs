// A table as text, a part at a time.

import { json } from 'offloop';

/** Rows of a part: about a megabyte of text. */
const ROWS = 10_000;

/** With an object on each line (NDJSON). */
export async function* linesOf(table, options) {
  for (let from = 0; from < table.numRows; from += ROWS) {
    yield await json.stringify(table.slice(from, from + ROWS), { ...options, lines: true });
  }
}

/** As one array. */
export async function* arrayOf(table, options) {
  for (let from = 0; from < table.numRows; from += ROWS) {
    const part = await json.stringify(table.slice(from, from + ROWS), options);
    // An array by itself: between two of them there is a comma, and the last bracket comes after all.
    if (from > 0) part.write(',');
    yield part.subarray(0, -1);
  }
  yield table.numRows === 0 ? '[]' : ']';
}
