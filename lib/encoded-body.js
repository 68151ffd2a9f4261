'use strict';

// The body of a response while it is encoded: by one job where it comes in one piece, else by a stream.

const { setTimeout: delay } = require('node:timers/promises');

/** @typedef {import('node:http').ServerResponse} ServerResponse */
/** @typedef {(error?: Error | null) => void} Callback */

/** Bytes up to which a whole body is one job. Of a larger one, a stream has the first bytes sent sooner. */
const ONE_JOB = 1 << 18;

/** Milliseconds after which a job that the full queue has refused is submitted again. */
const RETRY_AFTER = 10;

class EncodedBody {
  #res;
  #write;
  #end;
  #coding;
  /** @type {ReturnType<import('./content-coding.js').Coding['createStream']> | undefined} */
  #stream;
  /** @type {AbortController | undefined} of the one job */
  #gone;
  #closed = false;
  #ended = false;
  #handedOver = false;
  /** @type {Callback | undefined} */
  #whenFinished;

  /**
   * @param {ServerResponse} res
   * @param {(chunk: Uint8Array) => boolean} write the response's own
   * @param {(callback?: Callback) => unknown} end
   * @param {import('./content-coding.js').Coding} coding
   */
  constructor(res, write, end, coding) {
    this.#res = res;
    this.#write = write;
    this.#end = end;
    this.#coding = coding;
  }

  /**
   * @param {string | Uint8Array} chunk
   * @param {BufferEncoding | undefined} encoding
   * @param {Callback | undefined} callback
   */
  write(chunk, encoding, callback) {
    return this.#open().write(chunk, /** @type {BufferEncoding} */ (encoding), callback);
  }

  /** Sends what has been written, and the head with it. */
  flush() {
    this.#open().flush(this.#coding.flushKind);
  }

  /**
   * @param {string | Uint8Array | undefined} chunk
   * @param {BufferEncoding | undefined} encoding
   * @param {Callback | undefined} callback called when the response is finished
   */
  end(chunk, encoding, callback) {
    const last = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : (chunk ?? Buffer.alloc(0));
    this.#ended = true;
    this.#whenFinished = callback;
    if (this.#stream === undefined && last.length <= ONE_JOB) this.#encode(last);
    else if (last.length > 0) this.#open().end(last);
    else this.#open().end();
  }

  /** The response has closed: nobody is there to read what is still to come. */
  close() {
    this.#closed = true;
    this.#stream?.destroy();
    this.#gone?.abort();
    // Others may have put something around the response's own `end`, to save a session perhaps.
    if (this.#ended && !this.#handedOver) this.#finish();
  }

  #open() {
    if (this.#stream !== undefined) return this.#stream;
    const stream = this.#coding.createStream();
    this.#stream = stream;
    stream.on('data', (chunk) => {
      if (this.#write.call(this.#res, chunk) === false) stream.pause();
    });
    stream.on('end', () => this.#finish());
    stream.on('error', (error) => this.#fail(error));
    this.#takeDrain(stream);
    // The first bytes come when a block is full, and the client may have use for the head until then.
    this.#res.flushHeaders();
    return stream;
  }

  /**
   * Whoever writes to the response waits for the stream, and the stream for the response.
   *
   * @param {import('node:stream').Transform} stream
   */
  #takeDrain(stream) {
    const res = this.#res;
    const { emit } = res;
    stream.on('drain', () => emit.call(res, 'drain'));
    res.emit = (/** @type {string} */ event, /** @type {any[]} */ ...values) => {
      if (event !== 'drain') return emit.call(res, event, ...values);
      stream.resume();
      return true;
    };
    // What is piped to the response looks at it before it waits.
    Object.defineProperty(res, 'writableNeedDrain', { configurable: true, get: () => stream.writableNeedDrain });
  }

  /** @param {Uint8Array} body */
  #encode(body) {
    this.#gone = new AbortController();
    this.#oneJob(body, this.#gone.signal).then(
      (encoded) => {
        if (this.#closed) return;
        // Not as `end(encoded)`: that of HTTP/2 calls the `write` that this object stands behind.
        this.#write.call(this.#res, encoded);
        this.#finish();
      },
      (error) => this.#fail(error)
    );
  }

  /**
   * The head has been sent, so there is no other answer to give: where the queue is full, the response waits.
   *
   * @param {Uint8Array} body
   * @param {AbortSignal} signal
   */
  async #oneJob(body, signal) {
    for (;;) {
      try {
        return await this.#coding.encode(body, signal);
      } catch (error) {
        if (/** @type {any} */ (error).code !== 'ERR_OFFLOOP_QUEUE_FULL') throw error;
        await delay(RETRY_AFTER, undefined, { signal });
      }
    }
  }

  #finish() {
    this.#handedOver = true;
    this.#end.call(this.#res, this.#whenFinished);
  }

  /**
   * The client sees that the body is not complete.
   *
   * @param {Error} error
   */
  #fail(error) {
    if (!this.#closed) this.#res.destroy(error);
  }
}

module.exports = { EncodedBody };
