// What is compressed, by whom, and how to tell that it came out right.

import { Decoder, Encoder } from '@toondepauw/node-zstd';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import nodeZlib from 'node:zlib';
import { ROWS, csvFile } from './csv-data.mjs';
import { generatedFile } from './generated.mjs';
import { Mismatch, rate } from './harness.mjs';

const QUICK_ROWS = 20_000;
/** What a file or a socket gives at once. */
const CHUNK = 64 << 10;

/** The one-shots of node:zlib, as most people call them. */
export const node = Object.fromEntries(
  ['gzip', 'gunzip', 'deflate', 'inflate', 'brotliCompress', 'brotliDecompress', 'zstdCompress', 'zstdDecompress']
    // zstd is there since Node 22.15.
    .filter((name) => name in nodeZlib)
    .map((name) => [name, promisify(nodeZlib[name])])
);

/** The binding of zstd. Its functions are on libuv's threads too. */
export const zstdBinding = {
  compress: (data, level) => new Encoder(level).encode(data),
  decompress: (data) => new Decoder().decode(data),
};

/** The CSV, as a file and in memory, and what the titles call it. */
export function open({ quick }) {
  const rows = quick ? QUICK_ROWS : ROWS;
  const path = csvFile(rows);
  const data = readFileSync(path);
  const gzipped = generatedFile(`${rows}.csv.gz`, () => nodeZlib.gzipSync(data, { level: 6 }));
  return { path, data, gzipped, called: `${Math.round(data.length / 1e6)} MB of CSV` };
}

/** @typedef {import('./harness.mjs').Contender & { ratio?: number }} Compressor */

/** @type {import('./harness.mjs').Column} of Compressors whose outputs were compared */
export const RATIO = { title: 'ratio', unit: '', of: ({ ratio }) => ratio };

/**
 * What compares the outputs of Compressors: each has to give the input again. Notes their ratios.
 *
 * @param {Buffer} data the input
 * @param {(output: Buffer) => Promise<Buffer> | Buffer} restore of another library than ours
 * @returns {(title: string, contenders: Compressor[]) => Promise<void>}
 */
export function comparingRestored(data, restore) {
  return async (title, contenders) => {
    for (const contender of contenders) {
      const output = await contender.call();
      const restored = await restore(output);
      if (!data.equals(restored)) {
        throw new Mismatch(`${title}: what ${contender.name} gives is not restored to the ${data.length} bytes`);
      }
      contender.ratio = data.length / output.length;
    }
  };
}

/** Of the bytes that are not compressed. */
export const megabytes = (bytes) => rate('MB/s', bytes / 1e6);

/** Each round of node:zlib takes some seconds, stalls included. */
export const slowRounds = ({ quick }) => (quick ? 1 : 5);

/** What restores an output that is not compressed. */
export const asItIs = (output) => output;

/** Contenders by their names, each a function of the input. Of those that this Node has not there is none. */
const contendersOf = (functions, input) =>
  Object.entries(functions)
    .filter(([, work]) => work !== undefined)
    .map(([name, work]) => ({ name, call: () => work(input) }));

/**
 * A row of functions that compress the CSV.
 *
 * @param {string} how
 * @param {(output: Buffer) => Promise<Buffer>} restore
 * @param {Record<string, ((data: Buffer) => Promise<Buffer>) | undefined>} functions
 * @param {Partial<import('./harness.mjs').Row>} [row] what else it has
 */
export const compressing = (how, restore, functions, row) => async (compare, options) => {
  const { data, called } = open(options);
  await compare({
    title: `${called} ${how}`,
    quantity: megabytes(data.length),
    stall: true,
    columns: [RATIO],
    rounds: slowRounds(options),
    contenders: contendersOf(functions, data),
    compareOutputs: comparingRestored(data, restore),
    ...row,
  });
};

/** The same of functions that give the CSV for what `compress` makes of it, once. */
export const decompressing = (how, compress, functions, row) => async (compare, options) => {
  const { data, called } = open(options);
  const compressed = await compress(data);
  await compare({
    title: `${called} ${how}`,
    quantity: megabytes(data.length),
    stall: true,
    rounds: slowRounds(options),
    contenders: contendersOf(functions, compressed),
    compareOutputs: comparingRestored(data, asItIs),
    ...row,
  });
};

/** The output of a Transform for `data`, which comes in pieces. */
export async function through(transform, data) {
  const pieces = [];
  await pipeline(Readable.from(piecesOf(data, CHUNK)), transform, async (output) => {
    for await (const piece of output) pieces.push(piece);
  });
  return Buffer.concat(pieces);
}

/** Views of `data`, each of so many bytes but the last. */
export function piecesOf(data, bytes) {
  return Array.from({ length: Math.ceil(data.length / bytes) }, (_, index) =>
    data.subarray(index * bytes, (index + 1) * bytes)
  );
}
