import { expect, it, onTestFinished } from "vitest";
import { openMonitor } from "../../lib/cli/monitor.ts";
import type { Clock } from "../../lib/core/clock.ts";
import type { RunSummary } from "../../lib/run/summary.ts";
import { memoryCheckpoints } from "../../lib/stores/memory.ts";
import { fakeScreen } from "../harness/screen.ts";

/** A monitor by that clock, and the status that a page of it answers with. */
async function monitored(clock: Clock) {
  const { screen, err } = fakeScreen();
  const monitor = await openMonitor(
    { clock, screen, stop: new AbortController().signal },
    { checkpoints: memoryCheckpoints(), activity: { activeSince: async () => new Map() } },
    { listen: "127.0.0.1:0", stallMs: 60_000, metrics: { prometheusText: async () => "" } },
  );
  onTestFinished(monitor.close);
  const [url] = /http:\S+/.exec(err()) ?? [];
  return { monitor, status: async (page: string) => (await fetch(`${url}${page}`)).status };
}

const summaryWith = (code: string): RunSummary => ({
  runId: "r",
  startedAt: "2026-01-01T00:00:00.000Z",
  durationMs: 0,
  streams: [
    {
      key: "kafka/cn-north-4/p/i",
      name: null,
      pending: 0,
      oldestPendingAt: null,
      error: { code, message: "", httpStatus: null, since: null, action: "" },
      tasks: 0,
      unreadable: 0,
      changes: 0,
      beginTime: null,
    },
  ],
  sinks: {},
  journal: null,
});

it("is not ready while its runs cannot record what they read, such as on a full disk", async () => {
  const { monitor, status } = await monitored({ now: () => 0, sleep: () => new Promise(() => {}) });
  const ran = (code: string) => monitor.observer.ran?.(summaryWith(code));
  ran("STORE_FAILED");
  expect(await status("/readyz")).toBe(503);
  expect(await status("/healthz")).toBe(200);
  ran("throttled");
  expect(await status("/readyz")).toBe(200);
});

it("is unhealthy when no run has begun or ended for too long", async () => {
  let nowMs = 1_000;
  const { monitor, status } = await monitored({ now: () => nowMs, sleep: async () => {} });
  const health = () => status("/healthz");
  monitor.turned();
  nowMs += 60_000;
  expect(await health()).toBe(200);
  nowMs += 1;
  expect(await health()).toBe(503);
  monitor.turned();
  expect(await health()).toBe(200);
});
