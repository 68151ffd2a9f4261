// The results as text.

import { availableParallelism, cpus } from 'node:os';

const NAME = { title: '', text: ({ name }) => name };
const STALL = { title: 'longest stall (ms)', text: ({ stall }) => stall.toFixed(1) };
const HEALTH = { title: '/health p99 (ms)', text: ({ healthP99 }) => healthP99.toFixed(1) };
const PAGE = { title: 'readFile p99 (ms)', text: ({ pageP99 }) => pageP99.toFixed(1) };

/** Of uploads and logins. */
export const TRAFFIC = [
  NAME,
  { title: 'login p50 (ms)', text: ({ loginP50 }) => loginP50.toFixed() },
  { title: 'p99 (ms)', text: ({ loginP99 }) => loginP99.toFixed() },
  { title: 'upload (MB/s)', text: ({ uploadSpeed }) => uploadSpeed.toFixed() },
  STALL,
  HEALTH,
  PAGE,
];

/** Of large bodies, one after the other. */
export const bodiesOf = (called) => [
  NAME,
  { title: `${called} (s)`, text: ({ seconds }) => seconds.toFixed(2) },
  { title: 'MB/s', text: ({ speed }) => speed.toFixed() },
  STALL,
  HEALTH,
];

/** Of bodies that are compressed. */
export const compressionOf = (called) => [
  ...bodiesOf(called),
  { title: 'ratio', text: ({ ratio }) => ratio.toFixed(2) },
  PAGE,
];

export function table(columns, results) {
  const rows = [columns.map(({ title }) => title), ...results.map((row) => columns.map(({ text }) => text(row)))];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => row.map((cell, index) => (index === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[index])));
  return rows.map((row) => line(row).join('   ')).join('\n');
}

/** The machine that the results hold for. */
export function machine() {
  const model = cpus()[0]?.model.trim() || process.arch;
  return `${model}, ${availableParallelism()} cores, Node ${process.version}, ${process.platform}.`;
}

/** The value that this share of `values` does not exceed. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
