import { expect, it } from "vitest";
import { StoreError } from "../../lib/core/errors.ts";
import { deadLetterAge } from "../../lib/delivery/dead-letter-age.ts";
import { memoryDeadLetters } from "../../lib/stores/memory.ts";
import { chat, ops } from "../checkpoint/sample.ts";
import { letter } from "../contract/dead-letter-store.ts";
import { manualClock } from "../harness/clock.ts";

const dayMs = 86_400_000;
const nowMs = Date.parse("2026-03-01T00:00:00Z");

/** Letters of these ages in days: the first to `ops`, the others to `chat`. */
async function setUp(...ages: readonly number[]) {
  const clock = manualClock(nowMs);
  const deadLetters = memoryDeadLetters();
  await deadLetters.put(
    ages.map((days, index) => ({
      ...letter(index, index === 0 ? ops : chat),
      givenUpAtMs: nowMs - days * dayMs,
    })),
  );
  const logged: object[] = [];
  const expire = deadLetterAge({
    deadLetters,
    log: (level, message, fields) => logged.push({ level, message, ...fields }),
    maxAgeMs: 30 * dayMs,
  });
  return {
    clock,
    deadLetters,
    logged,
    expireAt: (nowMs: number | null) => expire({ nowMs, isIdle: false }),
    expire: ({ isIdle = false } = {}) => expire({ nowMs: clock.now(), isIdle }),
  };
}

it("deletes a letter past its age, and tells of it", async () => {
  const { deadLetters, logged, expire } = await setUp(31, 1);
  expect(await expire()).toEqual(new Map([[ops, 1]]));
  expect(await deadLetters.list({})).toMatchObject([{ sink: chat }]);
  expect(logged).toEqual([
    expect.objectContaining({ level: "warn", deadLetter: letter(0).id, sink: ops, reason: "rejected" }),
  ]);
});

it("tells of letters that will soon go, with the day, and keeps them", async () => {
  const { deadLetters, logged, expire } = await setUp(20, 29, 28);
  expect(await expire()).toEqual(new Map());
  expect(await deadLetters.list({})).toHaveLength(3);
  expect(logged).toMatchObject([{ sink: chat, deadLetters: 2, firstGoesAt: "2026-03-02T00:00:00.000Z" }]);
});

it("deletes nothing while nobody confirms the time", async () => {
  const { deadLetters, expireAt } = await setUp(31);
  expect(await expireAt(null)).toEqual(new Map());
  expect(await deadLetters.list({})).toHaveLength(1);
});

it("asks the store once an hour", async () => {
  const { clock, deadLetters, expire } = await setUp();
  let asked = 0;
  const { list } = deadLetters;
  deadLetters.list = (filter) => {
    asked += 1;
    return list(filter);
  };
  await expire();
  await clock.advance(3_599_999);
  await expire();
  expect(asked).toBe(1);
  await clock.advance(1);
  await expire();
  expect(asked).toBe(2);
});

it("asks nothing of the store after the idle runs of a process's first hour", async () => {
  const { clock, deadLetters, expire } = await setUp(31);
  await expire({ isIdle: true });
  await clock.advance(3_599_999);
  await expire({ isIdle: true });
  expect(await deadLetters.list({})).toHaveLength(1);
  await clock.advance(1);
  expect(await expire({ isIdle: true })).toEqual(new Map([[ops, 1]]));
});

it("leaves the run alone when the store does not respond", async () => {
  const { deadLetters, logged, expire } = await setUp(31);
  deadLetters.list = () => Promise.reject(new StoreError("unavailable", "down"));
  expect(await expire()).toEqual(new Map());
  expect(logged).toMatchObject([{ level: "warn", problem: "down" }]);
});
