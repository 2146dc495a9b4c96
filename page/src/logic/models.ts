import type { ModelVersion } from "../api/types";

export interface MetricLine {
  name: string;
  champion: number | null;
  candidate: number | null;
  difference: number | null;
}

/**
 * Which two versions are compared: those that are named, else the newest against the champion. When the newest is the champion already, it is
 * set against the one before it: that is the comparison that made it so.
 */
export function pairOf(model: { aliases: Record<string, number>; versions: ModelVersion[]; moves: { alias: string; from: number | null; to: number }[] }, champion?: number, candidate?: number): { champion: ModelVersion | undefined; candidate: ModelVersion | undefined } {
  const numbered = (number: number | null | undefined) => model.versions.find((version) => version.version === number);
  const second = numbered(candidate) ?? model.versions[0];
  const holder = numbered(champion) ?? numbered(model.aliases.champion);
  const before = numbered(model.moves.find((move) => move.alias === "champion" && move.to === second?.version)?.from);
  return { champion: champion === undefined && holder === second ? before : holder, candidate: second };
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
