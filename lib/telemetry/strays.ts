import { logDefect } from "./defect.ts";
import type { Log } from "./log.ts";

/** The part of `process` used here. */
interface StrayErrorHost {
  on(name: string, listener: (error: unknown) => void): unknown;
  removeAllListeners(name: string): unknown;
}

/** Uncaught errors that the process survived. */
export interface Strays {
  /** Returns the number of errors since the last call. */
  take(): number;
}

/**
 * Last resort for uncaught errors, for example of a client's socket: logs each kind once with the part it came from,
 * and the process continues. Replaces the platform's listeners, which would end the process.
 */
export function catchStrays(host: StrayErrorHost, log: Log): Strays {
  const logged = new Set<string>();
  let count = 0;
  const caught = (error: unknown): void => {
    count += 1;
    const part = partOf(error);
    const kind = `${part} ${error}`;
    if (logged.has(kind) || logged.size >= maxKinds) return;
    logged.add(kind);
    logDefect(log, "an error that no part caught", { part }, error);
  };
  for (const name of ["uncaughtException", "unhandledRejection"]) {
    host.removeAllListeners(name);
    host.on(name, caught);
  }
  return {
    take: () => {
      const taken = count;
      count = 0;
      return taken;
    },
  };
}

const maxKinds = 1_000;

/** The sink or package whose code is first in the stack; null when there is none. */
function partOf(error: unknown): string | null {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const found = /(?:node_modules|sinks|parts)\/((?:@[\w.-]+\/)?[\w.-]+)/.exec(stack);
  return found?.[1]?.replace(/\.m?[jt]s$/, "") ?? null;
}
