import { describe, expect, it } from "vitest";
import { roundedPath } from "./path";

describe("the path of an edge", () => {
  it("is a line between two points, and nothing without any", () => {
    expect(roundedPath([], 9)).toBe("");
    expect(roundedPath([{ x: 0, y: 0 }, { x: 30, y: 0 }], 9)).toBe("M0 0L30 0");
  });

  it("rounds a corner, by no more than half of its shorter leg", () => {
    const corner = (leg: number) => [
      { x: 0, y: 0 },
      { x: 40, y: 0 },
      { x: 40, y: leg },
    ];
    expect(roundedPath(corner(40), 9)).toBe("M0 0L31 0Q40 0 40 9L40 40");
    expect(roundedPath(corner(6), 9)).toBe("M0 0L37 0Q40 0 40 3L40 6");
  });
});
