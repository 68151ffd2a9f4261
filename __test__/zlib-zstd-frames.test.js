'use strict';

// zstd as Node 24 reads it, also where this Node has none: fixtures/zstd.json.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { seeded } = require('./support/csv.js');
const { eachOf, isSameOutcome, mixed, outcome, text, zlib } = require('./support/zlib.js');

const fixture = require('./fixtures/zstd.json');

const bytesOf = (base64) => Buffer.from(base64, 'base64');
const frame = bytesOf(fixture.plain.frame);

/** An outcome of the fixture as `nodeOutcome` gives it. */
function recorded(number) {
  const { size, bytes, ...error } = fixture.outcomes[number];
  if (size !== undefined) return { bytes: text(size) };
  return bytes === undefined ? error : { bytes: bytesOf(bytes) };
}

const numbers = (list) => list.split(' ').map(Number);

describe('frames of Node are read:', () => {
  for (const { name, from, size, frame } of fixture.frames) {
    test(name, async () => {
      assert.ok((await zlib.zstdDecompress(bytesOf(frame))).equals(text(size, from)));
    });
  }
});

function flipped(bytes, bit) {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] ^= 1 << (bit & 7);
  return copy;
}

/** What a decoder says of a wrong size depends on how much room it has, and how much of the frame. */
const OF_SIZE = ['corruption_detected', 'dstSize_tooSmall', 'srcSize_wrong'].map((name) => `ZSTD_error_${name}`);

test('any bit of a frame', async () => {
  const count = await eachOf(numbers(fixture.flips).entries(), async ([bit, number]) => {
    const bytes = flipped(frame, bit);
    const [actual, expected] = [await outcome('zstdDecompress', bytes), recorded(number)];
    if (OF_SIZE.includes(expected.code) && OF_SIZE.includes(actual.code)) {
      assert.equal(actual.errno, zlib.constants[actual.code], `bit ${bit}: ${actual.message}`);
    } else {
      isSameOutcome(actual, expected, bytes.length, () => `bit ${bit}`);
    }
  });
  assert.equal(count, frame.length * 8);
});

test('bits of a larger frame, which has a checksum', async () => {
  const random = seeded(7);
  const { ZSTD_c_checksumFlag } = zlib.constants;
  const file = await zlib.zstdCompress(mixed(500_000), { params: { [ZSTD_c_checksumFlag]: 1 } });
  const HEADER = 10;
  await eachOf(Array(40).keys(), async () => {
    const bit = (HEADER + Math.floor(random() * (file.length - HEADER))) * 8 + Math.floor(random() * 8);
    const { code, errno, byteOffset } = await outcome('zstdDecompress', flipped(file, bit));
    assert.ok(/^ZSTD_error_/.test(code) && errno === zlib.constants[code], `bit ${bit}: ${code} ${errno}`);
    assert.ok(byteOffset >= 0 && byteOffset <= file.length, `bit ${bit}: ${byteOffset}`);
  });
});

test('a frame that is cut after any byte', async () => {
  const ends = [fixture.cuts, fixture.flushed].flatMap((list, flushed) =>
    numbers(list).map((number, end) => [end, number, flushed ? { finishFlush: 1 } : undefined])
  );
  const count = await eachOf(ends, async ([end, number, options]) => {
    const cut = frame.subarray(0, end);
    isSameOutcome(await outcome('zstdDecompress', cut, options), recorded(number), end, () => `${end} bytes`);
  });
  assert.equal(count, 2 * frame.length);
});

describe('a frame, and behind it', () => {
  for (const { name, tail, outcome: number } of fixture.extended) {
    test(name, async () => {
      const bytes = Buffer.concat([frame, bytesOf(tail)]);
      isSameOutcome(await outcome('zstdDecompress', bytes), recorded(number), bytes.length, () => name);
    });
  }
});

test('a dictionary that is right, and one that is missing', async () => {
  const { dictionary, frame: compressed, right, missing } = fixture.dictionary;
  const bytes = bytesOf(compressed);
  const options = { dictionary: bytesOf(dictionary) };
  isSameOutcome(await outcome('zstdDecompress', bytes, options), recorded(right), bytes.length, () => 'right');
  isSameOutcome(await outcome('zstdDecompress', bytes), recorded(missing), bytes.length, () => 'missing');
});

describe('what is written is a frame of RFC 8878', () => {
  /** The header of a frame, and its blocks up to the last. */
  function read(bytes) {
    assert.equal(bytes.readUInt32LE(0), 0xfd2fb528, 'the magic number');
    const descriptor = bytes[4];
    const isSingle = (descriptor & 0x20) !== 0;
    const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6];
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3];
    let at = 5 + (isSingle ? 0 : 1) + dictionaryBytes;
    let size;
    if (sizeBytes > 0) size = Number(readLittle(bytes, at, sizeBytes));
    if (sizeBytes === 2) size += 256;
    at += sizeBytes;
    let blocks = 0;
    for (let isLast = false; !isLast; blocks++) {
      const header = bytes.readUIntLE(at, 3);
      isLast = (header & 1) === 1;
      const type = (header >> 1) & 3;
      assert.notEqual(type, 3, 'a reserved block');
      at += 3 + (type === 1 ? 1 : header >> 3);
    }
    const hasChecksum = (descriptor & 4) !== 0;
    return { size, blocks, hasChecksum, end: at + (hasChecksum ? 4 : 0) };
  }

  function readLittle(bytes, at, count) {
    let value = 0n;
    for (let index = count - 1; index >= 0; index--) value = (value << 8n) | BigInt(bytes[at + index]);
    return value;
  }

  test('one frame, whatever the size, with its size in the header', async () => {
    for (const size of [0, 1, 255, 256, 257, 65_791, 65_792, 300_000, 2_500_000]) {
      const bytes = await zlib.zstdCompress(mixed(size));
      const { size: declared, end } = read(bytes);
      assert.deepEqual({ declared, end }, { declared: size, end: bytes.length }, `${size} bytes`);
    }
  });

  test('with a checksum where one is asked for, and else without', async () => {
    const { ZSTD_c_checksumFlag } = zlib.constants;
    for (const size of [100, 2_500_000]) {
      const without = await zlib.zstdCompress(text(size));
      assert.equal(read(without).hasChecksum, false);
      const bytes = await zlib.zstdCompress(text(size), { params: { [ZSTD_c_checksumFlag]: 1 } });
      assert.equal(read(bytes).hasChecksum, true);
      assert.equal(read(bytes).end, bytes.length);
      assert.ok((await zlib.zstdDecompress(bytes)).equals(text(size)));
      bytes[bytes.length - 1] ^= 1;
      await assert.rejects(zlib.zstdDecompress(bytes), { code: 'ZSTD_error_checksum_wrong', errno: 22 });
    }
  });

  test('without the size where params say so', async () => {
    const { ZSTD_c_contentSizeFlag } = zlib.constants;
    const bytes = await zlib.zstdCompress(text(5000), { params: { [ZSTD_c_contentSizeFlag]: 0 } });
    assert.equal(read(bytes).size, undefined);
    assert.ok((await zlib.zstdDecompress(bytes)).equals(text(5000)));
  });
});
