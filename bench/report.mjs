// The results as text.

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

function format(value) {
  // Three digits say more than the noise leaves; of large numbers the rest is zeros.
  return number.format(value);
}

function range({ min, max }) {
  return min === max ? '' : `${format(min)} – ${format(max)}`;
}

/** From here on a row is about what else the machine does. */
const BUSY = 0.05;

/** A result of `compare` as an aligned table, with its targets below. */
export function table({ title, note, unit, others, contenders, targets }) {
  const columns = contenders[0].columns;
  const head = ['', unit, 'range', `${contenders[0].name} is … times as fast`, 'range'];
  for (const { title, unit } of columns) head.push(unit === '' ? title : `${title}, ${unit}`, 'range');
  const lines = contenders.map(({ name, ratio, columns, ...figure }) => [
    name,
    format(figure.median),
    range(figure),
    ratio ? format(ratio.median) : '',
    ratio ? range(ratio) : '',
    ...columns.flatMap((column) => [format(column.median), range(column)]),
  ]);
  const verdicts = targets.map(
    ({ text, value, unit, met }) =>
      `  target ${text}${unit === '×' ? '' : ` ${unit}`}: ${format(value)}, ${met ? 'met' : 'MISSED'}`
  );
  const notes = note ? [`  (${note})`] : [];
  if (others > BUSY) notes.push(`  (others took ${Math.round(others * 100)} % of the machine: measure again)`);
  return [title, ...notes, ...align([head, ...lines]), ...verdicts, ''].join('\n');
}

/** The first column to the left, the others to the right. */
function align(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => {
    const cells = row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])));
    return `  ${cells.join('  ')}`.trimEnd();
  });
}

/** One line for each target, and how many are met. */
export function targetSummary(results) {
  const verdicts = results.flatMap(({ title, targets }) => targets.map((target) => ({ title, ...target })));
  const missed = verdicts.filter(({ met }) => !met);
  const count = `${verdicts.length - missed.length} of ${verdicts.length} targets met`;
  if (missed.length === 0) return count;
  const lines = missed.map(({ title, text, value, unit }) => `  ${title}: ${format(value)} ${unit}, target ${text}`);
  return [`${count}; missed:`, ...lines].join('\n');
}
