// Files that are measured: made where they are not there yet, and of the same bytes every time.

import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const FIRST_NAMES = [
  'Ada',
  'Zoë',
  'Łucja',
  'José',
  'Mei',
  '美咲',
  'Олег',
  'Grace',
  'Søren',
  'Anaïs',
  'Ngọc',
  'Tom',
];
export const LAST_NAMES = [
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

/** Characters of the text that is made at once: all of it in one piece keeps the garbage collector busy. */
const BLOCK = 1 << 16;

/** Where files are kept until the next `cargo clean`: nothing there is part of the repository. */
const folder = join(import.meta.dirname, '..', 'target', 'bench');

/** Choices that are the same every time. */
export class Choices {
  /** @param {number} seed */
  constructor(seed) {
    this.state = seed;
  }

  /** A number from 0 to 1: mulberry32. */
  random() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from 0 on. */
  below(end) {
    return Math.floor(this.random() * end);
  }

  oneOf(values) {
    return values[this.below(values.length)];
  }

  /** A second of 2024, in ISO 8601. */
  time() {
    const start = Date.UTC(2024, 0, 1) / 1000;
    return new Date((start + this.below(366 * 86_400)) * 1000).toISOString().replace('.000', '');
  }
}

/**
 * The bytes of texts, one behind the other.
 *
 * @param {Iterable<string>} texts
 */
export function bytesOf(texts) {
  const blocks = [];
  let block = '';
  for (const text of texts) {
    block += text;
    if (block.length < BLOCK) continue;
    blocks.push(Buffer.from(block));
    block = '';
  }
  blocks.push(Buffer.from(block));
  return Buffer.concat(blocks);
}

/**
 * The path of a file, which is made where it is not there yet.
 *
 * @param {string} name
 * @param {() => Buffer} bytes
 */
export function generatedFile(name, bytes) {
  const path = join(folder, name);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  // A file under its own name is whole.
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, bytes());
  renameSync(unfinished, path);
  return path;
}
