'use strict';

// Bytes that are UTF-8, and every kind of those that are not.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { isUtf8 } = require('node:buffer');
const { json } = require('./support/offloop.js');
const { seeded } = require('./support/csv.js');
const { REFUSED, outcome, parsed } = require('./support/json.js');

const SEGMENT = 64 * 1024;

/** By kind: sequences that no UTF-8 has. */
const invalid = {
  'overlong forms': ['c080', 'c1bf', 'e08080', 'e09fbf', 'f0808080', 'f08fbfbf'],
  'surrogates, encoded': ['eda080', 'edadbf', 'edb080', 'edbfbf', 'eda0bdedb880'],
  'beyond U+10FFFF': ['f4908080', 'f4bfbfbf', 'f5808080', 'f7bfbfbf', 'f888808080', 'fc8480808080'],
  'bytes that never occur': ['c0', 'c1', 'f5', 'f8', 'fc', 'fe', 'ff', 'fffe', 'feff'],
  'a continuation without a beginning': ['80', 'bf', '8080', '41bf', 'c3a9a9', 'e282acac', 'f09f988080'],
  'a beginning without its end': ['c3', 'e2', 'e282', 'f0', 'f09f', 'f09f98', 'c341', 'e28241', 'f09f9841'],
  'a beginning inside of another': ['c3c3a9', 'e2c3a9', 'e282c3a9', 'f09fc3a9', 'f09f98f09f9880'],
};

const join = (...parts) => Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));

/** Where bytes may stand. */
const places = [
  (bytes) => join('["', bytes, '"]'),
  (bytes) => join('["é', bytes, 'é"]'),
  (bytes) => join('{"', bytes, '":1}'),
  (bytes) => join('[1,', bytes, '2]'),
  (bytes) => join(bytes, '1'),
  (bytes) => join('1', bytes),
  (bytes) => join('"', bytes),
  (bytes) => join('["', 'a'.repeat(61), bytes, 'é'.repeat(100), '"]'),
];

describe('bytes that are no UTF-8 are refused', () => {
  for (const [kind, sequences] of Object.entries(invalid)) {
    test(kind, async () => {
      for (const hex of sequences) {
        for (const place of places) {
          const bytes = place(Buffer.from(hex, 'hex'));
          assert.ok(!isUtf8(bytes), hex);
          await assert.rejects(json.parse(bytes), { code: REFUSED }, hex);
          await assert.rejects(json.validate(bytes), { code: REFUSED }, hex);
        }
      }
    });
  }

  test('and the error says where, and of what it speaks', async () => {
    for (const hex of Object.values(invalid).flat()) {
      const bytes = join('["é",\n "', Buffer.from(hex, 'hex'), '"]');
      await assert.rejects(json.parse(bytes), (error) => {
        assert.match(error.message, /^Expected .*UTF-8.* but received /s);
        const { byteOffset, line } = error;
        assert.ok(byteOffset >= 9 && byteOffset < 9 + hex.length / 2, `${hex} at ${byteOffset}`);
        assert.equal(line, 2);
        return true;
      });
    }
  });

  test('at every place of a block, and where segments meet', async () => {
    const tail = Buffer.from(`"${',"é"'.repeat(20_000)}]`);
    const starts = Array.from({ length: 66 }, (_, index) => 1000 + index);
    for (let before = 5; before >= -2; before--) starts.push(SEGMENT - before, 2 * SEGMENT - before);
    for (const hex of ['ff', 'eda080', 'f09f98', 'c080', 'bf']) {
      for (const start of starts) {
        const bytes = join('["', 'a'.repeat(start - 2), Buffer.from(hex, 'hex'), tail);
        await assert.rejects(json.validate(bytes), ({ code, byteOffset, line, column }) => {
          assert.deepEqual([code, line], [REFUSED, 1]);
          assert.ok(byteOffset >= start && byteOffset < start + hex.length / 2, `${hex}: ${byteOffset}, not ${start}`);
          assert.ok(column > start && column <= byteOffset + 1, `column ${column}`);
          return true;
        });
      }
    }
  });

  test('where it is whole only together with the next string', async () => {
    const halves = [Buffer.from('["'), Buffer.from([0xf0, 0x9f]), Buffer.from('","'), Buffer.from([0x98, 0x80])];
    await assert.rejects(json.parse(join(...halves, '"]')), { code: REFUSED });
  });
});

describe('bytes that are UTF-8 are taken', () => {
  test('the first and the last of each length, at every place of a block, and where segments meet', async () => {
    const characters = '\x7f\u0080\u07ff\u0800\ud7ff\ue000\ufffd\uffff\u{10000}\u{10ffff}';
    const pads = Array.from({ length: 66 }, (_, index) => index);
    for (let index = 0; index < 30; index++) pads.push(SEGMENT - 30 + index, 2 * SEGMENT - 30 + index);
    const tail = `,${'"é",'.repeat(20_000)}0]`;
    for (const pad of pads) {
      const head = `["${'a'.repeat(pad)}${characters}",{"${characters}":"${characters}"}`;
      const document = await json.parse(Buffer.from(head + tail));
      assert.equal(document.get('/0'), 'a'.repeat(pad) + characters);
      assert.deepEqual(document.get('/1'), { [characters]: characters });
      assert.equal(document.get('/20001'), 'é');
    }
  });

  test('every character, raw and escaped', async () => {
    const characters = [];
    for (let code = 0x20; code <= 0x10ffff; code++) {
      if (code === 0xd800) code = 0xe000;
      characters.push(String.fromCodePoint(code));
    }
    const strings = [];
    for (let at = 0; at < characters.length; at += 1000) strings.push(characters.slice(at, at + 1000).join(''));
    const raw = JSON.stringify(strings);
    assert.deepEqual((await json.parse(raw)).get(''), strings);
    const unit = (text) => `\\u${text.charCodeAt(0).toString(16).padStart(4, '0')}`;
    const written = `[${strings.map((text) => `"${text.replace(/[^]/g, unit)}"`).join()}]`;
    assert.deepEqual((await json.parse(written)).get(''), strings);
  });
});

test('random bytes in a string are taken or refused as Node has them', async () => {
  const random = seeded(5);
  const bytes = [0x20, 0x41, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc2, 0xc3, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0x5c];
  const pick = () => bytes[Math.floor(random() * bytes.length)];
  let refused = 0;
  for (let round = 0; round < 5000; round++) {
    const text = join('["', Buffer.from(Array.from({ length: 1 + random() * 5 }, pick)), '"]');
    const expected = isUtf8(text) ? parsed(text.toString()) : REFUSED;
    if (expected === REFUSED) refused++;
    assert.deepEqual(await outcome(json.parse(text)), expected, text.toString('hex'));
  }
  assert.ok(refused > 500 && refused < 4900, `${refused} were refused`);
});

describe('a byte-order mark', () => {
  const MARK = '\ufeff';

  test('is refused, at its place', async () => {
    for (const options of [undefined, { bom: false }]) {
      for (const data of [`${MARK}[1]`, Buffer.from(`${MARK}[1]`)]) {
        await assert.rejects(json.parse(data, options), { code: REFUSED, line: 1, column: 1, byteOffset: 0 });
        await assert.rejects(json.validate(data, options), { code: REFUSED });
      }
    }
  });

  test('is left out where bom is true: one, at the start', async () => {
    for (const data of [`${MARK}[1,"${MARK}"]`, Buffer.from(`${MARK}[1,"${MARK}"]`)]) {
      const document = await json.parse(data, { bom: true });
      assert.deepEqual(document.get(''), [1, MARK]);
      assert.equal(document.bytes('').toString(), `[1,"${MARK}"]`);
      await json.validate(data, { bom: true });
    }
    assert.deepEqual((await json.parse('[1]', { bom: true })).get(''), [1]);
    for (const text of [`${MARK}${MARK}1`, ` ${MARK}1`, `[${MARK}1]`, `1${MARK}`, MARK]) {
      await assert.rejects(json.parse(text, { bom: true }), { code: REFUSED }, JSON.stringify(text));
    }
  });

  test('counts where an error is told: bytes from the start of the input', async () => {
    await assert.rejects(json.parse(`${MARK}[?]`, { bom: true }), { code: REFUSED, line: 1, byteOffset: 4 });
  });

  test('half of one, or one of UTF-16, is no UTF-8', async () => {
    for (const bytes of [[0xef], [0xef, 0xbb], [0xff, 0xfe], [0xfe, 0xff], [0xef, 0xbb, 0x31]]) {
      await assert.rejects(json.parse(Buffer.from(bytes), { bom: true }), { code: REFUSED });
    }
  });
});
