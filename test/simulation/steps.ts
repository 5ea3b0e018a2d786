import type { Random } from "../../lib/core/clock.ts";
import { runId, sinkName } from "../../lib/core/names.ts";
import { redrive } from "../../lib/delivery/redrive.ts";
import { type Ground, keyOf, sinksOf } from "./ground.ts";
import { type Crew, newIncarnation, pair } from "./history.ts";
import { Process } from "./process.ts";
import type { ScenarioStep } from "./scenario.ts";
import { simulatedCheckpoints, simulatedDeadLetters } from "./store.ts";

/** Whatever happens between runs. */
export async function applyStep(
  ground: Ground,
  step: Exclude<ScenarioStep, { readonly kind: "runs" }>,
  random: Random,
): Promise<void> {
  const { faults, loop, present } = ground;
  switch (step.kind) {
    case "tasks":
      return ground.world.give(
        keyOf(ground, step.stream),
        loop.nowMs + ground.api.skewMs,
        step.birth,
        random,
      );
    case "pass":
      return loop.pass(step.ms);
    case "sink":
      return void ground.modes.set(step.sink, step.mode);
    case "api":
      ground.trouble = step.trouble;
      return;
    case "store":
      ground.storeIsDown = step.isDown;
      return;
    case "letters":
      ground.lettersAreDown = step.isDown;
      return;
    case "jump":
      faults.hit(step.ms < 0 ? "run: clock jumps back" : "run: clock jumps forward");
      ground.clockOffsetMs += step.ms;
      return;
    case "remove":
      if (present.delete(step.sink)) faults.hit("config: sink removed");
      ground.faithful.delete(sinkName(step.sink));
      return;
    case "bring":
      if (present.has(step.sink)) return;
      faults.hit("config: sink added or brought back");
      present.add(step.sink);
      return;
    case "filter":
      faults.hit("config: filter changed");
      ground.wants = step.wants;
      return;
    case "restore":
      return restore(ground, step.back);
    case "lose":
      return lose(ground);
    case "redrive":
      return redriveAll(ground);
    default:
      return step satisfies never;
  }
}

/** Puts an earlier record in the place of each stream's own, as a backup would. */
function restore({ records, faults, history }: Ground, back: number): void {
  records.parked.restore();
  for (const [stream, { version }] of records.current) {
    const text = records.past.get(stream)?.at(-1 - back);
    if (text === undefined) continue;
    faults.hit("checkpoint: restored from an earlier version");
    records.put(stream, version + 1, text);
    history.incarnations.set(stream, newIncarnation(records.whole(stream)));
  }
}

function lose({ records, faults, history }: Ground): void {
  if (records.current.size === 0) return;
  faults.hit("checkpoint: lost");
  records.current.clear();
  history.incarnations.clear();
}

/** An operator puts all dead letters back. */
async function redriveAll(ground: Ground): Promise<void> {
  const { letters, records, history, loop } = ground;
  if (letters.size === 0 || records.current.size === 0) return;
  ground.faults.hit("operator: dead letters redriven");
  const process = new Process({
    loop,
    run: runId("redrive"),
    random: () => 0.9,
    faults: ground.faults,
    clockOffsetMs: ground.clockOffsetMs,
    dieAtAwait: null,
  });
  for (const { stream, sink, event } of letters.values()) {
    history.incarnation(stream).redriven.add(pair(sink, event.id));
  }
  const crew: Crew = { process, apiSkewMs: 0, nextMs: null, rules: new Map(), deeds: new Map() };
  const calm = { chance: 0, isDown: false };
  const deps = {
    checkpoints: simulatedCheckpoints(records, crew, history, calm),
    deadLetters: simulatedDeadLetters(letters, crew, history, calm),
    sinks: new Set(sinksOf(ground)),
    maxBacklog: ground.scenario.settings.maxBacklog,
    maxBytes: ground.scenario.settings.maxBytes,
    clock: process.clock,
  };
  let failure: unknown = null;
  redrive(deps, {}).then(
    () => {
      process.isFinished = true;
    },
    (error: unknown) => {
      failure = error;
    },
  );
  await loop.until(() => process.isOver || failure !== null);
  if (failure !== null) throw failure;
}
