import type { Broken } from "./variants.ts";

/** Bridges that break a promise with what waits beside the record. */
export const parkedVariants: readonly Broken[] = [
  {
    name: "parked-after-commit",
    caughtBy: ["no loss"],
    parked: (store, process) => ({
      ...store,
      // Answers at once; the batch follows while the record names it already.
      put: async (stream, id, deliveries) => {
        void process.wait(400).then(() => store.put(stream, id, deliveries).catch(() => {}));
      },
    }),
  },
  {
    name: "parked-removed-before-commit",
    caughtBy: ["no loss"],
    parked: (store) => ({
      ...store,
      get: async (stream, id) => {
        const found = await store.get(stream, id);
        await store.remove(stream, [id]);
        return found;
      },
    }),
  },
  {
    name: "parked-forgotten",
    caughtBy: ["no loss"],
    checkpoints: (store) => ({
      ...store,
      commit: (stream, next, expected, entries) =>
        store.commit(stream, { ...next, parked: new Map() }, expected, entries),
    }),
  },
];
