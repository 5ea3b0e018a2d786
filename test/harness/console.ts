import { onTestFinished } from "vitest";
import type { Checkpoint } from "../../lib/checkpoint/checkpoint.ts";
import { type Console, type OpenConsoleOptions, openConsole } from "../../lib/console/console.ts";
import { systemClock } from "../../lib/core/clock.ts";
import { StoreError } from "../../lib/core/errors.ts";
import type { StreamKey } from "../../lib/core/names.ts";
import type { Simulator } from "../../lib/simulator/api.ts";
import { demoKey } from "../../lib/simulator/auth.ts";
import { seededRandom } from "../../lib/simulator/random.ts";
import type { Receiver, Reply } from "../../lib/simulator/receiver.ts";
import type { NewInstance, NewTask } from "../../lib/simulator/world.ts";
import { memoryStores } from "../../lib/stores/memory.ts";
import { type Bridge, openBridge } from "../../lib/wire/bridge.ts";
import { type BridgeObserver, observeAll } from "../../lib/wire/observer.ts";
import { atOnce, instance, receiving, sourceAt, startApi, webhookTo } from "./api.ts";
import { serve } from "./http.ts";
import { loaded } from "./wired.ts";

export interface ConsoleHarness {
  readonly simulator: Simulator;
  readonly receiver: Receiver;
  readonly bridge: Bridge;
  readonly console: Console;
  /** Without the token. */
  readonly origin: string;
  readonly token: string;
  /** Starts a task; returns its id. */
  task(task?: Partial<NewTask>): string;
  poll(): Promise<void>;
  /** Lets the store fail from now on. */
  breakStore(): void;
  /** How the receiver answers from now on. */
  answer(reply: Reply): void;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

export interface ConsoleHarnessOptions extends Partial<OpenConsoleOptions> {
  /** The source's limits of open tasks. */
  readonly overdue?: Readonly<Record<string, string>>;
  /** Further instances. */
  readonly more?: readonly NewInstance[];
  /** Records of earlier runs. */
  readonly records?: ReadonlyMap<StreamKey, Checkpoint>;
}

/** A simulated API with one instance, a receiver, a bridge between them in memory, and its console. */
export async function consoleHarness({
  overdue = {},
  more = [],
  records = new Map(),
  ...options
}: ConsoleHarnessOptions = {}): Promise<ConsoleHarness> {
  const random = seededRandom(1);
  const instances = [instance, ...more];
  const simulator = await startApi({ random, instances });
  let reply: Reply = { status: 204 };
  const receiver = await receiving({ respond: () => reply });
  const room = await serve({ body: "ok" });
  const config = await loaded({
    sources: instances.map(({ engine, projectId }) =>
      sourceAt(simulator, { engine, projectId, credentials: demoKey, overdue }),
    ),
    sinks: {
      ops: webhookTo(`${receiver.url}/path-that-is-a-secret`),
      team: { type: "slack", url: `${room.origin}/services/a-secret`, allowPrivateNetwork: true },
    },
  });
  const observers: BridgeObserver[] = [];
  const log = () => {};
  const deps = { clock: systemClock, random, log };
  const stores = memoryStores(systemClock);
  for (const [stream, record] of records) await stores.checkpoints.commit(stream, record, null);
  let isBroken = false;
  const orBroken =
    <Args extends readonly unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      if (isBroken) throw new StoreError("unavailable", "the disk is gone");
      return call(...args);
    };
  const checkpoints = { ...stores.checkpoints, load: orBroken(stores.checkpoints.load) };
  const deadLetters = { ...stores.deadLetters, list: orBroken(stores.deadLetters.list) };
  const bridge = await openBridge(config, {
    ...deps,
    observer: observeAll(observers),
    stores: { ...stores, checkpoints, deadLetters },
  });
  const opened = await openConsole(bridge, config, deps, {
    mode: "watch",
    port: 0,
    allowsChanges: false,
    ...options,
  });
  observers.push(opened.observer);
  onTestFinished(async () => {
    opened.close();
    await bridge.close();
  });
  const { origin, hash } = new URL(opened.url);
  const token = hash.replace("#token=", "");
  const authorization = `Bearer ${token}`;
  return {
    simulator,
    receiver,
    bridge,
    console: opened,
    origin,
    token,
    task: (task = {}) =>
      simulator.world.start({
        instance: instance.id,
        name: "bindInstancePublicIp",
        steps: atOnce("EXECUTING"),
        ...task,
      }),
    poll: async () => {
      await bridge.run(new AbortController().signal);
    },
    breakStore: () => {
      isBroken = true;
    },
    answer: (next) => {
      reply = next;
    },
    get: (path, headers = {}) => fetch(origin + path, { headers: { authorization, ...headers } }),
    post: (path, body, headers = {}) =>
      fetch(origin + path, {
        method: "POST",
        headers: { authorization, "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
  };
}
