'use strict';

const { hash } = require('../../index.js');

// Outside of what the process may read, where its test says so.
hash.digestFile('sha256', process.execPath).then(
  () => console.log('done'),
  ({ code }) => console.log(code)
);
