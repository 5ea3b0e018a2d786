import { type CloudEvent, timeInId } from "../../change/event.ts";
import type { KnownTask } from "../../change/known.ts";
import type { ReadConfig } from "../../config/load.ts";
import { ConfigError, type PartError } from "../../core/errors.ts";
import { taskId } from "../../core/names.ts";
import type { ReplayEvent } from "../../delivery/replay.ts";
import type { DeliveryEntry } from "../../journal/entry.ts";
import type { JournaledChange, JournaledTask } from "../../journal/story.ts";
import { requireId, theOneId } from "../arguments.ts";
import type { Context } from "../context.ts";
import { type ExitCode, usageError } from "../errors.ts";
import { count, instant, span } from "../screen/format.ts";
import type { Output } from "../screen/output.ts";
import { withProgress } from "../screen/progress.ts";
import { styleOf } from "../screen/text.ts";
import { withApi, withRecords } from "../session.ts";
import { type StoredStories, storedStories } from "../stories.ts";
import { outcomeSpan, saidSpans } from "./events.ts";

/** A task, as far as it is known. */
interface FoundTask extends JournaledTask {
  /** Origin of the task: the journal or a record (`store`), or only the API (`api`). */
  readonly from: "store" | "api";
  /** The task in its stream's record; null when the record does not have it. */
  readonly known: KnownTask | null;
  /** Its newest event; for a task of the API one that was never emitted. */
  readonly latest: CloudEvent | null;
  /** Whether the journal is on; without it only what is pending is known. */
  readonly isJournaled: boolean;
}

/**
 * Shows the whole story of one task: its changes and their deliveries to each sink. A task without any event here is
 * shown as the API has it now.
 */
export async function task(context: Context, id: string): Promise<ExitCode> {
  requireId("ID", "a task", id);
  return withRecords(context, async (stores, _, read): Promise<ExitCode> => {
    const stored = await storedStories(stores, id);
    reportErrors(context, stored.errors);
    const whole = stored.stories.find((story) => story.task === id);
    const ofApi = whole && latestOf(whole) ? [] : await tasksOfApi(context, read, id, stored);
    const found = foundTask(id, stored, ofApi, stores.journal !== null);
    if (!found)
      throw usageError(
        "ID",
        `a task that ${stores.journal ? "the journal, " : ""}a record or the API knows`,
        id,
      );
    if (context.json) context.screen.out.json(asJson(found));
    else show(context.screen.out, found);
    return 0;
  });
}

/**
 * The events that the API has for the tasks of an id, which the store may know none of. Where the store knows some, the
 * API may be missing.
 * @throws ConfigError
 */
async function tasksOfApi(
  context: Context,
  read: ReadConfig,
  id: string,
  { stories }: StoredStories,
): Promise<readonly ReplayEvent[]> {
  const { clock, stop, screen } = context;
  const request = { sinceMs: 0, untilMs: clock.now(), task: id };
  try {
    const { events, errors } = await withProgress(context, "asking the API", () =>
      withApi(context, read, ({ replays }) => replays.rebuild(request, stop)),
    );
    reportErrors(context, errors);
    return events;
  } catch (error) {
    if (!(error instanceof ConfigError) || stories.length === 0) throw error;
    if (stories.some((story) => story.task === id)) return [];
    const fields = error.issues.map(({ field }) => field).join(", ");
    const why = `the API was not asked, which needs ${fields}`;
    screen.err.line(["yellow", "warning: "], `${id} may fit other tasks: ${why}`);
    return [];
  }
}

/** The newest event that is known of a task; null for none. */
const latestOf = ({ events }: Pick<JournaledTask, "events">): CloudEvent | null =>
  events.findLast(({ event }) => event !== null)?.event ?? null;

/** The one task that an id names; null for none. @throws ConfigError for an id of several */
function foundTask(
  id: string,
  { stories, recorded }: StoredStories,
  ofApi: readonly ReplayEvent[],
  isJournaled: boolean,
): FoundTask | null {
  const ids = [
    ...stories.map((story) => story.task),
    ...recorded.keys(),
    ...ofApi.map(({ event }) => taskId(event.subject)),
  ];
  const named = theOneId("ID", id, ids);
  if (named === null) return null;
  const task = taskId(named);
  const record = recorded.get(task);
  const common = { task, known: record?.known ?? null, isJournaled };
  const story = stories.find((each) => each.task === task);
  const shown = ofApi.findLast(({ event }) => event.subject === task);
  if (!story && shown)
    return { ...common, stream: shown.stream, events: [], from: "api", latest: shown.event };
  const [stream, events] = story ? [story.stream, story.events] : [record?.stream, []];
  const latest = latestOf({ events }) ?? shown?.event ?? null;
  return stream ? { ...common, stream, events, from: "store", latest } : null;
}

function reportErrors({ screen }: Context, errors: ReadonlyMap<string, PartError>): void {
  for (const [key, { message }] of errors) screen.err.line(["red", "cannot read "], `${key}: ${message}`);
}

function show(
  out: Output,
  { task, stream, events, from, latest: event, known, isJournaled }: FoundTask,
): void {
  out.fitted(["bold", task], `  ${event?.data.task.name || known?.name || "(its name is not kept)"}`);
  const row = (title: string, text: string): void => out.line(["dim", title.padEnd(10)], text);
  row("instance", event?.data.instance.name ? `${event.data.instance.name} (${stream})` : stream);
  if (event) {
    const { user, createdAt, params } = event.data.task;
    row("user", user.name ? `${user.name} (${user.id ?? "-"})` : (user.id ?? "-"));
    row("created", instant(Date.parse(createdAt)));
    row("params", params === null ? "-" : JSON.stringify(params));
  }
  const statusRow = (status: string, sinceMs: number | null): void => {
    const since = sinceMs === null ? "" : ` since ${instant(sinceMs)}`;
    out.line(["dim", "status".padEnd(10)], [styleOf(status), status], since);
  };
  if (!event && known) {
    row("created", instant(known.createdAtMs));
    statusRow(known.status, known.updatedAtMs);
  }
  if (events.length === 0 && from === "store") row("from", "its stream's record, which has no event of it");
  if (event && from === "api") {
    const { status, updatedAt } = event.data.task;
    statusRow(status, Date.parse(updatedAt));
    const stores = isJournaled ? "neither the journal nor a record has" : "no record has";
    row("from", `the API, as it is now: ${stores} an event of it`);
  }
  if (!isJournaled) row("journal", "off, so only what is pending is known: set journal.enabled to true");
  for (const each of events) {
    out.line();
    showEvent(out, each);
  }
}

function showEvent(
  out: Output,
  { eventId, event, status, committedMs, sinks, deliveries, pending }: JournaledChange,
): void {
  const atMs = event ? Date.parse(event.time) : timeInId(eventId);
  const lasted =
    event && event.data.change.durationMs > 0 ? `  after ${span(event.data.change.durationMs)}` : "";
  const known = committedMs === null ? "" : `  committed ${instant(committedMs)}`;
  out.fitted([styleOf(status), status], `  ${atMs === null ? "-" : instant(atMs)}${lasted}`, [
    "dim",
    event ? known : "  the journal no longer has its event",
  ]);
  for (const delivery of deliveries) showDelivery(out, delivery);
  for (const { sink, attempts, nextAttemptMs, isParked } of pending) {
    const when = nextAttemptMs > 0 ? `, next attempt ${instant(nextAttemptMs)}` : "";
    const how = isParked
      ? " parked beside the record until earlier events of the sink are delivered"
      : ` after ${count(attempts, "attempt")}${when}`;
    out.line(`  ${sink}  `, ["yellow", "pending"], how);
  }
  if (sinks?.length === 0) out.line(["dim", "  no sink's filter takes it"]);
}

function showDelivery(out: Output, delivery: DeliveryEntry): void {
  const { atMs, sink, attempt } = delivery;
  const tries = attempt > 1 ? `  attempt ${attempt}` : "";
  out.fitted(`  ${sink}  `, outcomeSpan(delivery), ["dim", `  ${instant(atMs)}${tries}`]);
  const said = saidSpans(delivery);
  if (said.length > 0) out.line("    ", ...said);
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

const asJson = ({ task, stream, events, from, latest, known, isJournaled }: FoundTask) => ({
  id: task,
  from,
  isJournaled,
  stream,
  task: latest?.data.task ?? null,
  instance: latest?.data.instance ?? null,
  known: known && {
    status: known.status,
    updatedAt: iso(known.updatedAtMs),
    createdAt: iso(known.createdAtMs),
  },
  events: events.map(({ eventId, status, committedMs, event, sinks, deliveries, pending }) => ({
    id: eventId,
    status,
    from: event?.data.change.from ?? null,
    at: event?.time ?? iso(timeInId(eventId)),
    observedAt: event?.data.change.observedAt ?? null,
    committedAt: iso(committedMs),
    sinks,
    deliveries: deliveries.map(({ sink, atMs, attempt, outcome, reason, detail, httpStatus, isReplay }) => ({
      sink,
      at: iso(atMs),
      attempt,
      outcome,
      reason,
      detail,
      httpStatus,
      ...(isReplay && { isReplay }),
    })),
    pending: pending.map(({ sink, attempts, nextAttemptMs, isParked }) => ({
      sink,
      attempts,
      nextAttemptAt: nextAttemptMs > 0 ? iso(nextAttemptMs) : null,
      ...(isParked && { isParked }),
    })),
    event,
  })),
});
