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
import { simulatedSources } from "./sources.ts";

export interface DemoParts {
  readonly simulator: Simulator;
  readonly receiver: Receiver;
  readonly bridge: Bridge;
}

/**
 * Starts a simulated API, a webhook receiver that checks signatures, and a bridge between them with an ordinary
 * configuration and a durable store in a temporary folder; always stops them all afterwards.
 */
export async function onStage<T>(
  context: Context,
  onDelivery: (delivery: Delivery) => void,
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
    const config = {
      sources: simulatedSources(simulator.url, scenarioInstances),
      checkpoint: { type: "file", path: "state" },
      sinks: { receiver: { type: "webhook", url: receiver.url, secret, allowPrivateNetwork: true } },
    };
    const bridge = await openBridge(await loadConfigValue(config, { environment: {}, folder }), {
      ...context,
      // Everything is on this machine, so the shell's proxies are ignored.
      environment: {},
      shutdown: context,
    });
    undo.push(() => bridge.close());
    return await play({ simulator, receiver, bridge });
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}
