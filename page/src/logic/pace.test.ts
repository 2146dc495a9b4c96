import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { paced } from "./pace";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** An act that takes so long, with how often it has begun and ended. */
function slow(milliseconds: number) {
  const counts = { begun: 0, ended: 0 };
  const act = async () => {
    counts.begun += 1;
    await new Promise((done) => setTimeout(done, milliseconds));
    counts.ended += 1;
  };
  return { counts, act };
}

test("many wishes at once are one act", async () => {
  const { counts, act } = slow(0);
  const pace = paced(act, 400);
  for (let n = 0; n < 50; n += 1) {
    pace.want();
  }
  await vi.advanceTimersByTimeAsync(399);
  expect(counts.begun).toBe(0);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(counts).toEqual({ begun: 1, ended: 1 });
});

test("an act that takes longer than wishes are apart comes to its end", async () => {
  const { counts, act } = slow(1_000);
  const pace = paced(act, 400);
  for (let n = 0; n < 100; n += 1) {
    pace.want();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(counts.ended).toBeGreaterThanOrEqual(7);
  expect(counts.begun - counts.ended).toBeLessThanOrEqual(1);
});

test("what is wanted during an act is acted on after it, once", async () => {
  const { counts, act } = slow(1_000);
  const pace = paced(act, 400);
  pace.want();
  await vi.advanceTimersByTimeAsync(900);
  pace.want();
  pace.want();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(counts).toEqual({ begun: 2, ended: 2 });
});

test("once stopped it never acts again", async () => {
  const { counts, act } = slow(1_000);
  const pace = paced(act, 400);
  pace.want();
  await vi.advanceTimersByTimeAsync(500);
  pace.want();
  pace.stop();
  pace.want();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(counts).toEqual({ begun: 1, ended: 1 });
});
