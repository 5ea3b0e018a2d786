import { type LoadedConfig, loadConfigValue } from "../../../lib/config/load.ts";
import { StoreError } from "../../../lib/core/errors.ts";
import type { Stores } from "../../../lib/stores/stores.ts";
import { silentLog } from "../../../lib/telemetry/log.ts";
import { type Bridge, openBridge } from "../../../lib/wire/bridge.ts";
import type { StoreTrouble } from "./faults.ts";
import type { Served } from "./host.ts";
import { type Host, Network } from "./host.ts";
import { requestTimeoutMs } from "./judge.ts";
import type { Request } from "./messages.ts";
import type { SinkName } from "./receivers.ts";
import { wanted } from "./receivers.ts";
import type { Project } from "./world.ts";

/** What is configured at one moment. */
export interface Watch {
  readonly projects: readonly { readonly project: Project; readonly instances: readonly string[] }[];
  readonly sinks: readonly SinkName[];
  readonly pageSize: number;
}

/** The configuration as a file would hold it. */
const configOf = ({ projects, sinks, pageSize }: Watch): unknown => ({
  checkpoint: { type: "memory" },
  sources: projects.map(({ project, instances }) => ({
    engine: project.engine,
    region: project.region,
    endpoint: "https://dms.example.com",
    projectId: project.id,
    instances: project.watchesAll ? "all" : instances,
    credentials:
      project.credentials.kind === "token"
        ? { token: "token" }
        : { ak: project.credentials.ak, sk: project.credentials.sk },
    startFrom: project.startFrom,
    lookback: `${project.lookbackMs}ms`,
    maxOpenAge: `${project.maxOpenAgeMs}ms`,
    ...(project.unreadableAfterMs !== null && { unreadableAfter: `${project.unreadableAfterMs}ms` }),
    requestTimeout: `${requestTimeoutMs}ms`,
    pageSize,
  })),
  sinks: Object.fromEntries(
    sinks.map((name) => [
      name,
      {
        type: "webhook",
        url: `https://${name}.hooks.example.com/`,
        timeout: "10s",
        retry: { maxDelay: "30m", maxRetryAfter: "30m" },
        ...(name === "batchy" ? { mode: "batch", batch: { maxEvents: 10 } } : {}),
        ...(name === "picky" ? { filter: { type: [...wanted] } } : {}),
      },
    ]),
  ),
});

/** Reads the configuration, which takes real time. */
export const load = (watch: Watch): Promise<LoadedConfig> =>
  loadConfigValue(configOf(watch), { environment: {}, folder: "/" });

/** Opens the whole bridge in a process, over its network and a store that outlives it. */
export function open(
  host: Host,
  config: LoadedConfig,
  stores: Stores,
  serve: (request: Request) => Served,
): Promise<Bridge> {
  return openBridge(config, {
    clock: host.clock,
    random: host.random,
    log: silentLog,
    dispatcher: new Network(host, serve),
    stores,
  });
}

const writes = /^(commit|put|remove|reset|park)/;

/** How the store behaves, and what was written to it. */
export interface StoreMood {
  trouble: StoreTrouble | null;
  share: number;
  writes: number;
}

/** The stores as one process reaches them: each call may fail, before its effect or after, or end with the process. */
export function storesFor(
  host: Host,
  stores: Stores,
  mood: StoreMood,
  failed: (trouble: StoreTrouble) => void,
): Stores {
  const over = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return (...given: unknown[]) =>
          host.call(async () => {
            const { trouble, share } = mood;
            const fails = trouble !== null && host.random() < share;
            if (fails) failed(trouble);
            if (fails && trouble === "store: unavailable")
              throw new StoreError("unavailable", "the store does not respond");
            if (writes.test(String(name))) mood.writes += 1;
            const result: unknown = await method.apply(target, given);
            if (fails) throw new StoreError("unavailable", "the store took too long");
            return result;
          });
      },
    });
  return Object.fromEntries(
    Object.entries(stores).map(([name, port]: [string, unknown]) => [
      name,
      typeof port === "object" && port ? over(port) : port,
    ]),
  ) as unknown as Stores;
}
