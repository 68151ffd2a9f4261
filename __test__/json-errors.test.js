'use strict';

// What is wrong with a text, and where: the line, the character in it, and the byte.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { json, OffloopError } = require('./support/offloop.js');
const { collect } = require('./support/csv.js');
const { REFUSED, isSame, outcome, parsed } = require('./support/json.js');

/** Broken documents, where they are broken, and what the message speaks of. */
const faults = {
  'no value where one belongs': ['[1,]', { line: 1, column: 4, byteOffset: 3 }, [']']],
  'two commas': ['[1,,2]', { line: 1, column: 4, byteOffset: 3 }, [',']],
  'a comma at the beginning': ['[,1]', { line: 1, column: 2, byteOffset: 1 }, [',']],
  'a comma behind the last member': ['{"a":1,}', { line: 1, column: 8, byteOffset: 7 }, ['}']],
  'no comma between elements': ['[1 2]', { line: 1, column: 4, byteOffset: 3 }, []],
  'no comma between members': ['{"a":1 "b":2}', { line: 1, column: 8, byteOffset: 7 }, []],
  'no colon': ['{"a" 1}', { line: 1, column: 6, byteOffset: 5 }, []],
  'two colons': ['{"a"::1}', { line: 1, column: 6, byteOffset: 5 }, [':']],
  'a colon in an array': ['["a":1]', { line: 1, column: 5, byteOffset: 4 }, [':']],
  'a key without quotes': ['{a:1}', { line: 1, column: 2, byteOffset: 1 }, ['a']],
  'a key that is a number': ['{1:2}', { line: 1, column: 2, byteOffset: 1 }, []],
  'a key in single quotes': ["{'a':1}", { line: 1, column: 2, byteOffset: 1 }, ["'"]],
  'the bracket of an object at the end of an array': ['[1}', { line: 1, column: 3, byteOffset: 2 }, ['}']],
  'the bracket of an array at the end of an object': ['{"a":1]', { line: 1, column: 7, byteOffset: 6 }, [']']],
  'a second value': ['1 2', { line: 1, column: 3, byteOffset: 2 }, []],
  'a second bracket': ['[[]]]', { line: 1, column: 5, byteOffset: 4 }, [']']],
  'something behind the value': ['{} x', { line: 1, column: 4, byteOffset: 3 }, ['x']],
  'a word that is no literal': ['[what]', { line: 1, column: 2, byteOffset: 1 }, ['w']],
  'a number that begins with a plus': ['[+1]', { line: 1, column: 2, byteOffset: 1 }, ['+']],
  'a number that begins with a point': ['[.5]', { line: 1, column: 2, byteOffset: 1 }, ['.']],
  'a comment': ['[1, // one\n2]', { line: 1, column: 5, byteOffset: 4 }, ['/']],
  'a control character in a string': ['["a\tb"]', { line: 1, column: 4, byteOffset: 3 }, []],
  'a line that ends in a string': ['["a\n"]', { line: 1, column: 4, byteOffset: 3 }, []],
  'a control character in a key': ['{"a\0":1}', { line: 1, column: 4, byteOffset: 3 }, []],
  'a control character between values': ['[1,\b2]', { line: 1, column: 4, byteOffset: 3 }, []],
  'a byte-order mark': ['\ufeff1', { line: 1, column: 1, byteOffset: 0 }, []],
  'a byte-order mark between values': ['[\ufeff1]', { line: 1, column: 2, byteOffset: 1 }, []],
  'nothing at all': ['', { line: 1, column: 1, byteOffset: 0 }, ['end']],
  'nothing but blanks': [' \n  ', { line: 2, column: 3, byteOffset: 4 }, ['end']],
  'the end where an element belongs': ['[1,', { line: 1, column: 4, byteOffset: 3 }, ['end']],
  'the end where a comma belongs': ['[1', { line: 1, column: 3, byteOffset: 2 }, ['end']],
  'the end where a colon belongs': ['{"a"', { line: 1, column: 5, byteOffset: 4 }, ['end']],
  'the end where a value belongs': ['{"a":\n', { line: 2, column: 1, byteOffset: 6 }, ['end']],
  'the end where a key belongs': ['{"a":1,', { line: 1, column: 8, byteOffset: 7 }, ['end']],
  'behind characters of several bytes': ['{"ä漢😀": ?}', { line: 1, column: 9, byteOffset: 14 }, ['?']],
  'behind lines': ['[\n  1,\r\n  2,\n\n  ?]', { line: 5, column: 3, byteOffset: 16 }, ['?']],
  'behind an escape of a line end': ['["\\n", ?]', { line: 1, column: 8, byteOffset: 7 }, ['?']],
  'a character of several bytes': ['[\n"é", é]', { line: 2, column: 6, byteOffset: 8 }, []],
}; // prettier-ignore

/** Where it is broken the contract leaves to taste: somewhere from the first to the last of these bytes. */
const within = {
  'a string that is not closed': ['["abc', 1, 5],
  'a key that is not closed': ['{"abc', 1, 5],
  'an escape that there is not': ['["a\\x"]', 3, 4],
  'an escape cut short': ['["a\\u12G4"]', 3, 7],
  'an escape at the end of the string': ['["a\\u12"]', 3, 7],
  'a number that begins with a zero': ['[01]', 1, 2],
  'a minus alone': ['[-]', 1, 2],
  'a point without digits': ['[1.]', 1, 3],
  'an exponent without digits': ['[1e+]', 1, 4],
  'two points': ['[1.5.5]', 1, 4],
  'letters behind a number': ['[1a]', 1, 2],
  'a literal cut short': ['[tru]', 1, 4],
  'a literal that goes wrong': ['[nulL]', 1, 4],
  'a literal that goes on': ['[truex]', 1, 5],
};

function isFault(error, where, words = []) {
  assert.ok(error instanceof OffloopError, error.stack);
  const { code, line, column, byteOffset } = error;
  assert.deepEqual({ code, line, column, byteOffset }, { code: 'ERR_OFFLOOP_JSON', ...where }, error.message);
  assert.match(error.message, /^Expected .+ but received .+/s);
  for (const word of words) assert.ok(error.message.includes(word), `${error.message} does not say ${word}`);
  return true;
}

describe('ERR_OFFLOOP_JSON says where, what was expected and what came', () => {
  for (const [name, [text, where, words]] of Object.entries(faults)) {
    test(name, async () => {
      for (const data of [text, Buffer.from(text)]) {
        await assert.rejects(json.parse(data), (error) => isFault(error, where, words));
        await assert.rejects(json.validate(data), (error) => isFault(error, where, words));
      }
    });
  }

  for (const [name, [text, first, last]] of Object.entries(within)) {
    test(name, async () => {
      for (const call of [json.parse, json.validate]) {
        await assert.rejects(call(text), (error) => {
          const { byteOffset } = error;
          assert.ok(byteOffset >= first && byteOffset <= last, `${byteOffset}: ${error.message}`);
          return isFault(error, { line: 1, column: byteOffset + 1, byteOffset });
        });
      }
    });
  }

  test('behind megabytes of lines, in any of the segments', async () => {
    const record = '  {"name": "é😀", "values": [1, 2, "a\\"b"]},\n';
    for (const count of [1, 1000, 2000, 40_000]) {
      const head = `[\n${record.repeat(count)}`;
      for (const tail of [']', record.repeat(500)]) {
        const where = { line: 2 + count, column: 4, byteOffset: Buffer.byteLength(head) + 3 };
        await assert.rejects(json.parse(`${head}   ?,\n${tail}`), (error) => isFault(error, where, ['?']));
      }
    }
  });

  test('in one line of megabytes', async () => {
    const head = `[${'"é😀",'.repeat(100_000)}`;
    const where = { line: 1, column: 1 + 5 * 100_000 + 1, byteOffset: Buffer.byteLength(head) };
    await assert.rejects(json.parse(`${head}]`), (error) => isFault(error, where, [']']));
  });

  test('of several faults the first', async () => {
    const filler = '1,\n'.repeat(50_000);
    const text = `[${filler}?,${filler}"\t",${filler}`;
    const where = { line: 50_001, column: 1, byteOffset: 1 + filler.length };
    for (let round = 0; round < 10; round++) {
      await assert.rejects(json.parse(text), (error) => isFault(error, where, ['?']));
    }
  });

  test('a quote that is not closed behind megabytes, although what follows looks like JSON', async () => {
    const head = `[${'"a",'.repeat(100_000)}`;
    const text = `${head}"abc, 1, 2${', 1'.repeat(100_000)}]`;
    await assert.rejects(json.parse(text), ({ code, byteOffset, message }) => {
      assert.deepEqual([code, byteOffset >= head.length], ['ERR_OFFLOOP_JSON', true], message);
      return true;
    });
  });

  test('with the stack of the caller', async () => {
    async function theCaller() {
      await json.parse('[');
    }
    await assert.rejects(theCaller(), ({ stack }) => stack.includes('theCaller'));
  });

  test('and does not repeat what is large', async () => {
    for (const text of [`["${'x'.repeat(1_000_000)}`, `[${'x'.repeat(1_000_000)}]`, `[${'1'.repeat(1_000_000)}x]`]) {
      const { message } = await json.parse(text).catch((error) => error);
      assert.match(message, /^Expected/);
      assert.ok(message.length < 1000, `${message.length} characters`);
    }
  });
});

describe('a text that was cut', () => {
  const text = ' {"a\\u00e9": [-1.5e+10, true, false, null, "é😀\\n", {}, [ ]], "": {"b": 0} } ';

  test('anywhere is taken or refused as JSON.parse has it', async () => {
    for (let end = 0; end <= text.length; end++) {
      for (const cut of [text.slice(0, end), text.slice(end), text.slice(0, end) + text.slice(end + 1)]) {
        isSame(await outcome(json.parse(cut)), parsed(cut), cut);
      }
    }
  });

  test('after any byte is refused, unless it is blanks that are missing', async () => {
    const bytes = Buffer.from(text);
    for (let end = 0; end < bytes.length; end++) {
      const cut = outcome(json.parse(bytes.subarray(0, end)));
      if (end === bytes.length - 1) isSame(await cut, parsed(text));
      else assert.equal(await cut, REFUSED, `${end} bytes`);
    }
  });

  test('in any place of 200 KB is refused', async () => {
    const bytes = Buffer.from(`[${'{"a": [1, "é", {"b": null}], "c": "x\\\\"}, '.repeat(5000)}0]`);
    assert.ok(bytes.length > 200_000);
    for (let end = bytes.length - 1; end > 0; end -= 1009) {
      await assert.rejects(json.validate(bytes.subarray(0, end)), { code: REFUSED }, `${end} bytes`);
    }
  });
});

describe('maxDepth', () => {
  const arrays = (depth) => '['.repeat(depth) + ']'.repeat(depth);
  const objects = (depth) => `${'{"a":'.repeat(depth)}0${'}'.repeat(depth)}`;
  const mixed = (depth) => `${'[{"a":'.repeat(depth / 2)}${'}]'.repeat(depth / 2)}`.replace(':}', ':0}');

  test('is 1,024 where it is not given', async () => {
    for (const make of [arrays, objects, mixed]) {
      const text = make(1024);
      assert.equal((await json.parse(text)).bytes('').toString(), text);
      await json.validate(text);
    }
    for (const text of [arrays(1025), objects(1025), `[${mixed(1024)}]`, `[1,{"a":${arrays(1023)}}]`]) {
      await assert.rejects(json.parse(text), { code: REFUSED, message: /1,?024/ });
      await assert.rejects(json.validate(text), { code: REFUSED, message: /1,?024/ });
    }
    const byteOffset = 1024;
    await assert.rejects(json.parse(arrays(1025)), { code: REFUSED, line: 1, column: byteOffset + 1, byteOffset });
  });

  test('counts arrays and objects that are inside of one another, and nothing else', async () => {
    const wide = `[${Array(5000).fill('[{}]').join()}]`;
    await json.parse(wide, { maxDepth: 3 });
    await assert.rejects(json.parse(wide, { maxDepth: 2 }), { code: REFUSED });
    await json.parse(`["${'['.repeat(5000)}"]`, { maxDepth: 1 });
    await json.parse('1', { maxDepth: 1 });
    await json.parse('[1]', { maxDepth: 1 });
    await assert.rejects(json.parse('{"a":[]}', { maxDepth: 1 }), { code: REFUSED });
  });

  test('may be 32,000', async () => {
    const text = arrays(32_000);
    const document = await json.parse(text, { maxDepth: 32_000 });
    assert.equal(document.bytes('').toString(), text);
    assert.equal(document.type('/0'.repeat(31_999)), 'array');
    await assert.rejects(json.parse(arrays(32_001), { maxDepth: 32_000 }), { code: REFUSED });
  });

  test('holds over segments', async () => {
    for (const [depth, isTaken] of [[1024, true], [1025, false]]) {
      const text = `[${' '.repeat(200)}`.repeat(depth) + ']'.repeat(depth);
      const valid = json.validate(text);
      await (isTaken ? valid : assert.rejects(valid, { code: REFUSED, byteOffset: 1024 * 201 }));
    } // prettier-ignore
    const flat = `[${'[[]],'.repeat(100_000)}[[[]]]]`;
    await assert.rejects(json.validate(flat, { maxDepth: 3 }), { code: REFUSED, byteOffset: 1 + 500_000 + 2 });
  });

  test('is no matter of the stack: ten million brackets', async () => {
    const brackets = Buffer.alloc(10_000_000, '[');
    for (const options of [undefined, { maxDepth: 32_000 }]) {
      const { maxDepth = 1024 } = options ?? {};
      await assert.rejects(json.parse(brackets, options), { code: REFUSED, byteOffset: maxDepth });
      await assert.rejects(json.validate(brackets, options), { code: REFUSED, byteOffset: maxDepth });
    }
    await assert.rejects(json.parse('{"a":'.repeat(2_000_000)), { code: REFUSED, byteOffset: 5 * 1024 });
    await assert.rejects(json.parse(']'.repeat(10_000_000)), { code: REFUSED, byteOffset: 0 });
    await assert.rejects(json.parseLines(brackets), { code: REFUSED });
    await assert.rejects(collect(json.lineBatches([brackets])), { code: REFUSED });
  });
});
