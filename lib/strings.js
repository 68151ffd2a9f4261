'use strict';

// Text of a column, as JavaScript strings: decoded when it is asked for, many rows at once.

const { isAscii } = require('node:buffer');

/**
 * Bytes that are decoded at once. A string of 13 characters or more is a slice of its block's, which
 * stays in memory as long as it does.
 */
const BLOCK = 16 * 1024;

/**
 * @param {Buffer} bytes
 * @param {number} start
 * @param {number} end
 */
function decode(bytes, start, end) {
  return bytes.toString('utf8', start, end);
}

/**
 * The texts from `from` on. Decoding a block and cutting it costs a fraction of decoding each text,
 * which is a call into Node for each.
 *
 * @param {Buffer} bytes
 * @param {Int32Array} offsets
 * @param {number} from
 * @param {number} count
 * @param {unknown[]} cells takes them, from its start
 */
function decodeRows(bytes, offsets, from, count, cells) {
  const end = from + count;
  let row = from;
  while (row < end) {
    const start = offsets[row];
    let stop = start;
    let last = row;
    while (last < end) {
      const next = offsets[last + 1];
      // Offsets that decrease are no text's: `decode` takes any.
      if (next < stop || next - start > BLOCK) break;
      stop = next;
      last++;
    }
    if (last <= row + 1) {
      cells[row - from] = decode(bytes, start, offsets[row + 1]);
      row++;
      continue;
    }
    if (isAscii(bytes.subarray(start, stop))) cutAscii(bytes, offsets, row, last, from, cells);
    else cutMixed(bytes, offsets, row, last, from, cells);
    row = last;
  }
}

/**
 * A block without any character beyond ASCII, where a byte is a character.
 *
 * @param {Buffer} bytes
 * @param {Int32Array} offsets
 * @param {number} row
 * @param {number} end
 * @param {number} from the row of the first cell
 * @param {unknown[]} cells
 */
function cutAscii(bytes, offsets, row, end, from, cells) {
  const start = offsets[row];
  const text = bytes.toString('latin1', start, offsets[end]);
  let at = 0;
  for (; row < end; row++) {
    const next = offsets[row + 1] - start;
    cells[row - from] = text.substring(at, next);
    at = next;
  }
}

/** The UTF-16 of those texts of a block that are not ASCII, one after the other. */
const units = new Uint16Array(BLOCK);
const unitBytes = Buffer.from(units.buffer);

/**
 * A block with some character beyond ASCII. Texts without any are cut from a string of one byte a
 * character, which takes half the memory of the other.
 *
 * @param {Buffer} bytes
 * @param {Int32Array} offsets
 * @param {number} row
 * @param {number} end
 * @param {number} from the row of the first cell
 * @param {unknown[]} cells
 */
function cutMixed(bytes, offsets, row, end, from, cells) {
  const start = offsets[row];
  const ascii = bytes.toString('latin1', start, offsets[end]);
  let length = 0;
  let at = start;
  for (let text = row; text < end; text++) {
    const next = offsets[text + 1];
    const before = length;
    length = isPlain(bytes, at, next) ? length : transcode(bytes, at, next, length);
    // Until the others can be cut, the length of each.
    cells[text - from] = length > before ? length - before : ascii.substring(at - start, next - start);
    at = next;
  }
  const others = unitBytes.toString('utf16le', 0, 2 * length);
  let unit = 0;
  for (let cell = row - from; cell < end - from; cell++) {
    const text = cells[cell];
    if (typeof text !== 'number') continue;
    cells[cell] = others.substring(unit, unit + text);
    unit += text;
  }
}

/**
 * @param {Buffer} bytes
 * @param {number} at
 * @param {number} end
 */
function isPlain(bytes, at, end) {
  while (at < end && bytes[at] < 0x80) at++;
  return at === end;
}

/**
 * UTF-8 as UTF-16. Node 20 takes three times as long, and does not say where each text begins. Native
 * code writes valid UTF-8 only; anything else becomes some other text.
 *
 * @param {Buffer} bytes
 * @param {number} at
 * @param {number} end
 * @param {number} length of what `units` has already
 * @returns {number} its length then
 */
function transcode(bytes, at, end, length) {
  while (at < end) {
    const lead = bytes[at++];
    if (lead < 0x80) {
      units[length++] = lead;
    } else if (lead < 0xe0) {
      units[length++] = ((lead & 0x1f) << 6) | (bytes[at++] & 0x3f);
    } else if (lead < 0xf0) {
      units[length++] = ((lead & 0x0f) << 12) | ((bytes[at++] & 0x3f) << 6) | (bytes[at++] & 0x3f);
    } else {
      const high = ((lead & 0x07) << 18) | ((bytes[at++] & 0x3f) << 12);
      const offset = (high | ((bytes[at++] & 0x3f) << 6) | (bytes[at++] & 0x3f)) - 0x10000;
      units[length++] = 0xd800 | (offset >> 10);
      units[length++] = 0xdc00 | (offset & 0x3ff);
    }
  }
  return length;
}

module.exports = { decode, decodeRows };
