// Parses the bytes that it was started with, whenever told to, and posts the tree.

import { parentPort, workerData } from 'node:worker_threads';

const data = Buffer.from(workerData.buffer);
parentPort.on('message', () => parentPort.postMessage(JSON.parse(data.toString())));
