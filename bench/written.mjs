// Compares texts that contenders write.

import { Mismatch } from './harness.mjs';

/**
 * @param {string} title
 * @param {{ name: string, call: () => unknown }[]} contenders
 * @param {Buffer[]} right the texts that are, of which the first is shown where there is another
 */
export async function compareWritten(title, contenders, right) {
  for (const { name, call } of contenders) {
    const output = Buffer.from(await call());
    if (right.some((text) => output.equals(text))) continue;
    const at = output.findIndex((byte, index) => byte !== right[0][index]);
    const [written, wanted] = [output, right[0]].map((bytes) =>
      JSON.stringify(bytes.toString('utf8', Math.max(0, at - 40), at + 40))
    );
    throw new Mismatch(`${title}: ${name} writes ${written} instead of ${wanted}`);
  }
}
