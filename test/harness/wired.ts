import { type LoadedConfig, loadConfigValue } from "../../lib/config/load.ts";
import { silentLog } from "../../lib/telemetry/log.ts";
import { type Bridge, openBridge } from "../../lib/wire/bridge.ts";
import { untilEnd } from "./servers.ts";

type BridgeDeps = Parameters<typeof openBridge>[1];

/** A configuration that keeps its records in memory, where it says nothing else. */
export const loaded = (config: object): Promise<LoadedConfig> =>
  loadConfigValue({ checkpoint: { type: "memory" }, ...config }, { environment: {}, folder: "/nowhere" });

/** A bridge in this process until the test ends; it logs nothing, and its dice fall low. */
export const bridgeOf = async (
  config: object,
  deps: Partial<BridgeDeps> & Pick<BridgeDeps, "clock">,
): Promise<Bridge> =>
  untilEnd(openBridge(await loaded(config), { random: () => 0, log: silentLog, ...deps }));
