// Compiled, never run: index.d.ts gives every function the types that its callers expect.

import { createReadStream } from 'node:fs';
import offloop, { hash, kdf, password, pool, OffloopError } from 'offloop';
import type {
  Algorithm,
  DigestOptions,
  JobOptions,
  PasswordAlgorithm,
  PasswordHashOptions,
  PasswordPolicy,
  PasswordVerifyOptions,
  PoolStats,
} from 'offloop';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Equal<A, B>): void => {};

const job: JobOptions = {
  signal: AbortSignal.timeout(1),
  timeout: 1,
  lane: 'bulk',
  priority: 1,
  transfer: false,
  copy: false,
  onProgress: ({ processedBytes, totalBytes }) => console.log(processedBytes, totalBytes),
};
const options: DigestOptions = { ...job, encoding: 'hex', key: 'k', length: 32 };

const buffer = hash.digest('sha256', 'data');
same<typeof buffer, Promise<Buffer>>(true);
const text = hash.digest('sha256', new Float64Array(2), { encoding: 'hex' });
same<typeof text, Promise<string>>(true);
const either = hash.digest('blake3', new SharedArrayBuffer(2), options);
same<typeof either, Promise<Buffer | string>>(true);
const many = hash.digestMany('crc32', ['a', Buffer.from('b')], job);
same<Awaited<typeof many> extends Buffer[] | string[] ? true : false, true>(true);
const file = hash.digestFile('sha1', new URL('file:///x'), { encoding: 'base64' });
same<typeof file, Promise<string>>(true);
const stream = hash.digestStream('md5', createReadStream('x'));
same<typeof stream, Promise<Buffer>>(true);
void hash.digestStream('md5', new Blob([]).stream());
void hash.digestStream('md5', ['a', 'b']);
void hash.hmac('sha512', 'key', 'data', { encoding: 'hex' });
const names: readonly Algorithm[] = hash.algorithms;

// @ts-expect-error no such algorithm
void hash.digest('sha257', 'data');
// @ts-expect-error HMAC is not defined over it
void hash.hmac('crc32', 'key', 'data');
// @ts-expect-error no such encoding
void hash.digest('md5', 'data', { encoding: 'utf16le' });
// @ts-expect-error no bytes
void hash.digest('md5', 5);

const policy: PasswordPolicy = { algorithm: 'scrypt', N: 2 ** 17, blockSize: 8, p: 1 };
const { signal, timeout, lane, priority } = job;
const hashOptions: PasswordHashOptions = { ...policy, pepper: process.env.PEPPER, normalize: true, signal, timeout };
const verifyOptions: PasswordVerifyOptions = { pepper: Buffer.alloc(1), limits: { memory: 1e9, time: 1e3 }, lane };
const stored = password.hash('password', hashOptions);
same<typeof stored, Promise<string>>(true);
void password.hash(Buffer.from('password'));
void password.hash('password', { memory: 65_536, passes: 3, parallelism: 4 });
void password.hash('password', { algorithm: 'bcrypt', cost: 12 });
void password.hash('password', { algorithm: 'pbkdf2-sha256', iterations: 600_000 });
const verified = password.verify(await stored, 'password', verifyOptions);
same<typeof verified, Promise<boolean>>(true);
const outdated: boolean = password.needsRehash(await stored, hashOptions);
const algorithms: PasswordAlgorithm[] = ['argon2id', 'scrypt', 'bcrypt', 'pbkdf2-sha256', 'pbkdf2-sha512'];

// @ts-expect-error of bcrypt, not of Argon2id
void password.hash('password', { cost: 12 });
// @ts-expect-error of Argon2id, not of bcrypt
void password.hash('password', { algorithm: 'bcrypt', memory: 65_536 });
// @ts-expect-error secrets are always copied
void password.hash('password', { transfer: true });
// @ts-expect-error no such algorithm
void password.hash('password', { algorithm: 'argon2i' });
// @ts-expect-error the hash has it
void password.verify('$2b$', 'password', { algorithm: 'bcrypt' });

const argon2 = { message: 'password', nonce: Buffer.alloc(16), parallelism: 1, tagLength: 32, memory: 64, passes: 1 };
const keys = [
  kdf.scrypt('password', 'salt', 64),
  kdf.scrypt(new Uint8Array(8), 'salt', 64, { cost: 16_384, r: 8, parallelization: 1, maxmem: 2 ** 28, priority }),
  kdf.pbkdf2('password', Buffer.alloc(16), 600_000, 32, 'sha512', { signal }),
  kdf.argon2('argon2id', argon2, { timeout }),
  kdf.argon2('argon2d', { ...argon2, secret: 'pepper', associatedData: new ArrayBuffer(4) }),
  kdf.hkdf('sha256', 'key', '', 'info', 32, { lane }),
];
same<typeof keys, Promise<Buffer>[]>(true);
// @ts-expect-error there is no HMAC over it
void kdf.pbkdf2('password', 'salt', 1, 32, 'blake3');
// @ts-expect-error no nonce
void kdf.argon2('argon2id', { message: '', parallelism: 1, tagLength: 32, memory: 64, passes: 1 });

pool.configure({ threads: 2, maxQueue: 10, memory: 1e9, handoff: 'copy' });
const stats: PoolStats = pool.stats();
const p99: number = stats.interactive.waitTime.p99;
pool.on('drain', (lane) => same<typeof lane, 'interactive' | 'bulk'>(true)).once('needDrain', () => {});
// @ts-expect-error no such event
pool.on('end', () => {});
await using disposed = pool;
await pool.close();
await pool.destroy();

const error = new OffloopError('ERR_OFFLOOP_TIMEOUT', 'late');
const code: string = error.code;
same<typeof offloop.hash.digest, typeof hash.digest>(true);
same<typeof offloop.password.verify, typeof password.verify>(true);
void [names, p99, disposed, code, outdated, algorithms];
