'use strict';

// Finds and loads the native library of this platform. It has no logic of its own: what it exports
// is described in src/binding.

const { join, resolve } = require('node:path');
const { platformName } = require('./platform.js');

/**
 * The platforms' packages. Each name is written out, because the tools that collect the files of a deployment (Next.js,
 * Vercel, Nitro) read this source, and leave out a package whose name is put together at run time.
 *
 * @type {Record<string, (() => string) | undefined>}
 */
const PACKAGES = {
  'linux-x64-gnu': () => require.resolve('offloop-linux-x64-gnu'),
  'linux-arm64-gnu': () => require.resolve('offloop-linux-arm64-gnu'),
  'linux-x64-musl': () => require.resolve('offloop-linux-x64-musl'),
  'linux-arm64-musl': () => require.resolve('offloop-linux-arm64-musl'),
  'darwin-x64': () => require.resolve('offloop-darwin-x64'),
  'darwin-arm64': () => require.resolve('offloop-darwin-arm64'),
  'win32-x64-msvc': () => require.resolve('offloop-win32-x64-msvc'),
  'win32-arm64-msvc': () => require.resolve('offloop-win32-arm64-msvc'),
};

/** @param {string | undefined} path relative to the working directory, as on a command line */
function givenPath(path) {
  if (!path) throw new Error('not set');
  return resolve(path);
}

function load() {
  const platform = platformName();
  const local = join(__dirname, '..', `offloop.${platform}.node`);
  const packaged = PACKAGES[platform];

  /** @type {[string, () => string][]} */
  const candidates = [[local, () => local]];
  if (packaged) candidates.push([`offloop-${platform}`, packaged]);
  candidates.push(['NAPI_RS_NATIVE_LIBRARY_PATH', () => givenPath(process.env.NAPI_RS_NATIVE_LIBRARY_PATH)]);

  const failures = [];
  for (const [name, find] of candidates) {
    try {
      return require(find());
    } catch (error) {
      failures.push({ name, error: /** @type {Error} */ (error) });
    }
  }
  const message = [
    `offloop found no native library that loads on ${platform} (Node ${process.version}). Tried:`,
    ...failures.map(({ name, error }) => `  ${name}: ${error.message.split('\n', 1)[0]}`),
    ...(packaged ? reinstall(platform) : [`There is no package for ${platform}.`]),
    'To build the library from source, clone https://github.com/offloop/offloop, run `npm run build` there,',
    'and set NAPI_RS_NATIVE_LIBRARY_PATH to the resulting .node file.',
  ].join('\n');
  const cause = failures.map(({ error }) => error);
  throw Object.assign(new Error(message, { cause }), { code: 'ERR_DLOPEN_FAILED' });
}

/** @param {string} platform */
function reinstall(platform) {
  return [
    `The library comes with the optional dependency offloop-${platform}. If npm left it out, which it does`,
    'where the lockfile was made on another platform (npm/cli#4828), remove node_modules and',
    'package-lock.json and run `npm install` again, without --omit=optional or --no-optional.',
  ];
}

module.exports = load();
