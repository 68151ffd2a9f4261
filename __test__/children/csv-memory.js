'use strict';

// Half a gigabyte of CSV in batches. Prints how many bytes and rows there were, and how much the
// resident memory peaked above the start.

const { csv } = require('../support/offloop.js');

const LINES = 32_768;
const CHUNKS = 512;
const chunk = Buffer.from('12345678,abcdefghijkl,12.34,xyz\n'.repeat(LINES));

(async () => {
  const source = (function* () {
    for (let index = 0; index < CHUNKS; index++) yield chunk;
  })();
  const before = process.memoryUsage().rss;
  let rows = 0;
  for await (const table of csv.batches(source, { header: ['a', 'b', 'c', 'd'] })) rows += table.numRows;
  const grown = process.resourceUsage().maxRSS * 1024 - before;
  console.log(JSON.stringify({ total: CHUNKS * chunk.length, rows, grown }));
})();
