import { describe, expect, it } from "vitest";
import { openMs, owingMs } from "../../lib/checkpoint/activity.ts";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { streamKey } from "../../lib/core/names.ts";
import { trackBusy } from "../../lib/stores/busy-records.ts";
import { memoryStores } from "../../lib/stores/memory.ts";
import { entry, key, stream } from "../checkpoint/sample.ts";
import { checkpointStoreContract } from "../contract/checkpoint-store.ts";
import { manualClock } from "../harness/clock.ts";

const other = streamKey({ ...stream, instanceId: "i2" });
const minuteMs = 60_000;
const quiet = begin("all", 0, 0);
const owing: Checkpoint = { ...quiet, outbox: [entry(1, "t1")] };

checkpointStoreContract("tracked", async () => {
  const clock = manualClock(0);
  return trackBusy(memoryStores(clock), clock).checkpoints;
});

function opened() {
  const clock = manualClock(10 * minuteMs);
  const stores = memoryStores(clock);
  let asked = 0;
  let lagging: ReadonlyMap<typeof key, number> | null = null;
  const activity = {
    activeSince: async (ms: number) => {
      asked += 1;
      return lagging ?? stores.activity.activeSince(ms);
    },
  };
  const { checkpoints, busy } = trackBusy({ ...stores, activity }, clock);
  return {
    clock,
    stores,
    checkpoints,
    asked: () => asked,
    busy: async () => Object.fromEntries(await busy()),
    lag: (records: ReadonlyMap<typeof key, number>) => {
      lagging = records;
    },
  };
}

describe("the busy records of a process", () => {
  it("are asked for again when the clock steps back", async () => {
    const { clock, busy, asked } = opened();
    await busy();
    clock.set(minuteMs);
    await busy();
    expect(asked()).toBe(2);
  });

  it("are asked for once in five minutes, and follow its own commits without a question", async () => {
    const { clock, checkpoints, busy, asked } = opened();
    expect(await busy()).toEqual({});
    const committed = await checkpoints.commit(key, owing, null);
    expect(await busy()).toEqual({ [key]: owingMs });
    if (committed.kind === "committed") await checkpoints.commit(key, quiet, committed.version);
    expect(await busy()).toEqual({});
    await clock.advance(5 * minuteMs - 1);
    await busy();
    expect(asked()).toBe(1);
    await clock.advance(1);
    await busy();
    expect(asked()).toBe(2);
  });

  it("show another process's commits at the next question", async () => {
    const { clock, stores, busy } = opened();
    await busy();
    await stores.checkpoints.commit(other, owing, null);
    expect(await busy()).toEqual({});
    await clock.advance(5 * minuteMs);
    expect(await busy()).toEqual({ [other]: owingMs });
  });

  it("believe a commit of the last minute more than an index that lags behind, and an older one less", async () => {
    const { clock, checkpoints, busy, lag } = opened();
    await checkpoints.commit(key, owing, null);
    lag(new Map());
    await clock.advance(minuteMs);
    expect(await busy()).toEqual({ [key]: owingMs });
    lag(new Map([[key, openMs]]));
    await clock.advance(5 * minuteMs);
    expect(await busy()).toEqual({ [key]: openMs });
  });

  it("lose a record that is reset, and keep none of a commit that lost its race", async () => {
    const { checkpoints, busy } = opened();
    await checkpoints.commit(key, owing, null);
    await checkpoints.commit(other, quiet, null);
    await checkpoints.commit(other, owing, null);
    expect(await busy()).toEqual({ [key]: owingMs });
    await checkpoints.reset(key);
    expect(await busy()).toEqual({});
  });
});
