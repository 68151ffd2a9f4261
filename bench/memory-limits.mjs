// What no parser can be faster than: to read its input, and to touch the memory of its output.

import { hash } from './offloop.mjs';

/** What one digest reads. */
const PIECE = 1 << 20;

/**
 * @param {Buffer} data the input
 * @param {number} written bytes of the output, which are touched on one core
 */
export function memoryLimits(data, written) {
  const pieces = Array.from({ length: Math.ceil(data.length / PIECE) }, (_, index) =>
    data.subarray(index * PIECE, (index + 1) * PIECE)
  );
  return [
    { name: 'read by xxh3-128', call: () => hash.digestMany('xxh3-128', pieces) },
    { name: 'fresh memory', call: () => Buffer.allocUnsafeSlow(written).fill(1) },
  ];
}
