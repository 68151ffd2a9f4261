'use strict';

// What a document says of the values in it: get, has, type, length, keys, bytes, and its end.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { json, JsonDocument, OffloopError } = require('./support/offloop.js');
const { collect } = require('./support/csv.js');
const { isSame } = require('./support/json.js');

const text = ` {
  "object": {"b": 1, "a": {"deep": [true]}, "b": 2},
  "array": [10, "x", [], {}, null],
  "string": "é\\n😀\\u0041",
  "number": -1.50e+2,
  "true": true, "false": false, "null": null,
  "empty": {}, "none": [], "": "nothing"
} `;

/** By pointer: type, length, keys and text. */
const expected = {
  '/object': ['object', 2, ['b', 'a'], '{"b": 1, "a": {"deep": [true]}, "b": 2}'],
  '/object/a': ['object', 1, ['deep'], '{"deep": [true]}'],
  '/object/b': ['number', undefined, undefined, '2'],
  '/object/a/deep': ['array', 1, undefined, '[true]'],
  '/object/a/deep/0': ['boolean', undefined, undefined, 'true'],
  '/array': ['array', 5, undefined, '[10, "x", [], {}, null]'],
  '/array/0': ['number', undefined, undefined, '10'],
  '/array/2': ['array', 0, undefined, '[]'],
  '/array/3': ['object', 0, [], '{}'],
  '/array/4': ['null', undefined, undefined, 'null'],
  '/string': ['string', undefined, undefined, '"é\\n😀\\u0041"'],
  '/number': ['number', undefined, undefined, '-1.50e+2'],
  '/true': ['boolean', undefined, undefined, 'true'],
  '/false': ['boolean', undefined, undefined, 'false'],
  '/null': ['null', undefined, undefined, 'null'],
  '/empty': ['object', 0, [], '{}'],
  '/none': ['array', 0, undefined, '[]'],
  '/': ['string', undefined, undefined, '"nothing"'],
};

const nowhere = [
  '/nope',
  '/object/c',
  '/array/5',
  '/array/-1',
  '/array/x',
  '/string/0',
  '/null/a',
  '/empty/',
  '/none/0',
  '//',
  '/true/true',
];

describe('a value in a document', () => {
  for (const [pointer, [type, length, keys, slice]] of Object.entries(expected)) {
    test(`at ${pointer}`, async () => {
      const document = await json.parse(text);
      isSame(document.get(pointer), JSON.parse(slice));
      assert.equal(document.has(pointer), true);
      assert.equal(document.type(pointer), type);
      assert.equal(document.length(pointer), length);
      assert.deepEqual(document.keys(pointer), keys);
      assert.equal(document.bytes(pointer).toString(), slice);
      isSame(await document.value(pointer), JSON.parse(slice));
    });
  }

  test('that is the whole, which is what a pointer is where none is given', async () => {
    const document = await json.parse(text);
    const keys = Object.keys(JSON.parse(text));
    isSame(document.get(''), JSON.parse(text));
    for (const root of [[], [''], [undefined]]) {
      assert.equal(document.type(...root), 'object');
      assert.equal(document.length(...root), 10);
      assert.deepEqual(document.keys(...root), keys);
      assert.equal(document.bytes(...root).toString(), text.trim());
      isSame(await document.value(...root), JSON.parse(text));
    }
  });

  test('that is not there', async () => {
    const document = await json.parse(text);
    for (const pointer of nowhere) {
      assert.equal(document.has(pointer), false, pointer);
      for (const method of ['get', 'type', 'length', 'keys', 'bytes']) {
        assert.equal(document[method](pointer), undefined, `${method} ${pointer}`);
      }
      assert.equal(await document.value(pointer), undefined);
    }
  });

  test('that is a scalar by itself', async () => {
    for (const [scalar, type] of [
      ['1', 'number'],
      ['"a"', 'string'],
      ['null', 'null'],
      ['false', 'boolean'],
    ]) {
      const document = await json.parse(` ${scalar}\n`);
      assert.deepEqual([document.get(''), document.type(), document.has('')], [JSON.parse(scalar), type, true]);
      assert.deepEqual([document.length(), document.keys()], [undefined, undefined]);
      assert.equal(document.bytes().toString(), scalar);
      assert.deepEqual([document.get('/'), document.has('/0')], [undefined, false]);
    }
  });
});

describe('keys', () => {
  for (const object of [
    '{"b":1,"a":2}',
    '{"2":1,"b":2,"1":3,"a":4,"0":5}',
    '{"b":1,"a":2,"b":3}',
    '{"01":1,"-1":2,"1.5":3,"4294967294":4,"4294967295":5,"10":6,"9":7}',
    '{"\\u0061":1,"a":2,"\\u0062":3}',
    '{"__proto__":1,"constructor":2,"__proto__":3,"hasOwnProperty":4}',
    '{"":1,"é":2,"😀":3,"\\ud83d\\ude00":4,"\\ud800":5,"a\\u0000b":6,"a/b":7,"~":8,"\\"\\\\":9}',
  ]) {
    test(`of ${object}, in the order of Object.keys`, async () => {
      const document = await json.parse(`[${object}]`);
      const keys = Object.keys(JSON.parse(object));
      assert.deepEqual(document.keys('/0'), keys);
      assert.equal(document.length('/0'), keys.length);
    });
  }

  test('of 200,000, some of them twice', async () => {
    const names = Array.from({ length: 200_000 }, (_, index) => `key ${(index * 7919) % 200_003}`);
    const members = [...names, ...names.slice(0, 1000)].map((name, index) => `"${name}":${index}`);
    const document = await json.parse(`{${members.join()}}`);
    assert.deepEqual(document.keys(), names);
    assert.equal(document.length(), 200_000);
    for (const index of [0, 1, 999, 1000, 1001, 99_999, 199_998, 199_999]) {
      assert.equal(document.get(`/${names[index]}`), index < 1000 ? 200_000 + index : index);
    }
    assert.equal(document.has('/key 200003'), false);
  });
});

describe('bytes', () => {
  test('are a view of the memory of the document', async () => {
    // Of fewer than 2 KiB a document has a copy.
    const data = Buffer.from(new Uint8Array(Buffer.from(text + ' '.repeat(2048))).buffer);
    const document = await json.parse(data);
    for (const pointer of ['', '/array', '/string']) {
      const bytes = document.bytes(pointer);
      assert.ok(Buffer.isBuffer(bytes));
      assert.equal(bytes.buffer, data.buffer);
      assert.equal(bytes.byteOffset, data.byteOffset + data.indexOf(bytes));
    }
  });

  test('are those of the text, in UTF-8, where the document came as a string', async () => {
    const document = await json.parse('["é", "😀"]');
    assert.equal(document.byteLength, 14);
    assert.equal(document.bytes('/1').toString('hex'), '22f09f988022');
  });
});

describe('get', () => {
  test('gives new values each time', async () => {
    const document = await json.parse('{"a":[1]}');
    document.get('').a.push(2);
    assert.deepEqual(document.get('/a'), [1]);
  });

  test('gives integers beyond 2^53 - 1 as BigInt where bigint is true', async () => {
    const source = `[9007199254740991, 9007199254740992, -9007199254740991, -9007199254740992, 123456789012345678901234567890,
      1e20, 9007199254740993.0, 1.5, 0, -0, 9223372036854775808, "9007199254740993", {"a": 18446744073709551615}]`;
    const document = await json.parse(source);
    const bigs = [9007199254740991, 9007199254740992n, -9007199254740991, -9007199254740992n, 123456789012345678901234567890n,
      1e20, 9007199254740992, 1.5, 0, -0, 9223372036854775808n, '9007199254740993', { a: 18446744073709551615n }]; // prettier-ignore
    assert.deepEqual(document.get('', { bigint: true }), bigs);
    assert.deepEqual(await document.value('', { bigint: true }), bigs);
    assert.deepEqual(await collect(document.items('', { bigint: true })), [bigs]);
    assert.equal(document.get('/4', { bigint: true }), 123456789012345678901234567890n);
    assert.equal(document.get('/12/a', { bigint: true }), 18446744073709551615n);
    for (const options of [undefined, {}, { bigint: false }]) {
      assert.deepEqual(document.get('', options), JSON.parse(source));
      assert.deepEqual(await document.value('', options), JSON.parse(source));
    }
  });

  test('with bigint leaves alone any string that looks like what may stand for one', async () => {
    const marks = ['', '\0', '\uffff', 'bigint:', 'n', '$', '#', '\u0001', '\ud800', '\\', '"'].flatMap((mark) => [
      mark,
      `${mark}9007199254740993`,
      `${mark}${mark}9007199254740993`,
    ]);
    const source = JSON.stringify({ marks, big: 0 }).replace('"big":0', '"big":9007199254740993');
    const document = await json.parse(source);
    assert.deepEqual(document.get('', { bigint: true }), { marks, big: 9007199254740993n });
  });
});

test('a document says how large it is, and how large its index', async () => {
  for (const source of ['1', text, `[${'[1,"é"],'.repeat(50_000)}0]`]) {
    const document = await json.parse(source);
    assert.ok(document instanceof JsonDocument);
    assert.equal(document.byteLength, Buffer.byteLength(source));
    assert.ok(Number.isSafeInteger(document.indexBytes) && document.indexBytes >= 0, `${document.indexBytes}`);
    assert.ok(
      document.indexBytes < 8 * document.byteLength + 65_536,
      `${document.indexBytes} for ${document.byteLength}`
    );
  }
});

describe('a document that is closed', () => {
  const closed = { code: 'ERR_OFFLOOP_CLOSED' };

  test('refuses everything', async () => {
    const document = await json.parse('[{"a":1}]');
    document.close();
    document.close();
    for (const method of ['get', 'has', 'type', 'length', 'keys', 'bytes']) {
      assert.throws(
        () => document[method](''),
        (error) => error instanceof OffloopError && error.code === closed.code,
        method
      );
    }
    await assert.rejects(document.value(''), closed);
    await assert.rejects(document.pluck('/*/a'), closed);
    await assert.rejects(document.pluck(['/*/a']), closed);
    await assert.rejects(document.table(''), closed);
    await assert.rejects(async () => collect(document.items('')), closed);
  });

  test('by Symbol.dispose as well', async () => {
    const dispose = Symbol.dispose ?? Symbol.for('nodejs.dispose');
    const document = await json.parse('[]');
    document[dispose]();
    document[dispose]();
    assert.throws(() => document.get(''), closed);
  });

  test('lets the jobs end that are in flight', async () => {
    const rows = Array.from({ length: 50_000 }, (_, a) => ({ a, b: `text ${a}` }));
    const document = await json.parse(JSON.stringify(rows));
    const plucked = document.pluck('/*/a');
    const table = document.table('');
    document.close();
    assert.equal((await plucked).length, 50_000);
    assert.deepEqual((await table).row(49_999), rows[49_999]);
  });

  test('leaves alone what was taken from it', async () => {
    const document = await json.parse('[{"a":[1,2]}]');
    const bytes = document.bytes('/0/a');
    const value = document.get('/0');
    document.close();
    assert.equal(bytes.toString(), '[1,2]');
    assert.deepEqual(value, { a: [1, 2] });
  });
});
