// A thread at normal priority that hashes until it is told to stop.

import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';

const { bytes, control } = workerData;
const flags = new Int32Array(control);
const data = Buffer.alloc(bytes, 1);
parentPort.postMessage('started');
while (Atomics.load(flags, 0) === 0) createHash('sha512').update(data).digest();
