// When both servers refuse an upload.

/** An error that the server answers with `status`. */
export function refusal(status, message) {
  return Object.assign(new Error(message), { status });
}

export function tooLarge(maxBytes) {
  return refusal(413, `Expected an upload of at most ${maxBytes} bytes`);
}

export function tooMany(maxRows) {
  return refusal(413, `Expected at most ${maxRows} rows`);
}
