import { describe, expect, it } from "vitest";
import { SourceError } from "../../lib/core/errors.ts";
import { sinkName } from "../../lib/core/names.ts";
import { type RunSummary, type StreamSummary, withAfterwork } from "../../lib/run/summary.ts";
import { deliveryMetrics, metricsLine, planMetrics, runMetrics } from "../../lib/serverless/metrics.ts";
import { logRun, reportRun, requireListed, requireSuccess } from "../../lib/serverless/report.ts";
import { silentLog } from "../../lib/telemetry/log.ts";
import { key } from "../checkpoint/sample.ts";
import { sinkSummary, streamSummary, trouble } from "../status/sample.ts";

const stream = (more: Partial<StreamSummary> = {}): StreamSummary => streamSummary({ changes: 2, ...more });
const sink = sinkSummary;
const run = (streams: readonly StreamSummary[], sinks: RunSummary["sinks"] = {}): RunSummary => ({
  runId: "r",
  startedAt: "2026-03-01T12:00:00.000Z",
  durationMs: 412,
  streams,
  sinks,
  journal: null,
});
const failed = stream({ changes: 0, error: trouble("throttled", "the API is busy") });

describe("withAfterwork", () => {
  it("counts the expired dead letters of a sink that is not configured", () => {
    const ended = withAfterwork(run([stream()], { ops: sink() }), new Map([[sinkName("old"), 2]]), null);
    expect(ended.sinks).toMatchObject({ ops: { expired: 0 }, old: { expired: 2, state: "removed" } });
  });
});

describe("runMetrics", () => {
  it("adds up streams and sinks", () => {
    const sinks = {
      ops: sink({ accepted: 2, pending: 1, retrying: 1, oldestPendingAt: "2026-03-01T12:00:00.000Z" }),
      chat: sink({ accepted: 1, pending: 4, deadLettered: 3, oldestPendingAt: "2026-03-01T12:00:30.000Z" }),
      mail: sink(),
    };
    const nowMs = Date.parse("2026-03-01T12:01:01.400Z");
    expect(runMetrics(run([stream(), stream()], sinks), nowMs)).toEqual({
      SuccessfulRuns: 1,
      StreamErrors: 0,
      Unreadable: 0,
      Changes: 4,
      Accepted: 3,
      Retrying: 1,
      Pending: 5,
      DeadLettered: 3,
      OldestPendingAge: 61,
      Duration: 412,
    });
  });

  it("calls a run with a failed stream no success", () => {
    expect(runMetrics(run([stream({ unreadable: 2 }), stream({ unreadable: 1 })]), 0).Unreadable).toBe(3);
    expect(runMetrics(run([stream(), failed]), 0)).toMatchObject({ SuccessfulRuns: 0, StreamErrors: 1 });
  });
});

const plan = (failedSources: number) => ({
  plan: { messages: [{ body: "a" }, { body: "b" }], due: 7, busy: 3 },
  watched: 30,
  failedSources: Array.from({ length: failedSources }, (_, index) => ({
    key: `rabbitmq/r/p${index}/*`,
    error: new SourceError("unavailable", "HTTP 503"),
  })),
  durationMs: 80,
});

describe("a fleet's metrics", () => {
  it("count a plan, which is a success when every source was listed", () => {
    const counts = { Watched: 30, Due: 7, Busy: 3, Messages: 2, Duration: 80 };
    expect(planMetrics(plan(0))).toEqual({ SuccessfulRuns: 1, StreamErrors: 0, ...counts });
    expect(planMetrics(plan(2))).toEqual({ SuccessfulRuns: 0, StreamErrors: 2, ...counts });
  });

  it("count a batch of deliveries", () => {
    const summary = { failed: ["m1", "m2"], accepted: 5, filtered: 1, deadLettered: 1 };
    expect(deliveryMetrics(summary, 20)).toEqual({
      Accepted: 5,
      Filtered: 1,
      Retrying: 2,
      DeadLettered: 1,
      Duration: 20,
    });
  });
});

describe("requireListed", () => {
  it("passes a plan that knows every source, and names those that could not be listed, ten at most", () => {
    expect(() => requireListed(plan(0))).not.toThrow();
    expect(() => requireListed(plan(12))).toThrow(
      /^the instances of 12 sources could not be listed: rabbitmq\/r\/p0\/\*: HTTP 503; .*p9\/\*: HTTP 503$/,
    );
  });
});

describe("metricsLine", () => {
  it("declares every number it holds", () => {
    const line = metricsLine(runMetrics(run([stream()]), 0), { FunctionName: "poll" }, 1_000);
    expect(line.endsWith("}\n")).toBe(true);
    const { _aws, FunctionName, ...numbers } = JSON.parse(line);
    const [{ Metrics, Dimensions }] = _aws.CloudWatchMetrics;
    expect([_aws.Timestamp, FunctionName, Dimensions]).toEqual([1_000, "poll", [["FunctionName"]]]);
    expect(Metrics.map(({ Name }: { Name: string }) => Name)).toEqual(Object.keys(numbers));
  });
});

describe("reportRun", () => {
  it("writes a sink's metrics under its name in the runs in which it did or owes something", () => {
    const written: unknown[] = [];
    const sinks = {
      quiet: sink(),
      ops: sink({ pending: 2, oldestPendingAt: new Date(10_000).toISOString() }),
    };
    reportRun(run([stream()], sinks), {
      log: silentLog,
      now: () => 70_000,
      report: (metrics, dimensions) => written.push([dimensions, metrics]),
    });
    expect(written).toEqual([
      [undefined, expect.objectContaining({ Pending: 2, OldestPendingAge: 60 })],
      [{ Sink: "ops" }, { Accepted: 0, Retrying: 0, Pending: 2, DeadLettered: 0, OldestPendingAge: 60 }],
    ]);
  });
});

describe("requireSuccess", () => {
  it("passes a run whose deliveries failed, since they are kept", () => {
    expect(() =>
      requireSuccess(run([stream()], { ops: sink({ deadLettered: 1, state: "blocked", reason: "gone" }) })),
    ).not.toThrow();
  });

  it("names the streams that failed, ten at most", () => {
    const many = Array.from({ length: 30 }, (_, index) => ({ ...failed, key: `s${index}` }));
    expect(() => requireSuccess(run([stream(), ...many]))).toThrow(
      /^30 of 31 streams failed: s0: the API is busy; .*s9: the API is busy$/,
    );
  });
});

describe("logRun", () => {
  it("has a line for the run, and one for each stream or sink that needs its operator", () => {
    const lines: unknown[] = [];
    const sinks = {
      a: sink(),
      b: sink({ state: "blocked", reason: "gone", pending: 4, message: "HTTP 410", httpStatus: 410 }),
      c: sink({ deadLettered: 1 }),
      d: sink({ state: "failing", retrying: 2, pending: 3, message: "HTTP 503 from https://x: busy" }),
    };
    logRun((level, message, fields) => lines.push([level, message, fields]), run([stream(), failed], sinks));
    expect(lines).toEqual([
      ["info", "run ended", { runId: "r", durationMs: 412, streams: 2, changes: 2 }],
      [
        "error",
        "a stream failed",
        {
          runId: "r",
          stream: key,
          code: "throttled",
          problem: "the API is busy",
          httpStatus: null,
          since: null,
          action: "mend it",
        },
      ],
      [
        "warn",
        "a sink is blocked",
        {
          since: null,
          oldestPendingAt: null,
          nextAttemptAt: null,
          action: null,
          runId: "r",
          sink: "b",
          retrying: 0,
          state: "blocked",
          reason: "gone",
          problem: "HTTP 410",
          httpStatus: 410,
          pending: 4,
        },
      ],
      ["warn", "deliveries became dead letters", { runId: "r", sink: "c", deadLettered: 1 }],
      [
        "warn",
        "a sink fails",
        expect.objectContaining({
          sink: "d",
          state: "failing",
          problem: "HTTP 503 from https://x: busy",
          retrying: 2,
          pending: 3,
        }),
      ],
    ]);
  });
});
