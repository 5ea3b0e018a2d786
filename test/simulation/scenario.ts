import { smallRoomBytes } from "../../lib/checkpoint/room.ts";
import type { Random } from "../../lib/core/clock.ts";
import { between, pick, seededRandom } from "../../lib/simulator/random.ts";
import { type SinkMode, sinkModes } from "./sinks.ts";
import type { ApiTrouble } from "./source.ts";
import type { Birth } from "./world.ts";

const secondMs = 1_000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** What stays the same through one history. */
export interface Settings {
  readonly streams: number;
  readonly startFrom: "all" | "now";
  readonly lookbackMs: number;
  readonly maxOpenAgeMs: number;
  readonly maxBacklog: number;
  /** Room for the events of a record, bytes: a few hundred hold one event. */
  readonly maxBytes: number;
  readonly maxAttempts: number | null;
  readonly maxAgeMs: number;
  readonly overdueAfterMs: number | null;
  readonly pageSize: number;
  readonly apiSkewMs: number;
  /** How long a stream may be unreadable before its event; null: for ever. */
  readonly unreadableAfterMs: number | null;
}

export interface Launch {
  readonly afterMs: number;
  readonly budgetMs: number;
  /** How long streams with open tasks are followed; 0: not. */
  readonly followForMs: number;
  readonly clockOffsetMs: number;
  readonly dieAtAwait: number | null;
  readonly dieAfterMs: number | null;
  readonly stopAfterMs: number | null;
  /** When the next poll is due; null: it waits for this one. */
  readonly nextAfterMs: number | null;
}

/** The sinks whose trouble and presence a history changes; `steady` is always there and always well. */
export const troubledSinks = ["flaky", "batchy", "picky"] as const;
export type TroubledSink = (typeof troubledSinks)[number];

/** One thing that happens. Each has a seed of its own, so that leaving one out changes none of the others' dice. */
export type ScenarioStep = { readonly seed: number } & (
  | { readonly kind: "tasks"; readonly stream: number; readonly birth: Birth }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "runs"; readonly launches: readonly Launch[]; readonly storeChance: number }
  | { readonly kind: "sink"; readonly sink: TroubledSink; readonly mode: SinkMode }
  | { readonly kind: "api"; readonly trouble: ApiTrouble }
  | { readonly kind: "store"; readonly isDown: boolean }
  | { readonly kind: "letters"; readonly isDown: boolean }
  | { readonly kind: "jump"; readonly ms: number }
  | { readonly kind: "remove" | "bring"; readonly sink: TroubledSink }
  | { readonly kind: "filter"; readonly wants: string }
  | { readonly kind: "restore"; readonly back: number }
  | { readonly kind: "lose" }
  | { readonly kind: "redrive" }
);

export interface SimulationScenario {
  readonly seed: number;
  readonly settings: Settings;
  readonly steps: readonly ScenarioStep[];
}

export const calmApi: ApiTrouble = {
  chance: 0,
  lookUpChance: 0,
  statusLagMs: 0,
  isGone: false,
  taskCount: "right",
};

/** The history that a seed stands for. */
export function scenarioOf(seed: number): SimulationScenario {
  const random = seededRandom(seed * 7_919 + 1);
  const settings: Settings = {
    streams: pick(random, [1, 1, 1, 2, 3]),
    startFrom: random() < 0.6 ? "all" : "now",
    lookbackMs: pick(random, [30 * secondMs, 2 * minuteMs, 15 * minuteMs]),
    maxOpenAgeMs: pick(random, [45 * minuteMs, 2 * hourMs, 7 * 24 * hourMs]),
    maxBacklog: pick(random, [1_000, 1_000, 6]),
    maxAttempts: pick(random, [null, null, 5]),
    maxAgeMs: pick(random, [7 * 24 * hourMs, 7 * 24 * hourMs, 90 * minuteMs]),
    overdueAfterMs: random() < 0.3 ? 30 * minuteMs : null,
    pageSize: pick(random, [3, 10, 100]),
    apiSkewMs: random() < 0.3 ? between(random, -90 * secondMs, 90 * secondMs) : 0,
    maxBytes: pick(seededRandom(seed * 15_485_863 + 3), [smallRoomBytes, smallRoomBytes, 4_000]),
    unreadableAfterMs: pick(seededRandom(seed * 104_729 + 2), [null, minuteMs, 15 * minuteMs, hourMs]),
  };
  const steps: ScenarioStep[] = [];
  if (random() < 0.5) steps.push(birthOf(random, settings, between(random, 1, 5) * hourMs));
  const count = between(random, 6, 22);
  for (let made = 0; made < count; made += 1) steps.push(...movementOf(random, settings));
  return { seed, settings, steps };
}

const die = (random: Random): number => Math.floor(random() * 2 ** 31);

/** Something happens, and then, mostly, somebody polls. */
function movementOf(random: Random, settings: Settings): readonly ScenarioStep[] {
  const steps: ScenarioStep[] = [stepOf(random, settings)];
  if (random() < 0.8) steps.push(runsOf(random));
  if (random() < 0.6) {
    steps.push({ kind: "pass", seed: die(random), ms: Math.floor(500 * ((4 * hourMs) / 500) ** random()) });
  }
  return steps;
}

function stepOf(random: Random, settings: Settings): ScenarioStep {
  const seed = die(random);
  const chance = random();
  if (chance < 0.38) return birthOf(random, settings, 0);
  if (chance < 0.6)
    return { kind: "sink", seed, sink: pick(random, troubledSinks), mode: pick(random, sinkModes) };
  if (chance < 0.74) return { kind: "api", seed, trouble: troubleOf(random) };
  if (chance < 0.79) return { kind: "store", seed, isDown: random() < 0.4 };
  if (chance < 0.84) return { kind: "letters", seed, isDown: random() < 0.5 };
  if (chance < 0.88) return { kind: "jump", seed, ms: between(random, -20 * minuteMs, 20 * minuteMs) };
  if (chance < 0.91) return { kind: "remove", seed, sink: pick(random, troubledSinks) };
  if (chance < 0.94) return { kind: "bring", seed, sink: pick(random, troubledSinks) };
  if (chance < 0.96) return { kind: "filter", seed, wants: pick(random, ["succeeded", "failed", "created"]) };
  if (chance < 0.975) return { kind: "redrive", seed };
  if (chance < 0.99) return { kind: "restore", seed, back: between(random, 1, 6) };
  return { kind: "lose", seed };
}

function birthOf(random: Random, settings: Settings, ageMs: number): ScenarioStep {
  const size = random();
  return {
    kind: "tasks",
    seed: die(random),
    stream: between(random, 0, settings.streams),
    birth: {
      count: size < 0.004 ? 230 : size < 0.06 ? between(random, 15, 40) : between(random, 1, 7),
      spreadMs: random() < 0.4 ? 0 : between(random, secondMs, 3 * minuteMs),
      longestMs: pick(random, [20 * secondMs, 10 * minuteMs, 3 * hourMs]),
      ageMs,
    },
  };
}

const troubleOf = (random: Random): ApiTrouble =>
  random() < 0.3
    ? calmApi
    : {
        chance: pick(random, [0, 0, 0.1, 0.5]),
        lookUpChance: pick(random, [0, 0.3, 1]),
        statusLagMs: pick(random, [0, 5 * secondMs, minuteMs]),
        isGone: random() < 0.1,
        taskCount: pick(random, ["right", "right", "missing", "wrong"] as const),
      };

function runsOf(random: Random): ScenarioStep {
  const chance = random();
  const count = chance < 0.72 ? 1 : chance < 0.92 ? 2 : 3;
  const budgetMs = random() < 0.12 ? between(random, 1, 900) : pick(random, [6 * secondMs, 30 * secondMs]);
  const seed = die(random);
  const own = seededRandom(seed + 1);
  return {
    kind: "runs",
    seed,
    storeChance: random() < 0.75 ? 0 : pick(random, [0.05, 0.3]),
    launches: Array.from({ length: count }, (_, index) => launchOf(random, own, { index, budgetMs, seed })),
  };
}

function launchOf(
  random: Random,
  own: Random,
  { index, budgetMs, seed }: { readonly index: number; readonly budgetMs: number; readonly seed: number },
): Launch {
  const followForMs = followOf(seed + index);
  /** A run that follows may end at any time of it. */
  const longer = followForMs > 0 ? 10 : 1;
  return {
    afterMs: index === 0 ? 0 : between(random, 0, 3_000),
    budgetMs,
    followForMs,
    clockOffsetMs: random() < 0.2 ? between(random, -200, 200) : 0,
    dieAtAwait: random() < 0.22 ? between(random, 1, 30) * longer : null,
    dieAfterMs: random() < 0.06 ? between(random, 1, 4_000) * longer : null,
    stopAfterMs: random() < 0.05 ? between(random, 1, 4_000) * longer : null,
    nextAfterMs: own() < 0.3 ? between(own, 1, 10_000) * longer : null,
  };
}

/** Of dice of its own, so that following changes none of the others'. */
function followOf(seed: number): number {
  const random = seededRandom(seed);
  return random() < 0.5 ? 0 : between(random, secondMs, minuteMs);
}
