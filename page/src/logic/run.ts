import type { Check, GraphTask, Run, Task } from "../api/types";
import { keyOf } from "./gantt";
import { counted } from "./numbers";
import { tally, wordsOf, worst } from "./states";

/** A task as the graph shows it: mapped tasks are one station with its instances counted. */
export interface GraphNode {
  name: string;
  kind: string;
  needs: string[];
  state: string;
  note: string;
  outputs: string[];
}

export function graphOf(graph: readonly GraphTask[], tasks: readonly Task[]): GraphNode[] {
  return graph.map((node) => {
    const own = tasks.filter((task) => task.task === node.name);
    const instances = own.filter((task) => task.map_index >= 0);
    const state = own.length === 0 ? "none" : worst(own.map((task) => task.state));
    return { name: node.name, kind: node.kind, needs: node.needs, state, note: noteOf(own, instances), outputs: node.outputs };
  });
}

function noteOf(own: readonly Task[], instances: readonly Task[]): string {
  if (instances.length > 0) {
    return `${counted(instances.length, "instance")}: ${tally(instances.map((task) => task.state))
      .map(({ state, count }) => `${count} ${wordsOf(state)}`)
      .join(", ")}`;
  }
  const attempts = own[0]?.attempts.length ?? 0;
  return attempts > 1 ? `${attempts} attempts` : "";
}

/** What a check did: passed, or how much its failure counts. */
export function verdictOf(check: Check): string {
  return check.passed ? "passed" : check.severity === "warn" ? "warning" : check.severity === "quarantine" ? "quarantine" : "failed";
}

export interface CheckLine extends Check {
  task: string;
  latest: boolean;
}

/** The checks of a run: those of each task's latest attempt first count, and failed ones stand first. */
export function checksOf(tasks: readonly Task[]): CheckLine[] {
  return tasks
    .flatMap((task) => {
      const newest = Math.max(...task.checks.map((check) => check.attempt), 0);
      return task.checks.map((check) => ({ ...check, task: keyOf(task), latest: check.attempt === newest }));
    })
    .sort((a, b) => Number(a.passed) - Number(b.passed));
}

/** `12 of 13 passed`, of the latest attempts. */
export function checksText(checks: readonly CheckLine[]): string {
  const counting = checks.filter((check) => check.latest);
  return `${counting.filter((check) => check.passed).length} of ${counting.length} passed`;
}

/** What started a run, in words. */
export function triggeredBy(run: Pick<Run, "trigger" | "triggered_by">): string {
  return run.triggered_by.sentence ?? run.trigger;
}

/** Tasks that a rerun from one task on would run: the task and all that comes after it. */
export function downstreamOf(graph: readonly GraphTask[], task: string): string[] {
  const found = new Set([task]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const node of graph) {
      if (!found.has(node.name) && node.needs.some((need) => found.has(need))) {
        found.add(node.name);
        grown = true;
      }
    }
  }
  return graph.map((node) => node.name).filter((name) => found.has(name));
}

/** A result as a table: rows with columns when it is a list of objects or an object, else null. */
export function tableOf(result: unknown): { columns: string[]; rows: unknown[][] } | null {
  if (Array.isArray(result) && result.length > 0 && result.every((row) => isObject(row))) {
    const columns = [...new Set(result.flatMap((row) => Object.keys(row as object)))];
    return { columns, rows: (result as Record<string, unknown>[]).map((row) => columns.map((column) => row[column])) };
  }
  if (isObject(result)) {
    return { columns: ["name", "value"], rows: Object.entries(result) };
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value in a cell. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) {
    return "–";
  }
  if (typeof value === "number") {
    return Number.isInteger(value) ? value.toLocaleString("en-US") : String(Number(value.toPrecision(6)));
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}
