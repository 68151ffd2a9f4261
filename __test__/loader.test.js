'use strict';

// Where the native library is looked for, and what the error says when there is none.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { after, beforeEach, describe, test } = require('node:test');
const { platformName } = require('../lib/platform.js');

const root = join(__dirname, '..');
const platform = platformName();
const library = `offloop.${platform}.node`;

const temporary = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'offloop-loader-')));
after(() => fs.rmSync(temporary, { recursive: true, force: true, maxRetries: 5 }));

/** The folder of offloop in the situation of each test, with its JavaScript and no native library yet. */
let folder;

beforeEach(() => {
  folder = join(fs.mkdtempSync(join(temporary, 'project-')), 'node_modules', 'offloop');
  fs.mkdirSync(folder, { recursive: true });
  fs.cpSync(join(root, 'lib'), join(folder, 'lib'), { recursive: true });
  fs.copyFileSync(join(root, 'index.js'), join(folder, 'index.js'));
});

function copyLibrary(file) {
  fs.mkdirSync(join(file, '..'), { recursive: true });
  fs.copyFileSync(join(root, library), file);
  return file;
}

function addLocalBuild() {
  return copyLibrary(join(folder, library));
}

function addPlatformPackage() {
  const packaged = join(folder, '..', `offloop-${platform}`);
  const file = copyLibrary(join(packaged, library));
  fs.writeFileSync(join(packaged, 'package.json'), JSON.stringify({ main: library }));
  return file;
}

/** A library outside of any package. */
function addOther() {
  return copyLibrary(join(folder, '..', '..', 'elsewhere', 'other.node'));
}

/** What a new process prints that runs `script`, with `given` as NAPI_RS_NATIVE_LIBRARY_PATH. */
function node(script, { given, cwd = folder } = {}) {
  const env = { ...process.env };
  delete env.NAPI_RS_NATIVE_LIBRARY_PATH;
  if (given !== undefined) env.NAPI_RS_NATIVE_LIBRARY_PATH = given;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script, folder], {
    cwd,
    env,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

/** The path of the library that offloop loads. */
function loaded(options) {
  const files = node(`require(process.argv[1]); console.log(JSON.stringify(Object.keys(require.cache)))`, options);
  return files.find((file) => file.endsWith('.node'));
}

/** The error that offloop throws, in a process that `before` has changed. */
function failure({ before = '', ...options } = {}) {
  const script = `
    ${before}
    try {
      require(process.argv[1]);
    } catch ({ code, message, cause }) {
      console.log(JSON.stringify({ code, message, causes: cause.map(({ code }) => code) }));
    }`;
  return node(script, options);
}

describe('the native library is', () => {
  test('the local build, where there is one', () => {
    const local = addLocalBuild();
    addPlatformPackage();
    assert.equal(loaded({ given: addOther() }), local);
  });

  test("else that of the platform's package", () => {
    const packaged = addPlatformPackage();
    assert.equal(loaded({ given: addOther() }), packaged);
  });

  test('else the file that NAPI_RS_NATIVE_LIBRARY_PATH names', () => {
    const other = addOther();
    assert.equal(loaded({ given: other }), other);
  });

  test('also where that path is relative, to the working directory', () => {
    const other = addOther();
    assert.equal(loaded({ given: 'other.node', cwd: join(other, '..') }), other);
  });

  test("that of the platform's package where the local build does not load", () => {
    fs.writeFileSync(join(folder, library), 'not a library');
    const packaged = addPlatformPackage();
    assert.equal(loaded(), packaged);
  });
});

describe('without a native library', () => {
  test('the error has the code ERR_DLOPEN_FAILED, and the reasons as its cause', () => {
    const { code, causes } = failure();
    assert.equal(code, 'ERR_DLOPEN_FAILED');
    assert.deepEqual(causes.slice(0, 2), ['MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);
  });

  test('the message names the platform, and all that was tried', () => {
    const { message } = failure();
    assert.match(message, new RegExp(`no native library that loads on ${platform} \\(Node ${process.version}\\)`));
    const local = join(folder, library);
    assert.ok(message.includes(`  ${local}: Cannot find module '${local}'\n`), message);
    assert.ok(message.includes(`  offloop-${platform}: Cannot find module 'offloop-${platform}'\n`), message);
    assert.ok(message.includes('  NAPI_RS_NATIVE_LIBRARY_PATH: not set\n'), message);
  });

  test('the message says why a file that is there does not load', () => {
    const broken = join(folder, library);
    fs.writeFileSync(broken, 'not a library');
    const { message, causes } = failure({ given: 'missing.node' });
    assert.equal(causes[0], 'ERR_DLOPEN_FAILED');
    const reason = message.split('\n').find((line) => line.startsWith(`  ${broken}: `));
    assert.ok(!reason.includes('Cannot find module'), reason);
    assert.ok(message.includes(`Cannot find module '${join(folder, 'missing.node')}'`), message);
  });

  test('the message tells of lockfiles that lack the optional dependency, and how to build from source', () => {
    const { message } = failure();
    assert.match(message, /optional dependency offloop-/);
    assert.match(message, /lockfile was made on another platform \(npm\/cli#4828\)/);
    assert.match(message, /remove node_modules and\npackage-lock\.json and run `npm install` again/);
    assert.match(message, /build the library from source, clone https:\S+, run `npm run build`/);
  });

  test('the message sends nobody to npm on a platform that has no package', () => {
    const { message } = failure({ before: "Object.defineProperty(process, 'platform', { value: 'sunos' });" });
    assert.match(message, new RegExp(`There is no package for sunos-${process.arch}\\.`));
    assert.doesNotMatch(message, /npm install/);
    assert.match(message, /npm run build/);
  });
});

describe('on Linux the platform is told by the loader that the executable asks for', () => {
  const pretend = "Object.defineProperty(process, 'platform', { value: 'linux' });";

  /** The platform's name where the executable of the process starts with `head`. */
  function nameWith(head) {
    const executable = join(folder, 'executable');
    fs.writeFileSync(executable, head);
    return node(`
      ${pretend}
      process.execPath = ${JSON.stringify(executable)};
      const { platformName } = require(process.argv[1] + '/lib/platform.js');
      console.log(JSON.stringify(platformName()));`);
  }

  test('glibc', () => {
    assert.equal(nameWith('\x7fELF\0/lib64/ld-linux-x86-64.so.2\0'), `linux-${process.arch}-gnu`);
    assert.equal(nameWith('\x7fELF\0/lib/ld-linux-aarch64.so.1\0'), `linux-${process.arch}-gnu`);
  });

  test('musl', () => {
    assert.equal(nameWith('\x7fELF\0/lib/ld-musl-x86_64.so.1\0'), `linux-${process.arch}-musl`);
  });

  test('and read without waiting for the worker threads', () => {
    // process.report, the other source, stops until a thread in a synchronous call is back.
    const asked = node(`
      ${pretend}
      let asked = false;
      process.report.getReport = () => { asked = true; return {}; };
      require(process.argv[1] + '/lib/platform.js').platformName();
      console.log(asked);`);
    assert.equal(asked, false);
  });
});
