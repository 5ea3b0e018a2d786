import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { withProgress } from "../../../lib/cli/screen/progress.ts";
import { fakeScreen } from "../../harness/screen.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const clock = { now: () => Date.now(), sleep: () => Promise.resolve() };
const lasting = (ms: number) => () =>
  new Promise<string>((resolve) => {
    setTimeout(() => resolve("done"), ms);
  });

it("says nothing of work that ends within a second", async () => {
  const { screen, both } = fakeScreen({ isTTY: true });
  const result = withProgress({ screen, clock }, "polling", lasting(900));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await result).toBe("done");
  expect(both()).toBe("");
});

it("shows what is going on after a second, and clears it at the end", async () => {
  const { screen, both } = fakeScreen({ isTTY: true });
  const result = withProgress({ screen, clock }, "polling", lasting(1_600));
  await vi.advanceTimersByTimeAsync(1_500);
  expect(both()).toContain("polling (1.5 s)");
  await vi.advanceTimersByTimeAsync(500);
  await result;
  expect(both().endsWith("\r\x1b[2K")).toBe(true);
});

it("clears the line when the work fails", async () => {
  const { screen, both } = fakeScreen({ isTTY: true });
  const failing = withProgress({ screen, clock }, "polling", async () => {
    await lasting(1_200)();
    throw new Error("down");
  });
  const failed = expect(failing).rejects.toThrow("down");
  await vi.advanceTimersByTimeAsync(1_200);
  await failed;
  expect(both().endsWith("\r\x1b[2K")).toBe(true);
});

it("writes nothing into a pipe", async () => {
  const { screen, both } = fakeScreen();
  const result = withProgress({ screen, clock }, "polling", lasting(5_000));
  await vi.advanceTimersByTimeAsync(5_000);
  await result;
  expect(both()).toBe("");
});
