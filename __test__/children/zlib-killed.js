'use strict';

// Compresses a file, says when it is under way, and waits to be killed in the middle of it.

const { zlib } = require('../support/zlib.js');

const [, , from, to] = process.argv;
zlib.gzipFile(from, to, { level: 9, onProgress: () => console.log('under way') });
