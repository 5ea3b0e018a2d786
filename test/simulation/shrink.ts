import type { Launch, ScenarioStep, SimulationScenario } from "./scenario.ts";
import { type Outcome, simulate } from "./simulate.ts";
import type { Variant } from "./variant.ts";

const maxTries = 400;

/** Leaves out what a failing history does not need, as long as the same check still fails. */
export async function shrink(failing: Outcome, variant: Variant): Promise<Outcome> {
  let best = failing;
  let tries = 0;
  const attempt = async (steps: readonly ScenarioStep[]): Promise<boolean> => {
    tries += 1;
    const scenario: SimulationScenario = { ...best.scenario, steps };
    const outcome = await simulate(scenario, { variant });
    if (outcome.violation?.check !== failing.violation?.check) return false;
    best = outcome;
    return true;
  };
  for (let isSmaller = true; isSmaller && tries < maxTries; ) {
    isSmaller = false;
    for (const steps of smaller(best.scenario.steps)) {
      if (tries >= maxTries) break;
      if (!(await attempt(steps))) continue;
      isSmaller = true;
      break;
    }
  }
  return best;
}

/** Halves first, then single steps, then the faults within a step. */
function* smaller(steps: readonly ScenarioStep[]): Generator<readonly ScenarioStep[]> {
  yield* shorter(steps);
  for (const [index, step] of steps.entries()) {
    for (const simpler of simplerSteps(step)) yield steps.with(index, simpler);
  }
}

/** The same with half of it left out, then a quarter, down to one. */
export function* shorter<Item>(steps: readonly Item[]): Generator<readonly Item[]> {
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < steps.length; from += size) {
      if (size < steps.length) yield steps.toSpliced(from, size);
    }
  }
}

function* simplerSteps(step: ScenarioStep): Generator<ScenarioStep> {
  if (step.kind === "tasks") {
    const { count } = step.birth;
    if (count > 1) yield { ...step, birth: { ...step.birth, count: Math.ceil(count / 2) } };
    if (count > 1) yield { ...step, birth: { ...step.birth, count: count - 1 } };
  }
  if (step.kind !== "runs") return;
  const { launches } = step;
  if (step.storeChance > 0) yield { ...step, storeChance: 0 };
  for (const index of launches.keys()) {
    if (launches.length > 1) yield { ...step, launches: launches.toSpliced(index, 1) };
  }
  for (const [index, launch] of launches.entries()) {
    for (const calmer of calmerLaunches(launch)) yield { ...step, launches: launches.with(index, calmer) };
  }
}

function* calmerLaunches(launch: Launch): Generator<Launch> {
  if (launch.dieAtAwait !== null) yield { ...launch, dieAtAwait: null };
  if (launch.dieAfterMs !== null) yield { ...launch, dieAfterMs: null };
  if (launch.stopAfterMs !== null) yield { ...launch, stopAfterMs: null };
  if (launch.nextAfterMs !== null) yield { ...launch, nextAfterMs: null };
  if (launch.followForMs > 0) yield { ...launch, followForMs: 0 };
  if (launch.clockOffsetMs !== 0) yield { ...launch, clockOffsetMs: 0 };
}
