import process from "node:process";
import { systemClock } from "../lib/core/clock.ts";
import type { AccessKey } from "../lib/huawei/sign.ts";
import type { RunSummary } from "../lib/run/summary.ts";
import { functionGraphRuns, withUserData } from "../lib/serverless/functiongraph.ts";
import { jsonLog } from "../lib/telemetry/log.ts";
import { catchStrays } from "../lib/telemetry/strays.ts";

/** The used part of the context that FunctionGraph's Node.js runtime passes to a handler. */
export interface FunctionGraphContext {
  getRemainingTimeInMilliSeconds(): number;
  getLogger(): { info(line: string): void };
  /** Temporary credentials of the function's agency, valid for 24 hours; empty without an agency. */
  getSecurityAccessKey(): string;
  getSecuritySecretKey(): string;
  getSecurityToken(): string;
}

const environment = withUserData(process.env);

/** FunctionGraph logs an invocation's lines under its request id. */
let logger: ReturnType<FunctionGraphContext["getLogger"]> | null = null;
const log = jsonLog((line) => logger?.info(line.trimEnd()), "info", systemClock.now);
const run = functionGraphRuns(
  {
    configFile: environment["BRIDGE_CONFIG"] ?? null,
    folder: import.meta.dirname,
    environment,
    clock: systemClock,
    random: Math.random,
    log,
  },
  catchStrays(process, log),
);

function agencyKeyOf(context: FunctionGraphContext): AccessKey | null {
  const [ak, sk] = [context.getSecurityAccessKey(), context.getSecuritySecretKey()];
  return ak && sk ? { ak, sk, securityToken: context.getSecurityToken() } : null;
}

/** Makes one run: over all streams by a timer, over those that an event names by any other trigger. Returns its summary; rejects after the run when a stream could not be read. */
export async function handler(event: unknown, context: FunctionGraphContext): Promise<RunSummary> {
  logger = context.getLogger();
  return run({
    event,
    agencyKey: agencyKeyOf(context),
    remainingMs: context.getRemainingTimeInMilliSeconds(),
  });
}
