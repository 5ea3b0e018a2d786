import { describe, expect, it } from "vitest";
import { sampleEvent } from "../../../../lib/change/sample.ts";
import {
  type Arrival,
  checkArrivals,
  isExact,
  type MadeChange,
} from "../../../../lib/cli/commands/demo/check.ts";
import { eventId } from "../../../../lib/core/names.ts";

const change = (taskId: string, to: string, atMs: number): MadeChange => ({
  instanceId: "i",
  taskId,
  to,
  atMs,
});
const arrival = (id: string, atMs: number, verified = true): Arrival => ({
  event: { ...sampleEvent(0), id: eventId(id) },
  verified,
  atMs,
});
const made = [change("t", "EXECUTING", 1_000), change("u", "CREATED", 1_500), change("t", "SUCCESS", 2_000)];
const arrived = [
  arrival("i/t/EXECUTING/1000", 1_100),
  arrival("i/u/CREATED/1500", 1_700),
  arrival("i/t/SUCCESS/2000", 2_300),
];

describe("judge", () => {
  it("finds a run right in which every change arrived once, in order, signed", () => {
    const verdict = checkArrivals(made, arrived);
    expect(verdict).toMatchObject({
      tasks: 2,
      changes: 3,
      delivered: 3,
      duplicates: 0,
      medianLatencyMs: 200,
    });
    expect(isExact(verdict)).toBe(true);
  });

  it.each<[string, readonly Arrival[], object]>([
    ["a lost change", arrived.slice(1), { lost: ["i/t/EXECUTING/1000"] }],
    ["a repeat", [...arrived, ...arrived.slice(2)], { duplicates: 1, delivered: 3 }],
    ["an event of no change", [...arrived, arrival("i/x/FAILED/9", 2_400)], { unexpected: ["i/x/FAILED/9"] }],
    [
      "a wrong signature",
      [...arrived.slice(1), arrival("i/t/EXECUTING/1000", 1_100, false)],
      { unverified: 1 },
    ],
    [
      "a task out of order",
      [arrival("i/t/SUCCESS/2000", 2_300), arrival("i/t/EXECUTING/1000", 2_400), ...arrived.slice(1, 2)],
      { disordered: ["t"] },
    ],
  ])("finds %s", (_, arrivals, found) => {
    const verdict = checkArrivals(made, arrivals);
    expect(verdict).toMatchObject(found);
    expect(isExact(verdict)).toBe(false);
  });

  it("does not mind the order between tasks", () => {
    expect(isExact(checkArrivals(made, arrived.with(1, arrival("i/u/CREATED/1500", 5_000))))).toBe(true);
  });

  it("finds nothing right when nothing was to happen", () => {
    expect(isExact(checkArrivals([], []))).toBe(false);
  });
});
