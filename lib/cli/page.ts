import type { LoadedConfig } from "../config/load.ts";
import type { Console, OpenConsoleOptions } from "../console/console.ts";
import type { Bridge } from "../wire/bridge.ts";
import { portOf } from "./arguments.ts";
import type { Context } from "./context.ts";
import { usageError } from "./errors.ts";

/** The usual port; any free one where it is taken. */
const usualPort = 8734;

/** Options of the console's page. */
export interface PageOptions extends Pick<OpenConsoleOptions, "mode" | "allowsChanges" | "simulator"> {
  /** As the command line names it; true where it names none. */
  readonly port: string | true;
}

/**
 * Serves the console's page and prints its address, which holds the token.
 * @throws ConfigError
 */
export async function openPage(
  context: Context,
  bridge: Bridge,
  loaded: LoadedConfig,
  { port, ...options }: PageOptions,
): Promise<Console> {
  const { openConsole } = await import("../console/console.ts");
  const token = tokenOf(context.environment["BRIDGE_CONSOLE_TOKEN"]);
  const openAt = (at: number) => openConsole(bridge, loaded, context, { ...options, port: at, token });
  const page = await (port === true ? onFreePort(openAt) : onThisPort(openAt, port));
  context.screen.err.line(["bold", "console "], page.url);
  return page;
}

type OpenAt = (port: number) => Promise<Console>;

const onFreePort = async (openAt: OpenAt): Promise<Console> => {
  try {
    return await openAt(usualPort);
  } catch (error) {
    if (!isPortError(error)) throw error;
    return openAt(0);
  }
};

async function onThisPort(openAt: OpenAt, text: string): Promise<Console> {
  try {
    return await openAt(portOf("port", text));
  } catch (error) {
    if (!isPortError(error)) throw error;
    throw usageError("port", "a port of this machine that is free and allowed", text);
  }
}

const isPortError = (error: unknown): boolean => error instanceof Error && "syscall" in error;

/** A token of the operator's own lets an open page reconnect to the next process. */
function tokenOf(text: string | undefined): string | undefined {
  if (text === undefined || /^[\w-]{20,200}$/.test(text)) return text;
  throw usageError("BRIDGE_CONSOLE_TOKEN", "20 to 200 letters, digits, - and _", "another text");
}
