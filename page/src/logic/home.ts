import type { Home, Outcome, QuietSchedule } from "../api/types";
import { counted } from "./numbers";
import { signalOf } from "./states";

/** What the big signal of the home page shows, and the sentence beside it. */
export interface Aspect {
  signal: "clear" | "caution" | "stop";
  title: string;
  sentence: string;
}

/** What stands still, or is late already; all else waits. */
const stopping = ["failed", "file", "late", "dead_letter"];

export function aspectOf(home: Home): Aspect {
  const work = workOf(home);
  if (home.health.engine === null && home.running.length > 0) {
    return { signal: "stop", title: "Nothing moves: no server runs", sentence: "Start one with `signalbox serve`; what was under way goes on." };
  }
  const stopped = home.needs.filter((need) => stopping.includes(need.kind)).length;
  if (stopped > 0) {
    return { signal: "stop", title: home.needs.length === 1 ? "One thing needs you" : `${home.needs.length} things need you`, sentence: work };
  }
  if (home.needs.length > 0) {
    return { signal: "caution", title: home.needs.length === 1 ? "One thing waits for you" : `${home.needs.length} things wait for you`, sentence: work };
  }
  return { signal: "clear", title: "All clear", sentence: `Nothing needs you. ${work}` };
}

function workOf(home: Home): string {
  const moving = home.running.length;
  const latest = home.pipelines.flatMap((line) => line.outcomes.filter((outcome) => outcome.ended_at !== null).slice(-1));
  const well = latest.filter((outcome) => signalOf(outcome.state) === "success").length;
  const parts = [moving === 0 ? "No run is under way." : `${counted(moving, "run is", "runs are")} under way.`];
  if (latest.length > 0) {
    parts.push(well === latest.length ? `The latest run of ${latest.length === 1 ? "the pipeline" : "every pipeline"} ended well.` : `The latest run of ${well} of ${counted(latest.length, "pipeline")} ended well.`);
  }
  return parts.join(" ");
}

/** The height of each run's bar, 0.2 to 1, by its duration against the longest of them. */
export function heightsOf(outcomes: readonly Outcome[]): number[] {
  const longest = Math.max(...outcomes.map((outcome) => outcome.seconds ?? 0), 0.001);
  return outcomes.map((outcome) => 0.2 + 0.8 * ((outcome.seconds ?? 0) / longest));
}

/** How far a run has come, 0 to 1, by the clock when its end can be expected, else by its tasks. Never 1 before it is over. */
export function progressOf(run: { started_at: string | null; expected_end: string | null; tasks: readonly { state: string }[] }, now: number): number {
  if (run.started_at && run.expected_end) {
    const [from, to] = [new Date(run.started_at).getTime(), new Date(run.expected_end).getTime()];
    if (to > from) {
      return Math.min(0.98, Math.max(0.02, (now - from) / (to - from)));
    }
  }
  const over = run.tasks.filter((task) => ["success", "skipped", "failed"].includes(signalOf(task.state))).length;
  return run.tasks.length === 0 ? 0.02 : Math.min(0.98, Math.max(0.02, over / run.tasks.length));
}

/** Why a schedule starts nothing soon, after "NAME: the schedule". */
export function quietText(schedule: QuietSchedule, day: (at: string) => string): string {
  switch (schedule.why) {
    case "paused":
      return "is paused";
    case "drained":
      return "is drained: it takes no new runs";
    case "later":
      return `is due on ${schedule.at === null ? "a later day" : day(schedule.at)}`;
    default:
      return schedule.at === null ? "has no time to come" : `ended on ${day(schedule.at)}`;
  }
}
