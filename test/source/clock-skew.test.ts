import { expect, it } from "vitest";
import { SourceError } from "../../lib/core/errors.ts";
import { clockSkew } from "../../lib/source/clock-skew.ts";
import type { SendApiRequest } from "../../lib/source/http.ts";
import { manualClock } from "../harness/clock.ts";

const outgoing = {} as Parameters<SendApiRequest>[0];
const { signal } = new AbortController();

it("is told by answers and by refusals, and is unknown after ten minutes or where the clock has stepped back", async () => {
  const clock = manualClock(1_000_000);
  let answer: () => unknown = () => ({ clockSkewMs: null });
  const { send, skewMs } = clockSkew(async () => answer() as Awaited<ReturnType<SendApiRequest>>, clock);
  expect(skewMs()).toBeNull();
  await send(outgoing, { signal });
  expect(skewMs()).toBe(0);
  answer = () => {
    throw new SourceError("unauthorized", "refused", { clockSkewMs: -5_000 });
  };
  await expect(send(outgoing, { signal })).rejects.toThrow("refused");
  expect(skewMs()).toBe(-5_000);
  clock.set(clock.now() - 1);
  expect(skewMs()).toBeNull();
  clock.set(clock.now() + 600_001);
  expect(skewMs()).toBeNull();
});
