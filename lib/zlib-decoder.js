'use strict';

// What decompresses a stream: one job after the other.

const native = require('./native.js');
const { END } = require('./zlib-options.js');

/** @typedef {import('./zlib-codecs.js').Codec} Codec */
/** @typedef {import('./zlib-options.js').Settings} Settings */
/** @typedef {InstanceType<typeof import('./zlib-outlet.js').Outlet>} Outlet */
/** @typedef {import('./zlib-encoder.js').Work} Work */

/** Bytes that one job gives: a part of a millisecond, and what a reader can be handed at once. */
const MOST = 256 * 1024;
const EMPTY = Buffer.alloc(0);

class Decoder {
  bytesWritten = 0;
  #codec;
  #settings;
  #work;
  #outlet;
  /** @type {unknown} */
  #handle;
  /** Whether the compressed data is complete. */
  #isEnded = false;
  /** Whether something else has come after it, which is left out, with all that follows. */
  #isOver = false;

  /**
   * @param {Readonly<Codec>} codec
   * @param {Settings} settings
   * @param {{ work: Work, outlet: Outlet }} stream
   */
  constructor(codec, settings, { work, outlet }) {
    this.#codec = codec;
    this.#settings = settings;
    this.#work = work;
    this.#outlet = outlet;
    this.#open();
  }

  /**
   * @param {Buffer} chunk that stays as it is until this resolves
   * @param {number} flush END where nothing may be missing behind it
   * @returns {Promise<void> | undefined} resolves when the next one may come; undefined where it may at once
   */
  take(chunk, flush) {
    if (chunk.length === 0) return this.flush(flush);
    return this.#isOver ? undefined : this.#decode(chunk, flush === END);
  }

  /**
   * All that there is comes out as it is taken, so that only its end is to be seen to.
   *
   * @param {number} how
   */
  flush(how) {
    return how === END && !this.#isEnded ? this.#decode(EMPTY, true) : undefined;
  }

  finish() {
    return this.flush(this.#settings.finish);
  }

  /** Begins with the next chunk as with the first. */
  reset() {
    this.#open();
  }

  #open() {
    const { params, dictionary } = this.#settings;
    this.#handle = native.zlibDecoder(this.#codec.number, params, dictionary);
    this.#isEnded = false;
  }

  /**
   * @param {Buffer} chunk
   * @param {boolean} isLast
   */
  async #decode(chunk, isLast) {
    const handle = this.#handle;
    let rest = chunk;
    for (;;) {
      /** @type {[output: Buffer, consumed: number, isEnded: boolean]} */
      const [output, consumed, isEnded] = await this.#work((slot, { priority, flags }) =>
        native.zlibDecode(slot, priority, flags, handle, isLast, MOST, rest)
      );
      this.bytesWritten += consumed;
      rest = rest.subarray(consumed);
      await this.#outlet.put(output);
      this.#isEnded = isEnded;
      if (isEnded && rest.length > 0) {
        this.#isOver = true;
        await this.#outlet.end();
      }
      if (isEnded || output.length < MOST) return;
    }
  }
}

module.exports = { Decoder };
