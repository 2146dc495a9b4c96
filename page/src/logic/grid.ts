import type { GridRun, GridTask, Page, Station } from "../api/types";
import { wordsOf } from "./states";

/** All pages as one list, the newest run first, each run once: a run that came between two reads may be in both. */
export function linesOf(pages: readonly Page<GridRun>[]): GridRun[] {
  const seen = new Set<number>();
  const lines: GridRun[] = [];
  for (const page of pages) {
    for (const run of page.items) {
      if (!seen.has(run.number)) {
        seen.add(run.number);
        lines.push(run);
      }
    }
  }
  return lines;
}

export function stationsOf(run: GridRun): Station[] {
  return run.tasks.map((task) => ({ name: task.task, state: task.state }));
}

/** The columns of a grid of one pipeline: the tasks of the newest run first, then those that only older versions have. */
export function columnsOf(lines: readonly GridRun[]): string[] {
  const columns = new Set<string>();
  for (const line of lines) {
    for (const task of line.tasks) {
      columns.add(task.task);
    }
  }
  return [...columns];
}

/** The tasks of a run by column; null where its version has no such task. */
export function cellsOf(line: GridRun, columns: readonly string[]): (GridTask | null)[] {
  const tasks = new Map(line.tasks.map((task) => [task.task, task]));
  return columns.map((column) => tasks.get(column) ?? null);
}

/** What a cell says: the task, its state, and what is out of the ordinary. */
export function cellText(cell: GridTask): string {
  const more = [cell.instances !== null ? `${cell.instances} instances` : "", cell.attempts > 1 ? `${cell.attempts} attempts` : ""].filter(Boolean);
  return `${cell.task}: ${wordsOf(cell.state)}${more.length > 0 ? `, ${more.join(", ")}` : ""}`;
}

/** What the address says of the grid. */
export interface GridFilter {
  pipeline?: string;
  state?: string;
  trigger?: string;
  tag?: string;
}

const states = ["queued", "running", "success", "failed", "cancelled"];
const triggers = ["manual", "scheduled", "backfill", "dataset", "event"];

/** Reads the filters of an address; what is no filter is dropped, so that a wrong link shows runs and no error. */
export function filterOf(search: Record<string, unknown>): GridFilter {
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined);
  const oneOf = (value: unknown, known: string[]) => (typeof value === "string" && known.includes(value) ? value : undefined);
  return {
    pipeline: text(search.pipeline),
    state: oneOf(search.state, states),
    trigger: oneOf(search.trigger, triggers),
    tag: text(search.tag),
  };
}

export const filterChoices = { states, triggers };
