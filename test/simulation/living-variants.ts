import type { Broken } from "./variants.ts";

/** Bridges that lose a task's message. */
export const livingVariants: readonly Broken[] = [
  {
    name: "references-not-stored",
    caughtBy: ["one message"],
    checkpoints: (store) => ({
      ...store,
      commit: (stream, next, expected, entries) =>
        store.commit(stream, { ...next, messages: new Map() }, expected, entries),
    }),
  },
  {
    name: "references-kept-from-the-sink",
    caughtBy: ["one message"],
    sink: (sink) => ({ ...sink, deliver: (events, { signal }) => sink.deliver(events, { signal }) }),
  },
];
