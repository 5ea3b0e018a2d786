import type { CloudEvent } from "../../change/event.ts";
import { sampleEvent, sampleStatuses } from "../../change/sample.ts";
import type { LoadedSink } from "../../config/check/sinks.ts";
import type { SinkName } from "../../core/names.ts";
import { type Check, compileFilter, type Explanation } from "../../filter/filter.ts";
import { truncate } from "../../text/one-line.ts";
import { choiceError } from "../arguments.ts";
import type { Context } from "../context.ts";
import { type ExitCode, usageError } from "../errors.ts";
import { readEventFile } from "../event-file.ts";
import { requireWholeFilters } from "../filters.ts";
import type { Line } from "../screen/text.ts";
import { offlineSinksOf } from "../session.ts";

/** Options of `explain`. */
export interface ExplainOptions {
  readonly sink?: string;
  /** Path of the event's file, or `-` for stdin. */
  readonly event?: string;
  /** The sample event's status. */
  readonly status?: string;
}

/** Shows for each sink whether its filter accepts an event, and which fields decided. Sends nothing. */
export async function explain(context: Context, options: ExplainOptions): Promise<ExitCode> {
  const { sinks, unresolved } = await offlineSinksOf(context, options.sink);
  requireWholeFilters(unresolved);
  const event = await eventOf(context, options);
  const explained = Array.from(sinks, ([name, sink]) => ({
    sink: name,
    ...explanationOf(name, sink, event),
  }));
  const { out } = context.screen;
  if (context.json) out.json({ event: { id: event.id, type: event.type }, sinks: explained });
  else {
    out.line("event ", ["bold", event.id], `  ${event.type}`);
    for (const each of explained) show(context, each);
  }
  return 0;
}

/** A sink without a filter accepts everything. */
export const explanationOf = (name: SinkName, { common }: LoadedSink, event: CloudEvent): Explanation =>
  common.filter
    ? compileFilter(common.filter, `sinks.${name}.filter`).explain(event)
    : { matches: true, checks: [] };

function show(
  { screen: { out } }: Context,
  { sink, matches, checks }: Explanation & { sink: SinkName },
): void {
  out.line();
  const conclusion: Line = matches ? [["green", "takes it"]] : [["yellow", "leaves it out"]];
  out.line(["bold", sink], " ", ...conclusion, checks.length === 0 ? ": it has no filter" : "");
  if (checks.length > 0) {
    out.table(
      [{ title: "" }, { title: "FIELD" }, { title: "FOUND" }, { title: "EXPECTED" }],
      checks.map(row),
    );
  }
}

const row = ({ field, expected, found, passed, by }: Check): Line => [
  passed ? ["green", "  ✓"] : ["red", "  ✗"],
  field,
  found,
  // In a list with one item it is obvious which one passed.
  by === null || expected === `[${by}]` ? short(expected) : `${short(expected)}, passed by ${short(by)}`,
];

const maxShownCharacters = 80;
const short = (text: string): string => truncate(text, maxShownCharacters);

async function eventOf(context: Context, { event, status }: ExplainOptions): Promise<CloudEvent> {
  if (event === undefined) return sample(context, status);
  if (status !== undefined)
    throw usageError("--status", "no status beside --event, which has its own", status);
  const written = await readEventFile(context, event);
  if (isEvent(written)) return written;
  throw usageError("--event", "one event as JSON: an object with the texts id and type", event);
}

function sample({ clock }: Context, status: string | undefined): CloudEvent {
  if (status === undefined || sampleStatuses.some((known) => known === status)) {
    return sampleEvent(clock.now(), status);
  }
  throw choiceError("--status", "a status", status, sampleStatuses);
}

/** Other fields may hold anything: filters accept any value. */
const isEvent = (value: unknown): value is CloudEvent =>
  typeof value === "object" &&
  value !== null &&
  "id" in value &&
  typeof value.id === "string" &&
  "type" in value &&
  typeof value.type === "string";
