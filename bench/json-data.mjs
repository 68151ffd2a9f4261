// The JSON that is measured: orders, as a server is sent them. An array of records, and the same records a
// line each. The same bytes every time.

import { Choices, FIRST_NAMES, LAST_NAMES, bytesOf, generatedFile } from './generated.mjs';

/** 47 MB. */
export const RECORDS = 250_000;

/** The keys, in their order, with the types of their values in a table. */
export const KEYS = {
  id: 'int32',
  name: 'string',
  price: 'float64',
  time: 'timestamp',
  paid: 'boolean',
  kind: 'dictionary',
  stars: 'float64',
  note: 'string',
  user: 'json',
  tags: 'json',
};

const KINDS = ['tools', 'books', 'toys', 'music', 'garden', 'arts', 'food', 'travel'];
const CITIES = ['Łódź', 'Paris', '東京', 'Lagos', 'Malmö', 'São Paulo', 'Kyiv', 'Ottawa'];
const TAGS = ['new', 'sale', 'large', 'set', 'used', 'eco'];
const NOTES = ['sent', 'on hold', 'a "gift"', 'fragile', 'at no. 7', 'two\nlines', 'C:\\new', 'returned'];

/** The text of each record as JSON.stringify writes it, so that to parse it and to write it again gives the same. */
function* recordsOf(count) {
  const choices = new Choices(2);
  for (let id = 1; id <= count; id++) {
    yield JSON.stringify({
      id,
      name: `${choices.oneOf(FIRST_NAMES)} ${choices.oneOf(LAST_NAMES)}`,
      price: choices.below(10_000) / 100,
      time: choices.time(),
      paid: choices.random() < 0.5,
      kind: choices.oneOf(KINDS),
      stars: choices.random() < 0.2 ? null : choices.below(50) / 10,
      note: `${choices.oneOf(NOTES)} ${choices.below(100)}`,
      user: { id: choices.below(1000), city: choices.oneOf(CITIES) },
      tags: Array.from({ length: choices.below(3) }, () => choices.oneOf(TAGS)),
    });
  }
}

function* arrayOf(count) {
  let before = '[';
  for (const record of recordsOf(count)) {
    yield before + record;
    before = ',';
  }
  yield ']';
}

function* linesOf(count) {
  for (const record of recordsOf(count)) yield `${record}\n`;
}

/** The bytes of the array. */
export function jsonBytes(count = RECORDS) {
  return bytesOf(arrayOf(count));
}

/** The path of the array's file, which is made where it is not there yet. */
export function jsonFile(count = RECORDS) {
  return generatedFile(`${count}.json`, () => jsonBytes(count));
}

/** The path of a file with a record on each line (NDJSON). */
export function linesFile(count = RECORDS) {
  return generatedFile(`${count}.ndjson`, () => bytesOf(linesOf(count)));
}
