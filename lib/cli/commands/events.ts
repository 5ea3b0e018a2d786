import { sampleStatuses } from "../../change/sample.ts";
import { suggestion } from "../../config/check/suggest.ts";
import { type SinkName, sinkName } from "../../core/names.ts";
import type { DeliveryEntry, DeliveryOutcome, EventEntry } from "../../journal/entry.ts";
import { type EntryFilter, entriesSince, follow, passesFilter } from "../../journal/follow.ts";
import type { DamagedEntry, Journal, Journaled } from "../../journal/journal.ts";
import { choiceError, instantMs } from "../arguments.ts";
import type { Context } from "../context.ts";
import { type ExitCode, isOutage, usageError } from "../errors.ts";
import { count, instant, shortId, shortInstant, timeOfDay } from "../screen/format.ts";
import { eventLine } from "../screen/run-reporter.ts";
import { type Line, type Style, styleOf } from "../screen/text.ts";
import { type StoresToRead, withRecords } from "../session.ts";

/** Options of `events`. */
export interface EventsOptions {
  readonly since: string;
  readonly sink?: string;
  readonly status?: string;
  readonly follow?: true;
}

/** Shows emitted events with their deliveries; with `follow`, also new entries of all processes, until it is stopped. */
export const events = (context: Context, options: EventsOptions): Promise<ExitCode> =>
  withRecords(context, async (stores, { sinks }): Promise<ExitCode> => {
    const journal = journalOf(stores);
    const filter = filterOf(sinks, options);
    const sinceMs = instantMs("--since", options.since, context.clock.now());
    if (options.follow) await followEvents(context, journal, sinceMs, filter);
    else if (context.json) {
      for await (const entry of entriesSince(journal, sinceMs, filter))
        context.screen.out.json(entryAsJson(entry));
    } else await listEvents(context, journal, sinceMs, filter);
    return 0;
  });

/** The journal. @throws ConfigError when it is off */
function journalOf({ journal }: Pick<StoresToRead, "journal">): Journal {
  if (journal) return journal;
  throw usageError("journal.enabled", "true in the configuration: without a journal nothing is kept", "off");
}

const statusNames: readonly string[] = sampleStatuses;

function filterOf(sinks: readonly SinkName[], { sink, status }: EventsOptions): EntryFilter {
  const name = sink === undefined ? null : sinkName(sink);
  if (name && !sinks.includes(name)) throw choiceError("--sink", "a configured sink", name, sinks);
  const wanted = status?.toUpperCase();
  const meant = wanted && !statusNames.includes(wanted) ? suggestion(wanted, statusNames) : "";
  // The API may have other statuses.
  if (meant) throw usageError("--status", `a status${meant}`, status);
  return { ...(name && { sink: name }), ...(wanted !== undefined && { status: wanted }) };
}

async function followEvents(
  context: Context,
  journal: Journal,
  sinceMs: number,
  filter: EntryFilter,
): Promise<void> {
  const { clock, json, screen, stop, log } = context;
  let isReadable = true;
  const failed = (error: unknown): void => {
    if (!isOutage(error)) throw error;
    if (isReadable) log("warn", "the journal cannot be read; trying again", { problem: error.message });
    isReadable = false;
  };
  for await (const entry of follow(journal, { sinceMs }, { clock, signal: stop, failed })) {
    isReadable = true;
    if (!passesFilter(entry, filter)) continue;
    if (json) screen.out.json(entryAsJson(entry));
    else screen.out.fitted(...lineOf(entry, screen.out.columns));
  }
}

/** How one event's deliveries to one sink stand. */
interface DeliveryState {
  readonly last: DeliveryEntry;
  readonly attempts: number;
}

interface ListedEvent {
  readonly cells: Line;
  readonly sinks: Map<string, DeliveryState | null>;
}

async function listEvents(
  context: Context,
  journal: Journal,
  sinceMs: number,
  filter: EntryFilter,
): Promise<void> {
  const { out } = context.screen;
  const time = timeFormat(context);
  const rows = new Map<string, ListedEvent>();
  let damaged = 0;
  for await (const entry of entriesSince(journal, sinceMs, filter)) {
    if (entry.kind === "damaged") damaged += 1;
    else if (entry.kind === "event") rows.set(entry.event.id, rowOf(entry, filter, time));
    else {
      const row = rows.get(entry.eventId) ?? { cells: cellsOfDelivery(entry, time), sinks: new Map() };
      rows.set(entry.eventId, row);
      row.sinks.set(entry.sink, {
        last: entry,
        attempts: Math.max(entry.attempt, row.sinks.get(entry.sink)?.attempts ?? 0),
      });
    }
  }
  const listed = [...rows.values()];
  if (listed.length === 0) out.line(`No event since ${instant(sinceMs)}.`);
  else
    out.table(
      [
        { title: "TIME" },
        { title: "STATUS" },
        { title: "TASK", shrinks: true },
        { title: "ID" },
        { title: "INSTANCE", shrinks: true },
      ],
      listed.map(({ cells }) => cells),
      { below: (row) => Array.from(listed[row]?.sinks ?? [], ([sink, state]) => sinkLine(sink, state)) },
    );
  if (damaged > 0) out.line(["red", `${count(damaged, "entry", "entries")} of the journal cannot be read.`]);
}

/** An instant as the list shows it: short on a terminal. */
type TimeFormat = (ms: number) => string;

function timeFormat({ screen, clock }: Context): TimeFormat {
  const nowMs = clock.now();
  return screen.out.isTerminal ? (ms) => shortInstant(ms, nowMs) : instant;
}

const rowOf = (entry: EventEntry, { sink }: EntryFilter, time: TimeFormat): ListedEvent => ({
  cells: cellsOfEvent(entry, time),
  sinks: new Map(
    entry.sinks.filter((name) => sink === undefined || name === sink).map((name) => [name, null]),
  ),
});

function cellsOfEvent({ atMs, event }: EventEntry, time: TimeFormat): Line {
  const { task, change, instance } = event.data;
  return [
    ["dim", time(atMs)],
    [styleOf(change.to), change.to],
    task.name,
    shortId(task.id),
    ["dim", instance.name ?? instance.instanceId],
  ];
}

const cellsOfDelivery = ({ atMs, status, task }: DeliveryEntry, time: TimeFormat): Line => [
  ["dim", time(atMs)],
  [styleOf(status), status],
  ["dim", "(earlier event)"],
  shortId(task),
  "",
];

const outcomeStyles: Readonly<Record<DeliveryOutcome, Style>> = {
  accepted: "green",
  retried: "yellow",
  blocked: "red",
  "dead-lettered": "red",
  redriven: "cyan",
};

function sinkLine(sink: string, state: DeliveryState | null): Line {
  if (!state) return [`  ${sink}  `, ["dim", "not tried yet"]];
  const { last, attempts } = state;
  const tries = attempts > 1 ? `, ${count(attempts, "attempt")}` : "";
  return [`  ${sink}  `, outcomeSpan(last), tries, ...after(saidSpans(last))];
}

/** The outcome in its style. */
export const outcomeSpan = ({ outcome, isReplay }: DeliveryEntry): Line[number] => [
  outcomeStyles[outcome],
  isReplay ? `${outcome} (replay)` : outcome,
];

/** The sink's message, with the reason. */
export const saidSpans = ({ detail, reason, outcome }: DeliveryEntry): Line =>
  detail === null || outcome === "redriven" ? [] : [detail, ["dim", ` (${reason})`]];

const after = (said: Line): Line => (said.length > 0 ? [": ", ...said] : said);

/** The line of one entry in a live stream. */
function lineOf(entry: Journaled | DamagedEntry, columns: number | null): Line {
  switch (entry.kind) {
    case "event":
      return [["dim", `${timeOfDay(entry.atMs)}  `], ...eventLine(entry.event, columns)];
    case "delivery":
      return [
        ["dim", `${timeOfDay(entry.atMs)}  `],
        `${entry.sink}: `,
        outcomeSpan(entry),
        `  ${shortId(entry.task)} ${entry.status}`,
        ...after(saidSpans(entry)),
      ];
    case "damaged":
      return [["red", `${timeOfDay(entry.writtenMs)}  an entry cannot be read`]];
    default:
      return entry satisfies never;
  }
}

/** One entry for machines: instants as ISO 8601. */
export function entryAsJson(entry: Journaled | DamagedEntry): object {
  const { writtenMs, ...fields } = entry;
  if (fields.kind === "damaged") return { ...fields, at: new Date(writtenMs).toISOString() };
  const { atMs, kind, id, ...rest } = fields;
  return { kind, id, at: new Date(atMs).toISOString(), ...rest };
}
