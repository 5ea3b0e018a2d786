import middy from "@middy/core";
import type { Context } from "aws-lambda";
import type { Environment } from "../aws/keys.ts";
import type { Log } from "../telemetry/log.ts";
import { functionDeps } from "./environment.ts";
import { type Metrics, metricsLine } from "./metrics.ts";
import type { Warm, WarmDeps } from "./warm.ts";

/** Kept of an invocation's time for the last requests, each of which may take five seconds. */
const reserveMs = 6_000;

export interface LambdaSetup<Part> {
  readonly environment: Environment;
  /** The folder that the function's file and its configuration are in. */
  readonly folder: string;
  readonly write: (line: string) => void;
  /** What the function keeps between its invocations. */
  readonly warm: (deps: WarmDeps) => Warm<Part>;
}

/** One invocation, for the function's own code. */
export interface Invocation<Event, Part> {
  readonly event: Event;
  readonly part: Part;
  readonly log: Log;
  readonly now: () => number;
  readonly startedMs: number;
  /** What the platform leaves until it ends the invocation, milliseconds from `startedMs`. */
  readonly remainingMs: number;
  /** `remainingMs` less the reserve: no new work begins after it. */
  readonly budgetMs: number;
  /** Aborts when the budget is spent. */
  readonly signal: AbortSignal;
  /** Writes metrics for CloudWatch, under the function's name. */
  report(metrics: Partial<Metrics>): void;
}

/** A Lambda handler around `handle`: opens the warm part, divides the invocation's time, writes its metrics. */
export function lambda<Event, Part, Answer>(
  setup: LambdaSetup<Part>,
  handle: (invocation: Invocation<Event, Part>) => Promise<Answer>,
) {
  const { write } = setup;
  const deps = functionDeps(setup.environment, setup.folder, write);
  const { now } = deps.clock;
  const warm = setup.warm(deps);
  // The deadline is ours: middy's early time-out would abandon a commit.
  return middy<Event, Answer, Error, Context>({ timeoutEarlyInMillis: 0 }).handler(async (event, context) => {
    const startedMs = now();
    const remainingMs = context.getRemainingTimeInMillis();
    const budgetMs = Math.max(0, remainingMs - reserveMs);
    const signal = AbortSignal.timeout(budgetMs);
    return handle({
      event,
      part: await warm.current(),
      log: deps.log,
      now,
      startedMs,
      remainingMs,
      budgetMs,
      signal,
      report: (metrics) => write(metricsLine(metrics, context.functionName, now())),
    });
  });
}
