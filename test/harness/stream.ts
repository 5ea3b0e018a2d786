import type { Task } from "../../lib/change/task.ts";
import { isInWindow } from "../../lib/change/window.ts";
import { smallRoomBytes } from "../../lib/checkpoint/room.ts";
import type { CheckpointStore } from "../../lib/checkpoint/store.ts";
import type { Random } from "../../lib/core/clock.ts";
import type { SourceError } from "../../lib/core/errors.ts";
import { runId, type TaskId } from "../../lib/core/names.ts";
import { CircuitBreaker } from "../../lib/delivery/circuit-breaker.ts";
import type { DeadLetterStore } from "../../lib/delivery/dead-letters.ts";
import type { RetryPolicy } from "../../lib/delivery/retry.ts";
import { SinkDispatcher } from "../../lib/delivery/sink-dispatcher.ts";
import type { RunContext, StreamPlan } from "../../lib/run/plan.ts";
import { runStream } from "../../lib/run/run-stream.ts";
import type { Page, TaskSource } from "../../lib/source/task-source.ts";
import { memoryCheckpoints, memoryDeadLetters, memoryParked } from "../../lib/stores/memory.ts";
import { silentLog } from "../../lib/telemetry/log.ts";
import { createdMs } from "../change/sample.ts";
import { key, stream } from "../checkpoint/sample.ts";
import { manualClock, runUntilSettled } from "./clock.ts";
import type { ScriptedSink } from "./scripted-sink.ts";

/** The API as a list of tasks that a test edits. */
export interface ListedTasks extends TaskSource {
  readonly tasks: Map<TaskId, Task>;
  skipped: Page["skipped"];
  doubt: string | null;
  clockSkewMs: number;
  failure: SourceError | null;
  readonly begins: number[];
  readonly gets: TaskId[];
}

export function listedTasks(): ListedTasks {
  const source: ListedTasks = {
    tasks: new Map(),
    skipped: [],
    doubt: null,
    clockSkewMs: 0,
    failure: null,
    begins: [],
    gets: [],
    async *list(_, beginMs) {
      source.begins.push(beginMs);
      if (source.failure) throw source.failure;
      const tasks = [...source.tasks.values()].filter(({ createdAtMs }) => isInWindow(createdAtMs, beginMs));
      yield {
        tasks: tasks.reverse(),
        skipped: source.skipped,
        clockSkewMs: source.clockSkewMs,
        doubt: source.doubt,
      };
    },
    get: async (_, id) => {
      source.gets.push(id);
      if (source.failure) throw source.failure;
      return source.tasks.get(id) ?? null;
    },
    close: async () => {},
  };
  return source;
}

export const patience: RetryPolicy = {
  attemptsPerRun: 3,
  initialDelayMs: 500,
  maxDelayMs: 60_000,
  maxRetryAfterMs: 3_600_000,
  maxAttempts: null,
  maxAgeMs: 7 * 24 * 3_600_000,
};

/** What a test has otherwise in a run; `random` is its dispatchers'. */
type Changes = Partial<RunContext> & { readonly random?: Random };

/** The run's real parts around a listed API, sinks that answer as told, and a clock that stands still. */
export function streamHarness(
  sinks: readonly ScriptedSink[],
  over: Partial<StreamPlan["rules"]> & Partial<Pick<StreamPlan, "startFrom" | "overdueAfterMs">> = {},
) {
  const { startFrom = "all", overdueAfterMs = () => null, ...rules } = over;
  const clock = manualClock(createdMs);
  const source = listedTasks();
  const commits: number[] = [];
  const memory = memoryCheckpoints();
  const checkpoints: CheckpointStore = {
    ...memory,
    commit: async (...record) => {
      commits.push(clock.now());
      return memory.commit(...record);
    },
  };
  const deadLetters: DeadLetterStore = memoryDeadLetters();
  const parked = memoryParked();
  const plan: StreamPlan = {
    stream,
    source,
    startFrom,
    overdueAfterMs,
    rules: {
      stream: key,
      lookbackMs: 15 * 60_000,
      maxOpenAgeMs: 7 * 24 * 3_600_000,
      maxBacklog: 1_000,
      maxBytes: smallRoomBytes,
      policies: new Map(sinks.map(({ name }) => [name, patience])),
      filters: new Map(sinks.map(({ name }) => [name, () => true])),
      unreadableAfterMs: null,
      context: { stream, source: "https://dms.example/v2/p1/instances/i1", instanceName: null },
      ...rules,
    },
  };
  let runs = 0;
  const context = ({ random = () => 0.5, ...changes }: Changes = {}): RunContext => ({
    run: runId(`run-${++runs}`),
    timeBudgetMs: 30_000,
    clock,
    random,
    log: silentLog,
    checkpoints,
    deadLetters,
    parked,
    isJournaled: false,
    dispatchers: new Map(
      sinks.map((sink) => {
        const policy = plan.rules.policies.get(sink.name) ?? patience;
        const breaker = new CircuitBreaker({ sink, policy, concurrency: 4, rate: null, clock });
        return [sink.name, new SinkDispatcher({ breaker, clock, random, log: silentLog })];
      }),
    ),
    observer: {},
    clockSkewMs: () => null,
    ...changes,
  });
  const begin = (changes?: Changes, signal = new AbortController().signal) =>
    runStream(plan, context(changes), { signal });
  const run = (changes?: Changes) => runUntilSettled(clock, begin(changes));
  const record = async () => (await memory.load(key))?.checkpoint;
  const show = (...tasks: Task[]) => {
    for (const task of tasks) source.tasks.set(task.id, task);
  };
  return {
    clock,
    source,
    context,
    commits,
    memory,
    checkpoints,
    deadLetters,
    parked,
    plan,
    begin,
    run,
    record,
    show,
  };
}
