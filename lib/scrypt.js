'use strict';

// scrypt's parameters, under Node's names and within the limits of RFC 7914, section 2.

const { integer } = require('./validate.js');

const MAX_UINT32 = 2 ** 32 - 1;
const MAX_PR = 2 ** 30 - 1;

/** @typedef {(name: string, expected: string, value: unknown) => Error} MakeError */

/**
 * Where the parameters come from, and what is particular to the function that takes them.
 *
 * @typedef {object} Source
 * @property {any} options
 * @property {string} owner the argument that the options are
 * @property {number} usualN
 * @property {0 | 1} min 0 to take it for the usual value, as node:crypto does; 1 to refuse it
 * @property {MakeError} clash the error where both names of a parameter are given
 * @property {MakeError} unfit the error where the parameters are not scrypt's
 */

/**
 * A parameter and the name that it was given under.
 *
 * @param {Source} source
 * @param {readonly [name: string, alias: string]} names
 * @param {number} usual
 */
function parameter({ options, owner, min, clash }, [name, alias], usual) {
  const { [name]: first, [alias]: second } = options;
  if (first !== undefined && second !== undefined)
    throw clash(`${owner}.${alias} with ${owner}.${name}`, 'nothing', second);
  const path = `${owner}.${second === undefined ? name : alias}`;
  const given = second === undefined ? first : second;
  return { path, value: given === undefined ? usual : integer(given, path, min, MAX_UINT32) || usual };
}

/**
 * @param {Source} source
 * @returns {[N: number, r: number, p: number]}
 */
function scryptParameters(source) {
  const N = parameter(source, ['N', 'cost'], source.usualN);
  const r = parameter(source, ['r', 'blockSize'], 8);
  const p = parameter(source, ['p', 'parallelization'], 1);
  const { unfit } = source;
  if (N.value < 2 || (N.value & (N.value - 1)) !== 0) throw unfit(N.path, 'a power of two above 1', N.value);
  if (N.value >= 2 ** (16 * r.value)) {
    throw unfit(N.path, `less than ${2 ** (16 * r.value)} with ${r.path} ${r.value}`, N.value);
  }
  const most = Math.floor(MAX_PR / r.value);
  if (p.value > most) throw unfit(p.path, `at most ${most} with ${r.path} ${r.value}`, p.value);
  return [N.value, r.value, p.value];
}

module.exports = { scryptParameters };
