// Sends the same JSON to the servers, in turn, and checks every answer.

import { readFileSync } from 'node:fs';
import { RECORDS, jsonBytes, jsonFile } from '../../bench/json-data.mjs';
import { answerChecker, sendToEach } from './bodies.mjs';
import { post } from './http.mjs';

const ROUTE = '/orders';
const AT_LEAST = 1000;
/** Orders of what warms the servers up, and shows that they agree. */
const FEW = 10_000;

const CONDITIONS =
  `One JSON of 47 MB and ${RECORDS.toLocaleString('en')} orders after the other: how many there are, and what they come\n` +
  'to. JSON.parse and value() make all the objects, table() six typed columns.';

/** @param {import('./bodies.mjs').Contender[]} contenders */
export async function compareJson(contenders) {
  const small = jsonBytes(FEW);
  const checkSmall = answerChecker('JSON', 'orders', FEW);
  for (const { server, mount } of contenders) checkSmall(await post(`${server.url}${mount}${ROUTE}`, small));

  const path = jsonFile();
  const results = await sendToEach(contenders, {
    called: 'JSON of 47 MB',
    route: ROUTE,
    body: readFileSync(path),
    atLeast: AT_LEAST,
    check: answerChecker('JSON', 'orders', RECORDS),
  });
  return { results, conditions: CONDITIONS, path };
}
