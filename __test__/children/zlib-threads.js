'use strict';

// Digests of what is compressed with as many threads as the environment says.

const { createHash } = require('node:crypto');
const { buffer } = require('node:stream/consumers');
const { FORMATS, factory, mixed, text, zlib } = require('../support/zlib.js');

const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');

(async () => {
  const data = mixed(2_300_000);
  const fast = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } };
  const digests = {};
  for (const [name, { compress }] of Object.entries(FORMATS)) {
    const options = name === 'brotli' ? fast : {};
    digests[name] = digest(await zlib[compress](data, options));
    const stream = zlib[factory(compress)](options);
    stream.end(data);
    digests[`${name} stream`] = digest(await buffer(stream));
  }
  digests.dictionary = digest(await zlib.deflate(data, { dictionary: text(40_000), level: 9 }));
  console.log(JSON.stringify(digests));
})();
