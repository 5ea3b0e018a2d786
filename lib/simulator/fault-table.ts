import { type RefusalName, refusal } from "./errors.ts";
import type { SimulatedDialect, Slice } from "./listing.ts";
import type { SimulatedResponse } from "./response.ts";
import type { Lag, SimulatedRecord, World } from "./world.ts";

/** The list call's body, before it is sent. */
export interface SimulatedPage {
  readonly task_count?: string | number;
  readonly tasks: readonly unknown[];
}

/** The state of a request, for a fault that changes the world. */
export interface Scene {
  readonly world: World;
  readonly instance: string;
  readonly slice: Slice;
}

/** Subjects that a fault can change, in the order of processing. */
export interface Stages {
  readonly lag: Lag;
  readonly dialect: SimulatedDialect;
  readonly slice: Slice;
  readonly scene: Scene;
  readonly rows: readonly SimulatedRecord[];
  readonly page: SimulatedPage;
  readonly response: SimulatedResponse;
}
/** Step of a request at which a fault acts. */
export type Stage = keyof Stages;

/** A fault: the stage at which it acts, and what it does there. */
export interface Fault<S extends Stage = Stage> {
  readonly stage: S;
  readonly summary: string;
  /** Null for a fault without an amount. */
  readonly amount: { readonly usual: number; readonly unit: string } | null;
  /** Returns the changed subject; null when the fault does not apply. */
  apply(subject: Stages[S], amount: number): Stages[S] | null;
}

const fault =
  <S extends Stage>(stage: S) =>
  (summary: string, apply: Fault<S>["apply"], usual: number | null = null, unit = ""): Fault<S> => ({
    stage,
    summary,
    apply,
    amount: usual === null ? null : { usual, unit },
  });

const lag = fault("lag");
const dialect = fault("dialect");
const slice = fault("slice");
const scene = fault("scene");
const rows = fault("rows");
const page = fault("page");
const response = fault("response");

/** All faults by name. */
export const faultTable = {
  "task-lag": lag(
    "a task shows only some time after it began",
    (lag, ms) => ({ ...lag, taskMs: ms }),
    5_000,
    "ms",
  ),
  "status-lag": lag(
    "a status shows only some time after the task took it",
    (lag, ms) => ({ ...lag, statusMs: ms }),
    5_000,
    "ms",
  ),

  "only-offset": dialect("the position is read from `offset`, from 0; `start` is ignored", (dialect) => ({
    ...dialect,
    position: "offset",
    base: 0,
  })),
  "offset-honoured": dialect("the position is read from `offset`, from 0, where it is sent", (dialect) => ({
    ...dialect,
    honoursOffset: true,
  })),
  "zero-based-start": dialect("`start` counts from 0", (dialect) => ({ ...dialect, base: 0 })),
  "limit-clamped": dialect(
    "a page holds at most this many records, whatever the limit",
    (dialect, maxLimit) => ({ ...dialect, maxLimit, isClamped: true }),
    10,
    "tasks",
  ),

  "start-ignored": slice(
    "every page is the first one",
    later((slice) => ({ ...slice, index: 0 })),
  ),
  "repeated-page": slice(
    "a later page shows the records of the page before it",
    later((slice) => ({ ...slice, index: Math.max(0, slice.index - slice.limit) })),
  ),

  "insert-while-paging": scene("a task begins before a later page is read", (scene) => {
    if (scene.slice.index === 0) return null;
    scene.world.start({ instance: scene.instance, name: "bindInstancePublicIp" });
    return scene;
  }),
  "delete-while-paging": scene("the newest finished task is deleted before a later page is read", (scene) => {
    const finished = scene.world.rows(scene.instance).findLast((row) => isFinished(row.read()));
    if (scene.slice.index === 0 || !finished?.id) return null;
    scene.world.remove(finished.id);
    return scene;
  }),

  "duplicate-id": rows("a task is listed twice", (rows) => {
    const latest = rows.at(-1);
    return latest === undefined ? null : [...rows, latest];
  }),

  "empty-page": page("a page comes without its tasks", (page) =>
    page.tasks.length === 0 ? null : { ...page, tasks: [] },
  ),
  "count-low": page(
    "`task_count` is too low",
    (page, by) => ({ ...page, task_count: String(Math.max(0, Number(page.task_count) - by)) }),
    1,
    "tasks",
  ),
  "count-high": page(
    "`task_count` is too high",
    (page, by) => ({ ...page, task_count: String(Number(page.task_count) + by) }),
    1,
    "tasks",
  ),
  "count-number": page("`task_count` is a number", (page) => ({
    ...page,
    task_count: Number(page.task_count),
  })),
  "count-missing": page("`task_count` is left out", ({ tasks }) => ({ tasks })),
  "null-fields": page(
    "a task's fields are null, but for `id` and `created_at`",
    firstTask(({ id, created_at, ...rest }) => ({
      id,
      ...Object.fromEntries(Object.keys(rest).map((name) => [name, null])),
      created_at,
    })),
  ),
  "missing-fields": page(
    "a task has no more than `id`, `status` and `created_at`",
    firstTask(({ id, status, created_at }) => ({ id, status, created_at })),
  ),
  "missing-id": page(
    "a task has no `id`",
    firstTask(({ id: _, ...rest }) => rest),
  ),
  "bad-date": page(
    "a task's dates are no dates",
    firstTask((task) => ({ ...task, created_at: "yesterday", updated_at: "0000-00-00T00:00:00Z" })),
  ),
  "unknown-status": page(
    "a task has an unknown status",
    firstTask((task) => ({ ...task, status: "ROLLING_BACK" })),
  ),

  throttle: response("HTTP 429", refuse("throttled")),
  "throttle-seconds": response(
    "HTTP 429 with Retry-After in seconds",
    (response, seconds) => ({
      ...refused("throttled", response),
      headers: { ...response.headers, "retry-after": String(seconds) },
    }),
    2,
    "s",
  ),
  "throttle-date": response(
    "HTTP 429 with Retry-After as a date",
    (response, seconds) => ({
      ...refused("throttled", response),
      headers: { ...response.headers, "retry-after": shiftedDate(response, seconds * 1_000) },
    }),
    2,
    "s",
  ),
  "throttle-404": response("throttling that comes as HTTP 404", refuse("throttled404")),
  "error-500": response("HTTP 500", refuse("internal")),
  "error-502": response("HTTP 502", refuse("backendDown")),
  "error-503": response("HTTP 503", refuse("busy")),
  "error-504": response("HTTP 504", refuse("backendSlow")),
  unauthorized: response("HTTP 401, the credentials refused", refuse("badCredentials")),
  "token-expired": response("HTTP 401, the token to be renewed", refuse("tokenExpired")),
  html: response("HTTP 200 with a proxy's page in place of JSON", (response) => ({
    ...response,
    status: 200,
    headers: { ...response.headers, "content-type": "text/html" },
    body: "<!doctype html><title>Maintenance</title><p>Back soon.",
  })),
  "cut-json": response("the body is whole for HTTP, yet ends in the middle of its JSON", (response) => ({
    ...response,
    body: response.body.slice(0, response.body.length / 2),
  })),
  "cut-body": response("the connection ends in the middle of the body", (response) => ({
    ...response,
    wire: { kind: "cut" },
  })),
  reset: response("the connection is reset", (response) => ({ ...response, wire: { kind: "reset" } })),
  hang: response("no response ever comes", (response) => ({ ...response, wire: { kind: "hang" } })),
  "slow-drip": response(
    "the body comes one byte at a time",
    (response, everyMs) => ({ ...response, wire: { kind: "drip", everyMs } }),
    1_000,
    "ms",
  ),
  "huge-body": response(
    "the JSON is followed by white space without end",
    (response, bytes) => ({ ...response, wire: { kind: "padded", bytes } }),
    64 * 1024 * 1024,
    "bytes",
  ),
  "skewed-date": response(
    "the Date header is off",
    (response, ms) => ({ ...response, headers: { ...response.headers, date: shiftedDate(response, ms) } }),
    600_000,
    "ms",
  ),
} as const satisfies Readonly<Record<string, { readonly [S in Stage]: Fault<S> }[Stage]>>;

/** Name of a fault. */
export type FaultName = keyof typeof faultTable;

/** Names of all faults. */
export const faultNames = Object.keys(faultTable) as readonly FaultName[];

/** Whether a fault has that name. */
export const isFaultName = (text: string): text is FaultName => Object.hasOwn(faultTable, text);

/** Changes all pages but the first. */
function later(change: (slice: Slice) => Slice): (slice: Slice) => Slice | null {
  return (slice) => (slice.index === 0 ? null : change(slice));
}

type TaskRecord = Readonly<Record<string, unknown>>;

/** Changes a page's first task. */
function firstTask(change: (task: TaskRecord) => TaskRecord): (page: SimulatedPage) => SimulatedPage | null {
  return (page) => {
    const [first, ...others] = page.tasks;
    return isRecord(first) ? { ...page, tasks: [change(first), ...others] } : null;
  };
}

function refused(name: RefusalName, { headers }: SimulatedResponse): SimulatedResponse {
  const { status, body, wire } = refusal(name, headers["x-request-id"] ?? "");
  return { status, body, wire, headers: { ...headers, "content-type": "application/json" } };
}

function refuse(name: RefusalName): (response: SimulatedResponse) => SimulatedResponse {
  return (response) => refused(name, response);
}

const shiftedDate = ({ headers }: SimulatedResponse, byMs: number): string =>
  new Date(Date.parse(headers["date"] ?? "") + byMs).toUTCString();

const isRecord = (value: unknown): value is TaskRecord => typeof value === "object" && value !== null;

const isFinished = (record: unknown): boolean =>
  isRecord(record) && ["SUCCESS", "FAILED", "CANCELLED"].includes(String(record["status"]));
