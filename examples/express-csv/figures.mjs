// What both servers tell of a column of numbers.

export const FIGURES = ['name', 'count', 'sum', 'min', 'max'];

/** The figures of a column that has no values yet. */
export function figuresOf(name) {
  return { name, count: 0, sum: 0, min: Infinity, max: -Infinity };
}

export function include(figures, value) {
  figures.count++;
  figures.sum += value;
  if (value < figures.min) figures.min = value;
  if (value > figures.max) figures.max = value;
}
