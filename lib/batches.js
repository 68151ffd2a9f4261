'use strict';

// An operation of several jobs that hands over tables, one by one, to whoever iterates over them.

const { retrace } = require('./errors.js');
const { runSteps } = require('./job.js');

/** @typedef {InstanceType<typeof import('./table.js').Table>} Table */
/** @typedef {Parameters<Parameters<typeof runSteps>[1]>[0]} Operation */
/** @typedef {(operation: Operation, handOver: (table: Table) => Promise<void>) => Promise<void>} Produce */

/** Ends the operation of an iteration that was left; nobody sees it. */
const LEFT = Symbol('left');

/**
 * The operation begins with the first `next`. It makes one table more than were asked for, and waits
 * until that one is. It ends with the iteration, however that ends.
 */
class Batches {
  #options;
  #produce;
  /** @type {'new' | 'open' | 'ended'} */
  #state = 'new';
  /** @type {Operation | undefined} */
  #operation;
  /** Those who have asked and wait. @type {{ resolve: (table: Table | undefined) => void, reject: (error: unknown) => void }[]} */
  #asking = [];
  /** The table that waits to be asked for, of which there is one at most. @type {Table | undefined} */
  #ready;
  /** Lets the operation go on. */
  #goOn = () => {};
  /** The error that nobody has seen yet. @type {{ error: unknown } | undefined} */
  #failure;

  /**
   * @param {unknown} options the caller's
   * @param {Produce} produce
   */
  constructor(options, produce) {
    this.#options = options;
    this.#produce = produce;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  /** @returns {Promise<IteratorResult<Table, undefined>>} */
  async next() {
    if (this.#state === 'new') this.#start();
    try {
      const table = await this.#ask();
      return table === undefined ? { done: true, value: undefined } : { done: false, value: table };
    } catch (error) {
      throw retrace(error, this.next);
    }
  }

  /**
   * Ends the operation, its source and its native work.
   *
   * @template T
   * @param {T} [value]
   */
  async return(value) {
    this.#end();
    this.#failure = undefined;
    this.#operation?.abandon(LEFT);
    return { done: /** @type {const} */ (true), value };
  }

  #start() {
    this.#state = 'open';
    const body = (/** @type {Operation} */ operation) => {
      this.#operation = operation;
      return this.#produce(operation, (table) => this.#handOver(table));
    };
    runSteps(this.#options, body).then(
      () => this.#end(),
      (error) => this.#fail(error)
    );
  }

  /** @returns {Table | undefined | Promise<Table | undefined>} */
  #ask() {
    const failure = this.#failure;
    if (failure !== undefined) {
      this.#failure = undefined;
      throw failure.error;
    }
    if (this.#ready !== undefined) {
      const table = this.#ready;
      this.#ready = undefined;
      this.#goOn();
      return table;
    }
    if (this.#state === 'ended') return undefined;
    return new Promise((resolve, reject) => this.#asking.push({ resolve, reject }));
  }

  /**
   * Resolves when the next table may be made.
   *
   * @param {Table} table
   * @returns {Promise<void>}
   */
  async #handOver(table) {
    if (this.#state === 'ended') return;
    const first = this.#asking.shift();
    if (first !== undefined) {
      first.resolve(table);
      return;
    }
    this.#ready = table;
    await new Promise((resolve) => (this.#goOn = () => resolve(undefined)));
  }

  #end() {
    this.#state = 'ended';
    this.#ready = undefined;
    this.#goOn();
    for (const { resolve } of this.#asking.splice(0)) resolve(undefined);
  }

  /** @param {unknown} error */
  #fail(error) {
    if (this.#state === 'ended') return;
    const first = this.#asking.shift();
    if (first === undefined) this.#failure = { error };
    else first.reject(error);
    this.#end();
  }
}

if (Symbol.asyncDispose) {
  Object.defineProperty(Batches.prototype, Symbol.asyncDispose, {
    async value() {
      await this.return();
    },
  });
}

module.exports = { Batches };
