'use strict';

// Rows as objects, one property for each column.

const { cellsOf } = require('./cells.js');
const { isText } = require('./layout.js');

/** @typedef {InstanceType<typeof import('./layout.js').ColumnData>} ColumnData */
/** @typedef {import('./cells.js').Block} Block */
/** @typedef {import('../index.js').TableRow} TableRow */
/** @typedef {(rows: TableRow[], cells: Block[], count: number) => void} Append */

/** Rows that are made at once where there are few columns: a fifth faster than a thousand, which the caches do not hold. */
const MOST_ROWS = 256;
/** What they may have in all: a millisecond, or five where an object is a hash table to the engine. */
const MOST_CELLS = 8 * 1024;
const MOST_TEXT = 256 * 1024;

/** Makes the row objects of some columns. */
class Rows {
  /** @param {readonly ColumnData[]} columns */
  constructor(columns) {
    this.cells = columns.map(cellsOf);
    this.texts = columns.filter(({ type }) => isText(type)).map(({ offsets }) => offsets);
    this.most = Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_CELLS / columns.length)));
    this.append = appender(columns);
  }

  /**
   * How many of the next rows make a block, whose making does not hold the event loop for long.
   *
   * @param {number} from
   * @param {number} to
   */
  block(from, to) {
    let count = Math.min(this.most, to - from);
    for (const offsets of this.texts) {
      while (count > 1 && offsets[from + count] - offsets[from] > MOST_TEXT) count = count >> 1;
    }
    return count;
  }

  /**
   * Appends `count` rows, from the row `from` of the memory on.
   *
   * @param {TableRow[]} rows
   * @param {number} from
   * @param {number} count
   */
  make(rows, from, count) {
    const blocks = this.cells.map((cells) => cells.read(from, count));
    this.append(rows, blocks, count);
  }
}

/**
 * Functions that were generated, by the columns' names and types: those with the same names may
 * have others, to which the engine should not have to adapt one function.
 *
 * @type {Map<string, Append>}
 */
const appenders = new Map();
const MOST_APPENDERS = 100;

/** With more properties a literal is no faster than a copy, and it has to be compiled. */
const MOST_LITERAL = 100;

/**
 * @param {readonly ColumnData[]} columns
 * @returns {Append}
 */
function appender(columns) {
  const names = columns.map(({ name }) => name);
  if (names.length > MOST_LITERAL) return copying(names);
  const schema = JSON.stringify(columns.map(({ name, type, nullCount }) => [name, type, nullCount > 0]));
  let append = appenders.get(schema);
  if (append === undefined) {
    append = generated(names) ?? copying(names);
    // A server that parses whatever comes must not keep a function for each header.
    if (appenders.size === MOST_APPENDERS) appenders.clear();
    appenders.set(schema, append);
  }
  return append;
}

/**
 * A loop over an object literal: all rows have one hidden class, and nothing looks for a property by
 * its name. Undefined where the process does not allow code to be made from strings.
 *
 * @param {string[]} names
 * @returns {Append | undefined}
 */
function generated(names) {
  const cells = names.map((_, index) => `const cells${index} = cells[${index}];`);
  const properties = names.map((name, index) => `${key(name)}: cells${index}[index]`);
  const body = `${cells.join('\n')}
    for (let index = 0; index < count; index++) rows.push({ ${properties.join(', ')} });`;
  try {
    return /** @type {Append} */ (new Function('rows', 'cells', 'count', `'use strict'; ${body}`));
  } catch {
    return undefined;
  }
}

/**
 * A name in an object literal. Only when it is computed is `__proto__` a property like any other; the
 * others are not, because that takes three times as long, and more memory.
 *
 * @param {string} name
 */
function key(name) {
  return name === '__proto__' ? "['__proto__']" : JSON.stringify(name);
}

/**
 * The same without code from strings: copies of one object, whose properties are then set.
 *
 * @param {string[]} names
 * @returns {Append}
 */
function copying(names) {
  const template = Object.fromEntries(names.map((name) => [name, null]));
  return (rows, cells, count) => {
    for (let index = 0; index < count; index++) {
      /** @type {TableRow} */
      const row = { ...template };
      // `__proto__` too is an own property by now, which an assignment finds first.
      for (let column = 0; column < names.length; column++) row[names[column]] = cells[column][index];
      rows.push(row);
    }
  };
}

module.exports = { Rows };
