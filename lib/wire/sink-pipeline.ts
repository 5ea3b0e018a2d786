import type { Writable } from "node:stream";
import type { Dispatcher as HttpDispatcher } from "undici";
import type { CloudEvent } from "../change/event.ts";
import type { LoadedSink } from "../config/check/sinks.ts";
import type { DeliveryConfig } from "../config/schema.ts";
import type { Clock, Random } from "../core/clock.ts";
import type { Environment } from "../core/environment.ts";
import type { SinkName } from "../core/names.ts";
import { bounded } from "../delivery/bounded.ts";
import { CircuitBreaker } from "../delivery/circuit-breaker.ts";
import { lingering, type ShutdownSignals } from "../delivery/lingering.ts";
import { RateLimit } from "../delivery/rate-limit.ts";
import type { RetryPolicy } from "../delivery/retry.ts";
import { SinkDispatcher } from "../delivery/sink-dispatcher.ts";
import { compileFilter } from "../filter/filter.ts";
import type { Sink } from "../sinks/sink.ts";
import type { Log } from "../telemetry/log.ts";

/** A sink with its configured filter and delivery rules. */
export interface SinkPipeline {
  readonly sink: Sink;
  readonly policy: RetryPolicy;
  /** Whether the event passes the sink's filter. */
  matches(event: CloudEvent): boolean;
  /**
   * Creates a dispatcher for one run. Only the rate limit is shared; the breaker starts anew and restores its stored
   * state.
   */
  dispatcher(): SinkDispatcher;
}

/** Parts that a sink's pipeline needs. */
export interface SinkPipelineDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly folder: string;
  /** AWS's variables, and those of proxies. @default none */
  readonly environment?: Environment;
  /** Replaces the network for HTTP sinks. @default each sink opens its own connections */
  readonly dispatcher?: HttpDispatcher;
  /** Where sinks print events. @default stdout */
  readonly output?: Writable;
  /** Shutdown signals of the process. @default none */
  readonly shutdown?: ShutdownSignals;
}

/** Opens a sink with its filter and delivery rules. */
export function openSinkPipeline(
  name: SinkName,
  { module, options, common }: LoadedSink,
  delivery: DeliveryConfig,
  deps: SinkPipelineDeps,
): SinkPipeline {
  const { clock, log } = deps;
  const { retry, rate } = common;
  const created = module.create(name, options, { ...deps, environment: deps.environment ?? {} });
  const made = bounded(created, clock, log);
  const sink = deps.shutdown ? lingering(made, deps.shutdown, clock) : made;
  const filter = common.filter && compileFilter(common.filter, `sinks.${name}.filter`);
  const limit = rate ? new RateLimit({ events: rate.events, perMs: rate.per }) : null;
  const policy: RetryPolicy = {
    attemptsPerRun: retry.attemptsPerRun,
    initialDelayMs: retry.initialDelay,
    maxDelayMs: retry.maxDelay,
    maxRetryAfterMs: retry.maxRetryAfter,
    maxAttempts: retry.maxAttempts ?? delivery.maxAttempts ?? null,
    maxAgeMs: retry.maxAge ?? delivery.maxAge,
  };
  return {
    sink,
    policy,
    matches: (event) => filter?.matches(event) ?? true,
    dispatcher: () =>
      new SinkDispatcher({
        ...deps,
        breaker: new CircuitBreaker({
          sink,
          policy,
          clock,
          concurrency: delivery.concurrency,
          rate: limit,
        }),
      }),
  };
}
