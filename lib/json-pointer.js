'use strict';

// JSON Pointers (RFC 6901), and the paths of `pluck`, in which a `*` stands for every element of an array.

const { invalidType, invalidValue } = require('./errors.js');
const { string, strings } = require('./validate.js');

const POINTER = "a JSON pointer ('' or a '/' before each key, in which '~0' is '~' and '~1' is '/')";
const EVERY = '*';

/**
 * @param {unknown} value
 * @param {string} [name] the argument
 */
function jsonPointer(value, name = 'pointer') {
  const pointer = string(value, name);
  if ((pointer !== '' && !pointer.startsWith('/')) || /~(?![01])/.test(pointer)) {
    throw invalidValue(name, POINTER, value);
  }
  return pointer;
}

/**
 * The paths of one or several columns, which have a row for each element of the same arrays.
 *
 * @param {unknown} given
 */
function pluckPaths(given) {
  if (typeof given === 'string') return [pathWithRows(given, 'path').path];
  if (!Array.isArray(given)) throw invalidType('path', 'a string or an array of strings', given);
  if (given.length === 0) throw invalidValue('path', 'at least one path', given);
  const all = strings(given, 'path').map((path, index) => pathWithRows(path, `path[${index}]`));
  const [{ rows: first }] = all;
  all.forEach(({ path, rows }, index) => {
    if (rows === first) return;
    throw invalidValue(`path[${index}]`, `a path that is '${first}' up to its last '*', as the first one is,`, path);
  });
  const paths = all.map(({ path }) => path);
  if (new Set(paths).size < paths.length) throw invalidValue('path', 'each path once', given);
  return paths;
}

/**
 * A path, and the part of it that says what the rows are.
 *
 * @param {string} value
 * @param {string} name the argument
 */
function pathWithRows(value, name) {
  const path = jsonPointer(value, name);
  const keys = path.split('/');
  const last = keys.lastIndexOf(EVERY);
  if (last < 0) throw invalidValue(name, "a path with a '*', for every element of an array,", path);
  return { path, rows: keys.slice(0, last + 1).join('/') };
}

module.exports = { jsonPointer, pluckPaths };
