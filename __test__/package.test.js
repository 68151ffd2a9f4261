'use strict';

// What npm users get: the packages are packed, installed into an empty project, and used there.

const assert = require('node:assert/strict');
const { execFileSync, fork, spawnSync } = require('node:child_process');
const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const { tmpdir } = require('node:os');
const { join, relative, sep } = require('node:path');
const { after, before, test } = require('node:test');
const { platformName } = require('../lib/platform.js');

const root = join(__dirname, '..');
const { version } = require('../package.json');
const platformPackage = `offloop-${platformName()}`;
const library = `offloop.${platformName()}.node`;

/** Without what would lead the installed package to another library than the one that was packed. */
const env = { ...process.env };
delete env.NAPI_RS_NATIVE_LIBRARY_PATH;

const folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'offloop-package-')));
const dist = join(folder, 'dist');
const project = join(folder, 'project');

before(() => {
  run(process.execPath, [join(root, 'scripts', 'pack.mjs'), '--out', dist], root);
  const needed = packDependencies();
  fs.mkdirSync(project);
  fs.writeFileSync(join(project, 'package.json'), '{ "private": true }');
  // An empty cache and no network: nothing but these tarballs can end up in the project. The other platforms'
  // packages cannot be had, which npm passes over, as it does for optional dependencies.
  const flags = ['--ignore-scripts', '--offline', '--no-audit', '--no-fund', '--cache', '../cache'];
  const ours = ['offloop', platformPackage].map((name) => `${name}-${version}.tgz`);
  const tarballs = [...ours, ...needed].map((file) => `../dist/${file}`);
  run('npm', ['install', ...flags, ...tarballs], project);
  const express = join('node_modules', 'express');
  fs.symlinkSync(join(root, express), join(project, express), 'junction');
});

after(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

/** The output of a command, which must succeed. */
function run(command, args, cwd) {
  // npm is a script on Windows, which only a shell starts.
  const shell = process.platform === 'win32' && command === 'npm';
  return execFileSync(command, args, { cwd, env, shell, encoding: 'utf8', stdio: 'pipe' });
}

/** Packs what the package depends on, as it is installed here, and returns the tarballs. */
function packDependencies() {
  const found = new Set();
  const add = (folder) => {
    for (const name of Object.keys(require(join(folder, 'package.json')).dependencies ?? {})) {
      const inner = join(folder, 'node_modules', name);
      const its = fs.existsSync(inner) ? inner : join(root, 'node_modules', name);
      if (found.has(its)) continue;
      found.add(its);
      add(its);
    }
  };
  add(root);
  const folders = Array.from(found, (folder) => relative(dist, folder));
  const output = run('npm', ['pack', '--json', '--loglevel=error', '--ignore-scripts', ...folders], dist);
  return JSON.parse(output).map(({ filename }) => filename);
}

/** The files in a package's tarball, sorted. */
function packed(name) {
  const list = run('tar', ['-tzf', `${name}-${version}.tgz`], dist)
    .trim()
    .split(/\r?\n/);
  return list.map((path) => path.replace(/^package\//, '')).sort();
}

/** The package.json that npm installed. */
function installed(name) {
  return JSON.parse(fs.readFileSync(join(project, 'node_modules', name, 'package.json'), 'utf8'));
}

test('the main package holds the JavaScript, its types and its papers, and nothing else', () => {
  const papers = ['LICENSE', 'README.md', 'package.json'];
  const surface = ['express.d.ts', 'index.d.mts', 'index.d.ts', 'index.js', 'index.mjs'];
  const modules = fs.readdirSync(join(root, 'lib')).map((name) => `lib/${name}`);
  assert.deepEqual(packed('offloop'), [...papers, ...surface, ...modules].sort());
});

test('the main package asks for the library of every platform, in its own version, and for what the middleware needs', () => {
  const { dependencies, devDependencies, scripts, optionalDependencies } = installed('offloop');
  assert.deepEqual([devDependencies, scripts], [undefined, undefined]);
  assert.deepEqual(Object.keys(dependencies), ['bytes', 'compressible', 'negotiator', 'on-headers', 'vary']);
  assert.deepEqual(optionalDependencies, {
    'offloop-linux-x64-gnu': version,
    'offloop-linux-arm64-gnu': version,
    'offloop-linux-x64-musl': version,
    'offloop-linux-arm64-musl': version,
    'offloop-darwin-x64': version,
    'offloop-darwin-arm64': version,
    'offloop-win32-x64-msvc': version,
    'offloop-win32-arm64-msvc': version,
  });
});

test('the loader names every platform package in full, where tools that trace files find it', () => {
  const loader = fs.readFileSync(join(root, 'lib', 'native.js'), 'utf8');
  const named = Array.from(loader.matchAll(/require\.resolve\('([^']+)'\)/g), ([, name]) => name);
  assert.deepEqual(named, Object.keys(installed('offloop').optionalDependencies));
});

test('a platform package holds the library, and says where it runs', () => {
  assert.deepEqual(packed(platformPackage), ['LICENSE', 'README.md', library, 'package.json'].sort());
  const { name, version: its, main, os, cpu, libc, repository } = installed(platformPackage);
  assert.deepEqual({ name, version: its, main }, { name: platformPackage, version, main: library });
  assert.deepEqual({ os, cpu }, { os: [process.platform], cpu: [process.arch] });
  const expected = { gnu: ['glibc'], musl: ['musl'] };
  assert.deepEqual(libc, process.platform === 'linux' ? expected[platformName().split('-')[2]] : undefined);
  assert.deepEqual(repository, require('../package.json').repository);
});

test('the installed package loads the library of the platform package', () => {
  const loaded = "require('offloop'); console.log(Object.keys(require.cache).find((file) => file.endsWith('.node')))";
  const file = run(process.execPath, ['-e', loaded], project).trim();
  assert.equal(file, [project, 'node_modules', platformPackage, library].join(sep));
});

test('the main module loads none of the packages that the middleware needs', () => {
  const { dependencies } = installed('offloop');
  const loaded = "require('offloop'); console.log(Object.keys(require.cache).join())";
  const files = run(process.execPath, ['-e', loaded], project);
  for (const name of Object.keys(dependencies)) {
    assert.ok(!files.includes(join('node_modules', name) + sep), name);
  }
});

const handler = `
const app = express();
app.use(compression({ threshold: 0 }));
app.post('/', express.raw({ limit: '4mb' }), async (request, response) => {
  response.send(await hash.digest('sha256', request.body, { encoding: 'hex' }));
});
const server = app.listen(0, () => process.send(server.address().port));
process.once('disconnect', () => server.close());
`;

const entries = [
  [
    'require',
    'server.cjs',
    `const express = require('express');
const { hash } = require('offloop');
const { compression } = require('offloop/express');`,
  ],
  [
    'import',
    'server.mjs',
    `import express from 'express';
import { hash } from 'offloop';
import { compression } from 'offloop/express';`,
  ],
];
for (const [way, name, head] of entries) {
  test(`an Express handler hashes a request's body, and the answer is compressed, through ${way}`, async (t) => {
    const file = join(project, name);
    fs.writeFileSync(file, `${head}\n${handler}`);
    const server = fork(file, { cwd: project, env });
    t.after(() => server.kill());
    const [port] = await once(server, 'message');
    const body = randomBytes(1024 * 1024);
    const headers = { 'content-type': 'application/octet-stream', 'accept-encoding': 'br' };
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body });
    assert.equal(response.headers.get('content-encoding'), 'br');
    assert.equal(await response.text(), createHash('sha256').update(body).digest('hex'));

    const ended = once(server, 'exit');
    server.disconnect();
    assert.deepEqual(await ended, [0, null], 'the idle pool does not keep the process');
  });
}

test('the released library has none of the exports that the tests use', () => {
  const list = `console.log(Object.keys(require('${platformPackage}')).join())`;
  const exported = run(process.execPath, ['-e', list], project).trim().split(',');
  assert.ok(exported.includes('digest'));
  assert.deepEqual(
    exported.filter((name) => name.startsWith('test')),
    []
  );
});

test(
  "the library's only dynamic symbol is the entry point of Node-API",
  { skip: process.platform !== 'linux' },
  (t) => {
    const file = join(project, 'node_modules', platformPackage, library);
    const { error, stdout } = spawnSync('nm', ['-D', '--defined-only', file], { encoding: 'utf8' });
    if (error?.code === 'ENOENT') return t.skip('nm is not installed');
    const lines = stdout.trim().split('\n');
    const symbols = lines.map((line) => line.split(' ').at(-1));
    assert.deepEqual(symbols, ['napi_register_module_v1']);
  }
);
