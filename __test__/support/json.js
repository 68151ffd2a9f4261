'use strict';

// What JavaScript makes of a JSON text and of a pointer into it, and random texts for both.

const assert = require('node:assert/strict');

/** What stands for the value of a text that is refused. */
const REFUSED = 'ERR_OFFLOOP_JSON';

/** `{ value }` of a text as JSON.parse has it, or REFUSED. */
function parsed(text) {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return REFUSED;
  }
}

/** The same of the promise of a document. */
const outcome = (start) =>
  start.then(
    (document) => ({ value: document.get('') }),
    ({ code }) => code
  );

/** Equal to the last bit of each number, and with its keys in the same order. */
function isSame(actual, expected, message) {
  assert.deepEqual(actual, expected, message);
  assert.equal(JSON.stringify(actual), JSON.stringify(expected), message);
}

/** A key as a part of a pointer. */
const escaped = (key) => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** What is at an RFC 6901 pointer, or undefined. */
function evaluate(root, pointer) {
  let value = root;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const isIndex = !Array.isArray(value) || /^(0|[1-9][0-9]*)$/.test(key);
    if (value === null || typeof value !== 'object' || !isIndex || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** The pointers to a value and to all that is in it. */
function* pointersOf(value, above = '') {
  yield above;
  if (value === null || typeof value !== 'object') return;
  for (const key of Object.keys(value)) yield* pointersOf(value[key], `${above}/${escaped(key)}`);
}

/** The names of kinds of values, as `type` has them. */
function typeOf(value) {
  if (value === undefined) return undefined;
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

const SPACES = ['', '', '', ' ', '\n', '\t', '\r\n', '  '];
const KEYS = [
  'a',
  'b',
  'c',
  '',
  '0',
  '1',
  '01',
  '-',
  'a/b',
  'm~n',
  '~1',
  'é',
  '😀',
  '__proto__',
  'constructor',
  '"',
  '\\',
];
const PARTS = ['x', 'text', ' ', '"', '\\', '/', '\b', '\f', '\n', '\r', '\t', '\0', '\x1f', '\x7f', 'é', '漢', '😀'];
PARTS.push('\u2028', '\ud800', '\udc00', '{', '}', '[', ']', ',', ':', '1', 'true');
const NUMBERS = ['0', '-0', '1', '-1', '10', '1.5', '-0.0', '1e3', '1E+3', '-1.25e-3', '0e0', '0.1', '5e-324', '1e400'];
NUMBERS.push(
  '-1e400',
  '1e-400',
  '2147483648',
  '9007199254740993',
  '123456789012345678901234567890',
  '2.2250738585072011e-308'
);
const SHORT = { '"': '\\"', '\\': '\\\\', '/': '\\/', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Writes JSON as nobody would, but as anybody may. */
class RandomText {
  constructor(random, { depth = 6, width = 6 } = {}) {
    Object.assign(this, { random, depth, width });
  }

  pick(values) {
    return values[Math.floor(this.random() * values.length)];
  }

  space() {
    return this.pick(SPACES);
  }

  /** A UTF-16 unit as an escape. */
  unit(code) {
    const hex = code.toString(16).padStart(4, '0');
    return `\\u${this.random() < 0.5 ? hex : hex.toUpperCase()}`;
  }

  character(character) {
    const mustEscape = character < ' ' || character === '"' || character === '\\' || !character.isWellFormed();
    if (!mustEscape && this.random() < 0.8) return character;
    if (character in SHORT && this.random() < 0.7) return SHORT[character];
    return character.split('').map((unit) => this.unit(unit.charCodeAt(0))).join(''); // prettier-ignore
  }

  string(text) {
    return `"${Array.from(text, (character) => this.character(character)).join('')}"`;
  }

  scalar() {
    const kind = this.random();
    if (kind < 0.15) return this.pick(['true', 'false', 'null']);
    if (kind < 0.45) return this.pick(NUMBERS);
    if (kind < 0.55) return String((this.random() - 0.5) * 10 ** Math.floor(this.random() * 40 - 20));
    return this.string(Array.from({ length: this.random() ** 2 * 8 }, () => this.pick(PARTS)).join(''));
  }

  value(depth = this.depth) {
    return this.space() + this.inner(depth) + this.space();
  }

  inner(depth) {
    if (depth === 0 || this.random() < 0.3) return this.scalar();
    const length = Math.floor(this.random() * this.width);
    const elements = Array.from({ length }, () => this.value(depth - 1));
    const hasKeys = this.random() < 0.5;
    if (!hasKeys) return `[${elements.join(',') || this.space()}]`;
    const key = () => this.space() + this.string(this.pick(KEYS)) + this.space();
    return `{${elements.map((value) => `${key()}:${value}`).join(',') || this.space()}}`;
  }
}

const randomText = (random, options) => new RandomText(random, options).value();

/** A pointer into a value, or near to something in it. */
function randomPointer(random, pointers) {
  const pick = (values) => values[Math.floor(random() * values.length)];
  const pointer = pick(pointers);
  const kind = random();
  if (kind < 0.5) return pointer;
  const part = pick(['a', 'b', '', '0', '1', '2', '00', '01', '-', '-1', '1e0', '4294967296', '~0', '~1', 'length']);
  if (kind < 0.75) return `${pointer}/${part}`;
  return pointer.replace(/\/[^/]*$/, `/${part}`);
}

/** Documents of more than a megabyte, each large in another way. */
const large = {
  'an array of records': () =>
    JSON.stringify(
      Array.from({ length: 20_000 }, (_, id) => ({
        id,
        name: `né ${id}`,
        tags: ['a', id],
        nested: { x: id / 7, y: null },
      }))
    ),
  'one object of many keys': () =>
    `{${Array.from({ length: 60_000 }, (_, key) => `"key ${key}": [${key}, "é"]`).join(', ')}}`,
  'keys that come again, and keys that are numbers': () =>
    `{${Array.from({ length: 90_000 }, (_, index) => `"${(index * 7919) % 50_021}":${index}`).join()}}`,
  'one deep branch with large leaves': () => {
    const leaf = JSON.stringify('leaf é\n'.repeat(400));
    return `${'{"a":[1,'.repeat(500)}${leaf}${`,${leaf}],"z":"x"}`.repeat(500)}`;
  },
  'arrays in objects in arrays': () => {
    const inner = (depth) =>
      depth === 0 ? '[1,{"a":null}]' : `{"x":[${inner(depth - 1)},${inner(depth - 1)}],"y":""}`;
    return `[${Array.from({ length: 40 }, () => inner(10)).join('\n,\n')}]`;
  },
  'half a million numbers': () =>
    `[${Array.from({ length: 500_000 }, (_, index) => (index % 3 ? index - 250_000 : index / 7)).join()}]`,
  'one string of megabytes': () =>
    `{"before":1,"text":"${'plain text 😀\\ud83d\\ude00\\n\\"é\\\\\\u0041\\ud800'.repeat(100_000)}","after":[2]}`,
  'a string of characters outside of the basic plane only': () => `["a${'😀'.repeat(600_000)}"]`,
  'a string of escaped pairs only': () => `["a${'\\ud83d\\ude00'.repeat(200_000)}", "${'\\\\'.repeat(300_000)}"]`,
  'a key of megabytes': () => `[{"${'kéy\\n'.repeat(250_000)}":{"${'k'.repeat(1_100_000)}":[1,2]},"b":2}]`,
  blanks: () => `[${' '.repeat(600_000)}1${'\n'.repeat(600_000)},{${'\t'.repeat(100_000)}}]`,
  'many that are empty': () => `[${'[],{},"",'.repeat(150_000)}0]`,
};

module.exports = {
  REFUSED,
  escaped,
  evaluate,
  isSame,
  large,
  outcome,
  parsed,
  pointersOf,
  randomPointer,
  randomText,
  typeOf,
};
