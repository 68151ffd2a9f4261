'use strict';

// Compressed files, which native code reads and writes.

const { refuseTransfer } = require('./input.js');
const { run } = require('./job.js');
const native = require('./native.js');
const { pathBytes } = require('./path.js');
const { integer, optionsObject, refuse } = require('./validate.js');
const { CODECS } = require('./zlib-codecs.js');
const { settingsOf } = require('./zlib-options.js');

/** node:zlib's options that a file has no use for. */
const NOT_OF_FILES = ['flush', 'finishFlush', 'chunkSize', 'dictionary', 'info'];
const NOT_OF_GUNZIP = ['level', 'windowBits', 'memLevel', 'strategy'];

/** No file is longer by mistake, and few disks hold more. */
const MOST_INFLATED = 16 * 1024 * 1024 * 1024;

// index.d.ts gives these functions their types. Here their arguments are whatever came.

/**
 * @param {unknown} from
 * @param {unknown} to
 * @param {unknown} [options]
 */
function gzipFile(from, to, options) {
  return runFile('gzip', from, to, options, NOT_OF_FILES, Number.MAX_SAFE_INTEGER);
}

/**
 * @param {unknown} from
 * @param {unknown} to
 * @param {unknown} [options]
 */
function gunzipFile(from, to, options) {
  return runFile('gunzip', from, to, options, [...NOT_OF_FILES, ...NOT_OF_GUNZIP], MOST_INFLATED);
}

/**
 * @param {'gzip' | 'gunzip'} name
 * @param {unknown} from
 * @param {unknown} to
 * @param {unknown} options
 * @param {readonly string[]} refused options
 * @param {number} usualMost bytes of output
 */
async function runFile(name, from, to, options, refused, usualMost) {
  const [bytesRead, bytesWritten] = await run(options, (slot, job) => {
    refuseTransfer(job, `zlib.${name}File`);
    const given = optionsObject(options, 'options');
    refuse(given, 'options', refused, `zlib.${name}File`);
    const { maxOutputLength = usualMost } = given;
    const most = integer(maxOutputLength, 'options.maxOutputLength', 1, Number.MAX_SAFE_INTEGER);
    const { params } = settingsOf(CODECS[name], { ...given, maxOutputLength: undefined });
    const [source, target] = [pathBytes(from, 'from'), pathBytes(to, 'to', 'fs.write')];
    const inflates = name === 'gunzip';
    return native.zlibFile(slot, job.priority, job.flags, inflates, params, most, source, target);
  });
  return { bytesRead, bytesWritten };
}

module.exports = { gunzipFile, gzipFile };
