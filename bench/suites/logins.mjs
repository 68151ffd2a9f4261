// Logins on a server that parses CSV without pause.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import Piscina from 'piscina';
import { ROWS, csvFile } from '../csv-data.mjs';
import { Mismatch, time } from '../harness.mjs';
import { csv, password } from '../offloop.mjs';
import { timerDelays } from '../probes.mjs';
import { median, quantile } from '../statistics.mjs';

const PASSWORD = 'correct horse battery staple';
const WRONG = 'correct horse battery stapler';

const QUICK_ROWS = 20_000;
/** As many as keep every thread of a pool busy. */
const AT_ONCE = availableParallelism();
/** Milliseconds from one login to the next, whether or not the one before has ended. */
const INTERVAL = 100;

/** @type {((compare: Function, options: { quick: boolean }) => Promise<void>)[]} */
export const rows = [logins];

async function logins(compare, { quick }) {
  const data = readFileSync(csvFile(quick ? QUICK_ROWS : ROWS));
  // To clone it for each job would be one more burden on the peer.
  const shared = new Uint8Array(new SharedArrayBuffer(data.length));
  shared.set(data);
  const filename = join(import.meta.dirname, '..', 'workers', 'csv-and-logins.mjs');
  const piscina = new Piscina({ filename, minThreads: AT_ONCE, maxThreads: AT_ONCE });
  const milliseconds = quick ? 1000 : 6000;
  const hash = await password.hash(PASSWORD);

  const contenders = [
    {
      name: 'offloop',
      parse: async () => (await csv.parse(data)).numRows,
      verify: (secret) => password.verify(hash, secret),
    },
    {
      name: 'piscina',
      parse: () => piscina.run(shared, { name: 'parse' }),
      verify: (secret) => piscina.run({ hash, password: secret }, { name: 'verify' }),
    },
  ].map((work) => {
    const contender = {
      ...work,
      sample: async () => {
        contender.last = await logInBesideCsv(work, milliseconds);
        return contender.last.p99;
      },
    };
    return contender;
  });
  const column = (title, unit, of) => ({ title, unit, of: ({ last }) => of(last) });

  try {
    await compare({
      title: `Login p99 while ${Math.round(data.length / 1e6)} MB CSVs are parsed without pause`,
      note:
        `${AT_ONCE} CSVs at a time, a login every ${INTERVAL} ms, argon2id m=19456 t=2 p=1; ` +
        `one pool of ${AT_ONCE} workers with udsv and @node-rs/argon2 does both`,
      quantity: time('ms'),
      rounds: quick ? 1 : 3,
      contenders,
      compareOutputs,
      columns: [
        column('median', 'ms', ({ p50 }) => p50),
        column('CSV', 'MB/s', ({ parsed }) => (parsed * data.length) / 1e6),
        column('event-loop p99 delay', 'ms', ({ delay }) => delay),
      ],
      targets: [{ times: 5, as: 'piscina' }],
    });
  } finally {
    await piscina.destroy();
  }
}

/** Compares the rows that were read and the logins; and warms up all threads. */
async function compareOutputs(title, contenders) {
  const outputs = ({ parse, verify }) =>
    Promise.all([...Array.from({ length: AT_ONCE }, parse), verify(PASSWORD), verify(WRONG)]);
  const [expected, ...others] = await Promise.all(contenders.map(outputs));
  const right = expected.at(-2) === true && expected.at(-1) === false;
  if (!right) throw new Mismatch(`${title}: ${contenders[0].name} takes the wrong password`);
  for (const [index, output] of others.entries()) {
    if (String(output) === String(expected)) continue;
    const [ours, peer] = [contenders[0].name, contenders[index + 1].name];
    throw new Mismatch(`${title}: ${ours} returns ${expected} but ${peer} ${output}`);
  }
}

async function logInBesideCsv({ parse, verify }, milliseconds) {
  let running = true;
  let parsed = 0;
  const began = performance.now();
  const chains = Array.from({ length: AT_ONCE }, async () => {
    while (running) {
      await parse();
      parsed++;
    }
  });
  const waits = [];
  const logIn = async (_, index) => {
    await sleep((index + 1) * INTERVAL);
    const start = performance.now();
    if (!(await verify(PASSWORD))) throw new Mismatch('The password is refused');
    waits.push(performance.now() - start);
  };
  const delays = await timerDelays(Promise.all(Array.from({ length: milliseconds / INTERVAL }, logIn)));
  running = false;
  await Promise.all(chains);
  return {
    p50: median(waits),
    p99: quantile(waits, 0.99),
    /** CSVs in a second. */
    parsed: (parsed / (performance.now() - began)) * 1e3,
    delay: quantile(delays, 0.99),
  };
}
