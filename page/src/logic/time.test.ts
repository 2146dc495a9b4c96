import { describe, expect, it } from "vitest";
import { clockText, countdownText, dayText, distanceText, durationText, instantText, spanSeconds, zoneOf } from "./time";

describe("time", () => {
  it("S51: shows one instant on the clock of any zone, and names the zone", () => {
    const at = "2026-03-29T00:30:00Z";
    expect(instantText(at, "UTC")).toBe("2026-03-29 00:30");
    expect(instantText(at, "Europe/Berlin")).toBe("2026-03-29 01:30");
    expect(instantText("2026-03-29T01:30:00Z", "Europe/Berlin")).toBe("2026-03-29 03:30");
    expect(dayText("2026-01-01T02:00:00Z", "America/New_York")).toBe("2025-12-31");
    expect(clockText("2026-01-01T00:00:05Z", "UTC", true)).toBe("00:00:05");
    expect(zoneOf("utc")).toBe("UTC");
    expect(zoneOf("local")).not.toBe("");
  });

  it("writes durations in at most two units", () => {
    expect([0.04, 4.25, 42, 60, 64, 725, 3600, 11100, 90000, 172800].map(durationText)).toEqual(["40 ms", "4.3 s", "42 s", "1 min", "1 min 04 s", "12 min", "1 h", "3 h 05 min", "1 d 1 h", "2 d"]);
    expect(durationText(Number.NaN)).toBe("–");
  });

  it("S43: counts down to the next attempt and stops at nought", () => {
    const now = Date.parse("2026-01-01T00:00:00Z");
    expect(countdownText("2026-01-01T00:05:00Z", now)).toBe("5:00");
    expect(countdownText("2026-01-01T00:00:00.200Z", now)).toBe("0:01");
    expect(countdownText("2026-01-01T01:01:01Z", now)).toBe("1:01:01");
    expect(countdownText("2025-12-31T23:59:00Z", now)).toBe("0:00");
  });

  it("says how far away an instant is, before and after", () => {
    const now = Date.parse("2026-01-01T00:00:00Z");
    expect(distanceText("2026-01-01T00:03:00Z", now)).toBe("in 3 min");
    expect(distanceText("2025-12-31T23:00:00Z", now)).toBe("1 h ago");
    expect(distanceText("2026-01-01T00:00:01Z", now)).toBe("now");
  });

  it("measures up to the present when there is no end", () => {
    expect(spanSeconds(null, null, 0)).toBeNull();
    expect(spanSeconds("1970-01-01T00:00:00Z", null, 5000)).toBe(5);
    expect(spanSeconds("1970-01-01T00:00:01Z", "1970-01-01T00:00:03Z", 9000)).toBe(2);
  });
});
