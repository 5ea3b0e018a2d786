import { describe, expect, it } from "vitest";
import { hasFailure, showSummary } from "../../../lib/cli/screen/summary.ts";
import { JournalError, StoreError } from "../../../lib/core/errors.ts";
import type { RunSummary, SinkSummary, StreamSummary } from "../../../lib/run/summary.ts";
import { fakeScreen } from "../../harness/screen.ts";
import { sinkSummary, streamSummary, trouble } from "../../status/sample.ts";

const stream = (more: Partial<StreamSummary> = {}): StreamSummary =>
  streamSummary({
    key: "rabbitmq/cn-north-4/p/i",
    tasks: 12,
    beginTime: "2026-03-01T12:00:00.000Z",
    ...more,
  });
const sink = sinkSummary;
const run = (streams: readonly StreamSummary[], ops: SinkSummary): RunSummary => ({
  runId: "r",
  startedAt: "2026-03-01T12:00:00.000Z",
  durationMs: 412,
  streams,
  sinks: { ops },
  journal: null,
});
const refused = stream({ error: trouble("SOURCE_FAILED", "the API refused the credentials") });

function shown(summary: RunSummary): string {
  const { screen, out } = fakeScreen();
  showSummary(screen.out, summary);
  return out();
}

describe("hasFailure", () => {
  it("is a stream or a record that could not be read, or a delivery given up", () => {
    expect(hasFailure(run([refused], sink()))).toBe(true);
    expect(hasFailure(run([stream({ unreadable: 1 })], sink()))).toBe(true);
    expect(hasFailure(run([stream()], sink({ deadLettered: 1 })))).toBe(true);
  });

  it("is neither a retry that waits nor a blocked sink", () => {
    expect(
      hasFailure(run([stream()], sink({ retrying: 1, pending: 3, state: "blocked", reason: "gone" }))),
    ).toBe(false);
  });
});

describe("showSummary", () => {
  it("says how many entries the journal lacks, which is no failure", () => {
    const error = new JournalError(
      { count: 2, fromMs: 0, untilMs: 3_000 },
      new StoreError("unavailable", "its disk is full"),
    );
    const summary = { ...run([stream()], sink()), journal: error };
    expect(shown(summary)).toContain(
      "2 entries are missing from the journal, of 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:03.000Z: its disk is full. Deliveries and records are unaffected.",
    );
    expect(hasFailure(summary)).toBe(false);
  });

  it("shows streams and sinks as tables and a sentence", () => {
    expect(shown(run([stream({ changes: 3 })], sink({ accepted: 3 })))).toBe(
      [
        "TASKS  CHANGES  SINCE                 STREAM",
        "   12        3  2026-03-01 12:00:00Z  rabbitmq/cn-north-4/p/i",
        "",
        "ACCEPTED  FILTERED  DEAD LETTERS  PENDING  SINK",
        "       3         0             0        0  ops",
        "",
        "3 changes in 1 stream, 412 ms.",
        "",
      ].join("\n"),
    );
  });

  it("says that nothing changed", () => {
    expect(shown(run([stream()], sink()))).toContain("Nothing changed in 1 stream, 412 ms.\n");
  });

  it("says why a stream could not be read", () => {
    expect(shown(run([refused], sink()))).toContain(
      "Could not read rabbitmq/cn-north-4/p/i: the API refused the credentials (SOURCE_FAILED)\n",
    );
  });

  it("says what to do about a sink that gave up, is blocked or retries", () => {
    expect(shown(run([stream()], sink({ deadLettered: 2 })))).toContain("dead-letters list --sink ops");
    expect(shown(run([stream()], sink({ state: "blocked", reason: "unauthorized", pending: 4 })))).toContain(
      "ops is blocked (unauthorized). 4 events kept until it is mended",
    );
    expect(shown(run([stream()], sink({ state: "retrying", retrying: 1, pending: 1 })))).toContain(
      "1 delivery to ops will be tried again.\n",
    );
  });

  it("says why a sink is retrying or blocked, in the sink's words", () => {
    const message = "HTTP 503 from https://hooks.example.com: busy";
    expect(shown(run([stream()], sink({ state: "retrying", retrying: 2, pending: 2, message })))).toContain(
      `2 deliveries to ops will be tried again. Why: ${message}\n`,
    );
    expect(shown(run([stream()], sink({ state: "blocked", reason: "gone", pending: 1, message })))).toContain(
      `sink test ops. Why: ${message}\n`,
    );
  });
});
