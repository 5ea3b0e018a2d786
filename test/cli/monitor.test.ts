import { expect, it, onTestFinished } from "vitest";
import { openMonitor } from "../../lib/cli/monitor.ts";
import { memoryCheckpoints } from "../../lib/stores/memory.ts";
import { fakeScreen } from "../harness/screen.ts";

it("is unhealthy when no run has begun or ended for too long", async () => {
  let nowMs = 1_000;
  const clock = { now: () => nowMs, sleep: async () => {} };
  const { screen, err } = fakeScreen();
  const monitor = await openMonitor(
    { clock, screen, stop: new AbortController().signal },
    { checkpoints: memoryCheckpoints(), activity: { activeSince: async () => new Map() } },
    { listen: "127.0.0.1:0", stallMs: 60_000, metrics: { prometheusText: async () => "" } },
  );
  onTestFinished(monitor.close);
  const [url] = /http:\S+/.exec(err()) ?? [];
  const health = async () => (await fetch(`${url}/healthz`)).status;
  monitor.turned();
  nowMs += 60_000;
  expect(await health()).toBe(200);
  nowMs += 1;
  expect(await health()).toBe(503);
  monitor.turned();
  expect(await health()).toBe(200);
});
