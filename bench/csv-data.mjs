// The CSV that is measured: what tables hold, and what makes parsers slow. The same bytes every time.

import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** 50 MB. */
export const ROWS = 600_000;

/** The columns, in their order, with the types that they are read as. */
export const COLUMNS = {
  id: 'int32',
  price: 'float64',
  name: 'string',
  time: 'timestamp',
  active: 'boolean',
  category: 'dictionary',
  score: 'float64',
  note: 'string',
};

const FIRST_NAMES = ['Ada', 'Zoë', 'Łucja', 'José', 'Mei', '美咲', 'Олег', 'Grace', 'Søren', 'Anaïs', 'Ngọc', 'Tom'];
const LAST_NAMES = [
  'Byron',
  'Müller',
  'Silva',
  'Østby',
  '李',
  'Iwu',
  'Kraus',
  'Núñez',
  'Roy',
  'Hopper',
  'Çelik',
  'Cho',
];
const CATEGORIES = ['tools', 'books', '"toys, games"', 'music', 'garden', '"arts, crafts"', 'food', 'travel'];
const NOTES = ['paid', 'sent', 'on hold', 'a ""gift""', 'fragile', 'at no. 7', '""urgent""', 'returned'];

/** Characters of the text that is made at once: all of it in one piece keeps the garbage collector busy. */
const BLOCK = 1 << 16;

/** Where files are kept until the next `cargo clean`: nothing there is part of the repository. */
const folder = join(import.meta.dirname, '..', 'target', 'bench');

/** A generator of numbers from 0 to 1, the same every time: mulberry32. */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The file's bytes. Numbers are written as JavaScript writes them and nothing is quoted without need, so
 * that to parse it and to write it again gives the same bytes.
 */
export function csvBytes(rows = ROWS) {
  const random = seeded(1);
  const below = (end) => Math.floor(random() * end);
  const oneOf = (values) => values[below(values.length)];
  const start = Date.UTC(2024, 0, 1) / 1000;
  const blocks = [];
  let text = `${Object.keys(COLUMNS).join()}\n`;
  for (let id = 1; id <= rows; id++) {
    const price = below(100_000) / 100;
    const name = `${oneOf(FIRST_NAMES)} ${oneOf(LAST_NAMES)} ${below(1000)}`;
    const time = new Date((start + below(366 * 86_400)) * 1000).toISOString().replace('.000', '');
    const score = random() < 0.2 ? '' : below(100_000) / 1000;
    const plain = `${oneOf(NOTES)} ${below(10_000)}`;
    const note = plain.includes('"') ? `"${plain}"` : plain;
    text += `${id},${price},${name},${time},${random() < 0.5},${oneOf(CATEGORIES)},${score},${note}\n`;
    if (text.length < BLOCK && id < rows) continue;
    blocks.push(Buffer.from(text));
    text = '';
  }
  return Buffer.concat(blocks);
}

/** The path of the file, which is made where it is not there yet. */
export function csvFile(rows = ROWS) {
  const path = join(folder, `${rows}.csv`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  // A file under its own name is whole.
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, csvBytes(rows));
  renameSync(unfinished, path);
  return path;
}
