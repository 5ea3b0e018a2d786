import type { Draw } from "./draw.ts";
import { calmLaunch, type Step } from "./scenario.ts";

const secondMs = 1_000;

/** More changes at once than a slow sink takes in a run, and one that takes none. */
export function burst(draw: Draw, instances: number): readonly Step[] {
  return [
    { kind: "sink", sink: "flaky", trouble: "sink: slow" },
    { kind: "sink", sink: "picky", trouble: "sink: hangs" },
    {
      kind: "tasks",
      instance: draw.between(0, instances),
      count: 800,
      spreadMs: 1,
      traits: ["task: status jumps"],
      seed: draw.between(1, 2 ** 31),
    },
    { kind: "wait", ms: secondMs },
    { kind: "runs", launches: [calmLaunch], seed: draw.between(1, 2 ** 31) },
  ];
}

/** Something new in every instance, and a sink that does not take it. */
export function owing(draw: Draw, instances: number): readonly Step[] {
  const sink = { kind: "sink", sink: "flaky", trouble: draw.trouble(["sink: server error"]) } as const;
  const tasks = Array.from({ length: instances }, (_, instance): Step => {
    return { kind: "tasks", instance, count: 2, spreadMs: 1, traits: [], seed: draw.between(1, 2 ** 31) };
  });
  const run: Step = { kind: "runs", launches: [calmLaunch], seed: draw.between(1, 2 ** 31) };
  return [sink, ...tasks, { kind: "wait", ms: secondMs }, run];
}
