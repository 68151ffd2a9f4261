'use strict';

// The one path of every operation: job options, a native call, a promise. src/binding/mod.rs has
// the other side of the contract.

const { setImmediate, setTimeout, clearTimeout } = require('node:timers');
const { failure, toError } = require('./errors.js');
const native = require('./native.js');
const { DEFAULTS, PROGRESS, jobOptions } = require('./options.js');
const { initialSizes } = require('./sizes.js');

/** @typedef {import('./options.js').Job} Job */

/** The functions of the promise made last. One function for all promises costs less than one each. */
let resolveLast = /** @type {(value: any) => void} */ (() => {});
let rejectLast = /** @type {(failure: unknown) => void} */ (() => {});

/**
 * @param {(value: any) => void} resolve
 * @param {(failure: unknown) => void} reject
 */
function capture(resolve, reject) {
  resolveLast = resolve;
  rejectLast = reject;
}

/** What waits for the promise made last: a job, or an operation of several, one after the other. */
class Pending {
  /**
   * @param {Readonly<Job>} job
   * @param {number} slot of a job in flight; `NO_SLOT` for an operation
   */
  constructor(job, slot) {
    this.job = job;
    this.slot = slot;
    this.resolve = resolveLast;
    this.reject = rejectLast;
    /** Rejected already, while the native work goes on to its end. */
    this.abandoned = false;
    /** @type {NodeJS.Timeout | undefined} */
    this.timer = undefined;
    /** @type {Set<Pending> | undefined} the jobs of an operation that are in flight */
    this.steps = undefined;
    /** @type {Pending | undefined} the operation that a job is a step of */
    this.operation = undefined;
    /** @type {(() => void) | undefined} what else an operation has to stop */
    this.whenAbandoned = undefined;
  }

  /** Rejects at once, and stops the native work as soon as it can be.
   *
   * @param {unknown} reason
   */
  abandon(reason) {
    if (this.abandoned) return;
    this.abandoned = true;
    unwatch(this);
    this.reject(reason);
    for (const step of this.steps ?? []) step.abandon(reason);
    this.whenAbandoned?.();
    if (this.slot !== NO_SLOT && native.cancel(this.slot)) release(this.slot);
  }
}

// The kinds of completions, as in src/binding.
const RESULT = 0;
const FAILURE = 1;
const REPORT = 2;

/** Jobs in flight by their slot; a slot is free again when its job has really ended. */
const slots = /** @type {(Pending | undefined)[]} */ ([]);
let slotCount = 0;
const freeSlots = /** @type {number[]} */ ([]);
let freeCount = 0;
const NO_SLOT = -1;

/** Operations of several jobs that have not ended. */
const operations = /** @type {Set<Pending>} */ (new Set());

/** @type {'open' | 'closing' | 'destroyed'} */
let state = 'open';
const whenIdle = /** @type {(() => void)[]} */ ([]);

/**
 * Runs one job.
 *
 * @template T
 * @param {unknown} options the caller's
 * @param {(slot: number, job: Readonly<Job>) => T | undefined} submit validates what is left,
 *   and makes the native call; its result, or undefined when a job is on its way
 * @param {(result: T) => T} [finish] the last touch to the result
 * @returns {Promise<T>}
 */
async function run(options, submit, finish) {
  try {
    const job = jobOptions(options);
    checkStart(job);
    const result = await start(job, submit, undefined);
    return finish === undefined ? result : finish(result);
  } catch (error) {
    throw toError(error, run);
  }
}

/**
 * Runs an operation of several jobs, one after the other. The job options hold for all of it.
 *
 * @template T
 * @param {unknown} options the caller's
 * @param {(operation: Pending) => Promise<T>} body starts each job by `step`
 * @returns {Promise<T>}
 */
async function runSteps(options, body) {
  try {
    const job = jobOptions(options);
    checkStart(job);
    const promise = new Promise(capture);
    const operation = new Pending(job, NO_SLOT);
    watch(operation);
    operations.add(operation);
    body(operation).then(operation.resolve, operation.reject);
    try {
      return await promise;
    } finally {
      // Also where the body still waits for a source that says nothing.
      unwatch(operation);
      operations.delete(operation);
      checkIdle();
    }
  } catch (error) {
    throw toError(error, runSteps);
  }
}

/**
 * An operation for whoever writes to a stream, whose jobs may run side by side. Nothing keeps it
 * while none is in flight: `close` waits for its jobs and not for the writer, who may never come
 * back, and it may go on after that. It ends by `abandon`, or by being forgotten.
 *
 * @param {Readonly<Job>} job
 */
function openSteps(job) {
  checkStart(job);
  new Promise(capture).catch(() => {});
  return new Pending(job, NO_SLOT);
}

/**
 * Runs the next job of an operation.
 *
 * @template T
 * @param {Pending} operation
 * @param {(slot: number, job: Readonly<Job>) => T | undefined} submit
 * @returns {Promise<T>}
 */
async function step(operation, submit) {
  if (operation.abandoned) throw GIVEN_UP;
  if (state === 'destroyed') throw CLOSED;
  const { priority, flags } = operation.job;
  return start({ ...DEFAULTS, priority, flags: flags & ~PROGRESS }, submit, operation);
}

/** Ends the body of an operation whose promise has been rejected; nobody sees it. */
const GIVEN_UP = failure('ABORT_ERR');

/** @param {Readonly<Job>} job */
function checkStart({ signal }) {
  if (state !== 'open') throw CLOSED;
  if (signal?.aborted) throw failure('ABORT_ERR', { cause: signal.reason });
}

const CLOSED = failure('ERR_OFFLOOP_CLOSED', {
  message: 'Expected an open pool but pool.close() or pool.destroy() was called in this thread',
});

/**
 * @template T
 * @param {Readonly<Job>} job
 * @param {(slot: number, job: Readonly<Job>) => T | undefined} submit
 * @param {Pending | undefined} operation the operation that the job is a step of
 * @returns {T | Promise<T>}
 */
function start(job, submit, operation) {
  const slot = takeSlot();
  let result;
  try {
    result = submit(slot, job);
  } catch (error) {
    giveBack(slot);
    throw error;
  }
  if (result !== undefined) {
    giveBack(slot);
    return result;
  }
  const promise = new Promise(capture);
  const pending = new Pending(job, slot);
  slots[slot] = pending;
  if (operation === undefined) {
    watch(pending);
  } else {
    operation.steps ??= new Set();
    operation.steps.add(pending);
    pending.operation = operation;
  }
  // While the arguments were read, a getter may have closed the pool.
  if (state === 'destroyed') pending.abandon(CLOSED);
  return promise;
}

/** The slot and the kind of each completion of a batch, written by native code. */
const header = new Uint32Array(native.batchSize());

/**
 * Takes a batch of completions, whose values follow. Called by native code; without a count, to go
 * on after the event loop has served its other sources.
 *
 * @param {number} [count]
 * @param {any[]} values those at the end may be missing: they are `undefined`
 */
function settle(count, ...values) {
  if (count === undefined) {
    setImmediate(native.wake);
    return;
  }
  for (let index = 0; index < count; index++) {
    const kind = header[index] & 3;
    const slot = header[index] >>> 2;
    const value = index < values.length ? values[index] : undefined;
    if (kind === RESULT || kind === FAILURE) {
      const pending = /** @type {Pending} */ (slots[slot]);
      release(slot);
      if (pending.abandoned) continue;
      if (kind === RESULT) pending.resolve(value);
      else pending.reject(value ?? GIVEN_UP);
      unwatch(pending);
    } else if (kind === REPORT) {
      const pending = slots[slot];
      if (pending !== undefined) report(pending, value[0], Number.isNaN(value[1]) ? undefined : value[1]);
    } else {
      // Not in the middle of a batch: what a listener throws is an uncaught exception of its own.
      process.nextTick(tellLane, slot & 2 ? 'bulk' : 'interactive', slot & 1 ? 'needDrain' : 'drain');
    }
  }
}

/**
 * Tells the caller how far a job is. What the callback throws ends the job.
 *
 * @param {Pending} pending
 * @param {number} processedBytes
 * @param {number | undefined} totalBytes
 */
function report(pending, processedBytes, totalBytes) {
  const { onProgress } = pending.job;
  if (pending.abandoned || onProgress === undefined) return;
  try {
    onProgress({ processedBytes, totalBytes });
  } catch (error) {
    pending.abandon(error);
  }
}

/**
 * The job of a slot has ended, or was withdrawn.
 *
 * @param {number} slot
 */
function release(slot) {
  const pending = /** @type {Pending} */ (slots[slot]);
  // From here on the slot is another job's.
  pending.slot = NO_SLOT;
  pending.operation?.steps?.delete(pending);
  slots[slot] = undefined;
  giveBack(slot);
  checkIdle();
}

function takeSlot() {
  if (freeCount > 0) return freeSlots[--freeCount];
  return slotCount++;
}

/** @param {number} slot */
function giveBack(slot) {
  freeSlots[freeCount++] = slot;
}

/**
 * The jobs that wait for each signal, behind one listener: a signal may be shared by thousands.
 *
 * @type {WeakMap<AbortSignal, { waiting: Set<Pending>, listener: () => void }>}
 */
const watched = new WeakMap();

/** @param {Pending} pending */
function watch(pending) {
  const { signal, timeout } = pending.job;
  if (timeout !== undefined) {
    const message = `Expected the job to end within ${timeout} ms, its wait in the queue included, but it did not`;
    pending.timer = setTimeout(() => pending.abandon(failure('ERR_OFFLOOP_TIMEOUT', { message })), timeout);
  }
  if (signal === undefined) return;
  let entry = watched.get(signal);
  if (entry === undefined) {
    const waiting = /** @type {Set<Pending>} */ (new Set());
    const listener = () => {
      for (const each of waiting) each.abandon(failure('ABORT_ERR', { cause: signal.reason }));
    };
    entry = { waiting, listener };
    watched.set(signal, entry);
  }
  if (entry.waiting.size === 0) signal.addEventListener('abort', entry.listener);
  entry.waiting.add(pending);
  // While the arguments were read, a getter may have aborted it.
  if (signal.aborted) entry.listener();
}

/** @param {Pending} pending */
function unwatch(pending) {
  const { signal, timeout } = pending.job;
  if (timeout !== undefined) clearTimeout(pending.timer);
  if (signal === undefined) return;
  const entry = watched.get(signal);
  if (entry === undefined || !entry.waiting.delete(pending)) return;
  if (entry.waiting.size > 0) return;
  try {
    signal.removeEventListener('abort', entry.listener);
  } catch {
    // No AbortSignal, though it looked like one. Its listener finds nobody waiting.
  }
}

function inFlight() {
  return slotCount - freeCount + operations.size;
}

function checkIdle() {
  if (state === 'open' || inFlight() > 0) return;
  for (const resolve of whenIdle.splice(0)) resolve();
}

/** Refuses new jobs in this thread, and resolves when those in flight have ended. */
function close() {
  if (state === 'open') state = 'closing';
  return new Promise((resolve) => {
    whenIdle.push(() => resolve(undefined));
    checkIdle();
  });
}

/** Rejects the jobs in flight in this thread, and resolves when their work has really ended. */
function destroy() {
  state = 'destroyed';
  for (const pending of [...operations, ...slots]) {
    pending?.abandon(CLOSED);
  }
  return close();
}

/** @typedef {(lane: 'interactive' | 'bulk', event: 'drain' | 'needDrain') => void} LaneListener */

const laneListeners = /** @type {LaneListener[]} */ ([]);

/** @type {LaneListener} */
function tellLane(lane, event) {
  for (const listener of laneListeners) listener(lane, event);
}

/** @param {LaneListener} listener */
function addLaneListener(listener) {
  laneListeners.push(listener);
}

// Only Node's own build has the C++ library and the engine that borrowing relies on. Deno and Bun
// call themselves node.
const { electron, bun, deno } = process.versions;
const isNode = process.release?.name === 'node' && !electron && !bun && !deno;

native.init(settle, header, isNode, initialSizes());

module.exports = {
  run,
  openSteps,
  runSteps,
  step,
  report,
  close,
  destroy,
  addLaneListener,
};
