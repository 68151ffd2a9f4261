// What the servers have to answer. None of the figures means anything where they do not.

import { createHash } from 'node:crypto';
import { logIn, upload } from './http.mjs';

/** Who logs in: a user whose hash the examples have stored. */
export const USER = { name: 'ada', password: 'first programmer' };

/** Throws unless an answer has this status and, as JSON, these fields. */
function expectAnswer(what, { status, text }, wanted, fields) {
  const answer = status === wanted ? JSON.parse(text) : undefined;
  const same = answer && Object.entries(fields).every(([name, value]) => answer[name] === value);
  if (same) return answer;
  throw new Error(`Expected ${wanted} with ${JSON.stringify(fields)} for ${what} but received ${status} with ${text}`);
}

/** Takes the answer to a login of the user. */
export function checkLogin(answer) {
  expectAnswer('a login', answer, 200, { name: USER.name });
}

/**
 * Takes the answer to an upload of `body`: its size, its SHA-256, and the BLAKE3 of all other answers.
 * The servers compute that with two libraries that have nothing in common.
 */
export function uploadChecker(body) {
  const expected = { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') };
  return (answer) => {
    const { blake3 } = expectAnswer('an upload', answer, 200, expected);
    expected.blake3 ??= blake3;
  };
}

/** Compares the servers' answers: uploads, and logins against the same stored hash. */
export async function compareAnswers(servers, body, checkUpload) {
  for (const { url } of servers) {
    checkUpload(await upload(url, body));
    checkLogin(await logIn(url, USER.name, USER.password));
    const wrong = [await logIn(url, USER.name, 'wrong password'), await logIn(url, 'nobody', USER.password)];
    for (const answer of wrong) expectAnswer('a wrong login', answer, 401, { error: 'Wrong name or password' });
  }
}
