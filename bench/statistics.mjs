// What is made of the samples.

/** The value below which this share of `values` lies, between two of them interpolated. */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)];
  return below + (sorted[Math.ceil(position)] - below) * (position % 1);
}

export function median(values) {
  return quantile(values, 0.5);
}

/** Median and range. A median bears the one sample in which the machine did something else. */
export function summary(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), values };
}
