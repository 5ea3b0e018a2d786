import { Draw } from "./draw.ts";
import {
  type DiscoveryTrouble,
  dialects,
  discoveryTroubles,
  type Fault,
  type ListTrouble,
  type LookUpTrouble,
  listTroubles,
  lookUpTroubles,
  type SinkTrouble,
  type StoreTrouble,
  sinkTroubles,
  storeTroubles,
  type Trait,
  traits,
} from "./faults.ts";
import type { Random } from "./life.ts";
import { burst, owing } from "./moments.ts";
import type { SinkName } from "./receivers.ts";
import type { Dialect, Project } from "./world.ts";

export type ProjectSettings = Omit<Project, "instances"> & { readonly instances: number };

export interface Settings {
  readonly projects: readonly ProjectSettings[];
  readonly pageSize: number;
}

/** One run of the bridge, and what becomes of its process. */
export interface Launch {
  readonly afterMs: number;
  /** In the process of the run before, if that is well. */
  readonly isWarm: boolean;
  readonly dieAtAwait: number | null;
  readonly dieAfterMs: number | null;
  readonly stopAfterMs: number | null;
  /** When the next poll is due; null: it waits for this one. */
  readonly nextAfterMs: number | null;
  /** How long streams with open tasks are followed. */
  readonly followForMs: number | null;
  /** Its clock less the world's. */
  readonly clockMs: number;
  readonly clockJump: { readonly afterMs: number; readonly byMs: number } | null;
}

export type Step =
  | {
      readonly kind: "tasks";
      readonly instance: number;
      readonly count: number;
      readonly spreadMs: number;
      readonly traits: readonly Trait[];
      readonly seed: number;
    }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "runs"; readonly launches: readonly Launch[]; readonly seed: number }
  | {
      readonly kind: "list";
      readonly instance: number;
      readonly trouble: ListTrouble | LookUpTrouble | null;
      readonly share: number;
    }
  | { readonly kind: "discovery"; readonly project: number; readonly trouble: DiscoveryTrouble | null }
  | { readonly kind: "key"; readonly project: number; readonly refused: boolean }
  | { readonly kind: "instance"; readonly instance: number; readonly awayMs: number }
  | { readonly kind: "lag"; readonly on: boolean }
  | { readonly kind: "skew"; readonly ms: number }
  | { readonly kind: "sink"; readonly sink: SinkName; readonly trouble: SinkTrouble | null }
  | { readonly kind: "store"; readonly trouble: StoreTrouble | null; readonly share: number }
  | {
      readonly kind: "watch";
      readonly what: "instance" | "project";
      readonly index: number;
      readonly on: boolean;
    }
  | { readonly kind: "outlet"; readonly sink: SinkName; readonly on: boolean };

export interface Scenario {
  readonly seed: number;
  readonly settings: Settings;
  readonly steps: readonly Step[];
}

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const dayMs = 24 * 60 * minuteMs;

/** What is drawn by dice of its own leaves a seed's course what it was. */
interface Dice {
  readonly course: Random;
  readonly limits: Random;
}

export function scenarioOf(seed: number, dice: Dice, enabled: ReadonlySet<Fault>): Scenario {
  const draw = new Draw(dice.course, enabled);
  const lags = draw.fault("api: replica lags", 0.3);
  const isWide = draw.chance(0.1);
  const limits = (): number | null =>
    new Draw(dice.limits, enabled).pick([null, minuteMs, 5 * minuteMs, 30 * minuteMs]);
  const projects = Array.from({ length: isWide ? 6 : draw.between(1, 4) }, (_, index) =>
    projectOf(draw, index, lags, limits),
  );
  const settings: Settings = { projects, pageSize: draw.pick([3, 10, 100]) };
  const allowed = traits.filter((trait) => draw.fault(trait, 0.4) && !(lags && isAtOddsWithLag(trait)));
  const steps: Step[] = [];
  if (lags) steps.push({ kind: "lag", on: true });
  const instances = projects.reduce((sum, project) => sum + project.instances, 0);
  const rounds = draw.between(3, 9);
  for (let round = 0; round < rounds; round += 1) {
    if (draw.fault("burst: a slow, a hanging and a healthy sink", 0.005))
      steps.push(...burst(draw, instances));
    steps.push(...trouble(draw, projects, instances), ...births(draw, instances, allowed), ...runs(draw));
  }
  return { seed, settings, steps };
}

/** Two hosts whose clocks differ cannot be told from a replica that lags: see docs/simulation.md. */
const isAtOddsWithLag = (trait: Trait): boolean =>
  trait === "task: updated_at a second lower" || trait === "task: updated_at far ahead";

function projectOf(draw: Draw, index: number, lags: boolean, limits: () => number | null): ProjectSettings {
  const position = draw.fault("api: offset in place of start", 0.15) ? "offset" : "start";
  const isClamped = draw.fault("api: limit clamped", 0.2);
  // A clamped page that counts itself alone looks like a whole list: see docs/simulation.md.
  const counts = (["missing", "number", "page"] as const).filter(
    (kind, at) => draw.fault(dialects[2 + at] as Fault, 0.2) && !(isClamped && kind === "page"),
  );
  // Pages of hosts that differ cannot be joined without a count: see docs/simulation.md.
  const count = lags && counts[0] === "missing" ? "text" : (counts[0] ?? "text");
  const dialect: Dialect = {
    position,
    maxLimit: isClamped ? 2 : 100,
    count,
    endTime: draw.fault("api: end_time ignored", 0.3) ? "ignored" : draw.pick(["inclusive", "exclusive"]),
    hasNullForEmpty: draw.fault("api: null for an empty list", 0.3) && count !== "missing",
  };
  return {
    id: `p${index + 1}`,
    engine: draw.pick(["rabbitmq", "kafka", "rocketmq"]),
    region: "cn-north-4",
    credentials: draw.chance(0.3)
      ? { kind: "token" }
      : { kind: "key", ak: draw.chance(0.6) ? "AKSHARED" : `AKOWN${index + 1}`, sk: "secret" },
    dialect,
    watchesAll: draw.chance(0.4),
    startFrom: draw.chance(0.3) ? "now" : "all",
    lookbackMs: draw.pick([5, 15]) * minuteMs,
    maxOpenAgeMs: draw.pick([20 * minuteMs, 120 * minuteMs, 7 * dayMs]),
    unreadableAfterMs: limits(),
    instances: draw.between(1, 4),
  };
}

function births(draw: Draw, instances: number, allowed: readonly Trait[]): readonly Step[] {
  if (draw.chance(0.3)) return [];
  return Array.from({ length: draw.between(1, 3) }, () => ({
    kind: "tasks",
    instance: draw.between(0, instances),
    count: draw.pick([1, 2, 5, 12]),
    spreadMs: draw.pick([1, 20 * secondMs, 10 * minuteMs]),
    traits: allowed.filter(() => draw.chance(0.6)),
    seed: draw.between(1, 2 ** 31),
  }));
}

function trouble(draw: Draw, projects: readonly ProjectSettings[], instances: number): readonly Step[] {
  const instance = draw.between(0, instances);
  const project = draw.between(0, projects.length);
  const isOver = draw.chance(0.35);
  switch (draw.between(0, 11)) {
    case 0:
    case 1:
      return [
        {
          kind: "list",
          instance,
          trouble: isOver ? null : draw.trouble(draw.chance(0.8) ? listTroubles : lookUpTroubles),
          share: draw.pick([0.3, 1]),
        },
      ];
    case 2:
      return [{ kind: "discovery", project, trouble: isOver ? null : draw.trouble(discoveryTroubles) }];
    case 3:
      return [{ kind: "key", project, refused: !isOver && draw.fault("api: key refused", 1) }];
    case 4: {
      const comesBack = draw.chance(0.5);
      const isOn = draw.fault(comesBack ? "api: instance deleted and back" : "api: instance deleted", 0.6);
      const awayMs = comesBack ? draw.between(2, 90) * minuteMs : Number.MAX_SAFE_INTEGER;
      return isOn ? [{ kind: "instance", instance, awayMs }] : [];
    }
    case 5:
      return [
        {
          kind: "skew",
          ms: draw.fault("clock: ours differs from the API's", 1) ? draw.between(-4, 5) * minuteMs : 0,
        },
      ];
    case 6:
    case 7: {
      const sink = draw.pick(["flaky", "batchy", "picky"] as const);
      return [{ kind: "sink", sink, trouble: isOver ? null : draw.trouble(sinkTroubles) }];
    }
    case 8:
      return [
        {
          kind: "store",
          trouble: isOver ? null : draw.trouble(storeTroubles),
          share: draw.pick([0.1, 0.5, 1]),
        },
      ];
    case 9: {
      const what = draw.pick(["instance", "project"] as const);
      const isOut = draw.fault(
        what === "instance" ? "config: instance taken out" : "config: source taken out",
        0.7,
      );
      const leaves: Step = {
        kind: "watch",
        what,
        index: what === "instance" ? instance : project,
        on: !isOut,
      };
      return isOut && draw.chance(0.6) ? [...owing(draw, instances), leaves] : [leaves];
    }
    default: {
      const sink = draw.pick(["flaky", "picky"] as const);
      return [{ kind: "outlet", sink, on: !draw.fault("config: sink taken out", 0.5) }];
    }
  }
}

const calm: Launch = {
  afterMs: 0,
  isWarm: false,
  dieAtAwait: null,
  dieAfterMs: null,
  stopAfterMs: null,
  nextAfterMs: null,
  followForMs: null,
  clockMs: 0,
  clockJump: null,
};
export const calmLaunch = calm;

function runs(draw: Draw): readonly Step[] {
  return Array.from({ length: draw.between(1, 4) }, (): readonly Step[] => {
    const hasSecond = draw.fault("run: two at once", 0.15);
    const launches = [launchOf(draw, 0), ...(hasSecond ? [launchOf(draw, draw.between(0, 5_000))] : [])];
    return [
      { kind: "runs", launches, seed: draw.between(1, 2 ** 31) },
      { kind: "wait", ms: draw.pick([secondMs, minuteMs, minuteMs, 5 * minuteMs, 30 * minuteMs]) },
    ];
  }).flat();
}

function launchOf(draw: Draw, afterMs: number): Launch {
  const ahead = draw.fault("clock: ahead for one run", 0.03) ? draw.pick([10 * minuteMs, 30 * dayMs]) : 0;
  const behind = draw.fault("clock: behind for one run", 0.03) ? -draw.pick([10 * minuteMs, 30 * dayMs]) : 0;
  const jumps = draw.fault("clock: jumps during a run", 0.04);
  const follows = draw.fault("run: follows an open task", 0.4);
  /** Something that befalls a run may do so while it follows, too. */
  const within = (mostMs: number): number => draw.between(1, follows ? 10 * mostMs : mostMs);
  return {
    ...calm,
    afterMs,
    isWarm: draw.fault("run: warm", 0.5),
    dieAtAwait: draw.fault("run: killed at an await", 0.1) ? within(60) : null,
    dieAfterMs: draw.fault("run: killed at an instant", 0.05) ? within(3_000) : null,
    stopAfterMs: draw.fault("run: stopped by a signal", 0.05) ? within(3_000) : null,
    nextAfterMs: draw.fault("run: leaves the rest to the next poll", 0.2) ? within(10_000) : null,
    followForMs: follows ? draw.between(secondMs, minuteMs) : null,
    clockMs: ahead + behind,
    clockJump: jumps ? { afterMs: within(500), byMs: draw.pick([-60, -1, 1, 60]) * minuteMs } : null,
  };
}
