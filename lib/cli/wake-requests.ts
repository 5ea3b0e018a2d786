import type { IncomingMessage, ServerResponse } from "node:http";
import { hasBearer } from "../net/bearer.ts";
import type { Context } from "./context.ts";
import { usageError } from "./errors.ts";
import { eventOf } from "./event-body.ts";

/** Variable that holds the token of POST /wake. */
const tokenName = "BRIDGE_WAKE_TOKEN";
const leastTokenCharacters = 16;

/** Serves POST /wake of `watch --listen`. */
export interface WakeRequests {
  respond(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Waits for the runs that were woken. */
  settled(): Promise<void>;
}

/**
 * Serves wakes if the environment has a token for them; null otherwise. A request is accepted with 202 before its run
 * begins: the run's result is in the log, as that of every run.
 * @throws ConfigError for a token that is too short
 */
export function wakeRequests(
  { environment }: Pick<Context, "environment">,
  wake: (event: unknown) => Promise<void>,
): WakeRequests | null {
  const token = environment[tokenName];
  if (!token) return null;
  if (token.length < leastTokenCharacters)
    throw usageError(tokenName, `at least ${leastTokenCharacters} characters`, `${token.length} of them`);
  const running = new Set<Promise<void>>();
  return {
    async respond(request, response) {
      const end = (status: number, text: string): void =>
        void response.writeHead(status, { "content-type": "text/plain" }).end(`${text}\n`);
      if (request.method !== "POST") {
        request.resume();
        return end(405, "POST only");
      }
      if (!hasBearer(request.headers, token)) {
        request.resume();
        return end(401, `the bearer token is not that of ${tokenName}`);
      }
      let event: unknown;
      try {
        event = await eventOf(request);
      } catch {
        // The caller hung up before the end of its event.
        return;
      }
      const run = wake(event);
      running.add(run);
      void run.finally(() => running.delete(run));
      end(202, "woken");
    },
    settled: async () => void (await Promise.allSettled(running)),
  };
}
