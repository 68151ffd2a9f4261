'use strict';

// Inputs in the two forms that native code takes: a Uint8Array or a string.

const { isUint8Array, isAnyArrayBuffer, isArrayBuffer } = require('node:util').types;
const { isMainThread, isMarkedAsUntransferable } = /** @type {any} */ (require('node:worker_threads'));
const { invalidType, invalidValue } = require('./errors.js');

const EXPECTED = 'a string, Buffer, TypedArray, DataView, ArrayBuffer or SharedArrayBuffer';

const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
/** @param {string} name */
const getter = (name) => /** @type {any} */ (Object.getOwnPropertyDescriptor(typedArray, name)?.get);

// What native code will see, whatever an object's own properties say.
const byteLengthOf = /** @type {(this: Uint8Array) => number} */ (getter('byteLength'));
const byteOffsetOf = /** @type {(this: Uint8Array) => number} */ (getter('byteOffset'));
const bufferOf = /** @type {(this: Uint8Array) => ArrayBufferLike} */ (getter('buffer'));

/** Of fewer bytes native code makes a copy anyway; src/binding/bytes.rs says why. */
const COPY_BELOW = 2 * 1024;

/**
 * @param {unknown} data
 * @param {string} name the argument
 * @returns {Uint8Array | string} over the same memory
 */
function bytes(data, name) {
  if (typeof data === 'string') return data;
  // A view of a detached buffer has no bytes, and neither has an empty one: see which it is.
  if (isUint8Array(data) && byteLengthOf.call(data) > 0) return outliving(data);
  if (!ArrayBuffer.isView(data) && !isAnyArrayBuffer(data)) throw invalidType(name, EXPECTED, data);
  try {
    if (isAnyArrayBuffer(data)) return outliving(new Uint8Array(data));
    return outliving(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  } catch {
    throw invalidValue(name, 'bytes that are still there, not transferred or resized away,', data);
  }
}

/**
 * `view`, or a copy where its memory ends with this thread. That of an external buffer, which an
 * addon made, does: Node frees it when a worker thread ends, before anything can wait for the jobs
 * that read it, and whatever else holds it. (A process that ends does not do so.)
 *
 * @param {Uint8Array} view
 */
function outliving(view) {
  return isMainThread || !mayBeExternal(bufferOf.call(view)) ? view : new Uint8Array(view);
}

/** @type {WeakMap<ArrayBufferLike, boolean>} */
const known = new WeakMap();

/**
 * Node marks external buffers as untransferable, and little else.
 *
 * @param {ArrayBufferLike} buffer
 */
function mayBeExternal(buffer) {
  if (!isArrayBuffer(buffer)) return false;
  if (isMarkedAsUntransferable) return isMarkedAsUntransferable(buffer);
  // Node 20 does not say. It passes over what is marked, and refuses to transfer anything else twice,
  // before it transfers anything.
  let external = known.get(buffer);
  if (external === undefined) {
    try {
      structuredClone(null, { transfer: [buffer, buffer] });
      external = true;
    } catch {
      external = false;
    }
    known.set(buffer, external);
  }
  return external;
}

/**
 * The bytes of `data` in an ArrayBuffer of their own; the caller's is detached, as with the
 * `transferList` of `postMessage`.
 *
 * @param {unknown} data
 * @param {string} name the argument
 * @returns {Uint8Array}
 */
function transferred(data, name) {
  const source = bytes(data, name);
  if (typeof source === 'string') {
    throw invalidValue(name, 'an ArrayBuffer, or a view of one, with options.transfer', data);
  }
  const { buffer, byteOffset, byteLength } = source;
  if (byteLength !== buffer.byteLength) {
    throw invalidValue(
      name,
      `a view of its whole ArrayBuffer with options.transfer (this one covers ${byteLength} of ` +
        `${buffer.byteLength} bytes, from offset ${byteOffset}: detaching it would take other views' memory, ` +
        'as it would for a small Buffer, which shares a slab with others)',
      data
    );
  }
  const expected = 'an ArrayBuffer that can be transferred, or a view of one, with options.transfer';
  let moved;
  try {
    moved = structuredClone(buffer, { transfer: [/** @type {ArrayBuffer} */ (buffer)] });
  } catch {
    throw invalidValue(name, expected, data);
  }
  // Node 20 copies what is marked as untransferable, where later versions refuse it.
  if (buffer.byteLength > 0) throw invalidValue(name, expected, data);
  return new Uint8Array(moved);
}

/**
 * The bytes of `view` for longer than a job: what JavaScript reads of them later is what native code
 * reads. So they are copied where native code would copy them.
 *
 * @param {Uint8Array} view
 * @param {boolean} copy whether the caller asks for it
 */
function kept(view, copy) {
  const buffer = bufferOf.call(view);
  const plain = new Uint8Array(buffer, byteOffsetOf.call(view), byteLengthOf.call(view));
  const { resizable, growable } = /** @type {any} */ (buffer);
  return copy || resizable || growable || plain.length < COPY_BELOW ? new Uint8Array(plain) : plain;
}

/**
 * How many bytes native code will see.
 *
 * @param {Uint8Array | string} data
 * @returns {number}
 */
function byteLength(data) {
  return typeof data === 'string' ? Buffer.byteLength(data) : byteLengthOf.call(data);
}

module.exports = { byteLength, bytes, kept, transferred };
