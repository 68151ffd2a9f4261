// A server in a process of its own, so that the load does not share its event loop.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const STALL = pathToFileURL(join(import.meta.dirname, 'stall.mjs')).href;

/** Milliseconds that a server may take to end by itself. */
const GRACE = 2000;

/** The servers that have not ended. */
const running = new Set();

class ServerProcess {
  constructor(name, child) {
    this.name = name;
    this.child = child;
    this.url = '';
    /** Rejects when the process ends, or never was. */
    this.lost = new Promise((_, reject) => {
      child.once('error', reject);
      child.once('exit', (status, signal) => {
        running.delete(this);
        reject(new Error(`The server with ${name} ended with ${signal ?? `status ${status}`}`));
      });
    });
    // Looked at where something is awaited from the server.
    this.lost.catch(() => {});
  }

  async startStallWatch() {
    await this.#tell('start');
  }

  /** The longest stall of the event loop since the start, in milliseconds. */
  async stopStallWatch() {
    return (await this.#tell('stop')).longest;
  }

  async #tell(command) {
    const answer = once(this.child, 'message');
    this.child.send(command);
    const [message] = await Promise.race([answer, this.lost]);
    return message;
  }
}

/** Runs a script with arguments. Resolves when its server listens, on a free port. */
export async function startServer(name, ...script) {
  const child = spawn(process.execPath, ['--import', STALL, ...script], {
    env: { ...process.env, HOST: '127.0.0.1', PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    // Not in the terminal's process group: Ctrl-C is for the parent, which then ends the servers.
    // On Windows that would open a window.
    detached: process.platform !== 'win32',
  });
  const server = new ServerProcess(name, child);
  running.add(server);
  const listening = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => resolve(/http:\S+/.exec(line)?.[0]));
  });
  server.url = await Promise.race([listening, server.lost]);
  return server;
}

/** Resolves when the process has ended. */
export async function stopServer(server) {
  if (!running.has(server)) return;
  const { child } = server;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE);
  await ended;
  clearTimeout(timer);
}

export async function stopServers() {
  await Promise.all([...running].map(stopServer));
}
