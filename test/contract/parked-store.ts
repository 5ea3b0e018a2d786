import { describe, expect, it } from "vitest";
import { batchId, type ParkedDelivery, type ParkedStore } from "../../lib/checkpoint/parked.ts";
import { streamKey } from "../../lib/core/names.ts";
import { entry, key, stream } from "../checkpoint/sample.ts";

/** Deliveries of tasks whose names no database may trip over. */
export const parkedDeliveries = (...sequences: readonly number[]): readonly ParkedDelivery[] =>
  sequences.map((sequence) => {
    const { event, committedAtMs } = entry(sequence, `任务 '${sequence}' \u2028 "x"`);
    return { sequence, event, committedAtMs };
  });

const other = streamKey({ ...stream, instanceId: "i10" });

/** What every store of parked deliveries does. `make` opens an empty one. */
export function parkedStoreContract(name: string, make: () => Promise<ParkedStore>): void {
  const withStore = async (body: (store: ParkedStore) => Promise<void>): Promise<void> => {
    const store = await make();
    try {
      await body(store);
    } finally {
      await store.close();
    }
  };

  describe(`the ${name} store of parked deliveries`, () => {
    it("gives back what was put, in order and with the same bytes", () =>
      withStore(async (store) => {
        const deliveries = parkedDeliveries(3, 1, 2);
        await store.put(key, batchId("run/1"), deliveries);
        const found = await store.get(key, batchId("run/1"));
        expect(found).toEqual(deliveries);
        expect(JSON.stringify(found)).toBe(JSON.stringify(deliveries));
      }));

    it("knows nothing of a batch that was not put, or was put for another stream", () =>
      withStore(async (store) => {
        await store.put(other, batchId("run/1"), parkedDeliveries(1));
        expect(await store.get(key, batchId("run/1"))).toBeNull();
        expect(await store.get(other, batchId("run/2"))).toBeNull();
        expect(await store.list(key)).toEqual([]);
      }));

    it("lists the batches of a stream until they are removed", () =>
      withStore(async (store) => {
        for (const id of ["run/1", "run/2", "run/10"]) await store.put(key, batchId(id), parkedDeliveries(1));
        await store.put(other, batchId("run/1"), parkedDeliveries(1));
        await store.remove(key, [batchId("run/1"), batchId("unknown")]);
        expect([...(await store.list(key))].sort()).toEqual(["run/10", "run/2"]);
        expect(await store.list(other)).toEqual(["run/1"]);
        await store.remove(key, await store.list(key));
        expect(await store.get(key, batchId("run/2"))).toBeNull();
        await store.remove(key, []);
      }));
  });
}
