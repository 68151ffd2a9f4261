'use strict';

// What stands behind the end of a file: other members, zeros, and anything else.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { seeded } = require('./support/csv.js');
const {
  eachOf,
  factory,
  mixed,
  isSameOutcome,
  node,
  nodeOutcome,
  noise,
  outcome,
  smallFiles,
  text,
  withFields,
  zlib,
} = require('./support/zlib.js');

const gzip = node.gzipSync(text(100));
const deflate = node.deflateSync(text(100));

const TAILS = {
  'a zero': Buffer.alloc(1),
  'many zeros': Buffer.alloc(1000),
  'zeros and a member': Buffer.concat([Buffer.alloc(5), gzip]),
  'zeros and garbage': Buffer.concat([Buffer.alloc(5), Buffer.from('garbage')]),
  'a byte': Buffer.from('x'),
  garbage: Buffer.from('garbage that is longer than a trailer'),
  noise: noise(500),
  'the first byte of a member': gzip.subarray(0, 1),
  'the magic number of a member': gzip.subarray(0, 2),
  'half the header of a member': gzip.subarray(0, 5),
  'the header of a member': gzip.subarray(0, 10),
  'half a member': gzip.subarray(0, gzip.length >> 1),
  'a member without its last byte': gzip.subarray(0, -1),
  'a member': gzip,
  'an empty member': node.gzipSync(''),
  'a member with all fields': withFields(text(40)),
  'a member and zeros': Buffer.concat([gzip, Buffer.alloc(9)]),
  'a member and garbage': Buffer.concat([gzip, Buffer.from('garbage')]),
  'a member and a wrong one': Buffer.concat([gzip, Buffer.from(gzip).fill(7, gzip.length - 8)]),
  'two members': Buffer.concat([gzip, gzip]),
  'a member of another method': Buffer.from('1f8b07000000000000000000', 'hex'),
  'a zlib stream': deflate,
};

for (const [name, files] of Object.entries(smallFiles())) {
  describe(`${name} of a file, behind which there is`, () => {
    for (const [what, tail] of Object.entries(TAILS)) {
      test(what, async () => {
        for (const [which, file] of Object.entries(files)) {
          for (const options of [undefined, { finishFlush: name === 'brotliDecompress' ? 1 : 2 }]) {
            const bytes = Buffer.concat([file, tail]);
            const label = () => `${which}, ${options?.finishFlush}`;
            const expected = nodeOutcome(name, bytes, options);
            isSameOutcome(await outcome(name, bytes, options), expected, bytes.length, label);
          }
        }
      });
    }
  });
}

test('a tail behind a file of several blocks', async () => {
  const data = mixed(600_000);
  const file = await zlib.gzip(data);
  for (const [what, tail] of Object.entries(TAILS)) {
    const bytes = Buffer.concat([file, tail]);
    isSameOutcome(await outcome('gunzip', bytes), nodeOutcome('gunzip', bytes), bytes.length, () => what);
  }
});

test('a thousand members are one file', async () => {
  const members = Array.from({ length: 1000 }, (_, index) => node.gzipSync(`member ${index}\n`));
  const whole = await zlib.gunzip(Buffer.concat(members));
  assert.equal(String(whole), Array.from({ length: 1000 }, (_, index) => `member ${index}\n`).join(''));
});

test('how much of the input was taken is said, as Node says it', async () => {
  const tails = [Buffer.alloc(0), Buffer.alloc(3), Buffer.from('garbage'), gzip];
  for (const [name, file] of Object.entries({
    gunzip: gzip,
    inflate: deflate,
    inflateRaw: node.deflateRawSync(text(100)),
    brotliDecompress: node.brotliCompressSync(text(100)),
  })) {
    for (const tail of tails) {
      const bytes = Buffer.concat([file, tail]);
      const expected = (() => {
        try {
          return node[`${name}Sync`](bytes, { info: true }).engine.bytesWritten;
        } catch ({ code }) {
          return code;
        }
      })();
      const actual = await zlib[name](bytes, { info: true }).then(
        ({ buffer, engine }) => {
          assert.ok(buffer.subarray(0, 100).equals(text(100)));
          return engine.bytesWritten;
        },
        ({ code }) => code
      );
      assert.equal(actual, expected, `${name}, ${tail.length} bytes behind`);
    }
  }
});

describe('a stream that is written in pieces ends, or fails, as that of Node:', () => {
  /** What comes out of a stream until it ends, and how much it took, or its error. */
  const run = (library, name, pieces, options) =>
    new Promise((resolve) => {
      const stream = library[factory(name)](options);
      const chunks = [];
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', () => resolve({ bytes: Buffer.concat(chunks), taken: stream.bytesWritten }));
      stream.on('error', ({ code, errno }) => resolve({ code, errno }));
      (async () => {
        for (const piece of pieces) await new Promise((written) => stream.write(piece, written));
        stream.end();
      })();
    });

  const random = seeded(3);
  for (const [name, files] of Object.entries(smallFiles())) {
    test(name, async () => {
      const cases = Object.values(files).flatMap((file) =>
        Object.entries(TAILS).flatMap(([what, tail]) => {
          const bytes = Buffer.concat([file, tail]);
          const cuts = [];
          for (let at = 0; at < bytes.length;) cuts.push(bytes.subarray(at, (at += 1 + Math.floor(random() * 250))));
          return [[file, tail], cuts].map((pieces) => ({ what, pieces }));
        })
      );
      await eachOf(cases, async ({ what, pieces }) => {
        const [expected, actual] = await Promise.all([run(node, name, pieces), run(zlib, name, pieces)]);
        assert.deepEqual(actual, expected, `${what}, in ${pieces.map(({ length }) => length)}`);
      });
    });
  }
});
