/** `12,345`. */
export function countText(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** `1 run`, `3 runs`; the plural may be given. */
export function counted(value: number, word: string, plural = `${word}s`): string {
  return `${countText(value)} ${value === 1 ? word : plural}`;
}

/** `512 B`, `1.5 kB`, `2.1 GB`: powers of 1000. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return unit === 0 ? `${value} B` : `${value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A metric with as many digits as people read: `0.4324`, `31,203`, `1.2e-7`. */
export function metricText(value: number): string {
  if (Number.isInteger(value)) {
    return countText(value);
  }
  const size = Math.abs(value);
  return size >= 0.001 && size < 1e6 ? String(Number(value.toPrecision(5))) : value.toExponential(2);
}
