'use strict';

// Cluster workers that are killed with jobs in flight, and forked again.

const cluster = require('node:cluster');
const { hash } = require('../support/offloop.js');

const KILLS = 12;
const large = Buffer.alloc(16 << 20, 3);

if (cluster.isPrimary) {
  let killed = 0;
  let answered = 0;
  let ended = false;
  const fork = () => {
    const worker = cluster.fork();
    worker.on('message', () => {
      answered++;
      if (killed < KILLS) {
        killed++;
        worker.process.kill(killed % 2 ? 'SIGKILL' : 'SIGTERM');
      } else {
        worker.disconnect();
      }
    });
  };
  cluster.on('exit', () => {
    if (killed < KILLS || answered < KILLS + 2) fork();
    if (ended || Object.keys(cluster.workers).length > 0 || answered < KILLS + 2) return;
    ended = true;
    hash.digest('sha256', large, { encoding: 'hex' }).then(() => console.log(JSON.stringify({ killed, answered })));
  });
  hash.digest('sha256', large).then(() => {
    fork();
    fork();
  });
} else {
  const digests = () => Promise.all([hash.digest('sha256', large), hash.digest('blake3', large)]);
  digests().then(() => {
    if (process.connected) process.send('answered');
    if (process.connected) digests();
  });
}
