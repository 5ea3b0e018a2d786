import type { IncomingMessage, ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import type { SourceConfig } from "../../lib/config/schema.ts";
import type { Clock } from "../../lib/core/clock.ts";
import { SourceError } from "../../lib/core/errors.ts";
import type { Stream } from "../../lib/core/names.ts";
import { type DmsSource, openDmsSource } from "../../lib/source/dms.ts";
import type { Page } from "../../lib/source/task-source.ts";
import type { Log } from "../../lib/telemetry/log.ts";
import { handle } from "../harness/http.ts";

export type LoopbackHandler = (response: ServerResponse, request: IncomingMessage) => void;

/** A server on loopback whose nth request meets the nth handler; the last one stays. */
export async function loopback(...handlers: readonly LoopbackHandler[]) {
  const server = await handle((response, request, _, number) =>
    handlers[Math.min(number, handlers.length) - 1]?.(response, request),
  );
  return {
    ...server,
    /** Every request so far. */
    get requests() {
      return server.seen.map((request) => ({ ...request, url: new URL(request.path, server.origin) }));
    },
  };
}

export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): LoopbackHandler =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  };

export const text =
  (body: string, status = 200, headers: Record<string, string> = {}): LoopbackHandler =>
  (response) => {
    response.writeHead(status, headers).end(body);
  };

export const record = (id: string, over: Record<string, unknown> = {}) => ({
  id,
  name: "bindInstancePublicIp",
  user_name: "paas_dms",
  user_id: "u",
  params: "{}",
  status: "EXECUTING",
  created_at: "2024-08-07T12:00:00.000Z",
  updated_at: "2024-08-07T12:00:01.000Z",
  ...over,
});

export const tasks = (...records: readonly unknown[]): LoopbackHandler =>
  json({ task_count: String(records.length), tasks: records });

export const stream: Stream = {
  engine: "rabbitmq",
  region: "cn-north-4",
  projectId: "project",
  instanceId: "instance",
};

export const key = { ak: "AK", sk: "very-secret-key" };

/** A clock that only sleeping moves. */
export function sleepingClock(nowMs = Date.parse("2024-08-07T12:00:00Z")) {
  const sleeps: number[] = [];
  let now = nowMs;
  const clock: Clock = {
    now: () => now,
    sleep: async (ms) => {
      sleeps.push(ms);
      now += ms;
    },
  };
  return {
    clock,
    sleeps,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

export interface OpenedSource {
  readonly source: DmsSource;
  readonly sleeps: readonly number[];
  readonly pass: (ms: number) => void;
  readonly logged: { readonly level: string; readonly message: string; readonly fields: unknown }[];
}

export const sourceConfig = (endpoint: string, over: Partial<SourceConfig> = {}): SourceConfig => ({
  engine: "rabbitmq",
  region: "cn-north-4",
  endpoint,
  projectId: "project",
  instances: ["instance"],
  credentials: key,
  startFrom: "now",
  lookback: 0,
  maxOpenAge: 0,
  overdue: {},
  timeZone: "UTC",
  pageSize: 100,
  requestTimeout: 5_000,
  ...over,
});

/** A source for that endpoint, closed when the test is over. */
export function open(endpoint: string, over: Partial<SourceConfig> = {}): OpenedSource {
  const { clock, sleeps, pass } = sleepingClock();
  const logged: OpenedSource["logged"] = [];
  const log: Log = (level, message, fields) => {
    logged.push({ level, message, fields });
  };
  const source = openDmsSource(sourceConfig(endpoint, over), { clock, random: () => 0.5, log });
  onTestFinished(() => source.close());
  return { source, sleeps, pass, logged };
}

export const running = (): AbortSignal => new AbortController().signal;

export async function readAll(source: DmsSource, beginMs = 0, signal = running()) {
  const pages: Page[] = [];
  for await (const page of source.list(stream, beginMs, { signal })) pages.push(page);
  return {
    pages,
    ids: pages.flatMap((page) => page.tasks.map(({ id }) => id)),
    skipped: pages.flatMap((page) => page.skipped),
  };
}

export async function failure(promise: Promise<unknown>): Promise<SourceError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof SourceError) return error;
    throw error;
  }
  throw new Error("expected a SourceError");
}
