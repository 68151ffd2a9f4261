// What the figures were measured on, and with.

import { readFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';

function readPackage(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

export function machine() {
  const { dependencies } = readPackage(import.meta.dirname);
  const modules = join(import.meta.dirname, 'node_modules');
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown CPU',
    cores: os.availableParallelism(),
    memory: os.totalmem(),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    // Of the last minute, before the first row: a machine that does other things measures them too.
    load: os.loadavg()[0],
    node: process.version,
    packages: Object.fromEntries(
      [join(import.meta.dirname, '..'), ...Object.keys(dependencies).map((name) => join(modules, name))]
        .map(readPackage)
        .map(({ name, version }) => [name, version])
    ),
  };
}

/** @param {ReturnType<typeof machine>} machine */
export function describe({ cpu, cores, memory, system, load, node, packages }) {
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  return [
    `${cpu}, ${cores} cores, ${Math.round(memory / 2 ** 30)} GiB, ${system}, load ${load.toFixed(1)}`,
    `Node ${node}, ${versions.join(', ')}`,
    '',
  ].join('\n');
}
