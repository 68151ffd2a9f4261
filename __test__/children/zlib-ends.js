'use strict';

// Ways for a process to end that has streams, or jobs of compression.

const { FORMATS, factory, mixed, node, zlib } = require('../support/zlib.js');

const data = mixed(3 << 20);

const ways = {
  idleStreams() {
    for (const { compress, decompress } of Object.values(FORMATS)) {
      zlib[factory(compress)]();
      zlib[factory(compress)]().write('text');
      zlib[factory(decompress)]();
      zlib.compressionStream('gzip');
    }
    zlib.createGunzip().write(node.gzipSync('text'));
    zlib.createGzip().end(data);
    const { writable } = zlib.compressionStream('gzip');
    writable.getWriter().write(data);
  },
  exit() {
    for (const { compress } of Object.values(FORMATS)) {
      zlib[compress](data);
      zlib[factory(compress)]().resume().end(data);
    }
    setTimeout(() => process.exit(7), 10);
  },
  throwingCallback() {
    let calls = 0;
    process.on('uncaughtException', ({ message }) => setImmediate(() => console.log(`${message}, ${calls} call`)));
    zlib.gzip('text', () => {
      calls++;
      throw new Error('on purpose');
    });
  },
  pending() {
    const stream = zlib.createGzip({ level: 9 });
    stream.end(data);
    stream.resume().on('end', () => console.log('done'));
  },
};

ways[process.argv[2]]();
