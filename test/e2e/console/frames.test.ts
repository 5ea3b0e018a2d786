import { afterAll, expect, it } from "vitest";
import { consoleHarness } from "../../harness/console.ts";
import { closeBrowser, openTab } from "./tab.ts";

afterAll(closeBrowser);

const bars = 5_000;
const spanMs = 6 * 3_600_000;
/** A frame at 60 a second, milliseconds. */
const frameMs = 1_000 / 60;

/** A frame in which nothing is drawn takes less, milliseconds. */
const drawnMs = 1;

// Times what the page does in each frame.
const measure = `{
  const request = window.requestAnimationFrame.bind(window);
  window.costs = [];
  window.requestAnimationFrame = (run) => request((time) => {
    const before = performance.now();
    run(time);
    window.costs.push(performance.now() - before);
  });
}`;

it(`draws a frame of ${bars} bars in less time than 60 frames a second leave, while it pans and zooms`, {
  timeout: 180_000,
}, async () => {
  const harness = await consoleHarness();
  const nowMs = Date.now();
  for (let index = 0; index < bars; index++) {
    const startMs = nowMs - spanMs + (index * spanMs) / bars;
    const end = index % 9 === 0 ? "FAILED" : "SUCCESS";
    harness.task({
      name: `task ${index % 40}`,
      startMs,
      steps: [
        { status: "CREATED", afterMs: 0 },
        { status: "EXECUTING", afterMs: 5_000 },
        { status: end, afterMs: 20_000 + (index % 13) * 30_000 },
      ],
    });
  }
  await harness.poll();
  const { page } = await openTab(harness.console.url);
  await page.addInitScript(measure);
  await page.reload();
  await page.getByText(/^6 h$/).click();
  await expect
    .poll(async () => page.locator(".chip", { hasText: "Succeeded" }).textContent())
    .toContain("4,4");
  const box = await page.getByRole("application").boundingBox();
  const [x, y] = [(box?.x ?? 0) + 700, (box?.y ?? 0) + 150];
  await page.evaluate("window.costs.length = 0");
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (let step = 1; step <= 60; step++) await page.mouse.move(x + step * 6, y);
  await page.mouse.up();
  await page.keyboard.down("Control");
  for (let step = 0; step < 20; step++) await page.mouse.wheel(0, step < 10 ? -60 : 60);
  await page.keyboard.up("Control");
  const costs = ((await page.evaluate("window.costs")) as number[])
    .filter((cost) => cost > drawnMs)
    .sort((a, b) => a - b);
  const at = (share: number): number =>
    costs[Math.floor((costs.length - 1) * share)] ?? Number.POSITIVE_INFINITY;
  process.stdout.write(
    `${bars} bars: ${costs.length} frames drawn, median ${at(0.5).toFixed(1)} ms, 95th percentile ${at(0.95).toFixed(1)} ms\n`,
  );
  expect(costs.length).toBeGreaterThan(20);
  expect(at(0.5)).toBeLessThan(frameMs);
});
