import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BreakerState, Checkpoint, OutboxEntry } from "../../lib/checkpoint/checkpoint.ts";
import { batchId } from "../../lib/checkpoint/parked.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { SourceError } from "../../lib/core/errors.ts";
import { failureReasons } from "../../lib/core/result.ts";
import { removedSinks, sinkStatuses } from "../../lib/status/sinks.ts";
import { streamStatus } from "../../lib/status/streams.ts";
import { anyCheckpoint, chat, entry, key, ops } from "../checkpoint/sample.ts";
import { healthy } from "./sample.ts";

const nowMs = Date.parse("2026-03-01T12:00:00.000Z");
const iso = (ms: number) => new Date(ms).toISOString();
const empty = begin("all", nowMs, 0);

const refusing = (more: Partial<BreakerState> = {}): BreakerState => ({
  kind: "failing",
  reason: "server_error",
  message: "HTTP 503 from https://hooks.example.com: busy",
  httpStatus: 503,
  sinceMs: nowMs - 60_000,
  notBeforeMs: 0,
  ...more,
});

const waiting = (nextAttemptMs: number): OutboxEntry => ({
  ...entry(1, "t1"),
  committedAtMs: nowMs - 90_000,
  pending: new Map([[ops, { attempts: 1, nextAttemptMs }]]),
});

const record = (more: Partial<Checkpoint>): Checkpoint => ({ ...empty, ...more });
const statusOf = (records: readonly Checkpoint[], live?: ReadonlyMap<typeof ops, BreakerState | null>) =>
  sinkStatuses({ sinks: [ops], records, nowMs, ...(live && { live }) }).get(ops);

describe("the status of a sink", () => {
  it("is healthy without a record, and without one that names it", () => {
    expect(statusOf([])).toEqual(healthy);
    expect(statusOf([record({ breakers: new Map([[chat, refusing()]]) })])).toEqual(healthy);
  });

  it("says since when, why, in whose words, what waits and what to do", () => {
    const breakers = new Map([[ops, refusing()]]);
    expect(statusOf([record({ breakers, outbox: [waiting(nowMs + 5_000)] })])).toEqual({
      state: "failing",
      since: iso(nowMs - 60_000),
      reason: "server_error",
      httpStatus: 503,
      message: "HTTP 503 from https://hooks.example.com: busy",
      pending: 1,
      oldestPendingAt: iso(nowMs - 90_000),
      nextAttemptAt: null,
      action: expect.stringContaining("nothing"),
    });
  });

  it("takes the worst of all records, since the first of them began", () => {
    const first = record({ breakers: new Map([[ops, refusing({ sinceMs: nowMs - 99_000 })]]) });
    const worst = record({
      breakers: new Map([[ops, refusing({ kind: "blocked", reason: "unauthorized", message: "HTTP 401" })]]),
    });
    for (const records of [
      [first, worst],
      [worst, first],
    ])
      expect(statusOf(records)).toMatchObject({
        state: "blocked",
        message: "HTTP 401",
        since: iso(nowMs - 99_000),
        action: expect.stringContaining("dms-task-bridge sink test ops"),
      });
  });

  it("names the pause that the sink asked for, and otherwise the first attempt that is due", () => {
    const paused = new Map([[ops, refusing({ notBeforeMs: nowMs + 30_000 })]]);
    const outbox = [waiting(nowMs + 5_000)];
    expect(statusOf([record({ breakers: paused, outbox })])?.nextAttemptAt).toBe(iso(nowMs + 30_000));
    const some = new Map([[ops, refusing({ kind: "retrying" })]]);
    expect(statusOf([record({ breakers: some, outbox })])?.nextAttemptAt).toBe(iso(nowMs + 5_000));
  });

  it("tells what the run that reports has met, when no record could hold it", () => {
    expect(statusOf([empty], new Map([[ops, refusing()]]))).toMatchObject({ state: "failing" });
  });

  it("is removed where records owe it deliveries and the configuration lacks it", () => {
    const parked = new Map([
      [chat, [{ id: batchId("run/1"), returned: 0, count: 3, bytes: 9, oldestMs: nowMs - 99_000 }]],
    ]);
    const records = [record({ outbox: [waiting(nowMs + 5_000)], parked }), empty];
    expect(removedSinks({ sinks: [ops, chat], records, nowMs })).toEqual(new Map());
    expect([...removedSinks({ sinks: [ops], records, nowMs })]).toEqual([
      [
        chat,
        {
          ...healthy,
          state: "removed",
          pending: 3,
          oldestPendingAt: iso(nowMs - 99_000),
          message: "the sink is not configured any more",
          action: expect.stringContaining("configure a sink named chat again before the next run"),
        },
      ],
    ]);
  });

  it("has an action for every reason", () => {
    for (const reason of failureReasons)
      for (const kind of ["retrying", "failing", "blocked"] as const) {
        const status = statusOf([record({ breakers: new Map([[ops, refusing({ kind, reason })]]) })]);
        expect(status?.action, reason).toMatch(kind === "blocked" ? /sink test ops$/ : /./);
      }
  });

  it("can be made of any records, and counts what they owe", () => {
    fc.assert(
      fc.property(fc.array(anyCheckpoint, { maxLength: 4 }), (records) => {
        const sinks = new Set(records.flatMap(({ breakers }) => [...breakers.keys()]));
        for (const [sink, status] of sinkStatuses({ sinks, records, nowMs })) {
          expect(status.state).not.toBe("healthy");
          expect(records.some(({ breakers }) => breakers.get(sink)?.kind === status.state)).toBe(true);
        }
      }),
    );
  });
});

describe("the status of a stream", () => {
  const outage = {
    code: "throttled",
    message: "HTTP 429",
    httpStatus: 429,
    sinceMs: nowMs - 60_000,
    emittedMs: null,
  };

  it("is without an error while its record tells of no outage", () => {
    expect(streamStatus(key, record({ instanceName: "orders" }))).toEqual({
      key,
      name: "orders",
      pending: 0,
      oldestPendingAt: null,
      error: null,
    });
  });

  it("says why and since when it cannot be read, from the record alone", () => {
    expect(streamStatus(key, record({ outage, outbox: [waiting(0)] }))).toMatchObject({
      pending: 1,
      oldestPendingAt: iso(nowMs - 90_000),
      error: {
        code: "throttled",
        message: "HTTP 429",
        httpStatus: 429,
        since: iso(nowMs - 60_000),
        action: expect.stringContaining("interval"),
      },
    });
  });

  it("takes the words of the run that reports, and the record's begin", () => {
    const error = new SourceError("unauthorized", "HTTP 401", { api: { status: 401, code: "APIGW.0301" } });
    expect(streamStatus(key, record({ outage }), error).error).toMatchObject({
      code: "unauthorized",
      httpStatus: 401,
      since: iso(nowMs - 60_000),
    });
    expect(streamStatus(key, null, error).error).toMatchObject({ code: "unauthorized", since: null });
  });
});
