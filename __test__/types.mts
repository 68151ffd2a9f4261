// Compiled, never run: index.d.ts gives every function the types that its callers expect.

import { createReadStream } from 'node:fs';
import offloop, { hash, pool, OffloopError } from 'offloop';
import type { Algorithm, DigestOptions, JobOptions, PoolStats } from 'offloop';

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
void [names, p99, disposed, code];
