import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CheckpointStore, Version } from "../../lib/checkpoint/store.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { streamKey } from "../../lib/core/names.ts";
import { anyCheckpoint, key, stream } from "../checkpoint/sample.ts";

const first = begin("all", 1_000, 0);
const other = streamKey({ ...stream, instanceId: "i2" });

/** What every checkpoint store does. `make` opens an empty one. */
export function checkpointStoreContract(name: string, make: () => Promise<CheckpointStore>): void {
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
      fc.assert(
        fc.asyncProperty(anyCheckpoint, (checkpoint) =>
          withStore(async (store) => {
            const result = await store.commit(key, checkpoint, null);
            expect(result.kind).toBe("committed");
            expect((await store.load(key))?.checkpoint).toEqual(checkpoint);
          }),
        ),
        { numRuns: 25 },
      ));

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
