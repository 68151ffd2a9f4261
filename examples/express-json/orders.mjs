// What both servers take and refuse, and how they read it.

/** An error that the server answers with `status`. */
export function refusal(status, message) {
  return Object.assign(new Error(message), { status });
}

/** Aborts when the client goes away before it has its answer: nobody waits for it. */
export function whileConnected(res) {
  const gone = new AbortController();
  res.on('close', () => {
    if (!res.writableEnded) gone.abort();
  });
  return gone.signal;
}

/** How much memory is there for a body that does not say how long it is. */
const FIRST_BYTES = 1 << 16;

/**
 * The body of a request as one Buffer. Chunks are put in their place as they come: to join a hundred
 * megabytes of them at the end would hold the event loop for long, and many small ones take more memory
 * than their bytes.
 */
export async function readBody(req, maxBytes) {
  const tooLarge = refusal(413, `Expected at most ${maxBytes} bytes`);
  const announced = Number(req.headers['content-length'] ?? 0);
  if (announced > maxBytes) throw tooLarge;
  let body = Buffer.allocUnsafeSlow(announced || FIRST_BYTES);
  let length = 0;
  // Plain `for await (… of req)` would destroy the request, and the socket of the answer with it.
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    const end = length + chunk.length;
    if (end > maxBytes) throw tooLarge;
    if (end > body.length) body = enlarged(body, end);
    chunk.copy(body, length);
    length = end;
  }
  return body.subarray(0, length);
}

/** A Buffer that begins with the same bytes, and is at least twice as large. */
function enlarged(buffer, atLeast) {
  const larger = Buffer.allocUnsafeSlow(Math.max(atLeast, 2 * buffer.length));
  buffer.copy(larger);
  return larger;
}

/** How many orders there are and what they come to, of all and of each kind. */
export class Summary {
  #orders = 0;
  #total = 0;
  #kinds = new Map();

  /** The figures of a kind, for `add`. */
  kind(name) {
    if (!this.#kinds.has(name)) this.#kinds.set(name, { name, orders: 0, total: 0 });
    return this.#kinds.get(name);
  }

  add(kind, price) {
    this.#orders++;
    this.#total += price;
    kind.orders++;
    kind.total += price;
  }

  toJSON() {
    const kinds = [...this.#kinds.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return { orders: this.#orders, total: this.#total, kinds };
  }
}
