// What is going on, on stderr: stdout has the results.

const { stderr } = process;

/** Shows what begins. */
export function step(text) {
  stderr.write(`${text}\n`);
}

/** Shows how far the last step is: in its place on a terminal, not at all in a log. */
export function update(text) {
  if (stderr.isTTY) stderr.write(`\x1b[1A\x1b[2K${text}\n`);
}
