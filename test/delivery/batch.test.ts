import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Batch } from "../../lib/delivery/batch.ts";
import { entry, ops } from "../checkpoint/sample.ts";

const pending = (sequence: number, task: string) => ({
  entry: entry(sequence, task, [ops]),
});
const bytes = Buffer.byteLength(JSON.stringify(entry(1, "a").event));

/** The tasks that found their place, until the batch was full. */
function fill(limits: { maxEvents: number; maxBytes: number }, tasks: readonly string[]): readonly string[] {
  const batch = new Batch(limits);
  return tasks.filter((task, index) => !batch.isFull && batch.add(pending(index + 1, task)));
}

describe("a batch", () => {
  it.each([
    ["its count", { maxEvents: 2, maxBytes: 1e6 }, ["a", "b"]],
    ["its bytes", { maxEvents: 9, maxBytes: bytes * 2 }, ["a", "b"]],
    ["its bytes but for the first", { maxEvents: 9, maxBytes: 1 }, ["a"]],
    ["one event whatever its bytes", { maxEvents: 1, maxBytes: 1 }, ["a"]],
  ])("keeps to %s", (_, limits, taken) => {
    expect(fill(limits, ["a", "b", "c"])).toEqual(taken);
  });

  it("passes over an event of a task that it holds, and takes the next", () => {
    expect(fill({ maxEvents: 3, maxBytes: 1e6 }, ["a", "a", "b", "a", "c", "d"])).toEqual(["a", "b", "c"]);
  });

  it("never holds two events of one task, nor more than its limits, unless the first alone is more", () => {
    const limits = fc.record({
      maxEvents: fc.integer({ min: 1, max: 5 }),
      maxBytes: fc.integer({ min: 1, max: bytes * 6 }),
    });
    fc.assert(
      fc.property(limits, fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f")), (limit, tasks) => {
        const taken = fill(limit, tasks);
        expect(new Set(taken).size).toBe(taken.length);
        expect(taken.length).toBeLessThanOrEqual(limit.maxEvents);
        expect(taken.length).toBeGreaterThanOrEqual(Math.min(1, tasks.length));
        if (taken.length > 1) expect(taken.length * bytes).toBeLessThanOrEqual(limit.maxBytes);
      }),
    );
  });
});
