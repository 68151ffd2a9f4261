// Adds up two columns of NDJSON that is read from a file.
//
//   node json-stream.mjs offloop|'JSON.parse by line' <path>

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { readOnce } from '../read-once.mjs';

await readOnce({
  async offloop() {
    const { json } = await import('../offloop.mjs');
    return async (path) => {
      const totals = { rows: 0, price: 0, stars: 0 };
      for await (const table of json.lineBatches(path)) {
        totals.rows += table.numRows;
        totals.stars += table.numRows - table.column('stars').nullCount;
        for (const price of table.column('price').values) totals.price += price;
      }
      return totals;
    };
  },

  async 'JSON.parse by line'() {
    return (path) =>
      new Promise((resolve, reject) => {
        const totals = { rows: 0, price: 0, stars: 0 };
        const input = createReadStream(path).on('error', reject);
        // By events: an async iterator makes a promise for each line.
        createInterface({ input })
          .on('line', (line) => {
            const { price, stars } = JSON.parse(line);
            totals.rows++;
            if (stars !== null) totals.stars++;
            totals.price += price;
          })
          .on('close', () => resolve(totals));
      });
  },
});
