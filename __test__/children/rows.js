'use strict';

// Row objects in a process that may not make code from strings. Prints whether it may, and the rows.

const { table } = require('../support/payload.js');

function mayGenerate() {
  try {
    return new Function('return true')();
  } catch {
    return false;
  }
}

const rows = table([
  { name: 'id', type: 'int32', values: [1, 2] },
  { name: '__proto__', type: 'string', values: ['first', null] },
  { name: 'constructor', type: 'boolean', values: [null, true] },
  { name: '', type: 'float64', values: [0.5, -0.5] },
]);
const prototypes = [...rows].map((row) => Object.getPrototypeOf(row) === Object.prototype);
console.log(JSON.stringify({ generated: mayGenerate(), prototypes, rows: [...rows].map(Object.entries) }));
