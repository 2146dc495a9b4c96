import { signalOf } from "./states";

/** Shares of a progress line: what is over first, then what runs, then what waits. */
export interface Share {
  state: string;
  count: number;
  share: number;
}

const order = ["success", "skipped", "failed", "cancelled", "running", "pending"];

export function sharesOf(states: Record<string, number>): Share[] {
  const all = Object.values(states).reduce((sum, count) => sum + count, 0);
  return Object.entries(states)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => ({ state, count, share: count / all }))
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
}

/** How many dates are in which state. */
export function statesOf(runs: readonly { state: string }[]): Record<string, number> {
  const states: Record<string, number> = {};
  for (const run of runs) {
    states[run.state] = (states[run.state] ?? 0) + 1;
  }
  return states;
}

/** `5 of 7 dates are over`. */
export function progressText(states: Record<string, number>): string {
  const all = Object.values(states).reduce((sum, count) => sum + count, 0);
  const over = Object.entries(states)
    .filter(([state]) => ["success", "failed", "skipped"].includes(signalOf(state)))
    .reduce((sum, [, count]) => sum + count, 0);
  return over === all ? `all ${all} dates are over` : `${over} of ${all} dates are over`;
}
