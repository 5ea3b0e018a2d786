import { withTimeLimit } from "../../lib/async/deadline.ts";
import { loadConfigValue } from "../../lib/config/load.ts";
import { systemClock } from "../../lib/core/clock.ts";
import type { RunSummary } from "../../lib/run/summary.ts";
import { type Bridge, openBridge } from "../../lib/wire/bridge.ts";

export const projectId = "p1";

/** The id of the n-th instance. */
export const instanceId = (number: number): string =>
  `${number.toString(16).padStart(8, "0")}-0000-4000-8000-000000000001`;

const environment = { AWS_REGION: "eu-west-1", AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };

export interface Places {
  readonly api: string;
  readonly instances: number;
  readonly checkpoint: object;
  readonly hook: string;
  /** @default now */
  readonly startFrom?: "all";
  /** Deliveries at once. @default the configuration's */
  readonly concurrency?: number;
}

/** Opens a bridge, configured as by a file, between loopback servers. */
export async function openBridgeAt(places: Places): Promise<Bridge> {
  const { api, instances, checkpoint, hook, startFrom, concurrency } = places;
  const config = {
    sources: [
      {
        engine: "kafka",
        region: "cn-north-4",
        endpoint: api,
        projectId,
        instances: Array.from({ length: instances }, (_, index) => instanceId(index)),
        credentials: { ak: "a", sk: "b" },
        startFrom: startFrom ?? "now",
      },
    ],
    checkpoint,
    delivery: { timeBudget: "10m", ...(concurrency && { concurrency }) },
    sinks: { hook: { type: "webhook", url: hook, allowPrivateNetwork: true } },
  };
  const loaded = await loadConfigValue(config, { environment, folder: "." });
  return openBridge(loaded, { clock: systemClock, random: Math.random, log: () => {}, environment });
}

/** Runs the bridge with a time limit, as its functions do. @throws Error when a stream failed: a failed run must not be measured */
export async function runBridge(bridge: Bridge): Promise<RunSummary> {
  const summary = await withTimeLimit(null, 600_000, (signal) => bridge.run(signal));
  const failed = summary.streams.find(({ error }) => error !== null);
  if (failed) throw new Error(`${failed.key}: ${failed.error?.message}`);
  return summary;
}
