'use strict';

// Slices of a document's text, which native code gives, as JavaScript's values.

const { failure } = require('./errors.js');

/** Native code has seen that the text is JSON. Where it is not any more, somebody has written to it. */
const CHANGED = failure('ERR_INVALID_ARG_VALUE', {
  message: "Expected bytes that stay as they are for the document's text but received others in their place",
});

/**
 * @param {string} text
 * @param {string | null} [mark] with which the strings begin that stand for BigInts
 * @returns {any}
 */
function parseSlice(text, mark) {
  try {
    const value = JSON.parse(text);
    return mark ? withBigInts(value, mark) : value;
  } catch {
    throw CHANGED;
  }
}

/**
 * A reviver would call itself for each level, of which the stack does not hold as many as a text may have.
 *
 * @param {any} value
 * @param {string} mark
 */
function withBigInts(value, mark) {
  const root = [value];
  /** @type {any[]} */
  const containers = [root];
  /** @type {(container: any, key: string | number) => void} */
  const look = (container, key) => {
    const child = container[key];
    if (typeof child === 'string') {
      if (child.startsWith(mark)) container[key] = BigInt(child.slice(mark.length));
    } else if (typeof child === 'object' && child !== null) {
      containers.push(child);
    }
  };
  while (containers.length > 0) {
    const container = containers.pop();
    if (Array.isArray(container)) {
      for (let index = 0; index < container.length; index++) look(container, index);
    } else {
      // `__proto__` is an own property here, which reads and assignments find first.
      for (const key of Object.keys(container)) look(container, key);
    }
  }
  return root[0];
}

module.exports = { parseSlice };
