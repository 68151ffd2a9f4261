'use strict';

const { EventEmitter } = require('node:events');
const job = require('./job.js');
const native = require('./native.js');
const { getHandoff, setHandoff } = require('./options.js');
const { MAX_THREADS } = require('./sizes.js');
const { optionsObject, integer, oneOf } = require('./validate.js');

const MAX_QUEUE = 2 ** 32 - 1;
const EVENTS = ['drain', 'needDrain'];

/** The native threads of this process, as this JavaScript thread sees them. */
class Pool extends EventEmitter {
  /**
   * Changes the sizes. Those that are not given stay as they are.
   *
   * @param {import('../index.js').PoolOptions} options
   */
  configure(options) {
    const { threads, maxQueue, memory, handoff } = optionsObject(options, 'options');
    const sizes = native.sizes();
    if (threads !== undefined) sizes.threads = integer(threads, 'options.threads', 1, MAX_THREADS);
    if (maxQueue !== undefined) sizes.maxQueue = integer(maxQueue, 'options.maxQueue', 0, MAX_QUEUE);
    if (memory !== undefined) sizes.memory = integer(memory, 'options.memory', 0, Number.MAX_SAFE_INTEGER);
    if (handoff !== undefined) setHandoff(oneOf(handoff, 'options.handoff', ['borrow', 'copy']));
    native.configure(sizes);
  }

  /** @returns {import('../index.js').PoolStats} */
  stats() {
    const { interactive, bulk } = native.stats();
    const { maxQueue, memory } = native.sizes();
    const bytesInFlight = interactive.bytesInFlight + bulk.bytesInFlight;
    return { interactive, bulk, maxQueue, memory, bytesInFlight, handoff: getHandoff() };
  }

  get needsDrain() {
    const { interactive, bulk } = native.stats();
    return interactive.needsDrain || bulk.needsDrain;
  }

  /**
   * All but the pool's own listeners, which tell it that somebody listens.
   *
   * @param {string | symbol} [event]
   */
  removeAllListeners(event) {
    for (const name of event === undefined ? EVENTS : [event]) {
      if (EVENTS.includes(String(name))) super.removeAllListeners(name);
    }
    return this;
  }

  close() {
    return job.close();
  }

  destroy() {
    return job.destroy();
  }
}

// Node 20 calls this by its name only where the symbol exists.
if (Symbol.asyncDispose) {
  Object.defineProperty(Pool.prototype, Symbol.asyncDispose, { value: Pool.prototype.close });
}

const pool = new Pool();
job.addLaneListener((lane, event) => pool.emit(event, lane));

const listeners = () => EVENTS.reduce((sum, event) => sum + pool.listenerCount(event), 0);

// Native code sends events only while somebody listens. `newListener` comes before the change,
// `removeListener` after it.
pool.on('newListener', (event) => {
  if (EVENTS.includes(event) && listeners() === 0) native.listen(true);
});
pool.on('removeListener', (event) => {
  if (EVENTS.includes(event) && listeners() === 0) native.listen(false);
});

module.exports = pool;
