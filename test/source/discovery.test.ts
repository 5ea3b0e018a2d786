import { expect, it } from "vitest";
import { openDiscovery } from "../../lib/source/discovery.ts";
import type { DmsSource } from "../../lib/source/dms.ts";
import { manualClock } from "../harness/clock.ts";
import { sourceConfig } from "./loopback.ts";

const { signal } = new AbortController();

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
  await discovery.list(signal);
  clock.set(1_000_000 + stepMs);
  await discovery.list(signal);
  expect(asked).toBe(expected);
});

const hourMs = 3_600_000;

it.each([
  ["created a minute ago", -60_000, -60_000],
  ["created long ago", -hourMs, 0],
  ["created in the future, by the API's clock", 60_000, 0],
  ["of which the API tells no creation", null, 0],
])("the first list has an instance %s as new since %s ms", async (_name, createdMs, expected) => {
  const nowMs = 10 * hourMs;
  const createdAtMs = createdMs === null ? null : nowMs + createdMs;
  const source = {
    instances: async () => ({ instances: [{ id: "a", name: null, createdAtMs }], isWhole: true }),
  } as unknown as DmsSource;
  const config = sourceConfig("http://127.0.0.1:1", { instances: "all" });
  const { streams } = await openDiscovery(config, source, manualClock(nowMs)).list(signal);
  expect(streams).toMatchObject([{ sinceMs: nowMs + expected }]);
});
