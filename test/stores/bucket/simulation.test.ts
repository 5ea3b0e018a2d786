import { randomInt } from "node:crypto";
import { expect, it } from "vitest";
import { isBusy } from "../../../lib/checkpoint/activity.ts";
import type { Checkpoint } from "../../../lib/checkpoint/checkpoint.ts";
import type { CheckpointStore } from "../../../lib/checkpoint/store.ts";
import { begin } from "../../../lib/checkpoint/transitions.ts";
import type { Random } from "../../../lib/core/clock.ts";
import { StoreError } from "../../../lib/core/errors.ts";
import { taskId } from "../../../lib/core/names.ts";
import { between, seededRandom } from "../../../lib/simulator/random.ts";
import { bucketCheckpoints } from "../../../lib/stores/bucket/checkpoints.ts";
import { countdown } from "../../../lib/stores/bucket/keys.ts";
import { retentionMs } from "../../../lib/stores/bucket/retention.ts";
import { decodeVersion, readHead } from "../../../lib/stores/bucket/version.ts";
import { sampleKnown } from "../../change/sample.ts";
import { entry, key } from "../../checkpoint/sample.ts";
import { SimulatedBucket } from "./simulated-bucket.ts";

const folder = `checkpoints/${key}/`;
const writers = 3;
const commitsEach = 40;
const idle = begin("all", 1_000, 0);
const states: readonly Partial<Checkpoint>[] = [
  {},
  { known: new Map([[taskId("t1"), sampleKnown()]]) },
  { outbox: [entry(1, "t1")] },
];

/** The ids of the commits that made a record, in order. */
const historyOf = ({ durations }: Checkpoint): readonly number[] => durations.get("history") ?? [];

interface Told {
  readonly committed: Set<number>;
  readonly conflicts: Set<number>;
  /** The highest version that any commit was told of. */
  version: number;
}

interface Writing {
  readonly told: Told;
  readonly random: Random;
  readonly now: () => number;
  /** A number never given before. */
  readonly ids: () => number;
}

/** One process that loads and commits, as runs do. */
async function write(store: CheckpointStore, { told, random, now, ids }: Writing): Promise<void> {
  for (let count = 0; count < commitsEach; count++) {
    try {
      const least = told.version;
      const loadedFromMs = now();
      const stored = await store.load(key);
      // A process that slept that long may see an old record: its commit finds out.
      if (now() - loadedFromMs < retentionMs) expect(stored?.version ?? 0).toBeGreaterThanOrEqual(least);
      const id = ids();
      const history = [...(stored ? historyOf(stored.checkpoint) : []), id];
      const next = {
        ...idle,
        ...states[between(random, 0, states.length)],
        durations: new Map([["history", history]]),
      };
      const startMs = now();
      const result = await store.commit(key, next, stored?.version ?? null);
      if (result.kind === "conflict") {
        // After that long a writer may have lost the trace of its own commit.
        if (now() - startMs < retentionMs) told.conflicts.add(id);
      } else {
        told.committed.add(id);
        told.version = Math.max(told.version, result.version);
        expect(history).toHaveLength(result.version);
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      expect(error.reason).toBe("unavailable");
    }
  }
}

/** Nothing that was committed is lost or written over, and whoever is busy has a marker at every moment. */
async function simulate(seed: number): Promise<SimulatedBucket> {
  const random = seededRandom(seed);
  const bucket = new SimulatedBucket(random);
  const clock = { now: () => bucket.nowMs, sleep: async () => {} };
  const told: Told = { committed: new Set(), conflicts: new Set(), version: 0 };
  const numbers = Array(100_000).keys();
  const ids = () => numbers.next().value ?? -1;
  const stores = Array.from({ length: writers }, () =>
    bucketCheckpoints({ bucket: bucket.client(), clock, newId: () => `id-${ids()}` }),
  );
  let newest = "";
  const work = Promise.all(stores.map((store) => write(store, { told, random, now: clock.now, ids })));
  const isDone = work.catch(() => {});
  await bucket.play(() => {
    for (const found of bucket.objects.keys())
      if (found.startsWith(folder) && (newest === "" || found < newest)) newest = found;
    const head = readHead(bucket.objects.get(newest)?.text ?? "");
    if (!head) return;
    const { activeMs } = head.marker;
    const marker = `activity/${countdown(activeMs)}/${key}/${head.marker.id}`;
    if (isBusy(activeMs) && !bucket.objects.has(marker))
      throw new Error(`the record is busy and its marker is gone: ${marker}`);
  });
  await Promise.race([work, isDone]);
  await work;
  const { checkpoint } = decodeVersion(key, bucket.objects.get(newest)?.text ?? "", "the newest");
  const history = historyOf(checkpoint);
  expect(new Set(history).size).toBe(history.length);
  expect([...told.committed].filter((id) => !history.includes(id))).toEqual([]);
  expect([...told.conflicts].filter((id) => history.includes(id))).toEqual([]);
  return bucket;
}

const seeds = Number(process.env["SIMULATION_SEEDS"] ?? 40);

it("keeps every commit of three writers while answers are lost, listings late, versions removed and processes frozen", {
  timeout: 60_000 + seeds * 2_000,
}, async () => {
  const first = Number(process.env["FC_SEED"] ?? randomInt(2 ** 31));
  const hits = new Map<string, number>();
  let removed = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const bucket = await simulate(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error });
    });
    for (const [kind, count] of bucket.hits) hits.set(kind, (hits.get(kind) ?? 0) + count);
    removed += bucket.lives.filter(({ key, untilMs }) => key.startsWith(folder) && untilMs < Infinity).length;
  }
  expect([...hits.keys()].sort()).toEqual([
    "answer of the repeat",
    "frozen",
    "no answer after the effect",
    "no answer before the effect",
    "stale listing",
    "unavailable",
  ]);
  expect(removed).toBeGreaterThan(seeds);
});
