import { describe, expect, it } from "vitest";
import { answerCommand, askingTask, formOf, whoText } from "./approvals";
import { readParams } from "./params";

const asked = {
  run: 12,
  task: "publish",
  map_index: -1,
  who: ["alice", "bob"],
  quorum: 2,
  not_author: true,
  author: "carol",
  form: [
    { name: "limit", type: "integer", default: 100, description: "rows at most" },
    { name: "note", type: "string", default: null, description: null },
  ],
  answers: [{ who: "alice", decision: "approved", reason: null, form: {}, at: "2001-01-01T00:00:00Z" }],
};

describe("a question to people", () => {
  it("has a form that is read as parameters are", () => {
    const form = formOf(asked);
    expect(form.required).toEqual(["note"]);
    expect(readParams(form, { note: "looks right" })).toEqual({ params: { note: "looks right" }, problems: {} });
    expect(readParams(form, { limit: "many", note: "x" }).problems).toEqual({ limit: "limit is a whole number" });
    expect(readParams(form, {}).problems).toHaveProperty("note");
  });

  it("says who may answer and how many have", () => {
    expect(whoText(asked)).toBe("May answer: alice, bob, but not carol, who started the run. 1 of 2 approvals given.");
    expect(whoText({ ...asked, who: [], quorum: 1, not_author: false })).toBe("May answer: anybody.");
  });

  it("is answered by a command, too", () => {
    expect(answerCommand(asked, true, "numbers look right", { limit: 5 })).toBe("signalbox approvals approve 12 publish --reason 'numbers look right' --field limit=5");
    expect(answerCommand({ ...asked, map_index: 3 }, false, "too few", {})).toBe("signalbox approvals reject 12 'publish[3]' --reason 'too few'");
    expect(askingTask({ task: "a", map_index: 0 })).toBe("a[0]");
  });
});
