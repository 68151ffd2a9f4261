'use strict';

// A table on its way to another thread: the rows and columns that it has, in one piece of memory.

const { copyBits, countSet } = require('./bitmap.js');
const { failure, invalidType, toError } = require('./errors.js');
const { ALIGNMENT, WIDTHS, isText, open, sizeOf, textCount } = require('./layout.js');
const { Turns } = require('./turns.js');

/** @typedef {InstanceType<typeof import('./layout.js').ColumnData>} ColumnData */
/** @typedef {import('./layout.js').Memory} Memory */
/** @typedef {import('./layout.js').RecordErrors} RecordErrors */

/** Milliseconds of copying in each turn of the event loop. */
const BUDGET = 2;
/** What is copied between two looks at the clock: a tenth of a millisecond each. */
const BYTES = 256 * 1024;
const BITS = 256 * 1024;
const OFFSETS = 64 * 1024;

/**
 * A part of the memory that is being packed.
 *
 * @typedef {object} Part
 * @property {number} position
 * @property {number} length in units of its own
 * @property {number} most units that are copied at once
 * @property {(target: Memory, position: number, from: number, to: number) => void} copy
 */

/**
 * @template {Memory} M
 * @param {readonly ColumnData[]} columns
 * @param {[from: number, to: number]} range of rows
 * @param {RecordErrors & { metadata: object }} rest
 * @param {new (size: number) => M} Kind of memory
 * @returns {Promise<{ meta: string, memory: M }>}
 */
async function pack(columns, [from, to], rest, Kind) {
  const plan = new Plan();
  const placements = columns.map((data) => place(plan, data, from, to));
  const memory = allocate(Kind, plan.size);
  const turns = new Turns(BUDGET);
  for (const { position, length, most, copy } of plan.parts) {
    for (let at = 0; at < length; at += most) {
      copy(memory, position, at, Math.min(at + most, length));
      if (turns.spent) await turns.next();
    }
  }
  return { meta: JSON.stringify({ ...rest, numRows: to - from, columns: placements }), memory };
}

/**
 * @template {Memory} M
 * @param {new (size: number) => M} Kind
 * @param {number} size
 */
function allocate(Kind, size) {
  try {
    return new Kind(size);
  } catch {
    const message = `Expected memory for a table of ${size} bytes but the system has none`;
    throw toError(failure('ERR_OFFLOOP_MEMORY_LIMIT', { message }), pack);
  }
}

/** Where the parts of the packed columns go. */
class Plan {
  parts = /** @type {Part[]} */ ([]);
  size = 0;

  /**
   * @param {number} size in bytes
   * @param {Omit<Part, 'position'>} part
   * @returns {number} its position
   */
  add(size, part) {
    const position = this.size;
    this.parts.push({ position, ...part });
    this.size = Math.ceil((position + size) / ALIGNMENT) * ALIGNMENT;
    return position;
  }

  /**
   * Bytes as they are.
   *
   * @param {ColumnData} data
   * @param {number} start in its memory
   * @param {number} length
   */
  bytes(data, start, length) {
    return this.add(length, {
      length,
      most: BYTES,
      copy(target, position, from, to) {
        data.check();
        const source = new Uint8Array(data.memory, start + from, to - from);
        new Uint8Array(target, position + from, to - from).set(source);
      },
    });
  }

  /**
   * Some rows of a bitmap, from the first bit on.
   *
   * @param {ColumnData} data
   * @param {() => Uint8Array} bitmap
   * @param {number} first row
   * @param {number} length
   */
  bits(data, bitmap, first, length) {
    return this.add(sizeOf(length, 1), {
      length,
      most: BITS,
      copy(target, position, from, to) {
        data.check();
        const bytes = new Uint8Array(target, position + from / 8, sizeOf(to - from, 1));
        copyBits(bitmap(), first + from, first + to, bytes);
      },
    });
  }

  /**
   * Offsets of texts, of which the first begins at 0.
   *
   * @param {ColumnData} data
   * @param {number} first text
   * @param {number} length one more than the texts
   */
  offsets(data, first, length) {
    const base = data.offsets[first];
    return this.add(sizeOf(length, 32), {
      length,
      most: OFFSETS,
      copy(target, position, from, to) {
        data.check();
        const source = data.offsets.subarray(first + from, first + to);
        const offsets = new Int32Array(target, position + 4 * from, to - from);
        for (let index = 0; index < offsets.length; index++) offsets[index] = source[index] - base;
      },
    });
  }
}

/**
 * Plans the place of some rows of a column.
 *
 * @param {Plan} plan
 * @param {ColumnData} data
 * @param {number} from
 * @param {number} to
 * @returns {import('./layout.js').Placement}
 */
function place(plan, data, from, to) {
  data.check();
  const { name, type, placement } = data;
  const rows = to - from;
  const nullCount = data.validity === undefined ? 0 : rows - countSet(data.validity, from, to);
  const placed = { ...placement, name, type, nullCount, memory: 0, values: -1, validity: -1, offsets: -1, bytes: -1 };
  if (nullCount > 0) placed.validity = plan.bits(data, () => /** @type {Uint8Array} */ (data.validity), from, rows);
  if (type === 'boolean') {
    placed.values = plan.bits(data, () => data.values, from, rows);
  } else if (!isText(type)) {
    const start = placement.values + sizeOf(from, WIDTHS[type]);
    placed.values = plan.bytes(data, start, sizeOf(rows, WIDTHS[type]));
  }
  const first = isText(type) ? from : 0;
  const texts = textCount(placement, rows);
  if (texts < 0) return placed;
  // Of a message that lies they may be anything.
  const [start, end] = [first, first + texts].map((text) => clamp(data.offsets[text], placement.bytesLength));
  placed.bytesLength = Math.max(0, end - start);
  placed.offsets = plan.offsets(data, first, texts + 1);
  placed.bytes = plan.bytes(data, placement.bytes + start, placed.bytesLength);
  return placed;
}

/**
 * @param {number} offset
 * @param {number} most
 */
function clamp(offset, most) {
  return Math.min(Math.max(offset, 0), most);
}

/** @param {any} message */
function unpack(message) {
  if (message === null || typeof message !== 'object') {
    throw invalidType('message', 'an object that toMessage or share has made', message);
  }
  return open(message.meta, [message.memory], 'message', message);
}

module.exports = { pack, unpack };
