import { shorter } from "../shrink.ts";
import type { Outcome } from "./play.ts";
import type { Launch, Scenario, Step } from "./scenario.ts";

const maxTries = 300;

/** Leaves out what a failing history does not need, as long as the same check still fails. */
export async function shrink(
  failing: Outcome,
  play: (scenario: Scenario) => Promise<Outcome>,
): Promise<Outcome> {
  let best = failing;
  let tries = 0;
  for (let isSmaller = true; isSmaller && tries < maxTries; ) {
    isSmaller = false;
    for (const steps of smaller(best.scenario.steps)) {
      if (tries >= maxTries) break;
      tries += 1;
      const outcome = await play({ ...best.scenario, steps });
      if (outcome.violation?.check !== failing.violation?.check) continue;
      best = outcome;
      isSmaller = true;
      break;
    }
  }
  return best;
}

function* smaller(steps: readonly Step[]): Generator<readonly Step[]> {
  yield* shorter(steps);
  for (const [index, step] of steps.entries()) {
    for (const simpler of simplerSteps(step)) yield steps.with(index, simpler);
  }
}

function* simplerSteps(step: Step): Generator<Step> {
  if (step.kind === "tasks") {
    if (step.count > 1) yield { ...step, count: Math.ceil(step.count / 2) };
    for (const index of step.traits.keys()) yield { ...step, traits: step.traits.toSpliced(index, 1) };
  }
  if (step.kind !== "runs") return;
  const { launches } = step;
  for (const index of launches.keys()) {
    if (launches.length > 1) yield { ...step, launches: launches.toSpliced(index, 1) };
  }
  for (const [index, launch] of launches.entries()) {
    for (const calmer of calmerLaunches(launch)) yield { ...step, launches: launches.with(index, calmer) };
  }
}

function* calmerLaunches(launch: Launch): Generator<Launch> {
  if (launch.isWarm) yield { ...launch, isWarm: false };
  if (launch.dieAtAwait !== null) yield { ...launch, dieAtAwait: null };
  if (launch.dieAfterMs !== null) yield { ...launch, dieAfterMs: null };
  if (launch.stopAfterMs !== null) yield { ...launch, stopAfterMs: null };
  if (launch.nextAfterMs !== null) yield { ...launch, nextAfterMs: null };
  if (launch.followForMs !== null) yield { ...launch, followForMs: null };
  if (launch.clockMs !== 0) yield { ...launch, clockMs: 0 };
  if (launch.clockJump !== null) yield { ...launch, clockJump: null };
}
