import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { StreamNews } from "../../lib/run/stream-news.ts";
import type { Broken } from "./variants.ts";

const committing = (name: string, change: (next: Checkpoint) => Checkpoint): Broken => ({
  name,
  caughtBy: ["outage", "no loss"],
  checkpoints: (store) => ({
    ...store,
    commit: (stream, next, expected, entries) => store.commit(stream, change(next), expected, entries),
  }),
});

const reporting = <Name extends "failed" | "read">(
  name: string,
  method: Name,
  does: StreamNews[Name],
): Broken => ({
  name,
  caughtBy: ["outage"],
  patch: () => {
    const own = StreamNews.prototype[method];
    StreamNews.prototype[method] = does;
    return () => {
      StreamNews.prototype[method] = own;
    };
  },
});

/** Bridges that do not tell when a stream cannot be read, or tell it wrongly. */
export const outageVariants: readonly Broken[] = [
  reporting("outage-not-noticed", "failed", () => {}),
  reporting("recovery-not-noticed", "read", () => {}),
  committing("outage-begins-anew", (next) => ({
    ...next,
    outage: next.outage && { ...next.outage, sinceMs: next.outage.sinceMs + 1 },
  })),
  committing("outage-told-again", (next) => ({
    ...next,
    outage: next.outage && { ...next.outage, emittedMs: null },
  })),
  committing("recovery-not-told", (next) => ({
    ...next,
    outbox: next.outbox.filter(({ event }) => event.data.change.to !== "RECOVERED"),
  })),
];
