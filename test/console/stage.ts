import { onTestFinished } from "vitest";
import { loadConfigValue } from "../../lib/config/load.ts";
import { type Console, type OpenConsoleOptions, openConsole } from "../../lib/console/console.ts";
import { systemClock } from "../../lib/core/clock.ts";
import { type Simulator, startSimulator } from "../../lib/simulator/api.ts";
import { demoKey } from "../../lib/simulator/auth.ts";
import { seededRandom } from "../../lib/simulator/random.ts";
import { type Receiver, type Reply, startReceiver } from "../../lib/simulator/receiver.ts";
import type { NewTask } from "../../lib/simulator/world.ts";
import { type Bridge, openBridge } from "../../lib/wire/bridge.ts";
import { type BridgeObserver, observeAll } from "../../lib/wire/observer.ts";

export const instance = {
  id: "11111111-0000-4000-8000-000000000001",
  engine: "rabbitmq",
  name: "orders",
  projectId: "p1",
} as const;
export const stream = `rabbitmq/cn-north-4/p1/${instance.id}`;

export interface ConsoleStage {
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
  /** How the receiver answers from now on. */
  answer(reply: Reply): void;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

/** A simulated API with one instance, a receiver, a bridge between them in memory, and its console. */
export async function openConsoleStage(options: Partial<OpenConsoleOptions> = {}): Promise<ConsoleStage> {
  const random = seededRandom(1);
  const simulator = await startSimulator({ random });
  let reply: Reply = { status: 204 };
  const receiver = await startReceiver({ respond: () => reply });
  simulator.world.addInstance(instance);
  const loaded = await loadConfigValue(
    {
      sources: [
        {
          engine: instance.engine,
          region: "cn-north-4",
          endpoint: simulator.url,
          projectId: instance.projectId,
          instances: "all",
          credentials: demoKey,
          startFrom: "all",
        },
      ],
      checkpoint: { type: "memory" },
      sinks: {
        ops: {
          type: "webhook",
          url: `${receiver.url}/path-that-is-a-secret`,
          allowPrivateNetwork: true,
          retry: { attemptsPerRun: 1 },
        },
        team: {
          type: "slack",
          url: receiver.url.replace("/events", "/services/a-secret"),
          allowPrivateNetwork: true,
        },
      },
    },
    { environment: {}, folder: "." },
  );
  const observers: BridgeObserver[] = [];
  const log = () => {};
  const deps = { clock: systemClock, random, log };
  const bridge = await openBridge(loaded, { ...deps, observer: observeAll(observers) });
  const opened = await openConsole(bridge, loaded, deps, {
    mode: "watch",
    port: 0,
    allowsChanges: false,
    ...options,
  });
  observers.push(opened.observer);
  onTestFinished(async () => {
    opened.close();
    await bridge.close();
    await simulator.close();
    await receiver.close();
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
        steps: [{ status: "EXECUTING", afterMs: 0 }],
        ...task,
      }),
    poll: async () => {
      await bridge.run(new AbortController().signal);
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
