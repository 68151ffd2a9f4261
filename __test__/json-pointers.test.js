'use strict';

// RFC 6901: pointers, and what is at them.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { json } = require('./support/offloop.js');
const { says } = require('./support/refusals.js');
const { seeded } = require('./support/csv.js');
const { escaped, evaluate, isSame, pointersOf, randomPointer, randomText, typeOf } = require('./support/json.js');

test('the example of RFC 6901, section 5', async () => {
  const text = String.raw`{
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    "k\"l": 6,
    " ": 7,
    "m~n": 8
  }`;
  const document = await json.parse(text);
  for (const [pointer, expected] of [
    ['', JSON.parse(text)],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
  ]) {
    isSame(document.get(pointer), expected, pointer);
  }
});

describe('keys', () => {
  for (const [text, found, missing] of [
    ['{"~":1,"/":2,"~1":3,"~0":4,"~/":5,"":6}', { '/~0': 1, '/~1': 2, '/~01': 3, '/~00': 4, '/~0~1': 5, '/': 6 }, ['/~0~0', '/~1~1']],
    ['{"\\u0061\\n":1,"\\u00e9":2,"\\ud83d\\ude00":3,"b\\/c":4}', { '/a\n': 1, '/é': 2, '/😀': 3, '/b~1c': 4 }, ['/a\\n', '/\\u0061', '/b\\~1c']],
    ['{"é":1,"e\\u0301":2}', { '/é': 1, '/e\u0301': 2 }, ['/e', '/É']],
    ['{"0":1,"00":2,"-":3,"-1":4,"1e0":5}', { '/0': 1, '/00': 2, '/-': 3, '/-1': 4, '/1e0': 5 }, ['/1', '/000']],
    ['{"__proto__":{"x":1},"constructor":2}', { '/__proto__/x': 1, '/constructor': 2 }, ['/toString', '/hasOwnProperty', '/__proto__/y']],
    ['{"":{"":{"":1}}}', { '///': 1 }, ['////', '/a']],
    ['{"a":{"b":1},"a":{"c":2}}', { '/a/c': 2, '/a': { c: 2 } }, ['/a/b']],
    ['{"a":{"b":1},"a":2}', { '/a': 2 }, ['/a/b']],
    ['{"a":1,"b":{"x":0},"\\u0061":{"x":[7,8]}}', { '/a/x/1': 8 }, ['/a/x/2']],
    ['{"\\ud800":1,"\\udc00\\ud800":2}', { '/\ud800': 1, '/\udc00\ud800': 2 }, ['/\udc00', '/\ufffd']],
    ['{"a b":1," a":2,"A":3,"a\\u0000":4}', { '/a b': 1, '/ a': 2, '/A': 3, '/a\0': 4 }, ['/a', '/b', '/a ']],
  ]) {
    test(`of ${text}`, async () => {
      const document = await json.parse(text);
      for (const [pointer, expected] of Object.entries(found)) {
        assert.deepEqual(document.get(pointer), expected, pointer);
        assert.equal(document.has(pointer), true, pointer);
      }
      for (const pointer of missing) {
        assert.equal(document.get(pointer), undefined, pointer);
        assert.equal(document.has(pointer), false, pointer);
      }
    });
  } // prettier-ignore

  test('of any length, and that differ in their last character only', async () => {
    const names = [1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 256, 100_000].flatMap((length) => [
      `${'a'.repeat(length - 1)}x`,
      `${'a'.repeat(length - 1)}y`,
    ]);
    const document = await json.parse(`{${names.map((name, index) => `"${name}":${index}`).join()}}`);
    names.forEach((name, index) => assert.equal(document.get(`/${name}`), index));
    for (const name of names) assert.equal(document.has(`/${name}z`), false);
  });
});

describe('indexes', () => {
  test('are digits without a zero before them', async () => {
    const document = await json.parse('[0,1,2,3,4,5,6,7,8,9,10,[11]]');
    for (const [pointer, expected] of Object.entries({ '/0': 0, '/1': 1, '/10': 10, '/11/0': 11 })) {
      assert.equal(document.get(pointer), expected);
    }
    for (const part of ['-', '-0', '-1', '+1', '00', '01', '1.0', '1e0', ' 1', '1 ', '', 'a', '12', '١', '0x1', 'length', '~01',
      '4294967296', '18446744073709551616', '18446744073709551617', '99999999999999999999999999']) {
      assert.equal(document.get(`/${part}`), undefined, part);
      assert.equal(document.has(`/${part}`), false, part);
    } // prettier-ignore
  });

  test('into a million elements of all sizes', async () => {
    const element = (index) => {
      if (index % 5 === 0) return { index, list: [index, [index]], text: '],"[' };
      return index % 7 === 0 ? `é${'x'.repeat(index % 64)}` : index;
    };
    const array = Array.from({ length: 1_000_000 }, (_, index) => element(index));
    const document = await json.parse(JSON.stringify(array));
    assert.equal(document.length(), 1_000_000);
    const random = seeded(9);
    const indexes = [0, 1, 2, 999_997, 999_998, 999_999, 500_000, 65_535, 65_536];
    for (let round = 0; round < 1000; round++) indexes.push(Math.floor(random() * array.length));
    for (const index of indexes) assert.deepEqual(document.get(`/${index}`), array[index], String(index));
    for (const index of indexes.filter((each) => each % 5 === 0)) {
      assert.equal(document.get(`/${index}/list/1/0`), index);
      assert.equal(document.bytes(`/${index}`).toString(), JSON.stringify(array[index]));
    }
    assert.equal(document.has('/1000000'), false);
  });

  test('into arrays in arrays', async () => {
    const array = Array.from({ length: 300 }, (_, x) => Array.from({ length: 300 }, (_, y) => [x, y]));
    const document = await json.parse(JSON.stringify(array));
    for (const [x, y] of [[0, 0], [0, 299], [299, 0], [299, 299], [150, 151]]) {
      assert.deepEqual(document.get(`/${x}/${y}`), [x, y]);
      assert.equal(document.has(`/${x}/${y + 300}`), false);
    } // prettier-ignore
    assert.equal(document.length('/299'), 300);
  });
});

test('what is no pointer is refused', async () => {
  const document = await json.parse('{"a":{"b":1},"~":2}');
  const VALUE = 'ERR_INVALID_ARG_VALUE';
  for (const pointer of ['a', 'a/b', ' ', ' /a', '#/a', '#', '0', '~', '/~', '/~2', '/a~', '/a~/b', '/~a', '/a/~~', '*', '.a', '$.a']) {
    for (const method of ['get', 'has', 'type', 'length', 'keys', 'bytes']) {
      assert.throws(() => document[method](pointer), says(VALUE, 'pointer'), `${method} ${pointer}`);
    }
    await assert.rejects(document.value(pointer), says(VALUE, 'pointer'));
    await assert.rejects(document.table(pointer), says(VALUE, 'pointer'));
    await assert.rejects(document.items(pointer).next(), says(VALUE, 'pointer'));
  } // prettier-ignore
  // A star is a name like any other where one value is asked for.
  assert.equal(document.get('/*'), undefined);
});

describe('random documents, and random pointers into them', () => {
  const check = (document, root, pointer) => {
    const value = evaluate(root, pointer);
    isSame(document.get(pointer), value, pointer);
    assert.equal(document.has(pointer), value !== undefined, pointer);
    assert.equal(document.type(pointer), typeOf(value), pointer);
    const isContainer = value !== null && typeof value === 'object';
    assert.equal(document.length(pointer), isContainer ? Object.keys(value).length : undefined, pointer);
    const keys = isContainer && !Array.isArray(value) ? Object.keys(value) : undefined;
    assert.deepEqual(document.keys(pointer), keys, pointer);
    const bytes = document.bytes(pointer);
    if (value === undefined) assert.equal(bytes, undefined);
    else isSame(JSON.parse(bytes.toString()), value, pointer);
  };

  test('small ones', async () => {
    const random = seeded(21);
    for (let round = 0; round < 1500; round++) {
      const text = randomText(random);
      const root = JSON.parse(text);
      const document = await json.parse(round % 2 ? text : Buffer.from(text));
      isSame(document.get(''), root, text);
      const pointers = [...pointersOf(root)];
      for (let count = 0; count < 10; count++) check(document, root, randomPointer(random, pointers));
    }
  });

  test('of more than 200 KB', async () => {
    const random = seeded(22);
    for (let round = 0; round < 6; round++) {
      const parts = [];
      for (let size = 0; size < 220_000; size += parts.at(-1).length) parts.push(randomText(random, { depth: 7 }));
      // As the elements of an array, and as the members of an object, with keys that come again.
      const isObject = round % 2 === 1;
      const text = isObject
        ? `{${parts.map((part, index) => `"k${(index * 7) % 1001}":${part}`).join()}}`
        : `[${parts.join()}]`;
      const root = JSON.parse(text);
      const document = await json.parse(text);
      isSame(document.get(''), root);
      const pointers = [...pointersOf(root)];
      for (let count = 0; count < 1000; count++) {
        // The whole takes long to compare, and was.
        const pointer = randomPointer(random, pointers);
        if (pointer !== '') check(document, root, pointer);
      }
      for (const key of Object.keys(root).slice(0, 200)) assert.ok(document.has(`/${escaped(key)}`));
    }
  });
});
