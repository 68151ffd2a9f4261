'use strict';

const warnings = [];
process.on('warning', ({ message }) => warnings.push(message));
const { interactive, bulk } = require('../support/offloop.js').pool.stats();
setImmediate(() => {
  console.log(JSON.stringify({ interactive: interactive.threads, bulk: bulk.threads, warnings }));
});
