import { eachOf } from "../../async/each.ts";
import { isFinal, type Task } from "../../change/task.ts";
import type { PartError } from "../../core/errors.ts";
import { type StreamKey, streamKey } from "../../core/names.ts";
import type { FailedSource } from "../../run/summary.ts";
import type { WatchedStream } from "../../source/discovery.ts";
import { instantMs, type NamedStream, selectStreams } from "../arguments.ts";
import type { Context } from "../context.ts";
import { type ExitCode, isOutage } from "../errors.ts";
import { age, count, instant } from "../screen/format.ts";
import { namesOn } from "../screen/names.ts";
import { withProgress } from "../screen/progress.ts";
import { type Line, styleOf } from "../screen/text.ts";
import { readConfigOf, withApi } from "../session.ts";

/** Options of `tasks`. */
export interface TasksOptions {
  readonly stream?: string;
  readonly open?: true;
  readonly since?: string;
  readonly until?: string;
  readonly output?: "wide";
}

/** Epoch milliseconds, both bounds included. */
interface CreatedWithin {
  readonly beginMs: number;
  readonly endMs: number | null;
}

interface ListedTasks {
  /** The stream's key; a source's own when its instances cannot be listed. */
  readonly key: string;
  readonly name: string | null;
  readonly tasks: readonly Task[];
  /** Warnings about unreadable records and about the listing. */
  readonly remarks: readonly string[];
  readonly error: PartError | null;
}

/** Lists the tasks that the API shows now, newest first. A stream that cannot be read does not affect others. */
export async function tasks(context: Context, options: TasksOptions): Promise<ExitCode> {
  const nowMs = context.clock.now();
  const beginMs = options.since === undefined ? 0 : instantMs("--since", options.since, nowMs);
  const endMs = options.until === undefined ? null : instantMs("--until", options.until, nowMs);
  return withApi(context, await readConfigOf(context), async (bridge) => {
    const listings = await withProgress(context, "reading tasks", async () => {
      const { streams, failedSources } = await bridge.discover(context.stop);
      const keys = new Set(selectStreams("--stream", options.stream, streams.map(named)));
      const chosen = streams.filter((watched) => keys.has(keyOf(watched)));
      const listings = await readAll(chosen, { beginMs, endMs }, context.stop);
      return [...listings, ...failedSources.map(unlisted)];
    });
    const wanted = listings.map((listing) => ({
      ...listing,
      // The API's time bounds are whole seconds.
      tasks: listing.tasks.filter(
        ({ status, createdAtMs }) =>
          !(options.open && isFinal(status)) &&
          createdAtMs >= beginMs &&
          createdAtMs <= (endMs ?? Number.POSITIVE_INFINITY),
      ),
    }));
    const isWide = options.output === "wide";
    if (context.json) context.screen.out.json(asJson(wanted));
    else show(context, wanted, isWide);
    return reportTrouble(context, wanted, isWide);
  });
}

/** The listing of a source whose instances cannot be listed. */
const unlisted = ({ key, error }: FailedSource): ListedTasks => ({
  key,
  name: null,
  tasks: [],
  remarks: [],
  error,
});

const named = (watched: WatchedStream): NamedStream => ({ key: keyOf(watched), name: watched.name });

const keyOf = ({ stream }: WatchedStream): StreamKey => streamKey(stream);

const streamsAtOnce = 4;

async function readAll(
  streams: readonly WatchedStream[],
  span: CreatedWithin,
  signal: AbortSignal,
): Promise<readonly ListedTasks[]> {
  const listings = new Map<WatchedStream, ListedTasks>();
  await eachOf(streams, streamsAtOnce, async (watched) => {
    listings.set(watched, await read(watched, span, signal));
  });
  return streams.flatMap((watched) => listings.get(watched) ?? []);
}

async function read(
  watched: WatchedStream,
  { beginMs, endMs }: CreatedWithin,
  signal: AbortSignal,
): Promise<ListedTasks> {
  const { stream, source, name } = watched;
  const found = new Map<string, Task>();
  const remarks: string[] = [];
  let error: ListedTasks["error"] = null;
  try {
    for await (const page of source.list(stream, beginMs, { signal, ...(endMs !== null && { endMs }) })) {
      for (const task of page.tasks) found.set(task.id, task);
      remarks.push(...page.skipped.map(({ id, problem }) => `task ${id ?? "without id"}: ${problem}`));
      if (page.doubt) remarks.push(page.doubt);
    }
  } catch (thrown) {
    if (!isOutage(thrown)) throw thrown;
    error = thrown;
  }
  const newestFirst = [...found.values()].toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  return { key: keyOf(watched), name, tasks: newestFirst, remarks, error };
}

function show({ screen, clock }: Context, listings: readonly ListedTasks[], isWide: boolean): void {
  const { out } = screen;
  const nowMs = clock.now();
  const names = namesOn(out, listings, isWide);
  const rows = listings
    .flatMap(({ key, name, tasks }) =>
      tasks.map((task) => ({ task, where: out.isTerminal ? names.stream(key) : (name ?? key) })),
    )
    .toSorted((a, b) => b.task.createdAtMs - a.task.createdAtMs);
  if (rows.length === 0) {
    out.line(`No tasks in ${count(listings.length, "stream")}.`);
    return;
  }
  out.table(
    [
      { title: "AGE", align: "right" },
      { title: "STATUS" },
      { title: "TASK", shrinks: true },
      { title: "USER", shrinks: true, isOptional: true },
      { title: "UPDATED", isOptional: true },
      { title: "ID" },
      { title: "INSTANCE", shrinks: "before-id" },
    ],
    rows.map(
      ({ task, where }): Line => [
        age(nowMs - task.createdAtMs),
        [styleOf(task.status), task.status],
        task.name,
        task.user.name ?? "-",
        task.updatedAtMs === null ? "-" : instant(task.updatedAtMs),
        names.id(task.id),
        where,
      ],
    ),
    { isWide },
  );
}

const reasonOf = (error: PartError): string => ("reason" in error ? error.reason : error.code);

const asJson = (listings: readonly ListedTasks[]) => ({
  tasks: listings.flatMap(({ key, tasks }) =>
    tasks.map(({ id, name, status, user, createdAtMs, updatedAtMs }) => ({
      stream: key,
      id,
      name,
      status,
      user,
      createdAt: new Date(createdAtMs).toISOString(),
      updatedAt: updatedAtMs === null ? null : new Date(updatedAtMs).toISOString(),
    })),
  ),
  errors: listings.flatMap(({ key, error }) =>
    error ? [{ stream: key, code: reasonOf(error), message: error.message }] : [],
  ),
});

function reportTrouble({ screen }: Context, listings: readonly ListedTasks[], isWide: boolean): ExitCode {
  let code: ExitCode = 0;
  const names = namesOn(screen.err, listings, isWide);
  for (const { key, remarks, error } of listings) {
    const name = names.stream(key);
    for (const remark of new Set(remarks)) screen.err.line(["yellow", "note: "], `${name}: ${remark}`);
    if (!error) continue;
    screen.err.line(["red", "cannot read "], `${name}: ${error.message} (${reasonOf(error)})`);
    code = 1;
  }
  return code;
}
