// What a change must pass: formatting, lints, types, documentation, tests.

import { installPackages, run } from './setup.mjs';

const step = (name, command, args, options) => {
  console.log(`\n── ${name}`);
  run(command, args, options);
};
const tool = (name) => ['exec', '--no', '--', name];
const strict = ['--', '-D', 'warnings'];
const clippy = ['clippy', '--locked', '--workspace'];

installPackages();
step('formatting of Rust', 'cargo', ['fmt', '--all', '--check']);
step('formatting of JavaScript', 'npm', [...tool('prettier'), '--check', '.']);
step('lints of Rust, the core with its tests', 'cargo', [
  ...clippy,
  '--no-default-features',
  '--all-targets',
  ...strict,
]);
step('lints of Rust, the library', 'cargo', [...clippy, '--lib', '--features', 'testing', ...strict]);
step('lints of JavaScript', 'npm', [...tool('eslint'), '--max-warnings', '0', '.']);
step('types', 'npm', [...tool('tsc'), '--project', '.']);
step('documentation of Rust', 'cargo', ['doc', '--locked', '--no-deps', '--lib'], {
  env: { ...process.env, RUSTDOCFLAGS: '-D warnings' },
});
// Link-time optimisation changes no behaviour, and takes a minute and a half of two builds.
const { env } = process;
step('tests', 'npm', ['test'], {
  env: { ...env, CARGO_PROFILE_RELEASE_LTO: 'off', CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16' },
});
