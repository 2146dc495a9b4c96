import { describe, expect, it } from "vitest";
import type { DatasetPartition, Home, ModelVersion } from "../api/types";
import { progressText, sharesOf, statesOf } from "./backfill";
import { heatOf } from "./heat";
import { aspectOf, heightsOf, progressOf, quietText } from "./home";
import { around, endsOf } from "./lineage";
import { comparisonOf, pairOf } from "./models";
import { bytesText, metricText } from "./numbers";
import { quantile } from "./quantile";
import { checksOf, checksText, downstreamOf, graphOf, tableOf } from "./run";
import { byDay, windowOf } from "./timetable";

const health = { engine: "this server", database: "SQLite", disk_free_bytes: null, queued: 0, running: 0, waiting: 0, slots: 4 };
const home = (more: Partial<Home>): Home => ({ at: "", needs: [], running: [], next: [], quiet: [], recent: [], pipelines: [], health, ...more });
const need = (kind: string) => ({ kind, pipeline: "p", run: null, task: null, partition: null, message: "", at: null });

describe("home", () => {
  it("is clear when nothing needs anybody, and says stop for what failed", () => {
    expect(aspectOf(home({})).signal).toBe("clear");
    expect(aspectOf(home({ needs: [need("paused")] })).signal).toBe("caution");
    expect(aspectOf(home({ needs: [need("failed"), need("approval")] }))).toMatchObject({ signal: "stop", title: "2 things need you" });
  });

  it("says why a schedule starts nothing soon", () => {
    const said = (why: string, at: string | null) => quietText({ pipeline: "p", why, at }, (instant) => instant.slice(0, 10));
    expect(said("ended", "2001-01-23T00:00:00Z")).toBe("ended on 2001-01-23");
    expect(said("later", "2099-01-02T00:00:00Z")).toBe("is due on 2099-01-02");
    expect(said("paused", null)).toBe("is paused");
  });

  it("never says that a run is over before it is", () => {
    const run = { started_at: "1970-01-01T00:00:00Z", expected_end: "1970-01-01T00:00:10Z", tasks: [] };
    expect(progressOf(run, 5000)).toBe(0.5);
    expect(progressOf(run, 60_000)).toBe(0.98);
  });

  it("draws durations against the longest", () => {
    expect(heightsOf([{ number: 1, state: "success", partition: "", ended_at: null, seconds: 8 }, { number: 2, state: "success", partition: "", ended_at: null, seconds: 0 }])).toEqual([1, 0.2]);
  });
});

describe("a run", () => {
  const graph = ["a", "b", "c"].map((name, index) => ({ name, kind: "run", level: index, needs: index === 0 ? [] : [["a", "b"][index - 1]!], mapped: false, outputs: [] }));
  const task = (name: string, map_index: number, state: string) => ({ task: name, map_index, label: null, state, reason: null, started_at: null, ended_at: null, attempts: [], checks: [] });

  it("sums the instances of a mapped task up by the worst", () => {
    const nodes = graphOf(graph, [task("a", -1, "success"), task("b", 0, "success"), task("b", 1, "failed")]);
    expect(nodes.map((node) => [node.name, node.state, node.note])).toEqual([
      ["a", "success", ""],
      ["b", "failed", "2 instances: 1 failed, 1 success"],
      ["c", "none", ""],
    ]);
  });

  it("knows what comes after a task", () => {
    expect(downstreamOf(graph, "b")).toEqual(["b", "c"]);
  });

  it("counts the checks of the latest attempts and puts failed ones first", () => {
    const check = (attempt: number, passed: boolean) => ({ subject: "raw", name: "unique", kind: "unique", severity: "block", passed, attempt, observed: null, expected: null, message: null, samples: [] });
    const lines = checksOf([{ ...task("a", -1, "success"), checks: [check(2, true), check(1, false)] }]);
    expect(lines[0]).toMatchObject({ passed: false, latest: false });
    expect(checksText(lines)).toBe("1 of 1 passed");
  });

  it("makes tables of results that are rows", () => {
    expect(tableOf([{ a: 1 }, { a: 2, b: 3 }])).toEqual({ columns: ["a", "b"], rows: [[1, undefined], [2, 3]] });
    expect(tableOf({ rows: 7 })).toEqual({ columns: ["name", "value"], rows: [["rows", 7]] });
    expect(tableOf([1, 2])).toBeNull();
    expect(tableOf("text")).toBeNull();
  });
});

describe("datasets", () => {
  const partition = (name: string, rows: number | null): DatasetPartition => ({ partition: name, path: name, kind: "file", version: 1, sha256: null, rows, bytes: null, run: 1, task: "p.t", published_at: null });

  it("lays days out by weeks and shows the gaps between them", () => {
    const heat = heatOf([partition("2001-01-03", 10), partition("2001-01-01", 5), partition("2001-01-08", 1)]);
    expect(heat.isCalendar).toBe(true);
    expect(heat.weeks.length).toBe(2);
    expect(heat.weeks[0]![0]).toMatchObject({ partition: "2001-01-01", rows: 5, level: 2 });
    expect(heat.missing).toBe(5);
    expect(heatOf([partition("2001-W01", null)])).toMatchObject({ isCalendar: false, missing: 0 });
    expect(heatOf([]).cells).toEqual([]);
  });

  it("S120: shows who writes a dataset and who reads it, and what leads there", () => {
    const lineage = {
      nodes: ["task:p.a", "dataset:x", "task:p.b", "dataset:y", "dataset:z"].map((id) => ({ id, kind: (id.startsWith("task") ? "task" : "dataset") as "task" | "dataset", name: id.split(":")[1]!, pipeline: null, partitions: null })),
      edges: [
        { from: "task:p.a", to: "dataset:x" },
        { from: "dataset:x", to: "task:p.b" },
        { from: "task:p.b", to: "dataset:y" },
      ],
    };
    expect(endsOf(lineage, "x")).toEqual({ producers: ["p.a"], consumers: ["p.b"] });
    expect(around(lineage, "y").nodes.map((node) => node.id)).toEqual(["task:p.a", "dataset:x", "task:p.b", "dataset:y"]);
  });
});

describe("the timetable", () => {
  it("S15: takes any window from the address, and today and a week when it names none", () => {
    expect(windowOf({ from: "2027-02-27", days: 3 }, "2026-01-01")).toEqual({ from: "2027-02-27T00:00:00.000Z", to: "2027-03-02T00:00:00.000Z", fromDay: "2027-02-27", days: 3 });
    expect(windowOf({ from: "soon", days: -1 }, "2026-01-01")).toMatchObject({ fromDay: "2026-01-01", days: 7 });
  });

  it("has a section a day", () => {
    const departure = (at: string) => ({ pipeline: "p", at, local: at, time_zone: "UTC", partition: "", expected_seconds: null });
    expect(byDay([departure("2026-01-01T01:00:00Z"), departure("2026-01-01T02:00:00Z"), departure("2026-01-02T01:00:00Z")], (at) => at.slice(0, 10)).map((day) => [day.day, day.departures.length])).toEqual([
      ["2026-01-01", 2],
      ["2026-01-02", 1],
    ]);
  });
});

describe("the rest", () => {
  it("shows how far a backfill is", () => {
    const states = statesOf([{ state: "success" }, { state: "running" }, { state: "success" }, { state: "pending" }]);
    expect(progressText(states)).toBe("2 of 4 dates are over");
    expect(sharesOf(states).map((one) => [one.state, one.share])).toEqual([
      ["success", 0.5],
      ["running", 0.25],
      ["pending", 0.25],
    ]);
  });

  it("sets champion against candidate, metric by metric", () => {
    const version = (number: number, metrics: Record<string, number>) => ({ version: number, metrics }) as ModelVersion;
    expect(comparisonOf(version(1, { auc: 0.5 }), version(2, { auc: 0.75, loss: 1 }))).toEqual([
      { name: "auc", champion: 0.5, candidate: 0.75, difference: 0.25 },
      { name: "loss", champion: null, candidate: 1, difference: null },
    ]);
  });

  it("sets a new champion against the one before it", () => {
    const version = (number: number) => ({ version: number, metrics: {} }) as ModelVersion;
    const model = { aliases: { champion: 2 }, versions: [version(2), version(1)], moves: [{ alias: "champion", from: 1, to: 2, run: 9, who: null, reason: null, at: "" }] };
    expect(pairOf(model)).toMatchObject({ champion: { version: 1 }, candidate: { version: 2 } });
    expect(pairOf({ ...model, versions: [version(3), ...model.versions] })).toMatchObject({ champion: { version: 2 }, candidate: { version: 3 } });
    expect(pairOf(model, 2, 1)).toMatchObject({ champion: { version: 2 }, candidate: { version: 1 } });
    expect(pairOf({ aliases: {}, versions: [], moves: [] })).toEqual({ champion: undefined, candidate: undefined });
  });

  it("interpolates quantiles as PERCENTILE_CONT does", () => {
    expect(quantile([10, 20, 30, 40], 0.95)).toBeCloseTo(38.5);
    expect(quantile([7], 0.5)).toBe(7);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });

  it("writes sizes and metrics as people read them", () => {
    expect([12, 1500, 573399, 2.1e9].map(bytesText)).toEqual(["12 B", "1.5 kB", "573 kB", "2.1 GB"]);
    expect([31203, 0.43241, 1.2e-7].map(metricText)).toEqual(["31,203", "0.43241", "1.20e-7"]);
  });
});
