import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { withoutVoidInstants, withSoundAges, withSoundWatermark } from "../../lib/checkpoint/instants.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { runId } from "../../lib/core/names.ts";
import { createdMs } from "../change/sample.ts";
import { anyCheckpoint, entry, ops } from "./sample.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const nowMs = createdMs;
const longest = { fenceMs: 31_000, attemptMs: () => 60 * minuteMs };
const sound = (record: Checkpoint, atMs = nowMs) => withoutVoidInstants(record, atMs, longest);

/** As a run leaves it whose clock shows `atMs`. */
const leftAt = (atMs: number): Checkpoint => ({
  ...begin("all", atMs, 7 * dayMs),
  outbox: [
    {
      ...entry(1, "t1"),
      committedAtMs: atMs,
      pending: new Map([[ops, { attempts: 2, nextAttemptMs: atMs + 60 * minuteMs }]]),
    },
  ],
  lease: { run: runId("dead"), untilMs: atMs + 31_000 },
  breakers: new Map([
    [
      ops,
      {
        kind: "failing",
        reason: "throttled",
        message: "HTTP 429",
        httpStatus: 429,
        sinceMs: atMs,
        notBeforeMs: atMs + 60 * minuteMs,
      },
    ],
  ]),
});

describe("a record's waits", () => {
  it("stay as they are while they lie within their longest, hosts' clocks a minute apart included", () => {
    for (const record of [leftAt(nowMs - dayMs), leftAt(nowMs), leftAt(nowMs + minuteMs)])
      expect(sound(record)).toBe(record);
  });

  it("are void when only a clock that was ahead can have set them", () => {
    const { lease, breakers, outbox } = sound(leftAt(nowMs + 30 * dayMs));
    expect(lease).toBeNull();
    expect(breakers.get(ops)).toMatchObject({ sinceMs: nowMs, notBeforeMs: nowMs });
    expect(outbox[0]).toMatchObject({ sequence: 1 });
    expect(outbox[0]?.pending.get(ops)).toEqual({ attempts: 2, nextAttemptMs: nowMs });
  });

  it("are void one by one: a sound one beside a void one stays", () => {
    const ahead = leftAt(nowMs + 30 * dayMs);
    const { lease } = leftAt(nowMs);
    const found = sound({ ...ahead, lease, outbox: [...leftAt(nowMs).outbox, ...ahead.outbox] });
    expect(found.lease).toBe(lease);
    expect(found.outbox[0]).toEqual(leftAt(nowMs).outbox[0]);
  });

  it("never hold anything beyond their longest, whatever the record says, and lose nothing that is owed", () => {
    fc.assert(
      fc.property(anyCheckpoint, fc.integer({ min: 0, max: 4e12 }), (record, atMs) => {
        const found = sound(record, atMs);
        const latestMs = atMs + 61 * minuteMs;
        expect(found.outbox.map(({ event, pending }) => [event, [...pending.keys()]])).toEqual(
          record.outbox.map(({ event, pending }) => [event, [...pending.keys()]]),
        );
        for (const { pending } of found.outbox) {
          for (const { nextAttemptMs } of pending.values())
            expect(nextAttemptMs).toBeLessThanOrEqual(latestMs);
        }
        for (const { notBeforeMs } of found.breakers.values())
          expect(notBeforeMs).toBeLessThanOrEqual(latestMs);
        expect(found.lease?.untilMs ?? 0).toBeLessThanOrEqual(atMs + 31_000 + minuteMs);
        expect(found.baselineMs ?? 0).toBeLessThanOrEqual(atMs + minuteMs);
        expect(found.goneMs ?? 0).toBeLessThanOrEqual(atMs + minuteMs);
        expect(sound(found, atMs)).toBe(found);
      }),
    );
  });
});

describe("an event's age", () => {
  it("counts from now where the event was committed in the future, and stays otherwise", () => {
    const { outbox } = withSoundAges(leftAt(nowMs + 30 * dayMs), nowMs);
    expect(outbox).toMatchObject([{ sequence: 1, committedAtMs: nowMs }]);
    for (const record of [leftAt(nowMs - dayMs), leftAt(nowMs + minuteMs)])
      expect(withSoundAges(record, nowMs)).toBe(record);
  });
});

describe("a watermark", () => {
  const reach = { startMs: null, lookbackMs: 15 * minuteMs, maxOpenAgeMs: 7 * dayMs };
  const both = { oursMs: nowMs, apiMs: nowMs };
  const seen = (watermarkMs: number): Checkpoint => ({
    ...begin("all", nowMs, 0),
    watermarkMs,
    newestCreatedMs: nowMs - dayMs,
  });

  it("of a first window reaches back as far as an open task may lie, by the API's clock", () => {
    const ahead = begin("now", nowMs + 3 * dayMs, 7 * dayMs);
    const now = { oursMs: nowMs + 3 * dayMs, apiMs: nowMs };
    expect(withSoundWatermark(ahead, now, reach).watermarkMs).toBe(nowMs - 7 * dayMs);
    const behind = begin("now", nowMs - 3 * dayMs, 7 * dayMs);
    expect(withSoundWatermark(behind, both, reach)).toBe(behind);
  });

  it("that lies in the future is moved back by the lookback", () => {
    expect(withSoundWatermark(seen(nowMs + dayMs), both, reach).watermarkMs).toBe(nowMs - 15 * minuteMs);
  });

  it("stays where one clock alone says that it lies in the future", () => {
    const record = seen(nowMs - minuteMs);
    for (const now of [
      { oursMs: nowMs - dayMs, apiMs: nowMs },
      { oursMs: nowMs, apiMs: nowMs - dayMs },
    ])
      expect(withSoundWatermark(record, now, reach)).toBe(record);
  });

  it("stays where a configured first instant has put it", () => {
    const startMs = nowMs + dayMs;
    const record = begin({ instantMs: startMs }, nowMs, 0);
    expect(withSoundWatermark(record, both, { ...reach, startMs })).toBe(record);
  });
});
