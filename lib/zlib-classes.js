'use strict';

// The classes of node:zlib, one for each format and direction.

const { CODECS } = require('./zlib-codecs.js');
const { levelOf, strategyOf } = require('./zlib-options.js');
const { ZlibStream, inTurn } = require('./zlib-stream.js');

class DeflateStream extends ZlibStream {
  /**
   * @param {unknown} level
   * @param {unknown} strategy
   * @param {() => void} [callback]
   */
  params(level, strategy, callback) {
    const params = [levelOf(level, 'level'), strategyOf(strategy, 'strategy')];
    inTurn(this, (encoder) => encoder.setParams(...params), callback);
  }
}

/**
 * @param {Readonly<import('./zlib-codecs.js').Codec>} codec
 * @returns {[name: string, Class: new (options?: any) => InstanceType<typeof ZlibStream>]}
 */
function classOf(codec) {
  const Base = codec.encodes && codec.family === 'deflate' ? DeflateStream : ZlibStream;
  const Class = class extends Base {
    /** @param {any} [options] the caller's */
    constructor(options) {
      super(codec, options);
    }
  };
  const name = codec.name[0].toUpperCase() + codec.name.slice(1);
  Object.defineProperty(Class, 'name', { value: name });
  return [name, Class];
}

/** By their names, such as `Gzip`. */
const classes = Object.fromEntries(Object.values(CODECS).map(classOf));

/** What makes one without `new`, such as `createGzip`. */
const creators = Object.fromEntries(
  Object.entries(classes).map(([name, Class]) => {
    const create = (/** @type {any} */ options) => new Class(options);
    Object.defineProperty(create, 'name', { value: `create${name}` });
    return [`create${name}`, create];
  })
);

module.exports = { classes, creators };
