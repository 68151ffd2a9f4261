// What every command needs before it starts: the npm packages and the native builds, made when
// they are missing or out of date.

import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';

export const root = join(import.meta.dirname, '..');

/** Runs a command to its end, with its output shown, and throws where it fails. */
export function run(command, args, options = {}) {
  // npm is a script on Windows, which only a shell starts.
  const shell = process.platform === 'win32' && command === 'npm';
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell, ...options });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${signal ?? `status ${status}`}`);
}

/** Installs the packages of `folder` where its lockfile is newer than what is installed. */
export function installPackages(folder = root) {
  const installed = join(folder, 'node_modules', '.package-lock.json');
  const wanted = join(folder, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return;
  run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder });
}

/** Brings the packages and the builds of these kinds up to date. */
export function setUp(...kinds) {
  installPackages();
  for (const kind of kinds) build(kind);
}
