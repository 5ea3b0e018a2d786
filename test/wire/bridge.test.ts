import { describe, expect, it } from "vitest";
import { demoKey } from "../../lib/simulator/auth.ts";
import { memoryStores } from "../../lib/stores/memory.ts";
import type { Stores } from "../../lib/stores/stores.ts";
import { instancesOf, sourceAt, startApi } from "../harness/api.ts";
import { manualClock } from "../harness/clock.ts";
import { bridgeOf } from "../harness/wired.ts";

const { signal } = new AbortController();

/** One source whose instances are listed, and one that names a single one. */
async function opened(more: { readonly journal?: object; readonly stores?: Stores } = {}) {
  const { stores, ...config } = more;
  const clock = manualClock(Date.now());
  const simulator = await startApi({ clock, instances: instancesOf("a", "b", "k") });
  const sources = [{}, { engine: "kafka", instances: ["k"] }].map((each) =>
    sourceAt(simulator, { credentials: demoKey, startFrom: "now", ...each }),
  );
  const patient = { now: () => clock.now(), sleep: async () => {} };
  const bridge = await bridgeOf(
    { sources, sinks: { out: { type: "console" } }, ...config },
    { clock: patient, ...(stores && { stores }) },
  );
  return { clock, simulator, bridge };
}

const ids = (streams: readonly { readonly stream: { readonly instanceId: string } }[]) =>
  streams.map(({ stream }) => stream.instanceId).toSorted();
const rabbit = (instanceId: string) => ({
  stream: { engine: "rabbitmq", region: "cn-north-4", projectId: "p1", instanceId } as const,
  name: null,
});

/** Stores in memory that note each call; waiting for what is on its way asks nothing of a store. */
function countedStores() {
  const calls: string[] = [];
  const counted = <Port extends object>(port: Port, name: string): Port =>
    new Proxy(port, {
      get: (target, method) => {
        const own: unknown = Reflect.get(target, method);
        if (typeof own !== "function" || method === "settled") return own;
        return (...given: unknown[]) => {
          calls.push(`${name}.${String(method)}`);
          return own.apply(target, given);
        };
      },
    });
  const stores = memoryStores({ now: () => Date.now(), sleep: async () => {} }, true);
  const ports = Object.entries(stores).map(([name, port]: [string, unknown]) => [
    name,
    typeof port === "object" && port ? counted(port, name) : port,
  ]);
  return { stores: Object.fromEntries(ports) as Stores, calls };
}

describe("a bridge with a journal", () => {
  it("asks nothing more of the store in an idle run", async () => {
    const { stores, calls } = countedStores();
    const { clock, bridge } = await opened({ journal: { enabled: true }, stores });
    for (const minutes of [0, 1]) {
      await clock.advance(minutes * 60_000);
      await bridge.run(signal);
    }
    expect(calls).toContain("checkpoints.commit");
    calls.length = 0;
    for (const minutes of [1, 1, 1]) {
      await clock.advance(minutes * 60_000);
      const { streams } = await bridge.run(signal);
      expect(streams.map(({ error }) => error)).toEqual([null, null, null]);
    }
    // Records in memory have no cache before them; the journal adds no call.
    expect(calls).toEqual(Array(9).fill("checkpoints.load"));
  });
});

describe("a bridge's survey", () => {
  it("keeps the instances it found while they cannot be listed, and says which source failed", async () => {
    const { clock, simulator, bridge } = await opened();
    expect(await bridge.discover(signal)).toMatchObject({ failedSources: [] });
    await clock.advance(5 * 60_000);
    simulator.faults.on("error-503");
    const { streams, failedSources } = await bridge.discover(signal);
    expect(ids(streams)).toEqual(["a", "b", "k"]);
    expect(failedSources.map(({ key }) => key)).toEqual(["rabbitmq/cn-north-4/p1/*"]);
  });

  it("has the streams of the other sources when one was never listed", async () => {
    const { simulator, bridge } = await opened();
    simulator.faults.on("error-503");
    const { streams, failedSources } = await bridge.discover(signal);
    expect([ids(streams), failedSources.length]).toEqual([["k"], 1]);
  });
});

describe("a bridge's run over a shard", () => {
  it("polls its streams and no others, with one request each", async () => {
    const { simulator, bridge } = await opened();
    const { streams } = await bridge.runShard([rabbit("b")], signal);
    expect(streams).toMatchObject([{ key: "rabbitmq/cn-north-4/p1/b", error: null }]);
    expect(simulator.requestCount()).toBe(1);
  });

  it("leaves out what the configuration does not watch", async () => {
    const { simulator, bridge } = await opened();
    const foreign = [
      { ...rabbit("a"), stream: { ...rabbit("a").stream, projectId: "p2" } },
      { ...rabbit("x"), stream: { ...rabbit("x").stream, engine: "kafka" } as const },
    ];
    expect((await bridge.runShard(foreign, signal)).streams).toEqual([]);
    expect(simulator.requestCount()).toBe(0);
  });
});

it("a bridge tells at its start of a template that makes more than a message has room for", async () => {
  const chat = { type: "slack", url: "https://hooks.slack.com/services/x" };
  const source = {
    engine: "kafka",
    region: "cn-north-4",
    projectId: "p",
    instances: ["k"],
    credentials: demoKey,
  };
  const sinks = {
    long: { ...chat, template: { title: "{{ task.name }}", body: "x".repeat(5_000) } },
    short: { ...chat, template: { body: "{{ task.name }}" } },
  };
  const logged: unknown[] = [];
  const log = (...line: unknown[]) => void logged.push(line);
  await bridgeOf({ sources: [source], sinks }, { clock: manualClock(0), log });
  expect(logged).toEqual([
    ["warn", "a template is too long for a message; cut", { sink: "long", template: "body" }],
  ]);
});
