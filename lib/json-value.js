'use strict';

// Values of a document, made a slice of its text at a time, with the event loop served between slices.

const { MAX_STRING_LENGTH } = require('node:buffer').constants;
const { failure, invalidValue } = require('./errors.js');
const { parseSlice } = require('./json-slice.js');
const native = require('./native.js');
const { Turns } = require('./turns.js');

/** @typedef {InstanceType<typeof import('./json-text.js').JsonText>} JsonText */

/** Bytes of text that are parsed at once: JSON.parse takes about a millisecond. */
const SLICE = 32 * 1024;
/** Milliseconds of making values in each turn of the event loop. The engine's garbage collection comes on top. */
const BUDGET = 2;
/** Elements that are made at once, where nothing else limits them. */
const MOST = 2 ** 31 - 1;
/** The position of a container or a string at which nothing has been read. */
const BEGINNING = -1;
/** What comes after the last part of a string. */
const END = -1;

const TOO_LARGE = failure('ERR_BUFFER_TOO_LARGE', {
  message: `Expected strings of at most ${MAX_STRING_LENGTH} characters but received a longer one`,
});

const PLAIN = Object.freeze({});

/** An array or object whose elements are being made. */
class Frame {
  /**
   * @param {string} type
   * @param {number} start where its text begins
   */
  constructor(type, start) {
    /** @type {any} */
    this.target = type === 'array' ? [] : {};
    this.start = start;
    this.position = BEGINNING;
    /** Elements that may still come into the target. */
    this.room = MOST;
    this.isDone = false;
  }

  /** @param {any} group an array, or an object, of elements that come next */
  append(group) {
    const { target } = this;
    if (Array.isArray(target)) {
      for (let index = 0; index < group.length; index++) target.push(group[index]);
    } else {
      for (const key of Object.keys(group)) define(target, key, group[key]);
    }
  }

  /**
   * @param {string | null} key of an object's member, as JSON
   * @param {unknown} value
   */
  add(key, value) {
    const { target } = this;
    if (Array.isArray(target)) target.push(value);
    else define(target, parseSlice(/** @type {string} */ (key)), value);
  }
}

/**
 * Makes an own property, as JSON.parse does. What every object inherits is not to be assigned to:
 * `__proto__` is a setter, and the others may be frozen.
 *
 * @param {Record<string, unknown>} target
 * @param {string} key
 * @param {unknown} value
 */
function define(target, key, value) {
  if (key in PLAIN) {
    Object.defineProperty(target, key, { value, configurable: true, enumerable: true, writable: true });
  } else {
    target[key] = value;
  }
}

/** Makes values of one document, for one caller. */
class Slices {
  #text;
  #bigint;
  #signal;
  #turns = new Turns(BUDGET);

  /**
   * @param {JsonText} text
   * @param {{ bigint: boolean, signal: AbortSignal | undefined }} options
   */
  constructor(text, { bigint, signal }) {
    this.#text = text;
    this.#bigint = bigint;
    this.#signal = signal;
  }

  /**
   * @param {string} pointer
   * @returns {Promise<unknown>} undefined where nothing is there
   */
  async value(pointer) {
    this.#checkSignal();
    const place = native.jsonOpen(this.#text.handle, pointer);
    if (!place) return undefined;
    const [type, start, end] = place;
    const isLarge = end - start > SLICE;
    if (isLarge && type === 'string') return this.#string(start);
    if (isLarge && (type === 'array' || type === 'object')) {
      const frame = new Frame(type, start);
      await this.#fill(frame);
      return frame.target;
    }
    const [text, mark] = native.jsonText(this.#text.handle, pointer, this.#bigint);
    return parseSlice(text, mark);
  }

  /**
   * The elements of an array.
   *
   * @param {string} pointer
   * @param {number} most elements of a batch
   * @returns {AsyncGenerator<unknown[], undefined>}
   */
  async *batches(pointer, most) {
    this.#checkSignal();
    const [type, start] = native.jsonOpen(this.#text.handle, pointer) ?? [];
    if (type !== 'array') {
      const what = type === undefined ? 'nothing' : `the type ${type}`;
      throw invalidValue('pointer', `the pointer of an array (this one is of ${what})`, pointer);
    }
    const frame = new Frame(type, start);
    while (!frame.isDone) {
      frame.target = [];
      frame.room = most;
      await this.#fill(frame);
      if (frame.target.length > 0) yield frame.target;
    }
    return undefined;
  }

  /**
   * Makes the elements of a container, until it has ended or has no room.
   *
   * @param {Frame} bottom
   */
  async #fill(bottom) {
    // A text may be deeper than the stack of calls.
    const frames = [bottom];
    for (;;) {
      const frame = frames.at(-1);
      if (frame === undefined || frame.room <= 0) return;
      await this.#pause();
      const { start, position, room } = frame;
      const step = native.jsonStep(this.#text.handle, start, position, SLICE, room, this.#bigint);
      if (step[0] === 'end') {
        frame.isDone = true;
        frames.pop();
      } else if (step[0] === 'group') {
        const [, next, count, text, mark] = step;
        frame.append(parseSlice(text, mark));
        frame.position = next;
        frame.room -= count;
      } else {
        const [, next, type, childStart, , key] = step;
        frame.position = next;
        frame.room--;
        if (type === 'string') {
          frame.add(key, await this.#string(childStart));
        } else {
          const child = new Frame(type, childStart);
          frame.add(key, child.target);
          frames.push(child);
        }
      }
    }
  }

  /**
   * A string whose text is large.
   *
   * @param {number} start
   */
  async #string(start) {
    let value = '';
    let position = BEGINNING;
    do {
      await this.#pause();
      const [text, next] = native.jsonStringPart(this.#text.handle, start, position, SLICE);
      const part = parseSlice(text);
      if (value.length + part.length > MAX_STRING_LENGTH) throw TOO_LARGE;
      value += part;
      position = next;
    } while (position !== END);
    return value;
  }

  /** Comes before each slice. */
  async #pause() {
    if (this.#turns.spent) await this.#turns.next();
    this.#checkSignal();
  }

  #checkSignal() {
    const signal = this.#signal;
    if (signal?.aborted) throw failure('ABORT_ERR', { cause: signal.reason });
  }
}

module.exports = { Slices };
