import type { Random } from "../../lib/core/clock.ts";
import { instanceId } from "../subjects/bridge.ts";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const dayMs = 24 * 60 * minuteMs;

export const instances = 20;
const tasksPerDay = 200;
/** Tasks that end before a timer of a minute must see them. */
const shortTasks = 8;
/** Tasks that fail at any moment of their usual duration. */
const failingTasks = 4;
/** Usual durations by name, seconds; each task takes up to a tenth more or less. */
const usualSeconds = [75, 120, 180, 300, 420, 600, 900, 1_500, 2_180];
/** Earlier tasks of each name and instance, from which the usual duration is known. */
const earlierTasks = 10;

export interface TaskStage {
  readonly status: string;
  readonly atMs: number;
}

export interface SimulatedTask {
  readonly id: string;
  readonly instance: string;
  readonly name: string;
  /** In order; the first is the task's creation. */
  readonly stages: readonly TaskStage[];
}

/** The tasks of a day, 200 from 2 s to 40 min, and those of the days before it. */
export function tasksOf(startMs: number, random: Random): readonly SimulatedTask[] {
  let made = 0;
  const task = (
    name: string,
    instance: number,
    createdMs: number,
    endAfterMs: number,
    end: string,
  ): SimulatedTask => {
    made += 1;
    const startsAfterMs = Math.min(endAfterMs / 2, (0.5 + 2.5 * random()) * secondMs);
    return {
      id: `task-${made}`,
      instance: instanceId(instance),
      name,
      stages: [
        { status: "CREATED", atMs: createdMs },
        { status: "EXECUTING", atMs: Math.round(createdMs + startsAfterMs) },
        { status: end, atMs: Math.round(createdMs + endAfterMs) },
      ],
    };
  };
  const usual = (kind: number): number => (usualSeconds[kind] ?? 0) * secondMs * (0.9 + 0.2 * random());
  const earlier = Array.from({ length: instances }, (_, instance) =>
    usualSeconds.flatMap((_, kind) =>
      Array.from({ length: earlierTasks }, () =>
        task(
          `operation-${kind}`,
          instance,
          Math.round(startMs - dayMs - random() * dayMs),
          usual(kind),
          "SUCCESS",
        ),
      ),
    ),
  );
  const today = Array.from({ length: tasksPerDay }, (_, index) => {
    const instance = Math.floor(random() * instances);
    // The last task ends within the day.
    const createdMs = Math.round(startMs + random() * (dayMs - 45 * minuteMs));
    if (index < shortTasks) {
      return task("quick-operation", instance, createdMs, 2 * secondMs * 25 ** random(), "SUCCESS");
    }
    const kind = index % usualSeconds.length;
    const isFailing = index < shortTasks + failingTasks;
    return isFailing
      ? task(`operation-${kind}`, instance, createdMs, usual(kind) * random(), "FAILED")
      : task(`operation-${kind}`, instance, createdMs, usual(kind), "SUCCESS");
  });
  return [...earlier.flat(), ...today];
}
