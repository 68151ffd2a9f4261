// Compares what contenders return, then times them in turn.
//
// Rounds go A B C A B C …, so that whatever else the machine does falls on all of them alike, and
// each round gives one ratio. The ratios' median is what counts: the figures themselves differ from
// machine to machine and from hour to hour.
//
// Within its turn a contender is timed first, with the event loop asleep while it waits. What the loop
// feels is measured in a pass of its own, after that: the probe of stalls never sleeps, and on two cores it
// would take one from native threads of low priority, and none from a peer that has a single thread.

import { inspect, isDeepStrictEqual } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { performance } from 'node:perf_hooks';
import { runInNewContext } from 'node:vm';
import { watchOthers } from './others.mjs';
import { longestStall } from './probes.mjs';
import { summary } from './statistics.mjs';

setFlagsFromString('--expose-gc');

/** So that no contender pays for another's garbage. */
export const collectGarbage = runInNewContext('gc');

/**
 * How often and how long to measure, in milliseconds. Empty jobs become faster for half a second,
 * while the engine compiles their code and finds a size for its young generation.
 */
export const DEFAULT_EFFORT = { rounds: 7, sample: 150, warmUp: 500 };
export const QUICK_EFFORT = { rounds: 3, sample: 50, warmUp: 200 };

/** Outputs that should be the same are not, so their times mean nothing. */
export class Mismatch extends Error {
  name = 'Mismatch';
}

/**
 * Something that the samples count, where more is better: `perCall` units of work in one call.
 *
 * @param {string} unit of the rate, 'GB/s'
 * @param {number} perCall
 */
export function rate(unit, perCall) {
  return { unit, moreIsBetter: true, of: (seconds, calls) => (perCall * calls) / seconds };
}

/**
 * The time of one call, where less is better.
 *
 * @param {'µs' | 'ms'} unit
 */
export function time(unit) {
  const scale = unit === 'ms' ? 1e3 : 1e6;
  return { unit, moreIsBetter: false, of: (seconds, calls) => (seconds / calls) * scale };
}

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {() => unknown} [call] does the work once and returns its output, or a promise of it
 * @property {(milliseconds: number) => Promise<number>} [sample] takes one sample in its own way, in
 *   the row's unit; by default `call` is repeated for at least that long
 *
 * @typedef {object} Column measured besides, after the sample of each round
 * @property {string} title
 * @property {string} unit empty for what has none
 * @property {(contender: Contender) => number | Promise<number>} of
 *
 * @typedef {object} Target
 * @property {number} [times] offloop is at least so many times as fast
 * @property {string} [as] as this contender
 * @property {number} [atLeast] offloop's own figure, in the row's unit
 * @property {number} [atMost]
 * @property {string} [column] the figure is of this column; with `times`, one where more is better
 *
 * @typedef {object} Row
 * @property {string} title
 * @property {string} [note] what a reader has to know of how it is measured
 * @property {ReturnType<typeof rate>} quantity
 * @property {Contender[]} contenders offloop first
 * @property {(title: string, contenders: Contender[]) => Promise<void>} [compareOutputs] where they are
 *   not the same, by what else one tells that they are right; throws a Mismatch
 * @property {Target[]} [targets]
 * @property {boolean} [stall] whether to measure the longest stall of one call
 * @property {Column[]} [columns]
 * @property {number} [rounds] of a row whose samples take long; they are not warmed up either
 * @property {boolean} [processes] whether contenders run in processes of their own
 */

/**
 * @param {Row} row
 * @param {typeof DEFAULT_EFFORT} effort
 */
export async function compare(row, effort) {
  const { title, note, quantity, contenders, targets = [] } = row;
  await (row.compareOutputs ?? compareOutputs)(title, contenders);

  const columns = [...(row.columns ?? [])];
  if (row.stall) columns.push({ title: 'longest stall', unit: 'ms', of: ({ call }) => longestStall(call) });
  const takeSample = ({ call, sample = (time) => repeat(call, time, quantity) }, milliseconds) => {
    collectGarbage();
    return sample(milliseconds);
  };

  const others = watchOthers();
  if (row.rounds === undefined) {
    for (const contender of contenders) await takeSample(contender, effort.warmUp);
  }
  const samples = contenders.map(() => []);
  const beside = contenders.map(() => columns.map(() => []));
  for (let round = 0; round < (row.rounds ?? effort.rounds); round++) {
    for (const [index, contender] of contenders.entries()) {
      samples[index].push(await takeSample(contender, effort.sample));
      for (const [column, { of }] of columns.entries()) {
        collectGarbage();
        beside[index][column].push(await of(contender));
      }
    }
  }

  const results = contenders.map(({ name }, index) => ({
    name,
    ...summary(samples[index]),
    ratio: index === 0 ? undefined : summary(ratios(samples[0], samples[index], quantity)),
    columns: columns.map(({ title, unit }, column) => ({ title, unit, ...summary(beside[index][column]) })),
  }));
  return {
    title,
    note,
    unit: quantity.unit,
    others: row.processes ? undefined : others(),
    contenders: results,
    targets: targets.map((target) => verdict(target, results, quantity)),
  };
}

async function compareOutputs(title, contenders) {
  const comparable = contenders.filter(({ call }) => call !== undefined);
  if (comparable.length === 0) return;
  const [ours, ...peers] = comparable;
  const expected = await ours.call();
  for (const peer of peers) {
    const received = await peer.call();
    if (isDeepStrictEqual(received, expected)) continue;
    const show = (output) => inspect(output, { maxArrayLength: 2 });
    throw new Mismatch(`${title}: ${ours.name} returns ${show(expected)} but ${peer.name} ${show(received)}`);
  }
}

/** Repeats `call`, each when the one before has ended. */
async function repeat(call, milliseconds, quantity) {
  const start = performance.now();
  let calls = 0;
  let elapsed;
  do {
    const output = call();
    // A turn of the microtask queue is no part of work that is done when it returns.
    if (output instanceof Promise) await output;
    calls++;
    elapsed = performance.now() - start;
  } while (elapsed < milliseconds);
  return quantity.of(elapsed / 1e3, calls);
}

/** How many times as fast offloop was, round by round. */
function ratios(ours, peer, { moreIsBetter }) {
  return ours.map((value, round) => (moreIsBetter ? value / peer[round] : peer[round] / value));
}

/** @param {Target} target */
function verdict({ times, as, atLeast, atMost, column }, [ours, ...peers], { unit }) {
  const figureOf = (contender) =>
    column === undefined ? { ...contender, unit } : contender.columns.find(({ title }) => title === column);
  const name = column === undefined ? '' : `${column} `;
  const figure = figureOf(ours);
  if (times !== undefined) {
    const peer = peers.find(({ name }) => name === as);
    const value = column === undefined ? peer.ratio.median : figure.median / figureOf(peer).median;
    return { text: `${name}≥ ${times} × ${as}`, value, unit: '×', met: value >= times };
  }
  return atMost === undefined
    ? { text: `${name}≥ ${atLeast}`, value: figure.median, unit: figure.unit, met: figure.median >= atLeast }
    : { text: `${name}≤ ${atMost}`, value: figure.median, unit: figure.unit, met: figure.median <= atMost };
}
