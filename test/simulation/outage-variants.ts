import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { Hearing } from "../../lib/run/heard.ts";
import type { Broken } from "./variants.ts";

const committing = (name: string, change: (next: Checkpoint) => Checkpoint): Broken => ({
  name,
  caughtBy: ["outage", "no loss"],
  checkpoints: (store) => ({
    ...store,
    commit: (stream, next, expected, entries) => store.commit(stream, change(next), expected, entries),
  }),
});

const hearing = <Name extends "failed" | "read">(
  name: string,
  method: Name,
  does: Hearing[Name],
): Broken => ({
  name,
  caughtBy: ["outage"],
  patch: () => {
    const own = Hearing.prototype[method];
    Hearing.prototype[method] = does;
    return () => {
      Hearing.prototype[method] = own;
    };
  },
});

/** Bridges that do not tell when a stream cannot be read, or tell it wrongly. */
export const outageVariants: readonly Broken[] = [
  hearing("outage-not-noticed", "failed", () => {}),
  hearing("recovery-not-noticed", "read", () => {}),
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
