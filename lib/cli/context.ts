import type { Readable, Writable } from "node:stream";
import type { Clock, Random } from "../core/clock.ts";
import type { Log } from "../telemetry/log.ts";
import type { Screen } from "./screen/output.ts";

/** A command's runtime environment and global options. */
export interface Context {
  /** The path given by `--config`; null to look for the default names in the working folder. */
  readonly configFile: string | null;
  readonly json: boolean;
  readonly screen: Screen;
  /** Where sinks print events: stderr with `--json`, whose result is all that stdout has. */
  readonly output: Writable;
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Aborts to start nothing new; deliveries in flight may still be confirmed. */
  readonly stop: AbortSignal;
  /** Aborts work in flight, too. */
  readonly abandon: AbortSignal;
}
