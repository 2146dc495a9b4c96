import { describe, expect, it } from "vitest";
import type { Task } from "../api/types";
import { ganttOf, keyOf, marksOf } from "./gantt";

const at = (seconds: number) => new Date(seconds * 1000).toISOString();
const task = (name: string, spans: [number, number | null][], state = "success"): Task => ({
  task: name,
  map_index: -1,
  label: null,
  state,
  reason: null,
  started_at: spans[0] ? at(spans[0][0]) : null,
  ended_at: null,
  attempts: spans.map(([from, to], index) => ({ number: index + 1, state: to === null ? "running" : "success", exit_code: 0, started_at: at(from), ended_at: to === null ? null : at(to), next_delay_seconds: null, cpu_seconds: null, peak_memory_bytes: null, gpus: null, failure: null })),
  checks: [],
});

describe("the Gantt chart", () => {
  it("lays attempts on one axis, with the wait between two of them", () => {
    const chart = ganttOf({ created_at: at(0), started_at: at(0), ended_at: at(10) }, [task("extract", [[0, 2], [4, 10]])], undefined, 20_000);
    expect(chart.rows[0]!.bars.map((bar) => [bar.kind, bar.left, bar.width])).toEqual([
      ["attempt", 0, 0.2],
      ["wait", 0.2, 0.2],
      ["attempt", 0.4, 0.6],
    ]);
  });

  it("lets what runs reach up to the present", () => {
    const chart = ganttOf({ created_at: at(0), started_at: at(0), ended_at: null }, [task("load", [[0, null]], "running")], undefined, 5000);
    expect(chart.to).toBe(5000);
    expect(chart.rows[0]!.bars[0]!.width).toBe(1);
  });

  it("S66: shows what is expected of a task that has not begun, and where the run is expected to end", () => {
    const outlook = { graph: [], results: [], retries_at: [], deadlines: [], expected_end: at(20), expected: [{ task: "load", starts_at: at(10), ends_at: at(20), critical: true }] };
    const chart = ganttOf({ created_at: at(0), started_at: at(0), ended_at: null }, [task("extract", [[0, 5]]), task("load", [], "none")], outlook, 5000);
    expect(chart.expectedEnd).toBe(20_000);
    expect(chart.rows[1]!.bars).toEqual([{ kind: "expected", state: "none", left: 0.5, width: 0.5, from: 10_000, to: 20_000, attempt: null }]);
  });

  it("marks round distances", () => {
    expect(marksOf(0, 10_000).map((mark) => mark.text)).toEqual(["0", "2 s", "4 s", "6 s", "8 s", "10 s"]);
    expect(marksOf(0, 3_600_000).map((mark) => mark.text)).toEqual(["0", "10 min", "20 min", "30 min", "40 min", "50 min", "60 min"]);
  });

  it("names instances as the command line does", () => {
    expect(keyOf({ task: "train", map_index: 2 })).toBe("train[2]");
    expect(keyOf({ task: "load", map_index: -1 })).toBe("load");
  });
});
