/**
 * CPU-heavy work for Node.js on native threads.
 *
 * Every function returns a promise, and takes {@link JobOptions} beside its own options. Errors
 * have a stable `code`: match on that. docs/errors.md lists them.
 */

/**
 * Bytes, of any kind, or text, which is taken as UTF-8. Of a typed array or a `DataView` the bytes
 * that it covers.
 *
 * Large inputs are **borrowed**: nothing is copied, and until the promise settles the caller does
 * not write to them or transfer them. A write may change the result; it never breaks the process.
 * Strings, resizable `ArrayBuffer`s and inputs of less than 2 KiB are copied.
 */
export type Bytes = string | NodeJS.ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

/** What every function takes beside its own options. */
export interface JobOptions {
  /**
   * Ends the job when it is aborted: one that waits is removed from its queue, one that runs stops
   * at its next edge between two chunks. The promise rejects at once with an `AbortError` (`code`
   * `'ABORT_ERR'`) whose `cause` is the signal's reason. One signal may serve any number of jobs.
   */
  signal?: AbortSignal;
  /**
   * Milliseconds after which the promise rejects with `ERR_OFFLOOP_TIMEOUT` and the job is ended as
   * by `signal`. The wait in the queue counts. From 1 to 2,147,483,647; no limit by default.
   */
  timeout?: number;
  /**
   * Which threads run the job. By default chosen from what it will cost: up to about 5 ms the
   * interactive ones, else the bulk ones; below 3 µs it runs at once on the calling thread.
   */
  lane?: Lane;
  /** Jobs with a higher one leave the queue first. An integer from -1000 to 1000; 0 by default. */
  priority?: number;
  /**
   * Moves the input's memory into the job and detaches the caller's views, as `postMessage` with a
   * `transferList` does: the caller cannot touch it by mistake. The input must be an `ArrayBuffer`
   * or a view of a whole one. It is gone also where the job is then refused. False by default.
   */
  transfer?: boolean;
  /**
   * Copies the input first, so that the caller may write to it at once. The copy is made on the
   * calling thread. False by default, or as `pool.configure({ handoff })` says.
   */
  copy?: boolean;
  /**
   * Called as the job proceeds, on the calling thread, between turns of the event loop; calls that
   * come too fast are left out. What it throws ends the job and rejects the promise.
   */
  onProgress?: (progress: Progress) => void;
}

/** How far a job has come. */
export interface Progress {
  /** Bytes of input that are done. */
  processedBytes: number;
  /** Bytes of input in all; `undefined` where that is not known, as for a stream. */
  totalBytes: number | undefined;
}

/** The two groups of threads: a little and well below the JavaScript thread's priority. */
export type Lane = 'interactive' | 'bulk';

/** The names in {@link hash.algorithms}. */
export type Algorithm =
  | 'md5'
  | 'sha1'
  | 'sha224'
  | 'sha256'
  | 'sha384'
  | 'sha512'
  | 'sha512-256'
  | 'sha3-256'
  | 'sha3-512'
  | 'blake2b512'
  | 'blake2s256'
  | 'blake3'
  | 'xxh64'
  | 'xxh3-64'
  | 'xxh3-128'
  | 'crc32'
  | 'crc32c';

/** The algorithms that HMAC (RFC 2104) is defined over. */
export type HmacAlgorithm = Exclude<Algorithm, 'blake3' | 'xxh64' | 'xxh3-64' | 'xxh3-128' | 'crc32' | 'crc32c'>;

/** Text forms of a digest, under Node's names. `'base64url'` has no padding. */
export type TextEncoding = 'hex' | 'base64' | 'base64url' | 'latin1' | 'binary';

/** The options of a digest. */
export interface DigestOptions extends JobOptions {
  /** A string in this encoding; a `Buffer` by default, or with `'buffer'`. */
  encoding?: TextEncoding | 'buffer';
  /**
   * The key of the algorithm's own keyed mode: 32 bytes for BLAKE3, 1 to 64 for `blake2b512`, 1 to
   * 32 for `blake2s256`. The other algorithms have none: see {@link hash.hmac}.
   */
  key?: Bytes;
  /** Bytes of output: any number for BLAKE3 (32 by default), the usual one for the others. */
  length?: number;
}

/** The options of an HMAC. */
export interface HmacOptions extends JobOptions {
  /** A string in this encoding; a `Buffer` by default, or with `'buffer'`. */
  encoding?: TextEncoding | 'buffer';
}

type Text = { encoding: TextEncoding };
type Raw = { encoding?: 'buffer' | undefined };

/** Digests and checksums. Those of the checksums (`xxh…`, `crc…`) are big-endian. */
export namespace hash {
  /** The algorithms' names. */
  const algorithms: readonly Algorithm[];

  /**
   * The digest of `data`.
   *
   * BLAKE3 and the CRCs of large inputs are spread over the threads. Below about 4 KiB of SHA-256
   * the work is done at once, because handing it over would cost the calling thread as much.
   *
   * @example
   * const etag = await hash.digest('sha256', body, { encoding: 'base64url' });
   */
  function digest(algorithm: Algorithm, data: Bytes, options: DigestOptions & Text): Promise<string>;
  function digest(algorithm: Algorithm, data: Bytes, options?: DigestOptions & Raw): Promise<Buffer>;
  function digest(algorithm: Algorithm, data: Bytes, options?: DigestOptions): Promise<Buffer | string>;

  /**
   * The digest of each of `data`, in one crossing. The messages are spread over the threads, and
   * where the CPU gains from it each thread hashes several in lockstep: SHA-256 on x86-64 with
   * SHA-NI twice as fast as one by one. The digests are views of one buffer.
   */
  function digestMany(algorithm: Algorithm, data: readonly Bytes[], options: DigestOptions & Text): Promise<string[]>;
  function digestMany(algorithm: Algorithm, data: readonly Bytes[], options?: DigestOptions & Raw): Promise<Buffer[]>;
  function digestMany(
    algorithm: Algorithm,
    data: readonly Bytes[],
    options?: DigestOptions
  ): Promise<Buffer[] | string[]>;

  /**
   * The digest of a file or a device. Its bytes never enter JavaScript: native threads read and hash
   * it, in chunks of 2 MiB. Rejects with the system's codes, `ENOENT` and the like. Named pipes are
   * refused: no `signal` could end the wait for their writer.
   */
  function digestFile(
    algorithm: Algorithm,
    path: string | Buffer | URL,
    options: DigestOptions & Text
  ): Promise<string>;
  function digestFile(
    algorithm: Algorithm,
    path: string | Buffer | URL,
    options?: DigestOptions & Raw
  ): Promise<Buffer>;
  function digestFile(
    algorithm: Algorithm,
    path: string | Buffer | URL,
    options?: DigestOptions
  ): Promise<Buffer | string>;

  /**
   * The digest of a stream: a Node.js Readable, a web `ReadableStream`, or an (async) iterable of
   * bytes. At most two batches of about 256 KiB are held: the source is read no faster than it is
   * hashed.
   *
   * Chunks of streams are borrowed, those of other iterables copied, because a generator may reuse
   * its buffer. When a digest that has begun fails, the source is ended (a Readable destroyed), except
   * for an HTTP request, whose socket still has to carry the response. Refused arguments leave the
   * source alone.
   */
  function digestStream(algorithm: Algorithm, readable: ByteSource, options: DigestOptions & Text): Promise<string>;
  function digestStream(algorithm: Algorithm, readable: ByteSource, options?: DigestOptions & Raw): Promise<Buffer>;
  function digestStream(algorithm: Algorithm, readable: ByteSource, options?: DigestOptions): Promise<Buffer | string>;

  /** The HMAC (RFC 2104) of `data` under `key`, which may have any length. */
  function hmac(algorithm: HmacAlgorithm, key: Bytes, data: Bytes, options: HmacOptions & Text): Promise<string>;
  function hmac(algorithm: HmacAlgorithm, key: Bytes, data: Bytes, options?: HmacOptions & Raw): Promise<Buffer>;
  function hmac(algorithm: HmacAlgorithm, key: Bytes, data: Bytes, options?: HmacOptions): Promise<Buffer | string>;
}

/** What {@link hash.digestStream} reads. */
export type ByteSource = NodeJS.ReadableStream | ReadableStream | AsyncIterable<Bytes> | Iterable<Bytes>;

/** The sizes of the pool. */
export interface PoolOptions {
  /**
   * Threads of each lane, from 1 to 1024. By default the CPUs that the process may use (its
   * affinity and its cgroup's quota, fractions rounded up), or the environment variable
   * `OFFLOOP_THREADS`.
   */
  threads?: number;
  /**
   * Jobs that may wait in each lane; one more is refused with `ERR_OFFLOOP_QUEUE_FULL`. 10,000 by
   * default.
   */
  maxQueue?: number;
  /**
   * Bytes of working memory that running jobs may declare together; others wait, and one that
   * could never fit is refused with `ERR_OFFLOOP_MEMORY_LIMIT`. By default half of what the cgroup,
   * or else the machine, has.
   */
  memory?: number;
  /** Whether inputs are borrowed (the default) or copied where a call does not say. */
  handoff?: 'borrow' | 'copy';
}

/** Quantiles of a time, in milliseconds; 0 before the first job. */
export interface Quantiles {
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

/** What a lane is doing and has done since the process started. */
export interface LaneStats {
  /** Threads that the lane may use. They start with the jobs that need them. */
  threads: number;
  /** Whether the system let the threads run at a lower priority; absent before the first one. */
  loweredPriority?: boolean;
  /** Jobs on a thread. An aborted job counts until its work has really ended. */
  running: number;
  /** Jobs that wait. */
  queued: number;
  /** Jobs that ended with a result. */
  completed: number;
  /** Jobs that ended with an error. */
  failed: number;
  /** Jobs that were aborted, timed out, or were destroyed. */
  cancelled: number;
  /** Jobs that were refused. */
  rejected: number;
  /** Bytes that running jobs have declared. */
  bytesInFlight: number;
  /** Whether all threads are taken: a job submitted now would wait. */
  needsDrain: boolean;
  /** From submission to start. */
  waitTime: Quantiles;
  /** From start to end. */
  runTime: Quantiles;
}

/** Both lanes, and the sizes that hold. */
export interface PoolStats {
  interactive: LaneStats;
  bulk: LaneStats;
  maxQueue: number;
  memory: number;
  /** Bytes that running jobs of both lanes have declared. */
  bytesInFlight: number;
  handoff: 'borrow' | 'copy';
}

/**
 * The native threads. There is one pool for a process, shared by its main thread and its worker
 * threads; `close` and `destroy` are about the thread that calls them.
 */
export interface Pool {
  /** Changes the sizes, for the whole process; `handoff` for this thread. */
  configure(options: PoolOptions): void;
  stats(): PoolStats;
  /** Whether all threads of one of the lanes are taken. */
  readonly needsDrain: boolean;
  /** Refuses new jobs of this thread (`ERR_OFFLOOP_CLOSED`); resolves when those in flight have ended. */
  close(): Promise<void>;
  /**
   * Refuses new jobs of this thread, and rejects those in flight with `ERR_OFFLOOP_CLOSED`; resolves
   * when their work has really ended.
   */
  destroy(): Promise<void>;
  /** As `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;

  /** `needDrain`: the last free thread of a lane was taken. `drain`: one is free again. */
  on(event: 'drain' | 'needDrain', listener: (lane: Lane) => void): this;
  once(event: 'drain' | 'needDrain', listener: (lane: Lane) => void): this;
  off(event: 'drain' | 'needDrain', listener: (lane: Lane) => void): this;
  addListener(event: 'drain' | 'needDrain', listener: (lane: Lane) => void): this;
  removeListener(event: 'drain' | 'needDrain', listener: (lane: Lane) => void): this;
  removeAllListeners(event?: 'drain' | 'needDrain'): this;
  listenerCount(event: 'drain' | 'needDrain'): number;
}

export const pool: Pool;

/** A job that failed. Match on `code`; docs/errors.md lists them. */
export class OffloopError extends Error {
  constructor(code: string, message: string, details?: object);
  readonly name: 'OffloopError';
  readonly code: string;
  /** Of a system error: its number, negative, as in Node. */
  readonly errno?: number;
  /** Of a system error: the call that failed. */
  readonly syscall?: string;
  /** Of a system error: the file. */
  readonly path?: string;
}
