import { expect, it } from "vitest";
import { clockSkew } from "../../lib/source/clock-skew.ts";
import { manualClock } from "../harness/clock.ts";

it("is the last one noted, and is unknown after ten minutes or where the clock has stepped back", () => {
  const clock = manualClock(1_000_000);
  const { note, skewMs } = clockSkew(clock);
  expect(skewMs()).toBeNull();
  note(0);
  expect(skewMs()).toBe(0);
  note(-5_000);
  expect(skewMs()).toBe(-5_000);
  clock.set(clock.now() - 1);
  expect(skewMs()).toBeNull();
  clock.set(clock.now() + 600_001);
  expect(skewMs()).toBeNull();
});
