'use strict';

// The streams as the web has them: a pair, of which one end is written to and the other read.

const { bytes } = require('./bytes.js');
const { oneOf } = require('./validate.js');
const { classes } = require('./zlib-classes.js');

const COMPRESSORS = {
  gzip: classes.Gzip,
  deflate: classes.Deflate,
  'deflate-raw': classes.DeflateRaw,
  brotli: classes.BrotliCompress,
  zstd: classes.ZstdCompress,
};

const DECOMPRESSORS = {
  gzip: classes.Gunzip,
  deflate: classes.Inflate,
  'deflate-raw': classes.InflateRaw,
  brotli: classes.BrotliDecompress,
  zstd: classes.ZstdDecompress,
};

const FORMATS = /** @type {(keyof typeof COMPRESSORS)[]} */ (Object.keys(COMPRESSORS));

// index.d.ts gives these functions their types. Here their arguments are whatever came.

/**
 * @param {unknown} format
 * @param {unknown} [options]
 */
function compressionStream(format, options) {
  return pairOf(new COMPRESSORS[oneOf(format, 'format', FORMATS)](options));
}

/**
 * @param {unknown} format
 * @param {unknown} [options]
 */
function decompressionStream(format, options) {
  return pairOf(new DECOMPRESSORS[oneOf(format, 'format', FORMATS)](options));
}

/** @typedef {(error?: Error | null) => void} Callback */

/**
 * Both ends end with the stream, whoever ends it.
 *
 * @param {InstanceType<typeof import('./zlib-stream.js').ZlibStream>} stream
 */
function pairOf(stream) {
  /** @type {ReadableStreamDefaultController<Uint8Array>} */
  let toReader;
  /** @type {WritableStreamDefaultController} */
  let toWriter;

  const chunks = stream.iterator({ destroyOnReturn: false });
  const readable = new ReadableStream(
    {
      start(controller) {
        toReader = controller;
      },
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
      },
      cancel(reason) {
        toWriter.error(reason);
        stream.destroy();
      },
    },
    // The stream's own buffer is enough.
    { highWaterMark: 0 }
  );

  /** @param {(callback: Callback) => void} begin */
  const settled = (begin) =>
    /** @type {Promise<void>} */ (
      new Promise((resolve, reject) => begin((error) => (error ? reject(error) : resolve())))
    );
  const writable = new WritableStream({
    start(controller) {
      toWriter = controller;
    },
    write(chunk) {
      try {
        const data = bytes(chunk, 'chunk');
        return settled((callback) => stream.write(data, callback));
      } catch (error) {
        stream.destroy(/** @type {Error} */ (error));
        throw error;
      }
    },
    close() {
      return settled((callback) => stream.end(callback));
    },
    abort(reason) {
      toReader.error(reason);
      stream.destroy();
    },
  });

  stream.on('error', (error) => {
    toReader.error(error);
    toWriter.error(error);
  });
  return { readable, writable, flush: () => settled((callback) => stream.flush(callback)) };
}

module.exports = { compressionStream, decompressionStream };
