// What a pool of piscina does in the suite of logins: both kinds of its work, each in the fastest way
// that npm has.

import nodeArgon2 from '@node-rs/argon2';
import { udsv } from '../udsv.mjs';

/** The columns stay here: only how many rows they have goes back. */
export function parse(shared) {
  return udsv(Buffer.from(shared.buffer), 'typedCols')[0].length;
}

export function verify({ hash, password }) {
  return nodeArgon2.verifySync(hash, password);
}
