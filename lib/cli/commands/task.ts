import type { CloudEvent } from "../../change/event.ts";
import type { PartError } from "../../core/errors.ts";
import { taskId } from "../../core/names.ts";
import type { DeliveryEntry } from "../../journal/entry.ts";
import type { JournaledChange, JournaledTask } from "../../journal/story.ts";
import type { Bridge } from "../../wire/bridge.ts";
import { requireId, theOneId } from "../arguments.ts";
import type { Context } from "../context.ts";
import { type ExitCode, usageError } from "../errors.ts";
import { count, instant, span } from "../screen/format.ts";
import type { Output } from "../screen/output.ts";
import { withProgress } from "../screen/progress.ts";
import { styleOf } from "../screen/text.ts";
import { type StoresToRead, withApi, withRecords } from "../session.ts";
import { storedStories } from "../stories.ts";
import { outcomeSpan, saidSpans } from "./events.ts";

/** A task, as far as it is known. */
interface FoundTask extends JournaledTask {
  /** Origin of the task: the journal or a record (`store`), or only the API (`api`). */
  readonly from: "store" | "api";
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
    const ofApi = () =>
      withApi(context, read, (bridge) => taskOfApi(context, bridge, stores.journal !== null, id));
    const found = (await storedTask(context, stores, id)) ?? (await ofApi());
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

/** @throws ConfigError for an id of several */
async function storedTask(context: Context, stores: StoresToRead, id: string): Promise<FoundTask | null> {
  const { stories, errors } = await storedStories(stores, id);
  reportErrors(context, errors);
  const ids = stories.map((story) => story.task);
  const named = theOneId("ID", id, ids);
  const story = stories.find((each) => each.task === named);
  const latest = story?.events.findLast(({ event }) => event !== null)?.event ?? null;
  return story ? { ...story, from: "store", latest, isJournaled: stores.journal !== null } : null;
}

/** @throws ConfigError for an id of several */
async function taskOfApi(
  context: Context,
  { replays }: Pick<Bridge, "replays">,
  isJournaled: boolean,
  id: string,
): Promise<FoundTask | null> {
  const { clock, stop } = context;
  const request = { sinceMs: 0, untilMs: clock.now(), task: id };
  const { events, errors } = await withProgress(context, "asking the API", () =>
    replays.rebuild(request, stop),
  );
  reportErrors(context, errors);
  const ids = events.map(({ event }) => event.subject);
  const named = theOneId("ID", id, ids);
  const found = events.findLast(({ event }) => event.subject === named);
  if (!found) return null;
  const { stream, event } = found;
  return { task: taskId(event.subject), stream, events: [], from: "api", latest: event, isJournaled };
}

function reportErrors({ screen }: Context, errors: ReadonlyMap<string, PartError>): void {
  for (const [key, { message }] of errors) screen.err.line(["red", "cannot read "], `${key}: ${message}`);
}

function show(out: Output, { task, stream, events, from, latest: event, isJournaled }: FoundTask): void {
  out.fitted(["bold", task], `  ${event?.data.task.name ?? ""}`);
  const row = (title: string, text: string): void => out.line(["dim", title.padEnd(10)], text);
  row("instance", event?.data.instance.name ? `${event.data.instance.name} (${stream})` : stream);
  if (event) {
    const { user, createdAt, params } = event.data.task;
    row("user", user.name ? `${user.name} (${user.id ?? "-"})` : (user.id ?? "-"));
    row("created", instant(Date.parse(createdAt)));
    row("params", params === null ? "-" : JSON.stringify(params));
  }
  if (event && from === "api") {
    const { status, updatedAt } = event.data.task;
    out.line(
      ["dim", "status".padEnd(10)],
      [styleOf(status), status],
      ` since ${instant(Date.parse(updatedAt))}`,
    );
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
  { event, status, committedMs, sinks, deliveries, pending }: JournaledChange,
): void {
  const at = event ? instant(Date.parse(event.time)) : "-";
  const lasted =
    event && event.data.change.durationMs > 0 ? `  after ${span(event.data.change.durationMs)}` : "";
  out.fitted([styleOf(status), status], `  ${at}${lasted}`, [
    "dim",
    committedMs === null ? "" : `  committed ${instant(committedMs)}`,
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

const asJson = ({ task, stream, events, from, latest, isJournaled }: FoundTask) => ({
  id: task,
  from,
  isJournaled,
  stream,
  task: latest?.data.task ?? null,
  instance: latest?.data.instance ?? null,
  events: events.map(({ eventId, status, committedMs, event, sinks, deliveries, pending }) => ({
    id: eventId,
    status,
    from: event?.data.change.from ?? null,
    at: event?.time ?? null,
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
