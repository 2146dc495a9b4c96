/** The signal that stands for a state: runs, tasks, attempts, backfills and checks share them. */
export type Signal = "success" | "failed" | "running" | "retry" | "blocked" | "waiting" | "skipped" | "none";

const signals: Record<string, Signal> = {
  success: "success",
  published: "success",
  approved: "success",
  passed: "success",
  failed: "failed",
  lost: "failed",
  rejected: "failed",
  expired: "failed",
  upstream_failed: "blocked",
  blocked: "blocked",
  running: "running",
  publishing: "running",
  submitting: "running",
  prepared: "running",
  up_for_retry: "retry",
  up_for_reschedule: "waiting",
  warning: "retry",
  quarantine: "retry",
  paused: "retry",
  late: "retry",
  queued: "waiting",
  scheduled: "waiting",
  pending: "waiting",
  planned: "waiting",
  open: "waiting",
  cancelled: "skipped",
  skipped: "skipped",
  removed: "skipped",
  withdrawn: "skipped",
  none: "none",
};

export function signalOf(state: string): Signal {
  return signals[state] ?? "none";
}

/** A state in words for people: `up_for_retry` is "up for retry". */
export function wordsOf(state: string): string {
  return state.replaceAll("_", " ");
}

export function isEnded(state: string): boolean {
  return ["success", "failed", "cancelled", "skipped", "upstream_failed", "blocked", "removed"].includes(state);
}

/** How bad a state is, the worst first: what a summary of many shows. */
const badness: Signal[] = ["failed", "blocked", "retry", "running", "waiting", "success", "skipped", "none"];

export function worst(states: readonly string[]): string {
  let found = "none";
  for (const state of states) {
    if (badness.indexOf(signalOf(state)) < badness.indexOf(signalOf(found)) || found === "none") {
      found = state;
    }
  }
  return found;
}

/** How many there are of each state, in the order of `badness`. */
export function tally(states: readonly string[]): { state: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const state of states) {
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return [...counts]
    .map(([state, count]) => ({ state, count }))
    .sort((a, b) => badness.indexOf(signalOf(a.state)) - badness.indexOf(signalOf(b.state)));
}
