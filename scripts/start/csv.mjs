// Sends the same CSV to all servers, in turn, and checks every answer.

import { readFileSync } from 'node:fs';
import { ROWS, csvBytes, csvFile } from '../../bench/csv-data.mjs';
import { answerChecker, sendToEach } from './bodies.mjs';
import { post } from './http.mjs';

const ROUTE = '/upload';
const AT_LEAST = 2000;
/** Rows of what warms the servers up, and shows that they agree. */
const FEW = 10_000;

const CONDITIONS =
  `One CSV of 50 MB and ${ROWS.toLocaleString('en')} rows after the other: how many there are, and sum, minimum\n` +
  'and maximum of three columns of numbers. papaparse takes the text as a whole, the others as it arrives.';

/** @param {import('./bodies.mjs').Contender[]} contenders */
export async function compareCsv(contenders) {
  const small = csvBytes(FEW);
  const checkSmall = answerChecker('a CSV', 'rows', FEW);
  for (const { server, mount } of contenders) checkSmall(await post(`${server.url}${mount}${ROUTE}`, small));

  const path = csvFile();
  const results = await sendToEach(contenders, {
    called: 'A CSV of 50 MB',
    route: ROUTE,
    body: readFileSync(path),
    atLeast: AT_LEAST,
    check: answerChecker('a CSV', 'rows', ROWS),
  });
  return { results, conditions: CONDITIONS, path };
}
