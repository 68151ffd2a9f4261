'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { password } = require('./support/offloop.js');
const { CHEAP, POLICIES } = require('./support/policies.js');

const label = ({ algorithm }) => algorithm;

describe('password.hash', () => {
  const salt = '[A-Za-z0-9+/]{22}';
  const output = '[A-Za-z0-9+/]{43}';
  /** The defaults, as they stand in a hash. */
  const defaults = {
    argon2id: '\\$argon2id\\$v=19\\$m=19456,t=2,p=1',
    scrypt: '\\$scrypt\\$ln=17,r=8,p=1',
    bcrypt: '\\$2b\\$10',
    'pbkdf2-sha256': '\\$pbkdf2-sha256\\$i=600000',
    'pbkdf2-sha512': '\\$pbkdf2-sha512\\$i=220000',
  };

  for (const [algorithm, head] of Object.entries(defaults)) {
    test(`${algorithm}: its defaults, in its form`, async () => {
      const rest = algorithm === 'bcrypt' ? '[./A-Za-z0-9]{53}' : `${salt}\\$${output}`;
      const hash = await password.hash('pässword', { algorithm });
      assert.match(hash, new RegExp(`^${head}\\$${rest}$`));
      assert.equal(await password.verify(hash, 'pässword'), true);
      assert.equal(await password.verify(hash, 'passwörd'), false);
    });
  }

  test('argon2id where nothing is said', async () => {
    for (const options of [undefined, {}, { algorithm: undefined, memory: undefined, pepper: undefined }]) {
      assert.match(await password.hash('password', options), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    }
  });

  test('its parameters, in the hash', async () => {
    for (const [policy, head] of [
      [{ memory: 24, passes: 3, parallelism: 3 }, '$argon2id$v=19$m=24,t=3,p=3$'],
      [{ memory: 100 }, '$argon2id$v=19$m=100,t=2,p=1$'],
      [{ algorithm: 'scrypt', N: 64, r: 3, p: 2 }, '$scrypt$ln=6,r=3,p=2$'],
      [{ algorithm: 'scrypt', cost: 64, blockSize: 3, parallelization: 2 }, '$scrypt$ln=6,r=3,p=2$'],
      [{ algorithm: 'scrypt', cost: 2 }, '$scrypt$ln=1,r=8,p=1$'],
      [{ algorithm: 'bcrypt', cost: 4 }, '$2b$04$'],
      [{ algorithm: 'pbkdf2-sha256', iterations: 1 }, '$pbkdf2-sha256$i=1$'],
      [{ algorithm: 'pbkdf2-sha512', iterations: 1234 }, '$pbkdf2-sha512$i=1234$'],
    ]) {
      const hash = await password.hash('password', policy);
      assert.equal(hash.slice(0, head.length), head);
      assert.equal(await password.verify(hash, 'password'), true, hash);
    }
  });

  for (const policy of POLICIES) {
    test(`${label(policy)}: another salt each time`, async () => {
      const hashes = await Promise.all(Array.from({ length: 20 }, () => password.hash('password', policy)));
      assert.equal(new Set(hashes).size, 20);
      for (const hash of hashes) assert.equal(await password.verify(hash, 'password'), true);
    });
  }

  test('is what node:crypto makes of the password and the salt', async () => {
    const { N, r, p } = CHEAP.scrypt;
    for (const [policy, derive] of [
      [CHEAP.scrypt, (salt) => crypto.scryptSync('password', salt, 32, { N, r, p })],
      [CHEAP['pbkdf2-sha256'], (salt) => crypto.pbkdf2Sync('password', salt, 1000, 32, 'sha256')],
      [CHEAP['pbkdf2-sha512'], (salt) => crypto.pbkdf2Sync('password', salt, 1000, 32, 'sha512')],
    ]) {
      const [salt, output] = (await password.hash('password', policy)).split('$').slice(-2);
      assert.deepEqual(Buffer.from(output, 'base64'), derive(Buffer.from(salt, 'base64')));
    }
  });
});

describe('passwords', () => {
  const texts = ['', ' ', 'password', 'pa\0ss', 'pässwörd', '密码', '👩‍👩‍👧‍👦', 'x'.repeat(1 << 20)];

  for (const policy of POLICIES) {
    const isBcrypt = policy.algorithm === 'bcrypt';
    const taken = isBcrypt ? texts.filter((text) => text.length <= 72 && !text.includes('\0')) : texts;

    test(`${label(policy)}: text of any kind, or its bytes in UTF-8`, async () => {
      for (const text of taken) {
        const hash = await password.hash(text, policy);
        const ofBytes = await password.hash(Buffer.from(text), policy);
        for (const same of [text, Buffer.from(text), new Uint8Array(Buffer.from(text)).buffer]) {
          assert.equal(await password.verify(hash, same), true);
          assert.equal(await password.verify(ofBytes, same), true);
        }
        for (const other of [`${text}x`, `x${text}`, text.slice(0, -1), text.toUpperCase()]) {
          if (other !== text) assert.equal(await password.verify(hash, other), false);
        }
      }
    });

    test(`${label(policy)}: every byte counts`, async () => {
      const bytes = Buffer.from('a password of 36 bytes, of ASCII all');
      const hash = await password.hash(bytes, policy);
      for (const index of bytes.keys()) {
        const other = Buffer.from(bytes);
        other[index] ^= 1;
        assert.equal(await password.verify(hash, other), false, `byte ${index}`);
      }
    });
  }

  test('are copied: what becomes of the bytes after the call does not matter', async () => {
    for (const policy of POLICIES) {
      const bytes = Buffer.from('password');
      const promise = password.hash(bytes, policy);
      assert.equal(String(bytes), 'password');
      bytes.fill(0);
      const hash = await promise;
      const again = Buffer.from('password');
      const verified = password.verify(hash, again);
      again.fill(0);
      assert.equal(await verified, true);
    }
  });
});

describe('normalize', () => {
  // One é, as one code point and as two; one ﬁ ligature and its letters; full-width and plain digits.
  const pairs = [
    ['caf\u00e9', 'cafe\u0301'],
    ['\ufb01sh', 'fish'],
    ['\uff11\uff12\uff13', '123'],
  ];

  test('brings text into NFKC, so that one password typed on two keyboards is the same', async () => {
    for (const policy of POLICIES) {
      for (const [one, other] of pairs) {
        const hash = await password.hash(one, { ...policy, normalize: true });
        assert.equal(await password.verify(hash, other, { normalize: true }), true);
        assert.equal(await password.verify(hash, one.normalize('NFKC')), true);
        assert.equal(await password.verify(hash, 'cafe', { normalize: true }), false);
      }
    }
  });

  test('is off by default: text is taken as it is written', async () => {
    for (const [one, other] of pairs) {
      for (const options of [{}, { normalize: false }, { normalize: undefined }]) {
        const hash = await password.hash(one, { ...CHEAP.argon2id, ...options });
        assert.equal(await password.verify(hash, one, options), true);
        assert.equal(await password.verify(hash, other, options), false);
      }
    }
  });

  test('lets bcrypt take what is longer only before it', async () => {
    const written = 'e\u0301'.repeat(36);
    const hash = await password.hash(written, { ...CHEAP.bcrypt, normalize: true });
    assert.equal(await password.verify(hash, '\u00e9'.repeat(36)), true);
    await assert.rejects(password.hash(written, CHEAP.bcrypt), { code: 'ERR_INVALID_ARG_VALUE' });
  });
});

describe('pepper', () => {
  const pepper = crypto.randomBytes(32);

  for (const policy of POLICIES) {
    test(`${label(policy)}: the right one verifies, another or none does not`, async () => {
      const peppered = await password.hash('password', { ...policy, pepper });
      const plain = await password.hash('password', policy);
      const wrong = Buffer.from(pepper);
      wrong[31] ^= 1;
      assert.equal(await password.verify(peppered, 'password', { pepper }), true);
      assert.equal(await password.verify(peppered, 'passwork', { pepper }), false);
      assert.equal(await password.verify(peppered, 'password', { pepper: wrong }), false);
      assert.equal(await password.verify(peppered, 'password', { pepper: pepper.subarray(1) }), false);
      assert.equal(await password.verify(peppered, 'password'), false);
      assert.equal(await password.verify(plain, 'password', { pepper }), false);
    });

    test(`${label(policy)}: a pepper of any kind and length`, async () => {
      for (const kind of ['secret', Buffer.from('s'), crypto.randomBytes(129), 'é'.repeat(100_000)]) {
        const hash = await password.hash('password', { ...policy, pepper: kind });
        assert.equal(await password.verify(hash, 'password', { pepper: Buffer.from(kind) }), true);
      }
    });
  }

  test('the HMAC-SHA-384 under it, in base64, takes the place of the password, except for Argon2', async () => {
    const mac = crypto.createHmac('sha384', pepper).update('password').digest('base64');
    for (const policy of POLICIES) {
      const hash = await password.hash('password', { ...policy, pepper });
      assert.equal(await password.verify(hash, mac), policy.algorithm !== 'argon2id');
    }
  });

  test('with it bcrypt takes passwords of any length, NUL bytes too', async () => {
    for (const text of ['', 'x'.repeat(73), 'x\0y', '\0', 'x'.repeat(1 << 20)]) {
      const hash = await password.hash(text, { ...CHEAP.bcrypt, pepper });
      assert.equal(await password.verify(hash, text, { pepper }), true);
      assert.equal(await password.verify(hash, `${text}z`, { pepper }), false);
    }
  });
});

describe('bcrypt', () => {
  const refusal = (message) => ({ code: 'ERR_INVALID_ARG_VALUE', name: 'TypeError', message });

  test('a new hash is refused for more than 72 bytes', async () => {
    const longest = [Buffer.alloc(72, 'x'), 'x'.repeat(72), 'é'.repeat(36), '👍'.repeat(18)];
    for (const text of longest) {
      assert.equal(await password.verify(await password.hash(text, CHEAP.bcrypt), text), true);
    }
    for (const [text, bytes] of [['x'.repeat(73), 73], ['é'.repeat(37), 74], [Buffer.alloc(1000, 'x'), 1000]]) {
      const expected = new RegExp(`^Expected .*\\b72 bytes.* for password but received ${bytes} bytes`);
      await assert.rejects(password.hash(text, CHEAP.bcrypt), refusal(expected));
    }
  }); // prettier-ignore

  test('a new hash is refused for a NUL byte', async () => {
    for (const text of ['\0', 'pass\0word', 'password\0', Buffer.from('a\0')]) {
      await assert.rejects(password.hash(text, CHEAP.bcrypt), refusal(/^Expected .*NUL.* for password but received /));
    }
  });

  test('an old hash is of the first 72 bytes', async () => {
    const hash = await password.hash('x'.repeat(72), CHEAP.bcrypt);
    assert.equal(await password.verify(hash, 'x'.repeat(73)), true);
    assert.equal(await password.verify(hash, `${'x'.repeat(72)}anything`), true);
    assert.equal(await password.verify(hash, 'x'.repeat(71)), false);
    const ofHalf = await password.hash(`x${'é'.repeat(35)}x`, CHEAP.bcrypt);
    assert.equal(await password.verify(ofHalf, `x${'é'.repeat(35)}xé`), true, 'bytes, not characters');
  });

  test('a NUL byte does not end a password', async () => {
    const hash = await password.hash('password', CHEAP.bcrypt);
    assert.equal(await password.verify(hash, 'password\0'), false);
    assert.equal(await password.verify(hash, 'password\0anything'), false);
  });
});
