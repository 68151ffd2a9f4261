'use strict';

// Known answers: texts and what they are, pointers and what is there, numbers and their bits.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { json } = require('./support/offloop.js');
const { isSame } = require('./support/json.js');

const vectors = require('../vectors/json.json');

const bytesOf = ({ json: text, hex }) => (hex === undefined ? Buffer.from(text) : Buffer.from(hex, 'hex'));

/** The double of 16 hexadecimal digits. */
const double = (bits) => Buffer.from(bits, 'hex').readDoubleBE();

async function isText(vector) {
  const bytes = bytesOf(vector);
  if (vector.expect === 'invalid') {
    for (const call of [json.parse, json.validate]) await assert.rejects(call(bytes), { code: 'ERR_OFFLOOP_JSON' });
    return;
  }
  await json.validate(bytes);
  const document = await json.parse(bytes);
  const { pointer = '', value = JSON.parse(bytes.toString()) } = vector;
  isSame(document.get(pointer), value);
}

async function isAt(text, { pointer, value, expect }) {
  const document = await json.parse(text);
  if (expect === 'invalid') {
    assert.throws(() => document.get(pointer), { code: 'ERR_INVALID_ARG_VALUE' });
    return;
  }
  assert.equal(document.has(pointer), expect !== 'missing');
  isSame(document.get(pointer), value);
}

/** As a value, and in columns that have inferred their type or have it declared. */
async function isNumber({ number, bits }) {
  const expected = double(bits);
  const document = await json.parse(`[{"a":${number}}]`);
  assert.ok(Object.is(document.get('/0/a'), expected));
  for (const options of [{}, { types: { a: 'float64' } }]) {
    for (const table of [await document.table('', options), await json.parseLines(`{"a":${number}}`, options)]) {
      assert.ok(Object.is(table.column('a').get(0), expected), `${table.column('a').get(0)} as ${options.types?.a}`);
    }
  }
}

for (const { source, json: text, vectors: cases } of vectors.groups) {
  describe(source, () => {
    for (const vector of cases) {
      if (vector.bits !== undefined) test(vector.number, () => isNumber(vector));
      else if (text === undefined) test(vector.name, () => isText(vector));
      else test(`pointer '${vector.pointer}'`, () => isAt(text, vector));
    }
  });
}
