import { describe, expect, it } from "vitest";
import type { GridRun } from "../api/types";
import { cellText, cellsOf, columnsOf, filterOf, linesOf } from "./grid";

const run = (number: number, tasks: string[]): GridRun => ({
  number,
  run_id: `r${number}`,
  pipeline: "daily",
  version: "v",
  logical_date: "2001-01-01T00:00:00Z",
  partition: "2001-01-01",
  trigger: "manual",
  backfill: null,
  state: "success",
  reason: null,
  started_at: null,
  ended_at: null,
  tasks: tasks.map((task) => ({ task, state: "success", attempts: 1, instances: null, started_at: null, ended_at: null })),
});

describe("the runs grid", () => {
  it("S38: reads its filters from the address, and drops what is none", () => {
    expect(filterOf({ pipeline: "daily", state: "failed", trigger: "backfill", tag: "example" })).toEqual({ pipeline: "daily", state: "failed", trigger: "backfill", tag: "example" });
    expect(filterOf({ pipeline: "", state: "broken", trigger: 7, tag: ["a"] })).toEqual({ pipeline: undefined, state: undefined, trigger: undefined, tag: undefined });
    expect(filterOf({ pipeline: 2024 }).pipeline).toBe("2024");
  });

  it("joins pages with each run once", () => {
    const pages = [
      { items: [run(3, ["a"]), run(2, ["a"])], next: "2" },
      { items: [run(2, ["a"]), run(1, ["a"])], next: null },
    ];
    expect(linesOf(pages).map((line) => line.number)).toEqual([3, 2, 1]);
  });

  it("has a column for each task of any version, and a gap where a version lacks it", () => {
    const lines = [run(2, ["extract", "load"]), run(1, ["extract", "old"])];
    const columns = columnsOf(lines);
    expect(columns).toEqual(["extract", "load", "old"]);
    expect(cellsOf(lines[1]!, columns).map((cell) => cell?.task ?? null)).toEqual(["extract", null, "old"]);
  });

  it("says what is out of the ordinary", () => {
    expect(cellText({ task: "train", state: "up_for_retry", attempts: 2, instances: 4, started_at: null, ended_at: null })).toBe("train: up for retry, 4 instances, 2 attempts");
    expect(cellText({ task: "load", state: "success", attempts: 1, instances: null, started_at: null, ended_at: null })).toBe("load: success");
  });
});
