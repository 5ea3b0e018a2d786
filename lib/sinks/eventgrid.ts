import * as v from "valibot";
import type { CloudEvent } from "../change/event.ts";
import type { SinkName } from "../core/names.ts";
import type { DeliveryResult, Refusal } from "../core/result.ts";
import { described, filledText } from "../options/fields.ts";
import { parseJson } from "../text/json.ts";
import { adaptiveBatch } from "./http/adaptive-batch.ts";
import { doubtMs, type SinkResponse } from "./http/response.ts";
import { type HuaweiOperation, huaweiEntries, openOperation } from "./huawei/post.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const idText = (expected: string) => v.pipe(v.string(expected), v.regex(/^[\w-]{1,64}$/, expected));
const regionExpectation = "a region such as cn-north-4";

/** Schema of the options of a sink of type `eventgrid`. */
export const schema = v.strictObject({
  region: described(
    v.pipe(v.string(regionExpectation), v.regex(/^[a-z0-9-]+$/, regionExpectation)),
    "Region of the channel.",
  ),
  projectId: described(idText("a project's id"), "Project id of the channel."),
  channelId: described(idText("an event channel's id"), "Id of the custom event channel."),
  source: described(
    v.optional(filledText("the name of an event source")),
    "Name of the custom event source that subscriptions select by, sent as the events' `source`; by default the events' own.",
  ),
  ...huaweiEntries("eg"),
});

/** Checked options of a sink of type `eventgrid`. */
export type EventGridOptions = v.InferOutput<typeof schema>;

const maxEventsInRequest = 20;
/** A request may have 256 KB, including brackets, commas and a rewritten `source`. */
const maxEventBytes = 250_000;

/** Publishes events to a channel of Huawei Cloud's EventGrid. */
export function create(name: SinkName, options: EventGridOptions, deps: SinkDeps): Sink {
  const { region, projectId, channelId, source } = options;
  const path = `/v1/${projectId}/channels/${channelId}/events`;
  const operation = openOperation({ service: "eg", region, projectId, path }, options, deps);
  const batch = adaptiveBatch(maxEventsInRequest);

  return {
    name,
    get batch() {
      return { maxEvents: batch.maxEvents, maxBytes: maxEventBytes };
    },
    async deliver(events, call) {
      if (events.length === 0) return [];
      const outcome = await operation.post(JSON.stringify({ events: events.map(published(source)) }), call);
      if (outcome.kind !== "response") return events.map(() => outcome);
      const result = operation.toResult(outcome);
      const report = reportIn(outcome.body);
      if (result.kind === "accepted") {
        batch.grow();
        return events.map(({ id }) => eventResult(report, id, operation, outcome));
      }
      if (result.reason !== "rejected" && result.reason !== "too_large") return events.map(() => result);
      return batch.refuse(explained(result, report, operation), events.length);
    },
    close: operation.close,
  };
}

/** The attributes that EventGrid documents. `partitionkey` is left out: it repeats the subject. */
const published =
  (source: string | undefined) =>
  ({ partitionkey: _, ...event }: CloudEvent): object => ({ ...event, source: source ?? event.source });

const entry = v.object({
  event_id: v.string(),
  error_code: v.nullish(v.union([v.string(), v.number()])),
  error_msg: v.nullish(v.string()),
});
const reportSchema = v.object({ failed_count: v.number(), events: v.nullish(v.array(entry), []) });
type ReportedEvent = v.InferOutput<typeof entry>;
type Report = v.InferOutput<typeof reportSchema>;

/** The response's entry for each event; null when there is none. */
function reportIn(body: string): Report | null {
  const parsed = v.safeParse(reportSchema, parseJson(body));
  return parsed.success ? parsed.output : null;
}

function eventResult(
  report: Report | null,
  id: string,
  operation: HuaweiOperation,
  response: SinkResponse,
): DeliveryResult {
  if (report?.failed_count === 0) return { kind: "accepted" };
  if (!report) return operation.doubt(response, "EventGrid's report");
  const found = report.events.find(({ event_id }) => event_id === id);
  if (!found) {
    const detail = operation.quote("the response omits an event");
    return { kind: "retry", reason: "server_error", detail, retryAfterMs: doubtMs };
  }
  if (!found.error_code) return { kind: "accepted" };
  const detail = operation.quote(reply(found));
  return isTooLarge(found)
    ? { kind: "permanent", reason: "too_large", detail }
    : // EventGrid lists no codes: one that may pass must not become a dead letter.
      { kind: "retry", reason: "server_error", detail };
}

/** The refusal of a request, from the first event that the response marks as failed. */
function explained(refusal: Refusal, report: Report | null, operation: HuaweiOperation): Refusal {
  const fault = report?.events.find(({ error_code }) => error_code);
  if (!fault) return refusal;
  const detail = operation.quote(reply(fault));
  if (isTooLarge(fault)) return { kind: "permanent", reason: "too_large", detail };
  const { kind, reason, status } = refusal;
  return { kind, reason, detail, ...(status === undefined ? {} : { status }) };
}

const reply = ({ error_code, error_msg }: ReportedEvent): string => `${error_code} ${error_msg ?? ""}`;
const isTooLarge = ({ error_code }: ReportedEvent): boolean => /533012$/.test(String(error_code));
