import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import type { CheckpointStore, Version } from "../../lib/checkpoint/store.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { streamKey, taskId } from "../../lib/core/names.ts";
import { sampleKnown } from "../change/sample.ts";
import { anyCheckpoint, entry, key, stream } from "../checkpoint/sample.ts";

const first = begin("all", 1_000, 0);
const owing = { ...first, outbox: [entry(1, "t1")] };
const once = 1 as Version;

/** Known tasks that no compression brings below so many bytes. */
const grown = (bytes: number): Checkpoint["known"] =>
  new Map(
    Array.from(
      { length: bytes / 96 + 1 },
      () => [taskId(randomBytes(96).toString("hex")), sampleKnown()] as const,
    ),
  );
const other = streamKey({ ...stream, instanceId: "i2" });

/** A store's limit of a record. */
export interface RecordLimit {
  readonly bytes: number;
  /** How the store is named in its error. */
  readonly store: RegExp;
}

/** What every checkpoint store does. `make` opens an empty one; `limit` is left out where a record has none. */
export function checkpointStoreContract(
  name: string,
  make: () => Promise<CheckpointStore>,
  limit?: RecordLimit,
): void {
  const withStore = async (body: (store: CheckpointStore) => Promise<void>): Promise<void> => {
    const store = await make();
    try {
      await body(store);
    } finally {
      await store.close();
    }
  };

  describe(`the ${name} checkpoint store`, () => {
    it("knows nothing of a new stream", () =>
      withStore(async (store) => {
        expect(await store.load(key)).toBeNull();
        expect(await store.list()).toEqual([]);
      }));

    it("gives back whatever was committed", () =>
      withStore(async (store) => {
        let streams = 0;
        await fc.assert(
          fc.asyncProperty(anyCheckpoint, async (checkpoint) => {
            streams += 1;
            const own = streamKey({ ...stream, instanceId: `any-${streams}` });
            expect((await store.commit(own, checkpoint, null)).kind).toBe("committed");
            expect((await store.load(own))?.checkpoint).toEqual(checkpoint);
          }),
          { numRuns: 25 },
        );
      }));

    it("lets exactly one of two commits from one version succeed", () =>
      withStore(async (store) => {
        const created = await Promise.all([store.commit(key, first, null), store.commit(key, first, null)]);
        expect(created.map(({ kind }) => kind).sort()).toEqual(["committed", "conflict"]);
        const { version } = (await store.load(key)) ?? { version: null };
        const a = { ...first, watermarkMs: 1 };
        const b = { ...first, watermarkMs: 2 };
        const raced = await Promise.all([store.commit(key, a, version), store.commit(key, b, version)]);
        expect(raced.map(({ kind }) => kind).sort()).toEqual(["committed", "conflict"]);
        const winner = raced[0].kind === "committed" ? a : b;
        expect((await store.load(key))?.checkpoint).toEqual(winner);
      }));

    it("refuses a commit from an old version, a version never given, and none over a record", () =>
      withStore(async (store) => {
        await store.commit(key, first, null);
        const version = (await store.load(key))?.version ?? null;
        await store.commit(key, first, version);
        expect(await store.commit(key, first, version)).toEqual({ kind: "conflict" });
        expect(await store.commit(key, first, 999 as Version)).toEqual({ kind: "conflict" });
        expect(await store.commit(key, first, null)).toEqual({ kind: "conflict" });
        expect(await store.commit(other, first, version)).toEqual({ kind: "conflict" });
      }));

    if (limit)
      it("refuses a record above its limit in one clear line, keeps what it has, and takes a smaller one", () =>
        withStore(async (store) => {
          await store.commit(key, owing, null);
          await store.commit(other, first, null);
          const error: unknown = await store
            .commit(key, { ...owing, known: grown(limit.bytes) }, once)
            .catch((thrown) => thrown);
          expect(error).toMatchObject({ code: "STORE_FAILED", reason: "too_large" });
          const { message } = error as Error;
          expect(message).toMatch(limit.store);
          expect(message).toMatch(
            new RegExp(`has \\d+ bytes, and ${limit.bytes} fit: lower the source's lookback`),
          );
          expect(message).toContain(stream.instanceId);
          expect(await store.load(key)).toEqual({ checkpoint: owing, version: once });
          expect(await store.commit(other, { ...first, watermarkMs: 9 }, once)).toMatchObject({
            kind: "committed",
          });
          expect(await store.commit(key, { ...owing, watermarkMs: 9 }, once)).toMatchObject({
            kind: "committed",
          });
        }));

    it("keeps streams apart, and forgets only the one that is reset", () =>
      withStore(async (store) => {
        await store.commit(key, first, null);
        await store.commit(other, first, null);
        expect([...(await store.list())].sort()).toEqual([key, other].sort());
        await store.reset(key);
        expect(await store.load(key)).toBeNull();
        expect(await store.load(other)).not.toBeNull();
      }));
  });
}
