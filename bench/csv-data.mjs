// The CSV that is measured: what tables hold, and what makes parsers slow. The same bytes every time.

import { Choices, FIRST_NAMES, LAST_NAMES, bytesOf, generatedFile } from './generated.mjs';

/** 50 MB. */
export const ROWS = 600_000;

/** The columns, in their order, with the types that they are read as. */
export const COLUMNS = {
  id: 'int32',
  price: 'float64',
  name: 'string',
  time: 'timestamp',
  active: 'boolean',
  category: 'dictionary',
  score: 'float64',
  note: 'string',
};

const CATEGORIES = ['tools', 'books', '"toys, games"', 'music', 'garden', '"arts, crafts"', 'food', 'travel'];
const NOTES = ['paid', 'sent', 'on hold', 'a ""gift""', 'fragile', 'at no. 7', '""urgent""', 'returned'];

/**
 * The file's lines. Numbers are written as JavaScript writes them and nothing is quoted without need, so
 * that to parse it and to write it again gives the same bytes.
 */
function* linesOf(rows) {
  const choices = new Choices(1);
  yield `${Object.keys(COLUMNS).join()}\n`;
  for (let id = 1; id <= rows; id++) {
    const price = choices.below(100_000) / 100;
    const name = `${choices.oneOf(FIRST_NAMES)} ${choices.oneOf(LAST_NAMES)} ${choices.below(1000)}`;
    const time = choices.time();
    const score = choices.random() < 0.2 ? '' : choices.below(100_000) / 1000;
    const plain = `${choices.oneOf(NOTES)} ${choices.below(10_000)}`;
    const note = plain.includes('"') ? `"${plain}"` : plain;
    yield `${id},${price},${name},${time},${choices.random() < 0.5},${choices.oneOf(CATEGORIES)},${score},${note}\n`;
  }
}

/** The file's bytes. */
export function csvBytes(rows = ROWS) {
  return bytesOf(linesOf(rows));
}

/** The path of the file, which is made where it is not there yet. */
export function csvFile(rows = ROWS) {
  return generatedFile(`${rows}.csv`, () => csvBytes(rows));
}
