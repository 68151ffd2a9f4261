'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { readFileSync, readdirSync } = require('node:fs');
const { join } = require('node:path');
const { OffloopError } = require('../index.js');

const root = join(__dirname, '..');
const read = (path) => readFileSync(join(root, path), 'utf8');
const documented = new Set(read('docs/errors.md').match(/(?<=^\| .*`)[A-Z][A-Z_]+(?=`)/gm));

/** The codes that the source can give an error, by the literals in it. */
function codes() {
  const files = [
    'src/error.rs',
    ...readdirSync(join(root, 'lib'))
      .filter((name) => name.endsWith('.js'))
      .map((name) => join('lib', name)),
  ];
  const literal = /['"](ERR_[A-Z_]+|ABORT_ERR)['"]/g;
  return new Set(files.flatMap((file) => [...read(file).matchAll(literal)].map(([, code]) => code)));
}

describe('docs/errors.md', () => {
  test('has every code that the source gives', () => {
    const missing = [...codes()].filter((code) => !documented.has(code));
    assert.deepEqual(missing, []);
  });

  test('has no code of offloop that the source does not give', () => {
    const own = [...documented].filter((code) => code.startsWith('ERR_OFFLOOP_'));
    assert.ok(own.length > 0);
    assert.deepEqual(
      own.filter((code) => !codes().has(code)),
      []
    );
  });

  test('every code of offloop is produced by a test', () => {
    const names = [
      ...readdirSync(__dirname),
      ...readdirSync(join(__dirname, 'children')).map((name) => join('children', name)),
    ];
    const tests = names
      .filter((name) => name.endsWith('.js') && name !== 'errors.test.js')
      .map((name) => read(join('__test__', name)))
      .join();
    assert.deepEqual(
      [...codes()].filter((code) => !tests.includes(code)),
      []
    );
  });
});

test('OffloopError is an Error with a code, a name and what else is known', () => {
  const error = new OffloopError('ERR_OFFLOOP_TIMEOUT', 'late', { path: 'x' });
  assert.ok(error instanceof Error);
  assert.deepEqual(
    [error.name, error.code, error.message, error.path],
    ['OffloopError', 'ERR_OFFLOOP_TIMEOUT', 'late', 'x']
  );
  assert.match(error.stack, /^OffloopError: late\n/);
});
