'use strict';

// Bitmaps, of booleans and of validity: one bit for each row, the least significant first.

/** How many bits each byte has set. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

/**
 * @param {Uint8Array} bitmap
 * @param {number} row
 */
function isSet(bitmap, row) {
  return ((bitmap[row >> 3] >> (row & 7)) & 1) === 1;
}

/**
 * How many of the rows from `from` to `to` are set.
 *
 * @param {Uint8Array} bitmap
 * @param {number} from
 * @param {number} to
 */
function countSet(bitmap, from, to) {
  let count = 0;
  let row = from;
  for (; row < to && (row & 7) !== 0; row++) count += Number(isSet(bitmap, row));
  for (; row + 8 <= to; row += 8) count += ONES[bitmap[row >> 3]];
  for (; row < to; row++) count += Number(isSet(bitmap, row));
  return count;
}

/**
 * Copies the rows from `from` to `to` to the start of `target`, which is all zeros.
 *
 * @param {Uint8Array} bitmap
 * @param {number} from
 * @param {number} to
 * @param {Uint8Array} target
 */
function copyBits(bitmap, from, to, target) {
  const count = to - from;
  const shift = from & 7;
  const start = from >> 3;
  for (let index = 0; index << 3 < count; index++) {
    const at = start + index;
    // Past the end of the bitmap there is nothing, which shifts as zero.
    target[index] = (bitmap[at] >> shift) | (bitmap[at + 1] << (8 - shift));
  }
  if ((count & 7) !== 0) target[count >> 3] &= (1 << (count & 7)) - 1;
}

/**
 * The rows from `from` to `to`: a view where a byte begins with the first of them, else a copy.
 *
 * @param {Uint8Array} bitmap
 * @param {number} from
 * @param {number} to
 */
function sliceBits(bitmap, from, to) {
  const size = Math.ceil((to - from) / 8);
  if ((from & 7) === 0) return bitmap.subarray(from >> 3, (from >> 3) + size);
  const copy = new Uint8Array(size);
  copyBits(bitmap, from, to, copy);
  return copy;
}

module.exports = { copyBits, countSet, isSet, sliceBits };
