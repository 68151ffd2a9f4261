// What is going on, on stderr: stdout has the results.

export function step(text) {
  process.stderr.write(`${text}\n`);
}
