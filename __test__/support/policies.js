'use strict';

/** One policy of little cost for each algorithm. */
const CHEAP = {
  argon2id: { algorithm: 'argon2id', memory: 64, passes: 2, parallelism: 2 },
  scrypt: { algorithm: 'scrypt', N: 32, r: 4, p: 2 },
  bcrypt: { algorithm: 'bcrypt', cost: 4 },
  'pbkdf2-sha256': { algorithm: 'pbkdf2-sha256', iterations: 1000 },
  'pbkdf2-sha512': { algorithm: 'pbkdf2-sha512', iterations: 1000 },
};

module.exports = { CHEAP, POLICIES: Object.values(CHEAP) };
