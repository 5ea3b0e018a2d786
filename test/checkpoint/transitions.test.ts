import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { Room, smallRoomBytes } from "../../lib/checkpoint/room.ts";
import {
  begin,
  type Recording,
  record as recordAll,
  reinstate,
  settle,
  withBreakers,
  withoutOldMessages,
} from "../../lib/checkpoint/transitions.ts";
import { taskId } from "../../lib/core/names.ts";
import { createdMs, sampleKnown } from "../change/sample.ts";
import { chat, entry, ops, sampleEvent } from "./sample.ts";

const empty = begin("all", createdMs, 0);
const holding = (...outbox: Checkpoint["outbox"]): Checkpoint => ({ ...empty, outbox, nextSequence: 100 });
const recording = (over: Partial<Recording>): Recording => ({
  differences: [],
  events: [],
  watermarkMs: 0,
  newestCreatedMs: null,
  baselineDone: true,
  nowMs: createdMs,
  lease: null,
  durations: new Map(),
  room: new Room(empty, { maxBacklog: 1_000, maxBytes: smallRoomBytes, sinks: 2 }),
  ...over,
});
/** Of a record that has room for all. */
const record = (...call: Parameters<typeof recordAll>): Checkpoint => recordAll(...call).next;
const known = (status: string, createdAtMs: number) =>
  sampleKnown({ status, createdAtMs, updatedAtMs: createdAtMs, name: "resize" });

describe("begin", () => {
  it("reads back as far as an open task may lie, with a baseline, for now", () => {
    expect(begin("now", 10_000, 4_000)).toMatchObject({ watermarkMs: 6_000, baselineMs: 10_000 });
  });

  it("has no baseline for all and for an instant", () => {
    expect(begin("all", 10_000, 4_000)).toMatchObject({ watermarkMs: 0, baselineMs: null });
    expect(begin({ instantMs: 7 }, 10_000, 4_000)).toMatchObject({ watermarkMs: 7, baselineMs: null });
  });
});

describe("record", () => {
  it("owes each event to its sinks, numbered in order, and none that no sink wants", () => {
    const events = [
      { event: sampleEvent("a"), sinks: [ops, chat] },
      { event: sampleEvent("b"), sinks: [] },
      { event: sampleEvent("c"), sinks: [chat] },
    ];
    const next = record({ ...empty, nextSequence: 7 }, recording({ events }));
    expect(
      next.outbox.map(({ sequence, event, pending }) => [sequence, event.subject, [...pending.keys()]]),
    ).toEqual([
      [7, "a", [ops, chat]],
      [9, "c", [chat]],
    ]);
    expect(next.nextSequence).toBe(10);
  });

  it("forgets ended tasks outside the window, and keeps wherever they lie the open, the doubted and those looked for", () => {
    const doubt = { status: "EXECUTING", sinceMs: 2_000 };
    const vanished = (nextLookMs: number | null) => ({
      ...known("EXECUTING", 1_000),
      gone: { sinceMs: 2_000, nextLookMs },
    });
    const rows = [
      { id: taskId("old-ended"), known: known("SUCCESS", 1_000), changes: [] },
      { id: taskId("old-open"), known: known("EXECUTING", 1_000), changes: [] },
      { id: taskId("old-gone"), known: vanished(null), changes: [] },
      { id: taskId("old-looked-for"), known: vanished(9_000), changes: [] },
      { id: taskId("old-doubted"), known: { ...known("SUCCESS", 1_000), doubt }, changes: [] },
      { id: taskId("boundary"), known: known("SUCCESS", 5_999), changes: [] },
    ];
    const next = record(empty, recording({ differences: rows, watermarkMs: 5_000 }));
    expect([...next.known.keys()]).toEqual(["old-open", "old-looked-for", "old-doubted", "boundary"]);
  });

  it("keeps the baseline until the first snapshot is recorded to its end", () => {
    const first = begin("now", createdMs, 0);
    expect(record(first, recording({ baselineDone: false })).baselineMs).toBe(createdMs);
    expect(record(first, recording({ baselineDone: true })).baselineMs).toBeNull();
  });
});

describe("settle", () => {
  it("takes out what is settled and keeps what is owed, with its attempts", () => {
    const next = settle(holding(entry(1, "a", [ops, chat]), entry(2, "b")), [
      { sequence: 1, sink: ops, pending: null },
      { sequence: 1, sink: chat, pending: { attempts: 2, nextAttemptMs: 9 } },
      { sequence: 2, sink: ops, pending: null },
    ]);
    expect(next.outbox.map(({ sequence, pending }) => [sequence, ...pending])).toEqual([
      [1, [chat, { attempts: 2, nextAttemptMs: 9 }]],
    ]);
  });

  it("does not owe again what another run has settled meanwhile", () => {
    const late = [{ sequence: 1, sink: ops, pending: { attempts: 1, nextAttemptMs: 0 } }];
    expect(settle(holding(entry(1, "a", [chat])), late).outbox[0]?.pending.has(ops)).toBe(false);
    expect(settle(holding(), late).outbox).toEqual([]);
  });

  it("returns the same record when there is nothing to settle", () => {
    expect(settle(empty, [])).toBe(empty);
  });
});

describe("a reference to a message", () => {
  const knowing = (...tasks: readonly string[]) => ({
    known: new Map(tasks.map((task) => [taskId(task), known("EXECUTING", createdMs)])),
  });
  const told = (sequence: number, message: string, sink = ops) => ({
    sequence,
    sink,
    pending: null,
    message,
  });

  it("is kept by task and sink, and the newest stands", () => {
    const owing = holding(entry(1, "a", [ops, chat]), entry(2, "a"));
    const first = settle({ ...owing, ...knowing("a") }, [told(1, "m1"), told(1, "c1", chat)]);
    const second = settle(first, [told(2, "m2")]);
    expect([...second.messages]).toEqual([
      [
        "a",
        new Map([
          [ops, "m2"],
          [chat, "c1"],
        ]),
      ],
    ]);
  });

  it("is kept while the task is owed to someone, though it is forgotten, and no longer", () => {
    const first = settle(holding(entry(1, "a"), entry(2, "a")), [told(1, "m1")]);
    expect(first.messages.size).toBe(1);
    expect(withoutOldMessages(first).messages.size).toBe(1);
    expect(withoutOldMessages(settle(first, [told(2, "m2")])).messages.size).toBe(0);
  });

  it("goes with the task when the window passes it", () => {
    const ended = new Map([[taskId("a"), known("SUCCESS", 1_000)]]);
    const told = { ...empty, known: ended, messages: new Map([[taskId("a"), new Map([[ops, "m"]])]]) };
    const kept = (watermarkMs: number) => withoutOldMessages(record(told, recording({ watermarkMs })));
    expect(kept(1_000).messages.size).toBe(1);
    expect(kept(5_000).messages.size).toBe(0);
  });

  it("of what another run has settled meanwhile is that run's", () => {
    expect(settle({ ...empty, ...knowing("a") }, [told(1, "late")]).messages.size).toBe(0);
  });

  it("is kept for so many only, those told last, whatever is told", () => {
    const tasks = fc.array(fc.tuple(fc.integer({ min: 0, max: 700 }), fc.constantFrom(ops, chat)), {
      minLength: 400,
      maxLength: 900,
    });
    fc.assert(
      fc.property(tasks, (rows) => {
        const all = rows.map(([task]) => `t${task}`);
        const owing = holding(...rows.map(([task, sink], index) => entry(index, `t${task}`, [sink])));
        const settled = settle(
          { ...owing, ...knowing(...all) },
          rows.map(([, sink], index) => told(index, `m${index}`, sink)),
        );
        const next = withoutOldMessages(settled);
        const kept = [...next.messages].flatMap(([task, bySink]) => [...bySink].map((row) => [task, ...row]));
        expect(kept.length).toBeLessThanOrEqual(500);
        const newest = new Map(rows.map(([task, sink], index) => [`t${task} ${sink}`, `m${index}`]));
        for (const [task, sink, message] of kept) expect(newest.get(`${task} ${sink}`)).toBe(message);
        expect(next.messages.has(taskId(all.at(-1) ?? ""))).toBe(true);
        if (newest.size <= 500) expect(kept.length).toBe(newest.size);
      }),
      { numRuns: 30 },
    );
  });
});

describe("reinstate", () => {
  const letter = (sequence: number, task: string) => ({ sequence, sink: ops, event: sampleEvent(task) });

  it("brings letters back at their old places", () => {
    const next = reinstate(
      holding(entry(2, "b"), entry(4, "d")),
      [letter(3, "c"), letter(1, "a")],
      createdMs,
    );
    expect(next.outbox.map(({ event }) => event.subject)).toEqual(["a", "b", "c", "d"]);
  });

  it("owes the event once, however often it is brought back", () => {
    const once = reinstate(holding(), [letter(1, "a")], createdMs);
    expect(reinstate(once, [letter(1, "a")], createdMs)).toEqual(once);
  });

  it("joins the entry that still owes the event to another sink", () => {
    const waiting = { ...entry(1, "a", [chat]), event: sampleEvent("a") };
    const next = reinstate(holding(waiting), [letter(1, "a")], createdMs);
    expect(next.outbox.map(({ pending }) => [...pending.keys()])).toEqual([[chat, ops]]);
  });

  it("goes to the end when its place is another event's, as after a reset", () => {
    const next = reinstate(holding(entry(1, "new")), [letter(1, "old")], createdMs);
    expect(next.outbox.map(({ sequence, event }) => [sequence, event.subject])).toEqual([
      [1, "new"],
      [100, "old"],
    ]);
    expect(next.nextSequence).toBe(101);
  });
});

describe("withTrouble", () => {
  const trouble = {
    kind: "failing",
    reason: "network",
    message: "no answer",
    httpStatus: null,
    sinceMs: 5,
    notBeforeMs: 0,
  } as const;

  it("remembers since when a sink fails, and forgets one that is well", () => {
    const failing = withBreakers(empty, new Map([[ops, trouble]]));
    const later = withBreakers(failing, new Map([[ops, { ...trouble, sinceMs: 99 }]]));
    expect(later.breakers.get(ops)?.sinceMs).toBe(5);
    expect(withBreakers(later, new Map([[ops, null]])).breakers.size).toBe(0);
  });
});
