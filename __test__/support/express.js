'use strict';

// Servers whose responses are compressed, and clients that say what came.

const { once } = require('node:events');
const http = require('node:http');
const zlib = require('node:zlib');
const offloop = require('./offloop.js');

/** Node's own decoders, where it has them. */
const DECODERS = {
  br: zlib.brotliDecompressSync,
  gzip: zlib.gunzipSync,
  deflate: zlib.inflateSync,
  zstd: zlib.zstdDecompressSync ?? offloop.zlib.zstdDecompress,
  identity: (bytes) => bytes,
};

/** Calls `use` with the address of a server that answers by `handler`, behind a middleware or an app. */
async function withServer(middleware, handler, use) {
  const server = http.createServer((req, res) => {
    middleware(req, res, (error) => {
      if (error) res.destroy(error);
      else handler(req, res);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** As `withServer`, with responses of text. */
function withTexts(middleware, handler, use) {
  const send = (req, res) => {
    res.setHeader('Content-Type', 'text/plain');
    return handler(req, res);
  };
  return withServer(middleware, send, use);
}

/** A promise that is resolved from outside. */
function latch() {
  let release;
  const promise = new Promise((resolve) => (release = resolve));
  return { promise, release };
}

/** The response to a request, of which nothing has been read. */
async function open(url, headers, method) {
  const [response] = await once(requestTo(url, headers, method), 'response');
  return response;
}

/**
 * What a client gets: status, headers, the bytes as they came, and the text that they are decoded to. The promise has
 * the request, to go away from.
 */
function ask(url, headers, method) {
  const request = requestTo(url, headers, method);
  return Object.assign(answerTo(request), { request });
}

function requestTo(url, headers = {}, method = 'GET') {
  return http.request(url, { method, headers, agent: false }).end();
}

async function answerTo(request) {
  const [response] = await once(request, 'response');
  const bytes = Buffer.concat(await response.toArray());
  const { 'content-encoding': coding = 'identity' } = response.headers;
  const text = bytes.length > 0 ? String(await DECODERS[coding]?.(bytes)) : '';
  return { status: response.statusCode, headers: response.headers, coding, bytes, text };
}

module.exports = { ask, latch, open, withServer, withTexts };
