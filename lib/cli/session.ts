import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { type Bridge, openBridge } from "../wire/bridge.ts";
import { secretResolvers } from "../wire/secrets.ts";
import type { Context } from "./context.ts";
import type { ExitCode } from "./errors.ts";

/** Loads the configuration that the command line names. @throws ConfigError */
export const configOf = (context: Context): Promise<LoadedConfig> =>
  loadConfig(context.configFile, { ...context, secrets: secretResolvers(context) });

/** Opens the configured bridge for one command, and always closes it. @throws ConfigError, StoreError */
export async function withBridge(
  context: Context,
  body: (bridge: Bridge, loaded: LoadedConfig) => Promise<ExitCode>,
): Promise<ExitCode> {
  const loaded = await configOf(context);
  const bridge = await openBridge(loaded, { ...context, shutdown: context });
  try {
    return await body(bridge, loaded);
  } finally {
    await bridge.close();
  }
}
