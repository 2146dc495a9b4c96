import { describe, expect, it } from "vitest";
import { piecesOf, textOf } from "./ansi";
import { matchesOf, placeOf, rangeOf, windowOf, withEarlier, withLater } from "./log";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("parts of a log", () => {
  it("begins at a line when it begins in the middle", () => {
    expect(windowOf(bytes("ne\ntwo\nthree\n"), 1, 14)).toEqual({ start: 4, end: 14, total: 14, lines: ["two", "three"], tail: "" });
  });

  it("keeps what follows the last line break at the end apart, and leaves it out before the end", () => {
    expect(windowOf(bytes("one\ntw"), 0, 6)).toEqual({ start: 0, end: 4, total: 6, lines: ["one"], tail: "tw" });
    expect(windowOf(bytes("one\ntw"), 0, 9)).toEqual({ start: 0, end: 4, total: 9, lines: ["one"], tail: "" });
  });

  it("goes on where it ended, so that nothing is missed or doubled", () => {
    const whole = "first\nsecond\nthird\nfo";
    const all = bytes(whole);
    const first = windowOf(all.subarray(0, 8), 0, all.length);
    const second = withLater(first, all.subarray(first.end), all.length);
    expect([...second.lines, second.tail]).toEqual(whole.split("\n"));
  });

  it("grows at the front by whole lines", () => {
    const all = bytes("one\ntwo\nthree\n");
    const end = windowOf(all.subarray(6), 6, all.length);
    expect(end.lines).toEqual(["three"]);
    const grown = withEarlier(end, all.subarray(0, end.start));
    expect(grown.window.lines).toEqual(["one", "two", "three"]);
    expect(grown.window.start).toBe(0);
    expect(grown.added).toBe(2);
  });

  it("shows a line longer than a part in pieces", () => {
    expect(windowOf(bytes("aaaa"), 4, 100).lines).toEqual(["aaaa"]);
  });

  it("reads ranges, also the one of an empty log", () => {
    expect(rangeOf("bytes 5-9/200")).toEqual({ from: 5, to: 9, total: 200 });
    expect(rangeOf("bytes */0")).toEqual({ from: 0, to: -1, total: 0 });
    expect(rangeOf(null)).toBeNull();
  });

  it("finds text whatever its case, by its place in the bytes", () => {
    expect(placeOf(bytes("grün ERROR here"), "error")).toBe(6);
    expect(placeOf(bytes("grün"), "rün")).toBe(1);
    expect(placeOf(bytes("nothing"), "error")).toBe(-1);
    expect(matchesOf(["Error", "fine", "an error"], "ERROR")).toEqual([0, 2]);
    expect(matchesOf(["x"], "")).toEqual([]);
  });
});

describe("ANSI", () => {
  it("makes classes of colours and weights and leaves every other sequence out", () => {
    expect(piecesOf("\u001b[1;31mbad\u001b[0m fine\u001b[2K")).toEqual([
      { text: "bad", classes: "ansi-bold ansi-red" },
      { text: " fine", classes: "" },
    ]);
    expect(textOf("\u001b]0;title\u0007x\u001b[38;5;196my\u001b[39mz")).toBe("xyz");
  });

  it("shows of a progress bar what it drew last", () => {
    expect(textOf("10 %\r50 %\r100 %\r")).toBe("100 %");
  });

  it("never makes markup of what a task writes", () => {
    expect(piecesOf("<script>alert(1)</script>")).toEqual([{ text: "<script>alert(1)</script>", classes: "" }]);
  });
});
