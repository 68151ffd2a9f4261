'use strict';

// The streams of node:zlib: a Transform around an encoder or a decoder.

const { Transform, addAbortSignal, finished } = require('node:stream');
const { setTimeout: delay } = require('node:timers/promises');
const { toError } = require('./errors.js');
const { openSteps, step } = require('./job.js');
const { jobOptions } = require('./options.js');
const { optionsObject, refuse } = require('./validate.js');
const { Decoder } = require('./zlib-decoder.js');
const { Encoder } = require('./zlib-encoder.js');
const { FLUSH, FULL_FLUSH, flushOf, settingsOf } = require('./zlib-options.js');
const { Outlet } = require('./zlib-outlet.js');

/** @typedef {import('./zlib-codecs.js').Codec} Codec */

/** Job options that a stream has no use for: it has no promise, and its chunks are many. */
const NOT_OF_STREAMS = ['timeout', 'transfer', 'copy', 'onProgress'];

/** Milliseconds until a block that the full queue refused is submitted again. */
const RETRY_AFTER = 10;

/** What `flush` and `params` have to do, by the empty chunk that takes their place among the others. */
const orders = /** @type {WeakMap<Buffer, (engine: any) => Promise<void> | undefined>} */ (new WeakMap());

/**
 * Has something done when all that was written to a stream so far has been taken.
 *
 * @param {Transform} stream
 * @param {(engine: any) => Promise<void> | undefined} order
 * @param {() => void} [callback]
 */
function inTurn(stream, order, callback) {
  if (stream.writableFinished) {
    if (callback) process.nextTick(callback);
  } else if (stream.writableEnded) {
    if (callback) stream.once('end', callback);
  } else {
    const place = Buffer.alloc(0);
    orders.set(place, order);
    stream.write(place, callback);
  }
}

class ZlibStream extends Transform {
  #codec;
  #flush;
  #job;
  #outlet;
  #engine;
  /** @type {ReturnType<typeof openSteps> | undefined} */
  #operation;
  /** The callback of the chunk that is being taken. @type {((error?: any) => void) | undefined} */
  #waiting;

  /**
   * @param {Readonly<Codec>} codec
   * @param {any} [options] the caller's
   */
  constructor(codec, options) {
    const given = optionsObject(options ?? undefined, 'options');
    refuse(given, 'options', NOT_OF_STREAMS, 'a stream');
    const job = jobOptions(given);
    const settings = settingsOf(codec, given);
    const node = { encoding: undefined, objectMode: false, writableObjectMode: false, signal: undefined };
    super({ autoDestroy: true, ...given, ...node });
    this.#codec = codec;
    this.#flush = settings.flush;
    this.#job = job;
    this.#outlet = new Outlet(this, settings);
    const parts = {
      outlet: this.#outlet,
      work: /** @type {import('./zlib-encoder.js').Work} */ ((submit) => this.#work(submit)),
      fail: (/** @type {unknown} */ error) => this.#fail(error),
    };
    this.#engine = built(() => {
      return codec.encodes ? new Encoder(codec, settings, parts) : new Decoder(codec, settings, parts);
    });
    // Only here, because a signal may be aborted already.
    if (job.signal !== undefined) addAbortSignal(job.signal, this);
  }

  /** Bytes of input that were taken. */
  get bytesWritten() {
    return this.#engine.bytesWritten;
  }

  /**
   * @param {any} [kind]
   * @param {() => void} [callback]
   * @returns {void}
   */
  flush(kind, callback) {
    if (typeof kind === 'function') return this.flush(undefined, kind);
    const usual = this.#codec.family === 'deflate' ? FULL_FLUSH : FLUSH;
    const how = flushOf(this.#codec, kind, 'kind', usual);
    inTurn(this, (engine) => engine.flush(how), callback);
  }

  /** @param {(error?: Error | null) => void} [callback] */
  close(callback) {
    if (callback) finished(this, callback);
    this.destroy();
  }

  reset() {
    built(() => this.#engine.reset());
  }

  /**
   * @param {Buffer} chunk
   * @param {BufferEncoding} _encoding
   * @param {(error?: any) => void} callback
   */
  _transform(chunk, _encoding, callback) {
    const order = orders.get(chunk);
    this.#act((engine) => (order === undefined ? engine.take(chunk, this.#flush) : order(engine)), callback);
  }

  /** @param {(error?: any) => void} callback */
  _flush(callback) {
    this.#act((engine) => engine.finish(), callback);
  }

  /** @param {number} size */
  _read(size) {
    this.#outlet.resume();
    super._read(size);
  }

  /**
   * @param {Error | null} error
   * @param {(error?: Error | null) => void} callback
   */
  _destroy(error, callback) {
    this.#operation?.abandon(error);
    if (this.#waiting !== undefined) this.#goOn(error ?? streamDestroyed());
    callback(error);
  }

  /**
   * @param {(engine: any) => Promise<void> | undefined} act
   * @param {(error?: any) => void} callback
   */
  #act(act, callback) {
    this.#waiting = callback;
    let acting;
    try {
      this.#operation ??= openSteps(this.#job);
      acting = act(this.#engine);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (acting === undefined) {
      this.#waiting = undefined;
      callback();
      return;
    }
    acting.then(
      () => this.#goOn(),
      (error) => this.#fail(error)
    );
  }

  /** @param {unknown} [error] */
  #goOn(error) {
    const callback = this.#waiting;
    this.#waiting = undefined;
    // What the writer's callback throws is an uncaught exception of its own.
    if (callback !== undefined) process.nextTick(callback, error);
  }

  /**
   * @template T
   * @param {(slot: number, job: Readonly<import('./options.js').Job>) => T | undefined} submit
   */
  async #work(submit) {
    const operation = /** @type {ReturnType<typeof openSteps>} */ (this.#operation);
    for (;;) {
      try {
        return await step(operation, submit);
      } catch (failure) {
        // The writer waits: a response has begun, and cannot be refused any more.
        if (/** @type {any} */ (failure)?.code !== 'ERR_OFFLOOP_QUEUE_FULL' || this.destroyed) throw failure;
        await delay(RETRY_AFTER);
      }
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    this.destroy(/** @type {Error} */ (toError(error, this.#fail)));
  }
}

/** What Node gives the writers of a stream that was destroyed without an error. */
function streamDestroyed() {
  const error = new Error('Cannot call write after a stream was destroyed');
  return Object.assign(error, { code: 'ERR_STREAM_DESTROYED' });
}

/**
 * @template T
 * @param {() => T} make makes native objects, which may be refused
 */
function built(make) {
  try {
    return make();
  } catch (error) {
    throw toError(error, built);
  }
}

module.exports = { ZlibStream, inTurn };
