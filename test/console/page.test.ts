import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bundlePage } from "../../build/console-page.ts";
import { lanesOf } from "../../lib/console/page/timeline/rows.ts";
import { ticks, zoomed } from "../../lib/console/page/timeline/scale.ts";
import type { TaskRow } from "../../lib/console/protocol.ts";

const maxBytes = 100 * 1024;

describe("the console's bundle", () => {
  it("is below 100 KiB as gzip, and asks no other host for anything", async () => {
    const { script, style } = await bundlePage();
    const bytes = gzipSync(script).length + gzipSync(style).length;
    process.stdout.write(`the console's page: ${(bytes / 1024).toFixed(1)} KiB gzip\n`);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(maxBytes);
    expect(`${script}${style}`.match(/https?:\/\/(?!www\.w3\.org)[^"'`\s]*/g)).toBeNull();
    expect(script).not.toMatch(/\beval\(|new Function\(/);
  });
});

const task = (createdAtMs: number, lastsMs: number | null, typicalMs: number | null): TaskRow => ({
  key: `s/${createdAtMs}`,
  stream: "s",
  id: "t",
  name: "task",
  user: null,
  status: lastsMs === null ? "EXECUTING" : "SUCCESS",
  createdAtMs,
  endedAtMs: lastsMs === null ? null : createdAtMs + lastsMs,
  typicalMs,
  mark: null,
  steps: [],
});

const instant = fc.integer({ min: 0, max: 1_000_000 });
const length = fc.option(fc.integer({ min: 0, max: 100_000 }));

describe("the timeline's rows", () => {
  it("never lay one bar over another", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(instant, length, length), { maxLength: 60 }), (drawn) => {
        const tasks = drawn.map((each) => task(...each)).sort((a, b) => a.createdAtMs - b.createdAtMs);
        const measures = { pxPerMs: 0.01, minWidth: 18, gap: 4, labelWidth: () => 40 };
        for (const { bars } of lanesOf(tasks, [], measures)) {
          for (const row of Map.groupBy(bars, (bar) => bar.row).values()) {
            for (const [index, { task: after }] of row.entries()) {
              const before = row[index - 1]?.task;
              if (before) expect(before.endedAtMs).toBeLessThanOrEqual(after.createdAtMs);
            }
          }
        }
      }),
    );
  });
});

describe("the timeline's scale", () => {
  it("keeps the instant under the pointer in place when it zooms", () => {
    fc.assert(
      fc.property(
        instant,
        fc.integer({ min: 60_000, max: 10_000_000 }),
        fc.double({ min: 0.5, max: 2, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (startMs, spanMs, factor, share) => {
          const anchor = startMs + share * spanMs;
          const next = zoomed({ startMs, endMs: startMs + spanMs }, factor, anchor);
          expect((anchor - next.startMs) / (next.endMs - next.startMs)).toBeCloseTo(share, 5);
        },
      ),
    );
  });

  it("marks instants in the range alone, no closer than asked", () => {
    fc.assert(
      fc.property(instant, fc.integer({ min: 10_000, max: 1_000_000_000 }), (startMs, spanMs) => {
        const scale = { startMs, endMs: startMs + spanMs, width: 1_000 };
        const { at, stepMs } = ticks(scale, 96);
        expect(at.every((ms) => ms >= startMs && ms <= startMs + spanMs)).toBe(true);
        expect((stepMs * 1_000) / spanMs).toBeGreaterThanOrEqual(
          Math.min(96, (30 * 86_400_000 * 1_000) / spanMs) - 1e-6,
        );
      }),
    );
  });
});
