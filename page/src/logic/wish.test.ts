import { describe, expect, it } from "vitest";
import { asked, byReason, firstWish } from "./wish";

describe("a backfill that is asked for", () => {
  it("says nothing until its dates are named", () => {
    expect(asked("daily", firstWish)).toMatchObject({ body: null, problem: null });
    expect(asked("daily", { ...firstWish, from: "2001-01-01" }).body).toBeNull();
  });

  it("is a range with both ends, as a call and as a command", () => {
    const { body, command } = asked("daily", { ...firstWish, from: "2001-01-01", to: "2001-01-07", which: "missing", reverse: true, maxActive: "2", reason: "new logic" });
    expect(body).toEqual({ from: "2001-01-01", to: "2001-01-07", which: "missing", reverse: true, max_active: 2, downstream: false, replace: false, reason: "new logic" });
    expect(command).toBe("signalbox backfill daily --from 2001-01-01 --to 2001-01-07 --missing --reverse --max-active 2 --reason 'new logic'");
  });

  it("names dates as dates and all else as partitions", () => {
    expect(asked("daily", { ...firstWish, way: "named", named: "2001-01-01, 2001-01-05" }).body).toMatchObject({ dates: ["2001-01-01", "2001-01-05"] });
    expect(asked("weekly", { ...firstWish, way: "named", named: "2001-W01..2001-W03" })).toMatchObject({ body: { partitions: ["2001-W01..2001-W03"] }, command: "signalbox backfill weekly --partitions 2001-W01..2001-W03" });
  });

  it("goes on from the watermark, but not with a part of the work", () => {
    expect(asked("daily", { ...firstWish, way: "watermark" })).toMatchObject({ body: { since_watermark: true }, command: "signalbox backfill daily --since-watermark" });
    expect(asked("daily", { ...firstWish, way: "watermark", only: ["load"] })).toMatchObject({ body: null, problem: expect.stringContaining("only some tasks") });
    expect(asked("daily", { ...firstWish, way: "watermark", which: "failed" }).body).toBeNull();
  });

  it("says what is wrong while it is typed", () => {
    expect(asked("daily", { ...firstWish, from: "2001-01-07", to: "2001-01-01" }).problem).toContain("is after the last");
    expect(asked("daily", { ...firstWish, way: "last", last: "a week" }).problem).toContain("7d");
    expect(asked("daily", { ...firstWish, from: "2001-01-01", to: "2001-01-01", maxActive: "0" })).toMatchObject({ body: null, problem: expect.stringContaining("1 to 10,000") });
  });

  it("runs some tasks alone", () => {
    expect(asked("daily", { ...firstWish, from: "2001-01-01", to: "2001-01-02", only: ["load", "sum up"] }).command).toBe("signalbox backfill daily --from 2001-01-01 --to 2001-01-02 --only load --only 'sum up'");
  });

  it("sums up what is left out by its reason", () => {
    const skip = (partition: string, reason: string) => ({ partition, reason });
    expect(byReason([skip("a", "done"), skip("b", "paused"), skip("c", "done")])).toEqual([
      { reason: "done", partitions: ["a", "c"] },
      { reason: "paused", partitions: ["b"] },
    ]);
  });
});
