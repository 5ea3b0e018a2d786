import { describe, expect, it } from "vitest";
import { StoreError } from "../../lib/core/errors.ts";
import type { Journal, Kept } from "../../lib/journal/journal.ts";
import { memoryStores } from "../../lib/stores/memory.ts";
import { silentLog } from "../../lib/telemetry/log.ts";
import { journalLosses, journalUpkeep } from "../../lib/wire/journal-upkeep.ts";

const minuteMs = 60_000;
const startMs = 1e12;
const limits = { keepMs: 10 * minuteMs, maxEvents: 7 };

function upkeep(changes: Partial<Journal> = {}) {
  const clock = { now: () => startMs, sleep: async () => {} };
  const { journal } = memoryStores(clock, true);
  if (!journal) throw new Error("the journal is off");
  const trims: Kept[] = [];
  const trim = async (kept: Kept): Promise<boolean> => {
    trims.push(kept);
    return trims.length === 1;
  };
  const keep = journalUpkeep({ journal: { ...journal, trim, ...changes }, limits, clock, log: silentLog });
  return { keep, trims };
}

describe("the upkeep of a journal", () => {
  it("deletes what is too old after a run with news, slice by slice, at most once a minute", async () => {
    const { keep, trims } = upkeep();
    await keep({ nowMs: startMs, isIdle: false });
    expect(trims).toEqual(Array(2).fill({ sinceMs: startMs - limits.keepMs, maxEvents: 7 }));
    await keep({ nowMs: startMs + minuteMs - 1, isIdle: false });
    expect(trims).toHaveLength(2);
    await keep({ nowMs: startMs + minuteMs, isIdle: false });
    expect(trims).toHaveLength(3);
  });

  it("asks nothing of the store in idle runs but once an hour", async () => {
    const { keep, trims } = upkeep();
    for (let minute = 0; minute < 60; minute++)
      await keep({ nowMs: startMs + minute * minuteMs, isIdle: true });
    expect(trims).toEqual([]);
    await keep({ nowMs: startMs + 60 * minuteMs, isIdle: true });
    expect(trims.length).toBeGreaterThan(0);
  });

  it("deletes nothing while no API confirms the clock", async () => {
    const { keep, trims } = upkeep();
    await keep({ nowMs: null, isIdle: false });
    expect(trims).toEqual([]);
  });

  it("ends though entries are on their way for ever, and though nothing can be deleted", async () => {
    const { keep } = upkeep({
      settled: () => new Promise(() => {}),
      trim: () => Promise.reject(new StoreError("unavailable", "down")),
    });
    await expect(keep({ nowMs: startMs, isIdle: false })).resolves.toBeUndefined();
  });
});

describe("the losses of a journal", () => {
  it("are one named error a run, which counts them and says when they were committed", () => {
    let nowMs = 0;
    const clock = { now: () => nowMs, sleep: async () => {} };
    const losses = journalLosses({ clock, log: silentLog });
    expect(losses.take()).toBeNull();
    losses.failed(new StoreError("unavailable", "its disk is full"), 2);
    nowMs = 3_000;
    losses.failed(new StoreError("unavailable", "its disk is full"), 1);
    expect(losses.take()).toMatchObject({
      code: "JOURNAL_FAILED",
      message:
        "3 entries are missing from the journal, of 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:03.000Z: its disk is full",
    });
    expect(losses.take()).toBeNull();
  });
});
