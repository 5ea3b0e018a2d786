import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfigValue } from "../../../config/load.ts";
import { type Simulator, startSimulator } from "../../../simulator/api.ts";
import { type Delivery, type Receiver, startReceiver } from "../../../simulator/receiver.ts";
import { scenarioInstances } from "../../../simulator/scenario.ts";
import { type Bridge, openBridge } from "../../../wire/bridge.ts";
import type { Context } from "../../context.ts";
import type { UrlSink } from "../../destination.ts";
import { simulatedSources } from "./sources.ts";

export interface DemoParts {
  readonly simulator: Simulator;
  readonly receiver: Receiver;
  readonly bridge: Bridge;
}

export interface DemoSetup {
  readonly onDelivery: (delivery: Delivery) => void;
  /** A further sink for the events; null for none. */
  readonly destination: UrlSink | null;
}

/**
 * Starts a simulated API, a webhook receiver that checks signatures, and a bridge between them with an ordinary
 * configuration and a durable store in a temporary folder; always stops them all afterwards.
 */
export async function onStage<T>(
  context: Context,
  { onDelivery, destination }: DemoSetup,
  play: (stage: DemoParts) => Promise<T>,
): Promise<T> {
  const { clock, random } = context;
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  const folder = await mkdtemp(join(tmpdir(), "dms-task-bridge-demo-"));
  const undo: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const simulator = await startSimulator({ random, clock });
    undo.push(() => simulator.close());
    const receiver = await startReceiver({ secret, onDelivery, clock });
    undo.push(() => receiver.close());
    // The shell's proxies are not for this machine.
    const local = { proxy: false } as const;
    const config = {
      sources: simulatedSources(simulator.url, scenarioInstances).map((source) => ({ ...source, ...local })),
      checkpoint: { type: "file", path: "state" },
      sinks: {
        receiver: { type: "webhook", url: receiver.url, secret, allowPrivateNetwork: true, ...local },
        ...(destination && { [destination.name]: destination.options }),
      },
    };
    const bridge = await openBridge(await loadConfigValue(config, { environment: {}, folder }), {
      ...context,
      environment: destination ? context.environment : {},
      shutdown: context,
    });
    undo.push(() => bridge.close());
    return await play({ simulator, receiver, bridge });
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}
