// npm run bench -- [suite…] [--only text] [--quick] [--json file] [--no-build]
//
// offloop beside what its users would pick instead, in one run on one machine. Nothing is asserted
// but the outputs: a missed target is printed, and the run goes on.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { installPackages, setUp } from '../scripts/setup.mjs';
import { DEFAULT_EFFORT, Mismatch, QUICK_EFFORT, compare } from './harness.mjs';
import { describe, machine } from './machine.mjs';
import { table, targetSummary } from './report.mjs';

const SUITES = ['boundary', 'digest', 'password', 'csv', 'json', 'compression', 'logins'];

const USAGE = `Usage: npm run bench -- [suite…] [options]

Suites: ${SUITES.join(', ')}; all by default.

  --only <text>  only rows whose title has this text in it
  --quick        fewer and shorter samples: whether it runs, not how fast
  --json <file>  writes the results, every sample included
  --no-build     takes the libraries that were built before`;

class UsageError extends Error {
  name = 'UsageError';
}

async function main() {
  const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', default: '' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      'no-build': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (options.help) return console.log(USAGE);
  const unknown = positionals.find((name) => !SUITES.includes(name));
  if (unknown !== undefined) throw new UsageError(`Expected one of ${SUITES.join(', ')} but received ${unknown}`);
  if (!options['no-build']) setUp('testing', 'bench');
  installPackages(import.meta.dirname);

  const here = machine();
  console.log(describe(here));
  const effort = options.quick ? QUICK_EFFORT : DEFAULT_EFFORT;
  const results = [];
  for (const name of positionals.length > 0 ? positionals : SUITES) {
    // Suites import the peers and the built library, which are there only now.
    const { rows } = await import(`./suites/${name}.mjs`);
    const measure = async (row) => {
      if (!row.title.includes(options.only)) return;
      const result = await compare(row, effort);
      results.push({ suite: name, ...result });
      console.log(table(result));
    };
    for (const row of rows) await row(measure, { quick: options.quick });
  }
  console.log(targetSummary(results));
  if (options.json) writeFileSync(options.json, `${JSON.stringify({ machine: here, effort, results }, null, 2)}\n`);
}

try {
  await main();
} catch (error) {
  // Of a wrong output or argument the message says all there is to know.
  const expected = error instanceof Mismatch || error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS');
  console.error(expected ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
}
