// Compares what readers make of the same table, cell by cell.

import { inspect } from 'node:util';
import { Mismatch } from './harness.mjs';

/**
 * @typedef {object} Reader a contender with
 * @property {string} name
 * @property {() => unknown} call reads the whole input
 * @property {(output: any) => Record<string, Iterable<unknown>>} cells of each column, off the clock
 */

/**
 * Compares every cell with offloop's.
 *
 * @param {Record<string, string>} columns the types by the names
 * @param {string} title
 * @param {Reader[]} readers offloop first
 */
export async function compareCells(columns, title, [ours, ...peers]) {
  const read = async ({ call, cells }) => {
    const found = cells(await call());
    return Object.entries(columns).map(([name, type]) => Array.from(found[name], value(type)));
  };
  const expected = await read(ours);
  for (const peer of peers) {
    const received = await read(peer);
    for (const [at, name] of Object.keys(columns).entries()) {
      compareColumn(`${title}: ${name}`, ours, expected[at], peer, received[at]);
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
    json: (cell) => (typeof cell === 'string' ? cell : JSON.stringify(cell, plainNumber)),
  }[type];
  return (cell) => (cell === null || cell === '' ? null : (convert?.(cell) ?? cell));
}

function plainNumber(_key, value) {
  return typeof value === 'bigint' ? Number(value) : value;
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
