import { once } from "node:events";
import type { Context } from "../context.ts";
import type { ExitCode } from "../errors.ts";
import { openPage } from "../page.ts";
import { withBridge } from "../session.ts";

/** Options of `console`. */
export interface ConsoleCommandOptions {
  readonly port?: string;
  readonly allowChanges?: boolean;
}

/** Serves the console's page on the configured store until a signal comes. Polls no API and delivers nothing. */
export const showConsole = (
  context: Context,
  { port, allowChanges = false }: ConsoleCommandOptions,
): Promise<ExitCode> =>
  withBridge(context, async (bridge, loaded) => {
    const page = await openPage(context, bridge, loaded, {
      mode: "console",
      port: port ?? true,
      allowsChanges: allowChanges,
    });
    if (!context.stop.aborted) await once(context.stop, "abort");
    page.close();
    return 0;
  });
