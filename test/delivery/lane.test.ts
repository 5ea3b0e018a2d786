import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Lane, type Parcel } from "../../lib/delivery/lane.ts";
import { chat, entry, ops } from "../checkpoint/sample.ts";

const many = { maxEvents: 10, maxBytes: 1_000_000 };
const sequences = (parcels: readonly Parcel[]) => parcels.map((parcel) => parcel.entry.sequence);
const later = { attempts: 1, nextAttemptMs: 5_000 };

describe("a lane", () => {
  it("holds what its sink is owed, and nothing else", () => {
    expect(sequences(new Lane([entry(1, "a"), entry(2, "b", [chat])], ops).take(0, many))).toEqual([1]);
  });

  it("gives each event once, oldest first, one of a task at a time", () => {
    const lane = new Lane([entry(1, "a"), entry(2, "a"), entry(3, "b")], ops);
    const [first, ...others] = lane.take(0, many);
    expect(first?.entry.sequence).toBe(1);
    expect(sequences(others)).toEqual([3]);
    expect(sequences(lane.take(0, many))).toEqual([]);
    if (first) lane.settle(first);
    expect(sequences(lane.take(0, many))).toEqual([2]);
  });

  it("holds later events of a task while an earlier one waits, or is neither settled nor due again", () => {
    const lane = new Lane([entry(1, "a"), entry(2, "a"), entry(3, "b"), entry(4, "b")], ops);
    const [first] = lane.take(0, many);
    if (first) lane.reschedule(first, later);
    expect(sequences(lane.take(4_999, many))).toEqual([]);
    expect(lane.nextDueMs()).toBe(5_000);
    expect(sequences(lane.take(5_000, many))).toEqual([1]);
    expect(lane.nextDueMs()).toBeNull();
  });

  it("lets go of what waits only what is due, and keeps the rest for its own time", () => {
    const due = (sequence: number, task: string, nextAttemptMs: number) => ({
      ...entry(sequence, task),
      owed: new Map([[ops, { attempts: 1, nextAttemptMs }]]),
    });
    const lane = new Lane([entry(1, "a"), due(2, "b", 100), due(3, "c", 200), due(4, "d", 300)], ops);
    expect(lane.nextDueMs()).toBe(100);
    expect(lane.isReady(0, false)).toBe(true);
    expect(sequences(lane.take(0, { maxEvents: 1, maxBytes: 1e6 }))).toEqual([1]);
    expect(lane.isReady(99, false)).toBe(false);
    expect(lane.isReady(99, true)).toBe(true);
    expect(lane.isReady(200, false)).toBe(true);
    expect(lane.nextDueMs()).toBe(300);
    expect(sequences(lane.take(200, many))).toEqual([2, 3]);
    expect(sequences(lane.take(299, many))).toEqual([]);
    expect(sequences(lane.take(300, many))).toEqual([4]);
    expect(lane.isReady(9e9, true)).toBe(false);
  });

  it("probes with the least tried event of those that may go, wherever it stands", () => {
    const tried = { ...entry(1, "a"), owed: new Map([[ops, { attempts: 2, nextAttemptMs: 0 }]]) };
    expect(sequences(new Lane([tried, entry(2, "b")], ops).probe())).toEqual([2]);
  });

  it("gives what it has probed with no second time, and everything else in its order", () => {
    const lane = new Lane([entry(1, "a"), entry(2, "b"), entry(3, "c")], ops);
    lane.take(0, { maxEvents: 1, maxBytes: 1e6 });
    expect(sequences(lane.probe())).toEqual([2]);
    expect(sequences(lane.take(0, many))).toEqual([3]);
    expect(lane.probe()).toEqual([]);
  });

  it("keeps to the batch's count and bytes, yet always gives one", () => {
    const lane = () => new Lane([entry(1, "a"), entry(2, "b"), entry(3, "c")], ops);
    const size = Buffer.byteLength(JSON.stringify(entry(1, "a").event));
    expect(sequences(lane().take(0, { maxEvents: 2, maxBytes: 1e6 }))).toEqual([1, 2]);
    expect(sequences(lane().take(0, { maxEvents: 9, maxBytes: size * 2 }))).toEqual([1, 2]);
    expect(sequences(lane().take(0, { maxEvents: 9, maxBytes: 1 }))).toEqual([1]);
  });

  it("probes with the least tried event, due or not", () => {
    const tried = { ...entry(1, "a"), owed: new Map([[ops, { attempts: 3, nextAttemptMs: 9e9 }]]) };
    const lane = new Lane([tried, entry(2, "b")], ops);
    expect(sequences(lane.probe())).toEqual([2]);
    expect(sequences(lane.probe())).toEqual([1]);
    expect(lane.probe()).toEqual([]);
  });

  it("never gives a batch two events of one task, nor an event before an earlier one of its task is settled", () => {
    const tasks = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 30 });
    fc.assert(
      fc.property(
        tasks,
        fc.infiniteStream(fc.constantFrom("settle", "reschedule", "hold")),
        (names, fates) => {
          const lane = new Lane(
            names.map((name, index) => entry(index + 1, name)),
            ops,
          );
          const settled: number[] = [];
          for (let round = 0; round < 100; round += 1) {
            const parcels = lane.take(0, { maxEvents: 2, maxBytes: 1e6 });
            if (parcels.length === 0) break;
            expect(new Set(parcels.map((parcel) => parcel.entry.event.subject)).size).toBe(parcels.length);
            for (const parcel of parcels) {
              const { entry: taken } = parcel;
              const fate = fates.next().value;
              const before = names
                .slice(0, taken.sequence - 1)
                .filter((name) => name === taken.event.subject).length;
              expect(settled.filter((sequence) => names[sequence - 1] === taken.event.subject)).toHaveLength(
                before,
              );
              if (fate === "settle") settled.push(taken.sequence);
              if (fate === "settle") lane.settle(parcel);
              if (fate === "reschedule") lane.reschedule(parcel, { attempts: 1, nextAttemptMs: 0 });
            }
          }
        },
      ),
    );
  });
});
