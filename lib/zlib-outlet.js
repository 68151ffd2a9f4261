'use strict';

// The readable side of a stream.

const { failure } = require('./errors.js');

/** @typedef {import('node:stream').Transform} Transform */

/** Hands outputs over no faster than they are read. */
class Outlet {
  #stream;
  #chunkSize;
  #most;
  #length = 0;
  #isFull = false;
  /** Lets `put` go on. */
  #goOn = () => {};

  /**
   * @param {Transform} stream
   * @param {import('./zlib-options.js').Settings} settings
   */
  constructor(stream, { chunkSize = Infinity, maxOutputLength = Infinity }) {
    this.#stream = stream;
    this.#chunkSize = chunkSize;
    this.#most = maxOutputLength;
  }

  /**
   * Resolves when all of `output` has been handed over.
   *
   * @param {Buffer} output
   */
  async put(output) {
    this.#length += output.length;
    if (this.#length > this.#most) throw tooLarge(this.#most);
    for (let at = 0; at < output.length; at += this.#chunkSize) {
      if (this.#isFull) await new Promise((resolve) => (this.#goOn = () => resolve(undefined)));
      await this.#push(output.subarray(at, at + this.#chunkSize));
    }
  }

  /** What has been handed over is all. */
  end() {
    return this.#push(null);
  }

  /** More may be handed over. */
  resume() {
    this.#isFull = false;
    this.#goOn();
  }

  /**
   * What a listener throws is an uncaught exception of its own, and no rejection here.
   *
   * @param {Buffer | null} chunk
   * @returns {Promise<void>}
   */
  #push(chunk) {
    return new Promise((resolve) => {
      process.nextTick(() => {
        this.#isFull = !this.#stream.destroyed && !this.#stream.push(chunk);
        resolve();
      });
    });
  }
}

/** @param {number} most */
function tooLarge(most) {
  const message = `Expected an output of at most ${most} bytes (maxOutputLength) but this one is larger`;
  return failure('ERR_BUFFER_TOO_LARGE', { message, maxOutputLength: most });
}

module.exports = { Outlet };
