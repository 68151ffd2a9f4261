// kdf.* and password.* beside node:crypto and the packages of npm.
//
// Each algorithm three ways: one request alone, where what counts is one core; many in one burst; and as
// many kept in flight, each that ends followed by a new one, as on a server that is never idle.

import nodeArgon2 from '@node-rs/argon2';
import nodeBcrypt from '@node-rs/bcrypt';
import argon2 from 'argon2';
import bcrypt from 'bcrypt';
import { pbkdf2, scrypt } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { Mismatch, rate, time } from '../harness.mjs';
import { kdf, password } from '../offloop.mjs';
import { timerDelays } from '../probes.mjs';
import { median, quantile } from '../statistics.mjs';

const PASSWORD = 'correct horse battery staple';
const WRONG = 'correct horse battery stapler';

/** Another salt for each of many requests, and the same for all contenders. */
const salt = (index) => Buffer.alloc(16, index + 1);

const PEERS = `the peers run on libuv's threads: ${process.env.UV_THREADPOOL_SIZE ?? '4, the default'}`;

const scryptOf = promisify(scrypt);
const pbkdf2Of = promisify(pbkdf2);

/**
 * @typedef {object} Algorithm
 * @property {string} title
 * @property {number} inFlight
 * @property {Hasher[]} hashers offloop first
 * @property {object[]} [targets]
 * @property {number} [rounds] where one burst takes long
 *
 * @typedef {object} Hasher
 * @property {string} name
 * @property {(index: number) => Promise<Buffer | string>} hash
 * @property {(hash: string, password: string) => Promise<boolean>} [verify] where hashes have a random salt
 */

/** @type {((options: { quick: boolean }) => Algorithm)[]} */
const ALGORITHMS = [scryptRows, argon2idRows, bcryptRows, () => pbkdf2Rows('sha256'), () => pbkdf2Rows('sha512')];

/** @type {((compare: Function, options: { quick: boolean }) => Promise<void>)[]} */
export const rows = [
  ...ALGORITHMS.flatMap((algorithm) =>
    [alone, burst, keptInFlight].map((row) => (compare, options) => row(compare, algorithm(options), options))
  ),
  logins,
];

function scryptRows({ quick }) {
  const power = quick ? 14 : 17;
  const parameters = { N: 2 ** power, r: 8, p: 1, maxmem: 2 ** 28 };
  return {
    title: `scrypt N=2^${power} r=8 p=1`,
    inFlight: 16,
    rounds: 3,
    hashers: [
      { name: 'offloop', hash: (index) => kdf.scrypt(PASSWORD, salt(index), 32, parameters) },
      { name: 'node:crypto', hash: (index) => scryptOf(PASSWORD, salt(index), 32, parameters) },
    ],
    targets: [{ times: 1.5, as: 'node:crypto' }],
  };
}

const ARGON2ID = { memoryCost: 19456, timeCost: 2, parallelism: 1 };
const nodeRsArgon2 = {
  name: '@node-rs/argon2',
  hash: () => nodeArgon2.hash(PASSWORD, ARGON2ID),
  verify: (hash, text) => nodeArgon2.verify(hash, text),
};

function argon2idRows() {
  return {
    title: 'argon2id m=19456 t=2 p=1',
    inFlight: 32,
    hashers: [
      { name: 'offloop', hash: () => password.hash(PASSWORD), verify: password.verify },
      nodeRsArgon2,
      {
        name: 'argon2 (C)',
        hash: () => argon2.hash(PASSWORD, { ...ARGON2ID, type: argon2.argon2id }),
        verify: (hash, text) => argon2.verify(hash, text),
      },
    ],
    targets: [
      { times: 1.25, as: '@node-rs/argon2' },
      { times: 1.25, as: 'argon2 (C)' },
    ],
  };
}

function bcryptRows() {
  return {
    title: 'bcrypt cost 10',
    inFlight: 16,
    hashers: [
      {
        name: 'offloop',
        hash: () => password.hash(PASSWORD, { algorithm: 'bcrypt', cost: 10 }),
        verify: password.verify,
      },
      {
        name: '@node-rs/bcrypt',
        hash: () => nodeBcrypt.hash(PASSWORD, 10),
        verify: (hash, text) => nodeBcrypt.verify(text, hash),
      },
      {
        name: 'bcrypt (C++)',
        hash: () => bcrypt.hash(PASSWORD, 10),
        verify: (hash, text) => bcrypt.compare(text, hash),
      },
    ],
    targets: [
      { times: 2, as: '@node-rs/bcrypt' },
      { times: 2, as: 'bcrypt (C++)' },
    ],
  };
}

function pbkdf2Rows(digest) {
  const iterations = { sha256: 600_000, sha512: 220_000 }[digest];
  return {
    title: `PBKDF2-${digest.toUpperCase()} ${iterations.toLocaleString('en')}`,
    inFlight: 8,
    hashers: [
      { name: 'offloop', hash: (index) => kdf.pbkdf2(PASSWORD, salt(index), iterations, 32, digest) },
      { name: 'node:crypto', hash: (index) => pbkdf2Of(PASSWORD, salt(index), iterations, 32, digest) },
    ],
    targets: digest === 'sha256' ? [{ times: 4, as: 'node:crypto' }] : [],
  };
}

async function alone(compare, { title, hashers }) {
  await compare({
    title: `${title}, one request alone`,
    note: PEERS,
    quantity: time('ms'),
    contenders: hashers.map((hasher) => ({ ...hasher, call: async () => [await hasher.hash(0)] })),
    ...comparison(hashers),
  });
}

async function burst(compare, { title, inFlight, hashers, targets, rounds = 5 }, { quick }) {
  await compare({
    title: `${title}, ${inFlight} at once`,
    note: PEERS,
    quantity: rate('hashes/s', inFlight),
    rounds: quick ? 1 : rounds,
    contenders: hashers.map((hasher) => ({
      ...hasher,
      call: () => Promise.all(Array.from({ length: inFlight }, (_, index) => hasher.hash(index))),
    })),
    targets,
    ...comparison(hashers),
  });
}

async function keptInFlight(compare, { title, inFlight, hashers, targets }, { quick }) {
  const milliseconds = quick ? 300 : 2000;
  await compare({
    title: `${title}, ${inFlight} kept in flight`,
    note: PEERS,
    quantity: rate('hashes/s', 1),
    rounds: quick ? 1 : 3,
    contenders: hashers.map(({ name, hash }) => ({ name, sample: () => steadyRate(hash, inFlight, milliseconds) })),
    targets,
  });
}

/**
 * Hashes a second while `inFlight` of them always are. The clock runs from the end of one hash to that
 * of another: what the first wave takes to come, and the last to go, is left out.
 */
async function steadyRate(hash, inFlight, milliseconds) {
  let first;
  let ended = 0;
  let measured;
  async function chain(index) {
    while (measured === undefined) {
      await hash(index);
      const elapsed = performance.now() - (first ??= performance.now());
      if (elapsed >= milliseconds && ended >= inFlight) measured ??= (ended / elapsed) * 1000;
      ended++;
    }
  }
  await Promise.all(Array.from({ length: inFlight }, (_, index) => chain(index)));
  return measured;
}

/** Hashes with a random salt are never the same. */
function comparison([{ verify }]) {
  return verify === undefined ? {} : { compareOutputs: verifyAcross };
}

/** Has offloop verify the peers' hashes, and each of the peers those of offloop. */
async function verifyAcross(title, [ours, ...peers]) {
  const hashes = await ours.call();
  for (const peer of peers) {
    await verifyAll(title, ours, peer, await peer.call());
    await verifyAll(title, peer, ours, hashes);
  }
}

async function verifyAll(title, verifier, { name }, hashes) {
  const right = await Promise.all(hashes.map((hash) => verifier.verify(hash, PASSWORD)));
  const refused = hashes[right.indexOf(false)];
  if (refused !== undefined) throw new Mismatch(`${title}: ${verifier.name} refuses ${refused} of ${name}`);
  if (!(await verifier.verify(hashes[0], WRONG))) return;
  throw new Mismatch(`${title}: ${verifier.name} takes a wrong password for ${hashes[0]} of ${name}`);
}

const LOGINS = 64;

async function logins(compare, { quick }) {
  const hashes = await Promise.all(Array.from({ length: LOGINS }, () => password.hash(PASSWORD)));
  const contenders = [
    { name: 'offloop', verify: password.verify },
    { name: nodeRsArgon2.name, verify: nodeRsArgon2.verify },
  ].map(({ name, verify }) => {
    const contender = {
      name,
      sample: async () => {
        contender.last = await timeLogins(verify, hashes);
        return contender.last.p50;
      },
    };
    return contender;
  });
  const column = (title, unit, figure) => ({ title, unit, of: ({ last }) => last[figure] });
  await compare({
    title: `${LOGINS} logins at once, argon2id m=19456 t=2 p=1: the median wait`,
    note: `${PEERS}; overtaken: by how many later ones, of the login that fared worst`,
    quantity: time('ms'),
    rounds: quick ? 1 : 5,
    contenders,
    columns: [
      column('p99', 'ms', 'p99'),
      column('longest', 'ms', 'longest'),
      column('overtaken', 'logins', 'overtaken'),
      column('event-loop p99 delay', 'ms', 'delay'),
    ],
  });
}

async function timeLogins(verify, hashes) {
  const ended = [];
  const waits = [];
  const began = performance.now();
  async function logIn(hash, index) {
    if (!(await verify(hash, PASSWORD))) throw new Mismatch(`The password of ${hash} is refused`);
    waits.push(performance.now() - began);
    ended.push(index);
  }
  const delays = await timerDelays(Promise.all(hashes.map(logIn)));
  return {
    p50: median(waits),
    p99: quantile(waits, 0.99),
    longest: Math.max(...waits),
    overtaken: Math.max(...ended.map((index, place) => ended.slice(0, place).filter((other) => other > index).length)),
    delay: quantile(delays, 0.99),
  };
}
