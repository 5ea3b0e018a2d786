import { describe, expect, it } from "vitest";
import type { SinkTrouble } from "../../lib/checkpoint/checkpoint.ts";
import { sinkName } from "../../lib/core/names.ts";
import { waitsOf } from "../../lib/fleet/waits.ts";
import { sampleEvent } from "../sinks/sample.ts";

const nowMs = 1_000_000;
const [a, b, c] = [1, 2, 3].map((number) => ({ event: sampleEvent(number) })) as [
  { event: ReturnType<typeof sampleEvent> },
  { event: ReturnType<typeof sampleEvent> },
  { event: ReturnType<typeof sampleEvent> },
];
const owed = (sequence: number, inMs: number) => ({
  sequence,
  sink: sinkName("ops"),
  owed: { attempts: 1, nextAttemptMs: nowMs + inMs },
});
const trouble = (inMs: number): SinkTrouble => ({
  kind: "failing",
  reason: "throttled",
  sinceMs: 0,
  notBeforeMs: nowMs + inMs,
});

describe("the wait of a message", () => {
  it("is until its next attempt, in whole seconds rounded up", () => {
    const waits = waitsOf([a, b], [owed(0, 1_500), owed(1, 0)], null, nowMs);
    expect([waits.secondsFor(a.event), waits.secondsFor(b.event)]).toEqual([2, 0]);
  });

  it("is as long as that of the event of its task that failed, so that it does not become visible first", () => {
    const later = { event: { ...a.event, id: sampleEvent(9).id } };
    const waits = waitsOf([a, later, b], [owed(0, 7_000), owed(2, 1_000)], null, nowMs);
    expect(waits.secondsFor(later.event)).toBe(7);
  });

  it("is until the sink may be tried again, where it was not tried itself", () => {
    expect(waitsOf([a, b], [owed(0, 4_000)], trouble(0), nowMs).secondsFor(b.event)).toBe(4);
    expect(waitsOf([a, b, c], [owed(0, 4_000)], trouble(90_000), nowMs).secondsFor(c.event)).toBe(90);
  });

  it("is nothing where only the time was up", () => {
    expect(waitsOf([a, b], [], null, nowMs).secondsFor(b.event)).toBe(0);
  });

  it("is never more than SQS takes", () => {
    expect(waitsOf([a], [owed(0, 1e12)], null, nowMs).secondsFor(a.event)).toBe(43_200);
  });
});
