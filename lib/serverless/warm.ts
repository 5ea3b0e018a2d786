import { type LoadDeps, type LoadedConfig, loadConfig } from "../config/load.ts";
import type { SecretResolvers } from "../config/resolve/references.ts";
import { isWithin } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import { ConfigError } from "../core/errors.ts";
import { telemetryFor } from "../opentelemetry/load.ts";
import type { RunSummary } from "../run/summary.ts";
import { type Bridge, type BridgeDeps, openBridge } from "../wire/bridge.ts";
import { secretResolvers } from "../wire/secrets.ts";
import { containersIn } from "./limits.ts";

/** Longest time until a rotated secret is used without a deployment, milliseconds. */
const secretsMaxAgeMs = 5 * 60_000;

/** Parts and settings of a cached part. */
export interface WarmDeps extends BridgeDeps {
  readonly environment: Environment;
  /** Null: the `bridge.config.*` in the folder. */
  readonly configFile: string | null;
  readonly folder: string;
  /** Sinks to load. @default all */
  readonly sinks?: readonly string[];
}

type PlatformVariables = Readonly<Record<string, string>>;

/** A part cached between invocations. */
export interface Warm<Part> {
  /**
   * Returns the part. The first call opens it; it is reopened when a secret of its configuration changes, or a variable
   * of `handed`, which the platform passes with each invocation (for example a temporary key).
   * @throws ConfigError, StoreError when the first opening fails
   */
  current(handed?: PlatformVariables): Promise<Part>;
}

/** How a part is opened from a configuration file. */
export interface Opening<Part, Loaded> {
  load(file: string | null, deps: LoadDeps): Promise<Loaded>;
  open(loaded: Loaded, deps: WarmDeps): Promise<Part>;
}

interface Opened<Part> {
  readonly part: Part;
  /** Values of the configuration's secrets and of the handed variables. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** A bridge, cached between invocations. */
export const warmBridge = (deps: WarmDeps): Warm<Bridge> =>
  cachedAcrossInvocations({ load: loadConfig, open: openObserved }, deps);

/** Opens a bridge. Telemetry is exported before each run's end, since the platform may freeze the process after it. */
async function openObserved(loaded: LoadedConfig, warmDeps: WarmDeps): Promise<Bridge> {
  const deps = { ...warmDeps, containers: containersIn(warmDeps.environment) };
  const telemetry = await telemetryFor(deps, false);
  if (telemetry === null) return openBridge(loaded, deps);
  const bridge = await openBridge(loaded, { ...deps, observer: telemetry.observer });
  const exported = async (run: Promise<RunSummary>): Promise<RunSummary> => {
    try {
      return await run;
    } finally {
      await telemetry.flush();
    }
  };
  return {
    ...bridge,
    run: (...call) => exported(bridge.run(...call)),
    runShard: (...call) => exported(bridge.runShard(...call)),
    wake: (...call) => exported(bridge.wake(...call)),
    close: async () => {
      await bridge.close();
      await telemetry.close();
    },
  };
}

/** Caches a part between invocations, and reopens it when its secrets change. */
export function cachedAcrossInvocations<Part extends Closable, Loaded>(
  opening: Opening<Part, Loaded>,
  deps: WarmDeps,
): Warm<Part> {
  let opened: Opened<Part> | null = null;
  let checkedAtMs = 0;

  const depsWith = (handed: PlatformVariables): WarmDeps => ({
    ...deps,
    environment: { ...deps.environment, ...handed },
  });

  async function read(handed: PlatformVariables) {
    const world = depsWith(handed);
    const secrets = new Map(Object.entries(handed));
    const resolvers = remembering(secretResolvers(world), secrets);
    return { loaded: await opening.load(deps.configFile, { ...world, secrets: resolvers }), secrets };
  }

  /** Keeps the part while no secret has changed. If secrets cannot be read, the current ones stay in use. */
  async function renewed(present: Opened<Part>, handed: PlatformVariables): Promise<Opened<Part>> {
    if (present.secrets.size === 0 && Object.keys(handed).length === 0) return present;
    try {
      const { loaded, secrets } = await read(handed);
      if (sameSecrets(secrets, present.secrets)) return present;
      const part = await opening.open(loaded, depsWith(handed));
      await present.part.close();
      deps.log("info", "secret rotated; reconnecting");
      return { part, secrets };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      deps.log("warn", "secrets could not be read again; keeping the current ones", {
        problem: error.message,
      });
      return present;
    }
  }

  const isNews = (handed: PlatformVariables, { secrets }: Opened<Part>): boolean =>
    Object.entries(handed).some(([name, value]) => secrets.get(name) !== value);

  return {
    async current(handed = {}) {
      const nowMs = deps.clock.now();
      if (!opened) {
        const { loaded, secrets } = await read(handed);
        opened = { part: await opening.open(loaded, depsWith(handed)), secrets };
        checkedAtMs = nowMs;
      } else if (!isWithin(secretsMaxAgeMs, checkedAtMs, nowMs) || isNews(handed, opened)) {
        checkedAtMs = nowMs;
        opened = await renewed(opened, handed);
      }
      return opened.part;
    },
  };
}

interface Closable {
  close(): Promise<void>;
}

const sameSecrets = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean =>
  a.size === b.size && a.entries().every(([reference, secret]) => b.get(reference) === secret);

const remembering = (resolvers: SecretResolvers, secrets: Map<string, string>): SecretResolvers =>
  Object.fromEntries(
    Object.entries(resolvers).map(([scheme, read]) => [
      scheme,
      async (reference: string) => {
        const secret = await read(reference);
        secrets.set(reference, secret);
        return secret;
      },
    ]),
  );
