import type { Outlook, Task } from "../api/types";

/** A stretch of a row, as shares of the whole width. */
export interface Bar {
  kind: "attempt" | "wait" | "expected";
  state: string;
  left: number;
  width: number;
  from: number;
  to: number;
  attempt: number | null;
}
export interface GanttRow {
  key: string;
  task: string;
  map_index: number;
  name: string;
  state: string;
  bars: Bar[];
}
export interface Gantt {
  from: number;
  to: number;
  rows: GanttRow[];
  marks: { at: number; left: number; text: string }[];
  expectedEnd: number | null;
}

const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];

/** The name of a task or of one instance of a mapped task, as the command line writes it: `train[2]`. */
export function keyOf(task: { task: string; map_index: number }): string {
  return task.map_index < 0 ? task.task : `${task.task}[${task.map_index}]`;
}

/**
 * Lays the attempts of a run on one axis of time, with what is expected of those that have not begun. An attempt that runs reaches up to `now`.
 */
export function ganttOf(run: { started_at: string | null; created_at: string; ended_at: string | null }, tasks: readonly Task[], picture: Outlook | undefined, now: number): Gantt {
  const at = (text: string) => new Date(text).getTime();
  const starts = tasks.flatMap((task) => task.attempts.map((attempt) => attempt.started_at)).filter((text) => text !== null);
  const from = Math.min(at(run.started_at ?? run.created_at), ...starts.map(at));
  const expected = run.ended_at ? [] : (picture?.expected ?? []);
  const ends = [
    ...tasks.flatMap((task) => task.attempts.map((attempt) => attempt.ended_at)).filter((text) => text !== null).map(at),
    ...expected.map((one) => one.ends_at).filter((text) => text !== null).map(at),
  ];
  const expectedEnd = !run.ended_at && picture?.expected_end ? at(picture.expected_end) : null;
  const to = Math.max(from + 100, run.ended_at ? at(run.ended_at) : now, expectedEnd ?? 0, ...ends);
  const scale = (instant: number) => Math.min(1, Math.max(0, (instant - from) / (to - from)));
  const bar = (kind: Bar["kind"], state: string, a: number, b: number, attempt: number | null): Bar => ({ kind, state, left: scale(a), width: Math.max(0.002, scale(b) - scale(a)), from: a, to: b, attempt });
  const rows = tasks.map((task): GanttRow => {
    const bars: Bar[] = [];
    let last: number | null = null;
    for (const attempt of task.attempts) {
      if (attempt.started_at === null) {
        continue;
      }
      const begun = at(attempt.started_at);
      const over = attempt.ended_at ? at(attempt.ended_at) : now;
      if (last !== null && begun > last) {
        bars.push(bar("wait", "up_for_retry", last, begun, null));
      }
      bars.push(bar("attempt", attempt.state, begun, Math.max(begun, over), attempt.number));
      last = over;
    }
    const forecast = expected.find((one) => one.task === task.task);
    if (forecast?.ends_at && !task.ended_at) {
      const begin = last ?? (forecast.starts_at ? at(forecast.starts_at) : from);
      if (at(forecast.ends_at) > begin) {
        bars.push(bar("expected", "none", begin, at(forecast.ends_at), null));
      }
    }
    return { key: keyOf(task), task: task.task, map_index: task.map_index, name: task.label ? `${keyOf(task)} ${task.label}` : keyOf(task), state: task.state, bars };
  });
  return { from, to, rows, marks: marksOf(from, to), expectedEnd };
}

/** Four to eight marks at round distances from the start. */
export function marksOf(from: number, to: number): { at: number; left: number; text: string }[] {
  const seconds = (to - from) / 1000;
  const step = steps.find((one) => seconds / one <= 7) ?? Math.ceil(seconds / 7 / 86400) * 86400;
  const marks = [];
  for (let index = 0; index * step <= seconds; index++) {
    const after = index * step;
    marks.push({ at: from + after * 1000, left: after / seconds, text: markText(after, step) });
  }
  return marks;
}

function markText(seconds: number, step: number): string {
  if (seconds === 0) {
    return "0";
  }
  if (step < 60) {
    return `${Number(seconds.toFixed(1))} s`;
  }
  if (step < 3600) {
    return `${Math.round(seconds / 60)} min`;
  }
  return step < 86400 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}
