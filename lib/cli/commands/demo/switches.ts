import * as v from "valibot";
import { isFinal } from "../../../change/task.ts";
import { type ConsoleAction, UnknownPart } from "../../../console/actions.ts";
import type { SimulatorControls } from "../../../console/console.ts";
import type { ReceiverState } from "../../../console/protocol.ts";
import type { Clock, Random } from "../../../core/clock.ts";
import type { Simulator } from "../../../simulator/api.ts";
import { paramsOf, randomTaskName, users } from "../../../simulator/catalogue.ts";
import { pick } from "../../../simulator/random.ts";
import type { Reply } from "../../../simulator/receiver.ts";
import { demoInstances } from "../../../simulator/scenario.ts";
import type { StatusStep, World } from "../../../simulator/world.ts";

const burst = 40;

/** How each sink's receiver answers. */
export interface SinkSwitches {
  set(sink: string, state: ReceiverState): void;
  all(): Readonly<Record<string, ReceiverState>>;
  /** Null where the receiver answers as usual. */
  replyOf(sink: string): Reply | null;
}

const replies: Readonly<Record<ReceiverState, Reply | null>> = {
  up: null,
  down: { status: 503, body: "the service is down for maintenance" },
  revoked: { status: 401, body: "the token was revoked" },
  rejecting: { status: 422, body: "unknown field: data.task.params" },
};

/** Creates the switches; every receiver is well at first. */
export function sinkSwitches(): SinkSwitches {
  const states: Record<string, ReceiverState> = { receiver: "up", chat: "up" };
  return {
    set: (sink, state) => {
      if (!Object.hasOwn(states, sink)) throw new UnknownPart(`no sink is called ${JSON.stringify(sink)}`);
      states[sink] = state;
    },
    all: () => ({ ...states }),
    replyOf: (sink) => replies[states[sink] ?? "up"],
  };
}

const courses: Readonly<Record<"success" | "failure" | "slow", readonly StatusStep[]>> = {
  success: course(1_500, 8_000, "SUCCESS"),
  failure: course(1_500, 6_000, "FAILED"),
  slow: course(2_000, 45_000, "SUCCESS"),
};

function course(executingMs: number, endMs: number, end: string): readonly StatusStep[] {
  return [
    { status: "CREATED", afterMs: 0 },
    { status: "EXECUTING", afterMs: executingMs },
    { status: end, afterMs: endMs },
  ];
}

/** Actions of the page's buttons on the simulated world. */
export function simulatorControls(
  { world, faults }: Pick<Simulator, "world" | "faults">,
  switches: SinkSwitches,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): SimulatorControls {
  const start = (outcome: keyof typeof courses): void => {
    const { id: instance, engine } = pick(random, demoInstances);
    const name = randomTaskName(engine, random);
    const user = pick(random, [users.lin, users.maria]);
    world.start({ instance, name, user, params: paramsOf(name, random), steps: courses[outcome] });
  };
  const isThrottled = (): boolean => faults.active().includes("throttle");
  return {
    state: () => ({ sinks: switches.all(), isThrottled: isThrottled() }),
    actions: {
      start: action(v.strictObject({ outcome: v.picklist(["success", "failure", "slow"]) }), ({ outcome }) =>
        start(outcome),
      ),
      burst: action(v.strictObject({}), () => {
        for (let left = burst; left > 0; left--) start("success");
      }),
      fail: action(v.strictObject({ task: v.optional(v.string()) }), ({ task }) => {
        const id = task ?? newestOpen(world, clock.now());
        if (id === null || !isOpen(world, id)) throw new UnknownPart("no task is open");
        world.setStatus(id, "FAILED");
      }),
      sink: action(
        v.strictObject({ sink: v.string(), state: v.picklist(["up", "down", "revoked", "rejecting"]) }),
        ({ sink, state }) => switches.set(sink, state),
      ),
      throttle: action(v.strictObject({ on: v.boolean() }), ({ on }) => {
        if (on) faults.on("throttle");
        else faults.off("throttle");
      }),
    },
  };
}

const action = <Schema extends v.GenericSchema>(
  schema: Schema,
  run: (input: v.InferOutput<Schema>) => void,
): ConsoleAction => ({ schema, run: async (input) => run(input) });

interface ShownTask {
  readonly id: string;
  readonly status: string;
}

const shownTasks = (world: World): readonly ShownTask[] =>
  world.instances().flatMap(({ id }) => world.rows(id).map((row) => row.read() as ShownTask));

const isOpen = (world: World, id: string): boolean =>
  shownTasks(world).some((task) => task.id === id && !isFinal(task.status));

function newestOpen(world: World, nowMs: number): string | null {
  const rows = world.instances().flatMap(({ id }) => world.rows(id));
  const open = rows
    .filter((row) => row.createdAtMs <= nowMs && !isFinal((row.read() as ShownTask).status))
    .sort((a, b) => b.createdAtMs - a.createdAtMs);
  return open[0]?.id ?? null;
}
