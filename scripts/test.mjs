// The tests: Rust's, on the core without Node-API, then JavaScript's, on the package.
//
//   node scripts/test.mjs         all of them, with everything they need
//   node scripts/test.mjs js      JavaScript's only, on the libraries that are there

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages, root, run, setUp } from './setup.mjs';

const only = process.argv[2];

if (only === 'js') {
  installPackages();
} else {
  setUp('release', 'testing');
  run('cargo', ['test', '--locked', '--no-default-features']);
}

const files = readdirSync(join(root, '__test__'))
  .filter((name) => name.endsWith('.test.js'))
  .map((name) => join('__test__', name));
run(process.execPath, ['--expose-gc', '--test', ...files]);
