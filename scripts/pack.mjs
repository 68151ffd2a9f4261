// Packs the npm packages as tarballs: offloop, which holds the JavaScript, and a package for each platform, which holds
// its native library. npm installs the one that fits, as an optional dependency, and runs no install script.
//
//   node scripts/pack.mjs                                    this machine's library, as `npm run build` makes it
//   node scripts/pack.mjs --binary <file> --platform <name>  this library instead; the pair may be repeated
//   node scripts/pack.mjs --artifacts <folder>               all platforms' libraries, found below the folder
//
// The tarballs go to dist/, or to the folder that --out names, beside the folders that they are packed from.

import { copyFileSync, cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import platform from '../lib/platform.js';
import { root, run } from './setup.mjs';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const CPUS = { x86_64: 'x64', aarch64: 'arm64' };
const SYSTEMS = {
  'unknown-linux-gnu': { os: 'linux', abi: 'gnu', libc: 'glibc' },
  'unknown-linux-musl': { os: 'linux', abi: 'musl', libc: 'musl' },
  'apple-darwin': { os: 'darwin' },
  'pc-windows-msvc': { os: 'win32', abi: 'msvc' },
};

/** A Rust target as the name that lib/platform.js gives the platform, and what npm compares it with. */
function describe(target) {
  const [arch, ...system] = target.split('-');
  const cpu = CPUS[arch];
  const { os, abi, libc } = SYSTEMS[system.join('-')];
  return [[os, cpu, abi].filter(Boolean).join('-'), { os, cpu, libc }];
}

const platforms = new Map(manifest.napi.targets.map(describe));

function options() {
  const text = { type: 'string' };
  const list = { type: 'string', multiple: true, default: [] };
  return parseArgs({ options: { out: text, artifacts: text, binary: list, platform: list } }).values;
}

/** The library of each platform to pack. */
function libraries({ artifacts, binary, platform: names }) {
  if (artifacts !== undefined) return collect(artifacts);
  if (binary.length !== names.length) throw new Error('Expected a --platform for each --binary');
  if (binary.length > 0) return names.map((name, index) => [name, binary[index]]);
  const name = platform.platformName();
  return [[name, join(root, `offloop.${name}.node`)]];
}

/** All libraries below `folder`. A release asks for all platforms: a package that it lacked could be anyone's. */
function collect(folder) {
  const found = new Map();
  for (const file of readdirSync(folder, { recursive: true })) {
    const name = /^offloop\.(.+)\.node$/.exec(basename(file))?.[1];
    if (name !== undefined) found.set(name, join(folder, file));
  }
  const missing = [...platforms.keys()].filter((name) => !found.has(name));
  if (missing.length > 0) throw new Error(`Expected a library for ${missing.join(', ')} in ${folder}`);
  return [...found];
}

/** Packs the package that `fill` puts into a folder of its own. */
function pack(out, contents, fill) {
  const folder = join(out, contents.name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  fill(folder);
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(contents, null, 2)}\n`);
  run('npm', ['pack', '--loglevel=error', '--ignore-scripts', '--pack-destination', '..'], { cwd: folder });
}

function packMain(out) {
  const dependencies = [...platforms.keys()].map((name) => [`${manifest.name}-${name}`, manifest.version]);
  const optionalDependencies = Object.fromEntries(dependencies);
  // JSON has no undefined: these are left out.
  const contents = { ...manifest, optionalDependencies, devDependencies: undefined, scripts: undefined };
  pack(out, contents, (folder) => {
    // npm chooses by `files`; `lib/*.js` needs its folder here.
    for (const pattern of [...manifest.files, 'README.md']) {
      const [path] = pattern.split('/');
      cpSync(join(root, path), join(folder, path), { recursive: true });
    }
  });
}

function packPlatform(out, name, library) {
  if (!platforms.has(name)) {
    throw new Error(`Expected one of ${[...platforms.keys()].join(', ')} for the platform but received ${name}`);
  }
  const { os, cpu, libc } = platforms.get(name);
  const { version, license, homepage, repository, engines } = manifest;
  const file = `offloop.${name}.node`;
  const contents = {
    name: `${manifest.name}-${name}`,
    version,
    description: `The native library of ${manifest.name} for ${name}`,
    license,
    homepage,
    // npm compares it with the provenance of a release.
    repository,
    main: file,
    files: [file],
    engines,
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
  };
  pack(out, contents, (folder) => {
    copyFileSync(library, join(folder, file));
    writeFileSync(join(folder, 'README.md'), `The native library of [${manifest.name}](${homepage}) for ${name}.\n`);
  });
}

const values = options();
const out = values.out ?? join(root, 'dist');
for (const [name, library] of libraries(values)) packPlatform(out, name, library);
packMain(out);
