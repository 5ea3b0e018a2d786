import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PendingDelivery, TaskQueue } from "../../lib/delivery/task-queue.ts";
import { chat, entry, ops } from "../checkpoint/sample.ts";

const sequences = (parcels: readonly PendingDelivery[]) => parcels.map((pending) => pending.entry.sequence);
const later = { attempts: 1, nextAttemptMs: 5_000 };

/** Everything that may go now. */
function takeAll(queue: TaskQueue, nowMs = 0): readonly PendingDelivery[] {
  const taken: PendingDelivery[] = [];
  for (let pending = queue.next(nowMs); pending; pending = queue.next(nowMs)) {
    queue.take(pending);
    taken.push(pending);
  }
  return taken;
}

describe("a lane", () => {
  it("holds what its sink is owed, and nothing else", () => {
    const queue = new TaskQueue([entry(1, "a"), entry(2, "b", [chat])], ops);
    expect([queue.isEmpty, sequences(takeAll(queue))]).toEqual([false, [1]]);
    expect(new TaskQueue([entry(2, "b", [chat])], ops).isEmpty).toBe(true);
  });

  it("gives each event once, oldest first, one of a task at a time", () => {
    const queue = new TaskQueue([entry(1, "a"), entry(2, "a"), entry(3, "b")], ops);
    const taken = takeAll(queue);
    expect(sequences(taken)).toEqual([1, 3]);
    expect(queue.next(0)).toBeNull();
    if (taken[0]) queue.settle(taken[0]);
    expect(sequences(takeAll(queue))).toEqual([2]);
  });

  it("takes more in while it is served, and holds it back behind what its task is still owed", () => {
    const queue = new TaskQueue([entry(1, "a"), entry(2, "b")], ops);
    const [first, second] = takeAll(queue);
    queue.add([entry(3, "a"), entry(4, "b"), entry(5, "c"), entry(6, "d", [chat])]);
    expect(sequences(takeAll(queue))).toEqual([5]);
    if (first) queue.reschedule(first, later);
    if (second) queue.settle(second);
    queue.add([entry(7, "a"), entry(8, "b")]);
    const [fourth] = takeAll(queue);
    expect(fourth?.entry.sequence).toBe(4);
    const [again] = takeAll(queue, 5_000);
    expect(again?.entry.sequence).toBe(1);
    if (again) queue.settle(again);
    if (fourth) queue.settle(fourth);
    expect(sequences(takeAll(queue))).toEqual([3, 8]);
  });

  it("gives the same event until it is taken", () => {
    const queue = new TaskQueue([entry(1, "a"), entry(2, "b")], ops);
    expect([queue.next(0)?.entry.sequence, queue.next(0)?.entry.sequence]).toEqual([1, 1]);
    expect(queue.readyCount(0)).toBe(2);
    takeAll(queue);
    expect(queue.readyCount(0)).toBe(0);
  });

  it("holds later events of a task while an earlier one waits, or is neither settled nor due again", () => {
    const queue = new TaskQueue([entry(1, "a"), entry(2, "a"), entry(3, "b"), entry(4, "b")], ops);
    const [first] = takeAll(queue);
    expect(queue.dueMs(0)).toBe(Number.POSITIVE_INFINITY);
    if (first) queue.reschedule(first, later);
    expect(sequences(takeAll(queue, 4_999))).toEqual([]);
    expect(queue.dueMs(4_999)).toBe(5_000);
    expect(sequences(takeAll(queue, 5_000))).toEqual([1]);
    expect(queue.dueMs(5_000)).toBe(Number.POSITIVE_INFINITY);
  });

  it("lets go of what waits only what is due, and keeps the rest for its own time", () => {
    const due = (sequence: number, task: string, nextAttemptMs: number) => ({
      ...entry(sequence, task),
      pending: new Map([[ops, { attempts: 1, nextAttemptMs }]]),
    });
    const queue = new TaskQueue([entry(1, "a"), due(2, "b", 100), due(3, "c", 200), due(4, "d", 300)], ops);
    expect(queue.dueMs(7)).toBe(7);
    expect(sequences(takeAll(queue))).toEqual([1]);
    expect([queue.next(99), queue.dueMs(99), queue.readyCount(99)]).toEqual([null, 100, 0]);
    expect([queue.readyCount(200), queue.dueMs(200)]).toEqual([2, 200]);
    expect(sequences(takeAll(queue, 200))).toEqual([2, 3]);
    expect(queue.dueMs(200)).toBe(300);
    expect(sequences(takeAll(queue, 299))).toEqual([]);
    expect(sequences(takeAll(queue, 300))).toEqual([4]);
    expect([queue.leastTried(), queue.dueMs(9e9)]).toEqual([null, Number.POSITIVE_INFINITY]);
  });

  it("names the least tried event of those that wait, due or not, wherever it stands", () => {
    const tried = (attempts: number, nextAttemptMs: number) => ({
      ...entry(attempts, `t${attempts}`),
      pending: new Map([[ops, { attempts, nextAttemptMs }]]),
    });
    const queue = new TaskQueue([tried(3, 9e9), tried(2, 0), tried(1, 9e9)], ops);
    const probed: (number | undefined)[] = [];
    for (let pending = queue.leastTried(); pending; pending = queue.leastTried()) {
      queue.take(pending);
      probed.push(pending.entry.sequence);
    }
    expect(probed).toEqual([1, 2, 3]);
  });

  it("gives what was taken before its turn no second time, and everything else in its order", () => {
    const queue = new TaskQueue([entry(1, "a"), entry(2, "b"), entry(3, "c")], ops);
    const first = queue.next(0);
    if (first) queue.take(first);
    const probe = queue.leastTried();
    expect(probe?.entry.sequence).toBe(2);
    if (probe) queue.take(probe);
    expect(sequences(takeAll(queue))).toEqual([3]);
    expect(queue.leastTried()).toBeNull();
  });

  it("never gives an event before an earlier one of its task is settled", () => {
    const tasks = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 30 });
    fc.assert(
      fc.property(
        tasks,
        fc.infiniteStream(fc.constantFrom("settle", "reschedule", "hold")),
        (names, fates) => {
          const queue = new TaskQueue(
            names.map((name, index) => entry(index + 1, name)),
            ops,
          );
          const settled: number[] = [];
          for (let round = 0; round < 100; round += 1) {
            const parcels = takeAll(queue);
            if (parcels.length === 0) break;
            expect(new Set(parcels.map((pending) => pending.entry.event.subject)).size).toBe(parcels.length);
            for (const pending of parcels) {
              const { entry: taken } = pending;
              const fate = fates.next().value;
              const before = names
                .slice(0, taken.sequence - 1)
                .filter((name) => name === taken.event.subject).length;
              expect(settled.filter((sequence) => names[sequence - 1] === taken.event.subject)).toHaveLength(
                before,
              );
              if (fate === "settle") settled.push(taken.sequence);
              if (fate === "settle") queue.settle(pending);
              if (fate === "reschedule") queue.reschedule(pending, { attempts: 1, nextAttemptMs: 0 });
            }
          }
        },
      ),
    );
  });
});
