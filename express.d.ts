/**
 * Compression of responses on native threads, for Express and whatever else has `(req, res, next)`:
 * the npm package `compression` with a changed import.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { BrotliOptions, JobOptions, ZlibOptions, ZstdOptions } from './index.js';

declare global {
  namespace Express {
    interface Response {
      /**
       * Sends all that has been written. Otherwise text is kept back, to be compressed together with
       * what follows it.
       */
      flush(): void;
    }
  }
}

/** The names of the content codings that there are. */
export type ContentCoding = 'br' | 'zstd' | 'gzip' | 'deflate' | 'identity';

/** The options of {@link compression}; those of {@link ZlibOptions} are for gzip and deflate. */
export interface CompressionOptions extends ZlibOptions, Pick<JobOptions, 'lane' | 'priority'> {
  /**
   * Bytes of a body from which on it is compressed: a number, or a text as the package `bytes` reads
   * it, `'1kb'` or `'0.5mb'`. 1024 by default. It has a say only where the size is known when the head
   * is sent, by Content-Length or because all is given to `res.end`.
   */
  threshold?: number | string | undefined;
  /** Whether a response may be compressed; {@link compression.filter} by default. */
  filter?(req: IncomingMessage, res: ServerResponse): boolean;
  /**
   * The coding for clients that send no Accept-Encoding; `'identity'`, which is none, by default. Any
   * other name is none too.
   */
  enforceEncoding?: ContentCoding | (string & {}) | undefined;
  /** The options of `br`. `BROTLI_PARAM_QUALITY` is 4 by default, because 11 takes a hundred times as long. */
  brotli?: BrotliOptions | undefined;
  /**
   * The options of `zstd`. `ZSTD_c_windowLog` is at most 23 with any level: clients may refuse windows
   * above 8 MiB (RFC 9659).
   */
  zstd?: ZstdOptions | undefined;
}

/** As Express, Connect and servers of `node:http` and `node:http2` take it. */
export type Middleware = (
  req: IncomingMessage | Http2ServerRequest,
  res: ServerResponse | Http2ServerResponse,
  next: (error?: unknown) => void
) => void;

/**
 * Middleware that encodes responses as their clients like it best: `br`, `zstd` or `gzip`, in this
 * order where a client likes several alike, or `deflate`. It has the options, the defaults and the
 * behaviour of the package `compression` 1.8; what is more: `zstd`; `res.write` and `res.end` call
 * their callbacks; strong ETags become weak, because the bytes are others (RFC 9110, section 8.8.3); parts
 * of a range (206) are left as they are; options that are wrong throw here.
 *
 * Left as they are too: what the filter refuses or is below the threshold, `Cache-Control:
 * no-transform`, what has a Content-Encoding, answers to HEAD, and responses without content.
 *
 * A body of up to 256 KiB that is given to `res.end` alone is one job; others are streams, with
 * backpressure, whose blocks are compressed side by side. When a client goes away its jobs end. A
 * failure after the head has been sent destroys the response, so that nobody takes it for complete.
 *
 * Do not use it behind a proxy that compresses, and not for pages that show a secret beside what the
 * request says, whose size tells the secret (BREACH).
 *
 * @example
 * app.use(compression({ threshold: '2kb' }));
 */
export function compression(options?: CompressionOptions | null): Middleware;
export namespace compression {
  /**
   * The usual filter: whether the Content-Type compresses well, as the package `compressible` knows.
   * For filters that know more:
   *
   * @example
   * const filter = (req, res) => !req.headers['x-no-compression'] && compression.filter(req, res);
   */
  function filter(req: IncomingMessage | Http2ServerRequest, res: ServerResponse | Http2ServerResponse): boolean;
}
