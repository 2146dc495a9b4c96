import { cli } from "./commands";

/** How the dates of a backfill are named. */
export type Way = "range" | "last" | "watermark" | "named";

/** Which of the dates run. */
export type Which = "all" | "missing" | "failed" | "stale";

export const ways: readonly { value: Way; text: string; when: string }[] = [
  { value: "range", text: "A range", when: "Every date from one to another: when the logic has changed and all history must show it." },
  { value: "last", text: "The latest", when: "The latest dates that are over: when something has been wrong for some days." },
  { value: "watermark", text: "Since the watermark", when: "What came since the last date that is done: when a pipeline was paused, or its source was late." },
  { value: "named", text: "Named ones", when: "Dates or partitions one by one, A..B for all from A to B: when most of the history is right." },
];

export const whichOnes: readonly { value: Which; text: string }[] = [
  { value: "all", text: "all of these" },
  { value: "missing", text: "those without a success" },
  { value: "failed", text: "those whose latest run failed" },
  { value: "stale", text: "those made by another version" },
];

/** What stands in the form. */
export interface Wish {
  way: Way;
  from: string;
  to: string;
  last: string;
  named: string;
  which: Which;
  reverse: boolean;
  maxActive: string;
  every: string;
  only: string[];
  downstream: boolean;
  replace: boolean;
  reason: string;
}

export const firstWish: Wish = { way: "range", from: "", to: "", last: "7d", named: "", which: "all", reverse: false, maxActive: "4", every: "", only: [], downstream: false, replace: false, reason: "" };

export interface Asked {
  /** The body of the call; null when the form says too little or something wrong. */
  body: Record<string, unknown> | null;
  /** What is wrong, to be shown. */
  problem: string | null;
  command: string;
}

/** The form as a call and as a command. The server checks it once more; what is caught here is caught while it is typed. */
export function asked(pipeline: string, wish: Wish): Asked {
  const names = wish.named.split(/[\s,]+/).filter(Boolean);
  const areDates = names.length > 0 && names.every((name) => /^\d{4}-\d\d-\d\d$/.test(name));
  const dates: Record<string, unknown> =
    wish.way === "range" ? { from: wish.from, to: wish.to } : wish.way === "last" ? { last: wish.last.trim() } : wish.way === "watermark" ? { since_watermark: true, ...(wish.from ? { from: wish.from } : {}) } : areDates ? { dates: names } : { partitions: names };
  const command = cli("backfill", [pipeline], {
    ...(wish.way === "range" || wish.way === "watermark" ? { from: wish.from } : {}),
    ...(wish.way === "range" ? { to: wish.to } : {}),
    ...(wish.way === "last" ? { last: wish.last.trim() } : {}),
    ...(wish.way === "watermark" ? { "since-watermark": true } : {}),
    ...(wish.way === "named" ? { [areDates ? "dates" : "partitions"]: names.join(",") } : {}),
    [wish.which]: wish.which !== "all",
    reverse: wish.reverse,
    "max-active": wish.maxActive === "4" ? null : wish.maxActive,
    every: wish.every.trim(),
    downstream: wish.downstream,
    replace: wish.replace,
    reason: wish.reason,
  });
  const only = wish.only.map((task) => ` ${cli("", [task]).replace("signalbox  ", "--only ")}`).join("");
  const problem = problemOf(wish, names);
  const isEnough = wish.way === "range" ? wish.from !== "" && wish.to !== "" : wish.way === "last" ? wish.last.trim() !== "" : wish.way === "named" ? names.length > 0 : true;
  const body = {
    ...dates,
    which: wish.which,
    reverse: wish.reverse,
    max_active: Number(wish.maxActive),
    ...(wish.every.trim() ? { every: wish.every.trim() } : {}),
    ...(wish.only.length > 0 ? { only_tasks: wish.only } : {}),
    downstream: wish.downstream,
    replace: wish.replace,
    reason: wish.reason.trim() || "asked for on the page",
  };
  return { body: problem === null && isEnough ? body : null, problem, command: command + only };
}

function problemOf(wish: Wish, names: readonly string[]): string | null {
  if (wish.way === "range" && wish.from && wish.to && wish.from > wish.to) {
    return `The first date, ${wish.from}, is after the last, ${wish.to}.`;
  }
  if (wish.way === "last" && wish.last.trim() && !/^[1-9]\d*d?$/.test(wish.last.trim())) {
    return `“${wish.last.trim()}” is no number of days or dates: write 7d for seven days, 7 for seven dates of the schedule.`;
  }
  if (wish.way === "named" && wish.named.trim() && names.length === 0) {
    return "No date and no partition is named.";
  }
  if (wish.way === "watermark" && wish.which === "failed") {
    return "The watermark moves over what is wholly done: name the dates to run only those that failed.";
  }
  if (wish.way === "watermark" && wish.only.length > 0) {
    return "The watermark moves over what is wholly done: name the dates to run only some tasks.";
  }
  if (!/^\d+$/.test(wish.maxActive.trim()) || Number(wish.maxActive) < 1 || Number(wish.maxActive) > 10_000) {
    return "At one time are 1 to 10,000 runs.";
  }
  return null;
}

/** Lines with the same reason as one, in the order in which the reasons come. */
export function byReason(lines: readonly { partition: string; reason: string }[]): { reason: string; partitions: string[] }[] {
  const found = new Map<string, string[]>();
  for (const line of lines) {
    found.set(line.reason, [...(found.get(line.reason) ?? []), line.partition]);
  }
  return [...found].map(([reason, partitions]) => ({ reason, partitions }));
}
