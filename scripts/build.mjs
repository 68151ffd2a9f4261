// Builds the native library for this machine, in release mode.
//
//   node scripts/build.mjs            offloop.<platform>.node, what users get
//   node scripts/build.mjs testing    target/testing/offloop.node, with the exports of the tests
//   node scripts/build.mjs bench      target/testing/bench.node, what the benchmarks compare with

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import platform from '../lib/platform.js';

const root = join(import.meta.dirname, '..');
const BUILDS = {
  release: { package: 'offloop', features: [], to: `offloop.${platform.platformName()}.node` },
  testing: { package: 'offloop', features: ['testing'], to: 'target/testing/offloop.node' },
  bench: { package: 'offloop-bench', features: [], to: 'target/testing/bench.node' },
};

/** The file that cargo makes of a cdylib. */
function libraryName(crate) {
  const name = crate.replaceAll('-', '_');
  if (process.platform === 'win32') return `${name}.dll`;
  return process.platform === 'darwin' ? `lib${name}.dylib` : `lib${name}.so`;
}

export function build(kind) {
  const { package: crate, features, to } = BUILDS[kind];
  const args = ['build', '--release', '--locked', '--package', crate, '--lib'];
  if (features.length > 0) args.push('--features', features.join());
  const env = { ...process.env, CARGO_TARGET_DIR: join(root, 'target') };
  const { status, error } = spawnSync('cargo', args, { cwd: root, env, stdio: 'inherit' });
  if (error?.code === 'ENOENT') {
    throw new Error('Expected a Rust toolchain but found no cargo: install one from https://rustup.rs');
  }
  if (status !== 0) throw new Error(`cargo ${args.join(' ')} failed`);
  const target = join(root, to);
  mkdirSync(dirname(target), { recursive: true });
  // A process that has the old file mapped keeps it: the new one takes its name.
  copyFileSync(join(root, 'target', 'release', libraryName(crate)), `${target}.new`);
  renameSync(`${target}.new`, target);
}

if (process.argv[1] === import.meta.filename) {
  const kind = process.argv[2] ?? 'release';
  if (!(kind in BUILDS)) throw new Error(`Expected one of ${Object.keys(BUILDS).join(', ')} but received ${kind}`);
  build(kind);
}
