import type { Readable } from "node:stream";
import type { Clock, Random } from "../core/clock.ts";
import type { Log } from "../telemetry/log.ts";
import type { Screen } from "./screen/output.ts";

/** What a command may use of the world, and what the global options say. */
export interface Context {
  /** As given by `--config`; null for the default names in the working folder. */
  readonly configFile: string | null;
  readonly json: boolean;
  readonly screen: Screen;
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Begin nothing more; what has gone out may still be confirmed. */
  readonly stop: AbortSignal;
  /** Give up what is under way, too. */
  readonly abandon: AbortSignal;
}
