import { createHash, createHmac } from "node:crypto";
import { type ApiTrouble, lookUpTroubles, type Met } from "./faults.ts";
import { deep, maxLagMs, type Random } from "./life.ts";
import { type Answer, json, type Reply, type Request } from "./messages.ts";
import { type Instance, isAbsent, isReadable, isShown, type Project, stateAt, type Task } from "./world.ts";

/** A task as an answer showed it: its state's place in the order of truth. */
export interface Sight {
  readonly task: Task;
  readonly index: number;
}

export interface ApiReply {
  readonly reply: Reply;
  readonly sights: readonly Sight[];
  /** Where in a list the answer stands; null for a look-up. */
  readonly page: { readonly isFirst: boolean; readonly isLast: boolean } | null;
  /** The instance whose tasks were asked for. */
  readonly instance: Instance | null;
  readonly refusedKey: string | null;
}

/** How the API behaves at this moment; steps of a history change it. */
export interface Mood {
  /** By instance id. */
  readonly lists: Map<string, { readonly trouble: ApiTrouble; readonly share: number }>;
  /** By project id. */
  readonly discoveries: Map<string, ApiTrouble>;
  /** Access keys that are refused whatever they sign. */
  readonly refused: Set<string>;
  /** Whether some answers are a replica's, which lags. */
  lags: boolean;
}

interface Refusals {
  inARow: number;
  lockedUntilMs: number;
}

const minuteMs = 60_000;
const deepObject = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;

/** The DMS task API of all projects, as the fact sheet describes it. */
export class Api {
  readonly mood: Mood = { lists: new Map(), discoveries: new Map(), refused: new Set(), lags: false };
  readonly #projects: readonly Project[];
  readonly #met: Met;
  readonly #random: Random;
  readonly #refusals = new Map<string, Refusals>();

  constructor(projects: readonly Project[], met: Met, random: Random) {
    this.#projects = projects;
    this.#met = met;
    this.#random = random;
  }

  answer(request: Request, nowMs: number): ApiReply {
    const [, , projectId, , instanceId, tasks, taskId] = request.url.pathname.split("/");
    const project = this.#projects.find(({ id }) => id === projectId);
    const nothing = { sights: [], page: null, instance: null, refusedKey: null };
    if (!project) return { ...nothing, reply: error(404, "APIG.0101", "The API does not exist", nowMs) };
    const refusal = this.#refusal(project, request, nowMs);
    if (refusal) return { ...nothing, reply: refusal, refusedKey: keyIn(request) };
    if (instanceId === undefined)
      return { ...nothing, reply: this.#instances(project, request.url.searchParams, nowMs) };
    const instance = project.instances.find(({ id }) => id === instanceId);
    if (!instance || isAbsent(instance, nowMs) || tasks !== "tasks") {
      return { ...nothing, reply: error(404, "DMS.00404022", "This instance does not exist.", nowMs) };
    }
    const shown =
      taskId === undefined
        ? this.#list(instance, request.url.searchParams, nowMs)
        : this.#lookUp(instance, taskId, nowMs);
    return { ...nothing, ...shown, instance };
  }

  /** Whether the key is refused at an instant, whatever it signs. */
  isRefused(ak: string, nowMs: number): boolean {
    return this.mood.refused.has(ak) || nowMs < (this.#refusals.get(ak)?.lockedUntilMs ?? 0);
  }

  /** Five signatures refused in a row lock the key for five minutes. */
  #refusal({ credentials }: Project, request: Request, nowMs: number): Answer | null {
    if (credentials.kind === "token") {
      if (request.headers["x-auth-token"] === "token") return null;
      return error(401, "APIGW.0307", "The token must be updated.", nowMs);
    }
    const { ak, sk } = credentials;
    const record = this.#refusals.get(ak) ?? { inARow: 0, lockedUntilMs: Number.NEGATIVE_INFINITY };
    this.#refusals.set(ak, record);
    const isLocked = nowMs < record.lockedUntilMs;
    const isRefused = this.mood.refused.has(ak);
    if (isRefused) this.#met.hit("api: key refused");
    if (!isLocked && !isRefused && isSigned(request, sk, nowMs)) {
      record.inARow = 0;
      return null;
    }
    record.inARow += 1;
    if (record.inARow === 5) Object.assign(record, { inARow: 0, lockedUntilMs: nowMs + 5 * minuteMs });
    return error(401, "APIGW.0301", "Incorrect IAM authentication information.", nowMs);
  }

  #instances(project: Project, query: URLSearchParams, nowMs: number): Reply {
    const trouble = this.mood.discoveries.get(project.id);
    if (trouble) this.#met.hit(trouble);
    if (trouble === "api: instance list hangs") return { kind: "hang" };
    if (trouble) return error(500, "DMS.00500000", "Internal service error.", nowMs);
    const offset = Number(query.get("offset") ?? 0);
    const limit = Math.min(50, Number(query.get("limit") ?? 10));
    const there = project.instances.filter((instance) => !isAbsent(instance, nowMs));
    if (offset > 0 && offset >= there.length)
      return error(400, "DMS.40050010", "The offset is out of range.", nowMs);
    const instances = there.slice(offset, offset + limit).map(({ id }) => ({
      instance_id: id,
      name: `name-${id}`,
      engine: project.engine,
      status: "RUNNING",
    }));
    return json(200, { instances, instance_num: there.length }, nowMs);
  }

  #list(instance: Instance, query: URLSearchParams, nowMs: number) {
    const { dialect } = instance.project;
    const position = Number(query.get(dialect.position) ?? (dialect.position === "start" ? 1 : 0));
    const index = Math.max(0, position - (dialect.position === "start" ? 1 : 0));
    const trouble = this.#trouble(instance, index > 0 ? "later page" : "first page");
    const failed = trouble && failure(trouble, nowMs);
    const isFirst = index === 0;
    if (failed) return { reply: failed, sights: [], page: { isFirst, isLast: false } };
    const limit = Math.min(dialect.maxLimit, Number(query.get("limit") ?? 10));
    const seenAtMs = this.#seenAt(nowMs);
    const rows = windowOf(instance, query, seenAtMs);
    const page = rows.slice(index, index + limit);
    const count = { text: String(rows.length), number: rows.length, missing: undefined, page: page.length };
    const body = {
      task_count: count[dialect.count],
      tasks: rows.length === 0 && dialect.hasNullForEmpty ? null : page.map((task) => record(task, seenAtMs)),
    };
    return {
      reply: cut(tasksAnswer(body, nowMs), trouble),
      sights: trouble ? [] : sightsOf(page, seenAtMs),
      page: { isFirst, isLast: trouble === null && index + limit >= rows.length },
    };
  }

  #lookUp(instance: Instance, taskId: string, nowMs: number) {
    const trouble = this.#trouble(instance, "look-up");
    const failed = trouble && failure(trouble, nowMs);
    if (failed) return { reply: failed, sights: [] };
    const seenAtMs = this.#seenAt(nowMs);
    const task = instance.tasks.find(({ id }) => id === taskId);
    const other = instance.tasks.find(({ id }) => id !== taskId);
    if (trouble === "api: look-up of another task" && other) {
      return { reply: tasksAnswer({ task_count: "1", tasks: [record(other, nowMs)] }, nowMs), sights: [] };
    }
    if (task && (trouble === "api: look-up is empty" || isThereButMissing(task, seenAtMs))) {
      return { reply: tasksAnswer({ task_count: "0", tasks: [] }, nowMs), sights: [] };
    }
    if (!task || !isShown(task, seenAtMs)) {
      return { reply: error(404, "DMS.00404000", "This task does not exist.", nowMs), sights: [] };
    }
    const reply = cut(tasksAnswer({ task_count: "1", tasks: [record(task, seenAtMs)] }, nowMs), trouble);
    return { reply, sights: trouble ? [] : sightsOf([task], seenAtMs) };
  }

  #trouble(instance: Instance, asked: "first page" | "later page" | "look-up"): ApiTrouble | null {
    const { trouble, share } = this.mood.lists.get(instance.id) ?? { trouble: null, share: 0 };
    if (trouble === null || this.#random() >= share) return null;
    if (trouble === "api: fails after the first page" && asked !== "later page") return null;
    if (lookUpTroubles.some((each) => each === trouble) && asked !== "look-up") return null;
    this.#met.hit(trouble);
    return trouble;
  }

  /** Of when an answer is: a lagging replica's is of a while ago. */
  #seenAt(nowMs: number): number {
    if (!this.mood.lags || this.#random() < 0.5) return nowMs;
    this.#met.hit("api: replica lags");
    return nowMs - this.#random() * maxLagMs;
  }
}

const isThereButMissing = (task: Task, atMs: number): boolean =>
  task.missing !== null &&
  task.missing.fromMs <= atMs &&
  atMs < task.missing.untilMs &&
  atMs < task.deletedMs;

const sightsOf = (tasks: readonly Task[], atMs: number): readonly Sight[] =>
  tasks.filter((task) => isReadable(task, atMs)).map((task) => ({ task, index: stateAt(task, atMs) }));

/** The rows that a window holds, newest first. Both bounds select on the creation, in whole seconds. */
function windowOf(instance: Instance, query: URLSearchParams, atMs: number): readonly Task[] {
  const { endTime } = instance.project.dialect;
  const begin = instantOf(query.get("begin_time")) ?? Number.NEGATIVE_INFINITY;
  const end = (endTime === "ignored" ? null : instantOf(query.get("end_time"))) ?? Number.POSITIVE_INFINITY;
  return instance.tasks
    .filter((task) => {
      const secondMs = Math.floor(task.createdMs / 1_000) * 1_000;
      const isBeforeEnd = endTime === "exclusive" ? secondMs < end : secondMs <= end;
      return isShown(task, atMs) && secondMs >= begin && isBeforeEnd && stateAt(task, atMs) >= 0;
    })
    .sort((a, b) => b.createdMs - a.createdMs);
}

const instantOf = (text: string | null): number | null =>
  text === null
    ? null
    : Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, "$1-$2-$3T$4:$5:$6Z"));

/** The record as the API writes it. */
function record(task: Task, atMs: number): Readonly<Record<string, unknown>> {
  const state = task.states[Math.max(0, stateAt(task, atMs))];
  const iso = (ms: number): string => new Date(ms).toISOString();
  const stampMs = state?.stampMs ?? null;
  return {
    id: task.id,
    ...task.decoration,
    status: isReadable(task, atMs) ? state?.status : null,
    created_at: iso(task.createdMs),
    ...(stampMs === null ? {} : { updated_at: iso(stampMs) }),
  };
}

function tasksAnswer(body: unknown, nowMs: number): Answer {
  const answer = json(200, body, nowMs);
  return { ...answer, body: answer.body.replaceAll(`"${deep}"`, deepObject) };
}

const cut = (answer: Answer, trouble: ApiTrouble | null): Reply =>
  trouble === "api: answer cut off" ? { ...answer, brokenAfter: Math.floor(answer.body.length / 2) } : answer;

/** A trouble that is an answer of its own; null for one that spoils a good answer. */
function failure(trouble: ApiTrouble, nowMs: number): Reply | null {
  switch (trouble) {
    case "api: throttled":
      return error(429, "APIGW.0308", "The throttling threshold has been reached.", nowMs);
    case "api: throttled by a 404":
      return error(404, "DMS.10240407", "Too many requests.", nowMs);
    case "api: gateway's throttling by a 404":
      return error(404, "APIGW.0308", "The throttling threshold has been reached.", nowMs);
    case "api: proxy's 404 in JSON":
      return json(404, { code: "not_found", message: "no route" }, nowMs);
    case "api: server error":
    case "api: fails after the first page":
      return error(500, "DMS.00500000", "Internal service error.", nowMs);
    case "api: HTML":
      return { ...json(502, null, nowMs), body: "<html><body>Bad gateway</body></html>" };
    case "api: connection reset":
      return { kind: "broken", code: "ECONNRESET" };
    case "api: TLS or system error":
      return { kind: "broken", code: "INVALID_PURPOSE" };
    case "api: hangs":
      return { kind: "hang" };
    default:
      return null;
  }
}

const error = (status: number, error_code: string, error_msg: string, nowMs: number): Answer =>
  json(status, { error_code, error_msg }, nowMs);

const keyIn = ({ headers }: Request): string | null =>
  /Access=([^,]+)/.exec(headers["authorization"] ?? "")?.[1] ?? null;

/** The signature by the vendor's rules, for the plain paths and queries of this API. */
function isSigned({ method, url, headers, body }: Request, sk: string, nowMs: number): boolean {
  const date = headers["x-sdk-date"] ?? "";
  const signedAtMs = Date.parse(
    date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"),
  );
  if (!(Math.abs(nowMs - signedAtMs) <= 15 * minuteMs)) return false;
  const names = /SignedHeaders=([^,]+)/.exec(headers["authorization"] ?? "")?.[1] ?? "";
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(
      /[!'()*]/g,
      (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  const query = [...url.searchParams]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join("&");
  const block = names
    .split(";")
    .map((name) => `${name}:${(name === "host" ? url.host : (headers[name] ?? "")).trim()}\n`);
  const sha = (text: string): string => createHash("sha256").update(text).digest("hex");
  const canonical = [method, `${url.pathname}/`, query, block.join(""), names, sha(body ?? "")].join("\n");
  const toSign = ["SDK-HMAC-SHA256", date, sha(canonical)].join("\n");
  const signature = createHmac("sha256", sk).update(toSign).digest("hex");
  return (
    names.split(";").includes("x-sdk-date") &&
    (headers["authorization"] ?? "").endsWith(`Signature=${signature}`)
  );
}
