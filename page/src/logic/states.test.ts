import { describe, expect, it } from "vitest";
import { isEnded, signalOf, tally, wordsOf, worst } from "./states";

describe("states", () => {
  it("gives every state of the schema a signal", () => {
    const states = ["none", "scheduled", "queued", "running", "success", "failed", "skipped", "upstream_failed", "blocked", "up_for_retry", "up_for_reschedule", "removed", "submitting", "publishing", "cancelled", "lost", "pending", "paused", "open", "approved", "rejected", "expired"];
    for (const state of states) {
      expect(signalOf(state), state).toBe(state === "none" ? "none" : signalOf(state));
      expect(state === "none" || signalOf(state) !== "none", state).toBe(true);
    }
  });

  it("shows the worst of many", () => {
    expect(worst(["success", "running", "failed"])).toBe("failed");
    expect(worst(["success", "success"])).toBe("success");
    expect(worst(["success", "blocked"])).toBe("blocked");
    expect(worst([])).toBe("none");
  });

  it("counts states, the worst first", () => {
    expect(tally(["success", "failed", "success"])).toEqual([
      { state: "failed", count: 1 },
      { state: "success", count: 2 },
    ]);
  });

  it("writes states as words and knows which are ends", () => {
    expect(wordsOf("up_for_retry")).toBe("up for retry");
    expect(isEnded("up_for_retry")).toBe(false);
    expect(isEnded("upstream_failed")).toBe(true);
  });
});
