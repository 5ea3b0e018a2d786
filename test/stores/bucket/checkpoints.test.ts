import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { owingMs } from "../../../lib/checkpoint/activity.ts";
import type { Version } from "../../../lib/checkpoint/store.ts";
import { begin } from "../../../lib/checkpoint/transitions.ts";
import { streamKey } from "../../../lib/core/names.ts";
import { bucketActivity } from "../../../lib/stores/bucket/activity.ts";
import type { Bucket } from "../../../lib/stores/bucket/bucket.ts";
import { bucketCheckpoints } from "../../../lib/stores/bucket/checkpoints.ts";
import { countdown } from "../../../lib/stores/bucket/keys.ts";
import { removeOldProbes } from "../../../lib/stores/bucket/probe.ts";
import { entry, key, stream } from "../../checkpoint/sample.ts";
import { manualClock } from "../../harness/clock.ts";
import { memoryBucket } from "./memory-bucket.ts";

const hourMs = 3_600_000;
const startMs = Date.parse("2026-03-01T00:00:00Z");
const first = begin("all", 1_000, 0);
const owing = { ...first, outbox: [entry(1, "t1")] };
const keyOf = (version: number) => `checkpoints/${key}/${countdown(version)}`;

function opened(change: (bucket: Bucket) => Bucket = (bucket) => bucket) {
  const clock = manualClock(startMs);
  const { bucket, objects } = memoryBucket(clock);
  const storeOn = (changed: Bucket) => bucketCheckpoints({ bucket: changed, clock, newId: randomUUID });
  const store = storeOn(change(bucket));
  const commits = async (from: number, count: number) => {
    for (let version = from; version < from + count; version++)
      await store.commit(
        key,
        { ...first, watermarkMs: version },
        version === 0 ? null : (version as Version),
      );
  };
  const versions = () => [...objects.keys()].filter((each) => each.startsWith("checkpoints/")).length;
  return { clock, bucket, objects, storeOn, store, commits, versions };
}

describe("the versions of a record in a bucket", () => {
  it("are all kept for a day after they were followed, and after that the last twenty and the first", async () => {
    const { clock, store, commits, versions, objects } = opened();
    await commits(0, 45);
    await clock.advance(24 * hourMs);
    await commits(45, 15);
    expect(versions()).toBe(60);
    await clock.advance(1);
    await commits(60, 10);
    await store.close();
    // The 45th was followed a day later, and so was not old yet when the 70th looked.
    expect(versions()).toBe(1 + (70 - 44));
    expect(objects.has(keyOf(1))).toBe(true);
    expect(objects.has(keyOf(44))).toBe(false);
    expect((await store.load(key))?.version).toBe(70);
  });

  it("refuse a writer that slept until the version it had was removed", async () => {
    const { clock, store, commits } = opened();
    await commits(0, 5);
    await clock.advance(25 * hourMs);
    await commits(5, 45);
    await clock.advance(25 * hourMs);
    await commits(50, 10);
    await store.close();
    expect(await store.commit(key, owing, 5 as Version)).toEqual({ kind: "conflict" });
    expect(await store.commit(key, owing, null)).toEqual({ kind: "conflict" });
    expect((await store.load(key))?.checkpoint.watermarkMs).toBe(59);
  });

  it("refuse a writer that slept in the middle of its commit, after its place was free again", async () => {
    const { clock, bucket, store, storeOn, commits } = opened();
    await commits(0, 5);
    const woken = Promise.withResolvers<void>();
    const late = storeOn({
      ...bucket,
      create: async (at, text) => {
        if (at === keyOf(6)) await woken.promise;
        return bucket.create(at, text);
      },
    }).commit(key, owing, 5 as Version);
    await clock.advance(0);
    await commits(5, 45);
    await clock.advance(25 * hourMs);
    await commits(50, 10);
    await store.close();
    woken.resolve();
    expect(await late).toEqual({ kind: "conflict" });
    expect((await store.load(key))?.checkpoint.watermarkMs).toBe(59);
  });

  it("tell a commit that was followed at once from one that came too late", async () => {
    const { bucket, store, storeOn } = opened();
    const followed = storeOn({
      ...bucket,
      create: async (at, text) => {
        const isNew = await bucket.create(at, text);
        if (at === keyOf(1)) await store.commit(key, owing, 1 as Version);
        return isNew;
      },
    });
    expect(await followed.commit(key, first, null)).toEqual({ kind: "committed", version: 1 });
    expect((await store.load(key))?.version).toBe(2);
  });

  it("are all gone after a reset, the damaged ones too, and their markers with them", async () => {
    const { store, commits, objects } = opened();
    await commits(0, 3);
    await store.commit(key, owing, 3 as Version);
    objects.set(keyOf(4), { text: "{}", modifiedMs: startMs });
    await expect(store.load(key)).rejects.toMatchObject({
      reason: "corrupt",
      message: expect.stringMatching(/i1, version 4: .*damaged/),
    });
    await store.reset(key);
    expect([...objects.keys()]).toEqual([]);
    expect(await store.load(key)).toBeNull();
  });

  it("are refused where they were copied from another stream, which goes on", async () => {
    const { store, commits, objects } = opened();
    const other = streamKey({ ...stream, instanceId: "i2" });
    await commits(0, 1);
    await store.commit(other, first, null);
    const copied = objects.get(keyOf(1).replace(key, other));
    if (!copied) throw new Error("the other stream has a record");
    objects.set(keyOf(1), copied);
    await expect(store.load(key)).rejects.toMatchObject({
      reason: "corrupt",
      message: `checkpoint ${key}, version 1: the record of another stream: ${other}`,
    });
    expect(await store.load(other)).toMatchObject({ version: 1 });
  });

  it("are not mixed up with what somebody else put among them: that is named", async () => {
    const { store, commits, objects } = opened();
    await commits(0, 1);
    objects.set(`checkpoints/${key}/0-notes.txt`, { text: "", modifiedMs: startMs });
    await expect(store.load(key)).rejects.toThrow(/0-notes.txt that is no version/);
  });
});

describe("the markers of busy streams", () => {
  it("that a crash left behind are removed a day later, and never the one that counts", async () => {
    const { clock, store, bucket, objects, commits } = opened();
    const markers = () => [...objects.keys()].filter((each) => each.startsWith("activity/"));
    await commits(0, 8);
    await store.commit(key, owing, 8 as Version);
    const [counts = ""] = markers();
    const left = counts.replace(/[^/]*$/, "left");
    await bucket.put(left, "");
    await clock.advance(25 * hourMs);
    await store.commit(key, owing, 9 as Version);
    await store.close();
    expect(markers()).toEqual([counts]);
    expect([...(await bucketActivity(bucket).activeSince(0)).keys()]).toEqual([key]);
  });
});

describe("the cleaning of a writer that slept in its commit", () => {
  it("removes no marker that was written meanwhile", async () => {
    const { clock, bucket, objects, store, storeOn, commits } = opened();
    await commits(0, 9);
    const [created, woken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const sleeper = storeOn({
      ...bucket,
      create: async (at, text) => {
        const isNew = await bucket.create(at, text);
        if (at !== keyOf(10)) return isNew;
        created.resolve();
        await woken.promise;
        return isNew;
      },
    });
    const late = sleeper.commit(key, owing, 9 as Version);
    await created.promise;
    await clock.advance(hourMs);
    await store.commit(key, first, 10 as Version);
    await store.commit(key, owing, 11 as Version);
    const busy = () =>
      [...objects.keys()].filter((each) => each.startsWith(`activity/${countdown(owingMs)}/`));
    const marked = busy();
    expect(marked).toHaveLength(1);
    await clock.advance(50 * hourMs);
    woken.resolve();
    expect(await late).toEqual({ kind: "committed", version: 10 });
    await sleeper.close();
    expect(busy()).toEqual(marked);
    expect([...(await bucketActivity(bucket).activeSince(0)).keys()]).toEqual([key]);
  });
});

describe("the probe of a store", () => {
  it("refuses one that creates over what is there, by name, before anything is written", async () => {
    const { store, objects } = opened((bucket) => ({
      ...bucket,
      create: async (at, text) => {
        await bucket.put(at, text);
        return true;
      },
    }));
    await expect(store.commit(key, owing, null)).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringMatching(/^bucket in memory: the store ignores conditional writes/),
    });
    expect([...objects.keys()]).toEqual([]);
  });

  it("is removed later where it was killed, and not while it may be under way", async () => {
    const { bucket, objects } = opened();
    objects.set("probe/killed", { text: "killed", modifiedMs: startMs - hourMs - 1 });
    objects.set("probe/young", { text: "young", modifiedMs: startMs - hourMs });
    await removeOldProbes(bucket, startMs);
    expect([...objects.keys()]).toEqual(["probe/young"]);
  });

  it("is made again after a failure that says nothing of the store", async () => {
    let failures = 1;
    const { store } = opened((bucket) => ({
      ...bucket,
      create: async (at, text) => {
        if (failures-- > 0) throw new Error("down");
        return bucket.create(at, text);
      },
    }));
    await expect(store.commit(key, first, null)).rejects.toThrow("down");
    expect((await store.commit(key, first, null)).kind).toBe("committed");
  });
});
