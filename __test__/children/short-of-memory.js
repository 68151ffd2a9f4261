'use strict';

// Key derivations that take more than the process may have, each of which must say so. Prints the
// codes.

const { kdf, password, pool } = require('../support/offloop.js');

const HASH = `$scrypt$ln=1,r=1300000,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

(async () => {
  pool.configure({ memory: 2 ** 40 });
  const codes = [];
  for (const job of [
    () => kdf.scrypt('password', 'salt', 32, { N: 2, r: 1_500_000, p: 1, maxmem: 2 ** 40 }),
    () => kdf.scrypt('password', 'salt', 32, { N: 2 ** 20, r: 8, p: 1, maxmem: 2 ** 40 }),
    () => kdf.pbkdf2('password', 'salt', 1, 2 ** 31 - 1, 'sha256', { timeout: 1000 }),
    () => password.hash('password', { memory: 2 ** 22, passes: 1 }),
    () => password.verify(HASH, 'password', { limits: { memory: 2 ** 40 } }),
  ]) {
    const outcome = await job().catch(({ code }) => code);
    codes.push(typeof outcome === 'string' ? outcome : 'done');
  }
  // The pool goes on.
  const key = await kdf.scrypt('password', 'salt', 16, { N: 16 });
  console.log(JSON.stringify({ codes, key: key.toString('hex') }));
})();
