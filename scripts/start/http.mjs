// Requests as the clients send them.

import { request } from 'node:http';

/** An answer that takes longer never comes: the slowest, a CSV in JavaScript, takes some ten seconds. */
const TIMEOUT = 120_000;

class Answer {
  constructor(status, body) {
    this.status = status;
    this.body = body;
  }

  get text() {
    return this.body.toString();
  }
}

/** The answer to one request, whatever its status. */
export function send(url, { method = 'GET', agent, headers, body }) {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT);
    const length = { 'Content-Length': body?.length ?? 0 };
    const sent = request(url, { method, agent, signal, headers: { ...length, ...headers } });
    const fail = (cause) => reject(new Error(`${method} ${url}: ${cause.message}`, { cause }));
    sent.on('error', fail);
    sent.on('response', async (response) => {
      try {
        resolve(new Answer(response.statusCode, Buffer.concat(await response.toArray())));
      } catch (cause) {
        fail(cause);
      }
    });
    // As one buffer, which costs this process next to nothing: on a small machine it would
    // otherwise measure itself.
    sent.end(body);
  });
}

export function post(url, body) {
  return send(url, { method: 'POST', body });
}

export function upload(url, body, agent) {
  return send(`${url}/upload`, { method: 'POST', agent, body });
}

export function logIn(url, name, password, agent) {
  const headers = { 'Content-Type': 'application/json' };
  const body = Buffer.from(JSON.stringify({ name, password }));
  return send(`${url}/login`, { method: 'POST', agent, headers, body });
}
