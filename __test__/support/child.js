'use strict';

const { spawn } = require('node:child_process');
const { join } = require('node:path');
const assert = require('node:assert/strict');

/**
 * Runs a script of __test__/children in a process of its own, which may die.
 *
 * @returns {Promise<{ code: number | null, signal: string | null, stdout: string, stderr: string }>}
 */
function child(script, { args = [], flags = [], env = {} } = {}) {
  const path = join(__dirname, '..', 'children', script);
  const options = { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] };
  const running = spawn(process.execPath, [...flags, path, ...args], options);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    running[name].setEncoding('utf8').on('data', (text) => (output[name] += text));
  }
  return new Promise((resolve, reject) => {
    running.on('error', reject);
    running.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
}

/** Runs a script that must end well, and returns what it printed. */
async function succeeds(script, options) {
  const { code, signal, stdout, stderr } = await child(script, options);
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, `${stdout}\n${stderr}`);
  return stdout;
}

module.exports = { child, succeeds };
