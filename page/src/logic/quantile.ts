/** A share of the values lies at or below it; between two values it is interpolated, as PERCENTILE_CONT does. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) {
    throw new RangeError("No quantile of nothing.");
  }
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const next = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return sorted[below]! + (next - sorted[below]!) * (place - below);
}
