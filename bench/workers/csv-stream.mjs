// Adds up two columns of a CSV that is read from a file.
//
//   node csv-stream.mjs offloop|csv-parser <path>

import { createReadStream } from 'node:fs';
import { readOnce } from '../read-once.mjs';

await readOnce({
  async offloop() {
    const { csv } = await import('../offloop.mjs');
    return async (path) => {
      const totals = { rows: 0, price: 0, scores: 0 };
      for await (const table of csv.batches(path)) {
        totals.rows += table.numRows;
        totals.scores += table.numRows - table.column('score').nullCount;
        for (const price of table.column('price').values) totals.price += price;
      }
      return totals;
    };
  },

  async 'csv-parser'() {
    const { default: csvParser } = await import('csv-parser');
    return (path) =>
      new Promise((resolve, reject) => {
        const totals = { rows: 0, price: 0, scores: 0 };
        createReadStream(path)
          .on('error', reject)
          .pipe(csvParser())
          .on('error', reject)
          .on('data', ({ price, score }) => {
            totals.rows++;
            if (score !== '') totals.scores++;
            totals.price += Number(price);
          })
          .on('end', () => resolve(totals));
      });
  },
});
