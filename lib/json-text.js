'use strict';

const { failure, invalidValue } = require('./errors.js');
const native = require('./native.js');

const CLOSED = failure('ERR_OFFLOOP_CLOSED', {
  message: 'Expected an open document but it has been closed',
});

/** A text that has been parsed, until it is closed: its bytes, and native code's index of them. */
class JsonText {
  /** @type {unknown} of native code */
  #handle;
  /** @type {Uint8Array | undefined} */
  #bytes;

  /**
   * @param {unknown} handle
   * @param {Uint8Array} bytes that native code has read
   */
  constructor(handle, bytes) {
    this.#handle = handle;
    this.#bytes = bytes;
    this.byteLength = bytes.byteLength;
  }

  get handle() {
    if (this.#handle === undefined) throw CLOSED;
    return this.#handle;
  }

  /**
   * A part of the text: a view of its memory.
   *
   * @param {number} start
   * @param {number} end
   */
  view(start, end) {
    if (this.#bytes === undefined) throw CLOSED;
    const { buffer, byteOffset, byteLength } = this.#bytes;
    if (byteLength !== this.byteLength) {
      throw invalidValue("the document's text", 'bytes that are still there, not transferred away,', buffer);
    }
    return Buffer.from(buffer, byteOffset + start, end - start);
  }

  close() {
    if (this.#handle === undefined) return;
    native.jsonClose(this.#handle);
    this.#handle = undefined;
    this.#bytes = undefined;
  }
}

module.exports = { JsonText };
