import type { CallOptions, Clock, Random } from "../core/clock.ts";
import { paramsOf, randomTaskName, type TaskName, users } from "./catalogue.ts";
import { between, pick } from "./random.ts";
import type { SimulatedInstance, StatusStep, World } from "./world.ts";

/** Dependencies of a play. */
export interface PlayDeps {
  readonly clock: Clock;
  readonly random: Random;
}

/** Project of the simulated instances. */
export const demoProjectId = "0123456789abcdef0123456789abcdef";

// Fixed ids, so that one configuration fits every simulator.
const orders = {
  id: "11111111-aaaa-4aaa-8aaa-000000000001",
  engine: "rabbitmq",
  name: "orders",
  projectId: demoProjectId,
} as const;
const clickstream = {
  id: "22222222-bbbb-4bbb-8bbb-000000000002",
  engine: "kafka",
  name: "clickstream",
  projectId: demoProjectId,
} as const;
const billing = {
  id: "33333333-cccc-4ccc-8ccc-000000000003",
  engine: "rocketmq",
  name: "billing",
  projectId: demoProjectId,
} as const;

const sessions = {
  id: "44444444-dddd-4ddd-8ddd-000000000004",
  engine: "dcs",
  name: "sessions",
  projectId: demoProjectId,
} as const;

/** The instances of the scenario. */
export const scenarioInstances = [orders, clickstream, billing] as const;
/** The instances that get new tasks: one per engine. */
export const demoInstances = [...scenarioInstances, sessions] as const;

/** A status change that the scenario makes. */
export interface ScriptedChange {
  readonly instanceId: string;
  readonly taskId: string;
  readonly taskName: string;
  /** Null for a task's first status. */
  readonly from: string | null;
  readonly to: string;
  /** The task's `updated_at`. */
  readonly atMs: number;
}

/** A scheduled scenario and its changes. */
export interface Scenario {
  readonly instances: readonly SimulatedInstance[];
  /** From the call to the last change, milliseconds. */
  readonly durationMs: number;
  /** In order of time. */
  readonly changes: readonly ScriptedChange[];
}

type ScenarioLine = readonly [
  instance: (typeof scenarioInstances)[number],
  task: TaskName,
  user: keyof typeof users,
  startMs: number,
  ...then: readonly (readonly [afterMs: number, status: string])[],
];

// Each status lasts at least 900 ms, so that a poll every 400 ms sees it; the first second is left for the first poll.
const script: readonly ScenarioLine[] = [
  [orders, "bindInstancePublicIp", "lin", 1_000, [1_000, "EXECUTING"], [2_600, "SUCCESS"]],
  [clickstream, "kafkaConfigModify", "maria", 1_400, [900, "EXECUTING"], [2_000, "SUCCESS"]],
  [billing, "bindInstancePublicIp", "pipeline", 1_900, [1_200, "EXECUTING"], [2_900, "FAILED"]],
  [clickstream, "changeRetentionPolicy", "maria", 2_500, [1_300, "SUCCESS"]],
  [clickstream, "kafkaAutoReassignment", "dms", 2_900, [1_000, "EXECUTING"], [4_900, "SUCCESS"]],
  [orders, "unbindInstancePublicIp", "lin", 3_300, [1_100, "EXECUTING"], [2_700, "CANCELLED"]],
  [clickstream, "kafkaResetConsumerOffset", "pipeline", 4_200, [950, "EXECUTING"], [2_100, "SUCCESS"]],
  [orders, "bindInstancePublicIp", "lin", 4_600, [1_000, "EXECUTING"], [3_100, "SUCCESS"]],
  [billing, "bindInstancePublicIp", "pipeline", 5_300, [1_500, "SUCCESS"]],
];

/** Schedules a scenario of about eight seconds in the world; it then plays by the clock alone. */
export function playScenario(world: World, { clock, random }: PlayDeps): Scenario {
  const instances = populate(world).slice(0, scenarioInstances.length);
  const nowMs = clock.now();
  const changes = script.flatMap(([{ id: instanceId }, taskName, user, afterStartMs, ...then]) => {
    const startMs = nowMs + afterStartMs;
    const steps = [
      { status: "CREATED", afterMs: 0 },
      ...then.map(([afterMs, status]) => ({ status, afterMs })),
    ];
    const params = paramsOf(taskName, random);
    const taskId = world.start({
      instance: instanceId,
      name: taskName,
      user: users[user],
      params,
      startMs,
      steps,
    });
    return steps.map(({ status, afterMs }, index): ScriptedChange => {
      const from = steps[index - 1]?.status ?? null;
      return { instanceId, taskId, taskName, from, to: status, atMs: startMs + afterMs };
    });
  });
  const inOrder = changes.toSorted((a, b) => a.atMs - b.atMs);
  return { instances, durationMs: (inOrder.at(-1)?.atMs ?? nowMs) - nowMs, changes: inOrder };
}

/** Both plays add missing instances, including the scenario's own. */
const populate = (world: World): readonly SimulatedInstance[] =>
  demoInstances.map((instance) => world.instance(instance.id) ?? world.addInstance(instance));

const maxTasks = 300;
const pastTasks = 12;
const hourMs = 3_600_000;

/** Options of an endless play. */
export interface EndlessOptions extends PlayDeps, CallOptions {
  /** Tasks that have ended before, and the time from one to the next. @default one an hour, for half a day */
  readonly past?: { readonly count: number; readonly everyMs: number };
}

/** Adds a few past tasks, then a new one every few seconds, until the signal aborts. */
export async function playForever(
  world: World,
  { clock, random, signal, past = { count: pastTasks, everyMs: hourMs } }: EndlessOptions,
): Promise<void> {
  populate(world);
  const taskIds: string[] = [];

  function start(startMs: number): void {
    const { id: instance, engine } = pick(random, demoInstances);
    const name = randomTaskName(engine, random);
    const user = pick(random, [users.lin, users.maria, users.pipeline, users.dms]);
    const params = paramsOf(name, random);
    taskIds.push(world.start({ instance, name, user, params, startMs, steps: course(random) }));
  }

  for (let left = past.count; left > 0; left--) start(clock.now() - left * past.everyMs);
  while (!signal.aborted) {
    start(clock.now());
    // Old records are deleted, as users do, so that a simulator that runs for days stays small.
    const oldest = taskIds.length > maxTasks ? taskIds.shift() : undefined;
    if (oldest !== undefined) world.remove(oldest);
    await clock.sleep(between(random, 2_000, 5_000), signal);
  }
}

/** Most tasks succeed, and most pass through EXECUTING. */
function course(random: Random): readonly StatusStep[] {
  const end = pick(random, ["SUCCESS", "SUCCESS", "SUCCESS", "SUCCESS", "FAILED", "CANCELLED"]);
  const executingMs = between(random, 1_000, 3_000);
  const endMs = executingMs + between(random, 2_000, 12_000);
  const created = { status: "CREATED", afterMs: 0 };
  const executing = { status: "EXECUTING", afterMs: executingMs };
  const ended = { status: end, afterMs: endMs };
  return random() < 0.2 ? [created, ended] : [created, executing, ended];
}
