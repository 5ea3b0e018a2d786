import { seededRandom } from "../../../lib/simulator/random.ts";
import { memoryStores } from "../../../lib/stores/memory.ts";
import { Loop } from "../loop.ts";
import { Api } from "./api.ts";
import type { StoreMood } from "./bridge.ts";
import { type Fault, faults, Met } from "./faults.ts";
import { Host } from "./host.ts";
import { Judge, Violation } from "./judge.ts";
import { bear } from "./life.ts";
import { Receivers, type SinkName, sinkNames } from "./receivers.ts";
import { Fleet } from "./runs.ts";
import { calmLaunch, type Scenario, type Step, scenarioOf } from "./scenario.ts";
import { bindTimers } from "./timers.ts";
import type { Variant } from "./variants.ts";
import { type Instance, type Project, streamKey } from "./world.ts";

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 0, 1, 12);
/** The waits between the runs after the last fault. */
const calmGapsMs: readonly number[] = [
  ...new Array<number>(3).fill(minuteMs + 1_000),
  ...new Array<number>(3).fill(6 * minuteMs),
  ...new Array<number>(12).fill(61 * minuteMs),
];

/** All that one history has. */
export interface Ground {
  /** A bridge broken on purpose; null: the bridge as it is. */
  readonly variant: Variant | null;
  readonly scenario: Scenario;
  readonly loop: Loop;
  readonly met: Met;
  readonly judge: Judge;
  readonly api: Api;
  readonly receivers: Receivers;
  readonly projects: readonly Project[];
  readonly instances: readonly Instance[];
  readonly stores: ReturnType<typeof memoryStores>;
  readonly storeMood: StoreMood;
  /** Keys of streams and ids of projects that the configuration has not. */
  readonly out: Set<string>;
  /** Of the bridge's hosts, less the world's. */
  readonly clock: { offsetMs: number };
  readonly sinks: Set<SinkName>;
  readonly note: (line: string) => void;
}

export interface Outcome {
  readonly scenario: Scenario;
  readonly violation: Violation | null;
  readonly met: Met;
  readonly runs: number;
  readonly hash: number;
  readonly lines: readonly string[];
}

interface PlayOptions {
  readonly enabled?: ReadonlySet<Fault>;
  readonly keepLines?: boolean;
  readonly variant?: Variant | null;
}

/** Plays one history against the whole bridge and judges it. */
export function play(history: number | Scenario, options: PlayOptions = {}): Promise<Outcome> {
  // The process's own timers are bound to one history's time.
  const playing = turn.then(() => playAlone(history, options));
  turn = playing.catch(() => {});
  return playing;
}

let turn: Promise<unknown> = Promise.resolve();

async function playAlone(
  history: number | Scenario,
  { enabled = new Set(faults), keepLines = false, variant = null }: PlayOptions = {},
): Promise<Outcome> {
  const scenario =
    typeof history === "number"
      ? scenarioOf(
          history,
          { course: seededRandom(history), limits: seededRandom(history * 31 + 5) },
          enabled,
        )
      : history;
  const lines: string[] = [];
  let hash = 0x811c9dc5;
  const ground = groundOf(scenario, variant, (line) => {
    for (let index = 0; index < line.length; index += 1)
      hash = Math.imul(hash ^ line.charCodeAt(index), 0x01000193);
    if (keepLines) lines.push(line);
  });
  const fleet = new Fleet(ground);
  const restore = bindTimers(ground.loop);
  try {
    const violation = await violationIn(ground, fleet);
    return { scenario, violation, met: ground.met, runs: ground.judge.runs.length, hash, lines };
  } finally {
    restore();
  }
}

function groundOf(scenario: Scenario, variant: Variant | null, tell: (line: string) => void): Ground {
  const met = new Met();
  const loop = new Loop(startMs);
  const random = seededRandom(scenario.seed + 1);
  const projects = scenario.settings.projects.map((settings): Project => {
    const project: Project = { ...settings, instances: [] };
    for (let index = 1; index <= settings.instances; index += 1) {
      project.instances.push({ id: `${project.id}-i${index}`, project, tasks: [], absences: [] });
    }
    return project;
  });
  for (const { dialect } of projects) {
    if (dialect.position === "offset") met.hit("api: offset in place of start");
    if (dialect.maxLimit < 100) met.hit("api: limit clamped");
    if (dialect.count === "missing") met.hit("api: task_count missing");
    if (dialect.count === "number") met.hit("api: task_count a number");
    if (dialect.count === "page") met.hit("api: task_count of the page alone");
    if (dialect.hasNullForEmpty) met.hit("api: null for an empty list");
    if (dialect.endTime === "ignored") met.hit("api: end_time ignored");
  }
  const instances = projects.flatMap((project) => project.instances);
  return {
    variant,
    scenario,
    loop,
    met,
    judge: new Judge(instances),
    api: new Api(projects, met, random),
    receivers: new Receivers(met, random),
    projects,
    instances,
    stores: memoryStores(new Host({ loop, random }).clock),
    storeMood: { trouble: null, share: 0, writes: 0 },
    out: new Set(),
    clock: { offsetMs: 0 },
    sinks: new Set(sinkNames),
    note: (line) => tell(`${new Date(loop.nowMs).toISOString().slice(8, 23)} ${line}`),
  };
}

async function violationIn(ground: Ground, fleet: Fleet): Promise<Violation | null> {
  const { judge } = ground;
  try {
    for (const step of ground.scenario.steps) {
      ground.note(`step ${JSON.stringify(step)}`);
      await apply(ground, fleet, step);
      if (judge.violation) return judge.violation;
    }
    await calm(ground, fleet);
  } catch (error) {
    if (error instanceof Violation) return error;
    if (judge.violation) return judge.violation;
    return new Violation(
      "no defect",
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
  }
  return judge.violation;
}

async function apply(ground: Ground, fleet: Fleet, step: Step): Promise<void> {
  const { api, receivers, storeMood, met, out, sinks, loop } = ground;
  switch (step.kind) {
    case "wait":
      return loop.pass(step.ms);
    case "runs":
      return fleet.launch(step.launches, step.seed);
    case "tasks":
      return giveBirth(ground, step);
    case "list": {
      const { id } = instanceAt(ground, step.instance);
      if (step.trouble) api.mood.lists.set(id, { trouble: step.trouble, share: step.share });
      else api.mood.lists.delete(id);
      return;
    }
    case "discovery": {
      const { id } = projectAt(ground, step.project);
      if (step.trouble) api.mood.discoveries.set(id, step.trouble);
      else api.mood.discoveries.delete(id);
      return;
    }
    case "key": {
      const { credentials } = projectAt(ground, step.project);
      if (credentials.kind === "token") return;
      if (step.refused) api.mood.refused.add(credentials.ak);
      else api.mood.refused.delete(credentials.ak);
      return;
    }
    case "instance": {
      const { absences } = instanceAt(ground, step.instance);
      if (absences.some(({ untilMs }) => untilMs > loop.nowMs)) return;
      met.hit(
        step.awayMs < Number.MAX_SAFE_INTEGER ? "api: instance deleted and back" : "api: instance deleted",
      );
      absences.push({ fromMs: loop.nowMs, untilMs: loop.nowMs + step.awayMs });
      return;
    }
    case "lag":
      api.mood.lags = step.on;
      return;
    case "skew":
      ground.clock.offsetMs = step.ms;
      if (step.ms !== 0) ground.judge.isClockSure = false;
      if (step.ms !== 0) met.hit("clock: ours differs from the API's");
      return;
    case "sink":
      if (step.trouble) receivers.moods.set(step.sink, step.trouble);
      else receivers.moods.delete(step.sink);
      return;
    case "store":
      Object.assign(storeMood, { trouble: step.trouble, share: step.share });
      return;
    case "watch": {
      const isLast = projectsLeft(ground) < 2;
      if (!step.on && isLast) return;
      const key =
        step.what === "project"
          ? projectAt(ground, step.index).id
          : streamKey(instanceAt(ground, step.index));
      if (step.on) out.delete(key);
      else {
        out.add(key);
        met.hit(step.what === "project" ? "config: source taken out" : "config: instance taken out");
      }
      return;
    }
    case "outlet":
      if (step.on && !sinks.has(step.sink)) met.hit("config: sink added");
      if (!step.on && sinks.has(step.sink)) met.hit("config: sink taken out");
      if (step.on) sinks.add(step.sink);
      else sinks.delete(step.sink);
      return;
    default:
      return step satisfies never;
  }
}

function giveBirth(ground: Ground, step: Extract<Step, { kind: "tasks" }>): void {
  const { loop, judge, met } = ground;
  const instance = instanceAt(ground, step.instance);
  const random = seededRandom(step.seed);
  const traits = new Set(step.traits);
  if (step.count > 100) met.hit("burst: a slow, a hanging and a healthy sink");
  const isCrowd = traits.has("task: many in one second");
  for (let made = 0; made < step.count; made += 1) {
    if (isCrowd) met.hit("task: many in one second");
    const spread = isCrowd ? Math.min(900, step.spreadMs) : step.spreadMs;
    const createdMs = Math.floor(loop.nowMs + random() * spread);
    const task = bear(instance, { createdMs, traits, random, met: (trait) => met.hit(trait) });
    instance.tasks.push(task);
    judge.born(task);
  }
}

/** Projects that the configuration would still watch whatever is taken out of them. */
const projectsLeft = ({ projects, out }: Ground): number =>
  projects.filter(
    ({ id, instances }) => !out.has(id) && !instances.some((instance) => out.has(streamKey(instance))),
  ).length;

const instanceAt = ({ instances }: Ground, index: number): Instance =>
  instances[index % instances.length] as Instance;
const projectAt = ({ projects }: Ground, index: number): Project =>
  projects[index % projects.length] as Project;

/** No more faults, and nothing moves: runs follow each other until two in a row neither send nor write. */
async function calm(ground: Ground, fleet: Fleet): Promise<void> {
  const { api, receivers, storeMood, loop, judge, instances } = ground;
  api.mood.lists.clear();
  api.mood.discoveries.clear();
  api.mood.refused.clear();
  api.mood.lags = false;
  receivers.moods.clear();
  storeMood.trouble = null;
  ground.note("calm");
  await loop.pass(Math.max(0, settledMs(instances, loop.nowMs) - loop.nowMs) + minuteMs);
  let idle = 0;
  for (const gapMs of calmGapsMs) {
    await loop.pass(gapMs);
    const before = judge.sends + storeMood.writes;
    await fleet.launch([calmLaunch], judge.runs.length);
    if (judge.violation) return;
    // Within an hour something may only be waiting.
    const isIdle = judge.sends + storeMood.writes === before && gapMs > 60 * minuteMs;
    idle = isIdle ? idle + 1 : 0;
    if (idle === 2) return judge.checkEnd(await fleet.letters(), loop.nowMs);
  }
  throw new Violation("progress", "faults are over, and the runs still find something to do");
}

/** When the last of all states, spells and absences is over. */
function settledMs(instances: readonly Instance[], nowMs: number): number {
  const ends = instances.flatMap(({ tasks, absences }) => [
    ...absences.map(({ untilMs }) => untilMs),
    ...tasks.flatMap(({ states, visibleMs, deletedMs, missing, unreadable }) => [
      visibleMs,
      deletedMs,
      missing?.untilMs ?? 0,
      unreadable?.untilMs ?? 0,
      ...states.map(({ atMs }) => atMs),
    ]),
  ]);
  return Math.max(nowMs, ...ends.filter((atMs) => atMs < nowMs + 7 * 24 * 60 * minuteMs));
}
