import { describe, expect, it } from "vitest";
import { seededRandom } from "../../lib/simulator/random.ts";
import { demoInstances, playForever, playScenario } from "../../lib/simulator/scenario.ts";
import { createWorld, type World } from "../../lib/simulator/world.ts";
import { manualClock } from "../harness/clock.ts";

const startMs = Date.parse("2024-08-07T12:00:00Z");

function made(seed = 1) {
  const clock = manualClock(startMs);
  const random = seededRandom(seed);
  return { clock, random, world: createWorld({ clock, random }) };
}

const isTask = (record: unknown): record is { readonly id: string; readonly status: string } =>
  typeof record === "object" && record !== null && "id" in record && "status" in record;

const shown = (world: World) =>
  demoInstances.flatMap(({ id }) =>
    world
      .rows(id)
      .map((row) => row.read())
      .filter(isTask),
  );

describe("the scenario", () => {
  it("shows every change it tells, in order, to a poll every 400 ms", async () => {
    const { clock, random, world } = made();
    const { changes, durationMs } = playScenario(world, { clock, random });
    const seen: string[] = [];
    for (let polls = Math.ceil(durationMs / 400) + 1; polls > 0; polls--) {
      for (const { id, status } of shown(world))
        if (!seen.includes(`${id} ${status}`)) seen.push(`${id} ${status}`);
      await clock.advance(400);
    }
    const of = (id: string, from: readonly string[]) => from.filter((text) => text.startsWith(id));
    const told = changes.map(({ taskId, to }) => `${taskId} ${to}`);
    expect(seen.toSorted()).toEqual(told.toSorted());
    for (const { taskId } of changes) expect(of(taskId, seen)).toEqual(of(taskId, told));
  });

  it("is of some eight seconds, nine tasks on three instances, with the first second and 900 ms of each status free", () => {
    const { clock, random, world } = made();
    const { changes, durationMs } = playScenario(world, { clock, random });
    expect([changes.length, durationMs]).toEqual([25, 7_800]);
    const byTask = Map.groupBy(changes, ({ taskId }) => taskId);
    expect(byTask.size).toBe(9);
    expect(new Set(changes.map(({ instanceId }) => instanceId)).size).toBe(3);
    expect(changes[0]?.atMs).toBe(startMs + 1_000);
    for (const [first, ...others] of byTask.values()) {
      expect(first).toMatchObject({ from: null, to: "CREATED" });
      others.forEach((change, index) => {
        const before = [first, ...others][index];
        expect(change.from).toBe(before?.to);
        expect(change.atMs - (before?.atMs ?? 0)).toBeGreaterThanOrEqual(900);
      });
    }
  });

  it("is the same for the same seed", () => {
    const play = (seed: number) => {
      const { clock, random, world } = made(seed);
      return playScenario(world, { clock, random });
    };
    expect(play(5)).toEqual(play(5));
    expect(play(5)).not.toEqual(play(6));
  });
});

describe("the endless play", () => {
  it("starts after some finished tasks, brings others every few seconds, and stays bounded until it is stopped", async () => {
    const { clock, random, world } = made();
    const stop = new AbortController();
    const playing = playForever(world, { clock, random, signal: stop.signal });
    expect(shown(world).filter(({ status }) => status !== "CREATED").length).toBe(12);
    await clock.advance(60_000);
    expect(shown(world).length).toBeGreaterThan(12 + 12);
    await clock.advance(3_600_000);
    expect(shown(world).length).toBe(300);
    stop.abort();
    await playing;
    const left = shown(world).length;
    await clock.advance(60_000);
    expect(shown(world).length).toBe(left);
  });
});
