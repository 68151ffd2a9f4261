'use strict';

// What compresses a stream: blocks side by side, whose outputs come in their order.

const { failure } = require('./errors.js');
const native = require('./native.js');
const { COPY } = require('./options.js');
const { Block } = require('./zlib-block.js');
const { END, FLUSH, FULL_FLUSH, NONE } = require('./zlib-options.js');

/** @typedef {import('./zlib-codecs.js').Codec} Codec */
/** @typedef {import('./zlib-options.js').Settings} Settings */
/** @typedef {InstanceType<typeof import('./zlib-outlet.js').Outlet>} Outlet */
/** @typedef {<T>(submit: (slot: number, job: Readonly<import('./options.js').Job>) => T | undefined) => Promise<T>} Work */

/** With NONE, FLUSH, FULL_FLUSH and END, what `zlibPush` does: the block ends and the stream does not. */
const END_BLOCK = 3;

/** @type {Record<import('./zlib-codecs.js').Family, () => unknown>} what writing after the end is */
const AFTER_END = {
  deflate: () => failure('Z_STREAM_ERROR', { message: 'stream error', errno: -2 }),
  brotli: () => failure('ERR_BROTLI_COMPRESSION_FAILED', { message: 'Compression failed', errno: -1 }),
  zstd: () => undefined,
};

/**
 * Input is copied into blocks of one size, so that the bytes that come out depend on the input and
 * its flushes only, and not on how it was cut into chunks. Memory is bounded by the blocks in
 * flight, one for each thread and one more, and their outputs: beyond that `take` waits.
 */
class Encoder {
  bytesWritten = 0;
  #codec;
  #settings;
  #params;
  #work;
  #outlet;
  #fail;
  #limit = native.sizes().threads + 1;
  #block;
  /** @type {unknown} */
  #handle;
  /** The segment of native code that the block belongs to, once some of it is there. @type {unknown} */
  #segment;
  /** How much of what was written is out or on its way. */
  #flushed = FULL_FLUSH;
  #isEnded = false;
  /** Outputs that are not handed over. */
  #pending = 0;
  /** Lets `take` go on. */
  #goOn = () => {};
  /** When the outputs up to here are handed over. */
  #last = Promise.resolve();

  /**
   * @param {Readonly<Codec>} codec
   * @param {Settings} settings
   * @param {{ work: Work, outlet: Outlet, fail: (failure: unknown) => void }} stream
   */
  constructor(codec, settings, { work, outlet, fail }) {
    this.#codec = codec;
    this.#settings = settings;
    this.#params = settings.params;
    this.#work = work;
    this.#outlet = outlet;
    this.#fail = fail;
    this.#block = new Block(native.zlibBlock(codec.number));
    this.#open();
  }

  /**
   * @param {Buffer} chunk that stays as it is until this resolves
   * @param {number} flush what has to come out behind it
   * @returns {Promise<void> | undefined} resolves when the next one may come; undefined where it may at once
   */
  take(chunk, flush) {
    if (flush !== NONE || this.#isEnded || chunk.length >= this.#block.room) return this.#takeParts(chunk, flush);
    this.#add(chunk);
    return undefined;
  }

  /**
   * Resolves when all that was taken is handed over.
   *
   * @param {number} how
   */
  async flush(how) {
    if (how > this.#flushed) this.#submit(how);
    await this.#last;
  }

  finish() {
    return this.flush(this.#settings.finish || FLUSH);
  }

  /**
   * For what comes after this, of the deflate family.
   *
   * @param {number} level
   * @param {number} strategy
   */
  async setParams(level, strategy) {
    const [oldLevel, windowBits, memLevel, oldStrategy] = this.#params;
    if (level === oldLevel && strategy === oldStrategy) return;
    if (this.#segment !== undefined || this.#flushed === NONE) this.#submit(END_BLOCK);
    await this.#last;
    native.zlibSetParams(this.#handle, level, strategy);
    this.#params = [level, windowBits, memLevel, strategy];
  }

  /** Begins another stream, and leaves out what has not been flushed. */
  reset() {
    this.#block.clear();
    this.#open();
  }

  #open() {
    this.#handle = native.zlibEncoder(this.#codec.number, this.#params, this.#settings.dictionary);
    this.#segment = undefined;
    this.#flushed = FULL_FLUSH;
    this.#isEnded = false;
  }

  /** @param {Uint8Array} chunk */
  #add(chunk) {
    if (chunk.length === 0) return;
    this.#block.add(chunk);
    this.bytesWritten += chunk.length;
    this.#flushed = NONE;
  }

  /**
   * @param {Buffer} chunk
   * @param {number} flush
   */
  async #takeParts(chunk, flush) {
    if (this.#isEnded && chunk.length > 0) this.#startAgain();
    let rest = chunk;
    while (rest.length >= this.#block.room) {
      const { room } = this.#block;
      this.#add(rest.subarray(0, room));
      rest = rest.subarray(room);
      this.#submit(END_BLOCK);
      while (this.#pending >= this.#limit) await new Promise((resolve) => (this.#goOn = () => resolve(undefined)));
    }
    this.#add(rest);
    if (flush !== NONE) await this.flush(flush);
  }

  /** A stream that a flush has ended: of zstd another frame may follow. */
  #startAgain() {
    const error = AFTER_END[this.#codec.family]();
    if (error !== undefined) throw error;
    this.#open();
  }

  /** @param {number} op what becomes of the block */
  #submit(op) {
    const isEnd = op === END_BLOCK || op === END;
    const segment = (this.#segment ??= native.zlibSegment(this.#handle));
    const data = this.#block.take(isEnd);
    if (isEnd) this.#segment = undefined;
    this.#isEnded = op === END;
    this.#flushed = op === END_BLOCK ? FLUSH : op;
    const handle = this.#handle;
    // The block is the stream's own, and there is nothing to copy it for.
    const output = this.#work((slot, { priority, flags }) =>
      native.zlibPush(slot, priority, flags & ~COPY, segment, op, data)
    );
    // Looked at when its turn comes.
    output.catch(() => {});
    this.#pending++;
    this.#last = this.#last.then(async () => {
      const bytes = await output;
      await this.#outlet.put(op === END ? Buffer.concat([bytes, native.zlibTrailer(handle)]) : bytes);
      this.#block.recycle(data);
      this.#pending--;
      this.#goOn();
    });
    this.#last.catch(this.#fail);
  }
}

module.exports = { Encoder };
