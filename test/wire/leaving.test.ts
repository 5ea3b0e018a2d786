import { describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../lib/core/clock.ts";
import type { ShardStream } from "../../lib/fleet/shard.ts";
import { demoKey } from "../../lib/simulator/auth.ts";
import { cachedCheckpoints } from "../../lib/stores/cached.ts";
import { memoryStores } from "../../lib/stores/memory.ts";
import type { Stores } from "../../lib/stores/stores.ts";
import { atOnce, instancesOf, receiving, sourceAt, startApi, webhookTo } from "../harness/api.ts";
import { manualClock } from "../harness/clock.ts";
import { bridgeOf } from "../harness/wired.ts";

const minuteMs = 60_000;
const running = () => new AbortController().signal;

interface SourceChanges {
  readonly engine?: string;
  readonly instances?: "all" | readonly string[];
  readonly sk?: string;
  /** Of an IAM user, in place of the key. */
  readonly password?: string;
}

/** The simulated API with the instances a, b and c, a receiver, and one store for all processes. */
async function world() {
  const clock = manualClock(Date.now());
  const simulator = await startApi({ clock, instances: instancesOf("a", "b", "c", "k") });
  let status = 204;
  const receiver = await receiving({ respond: () => ({ status }) });
  let stores: Stores = memoryStores(clock);
  // Short waits are short, but longer than an answer on a busy machine; long ones are limits that no test reaches.
  const quick: Clock = {
    now: () => clock.now(),
    sleep: (ms, signal) => systemClock.sleep(ms > 5_000 ? ms : ms / 4, signal),
  };
  /** A new process with this configuration. */
  const start = async (sources: readonly SourceChanges[]) => {
    const bridge = await bridgeOf(
      {
        sources: sources.map(({ engine = "rabbitmq", instances = "all", password, ...key }) => ({
          ...sourceAt(simulator, { engine, instances, iamEndpoint: simulator.url }),
          credentials: password ? { username: "u", domain: "d", password } : { ...demoKey, ...key },
        })),
        sinks: { out: webhookTo(receiver.url) },
      },
      { clock: quick, stores },
    );
    return {
      run: (signal = running()) => bridge.run(signal),
      poll: (shard: readonly ShardStream[]) => bridge.runShard(shard, running()),
    };
  };
  const told = () => receiver.events().map(({ data }) => `${data.instance.instanceId} ${data.change.to}`);
  return {
    clock,
    simulator,
    receiver,
    start,
    task: (instance: string, taskStatus = "EXECUTING") =>
      simulator.world.start({ instance, name: "grow", steps: atOnce(taskStatus) }),
    answer: (next: number) => {
      status = next;
    },
    told,
    /** A run of a new process, a minute after the last. */
    async later(sources: readonly SourceChanges[]) {
      await clock.advance(minuteMs);
      return (await start(sources)).run();
    },
    wrapStores: (wrap: (stores: Stores) => Stores) => {
      stores = wrap(stores);
    },
  };
}
type World = Awaited<ReturnType<typeof world>>;

/** A world where instance a has an open task whose first event is still owed, the sink having refused it. */
async function owing(sources: readonly SourceChanges[] = [{}]): Promise<World> {
  const opened = await world();
  opened.task("a");
  opened.answer(503);
  const summary = await opened.later(sources);
  expect(summary.sinks["out"]?.pending).toBe(1);
  await opened.clock.advance(10 * minuteMs);
  return opened;
}

const streamsOf = (summary: { readonly streams: readonly { readonly key: string }[] }) =>
  summary.streams.map(({ key }) => key.split("/").slice(-1)[0]).toSorted();
const errorsOf = (summary: { readonly streams: readonly { readonly error: object | null }[] }) =>
  summary.streams.filter(({ error }) => error !== null);

describe("what a stream owes when its instance is deleted", () => {
  it("is delivered by a new process, its open tasks vanish by the second list, and then it is left alone", async () => {
    const { simulator, answer, told, later, receiver } = await owing();
    simulator.world.removeInstance("a");
    answer(204);
    const before = receiver.events().length;
    const first = await later([{}]);
    expect(told().slice(before)).toEqual(["a EXECUTING"]);
    expect(streamsOf(first)).toEqual(["a", "b", "c"]);
    expect(first.streams.find(({ key }) => key.endsWith("/a"))).toMatchObject({ tasks: 0, error: null });
    const second = await later([{}]);
    expect(told().slice(before)).toEqual(["a EXECUTING", "a VANISHED"]);
    expect(errorsOf(second)).toEqual([]);
    const third = await later([{}]);
    expect(streamsOf(third)).toEqual(["b", "c"]);
    expect(told().slice(before)).toHaveLength(2);
  });

  it("is counted as pending while its sink does not take it", async () => {
    const { simulator, later } = await owing();
    simulator.world.removeInstance("a");
    expect((await later([{}])).sinks["out"]).toMatchObject({ pending: 1, retrying: 1 });
    expect((await later([{}])).sinks["out"]).toMatchObject({ pending: 2 });
  });

  it("is told apart from an instance that one list lacked and the next has again", async () => {
    const { simulator, answer, told, later, task } = await owing();
    answer(204);
    simulator.world.removeInstance("a");
    await later([{}]);
    simulator.world.addInstance({ id: "a", engine: "rabbitmq", name: "a", projectId: "p1" });
    await later([{}]);
    task("a", "SUCCESS");
    await later([{}]);
    expect(told()).toContain("a SUCCESS");
    simulator.world.removeInstance("a");
    expect(streamsOf(await later([{}]))).toEqual(["b", "c"]);
  });

  it("makes a task vanish that is polled by its instance's own id, by the API's code in two polls", async () => {
    const sources = [{ instances: ["a"] }];
    const { simulator, answer, told, later } = await owing(sources);
    answer(204);
    simulator.world.removeInstance("a");
    expect(errorsOf(await later(sources))).toMatchObject([{ error: { code: "not_found" } }]);
    expect(told()).not.toContain("a VANISHED");
    await later(sources);
    expect(told().slice(-2)).toEqual(["a EXECUTING", "a VANISHED"]);
  });
});

describe("what a stream owes when the configuration watches it no more", () => {
  it.each([
    ["its source is removed", [{ engine: "kafka" }]],
    ["its id is taken out of the list", [{ instances: ["b"] }]],
  ] satisfies [string, SourceChanges[]][])(
    "is delivered, and nothing of its tasks is told: %s",
    async (_, sources) => {
      const { answer, told, later, receiver } = await owing();
      expect((await later(sources)).sinks["out"]).toMatchObject({ pending: 1 });
      answer(204);
      const before = receiver.events().length;
      const summary = await later(sources);
      expect(summary.sinks["out"]).toMatchObject({ accepted: 1, pending: 0 });
      expect(streamsOf(summary)).toContain("a");
      await later(sources);
      expect(streamsOf(await later(sources))).not.toContain("a");
      expect(told().slice(before)).toEqual(["a EXECUTING"]);
    },
  );
});

describe("a shard with a stream that is listed no more", () => {
  const stream = { engine: "rabbitmq", region: "cn-north-4", projectId: "p1", instanceId: "a" } as const;

  it("has its deliveries made where the configuration does not watch it, and asks the API nothing", async () => {
    const { simulator, answer, start } = await owing();
    answer(204);
    const { poll } = await start([{ engine: "kafka" }]);
    const before = simulator.requestCount();
    const { streams, sinks } = await poll([{ stream, name: null }]);
    expect(streams).toMatchObject([{ tasks: 0, error: null }]);
    expect(sinks["out"]).toMatchObject({ accepted: 1, pending: 0 });
    expect((await poll([{ stream: { ...stream, instanceId: "x" }, name: null }])).streams).toEqual([]);
    expect(simulator.requestCount()).toBe(before);
  });

  it("lets its open tasks vanish when two lists, a minute apart, lacked it", async () => {
    const { answer, start, clock, told } = await owing();
    answer(204);
    const { poll } = await start([{}]);
    const firstMs = clock.now();
    for (const absentMs of [firstMs, firstMs, firstMs + 59_999])
      await poll([{ stream, name: null, absentMs }]);
    expect(told()).not.toContain("a VANISHED");
    await poll([{ stream, name: null, absentMs: firstMs + 60_000 }]);
    expect(told().slice(-2)).toEqual(["a EXECUTING", "a VANISHED"]);
  });
});

describe("a process whose list of instances cannot be read", () => {
  it("delivers what is owed, polls every stream it has a record of, and says that the list failed", async () => {
    const { simulator, answer, told, later, task, receiver } = await owing();
    simulator.faults.on("error-503", { operation: "ListInstances" });
    task("b");
    answer(204);
    const before = receiver.events().length;
    const summary = await later([{}]);
    expect(streamsOf(summary)).toEqual(["*", "a", "b", "c"]);
    expect(errorsOf(summary)).toMatchObject([{ key: "rabbitmq/cn-north-4/p1/*" }]);
    expect(told().slice(before).toSorted()).toEqual(["a EXECUTING", "b EXECUTING"]);
  });

  it("does the same, and polls the other sources, while the list hangs", async () => {
    const { simulator, told, task, start, answer } = await owing();
    simulator.faults.on("hang", { operation: "ListInstances" });
    task("k");
    answer(204);
    const stop = new AbortController();
    const run = (await start([{}, { engine: "kafka", instances: ["k"] }])).run(stop.signal);
    while (told().length < 3) await systemClock.sleep(10, running());
    expect(told().toSorted()).toEqual(["a EXECUTING", "a EXECUTING", "k EXECUTING"]);
    stop.abort();
    expect(errorsOf(await run).length).toBeGreaterThan(0);
  });

  it("polls what its last list found, where it is warm", async () => {
    const { clock, simulator, start, task, told } = await world();
    const { run } = await start([{}]);
    await run();
    simulator.faults.on("error-503", { operation: "ListInstances" });
    task("b");
    await clock.advance(5 * minuteMs);
    expect(streamsOf(await run())).toEqual(["*", "a", "b", "c"]);
    expect(told()).toEqual(["b EXECUTING"]);
  });

  it("is told so when the index of records cannot be read either, and serves what is configured", async () => {
    const opened = await world();
    const { wrapStores, later, task, told } = opened;
    wrapStores((stores) => ({
      ...stores,
      activity: {
        activeSince: async () => {
          throw new TypeError("https://secret.example.com");
        },
      },
    }));
    task("b");
    const summary = await later([{}]);
    expect(told()).toEqual(["b EXECUTING"]);
    expect(errorsOf(summary)).toMatchObject([{ key: "*", error: { code: "DEFECT" } }]);
  });
});

describe("an instance that hangs", () => {
  it("is waited for by no other: not in a new process, and not by the streams of its own key", async () => {
    const { simulator, task, start, told } = await world();
    simulator.faults.on("hang", { instance: "a" });
    for (const id of ["b", "c", "k"]) task(id);
    const stop = new AbortController();
    const run = (await start([{ instances: ["a", "b", "c"] }, { engine: "kafka" }])).run(stop.signal);
    while (told().length < 3) await systemClock.sleep(10, running());
    expect(told().toSorted()).toEqual(["b EXECUTING", "c EXECUTING", "k EXECUTING"]);
    stop.abort();
    expect(errorsOf(await run)).toMatchObject([{ key: "rabbitmq/cn-north-4/p1/a" }]);
  });
});

describe("a wrong access key", () => {
  it("of ten sources is refused once in a run, and every stream says so", async () => {
    const { simulator, later } = await world();
    const sources = Array.from({ length: 9 }, (_, index) => ({ instances: [`i${index}`], sk: "wrong" }));
    const summary = await later([...sources, { engine: "kafka", sk: "wrong" }]);
    expect(errorsOf(summary)).toHaveLength(10);
    expect(summary.streams.every(({ error }) => error?.code === "unauthorized")).toBe(true);
    expect(simulator.requestCount()).toBe(1);
  });
});

describe("a wrong password of an IAM user", () => {
  it("of nine sources is refused once in a run, and every stream says so", async () => {
    const { simulator, later } = await world();
    const sources = Array.from({ length: 9 }, (_, index) => ({
      instances: [`i${index}`],
      password: "wrong",
    }));
    const { streams } = await later(sources);
    expect(streams.map(({ error }) => error?.code)).toEqual(sources.map(() => "unauthorized"));
    expect(simulator.requestCount()).toBe(1);
  });
});

describe("an idle run of a warm process", () => {
  it("asks the store nothing, and the index once in five minutes", async () => {
    const { clock, wrapStores, start } = await world();
    let calls = 0;
    const counted =
      <Args extends readonly unknown[], Result>(work: (...args: Args) => Result) =>
      (...args: Args): Result => {
        calls += 1;
        return work(...args);
      };
    wrapStores(({ checkpoints, activity, ...stores }) => ({
      ...stores,
      checkpoints: cachedCheckpoints(
        { ...checkpoints, load: counted(checkpoints.load), commit: counted(checkpoints.commit) },
        clock,
      ),
      activity: { activeSince: counted(activity.activeSince) },
    }));
    const { run } = await start([{}]);
    await run();
    await clock.advance(minuteMs);
    await run();
    calls = 0;
    await clock.advance(minuteMs);
    await run();
    expect(calls).toBe(0);
    await clock.advance(5 * minuteMs);
    await run();
    // Three records and the index.
    expect(calls).toBe(4);
  });
});
