import { expect, it } from "vitest";
import { openDiscovery } from "../../lib/source/discovery.ts";
import type { DmsSource } from "../../lib/source/dms.ts";
import { manualClock } from "../simulator/clock.ts";
import { sourceConfig } from "./loopback.ts";

it.each([
  ["is believed for five minutes", 299_999, 1],
  ["is asked for again after five minutes", 300_000, 2],
  ["is asked for again when the clock has stepped back", -1, 2],
])("a list of instances %s", async (_name, stepMs, expected) => {
  const clock = manualClock(1_000_000);
  let asked = 0;
  const source = {
    instances: async () => {
      asked += 1;
      return { instances: [], isWhole: true };
    },
  } as unknown as DmsSource;
  const discovery = openDiscovery(sourceConfig("http://127.0.0.1:1", { instances: "all" }), source, clock);
  const { signal } = new AbortController();
  await discovery.list(signal);
  clock.set(1_000_000 + stepMs);
  await discovery.list(signal);
  expect(asked).toBe(expected);
});
