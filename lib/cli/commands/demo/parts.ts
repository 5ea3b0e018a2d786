import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LoadedConfig, loadConfigValue } from "../../../config/load.ts";
import { type Simulator, startSimulator } from "../../../simulator/api.ts";
import { type Delivery, type Receiver, type Reply, startReceiver } from "../../../simulator/receiver.ts";
import { demoInstances, scenarioInstances } from "../../../simulator/scenario.ts";
import { type Bridge, openBridge } from "../../../wire/bridge.ts";
import type { BridgeObserver } from "../../../wire/observer.ts";
import type { Context } from "../../context.ts";
import type { UrlSink } from "../../destination.ts";
import { simulatedSources } from "./sources.ts";

/** The simulated API, the receiver, and the bridge between them. */
export interface DemoParts {
  readonly simulator: Simulator;
  readonly receiver: Receiver;
  readonly bridge: Bridge;
  readonly loaded: LoadedConfig;
}

/** A sink of the demo. */
export type DemoSink = "receiver" | "chat";

/** Settings of the demo's parts. */
export interface DemoSetup {
  readonly onDelivery: (delivery: Delivery) => void;
  /** A further sink for the events; null for none. */
  readonly destination: UrlSink | null;
  /**
   * How each sink's receiver answers; null: as usual. With it there is a chat sink, too, retries come quickly, and a task
   * is overdue within seconds. @default every event is accepted by the webhook's receiver
   */
  readonly respond?: (sink: DemoSink) => Reply | null;
  /** Sees the bridge's work. @default nobody */
  readonly observer?: BridgeObserver;
}

/**
 * Starts a simulated API, a webhook receiver that checks signatures, and a bridge between them with an ordinary
 * configuration and a durable store in a temporary folder; always stops them all afterwards.
 */
export async function withDemo<T>(
  context: Context,
  { onDelivery, destination, respond, observer = {} }: DemoSetup,
  play: (parts: DemoParts) => Promise<T>,
): Promise<T> {
  const { clock, random } = context;
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  const folder = await mkdtemp(join(tmpdir(), "dms-task-bridge-demo-"));
  const undo: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const simulator = await startSimulator({ random, clock });
    undo.push(() => simulator.close());
    const answer = respond && { respond: () => respond("receiver") ?? { status: 204 } };
    const receiver = await startReceiver({ secret, onDelivery, clock, ...answer });
    undo.push(() => receiver.close());
    // The shell's proxies are not for this machine.
    const local = { allowPrivateNetwork: true, proxy: false } as const;
    const plain = {
      sources: simulatedSources(simulator.url, respond ? demoInstances : scenarioInstances),
      checkpoint: { type: "file", path: "state" },
      sinks: {
        receiver: { type: "webhook", url: receiver.url, secret, ...local },
        ...(destination && { [destination.name]: destination.options }),
      },
    };
    const room =
      respond &&
      (await startReceiver({ clock, respond: () => respond("chat") ?? { status: 200, body: "ok" } }));
    if (room) undo.push(() => room.close());
    const config = room ? withChat(plain, { type: "slack", url: room.url, ...local }) : plain;
    const loaded = await loadConfigValue(config, { environment: {}, folder });
    const bridge = await openBridge(loaded, {
      ...context,
      environment: destination ? context.environment : {},
      shutdown: context,
      observer,
    });
    undo.push(() => bridge.close());
    return await play({ simulator, receiver, bridge, loaded });
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}

interface PlainConfig {
  readonly sources: readonly object[];
  readonly sinks: Readonly<Record<string, object>>;
}

/** The configuration with a chat sink, quick retries and tasks that are soon overdue. */
function withChat({ sources, sinks, ...rest }: PlainConfig, chat: object): object {
  const retry = { attemptsPerRun: 1, initialDelay: "1s", maxDelay: "8s" };
  const all = Object.entries({ ...sinks, chat });
  return {
    ...rest,
    sources: sources.map((source) => ({ ...source, overdue: { "*": "20s" } })),
    sinks: Object.fromEntries(all.map(([name, sink]) => [name, { ...sink, retry }])),
  };
}
