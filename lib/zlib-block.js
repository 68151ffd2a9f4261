'use strict';

// The input of one block of a stream, gathered from the chunks that are written.

/** @type {Buffer} */
const EMPTY = Buffer.alloc(0);

/** Grows with what is written, so that a short stream takes little memory. */
class Block {
  #size;
  #bytes = EMPTY;
  #length = 0;
  /** Bytes of the block that were taken before it was full. */
  #before = 0;
  /** Whether a block has been full, so that more of them are likely. */
  #isLong = false;
  /** The memory of a block that is done with. @type {Buffer | undefined} */
  #spare;

  /** @param {number} size in bytes */
  constructor(size) {
    this.#size = size;
  }

  /** How many bytes fit in. */
  get room() {
    return this.#size - this.#before - this.#length;
  }

  /** @param {Uint8Array} chunk that fits in */
  add(chunk) {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) this.#grow(length);
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
  }

  /**
   * What was gathered; whoever takes it has it alone.
   *
   * @param {boolean} isEnd whether the next byte begins another block
   */
  take(isEnd) {
    const taken = this.#bytes.subarray(0, this.#length);
    const before = this.#before + this.#length;
    if (this.room === 0) this.#isLong = true;
    this.clear();
    if (!isEnd) this.#before = before;
    return taken;
  }

  /** Begins another block, without what was gathered. */
  clear() {
    this.#bytes = EMPTY;
    this.#length = 0;
    this.#before = 0;
  }

  /**
   * Takes back what `take` gave, to be written over.
   *
   * @param {Buffer} taken
   */
  recycle(taken) {
    if (taken.length === this.#size) this.#spare = taken;
  }

  /** @param {number} least */
  #grow(least) {
    const bytes =
      this.#spare ?? Buffer.allocUnsafe(this.#isLong ? this.#size : Math.max(least, 2 * this.#bytes.length));
    this.#spare = undefined;
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
}

module.exports = { Block };
