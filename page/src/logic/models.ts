import type { ModelVersion } from "../api/types";

export interface MetricLine {
  name: string;
  champion: number | null;
  candidate: number | null;
  difference: number | null;
}

/** The metrics of two versions side by side, by name. The difference is the candidate's less the champion's. */
export function comparisonOf(champion: ModelVersion | undefined, candidate: ModelVersion): MetricLine[] {
  const names = [...new Set([...Object.keys(candidate.metrics), ...Object.keys(champion?.metrics ?? {})])].sort();
  return names.map((name) => {
    const [a, b] = [champion?.metrics[name] ?? null, candidate.metrics[name] ?? null];
    return { name, champion: a, candidate: b, difference: a === null || b === null ? null : Number((b - a).toPrecision(6)) };
  });
}

/** The metrics that any version has, in the order in which the newest states them. */
export function metricsOf(versions: readonly ModelVersion[]): string[] {
  return [...new Set(versions.flatMap((version) => Object.keys(version.metrics)))];
}
