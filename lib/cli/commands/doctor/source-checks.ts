import { eachOf } from "../../../async/each.ts";
import type { Task } from "../../../change/task.ts";
import type { PartError } from "../../../core/errors.ts";
import { streamKey } from "../../../core/names.ts";
import type { WatchedStream } from "../../../source/discovery.ts";
import type { Page } from "../../../source/task-source.ts";
import { streamAction } from "../../../status/actions.ts";
import type { Bridge } from "../../../wire/bridge.ts";
import type { Context } from "../../context.ts";
import { isOutage } from "../../errors.ts";
import { count, span } from "../../screen/format.ts";
import { type CheckResult, type Finding, failed, ok, warning } from "./finding.ts";

/** Signatures are refused at fifteen minutes. */
const maxSkewMs = 60_000;
const dayMs = 86_400_000;
const mostStreams = 20;
const streamsAtOnce = 4;

/** Findings of one stream's listing. */
interface Reading {
  readonly watched: WatchedStream;
  readonly tasks: readonly Task[];
  readonly skewMs: number | null;
  readonly doubt: string | null;
  readonly dialect: Page["dialect"] | null;
  readonly pages: number;
  readonly error: PartError | null;
}

/** Credentials, rights, clock, zone and paging of the live API, by a fair sample of the streams. Reads only. */
export async function checkSources({ stop, clock }: Context, bridge: Bridge): Promise<readonly Finding[]> {
  const { streams, failedSources } = await bridge.discover(stop);
  const lost = failedSources.map(({ key, error }) => ({
    check: "sources",
    ...failed(`${key}: ${error.message}`, "correct the source's key, region or network"),
  }));
  if (streams.length === 0) {
    const none = warning("no instance", "check region and projectId, or create an instance");
    return lost.length > 0 ? lost : [{ check: "sources", ...none }];
  }
  const readings: Reading[] = [];
  await eachOf(fairSample(streams), streamsAtOnce, async (watched) => {
    readings.push(await read(watched, clock.now() - dayMs, stop));
  });
  return [
    ...lost,
    { check: "sources", ...readable(streams.length, readings) },
    { check: "clock", ...clocks(readings) },
    { check: "zone", ...(await zones(readings, stop)) },
    { check: "paging", ...paging(readings) },
  ];
}

/** Streams of each source in turn, so that each has a part. */
export function fairSample(streams: readonly WatchedStream[]): readonly WatchedStream[] {
  const bySource = [...Map.groupBy(streams, ({ source }) => source).values()];
  const rounds = Math.max(...bySource.map(({ length }) => length));
  return Array.from({ length: rounds }, (_, round) => bySource.flatMap((own) => own[round] ?? []))
    .flat()
    .slice(0, mostStreams);
}

async function read(watched: WatchedStream, beginMs: number, signal: AbortSignal): Promise<Reading> {
  const tasks: Task[] = [];
  let last: Page | null = null;
  let [doubt, skewMs, pages]: [string | null, number | null, number] = [null, null, 0];
  let error: PartError | null = null;
  try {
    for await (const page of watched.source.list(watched.stream, beginMs, { signal })) {
      tasks.push(...page.tasks);
      skewMs = page.clockSkewMs ?? skewMs;
      doubt ??= page.doubt;
      pages += 1;
      last = page;
    }
  } catch (thrown) {
    if (!isOutage(thrown)) throw thrown;
    error = thrown;
    if ("clockSkewMs" in thrown) skewMs = thrown.clockSkewMs;
  }
  return { watched, tasks, skewMs, doubt, dialect: last?.dialect ?? null, pages, error };
}

const nameOf = ({ watched: { name, stream } }: Reading): string => name ?? streamKey(stream);

function readable(total: number, readings: readonly Reading[]): CheckResult {
  const [first, ...others] = readings.filter(({ error }) => error !== null);
  const tasks = readings.reduce((sum, reading) => sum + reading.tasks.length, 0);
  const sample = readings.length < total ? `, ${readings.length} of them read` : "";
  const found = `${count(total, "instance")}${sample}, ${count(tasks, "task")} of the last day`;
  if (!first?.error) return ok(found);
  const more = others.length > 0 ? ` and ${others.length} more` : "";
  const code = "reason" in first.error ? first.error.reason : first.error.code;
  return failed(`${nameOf(first)}${more}: ${first.error.message}`, streamAction(code));
}

function clocks(readings: readonly Reading[]): CheckResult {
  const skews = readings.flatMap(({ skewMs }) => (skewMs === null ? [] : [Math.abs(skewMs)]));
  if (skews.length === 0) return warning("the API did not tell the time", "check the endpoint");
  const most = Math.max(...skews);
  const found = `${span(most)} off the API's`;
  return most > maxSkewMs ? failed(found, "set this machine's clock, such as by NTP") : ok(found);
}

/** Asks for the tasks since the newest one: an API that reads the time in another zone gives others, or none. */
async function zones(readings: readonly Reading[], signal: AbortSignal): Promise<CheckResult> {
  const tried = [
    ...Map.groupBy(
      readings.filter(({ tasks }) => tasks.length > 0),
      ({ watched }) => watched.source,
    ).values(),
  ];
  const results = await Promise.all(tried.flatMap(([reading]) => (reading ? [zoneOf(reading, signal)] : [])));
  const worst =
    results.find(({ result }) => result === "failed") ?? results.find(({ result }) => result === "warning");
  if (worst) return worst;
  return ok(
    results.length > 0
      ? "times are read in the source's timeZone"
      : "not known: no task of the last day to tell it by",
  );
}

async function zoneOf(reading: Reading, signal: AbortSignal): Promise<CheckResult> {
  const newestMs = Math.max(...reading.tasks.map(({ createdAtMs }) => createdAtMs));
  const since = await read(reading.watched, newestMs, signal);
  if (since.error) return warning(`${nameOf(reading)}: ${since.error.message}`, "run it again");
  const mend = "set the source's timeZone to that of its region, such as Asia/Shanghai";
  // A task may have ended and gone meanwhile; any as new will do.
  if (since.tasks.every(({ createdAtMs }) => createdAtMs < newestMs))
    return failed(`${nameOf(reading)}: tasks are missing from their own second on`, mend);
  const older = since.tasks.filter(({ createdAtMs }) => createdAtMs < newestMs - 1_000).length;
  if (older > 0)
    return warning(`${nameOf(reading)}: ${count(older, "task")} from before the time asked for`, mend);
  return ok("");
}

function paging(readings: readonly Reading[]): CheckResult {
  const doubtful = readings.find(({ doubt }) => doubt !== null);
  if (doubtful)
    return warning(
      `${nameOf(doubtful)}: ${doubtful.doubt}`,
      "report it: the API pages in a way that is not known",
    );
  const spoken = new Set(
    readings.flatMap(({ dialect }) => (dialect ? [`${dialect.name} from ${dialect.base}`] : [])),
  );
  const isProven = readings.some(({ pages }) => pages > 1);
  return ok(`${[...spoken].join(", ") || "not known"}${isProven ? "" : " (one page had all tasks)"}`);
}
