import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import type { CommitResult, Version } from "../../lib/checkpoint/store.ts";
import { SourceError } from "../../lib/core/errors.ts";
import { eventId } from "../../lib/core/names.ts";
import type { DeliveryResult } from "../../lib/core/result.ts";
import { Batch } from "../../lib/delivery/batch.ts";
import { TaskQueue } from "../../lib/delivery/task-queue.ts";
import type { HistoryCheck } from "./history.ts";
import { journalVariants } from "./journal-variants.ts";
import { livingVariants } from "./living-variants.ts";
import { outageVariants } from "./outage-variants.ts";
import { parkedVariants } from "./parked-variants.ts";
import type { Variant } from "./variant.ts";

/** A bridge broken on purpose, and the checks that may catch it. */
export interface Broken extends Variant {
  readonly caughtBy: readonly HistoryCheck[];
}

const secondOf = (ms: number): number => Math.floor(ms / 1_000);

type BrokenStore = NonNullable<Variant["checkpoints"]>;

/** A store that changes each record as it is loaded. */
const loading =
  (change: (checkpoint: Checkpoint) => Checkpoint): BrokenStore =>
  (store) => ({
    ...store,
    load: async (stream) => {
      const stored = await store.load(stream);
      return stored && { ...stored, checkpoint: change(stored.checkpoint) };
    },
  });

/** A store that changes each record as it is committed. */
const committing =
  (change: (next: Checkpoint) => Checkpoint): BrokenStore =>
  (store) => ({
    ...store,
    commit: (stream, next, expected, entries) => store.commit(stream, change(next), expected, entries),
  });

/** Bridges that break a promise, each at one place. */
export const variants: readonly Broken[] = [
  {
    name: "deliver-before-commit",
    caughtBy: ["commit before delivery", "no loss"],
    checkpoints: (store, process) => ({
      ...store,
      // Answers at once; the record follows while the events are already on their way.
      commit: async (stream, next, expected, entries) => {
        void process.wait(400).then(() => store.commit(stream, next, expected, entries).catch(() => {}));
        return { kind: "committed", version: ((expected ?? 0) + 1) as Version };
      },
    }),
  },
  {
    name: "settle-before-delivery",
    caughtBy: ["no loss"],
    checkpoints: committing((next) => ({ ...next, outbox: [] })),
  },
  {
    name: "watermark-past-open-task",
    caughtBy: ["watermark", "bounded", "no loss"],
    checkpoints: committing((next) => {
      const newestMs = next.newestCreatedMs ?? next.watermarkMs;
      return { ...next, watermarkMs: Math.max(next.watermarkMs, secondOf(newestMs) * 1_000) };
    }),
  },
  {
    name: "exclusive-boundary-second",
    caughtBy: ["no loss"],
    source: (source) => ({
      ...source,
      async *list(stream, beginMs, options) {
        for await (const page of source.list(stream, beginMs, options)) {
          const inside = page.tasks.filter(({ createdAtMs }) => secondOf(createdAtMs) > secondOf(beginMs));
          yield { ...page, tasks: inside };
        }
      },
    }),
  },
  {
    name: "outbox-not-fenced",
    caughtBy: ["one writer", "order"],
    checkpoints: loading((checkpoint) => ({ ...checkpoint, lease: null })),
  },
  {
    name: "id-with-a-clock",
    caughtBy: ["same id"],
    sink: (sink, { clock }) => ({
      ...sink,
      deliver: (events, options) => {
        const stamped = events.map((event) => ({ ...event, id: eventId(`${event.id}/${clock.now()}`) }));
        return sink.deliver(stamped, options);
      },
    }),
  },
  {
    name: "body-with-a-clock",
    caughtBy: ["same id"],
    sink: (sink, { clock }) => ({
      ...sink,
      deliver: (events, options) => {
        const observedAt = (): string => new Date(clock.now()).toISOString();
        const restated = events.map((event) => {
          const change = { ...event.data.change, observedAt: observedAt() };
          return { ...event, data: { ...event.data, change } };
        });
        return sink.deliver(restated, options);
      },
    }),
  },
  {
    name: "receipts-dropped-on-conflict",
    caughtBy: ["no needless repeat", "journal"],
    checkpoints: (store) => {
      let hasLost = false;
      return {
        ...store,
        commit: async (stream, next, expected, entries) => {
          const stored = hasLost ? await store.load(stream) : null;
          const outbox = stored ? union(stored.checkpoint, next) : next.outbox;
          const result = await store.commit(stream, { ...next, outbox }, expected, entries);
          hasLost = result.kind === "conflict";
          return result;
        },
      };
    },
  },
  {
    name: "no-version-check",
    caughtBy: [
      "no loss",
      "told once",
      "bounded",
      "watermark",
      "same id",
      "one writer",
      "no needless repeat",
      "outage",
    ],
    checkpoints: (store) => ({
      ...store,
      commit: async (stream, next, expected, entries): Promise<CommitResult> => {
        const result = await store.commit(stream, next, expected, entries);
        if (result.kind === "committed" || expected === null) return result;
        const current = await store.load(stream);
        return store.commit(stream, next, current?.version ?? null, entries);
      },
    }),
  },
  {
    name: "stale-status-accepted",
    caughtBy: ["order", "told once"],
    checkpoints: loading((checkpoint) => ({
      ...checkpoint,
      known: new Map(Array.from(checkpoint.known, ([id, task]) => [id, { ...task, updatedAtMs: 0 }])),
    })),
  },
  {
    name: "doubt-believed-at-the-second-look",
    caughtBy: ["order", "told once", "no loss"],
    checkpoints: loading((checkpoint) => ({
      ...checkpoint,
      known: new Map(
        Array.from(checkpoint.known, ([id, task]) => [
          id,
          { ...task, doubt: task.doubt && { ...task.doubt, sinceMs: 0 } },
        ]),
      ),
    })),
  },
  {
    name: "dead-letter-after-settle",
    caughtBy: ["no loss", "journal"],
    deadLetters: (store, process) => ({
      ...store,
      put: async (letters) => {
        void process.wait(2_000).then(() => store.put(letters).catch(() => {}));
      },
    }),
  },
  {
    name: "failure-taken-for-acceptance",
    caughtBy: ["no loss", "journal"],
    sink: (sink) => ({
      ...sink,
      deliver: async (events, options) => {
        const accepted: DeliveryResult = { kind: "accepted" };
        const results = await sink.deliver(events, options);
        return results.map((result) =>
          result.kind === "retry" && result.reason === "timeout" ? accepted : result,
        );
      },
    }),
  },
  {
    name: "batch-answered-as-one",
    caughtBy: ["no loss", "journal"],
    sink: (sink) => ({
      ...sink,
      deliver: async (events, options) => {
        const results = await sink.deliver(events, options);
        const accepted: DeliveryResult = { kind: "accepted" };
        const isTaken = results[0]?.kind === "accepted";
        return results.map((own) => (isTaken && own.kind !== "accepted" ? accepted : own));
      },
    }),
  },
  {
    name: "failed-listing-taken-for-short",
    caughtBy: ["watermark", "no loss"],
    source: (source) => ({
      ...source,
      async *list(stream, beginMs, options) {
        try {
          yield* source.list(stream, beginMs, options);
        } catch (error) {
          if (!(error instanceof SourceError)) throw error;
        }
      },
    }),
  },
  {
    name: "unreadable-records-passed-over",
    caughtBy: ["no loss"],
    source: (source) => ({
      ...source,
      async *list(stream, beginMs, options) {
        for await (const page of source.list(stream, beginMs, options)) yield { ...page, skipped: [] };
      },
    }),
  },
  {
    name: "failed-look-up-taken-for-gone",
    caughtBy: ["no loss"],
    source: (source) => ({
      ...source,
      get: (stream, id, options) =>
        source.get(stream, id, options).catch((error: unknown) => {
          if (error instanceof SourceError) return null;
          throw error;
        }),
    }),
  },
  {
    name: "ended-tasks-forgotten-at-once",
    caughtBy: ["told once", "no loss"],
    checkpoints: loading((checkpoint) => ({
      ...checkpoint,
      known: new Map([...checkpoint.known].filter(([, { name }]) => name !== "")),
    })),
  },
  {
    name: "two-events-of-a-task-in-a-batch",
    caughtBy: ["order", "one message"],
    patch: () => {
      const holdBack = doNotHoldBack();
      const { add } = Batch.prototype;
      Batch.prototype.add = function ({ entry }) {
        const { event } = entry;
        return add.call(this, { entry: { ...entry, event: { ...event, subject: event.id } } });
      };
      return () => {
        Batch.prototype.add = add;
        holdBack();
      };
    },
  },
  {
    name: "later-events-not-held-back",
    caughtBy: ["order", "one message"],
    patch: doNotHoldBack,
  },
  {
    name: "one-sink-waits-for-another",
    caughtBy: ["isolation"],
    sink: (sink, process) => {
      const queue = queueOf(process.run);
      return {
        ...sink,
        deliver: (events, options) => {
          const late: DeliveryResult = { kind: "retry", reason: "timeout", detail: "the run has ended" };
          const sending = queue.last.then(() =>
            options.signal.aborted ? events.map(() => late) : sink.deliver(events, options),
          );
          queue.last = sending.catch(() => {});
          return sending;
        },
      };
    },
  },
  ...livingVariants,
  ...parkedVariants,
  ...outageVariants,
  ...journalVariants,
];

function doNotHoldBack(): () => void {
  const { take } = TaskQueue.prototype;
  TaskQueue.prototype.take = function (pending) {
    take.call(this, pending);
    this.settle(pending);
  };
  return () => {
    TaskQueue.prototype.take = take;
  };
}

const queues = new Map<string, { last: Promise<unknown> }>();

function queueOf(run: string): { last: Promise<unknown> } {
  const found = queues.get(run);
  if (found) return found;
  queues.clear();
  const fresh = { last: Promise.resolve() };
  queues.set(run, fresh);
  return fresh;
}

function union(stored: Checkpoint, next: Checkpoint): Checkpoint["outbox"] {
  const bySequence = new Map(next.outbox.map((entry) => [entry.sequence, entry]));
  for (const entry of stored.outbox) bySequence.set(entry.sequence, entry);
  return [...bySequence.values()].sort((a, b) => a.sequence - b.sequence);
}
