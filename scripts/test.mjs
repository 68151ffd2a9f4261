// The tests: Rust's, on the core without Node-API, then JavaScript's, on the package.
//
//   node scripts/test.mjs         all of them, with everything they need
//   node scripts/test.mjs js      JavaScript's only, on the libraries that are there

import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { installPackages, root, run, setUp } from './setup.mjs';

const only = process.argv[2];

if (only === 'js') {
  installPackages();
} else {
  setUp('release', 'testing');
  run('cargo', ['test', '--locked', '--no-default-features']);
}

/** Tests that fill the machine, or wait for their turn on it: nothing runs beside them. */
const ALONE = /^(example|hostile|jobs|password-jobs|pool|survive)/;

const names = readdirSync(join(root, '__test__')).filter((name) => name.endsWith('.test.js'));
const test = (concurrency, files) => {
  const paths = files.map((name) => join('__test__', name));
  run(process.execPath, ['--expose-gc', '--test', `--test-concurrency=${concurrency}`, ...paths]);
};
test(
  Math.max(2, availableParallelism()),
  names.filter((name) => !ALONE.test(name))
);
test(
  1,
  names.filter((name) => ALONE.test(name))
);
