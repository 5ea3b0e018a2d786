import { describe, expect, it } from "vitest";
import { CachedToken } from "../../lib/net/cached-token.ts";
import { manualClock } from "../harness/clock.ts";

describe("a cached token", () => {
  const opened = () => {
    const clock = manualClock(0);
    const token = new CachedToken<number>(clock);
    let asked = 0;
    const current = (renewInMs = 1_000) =>
      token.current(async () => {
        asked += 1;
        return { value: asked, renewAtMs: clock.now() + renewInMs };
      });
    return { clock, token, current };
  };

  it("is asked for once by all who need it at once, and again after its time", async () => {
    const { clock, current } = opened();
    expect(await Promise.all([current(), current(), current()])).toEqual([1, 1, 1]);
    await clock.advance(999);
    expect(await current()).toBe(1);
    await clock.advance(1);
    expect(await current()).toBe(2);
  });

  it("is asked for again where it is not to be kept, or was refused", async () => {
    const { token, current } = opened();
    expect([await current(Number.NEGATIVE_INFINITY), await current()]).toEqual([1, 2]);
    token.forget((value) => value === 1);
    expect(await current()).toBe(2);
    token.forget();
    expect(await current()).toBe(3);
  });

  it("fails for those who asked together, and is asked for anew by the next", async () => {
    const { token, current } = opened();
    const failing = () => token.current(() => Promise.reject(new Error("none")));
    expect((await Promise.allSettled([failing(), failing()])).map(({ status }) => status)).toEqual([
      "rejected",
      "rejected",
    ]);
    expect(await current()).toBe(1);
  });
});
