import { describe, expect, it } from "vitest";
import { manualClock, scaledClock } from "../harness/clock.ts";

const { signal } = new AbortController();

describe("the manual clock", () => {
  it("stands still until it is moved", () => {
    const clock = manualClock(1_000);
    expect(clock.now()).toBe(1_000);
    clock.advance(250);
    expect(clock.now()).toBe(1_250);
  });

  it("wakes sleepers in the order they are due, each at its own instant", async () => {
    const clock = manualClock(0);
    const woken: [string, number][] = [];
    const sleep = async (name: string, ms: number) => {
      await clock.sleep(ms, signal);
      woken.push([name, clock.now()]);
    };
    const all = [sleep("late", 300), sleep("early", 100), sleep("beyond", 1_000)];
    await clock.advance(500);
    expect(woken).toEqual([
      ["early", 100],
      ["late", 300],
    ]);
    await clock.advance(500);
    await Promise.all(all);
    expect(woken.at(-1)).toEqual(["beyond", 1_000]);
  });

  it("wakes one that fell asleep again within the same move", async () => {
    const clock = manualClock(0);
    const ticks: number[] = [];
    const ticking = (async () => {
      while (ticks.length < 3) {
        await clock.sleep(100, signal);
        ticks.push(clock.now());
      }
    })();
    await clock.advance(1_000);
    await ticking;
    expect(ticks).toEqual([100, 200, 300]);
    expect(clock.now()).toBe(1_000);
  });

  it("ends a sleep when its signal aborts, before or during it", async () => {
    const clock = manualClock(0);
    const stop = new AbortController();
    const sleeping = clock.sleep(1_000, stop.signal);
    stop.abort();
    await sleeping;
    await clock.sleep(1_000, stop.signal);
    expect(clock.now()).toBe(0);
  });

  it("lets sleepers sleep on when the wall clock is set", async () => {
    const clock = manualClock(4_000);
    await clock.advance(1_000);
    const woken: number[] = [];
    const sleeping = clock.sleep(1_000, signal).then(() => woken.push(clock.now()));
    clock.set(2_000);
    expect(clock.now()).toBe(2_000);
    await clock.advance(999);
    expect(woken).toEqual([]);
    await clock.advance(1);
    await sleeping;
    expect(woken).toEqual([3_000]);
  });
});

describe("a scaled clock", () => {
  it("passes its time faster from the same present", async () => {
    const real = manualClock(1_000);
    const clock = scaledClock(real, 60);
    expect(clock.now()).toBe(1_000);
    const sleeping = clock.sleep(60_000, signal);
    await real.advance(1_000);
    await sleeping;
    expect(clock.now()).toBe(61_000);
  });
});
