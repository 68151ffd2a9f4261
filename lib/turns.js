'use strict';

// Long work on the JavaScript thread, in parts between which the event loop serves its other sources.

const { performance } = require('node:perf_hooks');
const { setImmediate } = require('node:timers');

// As it is now: test runners replace it with a clock that stands still.
const now = performance.now.bind(performance);

class Turns {
  /** @param {number} budget milliseconds of a turn of the event loop */
  constructor(budget) {
    this.budget = budget;
    this.end = now() + budget;
  }

  /** Whether this turn has been used up. */
  get spent() {
    return now() >= this.end;
  }

  /** Lets the event loop serve its other sources. */
  async next() {
    await new Promise((resolve) => setImmediate(resolve));
    this.end = now() + this.budget;
  }
}

module.exports = { Turns };
