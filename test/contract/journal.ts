import { describe, expect, it } from "vitest";
import type { CheckpointStore, Version } from "../../lib/checkpoint/store.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { storedStories } from "../../lib/cli/stories.ts";
import { ConsoleModel } from "../../lib/console/model/model.ts";
import { RecordsReader } from "../../lib/console/records-reader.ts";
import type { Clock } from "../../lib/core/clock.ts";
import { type DeliveryOutcome, deliveryEntry, type JournalEntry } from "../../lib/journal/entry.ts";
import { entriesSince } from "../../lib/journal/follow.ts";
import type { Journal, JournalSpan } from "../../lib/journal/journal.ts";
import { memoryStores } from "../../lib/stores/memory.ts";
import { parseExactJson } from "../../lib/text/json.ts";
import { createdMs } from "../change/sample.ts";
import { chat, entry, key, ops, sampleEvent } from "../checkpoint/sample.ts";

/** A store's records with its journal. */
export interface JournaledStore {
  readonly checkpoints: CheckpointStore;
  readonly journal: Journal;
}

const first = begin("all", 1_000, 0);
const meta = {
  mode: "console",
  store: "any",
  allowsChanges: false,
  startedAtMs: createdMs,
  bucketMs: 60_000,
  simulator: null,
} as const;

/** An event of a task whose name no database may trip over. */
export const emitted = (task: string, status = "EXECUTING"): JournalEntry => ({
  kind: "event",
  atMs: createdMs,
  stream: key,
  event: sampleEvent(task, status),
  sinks: [ops, chat],
});

export const delivered = (task: string, outcome: DeliveryOutcome = "accepted", attempt = 1): JournalEntry =>
  deliveryEntry({
    atMs: createdMs,
    stream: key,
    event: sampleEvent(task),
    sink: ops,
    attempt,
    outcome,
    failure: outcome === "accepted" ? null : { reason: "server_error", detail: "HTTP 503: 队列 'x' \u2028" },
  });

/** Reads entries, without their places. */
async function withoutPlaces(entries: ReturnType<Journal["read"]>): Promise<readonly object[]> {
  const found: object[] = [];
  for await (const { id, writtenMs, ...entry } of entries) found.push(entry);
  return found;
}

/** Reads a span, without the places of the entries. */
export const entriesOf = (journal: Journal, span: JournalSpan): Promise<readonly object[]> =>
  withoutPlaces(journal.read(span));

const all = { sinceMs: 0 };
const tasksOf = (found: readonly object[]): readonly string[] =>
  (found as readonly JournalEntry[]).map((entry) =>
    entry.kind === "event" ? entry.event.subject : `${entry.task} ${entry.outcome}`,
  );

/** What every store's journal does. `make` opens an empty store whose journal goes by the clock. */
export function journalContract(name: string, make: (clock: Clock) => Promise<JournaledStore>): void {
  const withStore = async (
    body: (store: JournaledStore, time: { nowMs: number }) => Promise<void>,
  ): Promise<void> => {
    const time = { nowMs: createdMs };
    const store = await make({ now: () => time.nowMs, sleep: async () => {} });
    try {
      await body(store, time);
    } finally {
      await store.checkpoints.close();
    }
  };

  describe(`the ${name} journal`, () => {
    it("has what was committed with a record, in order and with the same bytes", () =>
      withStore(async ({ checkpoints, journal }) => {
        const entries = [delivered("t0"), emitted(`任务 '1' "x"`), emitted("t2")];
        await checkpoints.commit(key, first, null);
        await checkpoints.commit(key, first, 1 as Version, entries);
        await journal.settled();
        const found = await entriesOf(journal, all);
        expect(found).toEqual(entries);
        expect(JSON.stringify(found)).toBe(JSON.stringify(entries));
      }));

    it("tells a change's story to `events`, to `task` and to the console", () =>
      withStore(async ({ checkpoints, journal }, time) => {
        const owed = entry(1, "abcdef-123456", [chat]);
        const { event } = owed;
        const kept = { kind: "event", atMs: createdMs, stream: key, event, sinks: [ops, chat] } as const;
        const attempt = { atMs: createdMs, stream: key, event, sink: ops, attempt: 1 } as const;
        const taken = deliveryEntry({ ...attempt, outcome: "accepted", failure: null });
        await checkpoints.commit(key, { ...first, outbox: [owed] }, null, [kept, taken]);
        await journal.settled();

        const listed = (status: string) => withoutPlaces(entriesSince(journal, 0, { status }));
        expect(await listed("EXECUTING")).toEqual([kept, taken]);
        expect(await listed("FAILED")).toEqual([]);

        const clock = { now: () => time.nowMs, sleep: async () => {} };
        const stores = { ...memoryStores(clock), checkpoints, journal };
        const { stories } = await storedStories(stores, "123456");
        const change = {
          event,
          sinks: [ops, chat],
          deliveries: [taken],
          pending: [{ sink: chat, attempts: 0 }],
        };
        expect(stories).toMatchObject([{ task: "abcdef-123456", stream: key, events: [change] }]);

        const model = new ConsoleModel(meta, [], () => true);
        const reader = new RecordsReader(stores, model, clock);
        reader.touch(key);
        await reader.readJournal();
        await reader.read();
        const deliveries = [
          { sink: ops, state: "accepted", attempts: 1 },
          { sink: chat, state: "pending", attempts: 0 },
        ];
        expect(model.snapshot(createdMs)).toMatchObject({
          trouble: null,
          streams: [{ key, pending: 1 }],
          tasks: [{ id: "abcdef-123456", status: "EXECUTING" }],
          events: [{ id: event.id, deliveries: expect.arrayContaining(deliveries) }],
        });
      }));

    it("has nothing of a commit that lost its race", () =>
      withStore(async ({ checkpoints, journal }) => {
        await checkpoints.commit(key, first, null);
        expect(await checkpoints.commit(key, first, null, [emitted("t1")])).toEqual({ kind: "conflict" });
        expect(await checkpoints.commit(key, first, 7 as Version, [emitted("t1")])).toEqual({
          kind: "conflict",
        });
        await journal.settled();
        expect(await entriesOf(journal, all)).toEqual([]);
      }));

    it("keeps numbers as the API wrote them", () =>
      withStore(async ({ journal }) => {
        const event = sampleEvent("t1");
        const params = parseExactJson('{"offset":9223372036854775807,"ratio":0.10}');
        const written = { ...event, data: { ...event.data, task: { ...event.data.task, params } } };
        const entry = { kind: "event", atMs: 1, stream: key, event: written, sinks: [] } as const;
        await journal.append([entry]);
        expect(JSON.stringify(await entriesOf(journal, all))).toBe(JSON.stringify([entry]));
      }));

    it("reads a span of time, oldest or newest first", () =>
      withStore(async ({ journal }, time) => {
        for (const task of ["t1", "t2", "t3", "t4"]) {
          await journal.append([emitted(task), delivered(task)]);
          time.nowMs += 1_000;
        }
        const span = { sinceMs: createdMs + 1_000, untilMs: createdMs + 2_000 };
        expect(tasksOf(await entriesOf(journal, span))).toEqual(["t2", "t2 accepted", "t3", "t3 accepted"]);
        const newestFirst = await entriesOf(journal, { ...span, newestFirst: true });
        expect(tasksOf(newestFirst)).toEqual(["t3 accepted", "t3", "t2 accepted", "t2"]);
        const later = await entriesOf(journal, { sinceMs: span.untilMs + 1 });
        expect(tasksOf(later)).toEqual(["t4", "t4 accepted"]);
      }));

    it("finds a task by its id, its beginning or its end", () =>
      withStore(async ({ journal }) => {
        await journal.append([emitted("abcdef-123456"), delivered("abcdef-123456"), emitted("other")]);
        for (const task of ["abcdef-123456", "abcdef", "123456"])
          expect(tasksOf(await entriesOf(journal, { ...all, task }))).toEqual([
            "abcdef-123456",
            "abcdef-123456 accepted",
          ]);
        for (const task of ["%", "bcdef", "ABCDEF"])
          expect(await entriesOf(journal, { ...all, task })).toEqual([]);
      }));

    it("reads more entries than one page has, each once", () =>
      withStore(async ({ journal }) => {
        const tasks = Array.from({ length: 1_203 }, (_, index) => `t${index}`);
        for (let at = 0; at < tasks.length; at += 401)
          await journal.append(tasks.slice(at, at + 401).map((task) => emitted(task)));
        expect(tasksOf(await entriesOf(journal, all))).toEqual(tasks);
        const reversed = await entriesOf(journal, { ...all, newestFirst: true });
        expect([...tasksOf(reversed)].sort()).toEqual([...tasks].sort());
        const ids: string[] = [];
        for await (const { id } of journal.read(all)) ids.push(id);
        expect(new Set(ids).size).toBe(tasks.length);
      }));

    it("forgets what is too old, and nothing younger", () =>
      withStore(async ({ journal }, time) => {
        await journal.append([emitted("old"), delivered("old")]);
        time.nowMs += 10_000;
        await journal.append([emitted("young"), delivered("young")]);
        while (await journal.trim({ sinceMs: createdMs + 10_000, maxEvents: 100 }));
        expect(tasksOf(await entriesOf(journal, all))).toEqual(["young", "young accepted"]);
      }));

    it("forgets the oldest events, and attempts, where there are too many", () =>
      withStore(async ({ journal }, time) => {
        for (let index = 0; index < 5; index++) {
          await journal.append([emitted(`t${index}`)]);
          time.nowMs += 1_000;
        }
        for (let index = 0; index < 25; index++) {
          await journal.append([delivered("t4", "retried", index)]);
          time.nowMs += 1_000;
        }
        while (await journal.trim({ sinceMs: 0, maxEvents: 2 }));
        const left = (await entriesOf(journal, all)) as readonly JournalEntry[];
        expect(tasksOf(left.filter(({ kind }) => kind === "event"))).toEqual(["t3", "t4"]);
        const attempts = left.flatMap((entry) => (entry.kind === "delivery" ? entry.attempt : []));
        expect(attempts).toEqual(Array.from({ length: 20 }, (_, index) => index + 5));
      }));

    it("keeps the newest events of a commit that has too many", () =>
      withStore(async ({ journal }, time) => {
        await journal.append(["a", "b", "c"].map((task) => emitted(task)));
        time.nowMs += 1_000;
        await journal.append(["d", "e", "f"].map((task) => emitted(task)));
        while (await journal.trim({ sinceMs: 0, maxEvents: 4 }));
        const left = tasksOf(await entriesOf(journal, all));
        expect(left.slice(-4)).toEqual(["c", "d", "e", "f"]);
        while (await journal.trim({ sinceMs: 0, maxEvents: 2 }));
        expect(tasksOf(await entriesOf(journal, all)).slice(-2)).toEqual(["e", "f"]);
      }));

    it("deletes in bounded slices", () =>
      withStore(async ({ journal }, time) => {
        for (let index = 0; index < 4; index++) {
          const tasks = Array.from({ length: 300 }, (_, each) => emitted(`t${index}-${each}`));
          await journal.append(tasks);
          time.nowMs += 1;
        }
        const kept = { sinceMs: createdMs + 10_000, maxEvents: 100 };
        let slices = 0;
        while (await journal.trim(kept)) slices += 1;
        expect(await entriesOf(journal, all)).toEqual([]);
        expect(slices).toBeLessThan(100);
        expect(await journal.trim(kept)).toBe(false);
      }));
  });
}
