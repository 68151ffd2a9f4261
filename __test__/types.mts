// Compiled, never run: index.d.ts gives every function the types that its callers expect.

import { createReadStream } from 'node:fs';
import { promisify } from 'node:util';
import offloop, { hash, kdf, password, pool, zlib, OffloopError } from 'offloop';
import type {
  Algorithm,
  DeflateStream,
  DigestOptions,
  JobOptions,
  PasswordAlgorithm,
  PasswordHashOptions,
  PasswordPolicy,
  PasswordVerifyOptions,
  PoolStats,
  ZlibFileResult,
  ZlibInfo,
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

const zipped = zlib.gzip('text', { ...job, level: 9, dictionary: new ArrayBuffer(1), maxOutputLength: 1e6 });
same<typeof zipped, Promise<Buffer>>(true);
const informed = zlib.brotliDecompress(Buffer.alloc(1), { params: { 1: true }, info: true });
same<typeof informed, Promise<ZlibInfo>>(true);
same<Awaited<typeof informed>['engine']['bytesWritten'], number>(true);
void zlib.unzip(new DataView(new ArrayBuffer(1)), null);
zlib.zstdCompress('text', (error, result) => void [error?.message, result.length]);
zlib.zstdCompress('text', { pledgedSrcSize: 4, info: true }, (_, { buffer }) => void buffer);
const promised = promisify(zlib.inflateRaw)('text', { windowBits: 9 });
same<typeof promised, Promise<Buffer>>(true);
const checksum: number = zlib.crc32(new Uint8Array(1), zlib.crc32('text'));
const numbers: readonly number[] = [zlib.constants.Z_BEST_SPEED, zlib.constants.ZSTD_c_checksumFlag, checksum];

const compressor: DeflateStream = zlib.createGzip({
  level: 1,
  signal: AbortSignal.timeout(1),
  highWaterMark: numbers[0],
});
compressor.flush(zlib.constants.Z_SYNC_FLUSH, () =>
  compressor.params(9, zlib.constants.Z_RLE, () => compressor.reset())
);
compressor.flush(() => compressor.close());
const taken: number = new zlib.ZstdDecompress({ params: { [zlib.constants.ZSTD_d_windowLogMax]: 20 } }).bytesWritten;
createReadStream('x').pipe(zlib.createUnzip()).pipe(process.stdout);
new Blob([]).stream().pipeThrough(zlib.compressionStream('zstd', { pledgedSrcSize: taken, lane: 'bulk' }));
void zlib.decompressionStream('deflate-raw', null).flush();
const filed = zlib.gzipFile('x', new URL('file:///x'), { ...job, level: 9, maxOutputLength: 2 ** 40 });
same<typeof filed, Promise<ZlibFileResult>>(true);
void zlib.gunzipFile(Buffer.from('x'), 'x');

// @ts-expect-error no option of Brotli
void zlib.brotliCompress('text', { level: 5 });
// @ts-expect-error streams have no promise that could time out
void zlib.createGunzip({ timeout: 5 });
// @ts-expect-error only deflate has them
void zlib.createBrotliCompress().params(1, 1);
// @ts-expect-error no such format
void zlib.compressionStream('lzma');
// @ts-expect-error no option of reading
void zlib.gunzipFile('x', 'x', { level: 1 });
