import type { Random } from "../../lib/core/clock.ts";
import { seededRandom } from "../../lib/simulator/random.ts";
import { checkEnd } from "./checker.ts";
import type { FaultCounts } from "./faults.ts";
import { type Ground, groundOf } from "./ground.ts";
import { Violation } from "./history.ts";
import type { Process } from "./process.ts";
import { calmApi, type Launch, type SimulationScenario, scenarioOf } from "./scenario.ts";
import { startRun } from "./start.ts";
import { applyStep } from "./steps.ts";
import { sound, type Variant } from "./variant.ts";

const minuteMs = 60_000;
/** The waits between the runs after the last fault: an hour is the longest that a sink may ask for. */
const calmGapsMs: readonly number[] = [
  ...new Array<number>(4).fill(minuteMs),
  ...new Array<number>(4).fill(11 * minuteMs),
  ...new Array<number>(24).fill(61 * minuteMs),
];
const calmLaunch: Launch = {
  afterMs: 0,
  budgetMs: 30_000,
  followForMs: 0,
  clockOffsetMs: 0,
  dieAtAwait: null,
  dieAfterMs: null,
  stopAfterMs: null,
  nextAfterMs: null,
};

export interface Outcome {
  readonly scenario: SimulationScenario;
  readonly violation: Violation | null;
  /** Of everything that happened: the same for the same scenario. */
  readonly hash: string;
  readonly faults: FaultCounts;
  readonly runs: number;
  readonly lines: readonly string[];
}

export interface SimulationOptions {
  readonly variant?: Variant;
  /** Whether the outcome tells what happened, line by line. */
  readonly keepLines?: boolean;
}

/** Plays one history and checks every promise on the way and at its end. */
export async function simulate(
  history: SimulationScenario | number,
  { variant = sound, keepLines = false }: SimulationOptions = {},
): Promise<Outcome> {
  const scenario = typeof history === "number" ? scenarioOf(history) : history;
  const restore = variant.patch?.();
  const ground = groundOf(scenario, variant, keepLines);
  try {
    const violation = await violationIn(ground);
    const { faults, runs } = ground;
    const { hash, lines } = ground.history;
    return { scenario, violation, hash, faults, runs, lines };
  } finally {
    restore?.();
  }
}

async function violationIn(ground: Ground): Promise<Violation | null> {
  try {
    for (const step of ground.scenario.steps) {
      ground.history.note(`step ${JSON.stringify(step)}`);
      const random = seededRandom(step.seed);
      if (step.kind === "runs") await launchAll(ground, step.launches, step.storeChance, random);
      else await applyStep(ground, step, random);
    }
    await calm(ground);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return ground.history.violation ?? error;
  }
  return ground.history.violation;
}

async function launchAll(
  ground: Ground,
  launches: readonly Launch[],
  storeChance: number,
  random: Random,
): Promise<void> {
  const { loop, faults, history } = ground;
  if (launches.length > 1) faults.hit(launches.length === 2 ? "run: two at once" : "run: three at once");
  const processes: Process[] = [];
  let failure: unknown = null;
  for (const launch of launches) {
    const own = seededRandom(Math.floor(random() * 2 ** 31));
    if (launches.length > 1 && launch.clockOffsetMs !== 0) faults.hit("run: hosts' clocks differ");
    loop.after(launch.afterMs, () => {
      const failed = (error: unknown): void => {
        failure ??= error;
      };
      processes.push(startRun(ground, { launch, storeChance, random: own, failed }));
    });
  }
  const areOver = (): boolean =>
    processes.length === launches.length && processes.every((process) => process.isOver);
  await loop.until(() => failure !== null || history.violation !== null || areOver());
  if (history.violation) throw history.violation;
  if (failure instanceof Violation) throw failure;
  if (failure instanceof Error) throw new Violation("no defect", failure.stack ?? failure.message);
  if (failure !== null) throw failure;
}

/** No more faults, and nothing moves: runs follow each other until one sends and writes nothing. */
async function calm(ground: Ground): Promise<void> {
  const { history, loop, world, api } = ground;
  ground.modes.clear();
  ground.trouble = calmApi;
  ground.storeIsDown = false;
  ground.lettersAreDown = false;
  await loop.pass(world.settledAtMs() - api.skewMs - loop.nowMs + 1_000);
  for (const gapMs of calmGapsMs) {
    const before = history.writes + history.sends;
    await launchAll(ground, [calmLaunch], 0, seededRandom(ground.runs));
    const isIdle = history.writes + history.sends === before;
    const isEmpty = history.incarnations.values().every(({ record }) => record?.outbox.length === 0);
    if (isIdle && isEmpty) return checkEnd(history, world, loop.nowMs + api.skewMs, ground.faithful);
    await loop.pass(gapMs);
  }
  throw new Violation("progress", "faults are over, and the runs still find something to do");
}
