'use strict';

// Every short text of the characters that count is taken, or refused, as JSON.parse does: by itself,
// and in a document that several threads read.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { json } = require('./support/offloop.js');
const { REFUSED, isSame, outcome, parsed } = require('./support/json.js');

const SEGMENT = 64 * 1024;
const AT_ONCE = 2000;

/** All texts of up to so many of these characters. */
function textsOf(characters, longest) {
  const texts = [''];
  for (let start = 0, length = 1; length <= longest; length++) {
    const end = texts.length;
    for (; start < end; start++) for (const each of characters) texts.push(texts[start] + each);
  }
  return texts;
}

/** Many at once, but not all. */
async function each(texts, run) {
  for (let at = 0; at < texts.length; at += AT_ONCE) await Promise.all(texts.slice(at, at + AT_ONCE).map(run));
}

const CHARACTERS = '[]{}:,"1\\a-';

// The Rust tests have those of one character more.
test('every text of up to four of the characters that count', async () => {
  const texts = textsOf(CHARACTERS, 4);
  assert.equal(texts.length, 16_105);
  let taken = 0;
  const valid = () => 'valid';
  const codeOf = ({ code }) => code;
  await each(texts, async (text) => {
    const expected = parsed(text);
    const name = JSON.stringify(text);
    const isTaken = expected !== REFUSED;
    if (isTaken) taken++;
    assert.equal(await json.validate(text).then(valid, codeOf), isTaken ? 'valid' : REFUSED, name);
    isSame(await outcome(json.parse(text)), expected, name);
  });
  assert.ok(taken > 50 && taken < 2_000, `${taken} were taken`);
});

test('every text of up to six of the characters of a number', async () => {
  const texts = textsOf('01.e-', 5).concat(textsOf('0.E+', 6));
  await each(texts, async (text) => isSame(await outcome(json.parse(text)), parsed(text), JSON.stringify(text)));
});

const RECORD = ',{"a":[1,"b\\"c"]},"x","\\\\",true';

/** Bytes of a document in which what comes next begins at `offset`, and of what comes behind. */
function around(offset) {
  const records = Math.floor((offset - 10) / RECORD.length);
  const head = `[0${RECORD.repeat(records)},`;
  const pad = offset - head.length;
  const tail = `,1${RECORD.repeat(Math.ceil((200_000 - offset) / RECORD.length) + 1000)}]`;
  return [Buffer.from(head + ' '.repeat(pad)), Buffer.from(tail), 1 + 4 * records];
}

test('every text of up to three of them in a document of 200 KB, where blocks and segments meet', async () => {
  const texts = textsOf(CHARACTERS, 3);
  // What follows a text that is taken there is the same in a short document.
  const expected = texts.map((text) => parsed(`[0${RECORD},${text},1${RECORD}]`));
  for (const offset of [SEGMENT - 2, SEGMENT - 1, 2 * SEGMENT - 1, 64 * 1500 - 1]) {
    const [head, tail, index] = around(offset);
    assert.ok(head.length + tail.length > 200_000);
    assert.equal(head.length, offset);
    for (const [nth, text] of texts.entries()) {
      const bytes = Buffer.concat([head, Buffer.from(text), tail]);
      const name = `${JSON.stringify(text)} at ${offset}`;
      if (expected[nth] === REFUSED) {
        await assert.rejects(json.validate(bytes), { code: REFUSED }, name);
        continue;
      }
      const document = await json.parse(bytes);
      const { value } = expected[nth];
      // A text such as `1,1` is several elements.
      const elements = value.slice(5, value.length - 5);
      elements.forEach((element, at) => isSame(document.get(`/${index + at}`), element, name));
      assert.equal(document.get(`/${index + elements.length}`), 1, name);
      document.close();
    }
  }
});
