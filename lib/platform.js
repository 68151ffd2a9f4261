'use strict';

const { closeSync, openSync, readSync, readdirSync } = require('node:fs');

/** Bytes of an executable that hold its ELF header and, right after it, the path of its dynamic loader. */
const ELF_HEAD = 4096;

/** Whether this process runs on musl, as on Alpine Linux, and not on glibc. */
function isMusl() {
  // The executable asks for ld-linux-x86-64.so.2 or for ld-musl-x86_64.so.1. process.report knows too, but asks every
  // worker thread, and so waits for those that are in a long synchronous call.
  const head = executableHead();
  if (head.includes('/ld-musl-')) return true;
  return !head.includes('/ld-linux') && hasMuslLoader();
}

function executableHead() {
  try {
    const file = openSync(process.execPath, 'r');
    try {
      const head = Buffer.alloc(ELF_HEAD);
      return head.toString('latin1', 0, readSync(file, head));
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}

function hasMuslLoader() {
  try {
    return readdirSync('/lib').some((name) => name.startsWith('ld-musl-'));
  } catch {
    return false;
  }
}

/** This platform in the names of napi-rs: `linux-x64-gnu`, `darwin-arm64`, `win32-x64-msvc`. */
function platformName() {
  const name = `${process.platform}-${process.arch}`;
  if (process.platform === 'linux') return `${name}-${isMusl() ? 'musl' : 'gnu'}`;
  if (process.platform === 'win32') return `${name}-msvc`;
  return name;
}

module.exports = { platformName };
