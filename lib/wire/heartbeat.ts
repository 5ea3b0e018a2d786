import type { Config } from "../config/schema.ts";
import { type Clock, isWithin } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import { openAgent } from "../net/agent.ts";
import { exchange } from "../net/exchange.ts";
import { networkFailure, networkFailureText } from "../net/network-errors.ts";
import type { RunSummary } from "../run/summary.ts";
import type { Log } from "../telemetry/log.ts";

const timeoutMs = 5_000;
const maxBodyBytes = 65_536;

/** Parts that a heartbeat needs. */
export interface HeartbeatDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Holds HTTPS_PROXY, HTTP_PROXY and NO_PROXY. @default no proxy */
  readonly environment?: Environment;
}

/** Tells a dead-man's switch that the bridge lives. */
export interface Heartbeat {
  /** Called after a run. Never rejects, and takes five seconds at most. */
  ran(summary: Pick<RunSummary, "streams">): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the heartbeat: a GET after a run that read and recorded at least one stream, at most once in `every`. An
 * answer that is missing is logged without the URL's path, which is a secret.
 */
export function openHeartbeat(
  { url: text, every }: NonNullable<Config["heartbeat"]>,
  { clock, log, environment = {} }: HeartbeatDeps,
): Heartbeat {
  const url = new URL(text);
  const { dispatcher, close } = openAgent({}, { environment });
  let beatMs = Number.NEGATIVE_INFINITY;

  async function beat(): Promise<string | null> {
    const request = {
      origin: url.origin,
      path: url.pathname + url.search,
      method: "GET",
      headers: { "user-agent": "dms-task-bridge" },
      body: null,
      timeoutMs,
      maxBodyBytes,
      isStatusEnough: true,
    } as const;
    try {
      const { status } = await exchange(dispatcher, request, { signal: AbortSignal.timeout(timeoutMs) });
      return status < 300 ? null : `HTTP ${status}`;
    } catch (error) {
      const failure = networkFailure(error);
      return failure ? networkFailureText(failure) : "no answer in time";
    }
  }

  return {
    ran: async ({ streams }) => {
      const nowMs = clock.now();
      const isAlive = streams.length === 0 || streams.some(({ error }) => error === null);
      if (!isAlive || isWithin(every, beatMs, nowMs)) return;
      const problem = await beat();
      if (problem === null) beatMs = nowMs;
      else log("warn", "the heartbeat was not accepted", { to: url.origin, problem });
    },
    close,
  };
}
