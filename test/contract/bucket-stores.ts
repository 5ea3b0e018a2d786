import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { anyClockMs, owingMs } from "../../lib/checkpoint/activity.ts";
import { batchId } from "../../lib/checkpoint/parked.ts";
import type { CheckpointStore, Version } from "../../lib/checkpoint/store.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { type Clock, systemClock } from "../../lib/core/clock.ts";
import { streamKey } from "../../lib/core/names.ts";
import type { Journal } from "../../lib/journal/journal.ts";
import { bucketActivity } from "../../lib/stores/bucket/activity.ts";
import type { Bucket } from "../../lib/stores/bucket/bucket.ts";
import { bucketCheckpoints } from "../../lib/stores/bucket/checkpoints.ts";
import { bucketDeadLetters } from "../../lib/stores/bucket/dead-letters.ts";
import { type BucketOptions, bucketStores, openBucket } from "../../lib/stores/bucket/index.ts";
import { bucketJournalPages } from "../../lib/stores/bucket/journal.ts";
import { bucketParked } from "../../lib/stores/bucket/parked.ts";
import { journalAfter } from "../../lib/stores/journal-after.ts";
import { pagedJournal } from "../../lib/stores/paged-journal.ts";
import { entry, key, stream } from "../checkpoint/sample.ts";
import {
  type FaultyProxy,
  type Operation,
  type ProxyFault,
  startFaultyProxy,
} from "../stores/bucket/faulty-proxy.ts";
import { activityIndexContract } from "./activity-index.ts";
import { checkpointStoreContract } from "./checkpoint-store.ts";
import { deadLetterStoreContract, letter } from "./dead-letter-store.ts";
import { journalContract } from "./journal.ts";
import { parkedDeliveries, parkedStoreContract } from "./parked-store.ts";

/** An object store on loopback with an empty bucket. */
export interface ObjectStore {
  readonly origin: string;
  readonly bucket: string;
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const keepAll = { keepMs: 1e12, maxEvents: 1_000, failed: () => {} };

const first = begin("all", 1_000, 0);
const owing = { ...first, outbox: [entry(1, "t1")] };

/** What the stores in a bucket do on every object store, also when it fails. */
export function bucketStoresContract(
  name: string,
  provider: BucketOptions["provider"],
  start: () => Promise<ObjectStore>,
): void {
  let server: ObjectStore;
  let proxy: FaultyProxy;
  beforeAll(async () => {
    server = await start();
    proxy = await startFaultyProxy(server.origin);
  });
  afterAll(async () => {
    await proxy.close();
    await server.close();
  });

  const place = () => ({
    provider,
    bucket: server.bucket,
    prefix: `a/${randomUUID()}`,
    endpoint: proxy.origin,
  });
  /** Its waits take no time. */
  const deps = () => ({
    environment: server.environment,
    clock: { now: () => Date.now(), sleep: async () => {} },
    random: () => 1,
  });
  const newBucket = (): Bucket => openBucket(place(), deps());
  const storeOn = (bucket: Bucket, clock: Clock = systemClock): CheckpointStore =>
    bucketCheckpoints({ bucket, clock, newId: randomUUID });
  const failing = (operation: Operation, ...faults: readonly ProxyFault[]): void =>
    void proxy.faults.push(...faults.map((fault) => ({ operation, fault })));

  const objectLimit = { bytes: 4_194_304, store: /^\S+.*: checkpoints\// };
  checkpointStoreContract(name, async () => storeOn(newBucket()), objectLimit);
  deadLetterStoreContract(name, async () => bucketDeadLetters(newBucket()));
  parkedStoreContract(name, async () => bucketParked(newBucket()));
  journalContract(name, async (clock) => {
    const bucket = newBucket();
    const { checkpoints, journal } = journalAfter(storeOn(bucket), keepAll, () =>
      pagedJournal(bucketJournalPages(bucket), { clock, newId: randomUUID }),
    );
    return { checkpoints, journal: journal as Journal };
  });
  activityIndexContract(name, async (clock) => {
    const bucket = newBucket();
    return { checkpoints: storeOn(bucket, clock), activity: bucketActivity(bucket) };
  });

  async function opened() {
    const bucket = newBucket();
    const store = storeOn(bucket);
    // The probe is done.
    const warmUp = streamKey({ ...stream, instanceId: "warm-up" });
    await store.commit(warmUp, first, null);
    onTestFinished(async () => {
      proxy.faults.length = 0;
      await store.close();
    });
    proxy.calls.length = 0;
    return { bucket, store };
  }

  describe(`the ${name} checkpoints`, () => {
    it("let one of sixteen racing commits win, with one client each", async () => {
      const { bucket, store } = await opened();
      for (let version = 0; version < 3; version++) {
        const writers = Array.from({ length: 16 }, (_, index) => ({ ...first, watermarkMs: index }));
        const results = await Promise.all(
          writers.map((next) =>
            storeOn(bucket).commit(key, next, version === 0 ? null : (version as Version)),
          ),
        );
        const won = results.flatMap(({ kind }, index) => (kind === "committed" ? [index] : []));
        expect(won).toHaveLength(1);
        expect(await store.load(key)).toMatchObject({
          version: version + 1,
          checkpoint: { watermarkMs: won[0] },
        });
      }
    });

    it("call a commit their own whose answer was lost, also where none ever arrives", async () => {
      const { store } = await opened();
      failing("create", "lose-answer");
      expect(await store.commit(key, first, null)).toEqual({ kind: "committed", version: 1 });
      failing("create", "lose-answer", "lose-answer", "lose-answer", "lose-answer");
      const next = { ...first, watermarkMs: 7 };
      expect(await store.commit(key, next, 1 as Version)).toEqual({ kind: "committed", version: 2 });
      expect((await store.load(key))?.checkpoint.watermarkMs).toBe(7);
    });

    it("call it a conflict where another's commit came while the answers were lost", async () => {
      const { bucket, store } = await opened();
      failing("create", "lose-request");
      const [mine, theirs] = await Promise.all([
        store.commit(key, first, null),
        storeOn(bucket).commit(key, { ...first, watermarkMs: 7 }, null),
      ]);
      expect([mine.kind, theirs.kind].sort()).toEqual(["committed", "conflict"]);
      expect((await store.load(key))?.checkpoint.watermarkMs).toBe(
        mine.kind === "committed" ? first.watermarkMs : 7,
      );
    });

    it("wait out a store that is unavailable, and fail with what it said when that does not end", async () => {
      const { store } = await opened();
      failing("create", "unavailable", "unavailable", "unavailable");
      expect((await store.commit(key, first, null)).kind).toBe("committed");
      failing("list", "unavailable", "lose-request", "lose-answer", "unavailable");
      await expect(store.load(key)).rejects.toMatchObject({
        code: "STORE_FAILED",
        reason: "unavailable",
        message: expect.stringMatching(/^bucket records: .*HTTP 503 SlowDown$/),
      });
    });

    it("find the newest record above a listing that is late", async () => {
      const { store } = await opened();
      await store.commit(key, first, null);
      await store.load(key);
      for (const version of [1, 2, 3])
        await store.commit(key, { ...first, watermarkMs: version }, version as Version);
      failing("list", "stale");
      expect(await store.load(key)).toMatchObject({ version: 4, checkpoint: { watermarkMs: 3 } });
    });

    it("take a record of a thousand owed events, and refuse one of several MiB before it is sent", async () => {
      const { store } = await opened();
      const outbox = Array.from({ length: 1_000 }, (_, index) => entry(index, randomUUID()));
      expect((await store.commit(key, { ...first, outbox }, null)).kind).toBe("committed");
      expect((await store.load(key))?.checkpoint.outbox).toHaveLength(1_000);
      const noise = Array.from({ length: 3_000 }, (_, index) =>
        entry(index, randomBytes(1_000).toString("hex")),
      );
      await expect(store.commit(key, { ...first, outbox: noise }, 1 as Version)).rejects.toMatchObject({
        reason: "too_large",
        message: expect.stringContaining("4194304"),
      });
      expect((await store.load(key))?.version).toBe(1);
    });

    it("have the marker of a stream that owes before the commit, and none too many after it", async () => {
      const { bucket, store } = await opened();
      const busy = async () => [...(await bucketActivity(bucket).activeSince(anyClockMs))];
      await store.commit(key, first, null);
      failing("create", "unavailable", "unavailable", "unavailable", "unavailable");
      await expect(store.commit(key, owing, 1 as Version)).rejects.toThrow(/SlowDown/);
      expect(await busy()).toEqual([[key, owingMs]]);
      await store.commit(key, owing, 1 as Version);
      await store.commit(key, owing, 2 as Version);
      expect(await busy()).toEqual([[key, owingMs]]);
    });

    it("are what one prefix holds: another of the same bucket has its own", async () => {
      const { store } = await opened();
      await store.commit(key, first, null);
      const other = storeOn(newBucket());
      expect(await other.load(key)).toBeNull();
      expect(await other.list()).toEqual([]);
    });
  });

  describe(`the ${name} stores`, () => {
    it("ask nothing of the store in an idle run of a warm process, and probe it once", async () => {
      const stores = bucketStores(place(), deps());
      onTestFinished(() => stores.checkpoints.close());
      proxy.calls.length = 0;
      await stores.checkpoints.load(key);
      expect(proxy.calls).toEqual(["list", "get", "get"]);
      await stores.checkpoints.commit(key, first, null);
      expect(proxy.calls.filter((call) => call === "create")).toHaveLength(3);
      proxy.calls.length = 0;
      expect((await stores.checkpoints.load(key))?.checkpoint).toEqual(first);
      expect(proxy.calls).toEqual([]);
      await stores.checkpoints.commit(key, first, 1 as Version);
      expect(proxy.calls.filter((call) => call === "create")).toHaveLength(1);
    });

    it("leave nothing of their probe behind", async () => {
      const bucket = newBucket();
      onTestFinished(() => bucket.close());
      await storeOn(bucket).commit(key, first, null);
      expect(await bucket.list("probe/")).toEqual([]);
    });

    it("keep letters and batches whose names no path may trip over", async () => {
      const bucket = newBucket();
      onTestFinished(() => bucket.close());
      const id = `ops:../${"任务".repeat(200)}/<&>`;
      const letters = bucketDeadLetters(bucket);
      await letters.put([{ ...letter(1), id }]);
      expect((await letters.list({ id })).map((found) => found.id)).toEqual([id]);
      await letters.remove([id]);
      expect(await letters.list({})).toEqual([]);
      const parked = bucketParked(bucket);
      await parked.put(key, batchId("a/../b <&> 队列"), parkedDeliveries(1));
      expect(await parked.list(key)).toEqual(["a/../b <&> 队列"]);
    });
  });
}
