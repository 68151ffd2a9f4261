'use strict';

// gzipFile and gunzipFile: a file is there under its name when it is complete, or as it was before.

const { after, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { refuses } = require('./support/refusals.js');
const { mixed, node, noise, text, zlib } = require('./support/zlib.js');

const folder = fs.mkdtempSync(join(tmpdir(), 'offloop-zlib-'));
after(() => fs.rmSync(folder, { recursive: true }));

let count = 0;

/** A folder of its own with these files, and what is in it. */
function place(files = {}) {
  const own = join(folder, `${count++}`);
  fs.mkdirSync(own);
  for (const [name, content] of Object.entries(files)) fs.writeFileSync(join(own, name), content);
  return {
    path: (name) => join(own, name),
    read: (name) => fs.readFileSync(join(own, name)),
    list: () => fs.readdirSync(own).sort(),
  };
}

const large = mixed(9_000_000);

describe('there and back', () => {
  test('files of every size around the blocks', async () => {
    for (const size of [
      0,
      1,
      262_143,
      262_144,
      262_145,
      1 << 20,
      (4 << 20) - 1,
      4 << 20,
      (4 << 20) + 1,
      large.length,
    ]) {
      const { path, read, list } = place({ plain: large.subarray(0, size) });
      const zipped = await zlib.gzipFile(path('plain'), path('zipped.gz'), { level: 1 });
      const bytes = read('zipped.gz');
      assert.deepEqual(zipped, { bytesRead: size, bytesWritten: bytes.length });
      assert.ok(node.gunzipSync(bytes).equals(large.subarray(0, size)), `${size} bytes`);
      const restored = await zlib.gunzipFile(path('zipped.gz'), path('again'));
      assert.deepEqual(restored, { bytesRead: bytes.length, bytesWritten: size });
      assert.ok(read('again').equals(large.subarray(0, size)), `${size} bytes`);
      assert.deepEqual(list(), ['again', 'plain', 'zipped.gz'], 'no other file is left');
    }
  });

  test('the options of compression hold', async () => {
    const { path, read } = place({ plain: text(300_000) });
    const sizes = [];
    for (const options of [{ level: 0 }, { level: 1 }, { level: 9 }, { strategy: 2 }, { windowBits: 9, memLevel: 1 }]) {
      await zlib.gzipFile(path('plain'), path('zipped'), options);
      assert.ok(node.gunzipSync(read('zipped')).equals(text(300_000)), JSON.stringify(options));
      sizes.push(read('zipped').length);
    }
    assert.ok(sizes[0] > 300_000 && sizes[1] > sizes[2] && sizes[3] > 1.5 * sizes[2], String(sizes));
  });

  test('members one after the other, zeros behind them, of Node', async () => {
    const members = Buffer.concat([
      node.gzipSync(text(70_000)),
      node.gzipSync(''),
      node.gzipSync(text(9)),
      Buffer.alloc(600),
    ]);
    const { path, read } = place({ members });
    await zlib.gunzipFile(path('members'), path('plain'));
    assert.ok(read('plain').equals(Buffer.concat([text(70_000), text(9)])));
  });

  test('by string, Buffer and URL', async () => {
    const { path, read } = place({ 'plain ü': text(100) });
    for (const as of [(name) => name, (name) => Buffer.from(name), (name) => pathToFileURL(name)]) {
      await zlib.gzipFile(as(path('plain ü')), as(path('zipped ü')));
      await zlib.gunzipFile(as(path('zipped ü')), as(path('again ü')));
      assert.ok(read('again ü').equals(text(100)));
      fs.rmSync(path('again ü'));
    }
  });

  test('from equal to', async () => {
    const { path, read, list } = place({ file: text(50_000) });
    await zlib.gzipFile(path('file'), path('file'));
    assert.ok(node.gunzipSync(read('file')).equals(text(50_000)));
    await zlib.gunzipFile(path('file'), path('file'));
    assert.ok(read('file').equals(text(50_000)));
    assert.deepEqual(list(), ['file']);
  });

  test('an older target is replaced', async () => {
    const { path, read } = place({ plain: text(50), target: 'older' });
    await zlib.gzipFile(path('plain'), path('target'));
    assert.ok(node.gunzipSync(read('target')).equals(text(50)));
  });

  test('many at once', async () => {
    const { path, read, list } = place({ plain: large.subarray(0, 600_000) });
    const names = Array.from({ length: 12 }, (_, index) => `zipped ${index}`);
    await Promise.all(names.map((name) => zlib.gzipFile(path('plain'), path(name))));
    for (const name of names) assert.ok(read(name).equals(read(names[0])));
    assert.deepEqual(list(), ['plain', ...names].sort());
  });
});

test('progress is of input bytes, goes up, and ends with all of it', async () => {
  const { path } = place({ plain: large });
  for (const [call, from, to] of [
    ['gzipFile', 'plain', 'zipped'],
    ['gunzipFile', 'zipped', 'again'],
  ]) {
    const seen = [];
    await zlib[call](path(from), path(to), {
      level: call === 'gzipFile' ? 1 : undefined,
      onProgress: (each) => seen.push(each),
    });
    const { size } = fs.statSync(path(from));
    assert.deepEqual(seen.at(-1), { processedBytes: size, totalBytes: size });
    for (let index = 1; index < seen.length; index++) {
      assert.ok(seen[index].processedBytes >= seen[index - 1].processedBytes, call);
    }
  }
});

const isWindows = process.platform === 'win32';

test('the target has the mode of the source', { skip: isWindows }, async () => {
  const { path } = place({ plain: text(10) });
  for (const mode of [0o600, 0o640, 0o755]) {
    fs.chmodSync(path('plain'), mode);
    await zlib.gzipFile(path('plain'), path(`zipped ${mode}`));
    assert.equal(fs.statSync(path(`zipped ${mode}`)).mode & 0o777, mode);
  }
});

describe('what fails leaves the target as it was, and no other file:', () => {
  const file = node.gzipSync(large.subarray(0, 3_000_000), { level: 1 });
  const wrong = Buffer.from(file);
  wrong[wrong.length - 8] ^= 1;

  /** Checks a call that fails, with a target that is there and with one that is not. */
  async function fails(call, content, options, expected) {
    const { path, read, list } = place({ source: content, target: 'older' });
    for (const name of ['target', 'new']) {
      await assert.rejects(zlib[call](path('source'), path(name), options), expected);
      // A call that is given up has rejected at once, and its work ends at its next look.
      while (options.timeout && list().length > 2) await new Promise(setImmediate);
      assert.deepEqual(list(), ['source', 'target']);
      assert.equal(String(read('target')), 'older');
    }
  }

  test('data that is corrupt, cut off, empty, something else, and garbage behind it', async () => {
    await fails(
      'gunzipFile',
      wrong,
      {},
      { code: 'Z_DATA_ERROR', errno: -3, message: /^incorrect data check at byte \d+$/ }
    );
    await fails('gunzipFile', file.subarray(0, -9), {}, { code: 'Z_BUF_ERROR', errno: -5 });
    await fails('gunzipFile', '', {}, { code: 'Z_BUF_ERROR' });
    await fails('gunzipFile', text(100), {}, { code: 'Z_DATA_ERROR' });
    const garbage = Buffer.concat([file, Buffer.from('garbage')]);
    await fails('gunzipFile', garbage, {}, { code: 'Z_DATA_ERROR' });
  });

  test('a limit', async () => {
    const code = 'ERR_BUFFER_TOO_LARGE';
    await fails('gunzipFile', file, { maxOutputLength: 2_999_999 }, { code });
    await fails('gzipFile', noise(50_000), { maxOutputLength: 50_000 }, { code });
    const { path } = place({ source: file });
    const { bytesWritten } = await zlib.gunzipFile(path('source'), path('to'), { maxOutputLength: 3_000_000 });
    assert.equal(bytesWritten, 3_000_000);
  });

  test('a signal, before and during the work, and a timeout', async () => {
    await fails('gzipFile', large, { signal: AbortSignal.abort() }, { code: 'ABORT_ERR' });
    await fails('gzipFile', large, { level: 9, timeout: 1 }, { code: 'ERR_OFFLOOP_TIMEOUT' });
    const { path, read, list } = place({ source: large, target: 'older' });
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const zipping = zlib.gzipFile(path('source'), path('target'), { level: 9, signal: controller.signal, onProgress });
    await assert.rejects(zipping, { code: 'ABORT_ERR' });
    while (list().length > 2) await new Promise(setImmediate);
    assert.equal(String(read('target')), 'older');
  });

  test('what onProgress throws', async () => {
    const own = new Error('on purpose');
    const { path, list } = place({ source: large });
    const onProgress = () => {
      throw own;
    };
    await assert.rejects(zlib.gzipFile(path('source'), path('target'), { level: 1, onProgress }), own);
    while (list().length > 1) await new Promise(setImmediate);
  });

  test('a process that is killed', { skip: isWindows }, async () => {
    const { path, read, list } = place({ target: 'older' });
    fs.writeFileSync(path('source'), Buffer.concat(Array(4).fill(large)));
    const script = join(__dirname, 'children', 'zlib-killed.js');
    const child = spawn(process.execPath, [script, path('source'), path('target')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    const [code, signal] = await once(child, 'exit');
    assert.deepEqual([code, signal], [null, 'SIGKILL']);
    assert.equal(String(read('target')), 'older');
    const left = list().filter((name) => name !== 'source' && name !== 'target');
    assert.ok(left.length <= 1, String(left));
    for (const name of left) assert.match(name, /^\.target\.[0-9a-z]+\.tmp$/i);
    await zlib.gzipFile(path('source'), path('target'), { level: 1 });
    assert.equal(node.gunzipSync(read('target')).length, 4 * large.length);
  });
});

describe('the errors of the system are those of fs', () => {
  const calls = ['gzipFile', 'gunzipFile'];

  test('a source that is not there, and a folder', async () => {
    const { path, list } = place();
    for (const call of calls) {
      await assert.rejects(zlib[call](path('none'), path('to')), {
        code: 'ENOENT',
        syscall: 'open',
        path: path('none'),
      });
      await assert.rejects(zlib[call](folder, path('to')), { code: isWindows ? 'EACCES' : 'EISDIR' });
    }
    assert.deepEqual(list(), []);
  });

  test('a target in no folder, and one that is a folder', async () => {
    const { path, list } = place({ source: node.gzipSync('x') });
    fs.mkdirSync(path('folder'));
    for (const call of calls) {
      await assert.rejects(zlib[call](path('source'), path('none/to')), { code: 'ENOENT' });
      await assert.rejects(zlib[call](path('source'), path('folder')), (error) => error.syscall !== undefined);
    }
    assert.deepEqual(list(), ['folder', 'source']);
  });

  const isRoot = process.getuid?.() === 0;
  test('what may not be read or written', { skip: isWindows || isRoot ? 'everything may' : false }, async () => {
    const { path } = place({ source: node.gzipSync('x') });
    fs.mkdirSync(path('locked'), { mode: 0o500 });
    for (const call of calls) {
      await assert.rejects(zlib[call](path('source'), path('locked/to')), { code: 'EACCES' });
    }
    fs.chmodSync(path('source'), 0);
    for (const call of calls) await assert.rejects(zlib[call](path('source'), path('to')), { code: 'EACCES' });
  });
});

test('arguments and options are checked, and what means nothing is refused', async () => {
  const { path, list } = place({ source: node.gzipSync('x') });
  const [from, to] = [path('source'), path('to')];
  for (const call of ['gzipFile', 'gunzipFile']) {
    for (const wrong of [undefined, null, 5, {}]) {
      await assert.rejects(zlib[call](wrong, to), { code: 'ERR_INVALID_ARG_TYPE' });
      await assert.rejects(zlib[call](from, wrong), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    for (const nul of ['a\0b', Buffer.from('a\0b')]) {
      await assert.rejects(zlib[call](nul, to), { code: 'ERR_INVALID_ARG_VALUE' });
      await assert.rejects(zlib[call](from, nul), { code: 'ERR_INVALID_ARG_VALUE' });
    }
    for (const [name, value] of Object.entries({
      transfer: true,
      dictionary: Buffer.from('x'),
      info: true,
      chunkSize: 64,
      flush: 2,
      finishFlush: 2,
    })) {
      await assert.rejects(zlib[call](from, to, { [name]: value }), { code: 'ERR_INVALID_ARG_VALUE' }, name);
    }
    await refuses(() => zlib[call](from, to, 'x'), 'ERR_INVALID_ARG_TYPE', 'options');
    await assert.rejects(zlib[call](from, to, { maxOutputLength: 0 }), { code: 'ERR_OUT_OF_RANGE' });
  }
  for (const name of ['level', 'windowBits', 'memLevel', 'strategy']) {
    await assert.rejects(zlib.gzipFile(from, to, { [name]: 99 }), { code: 'ERR_OUT_OF_RANGE' }, name);
    await assert.rejects(zlib.gzipFile(from, to, { [name]: 'x' }), { code: 'ERR_INVALID_ARG_TYPE' }, name);
    await assert.rejects(zlib.gunzipFile(from, to, { [name]: 1 }), { code: 'ERR_INVALID_ARG_VALUE' }, name);
  }
  assert.deepEqual(list(), ['source']);
});
