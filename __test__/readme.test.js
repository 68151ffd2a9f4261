'use strict';

const { after, before, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { createHash } = require('node:crypto');
const { once } = require('node:events');
const { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { gzipSync } = require('node:zlib');
const { hash } = require('../index.js');

const root = join(__dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const [handler, login, orders, carts, compressed, files, brief] = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(
  ([, code]) => code
);

// Inside the package, so that its own name resolves.
const folder = join(root, 'target', `readme-${process.pid}`);

/** Runs a snippet as a module of its own. */
function start(name, code, cwd = root) {
  const path = join(folder, name);
  writeFileSync(path, code);
  return spawn(process.execPath, [path], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
}

describe('the README', () => {
  before(() => mkdirSync(folder, { recursive: true }));
  after(() => rmSync(folder, { recursive: true }));

  test('its Express handler answers, and ends on SIGTERM', async () => {
    assert.ok(handler.includes('app.listen(3000)'));
    const listening = handler.replace('listen(3000)', 'listen(0, () => console.log(server.address().port))');
    const server = start('handler.mjs', listening);
    const [port] = await once(server.stdout, 'data');
    const body = Buffer.alloc(1_000_000, 'x');
    const response = await fetch(`http://127.0.0.1:${String(port).trim()}/upload`, { method: 'POST', body });
    assert.deepEqual(await response.json(), { sha256: createHash('sha256').update(body).digest('hex') });
    server.kill('SIGTERM');
    const [code, signal] = await once(server, 'exit');
    // Windows has no SIGTERM: the process is just ended.
    if (process.platform !== 'win32') assert.deepEqual({ code, signal }, { code: 0, signal: null });
  });

  test('its login lets in who knows the password, and nobody else', async () => {
    assert.ok(login.includes('app.listen(3001)'));
    const server = start(
      'login.mjs',
      login.replace('listen(3001)', 'listen(0, () => console.log(server.address().port))')
    );
    const [port] = await once(server.stdout, 'data');
    for (const [name, secret, status] of [
      ['ada', 'correct horse battery staple', 200],
      ['ada', 'correct horse', 401],
      ['bob', 'correct horse battery staple', 401],
      ['ada', undefined, 400],
    ]) {
      const response = await fetch(`http://127.0.0.1:${String(port).trim()}/login`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ name, secret }),
      });
      assert.equal(response.status, status, `${name}, ${secret}`);
    }
    server.kill();
    await once(server, 'exit');
  });

  test('its CSV handler adds up a column, and says where a CSV is wrong', async () => {
    assert.ok(orders.includes('app.listen(3002)'));
    const server = start(
      'orders.mjs',
      orders
        .replace('listen(3002)', 'listen(0, () => console.log(server.address().port))')
        .replace('10_000_000', '1_000_000')
    );
    const [port] = await once(server.stdout, 'data');
    for (const [body, status, answer] of [
      ['id,amount\n1,2.5\n2,\n3,4\n', 200, { rows: 3, total: 6.5 }],
      [`amount\n${'1\n'.repeat(1_000_000)}`, 200, { rows: 1_000_000, total: 1_000_000 }],
      [`amount\n${'1\n'.repeat(1_000_001)}`, 413, {}],
      ['id,amount\n1,2.5\n2,much\n', 400, { line: 3, column: 3 }],
      ['id,amount\n1,2.5\n2\n', 400, { line: 3, column: 1 }],
      ['id,price\n1,2.5\n', 400, { line: 1, column: 1 }],
    ]) {
      const response = await fetch(`http://127.0.0.1:${String(port).trim()}/orders`, { method: 'POST', body });
      assert.equal(response.status, status);
      const { error, ...rest } = await response.json();
      assert.equal(error === undefined, status === 200);
      assert.deepEqual(rest, answer);
    }
    server.kill();
    await once(server, 'exit');
  });

  test('its JSON handler adds up a field, and says where a JSON is wrong', async () => {
    assert.ok(carts.includes('app.listen(3003)'));
    const server = start(
      'carts.mjs',
      carts.replace('listen(3003)', 'listen(0, () => console.log(server.address().port))')
    );
    const [port] = await once(server.stdout, 'data');
    const many = { customer: 7, items: Array.from({ length: 100_000 }, (_, id) => ({ id, price: 0.5 })) };
    for (const [body, status, answer] of [
      ['{"customer":7,"items":[{"price":2.5},{},{"price":4}]}', 200, { customer: 7, items: 3, total: 6.5 }],
      [JSON.stringify(many), 200, { customer: 7, items: 100_000, total: 50_000 }],
      ['{"items":[]}', 400, {}],
      ['{"customer":7,"items":[{"price":\n"much"}]}', 400, { line: 2, column: 1 }],
      ['{"customer":7,"items":{}}', 400, { line: 1, column: 23 }],
      ['{"customer":7,\n"items":[}', 400, { line: 2, column: 10 }],
      [undefined, 400, { line: 1, column: 1 }],
    ]) {
      const response = await fetch(`http://127.0.0.1:${String(port).trim()}/carts`, { method: 'POST', body });
      assert.equal(response.status, status);
      const { error, ...rest } = await response.json();
      assert.equal(error === undefined, status === 200);
      assert.deepEqual(rest, answer);
    }
    server.kill();
    await once(server, 'exit');
  });

  test('its compressed answers and uploads are those of a browser, and a bomb is refused', async () => {
    assert.ok(compressed.includes('app.listen(3004)'));
    const server = start(
      'compressed.mjs',
      compressed.replace('listen(3004)', 'listen(0, () => console.log(server.address().port))')
    );
    const [port] = await once(server.stdout, 'data');
    const url = `http://127.0.0.1:${String(port).trim()}/orders`;
    for (const encoding of ['gzip', 'br']) {
      const response = await fetch(url, { headers: { 'Accept-Encoding': encoding } });
      assert.equal(response.headers.get('content-encoding'), encoding);
      const answer = await response.json();
      assert.deepEqual([answer.length, answer.at(-1)], [10_000, { id: 9999, status: 'sent' }]);
    }
    const table = gzipSync(`id,amount\n${'1,2.5\n'.repeat(100_000)}`);
    for (const [body, status, answer] of [
      [table, 200, { rows: 100_000 }],
      [gzipSync(Buffer.alloc(64 * 1024 * 1024 + 1)), 413, { error: 'More than 67108864 bytes' }],
      ['no gzip at all', 400, { error: 'incorrect header check at byte 2', byteOffset: 2 }],
      [table.subarray(0, 100), 400, { error: 'unexpected end of file at byte 100', byteOffset: 100 }],
    ]) {
      const response = await fetch(url, { method: 'POST', body });
      assert.deepEqual([response.status, await response.json()], [status, answer]);
    }
    server.kill();
    await once(server, 'exit');
  });

  test('its files and streams come back as they were', async () => {
    const running = start('files.mjs', files, folder);
    let output = '';
    running.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    const [code] = await once(running, 'close');
    assert.equal(code, 0);
    assert.match(output, /^some text\n\{ bytesRead: 20, bytesWritten: \d+ \}\n\[ 9.5, 7 \]\n2\n$/);
    assert.equal(readFileSync(join(folder, 'copy.csv'), 'utf8'), 'id,amount\n1,9.5\n2,7\n');
  });

  test('its other example runs to its end', async () => {
    const running = start('brief.mjs', brief);
    let output = '';
    running.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    const [code] = await once(running, 'close');
    assert.equal(code, 0);
    assert.ok(output.includes(hash.algorithms.join()), output);
    assert.ok(output.includes('00501 null'), output);
    assert.ok(output.includes("[ 9.5, null ]\n[ 'new' ]\n2\n"), output);
  });

  test('it names every algorithm', () => {
    const [, names] = readme.match(/^Algorithms: `([^`]+)`/m);
    assert.deepEqual(names.split(/\s+/), [...hash.algorithms]);
  });

  test('it links to files that are there', () => {
    for (const text of [
      readme,
      ...['CONTRIBUTING.md', 'SECURITY.md'].map((name) => readFileSync(join(root, name), 'utf8')),
    ]) {
      for (const [, link] of text.matchAll(/\]\((?!http)([^)#]+)\)/g)) assert.ok(existsSync(join(root, link)), link);
    }
  });
});
