'use strict';

// RFC 8259, rule by rule: what each allows, and each way to break it. JSON.parse has the last word.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { json } = require('./support/offloop.js');
const { REFUSED, isSame, outcome, parsed } = require('./support/json.js');

/** By rule: texts that are JSON, and texts that are not. */
const rules = {
  'ws (section 2)': [
    [' 1', '\t1', '\n1', '\r1', '1 ', '1\n', '1\t', '1\r', ' \t\n\r1\r\n\t ', '[ ]', '{ }', '[ 1 , 2 ]', '{ "a" : 1 }',
      '[\n1\n,\n2\n]', '{\r\n"a"\r\n:\r\n1\r\n}', `${' '.repeat(200)}1${'\n'.repeat(200)}`],
    ['\v1', '\f1', '\b1', '\u00a01', '\u20281', '\u20291', '\u30001', '\u00851', '\u200b1', '\0', '1\0', '\x7f1', '\ufeff1', '1\ufeff',
      '[1\f]', '//\n1', '/**/1', '#\n1', '1//'],
  ],
  'JSON-text: one value (section 2)': [
    ['1', '"a"', 'null', '[]', '{}'],
    ['', ' ', '\n', ',', ':', '1 2', '1,2', '[] []', '{}{}', '"a" "b"', 'null null', '1,', ',1', '1:', '[],', '[1]]', '{}}', ')', ']', '}'],
  ],
  'literal names (section 3)': [
    ['true', 'false', 'null', '[true,false,null]'],
    ['True', 'TRUE', 'False', 'Null', 'NULL', 't', 'tr', 'tru', 'f', 'fals', 'n', 'nu', 'nul', 'truee', 'falsey', 'nulll', 'true1', 'nulltrue',
      't rue', 'tRue', 'truE', 'falSe', 'nuLl', 'trve', 'fale', 'nil', 'none', 'undefined', 'NaN', 'Infinity', '-Infinity', '+Infinity', 'yes',
      'true"', 'true[]', '"a"true', 'null.', 'a', '$', "''"],
  ],
  'object (section 4)': [
    ['{}', '{"a":1}', '{"a":1,"b":2}', '{"":0}', '{"a":{}}', '{"a":{"a":{"a":{}}}}', '{"a":[],"b":[{}]}', '{"a":1,"a":2}', '{"__proto__":1}',
      '{"a":{"a":1,"a":2},"a":3}', '{"b":1,"a":2,"b":3}', '{"1":1,"0":2,"b":3,"-1":4}', '{"constructor":1,"toString":2}',
      '{"__proto__":{"x":1},"y":2}', '{"__proto__":1,"__proto__":[2]}'],
    ['{', '}', '{,}', '{"a"}', '{"a":}', '{"a",1}', '{"a" 1}', '{"a":1,}', '{,"a":1}', '{"a":1,,"b":2}', '{"a":1 "b":2}', '{"a":1;"b":2}',
      '{"a"::1}', '{"a":1:2}', '{"a":1]', '{a:1}', "{'a':1}", '{1:2}', '{null:1}', '{true:1}', '{[]:1}', '{{}:1}', '{"a":1,"b"}', '{"a":1,b:2}',
      '{:1}', '{"a":1', '{"a":', '{"a"', '{"a', '{"a":1,', '{"a":1,"', '{"a"=1}', '{...a}', '{"a":{}', '{"a":{},}', '{"a" "b":1}', '{"a",}'],
  ],
  'array (section 5)': [
    ['[]', '[1]', '[1,2]', '[[]]', '[[],[]]', '[[[[[]]]]]', '[{},[],{}]', '[null,true,"a",1,{},[]]', `[${'1,'.repeat(100)}1]`,
      `${'['.repeat(100)}${']'.repeat(100)}`, '[[1],[[2]],[[[3]]]]'],
    ['[', ']', '[,]', '[1,]', '[,1]', '[1,,2]', '[1 2]', '[1;2]', '[1:2]', '["a":1]', '[1}', '[1', '[1,', '[[]', '[]]', '[[],]', '[[] []]',
      '[{}{}]', '["a""b"]', '["a" "b"]', '[1true]', '[true false]', '[[[[[]]]]', '[}', '(1)', '[1,2', '[1]]', '["a",', '[...a]'],
  ],
  'number (section 6)': [
    ['0', '-0', '1', '-1', '12', '-12', '10', '100', '0.0', '-0.0', '0.5', '-0.5', '1.0', '1.50', '0e0', '0E0', '0e+0', '0e-0', '-0e1', '1e1', '1E1',
      '1e+1', '1e-1', '1e01', '1e00', '1.5e3', '1.5E+3', '-1.5e-3', '123456789', '1234567890123456789012345678901234567890', '0.1', '0.30000000000000004',
      '2.2250738585072014e-308', '2.2250738585072011e-308', '5e-324', '4.9e-324', '2e-324', '1e-400', '-1e-400', '1e400', '-1e400',
      '1.7976931348623157e308', '1.7976931348623159e308', '9007199254740991', '9007199254740992', '9007199254740993', '-9007199254740993',
      '9223372036854775807', '9223372036854775808', '18446744073709551616', '2147483647', '2147483648', '-2147483649', '1e0000000000000000001',
      '0.000000000000000000000000000000000000000000000000001', `0.${'0'.repeat(400)}1`, `1${'0'.repeat(400)}`, `1${'0'.repeat(400)}e-400`,
      '8.41e21', '9.5367431640625e-7', '6929495644600919.5', '3.5028234666e38', '7.0420557077594588669468784357561207962098443483187940792729600000e59'],
    ['00', '01', '-00', '-01', '007', '+1', '+0', '-', '--1', '-+1', '- 1', '.5', '-.5', '1.', '-1.', '1.e1', '0.', '.', '1..2', '1.2.3', '1e', '1e+', '1e-',
      '1e1.5', '1ee1', '1e++1', '1e 1', 'e1', '0x1', '0b1', '0o7', '1_000', '1,000.5.5', '1n', '1f', '1.5f', '1a', '-a', '1e1e1', '1-1', '1+1', '1 .5', '١', '１',
      '²', '1/2', '1%', '0-', '1.-5', '-e1', '-Infinity', '1"', '1[', '1{}', '00.5', '0e', '0e+', '01e1', '1.5e', '0.5.'],
  ],
  'string (section 7)': [
    ['""', '"a"', '" "', '"\\""', '"\\\\"', '"\\/"', '"/"', '"\\b"', '"\\f"', '"\\n"', '"\\r"', '"\\t"', '"\\u0000"', '"\\u001f"', '"\\u00e9"',
      '"\\u00E9"', '"\\uabcd"', '"\\uABCD"', '"\\uFFFF"', '"\\ud83d\\ude00"', '"\\uD83D\\uDE00"', '"\\ud800"', '"\\udc00"', '"\\udc00\\ud800"',
      '"\\ud800a"', '"\\ud800\\n"', '"\\ud800\\ud800\\udc00"', '"\\ud83d😀"', '"é"', '"漢字"', '"😀"', '"\x7f"', '"\u0080"', '"\u2028\u2029"', '"\ufeff"',
      '"\ufffe\uffff"', '"\u{10ffff}"', '"\'"', '"[]{}:,"', '"\\\\\\""', '"\\\\\\\\"', '"\\u005c"', '"\\u0022"', '"\\u005cu0041"', '"//"', '"/**/"',
      '"\\\\u0041"', `"${'\\\\'.repeat(64)}"`, `"${'\\\\'.repeat(63)}\\""`, `"${'a'.repeat(300)}"`, '{"\\u0061":1,"a":2}', '{"\\"":1}', '{"\\u0000":1}'],
    ['"', '"a', 'a"', '"\\"', '"\\', '"a\\', '"\\a"', '"\\v"', '"\\0"', '"\\x41"', '"\\\'"', '"\\ "', '"\\\n"', '"\\U0041"', '"\\u"', '"\\u0"',
      '"\\u00"', '"\\u004"', '"\\u004g"', '"\\ug041"', '"\\u 041"', '"\\u+041"', '"\\u00-1"', '"\\u{41}"', '"\\u004', '"\\u', "'a'", '`a`', '"a""', '"""',
      '"a"b"', '"\\é"', '"\\😀"', `"${'\\\\'.repeat(64)}\\"`, `"${'\\\\'.repeat(63)}\\"`, '“a”', '"\\u００41"', '"\\ud800\\u"', '"\\ud83d\\u00"', '{"\\x":1}'],
  ],
}; // prettier-ignore

const controls = Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code));
rules['control characters (section 7)'] = [
  controls.map((control) => `"\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}"`),
  controls.flatMap((control) => [
    `"${control}"`,
    `"a${control}b"`,
    `{"${control}":1}`,
    `"${'a'.repeat(100)}${control}"`,
  ]),
];

/** Where a value may stand. */
const places = [
  (text) => text,
  (text) => `[${text}]`,
  (text) => `[0,${text},0]`,
  (text) => `{"k":${text}}`,
  (text) => `{"k" : ${text} ,"l":[ ${text} ]}`,
  (text) => `[[${text}],{"k":[${text}]}]`,
];

async function agree(text) {
  const expected = parsed(text);
  const name = JSON.stringify(text);
  for (const data of [text, Buffer.from(text)]) {
    const actual = await outcome(json.parse(data));
    isSame(actual, expected, name);
    const validity = json.validate(data).then(
      (nothing) => assert.equal(nothing, undefined, name),
      ({ code }) => code
    );
    assert.equal(await validity, expected === REFUSED ? REFUSED : undefined, name);
  }
}

for (const [rule, [accepted, refused]] of Object.entries(rules)) {
  describe(rule, () => {
    test('is taken', async () => {
      for (const text of accepted) {
        assert.notEqual(parsed(text), REFUSED, `${JSON.stringify(text)} is JSON`);
        for (const place of places) await agree(place(text));
      }
    });

    test('is refused where it is broken', async () => {
      for (const text of refused) {
        assert.equal(parsed(text), REFUSED, `${JSON.stringify(text)} is no JSON`);
        // There some are JSON after all.
        for (const place of places) await agree(place(text));
      }
    });
  });
}

describe('values are those of JSON.parse', () => {
  test('the last of several values of one key, where the first stood', async () => {
    const document = await json.parse('{"a":1,"b":2,"a":{"c":3,"c":4}}');
    isSame(document.get(''), { a: { c: 4 }, b: 2 });
  });

  test('__proto__ is a key like any other', async () => {
    const value = (await json.parse('{"__proto__":{"x":1}}')).get('');
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.deepEqual(Object.entries(value), [['__proto__', { x: 1 }]]);
  });

  test('minus zero, and numbers that round to it', async () => {
    for (const text of ['-0', '-0.0', '-0e5', '-1e-400']) {
      assert.ok(Object.is((await json.parse(text)).get(''), -0), text);
    }
  });

  test('lone surrogates, of escapes and of strings that have them raw', async () => {
    for (const [text, expected] of [
      ['"\\ud800"', '\ud800'],
      ['"\\udfffx"', '\udfffx'],
      ['"\ud800"', '\ud800'],
      ['"a\udc00b\ud800"', 'a\udc00b\ud800'],
      ['"\\\\\ud800"', '\\\ud800'],
      ['"\ud800\\udc00"', '\ud800\udc00'],
    ]) {
      assert.equal(JSON.parse(text), expected);
      assert.equal((await json.parse(text)).get(''), expected, JSON.stringify(text));
    }
    const keyed = await json.parse('{"\ud800":1}');
    assert.deepEqual(keyed.get(''), { '\ud800': 1 });
  });

  test('a raw lone surrogate outside of a string, or behind a backslash, is refused', async () => {
    for (const text of [
      '\ud800',
      '[1,\udc00]',
      '{\ud800:1}',
      '"\\\ud800"',
      '"\\\\\\\ud800"',
      '"\\u\ud800"',
      '"a"\ud800',
    ]) {
      assert.equal(parsed(text), REFUSED);
      await assert.rejects(json.parse(text), { code: REFUSED }, JSON.stringify(text));
      await assert.rejects(json.validate(text), { code: REFUSED }, JSON.stringify(text));
    }
  });
});
