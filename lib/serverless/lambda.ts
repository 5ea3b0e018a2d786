import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { withTimeLimit } from "../async/deadline.ts";
import type { Environment } from "../core/environment.ts";
import type { Log } from "../telemetry/log.ts";
import { functionDeps } from "./environment.ts";
import { followForMs } from "./limits.ts";
import { type MetricDimensions, type Metrics, metricsLine } from "./metrics.ts";
import type { Warm, WarmDeps } from "./warm.ts";

/** Time reserved for the last requests, milliseconds; each may take five seconds. */
const reserveMs = 6_000;

/** Setup of a Lambda function. */
export interface LambdaSetup<Part> {
  readonly environment: Environment;
  /** Folder of the function's code and configuration. */
  readonly folder: string;
  readonly write: (line: string) => void;
  /** The part that is cached between invocations. */
  readonly warm: (deps: WarmDeps) => Warm<Part>;
}

/** One invocation, as the function's code sees it. */
export interface Invocation<Event, Part> {
  readonly event: Event;
  readonly part: Part;
  readonly log: Log;
  readonly now: () => number;
  readonly startedMs: number;
  /** Time left from `startedMs` until the platform ends the invocation, milliseconds. */
  readonly remainingMs: number;
  /** `remainingMs` minus the reserve, milliseconds; no new work starts after it. */
  readonly budgetMs: number;
  /** How long the run may follow streams, milliseconds. */
  readonly followForMs: number;
  /** Aborts when the budget is spent. */
  readonly signal: AbortSignal;
  /** Writes metrics for CloudWatch, under the function's name. */
  report(metrics: Partial<Metrics>, dimensions?: Pick<MetricDimensions, "Sink">): void;
}

/** Wraps `handle` as a Lambda handler: opens the cached part, divides the time and writes metrics. */
export function lambda<Event, Part, Response>(
  setup: LambdaSetup<Part>,
  handle: (invocation: Invocation<Event, Part>) => Promise<Response>,
) {
  const { write } = setup;
  const deps = functionDeps(setup.environment, setup.folder, write);
  const { now } = deps.clock;
  const warm = setup.warm(deps);
  // Ends by its own deadline: middy's early timeout would abandon a commit.
  return middy<Event, Response, Error, Context>({ timeoutEarlyInMillis: 0 }).handler(
    async (event, context) => {
      const startedMs = now();
      const remainingMs = context.getRemainingTimeInMillis();
      const budgetMs = Math.max(0, remainingMs - reserveMs);
      return withTimeLimit(null, budgetMs, async (signal) => {
        const part = await warm.current();
        return handle({
          event,
          part,
          log: deps.log,
          now,
          startedMs,
          remainingMs,
          budgetMs,
          followForMs: followForMs(startedMs + budgetMs - now()),
          signal,
          report: (metrics, dimensions) =>
            write(metricsLine(metrics, { FunctionName: context.functionName, ...dimensions }, now())),
        });
      });
    },
  );
}
