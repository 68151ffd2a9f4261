/**
 * CPU-heavy work for Node.js on native threads.
 *
 * Every function returns a promise, and takes {@link JobOptions} beside its own options. Errors
 * have a stable `code`: match on that. docs/errors.md lists them.
 */

import type { Transform, TransformOptions } from 'node:stream';
import type { constants as ZlibConstants } from 'node:zlib';

/**
 * Bytes, of any kind, or text, which is taken as UTF-8. Of a typed array or a `DataView` the bytes
 * that it covers.
 *
 * Large inputs are **borrowed**: nothing is copied, and until the promise settles the caller does
 * not write to them or transfer them ({@link json.parse}: while the document is used). A write may change
 * the result; it never breaks the process.
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

/**
 * What {@link csv.batches} and {@link json.lineBatches} read: a path, or bytes as {@link hash.digestStream}
 * takes them.
 */
export type TableSource = string | Buffer | URL | ByteSource;

/** How CSV is read, under csv-parse's names. `ERR_OFFLOOP_CSV` where the input does not fit. */
export interface CsvParseOptions extends JobOptions {
  /**
   * One ASCII character between fields. By default guessed among `,`, `;`, tab and `|` from the first
   * lines; `table.metadata.delimiter` says which it was.
   */
  delimiter?: string | undefined;
  /** One ASCII character around fields, `"` by default; false for none. */
  quote?: string | false | undefined;
  /** One ASCII character that makes a quote in a quoted field a part of it; the quote itself by default. */
  escape?: string | undefined;
  /**
   * Whether the first record names the columns, which is the default. With false they are `column_1`,
   * `column_2` and so on; an array names them, and the first record is data. A name that is there
   * already becomes `name_2`, an empty one `column_N`.
   */
  header?: boolean | readonly string[] | undefined;
  /** One ASCII character: records that begin with it are left out. None by default. */
  comment?: string | undefined;
  /** Whether a byte-order mark at the start is left out; true by default. */
  bom?: boolean | undefined;
  /** Whether empty lines are left out; false by default: they are records of one empty field. */
  skipEmptyLines?: boolean | undefined;
  /** Whether spaces and tabs around fields, outside of quotes, are left out; false by default. */
  trim?: boolean | undefined;
  /** Makes missing fields null and drops surplus ones, which are errors by default. */
  relaxColumnCount?: boolean | undefined;
  /** Takes quotes in places where they have no meaning as text; an error by default. */
  relaxQuotes?: boolean | undefined;
  /**
   * What a record with an error does. `'throw'`, the default, rejects. `'skip'` leaves it out, and
   * `table.errorCount` counts it; `'collect'` also puts the error into `table.errors`.
   */
  onError?: 'throw' | 'skip' | 'collect' | undefined;
  /** Bytes of the longest record, from 1 to 2^30; 16 MiB by default. */
  maxRecordSize?: number | undefined;
  /**
   * Fields that are null where they are not quoted; `['']` by default. A quoted empty field is text,
   * and null in columns of other types.
   */
  nullValues?: readonly string[] | undefined;
  /**
   * The columns' types. `'infer'`, the default, looks at all rows and loses nothing: a column becomes
   * `int32`, `float64` or `int64`, `boolean` (true and false in any case), `timestamp` (ISO 8601) or
   * text, which is `dictionary` where few texts are distinct. Numbers that would not come out as they
   * went in (`007`, `+1`) are text. `'string'` makes all text. An object gives the types of some
   * columns; a value that does not fit is an error.
   */
  types?: 'infer' | 'string' | { readonly [column: string]: Exclude<ColumnType, 'json'> } | undefined;
  /** Only these columns, in this order. All by default. */
  columns?: readonly string[] | undefined;
  /** The line, from 1 on, with which reading begins, the header included; 1 by default. */
  fromLine?: number | undefined;
  /** The last line on which a record may begin. */
  toLine?: number | undefined;
  /** The most records that are read; 0 reads the header only. */
  limit?: number | undefined;
  /**
   * Of bytes; `'utf-8'` by default, unless they begin with the mark of UTF-16. Text is taken as it is.
   * Bytes of text that are not UTF-8 are an error of their record; a lone surrogate of UTF-16 becomes
   * U+FFFD.
   */
  encoding?: 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin1' | undefined;
}

/** The options of {@link csv.parseFile}. */
export interface CsvParseFileOptions extends CsvParseOptions {
  /**
   * The most bytes that a compressed file may become, which are held in memory; 1 GiB by default. More is
   * `ERR_BUFFER_TOO_LARGE`.
   */
  maxOutputLength?: number | undefined;
}

/** The options of {@link csv.batches}. */
export interface CsvBatchesOptions extends CsvParseOptions {
  /**
   * The most bytes that a compressed file may become, part by part; 16 GiB by default. More is
   * `ERR_BUFFER_TOO_LARGE`. Refused where the source is a stream.
   */
  maxOutputLength?: number | undefined;
  /** Bytes of CSV that make one table, from 1 KiB to 256 MiB; 4 MiB by default. */
  batchBytes?: number | undefined;
}

/** How CSV is written, under csv-stringify's names. */
export interface CsvStringifyOptions extends JobOptions {
  /** One ASCII character between fields; `,` by default. */
  delimiter?: string | undefined;
  /** One ASCII character around fields that need it; `"` by default. */
  quote?: string | undefined;
  /** One ASCII character before a quote in a quoted field; the quote itself by default. */
  escape?: string | undefined;
  /** Whether the first record has the columns' names; true by default. Arrays without `columns` have none. */
  header?: boolean | undefined;
  /** These columns, in this order. By default all of a table, and the keys of the first of the rows. */
  columns?: readonly string[] | undefined;
  /** What ends a record; `'\n'` by default. */
  recordDelimiter?: '\n' | '\r\n' | undefined;
  /**
   * Puts a `'` before text that a spreadsheet would take for a formula: that begins with `=`, `+`, `-`,
   * `@`, a tab or a carriage return. False by default. Set it where people open what others have typed.
   */
  escapeFormulas?: boolean | undefined;
  /** Whether the result begins with a byte-order mark, by which Excel knows UTF-8; false by default. */
  bom?: boolean | undefined;
  /** What null is written as; nothing by default. The empty string is `""`, so that it stays one. */
  nullValue?: string | undefined;
}

/**
 * A row to be written: by the columns' names, or in their order. Strings, numbers, bigints and
 * booleans are written as they are, dates in ISO 8601, null and undefined as null, other objects as
 * JSON.
 */
export type CsvRow = object | readonly unknown[];

/** Comma-separated values (RFC 4180), to and from {@link Table}s. */
export namespace csv {
  /**
   * The table in `data`, which native threads parse. Give bytes rather than a string where you have
   * them: text has to be copied on the calling thread, which takes about 1 ms for a megabyte.
   *
   * `ERR_OFFLOOP_CSV` with `line`, `column` and `byteOffset` where the CSV is malformed.
   *
   * @example
   * const orders = await csv.parse(request.body);
   * for await (const rows of orders.rows()) await insert(rows);
   */
  function parse(data: Bytes, options?: CsvParseOptions): Promise<Table>;

  /**
   * The table in a file, whose bytes never enter JavaScript. Rejects with the system's codes, `ENOENT`
   * and the like. `transfer` is refused.
   *
   * A file that begins as gzip (RFC 1952) or Zstandard (RFC 8878) does is decompressed, whatever its name;
   * compressed data that is wrong has the codes of {@link zlib.gunzip} and {@link zlib.zstdDecompress}.
   */
  function parseFile(path: string | Buffer | URL, options?: CsvParseFileOptions): Promise<Table>;

  /**
   * The tables of CSV of any length, a part at a time: of a file, a stream or an (async) iterable of
   * bytes. Types widen from table to table and never narrow; `types` pins them.
   *
   * Nothing is read, and no argument looked at, before the first table is asked for. While the caller
   * has one table, at most the next is parsed, and one part more of a stream is read. Leaving the loop
   * ends the source, as every error does: one of the source, one of the CSV, and those of the job
   * options, which hold for the whole iteration: `timeout` counts the caller's time too. An iteration
   * that is not read to its end has to be ended by `return`, as leaving a `for await` loop does.
   *
   * A file is decompressed as by {@link csv.parseFile}, the next part while one is parsed. Its progress is
   * that of the compressed bytes.
   *
   * @example
   * for await (const table of csv.batches(createReadStream('orders.csv'))) {
   *   for await (const rows of table.rows()) await insert(rows);
   * }
   */
  function batches(source: TableSource, options?: CsvBatchesOptions): TableBatches;

  /**
   * CSV of a table, in UTF-8, or of rows: objects or arrays, of which any iterable or async iterable is
   * taken, and turned into text on the calling thread, in parts of about 2 ms between which the
   * event loop is served. Arrays must all be of one length. Timestamps are written in ISO 8601 with
   * `Z`, with milliseconds where there are some. `transfer` is refused.
   */
  function stringify(
    rows: Table | Iterable<CsvRow> | AsyncIterable<CsvRow>,
    options?: CsvStringifyOptions
  ): Promise<Buffer>;
}

/** The tables of {@link csv.batches} and {@link json.lineBatches}. They can be iterated over once. */
export interface TableBatches extends AsyncIterableIterator<Table> {
  next(): Promise<IteratorResult<Table, undefined>>;
  return<T = undefined>(value?: T): Promise<IteratorReturnResult<T | undefined>>;
  /** As `return`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What limits a JSON text. The language is that of `JSON.parse`. */
export interface JsonTextOptions extends JobOptions {
  /** How many arrays and objects may be inside one another, from 1 to 32,000; 1,024 by default. */
  maxDepth?: number | undefined;
  /** Whether a byte-order mark at the start is left out; false by default: it is an error, as for `JSON.parse`. */
  bom?: boolean | undefined;
}

/** How columns are made of JSON. */
export interface JsonColumnOptions {
  /**
   * Whether a column of integers, some of them beyond those that a number holds exactly (2^53 - 1), is
   * `int64`, with bigints. Where they are beyond 64 bits too, or there are fractions among them, it is
   * `json`. False by default: they are rounded, as by `JSON.parse`.
   */
  bigint?: boolean | undefined;
  /**
   * The types of some columns, by their names, which are the paths for {@link JsonDocument.pluck}. A name
   * that is no column's is `ERR_INVALID_ARG_VALUE`, but for {@link json.lineBatches} without `columns`, where the
   * key may still come. A value that does not fit is an error at its place.
   *
   * `timestamp` takes ISO 8601 and integers, milliseconds since the epoch; `json` takes anything; the others
   * take values of their own kind only: no number is made of a string. `int32` and `int64` take integers
   * however they are written, `1.0` and `1e3` too.
   *
   * Of the other columns all values are looked at, and nothing is lost but what `JSON.parse` rounds. One becomes `boolean`; `int32` or
   * `float64`; text, which is `dictionary` where few strings are distinct; or `json` where it has arrays,
   * objects, or values of several kinds. Strings are never taken for numbers or times. Where all is null
   * it is `string`.
   */
  types?: { readonly [column: string]: ColumnType } | undefined;
}

/** The options of {@link JsonDocument.pluck}. */
export interface JsonPluckOptions extends JobOptions, JsonColumnOptions {}

/** The options of {@link JsonDocument.table}. */
export interface JsonTableOptions extends JobOptions, JsonColumnOptions {
  /**
   * Only these columns, in this order, under the names that are given here: keys (`'user'`), keys of
   * objects in objects with dots between (`'user.name'`), or JSON pointers (`'/user/name'`, `'/tags/0'`).
   * What does not begin with `/` is first looked for as a key as it is. By default all keys, in the order
   * in which they are first met.
   *
   * Where they are given, records may be anything: what is no object has nulls.
   */
  columns?: readonly string[] | undefined;
}

/** How lines of JSON are read. `ERR_OFFLOOP_JSON` where one does not fit. */
export interface JsonLinesOptions extends JsonTextOptions, JsonTableOptions {
  /**
   * What a line with an error does. `'throw'`, the default, rejects. `'skip'` leaves it out, and
   * `table.errorCount` counts it; `'collect'` also puts the error into `table.errors`.
   */
  onError?: 'throw' | 'skip' | 'collect' | undefined;
  /** Bytes of the longest line, from 1 to 2^30; 16 MiB by default. A longer one is an error whatever `onError` says. */
  maxRecordSize?: number | undefined;
}

/** The options of {@link json.lineBatches}. */
export interface JsonLineBatchesOptions extends JsonLinesOptions {
  /**
   * The most bytes that a compressed file may become, part by part; 16 GiB by default. More is
   * `ERR_BUFFER_TOO_LARGE`. Refused where the source is a stream.
   */
  maxOutputLength?: number | undefined;
  /** Bytes of JSON that make one table, from 1 KiB to 256 MiB; 4 MiB by default. */
  batchBytes?: number | undefined;
}

/** The options of {@link json.stringify}. */
export interface JsonStringifyOptions extends JobOptions {
  /** Whether each row is a line of its own, with `\n` behind; by default all are in one array. */
  lines?: boolean | undefined;
  /** These columns, in this order; all by default. */
  columns?: readonly string[] | undefined;
}

/** JSON (RFC 8259): documents that are looked into, and {@link Table}s of lines and of arrays. */
export namespace json {
  /**
   * A document: `data` is checked to its end and indexed by native threads, and JavaScript's values are
   * made when they are asked for. It accepts and refuses what `JSON.parse` does, and gives the same values.
   *
   * Not for texts of less than some tens of kilobytes: `JSON.parse` has done those within a millisecond.
   * For the whole tree of a large text take {@link JsonDocument.value}, for some of its values
   * {@link JsonDocument.get}, for records {@link JsonDocument.table} or {@link JsonDocument.items}.
   *
   * The document goes on to read the memory of `data`: borrowed bytes must stay as they are for as long as
   * it is used; `copy` or `transfer` make it independent. Give bytes rather than a string where you have
   * them: text has to be copied on the calling thread, which takes about 1 ms for a megabyte.
   *
   * `ERR_OFFLOOP_JSON` with `line`, `column` and `byteOffset`, counted in the UTF-8 text, where it is
   * malformed, not UTF-8, empty, or deeper than `maxDepth`.
   *
   * @example
   * const document = await json.parse(request.body);
   * if (document.type('/items') !== 'array') return response.sendStatus(400);
   * const total = document.get('/total');
   * for await (const items of document.items('/items')) await insert(items);
   */
  function parse(data: Bytes, options?: JsonTextOptions): Promise<JsonDocument>;

  /**
   * Rejects as {@link json.parse} does where `data` is no JSON, and keeps nothing: neither an index nor
   * `data`.
   */
  function validate(data: Bytes, options?: JsonTextOptions): Promise<void>;

  /**
   * The table of JSON Lines (NDJSON): a value on each line, which ends with `\n` or `\r\n`. Blank lines are
   * left out. Without `columns` each value must be an object; a new key may appear on any line, and is
   * null on the others. Of a key that an object has twice the last value counts. A lone surrogate becomes
   * U+FFFD.
   *
   * `ERR_OFFLOOP_JSON` with `line`, `column` and `byteOffset` where a line is malformed, does not fit
   * `types`, or there are more than 65,536 columns, or next to no keys that lines have in common: more than
   * 32 cells for each byte of text, and more than a million.
   *
   * @example
   * const events = await json.parseLines(await readFile('events.ndjson'), { columns: ['user.id', 'at'], types: { at: 'timestamp' } });
   */
  function parseLines(data: Bytes, options?: JsonLinesOptions): Promise<Table>;

  /**
   * The tables of JSON Lines of any length, a part at a time: of a file, a stream or an (async) iterable
   * of bytes. A table has all columns that were met so far. Their types widen from table to table and
   * never narrow; `types` pins them.
   *
   * What is read when, and how the iteration ends, is as for {@link csv.batches}.
   *
   * @example
   * for await (const table of json.lineBatches('events.ndjson')) {
   *   for await (const rows of table.rows()) await insert(rows);
   * }
   */
  function lineBatches(source: TableSource, options?: JsonLineBatchesOptions): TableBatches;

  /**
   * The rows of a table as JSON in UTF-8: the text that `JSON.stringify([...table])` gives, with the digits
   * of bigints, times in ISO 8601, and `json` columns as the JSON that they are, which is not checked. Members
   * have the order of the columns, where JavaScript moves keys such as `1` to the front. With `lines`, line
   * ends within the JSON of a `json` column become blanks. `transfer` is refused.
   *
   * It takes no other objects: only the calling thread could read them. `JSON.stringify` does that.
   */
  function stringify(table: Table, options?: JsonStringifyOptions): Promise<Buffer>;
}

/** What {@link JsonDocument.type} tells. */
export type JsonType = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

/** The options of {@link JsonDocument.get}. */
export interface JsonGetOptions {
  /**
   * Whether integers beyond those that a number holds exactly (2^53 - 1) are bigints. Those with a fraction
   * or an exponent are numbers all the same. False by default: they are rounded, as by `JSON.parse`.
   */
  bigint?: boolean | undefined;
}

/** The options of {@link JsonDocument.value}. */
export interface JsonValueOptions extends JsonGetOptions {
  /** Ends the work with an `AbortError` when it is aborted. */
  signal?: AbortSignal | undefined;
}

/** The options of {@link JsonDocument.items}. */
export interface JsonItemsOptions extends JsonValueOptions {
  /** Elements of each array, the last of which may be shorter; 1000 by default. */
  batch?: number | undefined;
}

/**
 * A JSON text and its index, which {@link json.parse} makes. Values are made of the text when they are asked
 * for, anew each time.
 *
 * A pointer is a JSON Pointer (RFC 6901): `''` is the whole document, `'/items/0/name'` a value in it, with
 * `~0` for `~` and `~1` for `/` in keys. Anything else is `ERR_INVALID_ARG_VALUE`. Of a key that an object has
 * twice the last value counts, as for `JSON.parse`. Methods that return no promise throw their errors.
 *
 * Where borrowed bytes were written to, the values are others, or `ERR_INVALID_ARG_VALUE` tells.
 */
export class JsonDocument {
  private constructor();
  /** Bytes of the text, in UTF-8. */
  readonly byteLength: number;
  /**
   * Bytes of memory that the index takes beside the text: about 0.19 for each byte of it. Nesting adds to that, up to
   * 0.69 in all with the default `maxDepth`, and up to 12 with the greatest.
   */
  readonly indexBytes: number;

  /**
   * The value at a pointer, as `JSON.parse` makes it; undefined where nothing is there.
   *
   * It is made at once, on the calling thread: not for large ones. `get('')` of a document of 10 MB holds the
   * event loop as long as `JSON.parse` does, 200 ms; {@link JsonDocument.value} does not. A key is looked for
   * among all members of its object, so in one of a million keys it takes tens of milliseconds; an element of an
   * array is found at once. The same goes for every pointer.
   *
   * `ERR_BUFFER_TOO_LARGE` where its text is longer than a string may be.
   */
  get(pointer: string, options?: JsonGetOptions): unknown;
  /** Whether something is at a pointer, null too. */
  has(pointer: string): boolean;
  /** The type of a value, by default of the whole; undefined where nothing is there. */
  type(pointer?: string): JsonType | undefined;
  /**
   * The elements of an array, or the distinct keys of an object, by default of the whole; undefined for anything else.
   * Of an object all keys are compared with each other, which takes most of a second for a million.
   */
  length(pointer?: string): number | undefined;
  /** The keys of an object, by default the whole, in the order of `Object.keys`; undefined for anything else. */
  keys(pointer?: string): string[] | undefined;
  /**
   * The text of a value, by default of the whole, without blanks around it: a view of the document's memory, not to
   * be written to. Undefined where nothing is there. `ERR_INVALID_ARG_VALUE` where that memory was transferred
   * away.
   *
   * @example
   * response.type('json').send(document.bytes('/result'));
   */
  bytes(pointer?: string): Buffer | undefined;

  /**
   * Values of all elements of an array as a column, or several of them as columns, which native threads make.
   * A path is a pointer in which `*` stands for every element of an array: `'/items/*\/price'`. There is a row for
   * each element, null where nothing is there. Paths of one call are the same up to their last `*`, and
   * are the columns' names. `*` does not stand for the members of an object, nor for a key that is called so.
   *
   * `ERR_OFFLOOP_JSON` where the first `*` is at something that is no array; what is none at a later one has no
   * rows. `transfer` is refused.
   *
   * @example
   * const [ids, prices] = await document.pluck(['/items/*\/id', '/items/*\/price']);
   */
  pluck(path: string, options?: JsonPluckOptions): Promise<Column>;
  pluck(paths: readonly string[], options?: JsonPluckOptions): Promise<Column[]>;
  pluck(path: string | readonly string[], options?: JsonPluckOptions): Promise<Column | Column[]>;

  /**
   * The table of an array of objects, by default the whole document, which native threads make. What is missing is
   * null. A lone surrogate becomes U+FFFD.
   *
   * `ERR_OFFLOOP_JSON` where there is no array, or where a value does not fit `types`; and without `columns` where an
   * element is no object, where there are more than 65,536 columns, or where the elements have next to no keys in
   * common: more than 32 cells for each byte of text, and more than a million. `transfer` is refused.
   */
  table(pointer?: string, options?: JsonTableOptions): Promise<Table>;

  /**
   * The elements of an array, by default the whole document, in arrays, with the event loop served whenever
   * making them has taken 2 ms, also in the middle of an array or of an element.
   *
   * Wrong arguments reject the first array, `ERR_INVALID_ARG_VALUE` where there is no array at the pointer, also
   * where there is another value. After `close` it rejects with `ERR_OFFLOOP_CLOSED`.
   *
   * @example
   * for await (const orders of document.items('/orders', { batch: 500 })) await insert(orders);
   */
  items(pointer?: string, options?: JsonItemsOptions): AsyncIterableIterator<unknown[]>;

  /**
   * The value at a pointer, by default the whole document, as `JSON.parse` makes it; undefined where nothing is
   * there. It is made on the calling thread in parts of 2 ms, between which the event loop is served.
   *
   * Most of the time goes into making the objects, which only the calling thread can do: where
   * some values of a text are enough, ask for those. `ERR_OFFLOOP_CLOSED` where the document is closed meanwhile;
   * `ERR_BUFFER_TOO_LARGE` where a string is longer than a string may be.
   */
  value(pointer?: string, options?: JsonValueOptions): Promise<unknown>;

  /**
   * Gives the text and the index back, rather than when the garbage is collected. Every method then throws or
   * rejects with `ERR_OFFLOOP_CLOSED`; jobs in flight go on to their end, and what was taken from the document
   * stays. Calling it again does nothing.
   */
  close(): void;
  /** As `close`, for `using`. */
  [Symbol.dispose](): void;
}

/**
 * The type of a column. `int32` and `float64` have numbers, `int64` bigints, `timestamp` numbers of
 * milliseconds since the epoch. `string` and `dictionary` have strings: a dictionary keeps each distinct
 * one once. `json` has strings too: each is the JSON of a value, as it was written.
 */
export type ColumnType = 'boolean' | 'int32' | 'float64' | 'int64' | 'timestamp' | 'string' | 'dictionary' | 'json';

/** A value of a {@link Column}. */
export type TableValue = string | number | bigint | boolean | null;

/** A row of a {@link Table}: an own property for each column, also for one that is called `__proto__`. */
export type TableRow = Record<string, TableValue>;

/** What a column is. */
export interface ColumnSchema {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether there may be nulls. A slice of such a column may have none. */
  readonly nullable: boolean;
}

/** The options of {@link Table.rows}. */
export interface RowsOptions {
  /** Rows of each array, the last of which may be shorter; 1000 by default. */
  batch?: number | undefined;
  /** Ends the iteration with an `AbortError` when it is aborted. */
  signal?: AbortSignal | undefined;
}

/** A table on its way to another thread; see {@link Table.toMessage}. */
export interface TableMessage<Memory extends ArrayBuffer | SharedArrayBuffer = ArrayBuffer | SharedArrayBuffer> {
  /** What lies where. */
  meta: string;
  memory: Memory;
}

/**
 * Rows and columns that native code has made, in one or two pieces of memory which lie as Apache
 * Arrow's do. JavaScript values are made when they are asked for. What reads the memory after it was
 * transferred away throws `ERR_INVALID_ARG_VALUE`.
 */
export class Table {
  private constructor();
  /**
   * The table of a message from another thread. Nothing is copied: the message's memory is the
   * table's from then on. `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for anything else.
   */
  static from(message: TableMessage): Table;

  readonly numRows: number;
  readonly numColumns: number;
  readonly columnNames: readonly string[];
  readonly schema: readonly ColumnSchema[];
  /** Of CSV: `delimiter`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** How many records of the whole input were left out because of an error; 0 unless `onError` asks for it. */
  readonly errorCount: number;
  /** The errors of those records, of which the first 10,000, with `onError: 'collect'`. */
  readonly errors: readonly OffloopError[];

  /** A column by its name. `ERR_INVALID_ARG_VALUE` where there is none. */
  column(name: string): Column;
  /** The row at an index from 0 on. `ERR_OUT_OF_RANGE` where there is none. */
  row(index: number): TableRow;
  /** A table of some of the columns, in this order: a view. `ERR_INVALID_ARG_VALUE` where one is missing or named twice. */
  select(names: readonly string[]): Table;
  /** A table of some of the rows: a view. The arguments are those of `Array.prototype.slice`. */
  slice(from?: number, to?: number): Table;

  /** All rows. Millions of them hold the event loop: see {@link Table.rows}. */
  [Symbol.iterator](): IterableIterator<TableRow>;
  /**
   * All rows, in arrays, with the event loop served whenever making them has taken 2 ms. Wrong
   * options reject the first array.
   *
   * @example
   * for await (const rows of table.rows({ batch: 500 })) await insert(rows);
   */
  rows(options?: RowsOptions): AsyncIterableIterator<TableRow[]>;

  /**
   * The table as an Arrow IPC stream, which `tableFromIPC` of `apache-arrow`, DuckDB, pandas and Polars
   * read. The memory is borrowed, as {@link Bytes} are; `transfer` is refused.
   */
  toArrow(options?: JobOptions): Promise<Buffer>;

  /**
   * A message for another thread, with a copy of the rows and columns that the table has, and nothing
   * else of its memory. The copy is made on the calling thread, in parts of 2 ms between which the
   * event loop is served. `ERR_OFFLOOP_MEMORY_LIMIT` where the system has no memory for it.
   *
   * @example
   * const message = await table.toMessage();
   * worker.postMessage(message, [message.memory]);
   * // in the worker
   * parentPort.on('message', (message) => console.log(Table.from(message).numRows));
   */
  toMessage(): Promise<TableMessage<ArrayBuffer>>;
  /** As `toMessage`, in memory that any number of threads can read at the same time. */
  share(): Promise<TableMessage<SharedArrayBuffer>>;
}

/** A column of a {@link Table}. The typed arrays are views of the table's memory: do not write to them. */
export class Column {
  private constructor();
  readonly name: string;
  readonly type: ColumnType;
  readonly length: number;
  readonly nullCount: number;
  /**
   * The values as they lie in memory: `Int32Array` for `int32`, `Float64Array` for `float64`,
   * `BigInt64Array` for `int64` and `timestamp`, a bitmap in a `Uint8Array` for `boolean` (least
   * significant bit first; those past the end mean nothing), the UTF-8 of all texts for `string` and `json`
   * (see `offsets`), and codes into `dictionary` in an `Int32Array` for `dictionary`. Where a value is null
   * there is some other.
   *
   * The bitmap of a slice that does not begin at a multiple of 8 is a copy.
   */
  readonly values: Uint8Array | Int32Array | Float64Array | BigInt64Array;
  /** A bitmap as of booleans, 1 where a value is not null; undefined where none is. */
  readonly validity: Uint8Array | undefined;
  /** Of `string` and `json`: row `i` has the bytes from `offsets[i]` to `offsets[i + 1]` of `values`. */
  readonly offsets: Int32Array | undefined;
  /** Of `dictionary`: the distinct texts. All are decoded with the first access. */
  readonly dictionary: readonly string[] | undefined;

  /** The value of a row, from 0 on. `ERR_OUT_OF_RANGE` where there is none. */
  get(index: number): TableValue;
  /** All values. Millions of them hold the event loop. */
  toArray(): TableValue[];
  [Symbol.iterator](): IterableIterator<TableValue>;
}

/** What a stream or a one-shot of every format takes, under node:zlib's names, with node's checks and codes. */
export interface ZlibBaseOptions {
  /**
   * What of the output comes out behind every chunk that is written to a stream: `Z_NO_FLUSH` by default,
   * `BROTLI_OPERATION_PROCESS` or `ZSTD_e_continue`. Brotli's metadata blocks are refused.
   */
  flush?: number | undefined;
  /**
   * How the output ends: `Z_FINISH` by default, `BROTLI_OPERATION_FINISH` or `ZSTD_e_end`. With less than
   * that compressed output is flushed and not ended, and compressed input may end early.
   */
  finishFlush?: number | undefined;
  /**
   * The most bytes of one chunk of a stream's output, at least 64; by default what a job gives, up to about
   * 256 KiB. It makes no difference to one-shots.
   */
  chunkSize?: number | undefined;
  /**
   * The most bytes of output, `ERR_BUFFER_TOO_LARGE` where there are more: from 1 to `buffer.kMaxLength`, which
   * is the default for compression; 256 MiB by default for decompression, so that a small input cannot take
   * all memory. Streams, whose reader sets the pace, have no limit by default.
   */
  maxOutputLength?: number | undefined;
}

/** The options of gzip and deflate, in both directions. Decompression looks at `windowBits` and `dictionary`. */
export interface ZlibOptions extends ZlibBaseOptions {
  /** From 0 (none) and 1 (fastest) to 9 (smallest); -1, the default, is 6. */
  level?: number | undefined;
  /**
   * The base two logarithm of the window, from 8 to 15 (from 9 for `gzip`); 15 by default. For
   * decompression the most that is accepted; 0, the default where there is a header, takes what that says.
   */
  windowBits?: number | undefined;
  /** Memory of the compressor, from 1 to 9; 8 by default. */
  memLevel?: number | undefined;
  /** One of `Z_DEFAULT_STRATEGY`, `Z_FILTERED`, `Z_HUFFMAN_ONLY`, `Z_RLE` and `Z_FIXED`. */
  strategy?: number | undefined;
  /**
   * Bytes that both sides know, and that the data may refer to. Gzip has no place for one: there it is left
   * out, as by node.
   */
  dictionary?: NodeJS.ArrayBufferView | ArrayBuffer | undefined;
}

/** The options of Brotli, in both directions. */
export interface BrotliOptions extends ZlibBaseOptions {
  /**
   * Values by the numbers of `BROTLI_PARAM_…`, or of `BROTLI_DECODER_PARAM_…`. The quality,
   * `BROTLI_PARAM_QUALITY`, is 11 by default as in node, which is the slowest.
   */
  params?: { readonly [key: number]: number | boolean } | undefined;
}

/** The options of Zstandard, in both directions. */
export interface ZstdOptions extends ZlibBaseOptions {
  /**
   * Values by the numbers of `ZSTD_c_…`, or of `ZSTD_d_…`. The level, `ZSTD_c_compressionLevel`, is 3 by
   * default. `ZSTD_c_nbWorkers`, `ZSTD_c_jobSize` and `ZSTD_c_overlapLog` are refused, unless they are 0:
   * the pool's threads do that.
   */
  params?: { readonly [key: number]: number | boolean } | undefined;
  /** Bytes that both sides know, and that the data may refer to: any, or what `zstd --train` makes. */
  dictionary?: NodeJS.ArrayBufferView | ArrayBuffer | undefined;
  /**
   * Bytes of input that will come, for compression: a stream's header says so, and it is an error where
   * another number comes (`ZSTD_error_srcSize_wrong`).
   */
  pledgedSrcSize?: number | undefined;
}

/** What a one-shot gives with `info`. */
export interface ZlibInfo {
  buffer: Buffer;
  engine: {
    /** Bytes of input that were taken; of compressed input without what stands behind its end. */
    bytesWritten: number;
  };
}

/** Node's callback. */
export type ZlibCallback<Result> = (error: Error | null, result: Result) => void;

/**
 * A function that takes all of its input at once. With a callback, as node's functions have it, it
 * returns nothing, and throws where an argument is refused.
 */
export interface ZlibOneShot<Options> {
  (data: Bytes, options: Options & JobOptions & { info: true }): Promise<ZlibInfo>;
  (data: Bytes, options?: (Options & JobOptions & { info?: false | undefined }) | null): Promise<Buffer>;
  (data: Bytes, callback: ZlibCallback<Buffer>): void;
  (data: Bytes, options: Options & JobOptions & { info: true }, callback: ZlibCallback<ZlibInfo>): void;
  (
    data: Bytes,
    options: (Options & JobOptions & { info?: false | undefined }) | null | undefined,
    callback: ZlibCallback<Buffer>
  ): void;
  /** The same, for `util.promisify`. */
  __promisify__(data: Bytes, options: Options & JobOptions & { info: true }): Promise<ZlibInfo>;
  __promisify__(data: Bytes, options?: (Options & JobOptions) | null): Promise<Buffer>;
}

/**
 * The job options of streams. `signal` destroys the stream; `timeout`, `transfer`, `copy` and `onProgress` are
 * refused.
 */
export type ZlibStreamOptions<Options> = Options & TransformOptions & Pick<JobOptions, 'signal' | 'lane' | 'priority'>;

/** A stream that compresses or decompresses, with the members of node's. */
export interface ZlibStream extends Transform {
  /** Bytes of input that were taken. */
  readonly bytesWritten: number;
  /**
   * Has all that was written so far come out, and then calls back. `kind` is `Z_FULL_FLUSH` by default, or the
   * flush of Brotli and Zstandard. Where nothing was written since the last one, nothing comes out.
   */
  flush(kind?: number, callback?: () => void): void;
  flush(callback: () => void): void;
  /** Destroys the stream. */
  close(callback?: (error?: Error | null) => void): void;
  /** Begins anew, as if nothing had been written. What has come out stays so. */
  reset(): void;
}

/** A stream that compresses with deflate. */
export interface DeflateStream extends ZlibStream {
  /** Flushes, and compresses what comes then with another level and strategy. */
  params(level: number, strategy: number, callback?: () => void): void;
}

/** A web stream's two ends. */
export interface ZlibWebStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Bytes>;
  /** Has come out what was in the chunks whose `write` has resolved, and resolves when it is there to be read. */
  flush(): Promise<void>;
}

/** The formats of web streams. `'deflate'` has zlib's header. */
export type ZlibFormat = 'gzip' | 'deflate' | 'deflate-raw' | 'brotli' | 'zstd';

/** The options of a web stream of a format. */
export type ZlibFormatOptions<Format extends ZlibFormat> = Format extends 'brotli'
  ? BrotliOptions
  : Format extends 'zstd'
    ? ZstdOptions
    : ZlibOptions;

/** The options of {@link zlib.gzipFile}. */
export interface GzipFileOptions
  extends Pick<ZlibOptions, 'level' | 'windowBits' | 'memLevel' | 'strategy'>, GunzipFileOptions {}

/** The options of {@link zlib.gunzipFile}. */
export interface GunzipFileOptions extends JobOptions {
  /** The most bytes of output; 16 GiB by default for `gunzipFile`, no limit for `gzipFile`. */
  maxOutputLength?: number | undefined;
}

/** What a file became. */
export interface ZlibFileResult {
  bytesRead: number;
  bytesWritten: number;
}

/**
 * Compression under the names of `node:zlib`, on the pool's threads: gzip (RFC 1952), deflate with zlib's
 * header (RFC 1950) and without (RFC 1951), Brotli (RFC 7932) and Zstandard (RFC 8878), the latter also
 * where Node itself has none. What node's functions accept and refuse, these do, with the same codes. There
 * are no `…Sync` functions.
 *
 * Large inputs are cut into blocks that are compressed side by side, and joined to one gzip member, one
 * zlib stream, one Brotli stream, one frame: every reader takes it. The same input and options give the same
 * bytes whatever the number of threads, though not the bytes that zlib gives.
 *
 * Of compressed data with an error the promise rejects, or the stream is destroyed, with node's `code` and
 * `errno`: `Z_DATA_ERROR`, `Z_BUF_ERROR` where it ends too early, `Z_NEED_DICT`; Brotli's `ERR_…`, zstd's
 * `ZSTD_error_…`. `byteOffset` says where in the input. What stands behind the end of the data is left out,
 * but for other gzip members, which are part of it.
 */
export namespace zlib {
  /**
   * @example
   * response.setHeader('content-encoding', 'gzip').end(await zlib.gzip(body));
   */
  const gzip: ZlibOneShot<ZlibOptions>;
  /** All members, one after the other. Zeros behind them are padding. */
  const gunzip: ZlibOneShot<ZlibOptions>;
  /** With zlib's header, as HTTP's `deflate` has it. */
  const deflate: ZlibOneShot<ZlibOptions>;
  const inflate: ZlibOneShot<ZlibOptions>;
  const deflateRaw: ZlibOneShot<ZlibOptions>;
  const inflateRaw: ZlibOneShot<ZlibOptions>;
  /** What `gunzip` or `inflate` takes; the first bytes tell. */
  const unzip: ZlibOneShot<ZlibOptions>;
  const brotliCompress: ZlibOneShot<BrotliOptions>;
  const brotliDecompress: ZlibOneShot<BrotliOptions>;
  const zstdCompress: ZlibOneShot<ZstdOptions>;
  /** The first frame. */
  const zstdDecompress: ZlibOneShot<ZstdOptions>;

  /**
   * The CRC-32 of `data` (text in UTF-8), after bytes whose CRC-32 is `value`; 0 by default. It is computed
   * at once, on the calling thread: for large inputs there is {@link hash.digest}.
   */
  function crc32(data: string | NodeJS.ArrayBufferView, value?: number): number;

  /** Node's constants, with those of zstd also where this Node has none. */
  const constants: typeof ZlibConstants & ZstdConstants;
  /** zlib's return codes by their names, and their names by the codes. */
  const codes: { readonly [key: string]: number | string };

  /**
   * Streams that compress gather what is written into blocks of up to 1 MiB, which are compressed side by
   * side: one for each thread and one more are held, then writing waits. So output comes late where little is
   * written: `flush` has it come. Errors, `signal` and `pool.destroy()` destroy a stream; one that has begun
   * goes on after `pool.close()`. One that is half written keeps neither the process alive nor a thread.
   *
   * @example
   * await pipeline(createReadStream('dump.sql'), zlib.createZstdCompress(), createWriteStream('dump.sql.zst'));
   */
  function createGzip(options?: ZlibStreamOptions<ZlibOptions> | null): DeflateStream;
  /** Streams that decompress give at most 256 KiB at once, and no more before that is read. */
  function createGunzip(options?: ZlibStreamOptions<ZlibOptions> | null): ZlibStream;
  function createDeflate(options?: ZlibStreamOptions<ZlibOptions> | null): DeflateStream;
  function createInflate(options?: ZlibStreamOptions<ZlibOptions> | null): ZlibStream;
  function createDeflateRaw(options?: ZlibStreamOptions<ZlibOptions> | null): DeflateStream;
  function createInflateRaw(options?: ZlibStreamOptions<ZlibOptions> | null): ZlibStream;
  function createUnzip(options?: ZlibStreamOptions<ZlibOptions> | null): ZlibStream;
  function createBrotliCompress(options?: ZlibStreamOptions<BrotliOptions> | null): ZlibStream;
  function createBrotliDecompress(options?: ZlibStreamOptions<BrotliOptions> | null): ZlibStream;
  function createZstdCompress(options?: ZlibStreamOptions<ZstdOptions> | null): ZlibStream;
  function createZstdDecompress(options?: ZlibStreamOptions<ZstdOptions> | null): ZlibStream;

  /** The classes of the streams, for `new`. */
  const Gzip: ZlibStreamClass<ZlibOptions, DeflateStream>;
  const Gunzip: ZlibStreamClass<ZlibOptions, ZlibStream>;
  const Deflate: ZlibStreamClass<ZlibOptions, DeflateStream>;
  const Inflate: ZlibStreamClass<ZlibOptions, ZlibStream>;
  const DeflateRaw: ZlibStreamClass<ZlibOptions, DeflateStream>;
  const InflateRaw: ZlibStreamClass<ZlibOptions, ZlibStream>;
  const Unzip: ZlibStreamClass<ZlibOptions, ZlibStream>;
  const BrotliCompress: ZlibStreamClass<BrotliOptions, ZlibStream>;
  const BrotliDecompress: ZlibStreamClass<BrotliOptions, ZlibStream>;
  const ZstdCompress: ZlibStreamClass<ZstdOptions, ZlibStream>;
  const ZstdDecompress: ZlibStreamClass<ZstdOptions, ZlibStream>;

  /**
   * As the web's `CompressionStream`, in more formats and on the pool's threads. Cancelling one end ends the
   * other.
   *
   * @example
   * return new Response(body.pipeThrough(zlib.compressionStream('zstd')), { headers: { 'content-encoding': 'zstd' } });
   */
  function compressionStream<Format extends ZlibFormat>(
    format: Format,
    options?: ZlibStreamOptions<ZlibFormatOptions<Format>> | null
  ): ZlibWebStream;
  /** As the web's `DecompressionStream`, but that what stands behind the end of the data is no error. */
  function decompressionStream<Format extends ZlibFormat>(
    format: Format,
    options?: ZlibStreamOptions<ZlibFormatOptions<Format>> | null
  ): ZlibWebStream;

  /**
   * Compresses a file to another, whose bytes never enter JavaScript. It is written beside `to` under another
   * name and renamed at its end, so that there is never half of it, whatever is interrupted. `from` and `to`
   * may be the same. Rejects with the system's codes, `ENOENT` and the like. `transfer` is refused.
   */
  function gzipFile(
    from: string | Buffer | URL,
    to: string | Buffer | URL,
    options?: GzipFileOptions
  ): Promise<ZlibFileResult>;
  /** The other way round, of all members. */
  function gunzipFile(
    from: string | Buffer | URL,
    to: string | Buffer | URL,
    options?: GunzipFileOptions
  ): Promise<ZlibFileResult>;
}

/** The class of a stream. */
export interface ZlibStreamClass<Options, Stream> {
  new (options?: ZlibStreamOptions<Options> | null): Stream;
  readonly prototype: Stream;
}

/** zstd's constants, with the values of Node 24. */
export interface ZstdConstants {
  readonly ZSTD_COMPRESS: 10;
  readonly ZSTD_DECOMPRESS: 11;
  readonly ZSTD_e_continue: 0;
  readonly ZSTD_e_flush: 1;
  readonly ZSTD_e_end: 2;
  readonly ZSTD_fast: 1;
  readonly ZSTD_dfast: 2;
  readonly ZSTD_greedy: 3;
  readonly ZSTD_lazy: 4;
  readonly ZSTD_lazy2: 5;
  readonly ZSTD_btlazy2: 6;
  readonly ZSTD_btopt: 7;
  readonly ZSTD_btultra: 8;
  readonly ZSTD_btultra2: 9;
  readonly ZSTD_c_compressionLevel: 100;
  readonly ZSTD_c_windowLog: 101;
  readonly ZSTD_c_hashLog: 102;
  readonly ZSTD_c_chainLog: 103;
  readonly ZSTD_c_searchLog: 104;
  readonly ZSTD_c_minMatch: 105;
  readonly ZSTD_c_targetLength: 106;
  readonly ZSTD_c_strategy: 107;
  readonly ZSTD_c_enableLongDistanceMatching: 160;
  readonly ZSTD_c_ldmHashLog: 161;
  readonly ZSTD_c_ldmMinMatch: 162;
  readonly ZSTD_c_ldmBucketSizeLog: 163;
  readonly ZSTD_c_ldmHashRateLog: 164;
  readonly ZSTD_c_contentSizeFlag: 200;
  readonly ZSTD_c_checksumFlag: 201;
  readonly ZSTD_c_dictIDFlag: 202;
  readonly ZSTD_c_nbWorkers: 400;
  readonly ZSTD_c_jobSize: 401;
  readonly ZSTD_c_overlapLog: 402;
  readonly ZSTD_d_windowLogMax: 100;
  readonly ZSTD_CLEVEL_DEFAULT: 3;
  readonly ZSTD_error_no_error: 0;
  readonly ZSTD_error_GENERIC: 1;
  readonly ZSTD_error_prefix_unknown: 10;
  readonly ZSTD_error_version_unsupported: 12;
  readonly ZSTD_error_frameParameter_unsupported: 14;
  readonly ZSTD_error_frameParameter_windowTooLarge: 16;
  readonly ZSTD_error_corruption_detected: 20;
  readonly ZSTD_error_checksum_wrong: 22;
  readonly ZSTD_error_literals_headerWrong: 24;
  readonly ZSTD_error_dictionary_corrupted: 30;
  readonly ZSTD_error_dictionary_wrong: 32;
  readonly ZSTD_error_dictionaryCreation_failed: 34;
  readonly ZSTD_error_parameter_unsupported: 40;
  readonly ZSTD_error_parameter_combination_unsupported: 41;
  readonly ZSTD_error_parameter_outOfBound: 42;
  readonly ZSTD_error_tableLog_tooLarge: 44;
  readonly ZSTD_error_maxSymbolValue_tooLarge: 46;
  readonly ZSTD_error_maxSymbolValue_tooSmall: 48;
  readonly ZSTD_error_stabilityCondition_notRespected: 50;
  readonly ZSTD_error_stage_wrong: 60;
  readonly ZSTD_error_init_missing: 62;
  readonly ZSTD_error_memory_allocation: 64;
  readonly ZSTD_error_workSpace_tooSmall: 66;
  readonly ZSTD_error_dstSize_tooSmall: 70;
  readonly ZSTD_error_srcSize_wrong: 72;
  readonly ZSTD_error_dstBuffer_null: 74;
  readonly ZSTD_error_noForwardProgress_destFull: 80;
  readonly ZSTD_error_noForwardProgress_inputEmpty: 82;
}

/**
 * The job options of functions that take secrets. Those are always copied, and native code wipes its
 * copies, so that `transfer` and `copy` are refused; so is `onProgress`.
 */
export type SecretJobOptions = Pick<JobOptions, 'signal' | 'timeout' | 'lane' | 'priority'>;

/** Argon2id (RFC 9106), version 1.3. */
export interface Argon2idPolicy {
  algorithm?: 'argon2id';
  /** Memory in KiB, from 8 times `parallelism` to 2^32 - 1; 19,456 by default, which is 19 MiB. */
  memory?: number;
  /** How many times the memory is gone over, from 1 to 2^32 - 1; 2 by default. */
  passes?: number;
  /** Parts of the memory that can be filled at the same time, from 1 to 2^24 - 1; 1 by default. */
  parallelism?: number;
}

/** scrypt (RFC 7914). It takes 128 * N * r bytes of memory. */
export interface ScryptPolicy extends ScryptParameters {
  algorithm: 'scrypt';
}

/** bcrypt, as `$2b$`. */
export interface BcryptPolicy {
  algorithm: 'bcrypt';
  /** The work doubles with each step, from 4 to 31; 10 by default. */
  cost?: number;
}

/** PBKDF2 (RFC 8018) with HMAC over SHA-256 or SHA-512. */
export interface Pbkdf2Policy {
  algorithm: 'pbkdf2-sha256' | 'pbkdf2-sha512';
  /** From 1 to 2^31 - 1; 600,000 by default with SHA-256 and 220,000 with SHA-512. */
  iterations?: number;
}

/**
 * How passwords are hashed: the algorithm, Argon2id by default, and its parameters, by default those
 * of OWASP's Password Storage Cheat Sheet. A parameter of another algorithm is refused.
 */
export type PasswordPolicy = Argon2idPolicy | ScryptPolicy | BcryptPolicy | Pbkdf2Policy;

/** The names of {@link PasswordPolicy}. */
export type PasswordAlgorithm = NonNullable<PasswordPolicy['algorithm']>;

/** What has to be the same when a password is hashed and when it is verified. */
export interface PasswordForm {
  /**
   * A secret that is kept apart from the hashes, at least one byte, so that they are of no use to a
   * thief who has only them. For Argon2 it is the secret value K of RFC 9106. For the others the
   * HMAC-SHA-384 of the password under it, in base64, takes the password's place, so that bcrypt too
   * takes any password. A hash does not say whether it was made with one.
   */
  pepper?: Bytes | undefined;
  /**
   * Brings the password, which must be text, into Unicode's normal form NFKC first. Keyboards and
   * systems differ in how they write one character: `é` as one code point or as two. Without it a
   * password set on one of them may be refused on another. Set it from the start: hashes made
   * without it are of the password as it was written. False by default.
   */
  normalize?: boolean | undefined;
}

/** The options of {@link password.hash}. */
export type PasswordHashOptions = PasswordPolicy & PasswordForm & SecretJobOptions;

/** What a hash may cost to verify. */
export interface PasswordLimits {
  /** Bytes of working memory; 2^30 by default, which is 1 GiB. */
  memory?: number;
  /** Milliseconds of one core, by an estimate from the parameters that is the same on every machine; 10,000 by default. */
  time?: number;
}

/** The options of {@link password.verify}. */
export interface PasswordVerifyOptions extends PasswordForm, SecretJobOptions {
  /** Whoever can write a hash could otherwise take all memory and all threads. */
  limits?: PasswordLimits;
}

/**
 * Passwords, as strings that a database keeps. The jobs run on the interactive threads, unless their
 * parameters ask for more than about a second; the memory that they take counts against
 * `pool.configure({ memory })`, so that a flood of logins waits.
 */
export namespace password {
  /**
   * A hash with 16 random bytes of salt and 32 bytes of output, in the PHC string format
   * (`$argon2id$v=19$m=19456,t=2,p=1$…`); of bcrypt in its own (`$2b$10$…`).
   *
   * A password may have any length, none too; for bcrypt without a pepper at most 72 bytes of UTF-8
   * and no NUL, because bcrypt looks at no more (`ERR_INVALID_ARG_VALUE`).
   * `ERR_OFFLOOP_MEMORY_LIMIT` where the parameters ask for more than the pool's budget. Options that
   * do not exist are refused: a misspelt `pepper` would be missing in the hash.
   *
   * @example
   * const stored = await password.hash(request.body.password, { normalize: true });
   */
  function hash(password: Bytes, options?: PasswordHashOptions): Promise<string>;

  /**
   * Whether `hash` was made of `password`, compared in constant time. The algorithm and its
   * parameters are the hash's own, and cannot be given here.
   *
   * Hashes of other software are taken too: Argon2id, Argon2i and Argon2d, scrypt and PBKDF2 in the
   * PHC string format, PBKDF2 as passlib and Django write it, and `$2a$`, `$2b$` and `$2y$` of bcrypt.
   * For bcrypt a password of more than 72 bytes is cut there, as the software that made the hash did,
   * and NUL bytes are taken as given. Do not rehash such a password: only its first 72 bytes were
   * checked, and a new hash of the rest as it was typed this time would lock its owner out. Ask for a
   * new one.
   *
   * Some passwords are the same to their algorithm, and so verify in each other's place: in bcrypt
   * `'ab'` and `'ab\0ab'`, because it repeats its key with a zero between; in scrypt and PBKDF2 `'ab'`
   * and `'ab\0'`, because HMAC fills its key up with zeros, and a password of more than a block and
   * its digest, because HMAC shortens it so. Lone surrogates of a string all become U+FFFD, as in
   * `Buffer.from`.
   *
   * `ERR_OFFLOOP_HASH_FORMAT` where `hash` is malformed or costs more than the limits;
   * `ERR_OFFLOOP_MEMORY_LIMIT` where it is within them but above the pool's budget.
   *
   * @example
   * if (!(await password.verify(user.hash, text, { normalize: true }))) return response.sendStatus(401);
   * if (password.needsRehash(user.hash)) user.hash = await password.hash(text, { normalize: true });
   */
  function verify(hash: string, password: Bytes, options?: PasswordVerifyOptions): Promise<boolean>;

  /**
   * Whether `hash` is not what {@link password.hash} writes today with `policy`: another algorithm or
   * version, any other parameter, another length of salt or output, a bcrypt hash other than `$2b$`.
   *
   * It cannot tell which pepper a hash was made with, if any. To introduce one, keep a note of that
   * beside each hash, verify the old ones without it, and make the new ones with it.
   *
   * `policy` may be the very options of `hash`; the pepper, `normalize` and the job options in it are
   * not looked at, because a hash does not tell. Throws `ERR_OFFLOOP_HASH_FORMAT` where `hash` is
   * malformed.
   */
  function needsRehash(hash: string, policy?: PasswordHashOptions): boolean;
}

/** scrypt's parameters, under either of Node's names. N < 2^(16 r) and r * p < 2^30. */
export interface ScryptParameters {
  /** The cost, a power of two above 1. For {@link kdf.scrypt} 16,384 by default, for passwords 2^17. */
  N?: number;
  /** Another name of `N`. */
  cost?: number;
  /** The block size; 8 by default. */
  r?: number;
  /** Another name of `r`. */
  blockSize?: number;
  /** How many times the work is done over; 1 by default. */
  p?: number;
  /** Another name of `p`. */
  parallelization?: number;
}

/** The options of {@link kdf.scrypt}. */
export interface ScryptOptions extends ScryptParameters, SecretJobOptions {
  /**
   * The most bytes that the parameters may take, by OpenSSL's count: 128 r (N + p + 2). 256 MiB by
   * default, because Node's 32 MiB refuse what OWASP asks for.
   */
  maxmem?: number;
}

/** The input of {@link kdf.argon2}, by RFC 9106's names. */
export interface Argon2Parameters {
  /** The password. */
  message: Bytes;
  /** The salt, of at least 8 bytes. */
  nonce: Bytes;
  /** Parts of the memory that can be filled at the same time, from 1 to 2^24 - 1. */
  parallelism: number;
  /** Bytes of output, from 4 to 2^32 - 1. */
  tagLength: number;
  /** Memory in KiB, from 8 times `parallelism` to 2^32 - 1. */
  memory: number;
  /** How many times the memory is gone over, from 1 to 2^32 - 1. */
  passes: number;
  /** The secret value K, a pepper; none by default. */
  secret?: Bytes | undefined;
  /** The associated data X; none by default. */
  associatedData?: Bytes | undefined;
}

/**
 * Keys from passwords and from other keys, with the arguments, the limits and the error codes of
 * `node:crypto` in its newest version. For passwords in a database see {@link password}.
 */
export namespace kdf {
  /**
   * scrypt (RFC 7914), as `crypto.scrypt`. `keylen` is in bytes, from 0 to 2^31 - 1.
   *
   * `ERR_CRYPTO_INVALID_SCRYPT_PARAMS` where the parameters are not scrypt's or take more than
   * `maxmem`; `ERR_INCOMPATIBLE_OPTION_PAIR` where both names of one are given.
   */
  function scrypt(password: Bytes, salt: Bytes, keylen: number, options?: ScryptOptions): Promise<Buffer>;

  /**
   * PBKDF2 (RFC 8018) with an HMAC, as `crypto.pbkdf2`. `iterations` and `keylen`, in bytes, are from
   * 1 to 2^31 - 1. `ERR_CRYPTO_INVALID_DIGEST` for a digest that there is no HMAC over.
   */
  function pbkdf2(
    password: Bytes,
    salt: Bytes,
    iterations: number,
    keylen: number,
    digest: HmacAlgorithm,
    options?: SecretJobOptions
  ): Promise<Buffer>;

  /**
   * Argon2 (RFC 9106), version 1.3, as `crypto.argon2` of Node 24.7 and newer. Of the three, Argon2id
   * is the one to take.
   */
  function argon2(
    algorithm: 'argon2id' | 'argon2i' | 'argon2d',
    parameters: Argon2Parameters,
    options?: SecretJobOptions
  ): Promise<Buffer>;

  /**
   * HKDF (RFC 5869), as `crypto.hkdf`: for keys of high entropy, not for passwords. `info` has at most
   * 1024 bytes; `keylen` is from 1 to 255 digests (`ERR_CRYPTO_INVALID_KEYLEN`). Small keys are made
   * at once, on the calling thread.
   */
  function hkdf(
    digest: HmacAlgorithm,
    ikm: Bytes,
    salt: Bytes,
    info: Bytes,
    keylen: number,
    options?: SecretJobOptions
  ): Promise<Buffer>;
}

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
  /** Of a system error: its number, negative, as in Node. Of compressed data: what node:zlib has there. */
  readonly errno?: number;
  /** Of a system error: the call that failed. */
  readonly syscall?: string;
  /** Of a system error: the file. */
  readonly path?: string;
  /** Of CSV and JSON: the line, from 1 on. */
  readonly line?: number;
  /** Of CSV and JSON: the character in the line, from 1 on. */
  readonly column?: number;
  /** Of CSV, JSON and compressed data: the byte in the input, from 0 on. */
  readonly byteOffset?: number;
}
