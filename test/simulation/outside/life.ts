import type { Trait } from "./faults.ts";
import { finals, type Instance, type State, type Task } from "./world.ts";

export type Random = () => number;

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
/** A lagging replica is never further behind than this, and no task runs again so soon that one could show its last end. */
export const maxLagMs = 50 * secondMs;

export interface Birth {
  readonly createdMs: number;
  readonly traits: ReadonlySet<Trait>;
  /** Told of each trait that the task has. */
  readonly met: (trait: Trait) => void;
  readonly random: Random;
}

/** Makes a task with its whole life. */
export function bear(instance: Instance, birth: Birth): Task {
  const { createdMs, traits, random, met } = birth;
  const has = (trait: Trait, share = 0.5): boolean => {
    const drawn = random() < share;
    if (drawn && traits.has(trait)) met(trait);
    return drawn && traits.has(trait);
  };
  const states = stamped(createdMs, path(createdMs, has, random), has, random);
  const lastMs = (states.at(-1) as State).atMs;
  const somewhere = (): number => createdMs + random() * (lastMs - createdMs + 5 * minuteMs);
  const visibleMs =
    createdMs + (has("task: visible late") ? random() * (instance.project.lookbackMs - minuteMs) : 0);
  const spell = (longestMs: number) => {
    const fromMs = visibleMs + 2 * minuteMs + random() * (lastMs - createdMs);
    return { fromMs, untilMs: fromMs + random() * longestMs };
  };
  return {
    id: Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join(""),
    instance,
    createdMs,
    visibleMs,
    states,
    deletedMs: has("task: deleted", 0.2) ? Math.max(visibleMs, somewhere()) : Number.POSITIVE_INFINITY,
    missing: has("task: missing for a while", 0.3) ? spell(20 * minuteMs) : null,
    unreadable: has("task: unreadable for a while", 0.2) ? spell(10 * minuteMs) : null,
    decoration: decoration(has, random),
  };
}

type Has = (trait: Trait, share?: number) => boolean;
type Step = Pick<State, "status" | "atMs">;

/** Which states there are, and when. */
function path(createdMs: number, has: Has, random: Random): readonly Step[] {
  let atMs = createdMs;
  const steps: Step[] = [];
  const go = (status: string, afterMs: number): void => {
    atMs += Math.ceil(afterMs);
    steps.push({ status, atMs });
  };
  const end = (): void => {
    const statuses = ["SUCCESS", "FAILED", "CANCELLED"];
    go(statuses[Math.floor(random() * 3)] ?? "FAILED", secondMs + 60 * minuteMs * random() ** 4);
  };
  go("CREATED", 0);
  if (!has("task: status jumps")) go("EXECUTING", minuteMs * random());
  if (has("task: unknown status", 0.3)) go("PAUSED", minuteMs * random());
  end();
  if (!has("task: runs again after its end", 0.4)) return steps;
  go("EXECUTING", 2 * maxLagMs + 4 * minuteMs * random());
  end();
  return steps;
}

/** Gives each state its stamp. Status and stamp together are a state's identity, so no pair comes twice. */
function stamped(createdMs: number, steps: readonly Step[], has: Has, random: Random): readonly State[] {
  const states: State[] = [];
  const isTaken = (status: string, stampMs: number | null): boolean =>
    states.some(
      (state) => state.status === status && (state.stampMs ?? createdMs) === (stampMs ?? createdMs),
    );
  for (const { status, atMs } of steps) {
    const before = states.at(-1)?.stampMs ?? atMs;
    const odd = (): number | null => {
      if (has("task: updated_at missing", 0.3)) return null;
      if (has("task: updated_at equal", 0.3)) return before;
      if (has("task: updated_at a second lower", 0.4)) return before - 1_000;
      if (!finals.has(status) && has("task: updated_at far ahead", 0.3))
        return atMs + 30 * 24 * 60 * minuteMs;
      return atMs;
    };
    const drawn = odd();
    const stampMs = isTaken(status, drawn) ? atMs + Math.ceil(random() * 10) : drawn;
    states.push({ status, atMs, stampMs });
  }
  return states;
}

/** Stands for an object nested deeper than JSON.stringify can write; the API puts it in. */
export const deep = "@deep";

function decoration(has: Has, random: Random): Readonly<Record<string, unknown>> {
  const plain = {
    name: "bindInstancePublicIp",
    user_name: "ops",
    user_id: "u1",
    params: JSON.stringify({ public_ip_id: Math.floor(random() * 1_000) }),
  };
  if (has("task: name is a number", 0.3)) return { ...plain, name: 7 };
  if (has("task: name too long", 0.3)) return { ...plain, name: "n".repeat(5_000) };
  if (has("task: half a surrogate in its name", 0.3)) return { ...plain, name: "half \ud83d" };
  if (has("task: params nested deep", 0.3)) return { ...plain, params: deep };
  return plain;
}
