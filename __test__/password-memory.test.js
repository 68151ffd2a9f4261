'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');
const { describe, test } = require('node:test');

const MIB = 2 ** 20;
const LOGINS = join(__dirname, 'children', 'logins.js');

const hasLimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0;

describe('a thousand logins at once wait for memory instead of taking it', () => {
  for (const [policy, bytes] of [
    [{ algorithm: 'argon2id', memory: 32 * 1024, passes: 1 }, 32 * MIB],
    // Its blocks are N + p + 5.
    [{ algorithm: 'scrypt', N: 2 ** 13, r: 8 }, 1024 * (2 ** 13 + 6)],
  ]) {
    test(policy.algorithm, () => {
      // Without a queue they would take 8 or 32 GiB. The limit is on all private memory, the heap included.
      const node = [process.execPath, LOGINS, JSON.stringify(policy), String(bytes)];
      const [command, ...args] = hasLimit ? ['prlimit', `--data=${1024 * MIB}`, ...node] : node;
      const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      const { verified, most, peak } = JSON.parse(stdout);
      assert.equal(verified, 500);
      assert.ok(most >= bytes && most <= 4 * bytes, `${most} bytes in flight`);
      // The budget, what is kept beside it, whole pages, and what the promises take.
      assert.ok(peak < 4 * bytes + 128 * MIB, `${peak} bytes above the start`);
    });
  }
});
