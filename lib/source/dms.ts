import type { Dispatcher } from "undici";
import type { SourceConfig } from "../config/schema.ts";
import type { CallOptions, Clock, Random } from "../core/clock.ts";
import { ConfigError, SourceError } from "../core/errors.ts";
import { type Stream, streamKey } from "../core/names.ts";
import { openAgent } from "../net/agent.ts";
import type { Log } from "../telemetry/log.ts";
import { type ApiCall, openApi } from "./api.ts";
import { apiTime } from "./api-time.ts";
import { clockSkew } from "./clock-skew.ts";
import { keyOf, openCredentials } from "./credentials.ts";
import { iamEndpoint, isKnownRegion, taskEndpoint } from "./endpoints.ts";
import { instanceGoneCodes } from "./error-response.ts";
import { type ApiResponse, httpSend } from "./http.ts";
import { type InstanceList, listInstances } from "./instances.ts";
import { joinById } from "./join.ts";
import { type KeyGate, keyGates } from "./key-gate.ts";
import { type HeadMemory, ListingHead, listingLimit } from "./listing.ts";
import { taskNotices } from "./notices.ts";
import { type Position, pageWalk, pagingMemory } from "./paging.ts";
import { parseTaskPage, type TaskPage } from "./parse.ts";
import { type RequestReport, reporting } from "./reported.ts";
import { retryBudget, retrying } from "./retry.ts";
import type { TaskSource } from "./task-source.ts";

/** Client of the DMS task API. */
export interface DmsSource extends TaskSource {
  /**
   * Returns the instances to watch: the configured ones, without a request, or all in the project. @throws SourceError
   */
  instances(options: CallOptions): Promise<InstanceList>;
  /** API clock minus local clock by the last response, milliseconds; null while unknown. */
  readonly clockSkewMs: number | null;
}

/** Injected parts of a DMS source. */
export interface DmsSourceDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Milliseconds that a listing may take beyond what its count promised. @default 30,000 */
  readonly listBudgetMs?: number;
  /** Holds HTTPS_PROXY, HTTP_PROXY and NO_PROXY. @default no proxy */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Used instead of the network. @default an own agent, closed by `close` */
  readonly dispatcher?: Dispatcher;
  /** Gates shared by sources with the same access key. @default gates of this source alone */
  readonly gates?: (key: string) => KeyGate;
  /** Called after each request, retries included. @default not called */
  readonly requested?: (request: RequestReport) => void;
}

/** Tasks rarely exceed 1 KiB, but their params may. */
const maxBodyBytes = (pageSize: number): number => 2 * 1_048_576 + pageSize * 65_536;
const defaultListBudgetMs = 30_000;
const retriesHeld = 10;
/** Shorter than the gateway's keep-alive, longer than the usual pause between two polls. */
const keepAliveMs = 30_000;
const noRecords = { tasks: [], skipped: [] };

/**
 * Opens a client of the DMS task API for one region and project.
 * @throws ConfigError without credentials; loading the configuration fills in those of the environment
 */
export function openDmsSource(config: SourceConfig, deps: DmsSourceDeps): DmsSource {
  const { clock, random, log, listBudgetMs = defaultListBudgetMs, requested } = deps;
  const { engine, region, projectId, pageSize, requestTimeout: timeoutMs } = config;
  if (config.credentials === undefined) {
    throw new ConfigError([{ field: "sources.credentials", found: "nothing", expected: "credentials" }]);
  }
  if (!isKnownRegion(region)) {
    log("warn", "unknown region; used as it is", { region });
  }

  const { dispatcher, close } = openAgent({ keepAliveMs, tls: config.tls, proxy: config.proxy }, deps);
  const skew = clockSkew(clock);
  const once = httpSend({
    dispatcher,
    clock,
    timeoutMs,
    maxBodyBytes: maxBodyBytes(pageSize),
    measured: skew.note,
  });
  const send = retrying(requested ? reporting(once, clock, requested) : once, {
    clock,
    random,
    budget: retryBudget(retriesHeld),
  });
  const credentials = openCredentials(config.credentials, {
    clock,
    send,
    iamEndpoint: iamEndpoint(config),
    projectId,
  });
  const gate = (deps.gates ?? keyGates(clock))(keyOf(config.credentials));
  const api = openApi({ endpoint: taskEndpoint(config), credentials, send, gate });
  const isDcs = engine === "dcs";
  const memory = pagingMemory(isDcs ? { name: "offset", base: 0 } : { name: "start", base: 1 });
  const headMemory: HeadMemory = { isPinned: true };
  let isCountDoubted = false;
  const formatTime = apiTime(config.timeZone);
  const notice = taskNotices(log);
  const beginParameter = isDcs ? "start_time" : "begin_time";

  /** Reads the page at a position; null when the API refuses the position as past the end. */
  async function pageAt(
    stream: Stream,
    window: ApiCall["query"],
    position: Position,
    head: ListingHead,
    options: CallOptions,
  ): Promise<Found | null> {
    const end = head.endMs === null ? [] : [["end_time", formatTime(head.endMs)] as const];
    const query = [
      [position.name, String(position.value)] as const,
      ["limit", String(pageSize)] as const,
      ...window,
      ...end,
    ];
    try {
      return await tasksOf("ListBackgroundTasks", stream, [], query, options);
    } catch (error) {
      if (!position.mayBeRefused || !(error instanceof SourceError) || error.api?.status !== 400) throw error;
      if (end.length === 0) return null;
      head.drop();
      return pageAt(stream, window, position, head, options);
    }
  }

  async function tasksOf(
    operation: string,
    stream: Stream,
    below: readonly string[],
    query: ApiCall["query"],
    options: CallOptions,
  ): Promise<Found> {
    const { projectId, instanceId } = stream;
    const resource = ["instances", instanceId, "tasks", ...below];
    const call = { operation, projectId, stream: streamKey(stream), resource, query };
    const response = await api({ ...call, shortenedBy: "pageSize" }, options);
    const page = parseTaskPage(response.body);
    if ("problem" in page) throw response.malformed(page.problem);
    return { page, response };
  }

  return {
    async *list(stream, beginMs, { signal, endMs }) {
      const window = [
        ...(beginMs > 0 ? [[beginParameter, formatTime(beginMs)] as const] : []),
        ...(endMs === undefined ? [] : [["end_time", formatTime(endMs)] as const]),
      ];
      const join = joinById();
      const walk = pageWalk(pageSize, memory);
      const head = new ListingHead(endMs === undefined ? headMemory : { isPinned: false });
      const overdue = listingLimit(clock, listBudgetMs);
      const { dialect } = memory;
      let step = walk.next();
      let tooLong: string | null = null;
      while (!step.done && tooLong === null) {
        head.turnTo(step.value);
        const found = await pageAt(stream, window, step.value, head, { signal });
        const { tasks, skipped, brought, doubled } = join(found?.page ?? noRecords, step.value.pass);
        const clockSkewMs = found?.response.clockSkewMs ?? null;
        notice(stream.instanceId, tasks, skipped);
        if (found) head.note(found.page, clock.now() + (clockSkewMs ?? 0));
        step = walk.next(found && { ...found.page, brought, doubled });
        tooLong = step.done || !found ? null : overdue(found.page);
        const doubt = step.done ? step.value : tooLong;
        yield { tasks, skipped, clockSkewMs, doubt, dialect: memory.dialect };
      }
      if (memory.dialect !== dialect)
        log("info", "the API's paging differs from its documentation", { ...memory.dialect });
      const tooMany = memory.uncounted ?? 0;
      if (tooMany > 0 && !isCountDoubted) {
        isCountDoubted = true;
        log("warn", "the API counts more tasks than it lists", { instance: stream.instanceId, tooMany });
      }
    },

    async get(stream, id, options) {
      try {
        const { page, response } = await tasksOf("ShowBackgroundTask", stream, [id], [], options);
        const task = page.tasks.find((task) => task.id === id);
        if (task) return task;
        const [unreadable] = page.skipped;
        throw response.malformed(unreadable ? `a task whose ${unreadable.problem}` : "none or another task");
      } catch (error) {
        if (error instanceof SourceError && isTaskGone(error)) return null;
        throw error;
      }
    },

    instances: async (options) =>
      config.instances === "all"
        ? listInstances(api, { engine, projectId }, options)
        : { instances: config.instances.map((id) => ({ id, name: null, createdAtMs: null })), isWhole: true },

    get clockSkewMs() {
      return skew.skewMs();
    },

    close,
  };
}

interface Found {
  readonly page: TaskPage;
  readonly response: ApiResponse;
}

/** A 404 with a service code about the task: not a proxy's, nor caused by a missing instance. */
const isTaskGone = ({ reason, api }: SourceError): boolean =>
  reason === "not_found" &&
  api !== null &&
  !instanceGoneCodes.has(api.code ?? "") &&
  ownCode.test(api.code ?? "");

/** Codes of the services; the gateway's begin otherwise, and DCS also uses numeric codes. */
const ownCode = /^(?:DMS\.|DCS\.|111\d{6}$)/;
