// Parses the bytes that it was started with, whenever told to, and posts the row objects.

import { parentPort, workerData } from 'node:worker_threads';
import { udsv } from '../udsv.mjs';

const data = Buffer.from(workerData.buffer);
parentPort.on('message', () => parentPort.postMessage(udsv(data, 'typedObjs')));
