import type { LoadedConfig } from "../../../lib/config/load.ts";
import { seededRandom } from "../../../lib/simulator/random.ts";
import type { Bridge } from "../../../lib/wire/bridge.ts";
import { load, open, storesFor, type Watch } from "./bridge.ts";
import { Host, type Served } from "./host.ts";
import type { Run } from "./judge.ts";
import type { Reply, Request } from "./messages.ts";
import type { Ground } from "./play.ts";
import type { SinkName } from "./receivers.ts";
import type { Launch } from "./scenario.ts";
import { isAbsent, streamKey } from "./world.ts";

const budgetMs = 30_000;
/** A stream is not read again sooner. */
const firstLookMs = 4_000;
const discoveryMs = 6 * 60_000;
/** How long the dead may still be waited for. */
const fenceMs = 2 * budgetMs;
/** A process lets a refused key rest this long, since five refusals in a row lock it. */
const keyRestMs = 30_000;

interface Process {
  readonly host: Host;
  readonly bridge: Promise<Bridge>;
  readonly watch: string;
  /** By access key, when the process was last refused. */
  readonly refused: Map<string, number>;
  /** The run it is in; null between two. */
  run: Run | null;
  /** Whether that run follows streams. */
  follows: boolean;
}

interface Start {
  readonly launch: Launch;
  readonly watch: Watch;
  readonly config: LoadedConfig;
  readonly random: () => number;
  readonly isAlone: boolean;
}

/** The processes that run the bridge, one after another or side by side. */
export class Fleet {
  readonly #ground: Ground;
  #last: Process | null = null;
  /** Until when a death, or what it left, may still show. */
  #uneasyUntilMs = 0;

  readonly #api: (request: Request, reply: Reply) => Reply;

  constructor(ground: Ground) {
    this.#ground = ground;
    this.#api = ground.variant?.api?.() ?? ((_, reply) => reply);
  }

  async launch(launches: readonly Launch[], seed: number): Promise<void> {
    const { loop, judge, met } = this.#ground;
    if (launches.length > 1) met.hit("run: two at once");
    const random = seededRandom(seed);
    const watch = this.#watch();
    const config = await load(watch);
    const over: boolean[] = launches.map(() => false);
    let failure: unknown = null;
    for (const [index, launch] of launches.entries()) {
      const own = seededRandom(Math.floor(random() * 2 ** 31));
      loop.after(launch.afterMs, () => {
        void this.#run({ launch, watch, config, random: own, isAlone: launches.length === 1 })
          .catch((error: unknown) => {
            failure ??= error;
          })
          .finally(() => {
            over[index] = true;
          });
      });
    }
    await loop.until(() => judge.violation !== null || failure !== null || over.every(Boolean));
    if (failure) throw failure;
  }

  /** Sink and event id of each dead letter. */
  async letters(): Promise<ReadonlySet<string>> {
    const letters = await this.#ground.stores.deadLetters.list({});
    return new Set(letters.map(({ sink, event }) => `${sink}:${event.id}`));
  }

  async #run(start: Start): Promise<void> {
    const { launch, watch } = start;
    const { loop, judge, met, note, storeMood } = this.#ground;
    const process = this.#process(start);
    const { host } = process;
    const run: Run = {
      id: judge.runs.length + 1,
      startMs: loop.nowMs,
      followsUntilMs: launch.followForMs === null ? null : loop.nowMs + launch.followForMs,
      endMs: Number.POSITIVE_INFINITY,
      streams: new Set(
        watch.projects.flatMap(({ project, instances }) =>
          instances.map((id) => `${project.engine}/${project.region}/${project.id}/${id}`),
        ),
      ),
      sinks: new Set(watch.sinks),
      isQuiet:
        start.isAlone && isSound(launch) && storeMood.trouble === null && loop.nowMs >= this.#uneasyUntilMs,
      completed: new Set(),
      failed: new Set(),
      refusals: new Map(),
      firstRead: new Map(),
    };
    const healthy = this.#healthy(run, process);
    judge.began(run);
    process.run = run;
    process.follows = launch.followForMs !== null;
    note(`run ${run.id} begins${launch.isWarm ? ", warm" : ""}`);
    const stop = new AbortController();
    this.#arrange(run, launch, host, stop);
    const summary = await this.#untilDeath(
      host,
      (await process.bridge).run(
        stop.signal,
        {
          committed: (_, { id }) => {
            note(`  commits ${id}`);
            judge.committed(id, loop.nowMs);
          },
        },
        {
          ...(launch.nextAfterMs !== null && { nextMs: host.clock.now() + launch.nextAfterMs }),
          ...(launch.followForMs !== null && { followForMs: launch.followForMs }),
        },
      ),
    );
    run.endMs = loop.nowMs;
    process.run = null;
    if (!summary || !isSound(launch)) this.#uneasyUntilMs = loop.nowMs + fenceMs;
    if (!summary) {
      if (launch.dieAtAwait !== null && host.dieAtAwait === 0) met.hit("run: killed at an await");
      note(`run ${run.id} dies`);
      run.isQuiet = false;
      return;
    }
    if (launch.isWarm) met.hit("run: warm");
    const isCut = run.endMs - run.startMs >= budgetMs * 0.8;
    const isWhole = !stop.signal.aborted && (run.isQuiet || !isCut);
    for (const { key, error } of summary.streams)
      if (isWhole) (error === null ? run.completed : run.failed).add(key);
    note(
      `run ${run.id} ends: ${summary.streams.map(({ key, error, changes }) => `${key.split("/").at(-1)} ${error?.message ?? changes}`).join(", ")}`,
    );
    if (!isWhole) run.isQuiet = false;
    if (isSound(launch)) judge.ended(run, healthy);
  }

  #arrange(run: Run, launch: Launch, host: Host, stop: AbortController): void {
    const { met, clock, judge } = this.#ground;
    if (launch.clockMs !== 0 || launch.clockJump) judge.isClockSure = false;
    host.clockOffsetMs = clock.offsetMs + launch.clockMs;
    host.dieAtAwait = launch.dieAtAwait;
    if (launch.clockMs > 0) met.hit("clock: ahead for one run");
    if (launch.clockMs < 0) met.hit("clock: behind for one run");
    const { dieAfterMs, stopAfterMs, nextAfterMs, clockJump } = launch;
    if (nextAfterMs !== null)
      host.after(nextAfterMs, () => {
        if (host.isAlive && run.endMs === Number.POSITIVE_INFINITY)
          met.hit("run: leaves the rest to the next poll");
      });
    if (dieAfterMs !== null)
      host.after(dieAfterMs, () => {
        if (host.isAlive) met.hit("run: killed at an instant");
        host.kill();
      });
    if (stopAfterMs !== null)
      host.after(stopAfterMs, () => {
        met.hit("run: stopped by a signal");
        stop.abort();
      });
    if (clockJump)
      host.after(clockJump.afterMs, () => {
        met.hit("clock: jumps during a run");
        host.clockOffsetMs += clockJump.byMs;
      });
  }

  /** The run's end, or null when its process died. */
  #untilDeath<Result>(host: Host, running: Promise<Result>): Promise<Result | null> {
    return new Promise((resolve, reject) => {
      running.then(resolve, reject);
      host.onDeath(() => resolve(null));
    });
  }

  #process({ launch, watch, config, random }: Start): Process {
    const { loop, storeMood, met, variant } = this.#ground;
    const stores = variant?.stores?.(this.#ground.stores) ?? this.#ground.stores;
    const last = this.#last;
    const key = JSON.stringify([
      watch.projects.map(({ project, instances }) => [project.id, instances]),
      watch.sinks,
    ]);
    if (launch.isWarm && last?.host.isAlive && last.run === null && last.watch === key) return last;
    const host = new Host({ loop, random });
    const own: Process = {
      host,
      watch: key,
      refused: new Map(),
      run: null,
      follows: false,
      bridge: open(
        host,
        config,
        storesFor(host, stores, storeMood, (trouble) => {
          met.hit(trouble);
          if (own.run) own.run.isQuiet = false;
          this.#uneasyUntilMs = loop.nowMs + fenceMs;
        }),
        (request) => this.#serve(own, request),
      ),
    };
    this.#last = own;
    return own;
  }

  #serve(process: Process, request: Request): Served {
    const { loop, judge, met, api, receivers, note, variant } = this.#ground;
    const run = process.run ?? judge.runs.at(-1);
    if (!run) throw new Error("a request before the first run");
    const atMs = loop.nowMs;
    const { hostname } = request.url;
    if (hostname === "dms.example.com") {
      if (process.follows && atMs - run.startMs >= firstLookMs) met.hit("run: follows an open task");
      const { reply, sights, page, instance, refusedKey } = api.answer(request, atMs);
      note(
        `  ${request.url.pathname}${request.url.search} -> ${reply.kind === "answer" ? reply.status : reply.kind} ${sights.map(({ task, index }) => `${task.id.slice(0, 4)}:${task.states[index]?.status}`).join(" ")}`,
      );
      if (refusedKey) judge.keyRefused(run, refusedKey);
      return {
        reply: this.#api(request, reply),
        arrived: () => {
          if (refusedKey) process.refused.set(refusedKey, loop.nowMs);
          if (instance && reply.kind === "answer" && reply.status === 200)
            judge.showed(run, instance, { sights, page }, loop.nowMs);
        },
      };
    }
    const sink = hostname.split(".")[0] as SinkName;
    const { reply, accepted, refused } = receivers.receive(sink, request, atMs);
    note(
      `  ${sink} ${reply.kind === "answer" ? reply.status : reply.kind} ${accepted.map(({ id }) => id).join(" ")}`,
    );
    judge.requested(run, sink, receivers.read(request));
    judge.accepted(sink, accepted, atMs);
    for (const { type } of accepted) {
      if (type.endsWith(".stream.unreadable")) met.hit("api: unreadable for too long");
      if (type.endsWith(".stream.recovered")) met.hit("api: readable again after that");
    }
    judge.refusedForGood(sink, refused);
    const isAnotherInTrouble = [...receivers.moods.keys()].some((other) => other !== sink);
    return {
      reply: variant?.sink?.(sink, reply, isAnotherInTrouble) ?? reply,
      arrived: () => {
        if (reply.kind === "answer" && reply.status < 300) judge.answered(run, sink, accepted);
      },
    };
  }

  #watch(): Watch {
    const { projects, out, sinks, scenario } = this.#ground;
    return {
      pageSize: scenario.settings.pageSize,
      sinks: [...sinks],
      projects: projects
        .filter(({ id }) => !out.has(id))
        .map((project) => ({
          project,
          instances: project.instances
            .filter((instance) => project.watchesAll || !out.has(streamKey(instance)))
            .map(({ id }) => id),
        }))
        .filter(({ instances }) => instances.length > 0),
    };
  }

  /** Streams whose API is well as the run begins. */
  #healthy(run: Run, { refused }: Process): ReadonlySet<string> {
    const { instances, api, loop } = this.#ground;
    return new Set(
      instances
        .filter((instance) => {
          const { project } = instance;
          const { credentials } = project;
          const isRefused =
            credentials.kind === "key" &&
            (api.isRefused(credentials.ak, loop.nowMs) ||
              loop.nowMs < (refused.get(credentials.ak) ?? Number.NEGATIVE_INFINITY) + keyRestMs);
          return (
            run.streams.has(streamKey(instance)) &&
            !api.mood.lists.has(instance.id) &&
            !api.mood.discoveries.has(project.id) &&
            !isRefused &&
            // A list of instances is believed for five minutes.
            !isAbsent(instance, loop.nowMs) &&
            !isAbsent(instance, loop.nowMs - discoveryMs)
          );
        })
        .map(streamKey),
    );
  }
}

const isSound = ({ dieAtAwait, dieAfterMs, stopAfterMs, clockMs, clockJump }: Launch): boolean =>
  dieAtAwait === null && dieAfterMs === null && stopAfterMs === null && clockMs === 0 && clockJump === null;
