// What both servers know of users.

/** How much of a request is read: a name and a password need no more. */
export const BODY = { limit: '4kb' };

/** The form that asks for them. */
export const PAGE = new URL('./login.html', import.meta.url);

/**
 * Each user's name with the hash of the password. A server has them in a database.
 *
 * Ada (her password is `first programmer`) registered when the server still used `crypto.scrypt` as
 * it comes. Her next login replaces the hash.
 */
export function seedUsers() {
  return new Map([['ada', '$scrypt$ln=14,r=8,p=1$swlEQLcv8hGoZzuDDjMn6A$Mj4CoioGM/wCDEhahyTcwtwq4neygKNunQuGqDOr0YI']]);
}

/** An error that the server answers with `status`. */
export function refusal(status, message) {
  return Object.assign(new Error(message), { status });
}

/** The name and the password of a request's body. */
export function credentials(body) {
  const { name, password: secret } = body ?? {};
  if (!isText(name, 64)) throw refusal(400, 'Expected a name of 1 to 64 characters');
  if (!isText(secret, 256)) throw refusal(400, 'Expected a password of 1 to 256 characters');
  return { name, secret };
}

/** The same, of somebody who may choose a password. */
export function newCredentials(body) {
  const { name, secret } = credentials(body);
  if (secret.length < 8) throw refusal(400, 'Expected a password of at least 8 characters');
  return { name, secret };
}

function isText(value, longest) {
  return typeof value === 'string' && value.length > 0 && value.length <= longest;
}
