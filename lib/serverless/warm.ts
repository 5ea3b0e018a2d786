import type { Environment } from "../aws/keys.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import type { SecretResolvers } from "../config/references.ts";
import { ConfigError } from "../errors.ts";
import { secretResolvers } from "../secrets.ts";
import { type Bridge, type BridgeDeps, openBridge } from "../wire.ts";

/** A rotated secret is in use this long after it was stored, without a deployment. */
const secretsMaxAgeMs = 5 * 60_000;

export interface WarmDeps extends BridgeDeps {
  readonly environment: Environment;
  /** Null stands for the one `bridge.config.*` in the folder. */
  readonly configFile: string | null;
  readonly folder: string;
}

/** A bridge that outlives a run, for as long as its container lives. */
export interface WarmBridge {
  /**
   * The bridge, opened by the first call, and opened anew when a secret that its configuration names has changed, or a
   * variable of `handed`: what the platform gives with each invocation, such as a temporary access key.
   * @throws ConfigError, StoreError when it cannot be opened the first time
   */
  current(handed?: Readonly<Record<string, string>>): Promise<Bridge>;
}

interface Opened {
  readonly bridge: Bridge;
  /** What each reference of the configuration gave, and each handed variable held. */
  readonly secrets: ReadonlyMap<string, string>;
}

export function warmBridge(deps: WarmDeps): WarmBridge {
  let opened: Opened | null = null;
  let checkedAtMs = 0;
  return {
    async current(handed = {}) {
      const nowMs = deps.clock.now();
      const world = { ...deps, environment: { ...deps.environment, ...handed }, handed };
      if (!opened) {
        opened = await open(await read(world), world);
        checkedAtMs = nowMs;
      } else if (nowMs - checkedAtMs >= secretsMaxAgeMs || isNews(handed, opened)) {
        checkedAtMs = nowMs;
        opened = await renewed(opened, world);
      }
      return opened.bridge;
    },
  };
}

interface World extends WarmDeps {
  readonly handed: Readonly<Record<string, string>>;
}

const isNews = (handed: World["handed"], { secrets }: Opened): boolean =>
  Object.entries(handed).some(([name, value]) => secrets.get(name) !== value);

interface Read {
  readonly loaded: LoadedConfig;
  readonly secrets: Opened["secrets"];
}

async function read(deps: World): Promise<Read> {
  const secrets = new Map(Object.entries(deps.handed));
  const resolvers = remembering(secretResolvers(deps), secrets);
  return { loaded: await loadConfig(deps.configFile, { ...deps, secrets: resolvers }), secrets };
}

const open = async ({ loaded, secrets }: Read, deps: World): Promise<Opened> => ({
  bridge: await openBridge(loaded, deps),
  secrets,
});

/** The same where no secret has changed. Secrets that cannot be had leave the ones in use. */
async function renewed(present: Opened, deps: World): Promise<Opened> {
  if (present.secrets.size === 0 && Object.keys(deps.handed).length === 0) return present;
  try {
    const found = await read(deps);
    if (sameSecrets(found.secrets, present.secrets)) return present;
    const next = await open(found, deps);
    await present.bridge.close();
    deps.log("info", "a secret has changed: the bridge is opened anew");
    return next;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    deps.log("warn", "the secrets could not be read again: those in use stay", { problem: error.message });
    return present;
  }
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
