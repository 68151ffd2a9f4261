// The whole of npm start once everything is built. Whatever ends it, no server is left behind.

import { constants } from 'node:os';
import { USER } from './answers.mjs';
import { compare } from './compare.mjs';
import { step } from './progress.mjs';
import { TRAFFIC, bodiesOf, compressionOf, machine, table } from './report.mjs';
import { stopServers } from './server-process.mjs';

/** Resolves with the status to exit with. */
export async function run({ once }) {
  let serving = false;

  const signalled = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      // It is how to stop a server that is up to be tried, and an interruption of all that comes before.
      process.once(signal, () => resolve(serving ? 0 : 128 + constants.signals[signal]));
    }
  });

  async function demonstrate() {
    const { traffic, csv, json, gzip, server } = await compare();
    console.log(`\n${table(TRAFFIC, traffic.results)}\n\n${traffic.conditions}`);
    console.log(`\n${table(bodiesOf('CSV of 50 MB'), csv.results)}\n\n${csv.conditions}`);
    console.log(`\n${table(bodiesOf('JSON of 47 MB'), json.results)}\n\n${json.conditions}`);
    console.log(`\n${table(compressionOf('50 MB to gzip'), gzip.results)}\n\n${gzip.conditions}\n\n${machine()}`);
    if (once) return 0;
    console.log(`\n${invitation(server.url, csv.path, json.path)}`);
    serving = true;
    return server.lost;
  }

  try {
    return await Promise.race([signalled, demonstrate()]);
  } finally {
    step('Stopping the servers');
    await stopServers();
  }
}

function invitation(url, csv, json) {
  const { name, password } = USER;
  return [
    `The server with offloop stays up: log in at ${url} as ${name}`,
    `with the password "${password}", or in another terminal, try`,
    '',
    `  curl -X POST -T "${process.execPath}" ${url}/upload`,
    `  curl -X POST -T "${csv}" ${url}/csv/upload`,
    `  curl ${url}/csv/export.csv`,
    `  curl -X POST -T "${json}" ${url}/json/orders`,
    `  curl ${url}/json/export`,
    `  curl -X POST -T "${csv}" ${url}/gzip -o archive.csv.gz`,
    `  curl ${url}/health`,
    `  curl ${url}/stats`,
    '',
    'Ctrl-C stops it.',
  ].join('\n');
}
