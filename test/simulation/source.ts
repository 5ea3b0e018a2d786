import type { Task } from "../../lib/change/task.ts";
import { SourceError } from "../../lib/core/errors.ts";
import { type Stream, type StreamKey, streamKey, type TaskId } from "../../lib/core/names.ts";
import { between, pick } from "../../lib/simulator/random.ts";
import { joinById } from "../../lib/source/join.ts";
import { pageWalk, pagingMemory } from "../../lib/source/paging.ts";
import type { Page, SkippedTask, TaskSource } from "../../lib/source/task-source.ts";
import type { FaultKind } from "./faults.ts";
import { type Crew, type Deeds, type History, isLater } from "./history.ts";
import type { ApiRecord, Life, SimulatedWorld } from "./world.ts";

const requestTimeoutMs = 15_000;

/** How the API behaves from now on. */
export interface ApiTrouble {
  /** Of a page to fail. */
  readonly chance: number;
  /** Of a single look-up to fail. */
  readonly lookUpChance: number;
  readonly statusLagMs: number;
  readonly isGone: boolean;
  readonly taskCount: "right" | "missing" | "wrong";
}

export interface SimulatedApi {
  readonly world: SimulatedWorld;
  readonly pageSize: number;
  readonly skewMs: number;
  readonly nowMs: () => number;
}

const failures = ["api: throttled", "api: server error", "api: time-out"] as const;

/** One process's way to the API: the product's own paging over pages cut from a world that moves. */
export function simulatedSource(
  api: SimulatedApi,
  crew: Crew,
  history: History,
  trouble: () => ApiTrouble,
): TaskSource {
  const { process } = crew;
  const { random, faults } = process;
  const { world, pageSize } = api;
  const nowMs = (): number => api.nowMs() + api.skewMs;
  const memory = pagingMemory({ name: "start", base: 1 });
  const listed = new Set<StreamKey>();
  let follows = false;
  const lagOf = (life: Life): number => {
    const { statusLagMs } = trouble();
    if (statusLagMs === 0) return 0;
    const lagMs = between(random, 0, statusLagMs);
    if (life.stages.some(({ atMs }) => atMs <= nowMs() && atMs > nowMs() - lagMs))
      faults.hit("api: status seen late");
    return lagMs;
  };

  async function ask<Answer>(
    signal: AbortSignal,
    later: FaultKind | null,
    answer: () => Answer,
  ): Promise<Answer> {
    if (trouble().isGone) {
      faults.hit("api: instance gone");
      await process.wait(40);
      throw new SourceError("not_found", "no such instance");
    }
    const { chance, lookUpChance } = trouble();
    if (random() < (later === "api: single look-up fails" ? lookUpChance : chance))
      await refuse(signal, later);
    const found = await process.request(between(random, 20, 600), signal, () => ({ value: answer() }));
    if (found === null) throw new SourceError("unavailable", "the run was stopped");
    return found.value;
  }

  async function refuse(signal: AbortSignal, later: FaultKind | null): Promise<never> {
    const kind = pick(random, failures);
    faults.hit(kind);
    if (follows && kind === "api: throttled") faults.hit("run: throttled while it follows");
    if (later) faults.hit(later);
    await process.request(kind === "api: time-out" ? requestTimeoutMs : 50, signal, () => {});
    throw new SourceError(kind === "api: throttled" ? "throttled" : "unavailable", kind);
  }

  /** A run's first listing tells whether its stream can be read; one that a signal cut short tells nothing. */
  async function* noted(
    stream: StreamKey,
    pages: AsyncIterable<Page>,
    signal: AbortSignal,
  ): AsyncIterable<Page> {
    const deeds = crew.deeds.get(stream);
    const note = (isRead: boolean): void => {
      if (deeds) deeds.reading ??= { isRead, atMs: process.clock.now() };
    };
    try {
      yield* pages;
    } catch (error) {
      if (!signal.aborted) note(false);
      throw error;
    }
    note(true);
  }

  async function* pagesOf(stream: Stream, beginMs: number, signal: AbortSignal): AsyncIterable<Page> {
    const key = streamKey(stream);
    follows = listed.has(key);
    if (follows) faults.hit("run: follows an open task");
    listed.add(key);
    const join = joinById();
    const walk = pageWalk(pageSize, memory);
    const deeds = crew.deeds.get(key);
    if (follows && deeds) deeds.isFollowed = true;
    const seen: ApiRecord[] = [];
    let size: number | null = null;
    let step = walk.next();
    while (!step.done) {
      const { value } = step.value;
      const later: FaultKind | null = size === null ? null : "api: fails after the first page";
      const whole: readonly ApiRecord[] = await ask(signal, later, () =>
        world.list(key, beginMs, nowMs(), lagOf),
      );
      if (size !== null && whole.length !== size) faults.hit("api: list shifts between pages");
      size = whole.length;
      const cut = whole.slice(Math.max(0, value - 1), Math.max(0, value - 1) + pageSize);
      if (cut.some(({ createdAtMs }) => Math.floor(createdAtMs / 1_000) === Math.floor(beginMs / 1_000)))
        faults.hit("api: task in the boundary second");
      seen.push(...cut);
      const page = pageOf(cut);
      const joined = join(page, step.value.pass);
      step = walk.next({
        received: cut.length,
        brought: joined.brought,
        doubled: joined.doubled,
        taskCount: countOf(whole.length),
      });
      const doubt = step.done ? step.value : null;
      yield { tasks: joined.tasks, skipped: joined.skipped, clockSkewMs: crew.apiSkewMs, doubt };
    }
    if (!deeds) return;
    deeds.listed = true;
    for (const task of lastSights(seen)) {
      noteSight(history, key, deeds, task);
    }
  }

  return {
    list: (stream, beginMs, { signal }) => noted(streamKey(stream), pagesOf(stream, beginMs, signal), signal),
    get: async (stream, id, { signal }) => {
      const key = streamKey(stream);
      const life = world.find(key, id);
      const found = await ask(signal, "api: single look-up fails", () =>
        life ? world.show(life, nowMs(), lagOf(life)) : null,
      );
      const deeds = crew.deeds.get(key);
      if (found?.skipped) throw new SourceError("malformed", found.skipped.problem);
      if (found?.task) {
        if (deeds) noteSight(history, key, deeds, found.task);
      } else deeds?.gone.add(id);
      return found?.task ?? null;
    },
    close: async () => {},
  };

  function countOf(count: number): number | null {
    const { taskCount } = trouble();
    if (taskCount === "right") return count;
    faults.hit(taskCount === "missing" ? "api: task_count missing" : "api: task_count wrong");
    return taskCount === "missing" ? null : count + 3;
  }

  function pageOf(records: readonly ApiRecord[]) {
    const skipped: SkippedTask[] = records.flatMap((record) => record.skipped ?? []);
    if (skipped.length > 0) faults.hit("api: record unreadable");
    return { tasks: records.flatMap(({ task }) => task ?? []), skipped };
  }
}

/** Of each task the version that counts: the furthest along, for one that came again while it moved. */
function lastSights(seen: readonly ApiRecord[]): Iterable<Task> {
  const last = new Map<TaskId, Task>();
  for (const { task } of seen) {
    if (!task) continue;
    const before = last.get(task.id);
    if (!before || !isLater(before, task)) last.set(task.id, task);
  }
  return last.values();
}

function noteSight(history: History, stream: StreamKey, deeds: Deeds, task: Task): void {
  deeds.sights.push(task);
  history.shown.add(task.id);
  const known = history.incarnation(stream).record?.known.get(task.id);
  if (known?.status === task.status) deeds.unchanged.add(task);
}
