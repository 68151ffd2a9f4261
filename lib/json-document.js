'use strict';

const { invalidType, toError } = require('./errors.js');
const { refuseTransfer } = require('./input.js');
const { run } = require('./job.js');
const { bigintOption, columnOptions, itemsOptions, tableOptions, valueOptions } = require('./json-options.js');
const { jsonPointer, pluckPaths } = require('./json-pointer.js');
const { parseSlice } = require('./json-slice.js');
const { JsonText } = require('./json-text.js');
const { Slices } = require('./json-value.js');
const native = require('./native.js');
const { fromPayload } = require('./table.js');

/** @typedef {import('./table.js').Payload} Payload */

const ROOT = '';

// index.d.ts gives this class its types. Here its arguments are whatever came.

/** A JSON text and its index, of which JavaScript's values are made when they are asked for. */
class JsonDocument {
  /** @type {InstanceType<typeof JsonText>} */
  #text;

  /** @param {unknown} text */
  constructor(text) {
    if (!(text instanceof JsonText)) throw invalidType('text', 'what only json.parse has', text);
    this.#text = text;
    this.byteLength = text.byteLength;
    /** @type {number} */
    this.indexBytes = native.jsonIndexBytes(text.handle);
    Object.freeze(this);
  }

  /**
   * What native code answers at once.
   *
   * @param {Function} method that is asked
   * @param {(handle: unknown) => any} ask
   */
  #answer(method, ask) {
    try {
      return ask(this.#text.handle);
    } catch (error) {
      throw toError(error, method);
    }
  }

  /**
   * @param {unknown} pointer
   * @param {unknown} [options]
   */
  get(pointer, options) {
    return this.#answer(this.get, (handle) => {
      const found = native.jsonText(handle, jsonPointer(pointer), bigintOption(options));
      return found ? parseSlice(found[0], found[1]) : undefined;
    });
  }

  /** @param {unknown} pointer */
  has(pointer) {
    return this.#answer(this.has, (handle) => Boolean(native.jsonType(handle, jsonPointer(pointer))));
  }

  /** @param {unknown} [pointer] */
  type(pointer = ROOT) {
    return this.#answer(this.type, (handle) => native.jsonType(handle, jsonPointer(pointer)) ?? undefined);
  }

  /** @param {unknown} [pointer] */
  length(pointer = ROOT) {
    return this.#answer(this.length, (handle) => native.jsonLength(handle, jsonPointer(pointer)) ?? undefined);
  }

  /** @param {unknown} [pointer] */
  keys(pointer = ROOT) {
    return this.#answer(this.keys, (handle) => {
      const text = native.jsonKeys(handle, jsonPointer(pointer));
      return text ? Object.keys(parseSlice(text)) : undefined;
    });
  }

  /** @param {unknown} [pointer] */
  bytes(pointer = ROOT) {
    return this.#answer(this.bytes, (handle) => {
      const range = native.jsonRange(handle, jsonPointer(pointer));
      return range ? this.#text.view(range[0], range[1]) : undefined;
    });
  }

  /**
   * @param {unknown} path
   * @param {unknown} [options]
   */
  async pluck(path, options) {
    /** @type {Payload} */
    const payload = await run(options, (slot, job) => {
      refuseTransfer(job, 'document.pluck');
      const paths = pluckPaths(path);
      const settings = columnOptions(options, paths);
      return native.jsonPluck(slot, job.priority, job.flags, this.#text.handle, paths, settings);
    });
    const table = tableOf(payload);
    const columns = table.columnNames.map((name) => table.column(name));
    return typeof path === 'string' ? columns[0] : columns;
  }

  /**
   * @param {unknown} [pointer]
   * @param {unknown} [options]
   */
  async table(pointer = ROOT, options) {
    /** @type {Payload} */
    const payload = await run(options, (slot, job) => {
      refuseTransfer(job, 'document.table');
      const place = jsonPointer(pointer);
      const settings = tableOptions(options);
      return native.jsonTable(slot, job.priority, job.flags, this.#text.handle, place, settings);
    });
    return tableOf(payload);
  }

  /**
   * @param {unknown} [pointer]
   * @param {unknown} [options]
   */
  async *items(pointer = ROOT, options) {
    try {
      const { batch, ...settings } = itemsOptions(options);
      yield* new Slices(this.#text, settings).batches(jsonPointer(pointer), batch);
    } catch (error) {
      throw toError(error, this.items);
    }
  }

  /**
   * @param {unknown} [pointer]
   * @param {unknown} [options]
   * @returns {Promise<unknown>}
   */
  async value(pointer = ROOT, options) {
    try {
      return await new Slices(this.#text, valueOptions(options)).value(jsonPointer(pointer));
    } catch (error) {
      throw toError(error, this.value);
    }
  }

  close() {
    this.#text.close();
  }
}

if (Symbol.dispose) {
  Object.defineProperty(JsonDocument.prototype, Symbol.dispose, {
    value() {
      this.close();
    },
  });
}

/** @param {Payload} payload */
function tableOf(payload) {
  return fromPayload(payload, 'ERR_OFFLOOP_JSON');
}

module.exports = { JsonDocument, tableOf };
