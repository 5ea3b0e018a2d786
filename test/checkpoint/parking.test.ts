import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventBytes } from "../../lib/change/event.ts";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { type BatchId, batchId, type ParkedDelivery } from "../../lib/checkpoint/parked.ts";
import {
  batchesDue,
  batchesToFill,
  batchIds,
  bringBack,
  park,
  roomOf,
} from "../../lib/checkpoint/parking.ts";
import { oldestPendingMs, pendingCounts } from "../../lib/checkpoint/pending.ts";
import { smallRoomBytes } from "../../lib/checkpoint/room.ts";
import { begin, record, settle } from "../../lib/checkpoint/transitions.ts";
import type { SinkName } from "../../lib/core/names.ts";
import { createdMs } from "../change/sample.ts";
import { chat, ops, sampleEvent } from "./sample.ts";

const maxBytes = 384 * 1_024;

/** A stream's record and the store beside it, as runs use them. */
function lot(maxBacklog: number, sinks: readonly SinkName[] = [ops, chat]) {
  const limits = {
    maxBacklog,
    maxBytes: smallRoomBytes,
    policies: new Map(sinks.map((sink) => [sink, null])),
  };
  const rows = new Map<BatchId, readonly ParkedDelivery[]>();
  let made = 0;
  const newId = (): BatchId => {
    made += 1;
    return batchId(`run/${made}`);
  };
  const at = {
    checkpoint: begin("all", 0, 0),
    rows,
    limits,
    /** Takes in so many events of such a length, each of a task of its own. */
    record(count: number, length: number, wanted = sinks) {
      const first = at.checkpoint.nextSequence;
      const recorded = record(at.checkpoint, {
        differences: [],
        events: Array.from({ length: count }, (_, index) => {
          const event = sampleEvent(`t${first + index}`);
          return { event: { ...event, source: "x".repeat(length) }, sinks: wanted };
        }),
        watermarkMs: 0,
        newestCreatedMs: null,
        baselineDone: true,
        nowMs: createdMs + first,
        lease: null,
        durations: new Map(),
        room: roomOf(at.checkpoint, limits),
      });
      const atHand = new Map(batchesToFill(at.checkpoint).map((id) => [id, rows.get(id) ?? null]));
      const { next, written } = park(recorded.next, recorded.surplus, atHand, newId);
      for (const [id, batch] of written) rows.set(id, batch);
      at.store(next);
    },
    /** The sink's oldest deliveries are accepted. */
    accept(sink: SinkName, count: number) {
      const mine = at.checkpoint.outbox.filter(({ pending }) => pending.has(sink)).slice(0, count);
      at.store(
        settle(
          at.checkpoint,
          mine.map(({ sequence }) => ({ sequence, sink, pending: null })),
        ),
      );
      return mine.map(({ sequence }) => sequence);
    },
    bringBack() {
      const due = batchesDue(at.checkpoint, limits);
      const atHand = new Map(due.map((id) => [id, rows.get(id) ?? null]));
      const { next } = bringBack(at.checkpoint, atHand, limits);
      const hasChanged = next !== at.checkpoint;
      at.store(next);
      return hasChanged;
    },
    store(next: Checkpoint) {
      at.checkpoint = next;
      const named = new Set(batchIds(next));
      for (const id of rows.keys()) if (!named.has(id)) rows.delete(id);
    },
    /** Deliveries that a sink is owed, in order: in the record, then parked. */
    pending(sink: SinkName) {
      const inOutbox = at.checkpoint.outbox.filter(({ pending }) => pending.has(sink));
      const parked = at.checkpoint.parked.get(sink) ?? [];
      const beside = parked.flatMap(({ id, returned }) => rows.get(id)?.slice(returned) ?? []);
      return [...inOutbox, ...beside].map(({ sequence }) => sequence);
    },
  };
  return at;
}

const move = fc.oneof(
  fc.record({
    kind: fc.constant("record" as const),
    count: fc.integer({ min: 1, max: 60 }),
    length: fc.constantFrom(10, 10, 3_000, 40_000),
    sinks: fc.constantFrom([ops, chat], [ops], [chat]),
  }),
  fc.record({
    kind: fc.constant("accept" as const),
    sink: fc.constantFrom(ops, chat),
    count: fc.integer({ min: 1, max: 90 }),
  }),
  fc.record({ kind: fc.constant("back" as const) }),
);

describe("what a sink is owed, in the record and beside it", () => {
  it("is never lost, keeps its order, and leaves the record within its bounds", () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 7, 1_000), fc.array(move, { maxLength: 25 }), (maxBacklog, moves) => {
        const at = lot(maxBacklog);
        const pending = new Map<SinkName, number[]>([
          [ops, []],
          [chat, []],
        ]);
        for (const each of moves) {
          if (each.kind === "record") {
            const first = at.checkpoint.nextSequence;
            at.record(each.count, each.length, each.sinks);
            for (const sink of each.sinks)
              for (let index = 0; index < each.count; index += 1) pending.get(sink)?.push(first + index);
          } else if (each.kind === "accept") {
            const gone = at.accept(each.sink, each.count);
            expect(pending.get(each.sink)?.splice(0, gone.length)).toEqual(gone);
          } else at.bringBack();
          for (const [sink, sequences] of pending) {
            expect(at.pending(sink)).toEqual(sequences);
            expect(pendingCounts(at.checkpoint).get(sink) ?? 0).toBe(sequences.length);
          }
          const { outbox, parked } = at.checkpoint;
          for (const sink of [ops, chat])
            expect(outbox.filter(({ pending }) => pending.has(sink)).length).toBeLessThanOrEqual(maxBacklog);
          const bytes = outbox.reduce((sum, { event }) => sum + eventBytes(event), 0);
          // One event of each sink comes through however large it is.
          expect(bytes).toBeLessThanOrEqual(maxBytes + 2 * 41_000);
          for (const batch of [...parked.values()].flat()) {
            const waiting = at.rows.get(batch.id)?.slice(batch.returned) ?? [];
            expect(batch.count).toBe(waiting.length);
            expect(batch.bytes).toBe(waiting.reduce((sum, { event }) => sum + eventBytes(event), 0));
            expect(batch.bytes).toBeLessThanOrEqual(256 * 1_024);
          }
        }
        // A sink that is well again gets all of it.
        while (pendingCounts(at.checkpoint).size > 0) {
          const gone = at.accept(ops, 100).length + at.accept(chat, 100).length;
          expect(at.bringBack() || gone > 0).toBe(true);
        }
        expect(at.rows.size).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  it("is parked from the first delivery on that has no room, though later ones are small", () => {
    const at = lot(1_000, [ops]);
    at.record(5, 100_000);
    at.record(1, 10);
    expect(at.checkpoint.outbox.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(at.checkpoint.parked.get(ops)?.map(({ count }) => count)).toEqual([2, 1]);
  });

  it("takes no room from the other sinks, however long one of them is down", () => {
    const at = lot(1_000);
    for (let slice = 0; slice < 20; slice += 1) {
      at.record(100, 1_000);
      at.accept(chat, 1_000);
    }
    const before = at.checkpoint.outbox.filter(({ pending }) => pending.has(chat)).length;
    expect([before, at.bringBack()]).toEqual([0, true]);
    expect(at.checkpoint.outbox.filter(({ pending }) => pending.has(chat)).length).toBeGreaterThan(40);
  });

  it("grows the record by a batch's name for a quarter of a megabyte, in large slices and in a trickle", () => {
    const burst = lot(1_000, [ops]);
    for (let slice = 0; slice < 50; slice += 1) burst.record(200, 10);
    const trickle = lot(1_000, [ops]);
    for (let count = 0; count < 1_000; count += 1) trickle.record(1, 3_000);
    for (const at of [burst, trickle]) {
      const batches = at.checkpoint.parked.get(ops) ?? [];
      const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0);
      expect(batches.length).toBeLessThanOrEqual(Math.ceil(bytes / (128 * 1_024)) + 1);
    }
  });

  it("tells its age by the oldest, wherever that waits", () => {
    const at = lot(1, [ops]);
    expect(oldestPendingMs(at.checkpoint)).toBeNull();
    at.record(1, 10);
    at.record(1, 10);
    expect(oldestPendingMs(at.checkpoint)).toBe(createdMs + 1);
    at.accept(ops, 1);
    expect(oldestPendingMs(at.checkpoint)).toBe(createdMs + 2);
  });
});

describe("bringBack", () => {
  it("gives a sink that is no longer configured all at once, to be given up", () => {
    const at = lot(1, [ops]);
    at.record(9, 10);
    at.limits.policies.clear();
    at.bringBack();
    expect(at.checkpoint.outbox).toHaveLength(9);
    expect(at.checkpoint.parked.size).toBe(0);
  });

  it("waits while an event of an earlier life of the record stands in a place that it needs", () => {
    const at = lot(1, [ops]);
    at.record(2, 10);
    at.accept(ops, 1);
    const foreign = { sequence: 2, event: sampleEvent("foreign"), committedAtMs: 0, pending: new Map() };
    at.store({ ...at.checkpoint, outbox: [foreign] });
    expect(at.bringBack()).toBe(false);
    at.store({ ...at.checkpoint, outbox: [] });
    expect(at.bringBack()).toBe(true);
  });

  it("tells what the store has lost, and goes on with the rest", () => {
    const at = lot(1, [ops]);
    at.record(3, 200_000);
    at.accept(ops, 1);
    const [first] = batchIds(at.checkpoint);
    if (first) at.rows.delete(first);
    const due = batchesDue(at.checkpoint, at.limits);
    const { next, lost } = bringBack(at.checkpoint, new Map(due.map((id) => [id, null])), at.limits);
    expect([...lost]).toEqual([[ops, 1]]);
    expect(next.parked.get(ops)?.map(({ count }) => count)).toEqual([1]);
  });
});
