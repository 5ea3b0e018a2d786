import type { CloudEvent } from "../../lib/change/event.ts";
import type { Random } from "../../lib/core/clock.ts";
import { runId, type SinkName, type Stream, sinkName, streamKey } from "../../lib/core/names.ts";
import { bounded } from "../../lib/delivery/bounded.ts";
import { CircuitBreaker } from "../../lib/delivery/circuit-breaker.ts";
import type { RetryPolicy } from "../../lib/delivery/retry.ts";
import { SinkDispatcher } from "../../lib/delivery/sink-dispatcher.ts";
import type { RunContext, StreamPlan } from "../../lib/run/plan.ts";
import { inOneGo, runStreams } from "../../lib/run/run-streams.ts";
import { lookBudgets } from "../../lib/source/look-budget.ts";
import { silentLog } from "../../lib/telemetry/log.ts";
import { onEnd } from "./checker.ts";
import { type Ground, sinksOf, steady } from "./ground.ts";
import { type Crew, newDeeds, Violation } from "./history.ts";
import { simulatedParked } from "./parked.ts";
import { Process } from "./process.ts";
import { type Launch, troubledSinks } from "./scenario.ts";
import { type SinkMode, simulatedSink } from "./sinks.ts";
import { simulatedSource } from "./source.ts";
import { simulatedCheckpoints, simulatedDeadLetters } from "./store.ts";

const lookEveryMs = 5_000;
const callsPerMinute = 30;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** A run with less may end before a healthy sink's turn. */
const leastBudgetMs = 5_000;

export interface Start {
  readonly launch: Launch;
  readonly storeChance: number;
  readonly random: Random;
  /** Told of what the run threw. */
  readonly failed: (error: unknown) => void;
}

/** Starts one run of the real bridge, as a process that can be killed. */
export function startRun(ground: Ground, { launch, storeChance, random, failed }: Start): Process {
  const { history, streams, storeIsDown, lettersAreDown } = ground;
  ground.runs += 1;
  const process = new Process({
    loop: ground.loop,
    run: runId(`run-${ground.runs}`),
    random,
    faults: ground.faults,
    clockOffsetMs: ground.clockOffsetMs + launch.clockOffsetMs,
    dieAtAwait: launch.dieAtAwait,
  });
  const startedMs = ground.loop.nowMs + ground.api.skewMs;
  const { budgetMs, nextAfterMs, followForMs } = launch;
  const nextMs = nextAfterMs === null ? null : process.clock.now() + nextAfterMs;
  const crew: Crew = {
    process,
    nextMs,
    apiSkewMs: ground.api.skewMs - ground.clockOffsetMs,
    rules: new Map(streams.map((stream) => [streamKey(stream), rulesOf(ground, stream)])),
    deeds: new Map(
      streams.map((stream) => [streamKey(stream), newDeeds(process.run, startedMs, history.writes)]),
    ),
  };
  const signal = planEnd(ground, process, launch);
  history.note(`start ${process.run}`);
  const time = {
    ...(nextMs !== null && { nextMs }),
    ...(followForMs > 0 && { followForMs }),
  };
  runStreams(inOneGo(plansOf(ground, crew)), contextOf(ground, crew, budgetMs, storeChance), {
    signal,
    ...time,
  })
    .then((summary) => {
      process.isFinished = true;
      const defect = summary.streams.find(({ error }) => error?.code === "DEFECT");
      if (defect) throw new Violation("no defect", `${defect.key}: ${defect.error?.message}`);
      const hadTime = budgetMs >= leastBudgetMs && !signal.aborted;
      const isStoreWell = storeChance === 0 && !storeIsDown && !lettersAreDown;
      onEnd(history, crew, summary, { healthy: new Set([steady]), hadTime, isStoreWell });
    })
    .catch(failed);
  return process;
}

/** What will stop the run before its own end. */
function planEnd({ loop, faults }: Ground, process: Process, launch: Launch): AbortSignal {
  const stop = new AbortController();
  if (launch.budgetMs < 1_000) faults.hit("run: budget of milliseconds");
  const later = (ms: number | null, end: () => void): void => {
    if (ms === null) return;
    loop.after(ms, () => {
      if (!process.isOver) end();
    });
  };
  later(launch.stopAfterMs, () => {
    faults.hit("run: stopped by a signal");
    stop.abort();
  });
  later(launch.nextAfterMs, () => faults.hit("run: leaves the rest to the next poll"));
  later(launch.dieAfterMs, () => {
    faults.hit("run: killed at an instant");
    process.kill();
  });
  return stop.signal;
}

function plansOf(ground: Ground, crew: Crew): readonly StreamPlan[] {
  const { settings } = ground.scenario;
  const source = simulatedSource(ground.api, crew, ground.history, () => ground.trouble);
  const followed = new Map();
  const budget = lookBudgets(crew.process.clock, callsPerMinute)("key");
  return ground.streams.map((stream) => ({
    stream,
    source: ground.variant.source?.(source, crew.process) ?? source,
    startFrom: settings.startFrom,
    follow: { everyMs: lookEveryMs, budget, followed },
    overdueAfterMs: () => settings.overdueAfterMs,
    rules: crew.rules.get(streamKey(stream)) ?? rulesOf(ground, stream),
  }));
}

function contextOf(ground: Ground, crew: Crew, timeBudgetMs: number, chance: number): RunContext {
  const { records, letters, history, variant } = ground;
  const { process } = crew;
  const checkpoints = simulatedCheckpoints(records, crew, history, { chance, isDown: ground.storeIsDown });
  const parked = simulatedParked(records.parked, crew, { chance, isDown: ground.storeIsDown });
  const deadLetters = simulatedDeadLetters(letters, crew, history, { chance, isDown: ground.lettersAreDown });
  return {
    run: process.run,
    timeBudgetMs,
    clock: process.clock,
    random: process.random,
    log: silentLog,
    checkpoints: variant.checkpoints?.(checkpoints, process) ?? checkpoints,
    deadLetters: variant.deadLetters?.(deadLetters, process) ?? deadLetters,
    parked: variant.parked?.(parked, process) ?? parked,
    isJournaled: true,
    dispatchers: new Map(sinksOf(ground).map((name) => [name, dispatcherTo(name, ground, crew)])),
    observer: {},
    clockSkewMs: () => 0,
  };
}

function dispatcherTo(name: SinkName, ground: Ground, crew: Crew): SinkDispatcher {
  const batch =
    name === "batchy" ? { maxEvents: 10, maxBytes: 1e6, digestAbove: 3 } : { maxEvents: 1, maxBytes: 1e6 };
  const troubled = troubledSinks.find((sink) => sink === name);
  const mode = (): SinkMode => (troubled && ground.modes.get(troubled)) ?? "well";
  const { clock, random } = crew.process;
  const sink = bounded(simulatedSink(name, batch, mode, crew, ground.history), clock, silentLog);
  const breaker = new CircuitBreaker({
    sink: ground.variant.sink?.(sink, crew.process) ?? sink,
    policy: policyOf(ground),
    concurrency: 4,
    rate: null,
    clock,
  });
  return new SinkDispatcher({ breaker, clock, random, log: silentLog });
}

function rulesOf(ground: Ground, stream: Stream): StreamPlan["rules"] {
  const { settings } = ground.scenario;
  const sinks = sinksOf(ground);
  const wanted = `com.huaweicloud.dms.task.${ground.wants}`;
  const passes = (sink: SinkName) => (event: CloudEvent) =>
    sink !== sinkName("picky") || event.type === wanted;
  return {
    stream: streamKey(stream),
    lookbackMs: settings.lookbackMs,
    maxOpenAgeMs: settings.maxOpenAgeMs,
    maxBacklog: settings.maxBacklog,
    maxBytes: settings.maxBytes,
    policies: new Map(sinks.map((sink) => [sink, policyOf(ground)])),
    filters: new Map(sinks.map((sink) => [sink, passes(sink)])),
    unreadableAfterMs: settings.unreadableAfterMs,
    context: {
      stream,
      source: `https://dms.example/v2/p1/instances/${stream.instanceId}`,
      instanceName: null,
    },
  };
}

function policyOf({ scenario: { settings } }: Ground): RetryPolicy {
  return {
    attemptsPerRun: 3,
    initialDelayMs: 500,
    maxDelayMs: minuteMs,
    maxRetryAfterMs: hourMs,
    maxAttempts: settings.maxAttempts,
    maxAgeMs: settings.maxAgeMs,
  };
}
