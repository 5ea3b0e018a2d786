import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openMs } from "../../lib/checkpoint/activity.ts";
import { coolingMs, isDue, type ScheduleRules } from "../../lib/fleet/schedule.ts";

const minuteMs = 60_000;
const startMs = Date.parse("2026-11-24T12:00:00Z");
const rules: ScheduleRules = { everyMs: minuteMs, maxIdleMs: 5 * minuteMs };
const key = "rabbitmq/cn-north-4/p1/i1";

/** The minutes after `startMs` in which a stream is due, as plans once a minute see it. */
const dueMinutes = (stream: string, activeMs: number | null, minutes: number, with_ = rules) =>
  Array.from({ length: minutes }, (_, index) => index + 1).filter((minute) =>
    isDue(
      stream,
      activeMs,
      { afterMs: startMs + (minute - 1) * minuteMs, untilMs: startMs + minute * minuteMs },
      with_,
    ),
  );
const gaps = (minutes: readonly number[]) =>
  minutes.slice(1).map((minute, index) => minute - (minutes[index] ?? 0));

const streams = fc.stringMatching(/^[a-z0-9-]{1,40}$/).map((id) => `kafka/cn-north-4/p1/${id}`);
const idleRules = fc
  .integer({ min: 1, max: 60 })
  .map((minutes) => ({ ...rules, maxIdleMs: minutes * minuteMs }));

describe("isDue", () => {
  it("is true in every plan while a stream is active", () => {
    expect(dueMinutes(key, openMs, 10)).toHaveLength(10);
  });

  it("is true once in each maxIdle for a stream of which nothing is known", () => {
    fc.assert(
      fc.property(streams, idleRules, (stream, idle) => {
        const minutes = idle.maxIdleMs / minuteMs;
        const due = dueMinutes(stream, null, 6 * minutes, idle);
        expect(due).toHaveLength(6);
        expect(gaps(due).every((gap) => gap === minutes)).toBe(true);
      }),
    );
  });

  it("leaves no gap above maxIdle, whenever a stream was active", () => {
    fc.assert(
      fc.property(streams, idleRules, fc.integer({ min: -600, max: 600 }), (stream, idle, seconds) => {
        const minutes = idle.maxIdleMs / minuteMs;
        const due = dueMinutes(stream, startMs + seconds * 1_000, 3 * minutes + 30, idle);
        expect(Math.max(due[0] ?? Infinity, ...gaps(due))).toBeLessThanOrEqual(minutes);
      }),
    );
  });

  it("comes after doubling gaps once a stream has become quiet, beside its turn", () => {
    const idle = { ...rules, maxIdleMs: 32 * minuteMs };
    fc.assert(
      fc.property(streams, (stream) => {
        const turns = new Set(dueMinutes(stream, null, 64, idle));
        const extra = dueMinutes(stream, startMs, 64, idle).filter((minute) => !turns.has(minute));
        // Ends of gaps of 1, 2, 4, 8 and 16 minutes, each up to half a gap early; one may fall on the turn.
        const ends = [1, 3, 7, 15, 31].map((end, index) => [end - 2 ** index / 2, end] as const);
        expect(extra.length).toBeGreaterThanOrEqual(4);
        for (const minute of extra) {
          expect(ends.some(([from, to]) => minute >= from && minute <= Math.ceil(to))).toBe(true);
        }
      }),
    );
    expect(coolingMs(idle)).toBe(31 * minuteMs);
  });

  it("lets streams that became quiet together part ways", () => {
    const idle = { ...rules, maxIdleMs: 32 * minuteMs };
    const afterTheLongGap = Array.from({ length: 200 }, (_, index) => {
      const stream = `kafka/cn-north-4/p1/${index}`;
      const turns = dueMinutes(stream, null, 32, idle);
      return dueMinutes(stream, startMs, 32, idle).findLast(
        (minute) => minute > 16 && !turns.includes(minute),
      );
    });
    expect(new Set(afterTheLongGap).size).toBeGreaterThan(6);
  });

  it("is false for a span of nothing, unless the stream is active", () => {
    const span = { afterMs: startMs, untilMs: startMs };
    expect(isDue(key, null, span, rules)).toBe(false);
    expect(isDue(key, openMs, span, rules)).toBe(true);
  });

  it("answers for a long span as for the short ones in it", () => {
    fc.assert(
      fc.property(streams, fc.integer({ min: 1, max: 12 }), (stream, minutes) => {
        const whole = { afterMs: startMs, untilMs: startMs + minutes * minuteMs };
        expect(isDue(stream, startMs, whole, rules)).toBe(dueMinutes(stream, startMs, minutes).length > 0);
      }),
    );
  });

  it("puts an even load on each minute", () => {
    const counts = Array<number>(5).fill(0);
    for (let index = 0; index < 10_000; index++) {
      const [minute = 0] = dueMinutes(`rabbitmq/cn-north-4/p1/${index}`, null, 5);
      counts[minute - 1] = (counts[minute - 1] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(200);
  });
});
