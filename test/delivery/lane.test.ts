import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Lane, type Parcel } from "../../lib/delivery/lane.ts";
import { chat, entry, ops } from "../checkpoint/sample.ts";

const sequences = (parcels: readonly Parcel[]) => parcels.map((parcel) => parcel.entry.sequence);
const later = { attempts: 1, nextAttemptMs: 5_000 };

/** Everything that may go now. */
function takeAll(lane: Lane, nowMs = 0): readonly Parcel[] {
  const taken: Parcel[] = [];
  for (let parcel = lane.next(nowMs); parcel; parcel = lane.next(nowMs)) {
    lane.take(parcel);
    taken.push(parcel);
  }
  return taken;
}

describe("a lane", () => {
  it("holds what its sink is owed, and nothing else", () => {
    const lane = new Lane([entry(1, "a"), entry(2, "b", [chat])], ops);
    expect([lane.isEmpty, sequences(takeAll(lane))]).toEqual([false, [1]]);
    expect(new Lane([entry(2, "b", [chat])], ops).isEmpty).toBe(true);
  });

  it("gives each event once, oldest first, one of a task at a time", () => {
    const lane = new Lane([entry(1, "a"), entry(2, "a"), entry(3, "b")], ops);
    const taken = takeAll(lane);
    expect(sequences(taken)).toEqual([1, 3]);
    expect(lane.next(0)).toBeNull();
    if (taken[0]) lane.settle(taken[0]);
    expect(sequences(takeAll(lane))).toEqual([2]);
  });

  it("takes more in while it is served, and holds it back behind what its task is still owed", () => {
    const lane = new Lane([entry(1, "a"), entry(2, "b")], ops);
    const [first, second] = takeAll(lane);
    lane.add([entry(3, "a"), entry(4, "b"), entry(5, "c"), entry(6, "d", [chat])]);
    expect(sequences(takeAll(lane))).toEqual([5]);
    if (first) lane.reschedule(first, later);
    if (second) lane.settle(second);
    lane.add([entry(7, "a"), entry(8, "b")]);
    const [fourth] = takeAll(lane);
    expect(fourth?.entry.sequence).toBe(4);
    const [again] = takeAll(lane, 5_000);
    expect(again?.entry.sequence).toBe(1);
    if (again) lane.settle(again);
    if (fourth) lane.settle(fourth);
    expect(sequences(takeAll(lane))).toEqual([3, 8]);
  });

  it("gives the same event until it is taken", () => {
    const lane = new Lane([entry(1, "a"), entry(2, "b")], ops);
    expect([lane.next(0)?.entry.sequence, lane.next(0)?.entry.sequence]).toEqual([1, 1]);
    expect(lane.readyCount(0)).toBe(2);
    takeAll(lane);
    expect(lane.readyCount(0)).toBe(0);
  });

  it("holds later events of a task while an earlier one waits, or is neither settled nor due again", () => {
    const lane = new Lane([entry(1, "a"), entry(2, "a"), entry(3, "b"), entry(4, "b")], ops);
    const [first] = takeAll(lane);
    expect(lane.dueMs(0)).toBe(Number.POSITIVE_INFINITY);
    if (first) lane.reschedule(first, later);
    expect(sequences(takeAll(lane, 4_999))).toEqual([]);
    expect(lane.dueMs(4_999)).toBe(5_000);
    expect(sequences(takeAll(lane, 5_000))).toEqual([1]);
    expect(lane.dueMs(5_000)).toBe(Number.POSITIVE_INFINITY);
  });

  it("lets go of what waits only what is due, and keeps the rest for its own time", () => {
    const due = (sequence: number, task: string, nextAttemptMs: number) => ({
      ...entry(sequence, task),
      owed: new Map([[ops, { attempts: 1, nextAttemptMs }]]),
    });
    const lane = new Lane([entry(1, "a"), due(2, "b", 100), due(3, "c", 200), due(4, "d", 300)], ops);
    expect(lane.dueMs(7)).toBe(7);
    expect(sequences(takeAll(lane))).toEqual([1]);
    expect([lane.next(99), lane.dueMs(99), lane.readyCount(99)]).toEqual([null, 100, 0]);
    expect([lane.readyCount(200), lane.dueMs(200)]).toEqual([2, 200]);
    expect(sequences(takeAll(lane, 200))).toEqual([2, 3]);
    expect(lane.dueMs(200)).toBe(300);
    expect(sequences(takeAll(lane, 299))).toEqual([]);
    expect(sequences(takeAll(lane, 300))).toEqual([4]);
    expect([lane.leastTried(), lane.dueMs(9e9)]).toEqual([null, Number.POSITIVE_INFINITY]);
  });

  it("names the least tried event of those that wait, due or not, wherever it stands", () => {
    const tried = (attempts: number, nextAttemptMs: number) => ({
      ...entry(attempts, `t${attempts}`),
      owed: new Map([[ops, { attempts, nextAttemptMs }]]),
    });
    const lane = new Lane([tried(3, 9e9), tried(2, 0), tried(1, 9e9)], ops);
    const probed: (number | undefined)[] = [];
    for (let parcel = lane.leastTried(); parcel; parcel = lane.leastTried()) {
      lane.take(parcel);
      probed.push(parcel.entry.sequence);
    }
    expect(probed).toEqual([1, 2, 3]);
  });

  it("gives what was taken before its turn no second time, and everything else in its order", () => {
    const lane = new Lane([entry(1, "a"), entry(2, "b"), entry(3, "c")], ops);
    const first = lane.next(0);
    if (first) lane.take(first);
    const probe = lane.leastTried();
    expect(probe?.entry.sequence).toBe(2);
    if (probe) lane.take(probe);
    expect(sequences(takeAll(lane))).toEqual([3]);
    expect(lane.leastTried()).toBeNull();
  });

  it("never gives an event before an earlier one of its task is settled", () => {
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
            const parcels = takeAll(lane);
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
