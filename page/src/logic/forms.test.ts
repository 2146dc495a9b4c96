import { describe, expect, it } from "vitest";
import { cli, curl, quoted } from "./commands";
import { contextOf, diffOf } from "./diff";
import { readParams, textOfDefault } from "./params";

describe("commands to copy", () => {
  it("quotes what a shell would take apart", () => {
    expect(cli("rerun", [12], { from: "features", reason: "mended it's query" })).toBe(`signalbox rerun 12 --from features --reason 'mended it'\\''s query'`);
    expect(cli("rerun", [12], { "from-failed": true, reason: "" })).toBe("signalbox rerun 12 --from-failed");
    expect(quoted("train[3]")).toBe("'train[3]'");
  });

  it("keeps the token out of the text", () => {
    expect(curl("http://h", "POST", "/api/runs/1/cancel", { reason: "x" })).toBe(`curl -sS -X POST -H "Authorization: Bearer $SIGNALBOX_TOKEN" -H 'Content-Type: application/json' -d '{"reason":"x"}' http://h/api/runs/1/cancel`);
    expect(curl("http://h", "GET", "/api/home")).not.toContain("-X");
  });
});

describe("the trigger form", () => {
  const schema = {
    type: "object",
    properties: { rows: { type: "integer", default: 10, minimum: 0, maximum: 20 }, city: { type: "string", enum: ["Bern", "Rome"], default: "Bern" }, list: { type: "array", default: ["a"] }, must: { type: "number" }, any: {} },
    required: ["must"],
  };

  it("sends what differs from the defaults alone", () => {
    expect(readParams(schema, { must: "1.5" })).toEqual({ params: { must: 1.5 }, problems: {} });
    expect(readParams(schema, { must: "1", rows: "12", city: "Rome", list: '["a","b"]', any: "text" }).params).toEqual({ must: 1, rows: 12, city: "Rome", list: ["a", "b"], any: "text" });
  });

  it("says what is wrong with a field, by its name", () => {
    const { problems } = readParams(schema, { rows: "1.5", city: "Oslo", list: "[", must: "" });
    expect(problems.rows).toBe("rows is a whole number");
    expect(problems.city).toBe("city is one of Bern, Rome");
    expect(problems.list).toContain("list is JSON");
    expect(problems.must).toBe("must has no default: give a value");
    expect(readParams(schema, { must: "1", rows: "21" }).problems.rows).toBe("rows is at most 20");
  });

  it("shows defaults as text", () => {
    expect([{ default: ["a"] }, { default: "x" }, { default: 3 }, {}].map(textOfDefault)).toEqual(['["a"]', "x", "3", ""]);
  });
});

describe("changes between versions", () => {
  it("finds what was added and removed, and numbers both sides", () => {
    const lines = diffOf("a\nb\nc\n", "a\nx\nc\nd\n");
    expect(lines.map((line) => [line.kind, line.text, line.before, line.after])).toEqual([
      ["same", "a", 1, 1],
      ["removed", "b", 2, null],
      ["added", "x", null, 2],
      ["same", "c", 3, 3],
      ["added", "d", null, 4],
    ]);
  });

  it("gives back both texts, whatever they are", () => {
    const texts = ["", "a", "a\nb", "b\na\nb\na", "x\ny\nz\nx"];
    for (const before of texts) {
      for (const after of texts) {
        const lines = diffOf(before, after);
        expect(lines.filter((line) => line.kind !== "added").map((line) => line.text).join("\n")).toBe(before);
        expect(lines.filter((line) => line.kind !== "removed").map((line) => line.text).join("\n")).toBe(after);
      }
    }
  });

  it("leaves out what is far from any change", () => {
    const before = Array.from({ length: 20 }, (_, index) => `line ${index}`).join("\n");
    const shown = contextOf(diffOf(before, before.replace("line 10", "changed")), 1);
    expect(shown.map((line) => line?.text ?? "…")).toEqual(["…", "line 9", "line 10", "changed", "line 11", "…"]);
  });
});
