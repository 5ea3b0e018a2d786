import type { CloudEvent } from "../../change/event.ts";
import type { Checkpoint } from "../../checkpoint/checkpoint.ts";
import type { StreamKey } from "../../core/names.ts";
import type { DeliveryEntry } from "../../journal/entry.ts";
import { type DamagedEntry, isTaskNamed, type Journaled } from "../../journal/journal.ts";
import {
  type JournaledChange,
  type JournaledTask,
  type OwedEvent,
  type PendingAttempt,
  storiesOf,
} from "../../journal/story.ts";
import type { Bridge } from "../../wire/bridge.ts";
import { requireId, theOneId } from "../arguments.ts";
import type { Context } from "../context.ts";
import { type ExitCode, usageError } from "../errors.ts";
import { count, instant, span } from "../screen/format.ts";
import type { Output } from "../screen/output.ts";
import { styleOf } from "../screen/text.ts";
import { withBridge } from "../session.ts";
import { journalOf, outcomeSpan, saidSpans } from "./events.ts";

/** Shows the whole story of one task: its changes and their deliveries to each sink. */
export async function task(context: Context, id: string): Promise<ExitCode> {
  requireId("ID", "a task", id);
  return withBridge(context, async (bridge) => {
    const entries: (Journaled | DamagedEntry)[] = [];
    for await (const entry of journalOf(bridge).read({ sinceMs: 0, task: id })) entries.push(entry);
    const stories = storiesOf(entries, await owedEvents(bridge, id));
    const story = theOne(id, stories);
    if (context.json) context.screen.out.json(asJson(story));
    else show(context.screen.out, story);
    return 0;
  });
}

/** @throws ConfigError when there is none, or several */
function theOne(text: string, stories: readonly JournaledTask[]): JournaledTask {
  const id = theOneId(
    "ID",
    text,
    stories.map(({ task }) => task),
  );
  const story = stories.find(({ task }) => task === id);
  if (story) return story;
  throw usageError("ID", "a task that the journal knows: dms-task-bridge tasks shows what the API has", text);
}

/** What the records still hold of a task. */
async function owedEvents({ checkpoints }: Bridge, id: string): Promise<readonly OwedEvent[]> {
  const owed: OwedEvent[] = [];
  for (const stream of await checkpoints.list()) {
    const stored = await checkpoints.load(stream);
    if (stored) owed.push(...owedIn(stream, stored.checkpoint, id));
  }
  return owed;
}

const owedIn = (stream: StreamKey, { outbox }: Checkpoint, id: string): readonly OwedEvent[] =>
  outbox
    .filter(({ event }) => isTaskNamed(event.subject, id))
    .map(({ event, committedAtMs, pending }) => ({
      stream,
      event,
      committedMs: committedAtMs,
      pending: Array.from(pending, ([sink, state]): PendingAttempt => ({ sink, ...state })),
    }));

function show(out: Output, { task, stream, events }: JournaledTask): void {
  const event = events.findLast((each) => each.event !== null)?.event ?? null;
  out.fitted(["bold", task], `  ${event?.data.task.name ?? ""}`);
  const row = (title: string, text: string): void => out.line(["dim", title.padEnd(10)], text);
  row("instance", event?.data.instance.name ? `${event.data.instance.name} (${stream})` : stream);
  if (event) {
    const { user, createdAt, params } = event.data.task;
    row("user", user.name ? `${user.name} (${user.id ?? "-"})` : (user.id ?? "-"));
    row("created", instant(Date.parse(createdAt)));
    row("params", params === null ? "-" : JSON.stringify(params));
  }
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
  for (const { sink, attempts, nextAttemptMs } of pending) {
    const when = nextAttemptMs > 0 ? `, next attempt ${instant(nextAttemptMs)}` : "";
    out.line(`  ${sink}  `, ["yellow", "pending"], ` after ${count(attempts, "attempt")}${when}`);
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

const asJson = ({ task, stream, events }: JournaledTask) => {
  const latest: CloudEvent | null = events.findLast(({ event }) => event !== null)?.event ?? null;
  return {
    id: task,
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
      deliveries: deliveries.map(
        ({ sink, atMs, attempt, outcome, reason, detail, httpStatus, isReplay }) => ({
          sink,
          at: iso(atMs),
          attempt,
          outcome,
          reason,
          detail,
          httpStatus,
          ...(isReplay && { isReplay }),
        }),
      ),
      pending: pending.map(({ sink, attempts, nextAttemptMs }) => ({
        sink,
        attempts,
        nextAttemptAt: nextAttemptMs > 0 ? iso(nextAttemptMs) : null,
      })),
      event,
    })),
  };
};
