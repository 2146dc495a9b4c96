import type { DatasetPartition } from "../api/types";

export interface HeatCell {
  partition: string;
  rows: number | null;
  versions: DatasetPartition[];
  /** 0 to 4: how many rows it has against the others; 0 when there is nothing. */
  level: number;
}
export interface HeatMap {
  /** Whether partitions are days, laid out by weeks. */
  isCalendar: boolean;
  /** Columns of seven, Monday first; null where the calendar has no day of the map. */
  weeks: (HeatCell | null)[][];
  cells: HeatCell[];
  missing: number;
}

const dayPattern = /^\d{4}-\d{2}-\d{2}$/;
const dayMilliseconds = 86_400_000;

/** Partitions as a map: days by weeks with the gaps between them, anything else in its order. */
export function heatOf(partitions: readonly DatasetPartition[]): HeatMap {
  const byName = new Map<string, DatasetPartition[]>();
  for (const one of partitions) {
    byName.set(one.partition, [...(byName.get(one.partition) ?? []), one]);
  }
  const rowsOf = (versions: DatasetPartition[]) => (versions.every((one) => one.rows === null) ? null : versions.reduce((sum, one) => sum + (one.rows ?? 0), 0));
  const most = Math.max(1, ...[...byName.values()].map((versions) => rowsOf(versions) ?? 0));
  const cellOf = (partition: string): HeatCell => {
    const versions = byName.get(partition) ?? [];
    const rows = rowsOf(versions);
    return { partition, rows, versions, level: versions.length === 0 ? 0 : rows === null ? 3 : Math.max(1, Math.ceil((rows / most) * 4)) };
  };
  const names = [...byName.keys()].sort();
  if (names.length === 0 || !names.every((name) => dayPattern.test(name))) {
    return { isCalendar: false, weeks: [], cells: names.map(cellOf), missing: 0 };
  }
  const [first, last] = [Date.parse(names[0]!), Date.parse(names.at(-1)!)];
  const monday = first - ((new Date(first).getUTCDay() + 6) % 7) * dayMilliseconds;
  const cells: HeatCell[] = [];
  const weeks: (HeatCell | null)[][] = [];
  for (let week = monday; week <= last; week += 7 * dayMilliseconds) {
    weeks.push(
      Array.from({ length: 7 }, (_, day) => {
        const at = week + day * dayMilliseconds;
        if (at < first || at > last) {
          return null;
        }
        const cell = cellOf(new Date(at).toISOString().slice(0, 10));
        cells.push(cell);
        return cell;
      }),
    );
  }
  return { isCalendar: true, weeks, cells, missing: cells.filter((cell) => cell.level === 0).length };
}
