import type { Random } from "../../lib/core/clock.ts";
import type { World } from "../../lib/simulator/world.ts";
import { instance } from "../harness/api.ts";

const courses = [
  ["CREATED", "EXECUTING", "SUCCESS"],
  ["CREATED", "EXECUTING", "FAILED"],
  ["EXECUTING", "CANCELLED"],
] as const;
const stepMs = 60;
const maxOpen = 12;

/** Tasks that keep changing in a simulated world, one change at a time. */
export interface ChangingTasks {
  /** Task to the statuses it was given so far, in order. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  /** Starts no more tasks, and brings the open ones to their end. */
  finish(): void;
}

export function changeTasks(world: World, random: Random): ChangingTasks {
  const given = new Map<string, string[]>();
  const open = new Map<string, string[]>();
  const pick = (count: number): number => Math.floor(random() * count);

  function begin(): void {
    const [status = "CREATED", ...rest] = courses[pick(courses.length)] ?? [];
    const task = world.start({
      instance: instance.id,
      name: "bindInstancePublicIp",
      steps: [{ status, afterMs: 0 }],
    });
    given.set(task, [status]);
    open.set(task, rest);
  }

  function proceed(task: string): void {
    const [status, ...rest] = open.get(task) ?? [];
    if (status === undefined) return;
    world.setStatus(task, status);
    given.get(task)?.push(status);
    if (rest.length > 0) open.set(task, rest);
    else open.delete(task);
  }

  const timer = setInterval(() => {
    const task = [...open.keys()][pick(open.size)];
    if (task === undefined || (open.size < maxOpen && random() < 0.4)) begin();
    else proceed(task);
  }, stepMs);
  return {
    given,
    finish() {
      clearInterval(timer);
      while (open.size > 0) for (const task of [...open.keys()]) proceed(task);
    },
  };
}
