import { createHash } from "node:crypto";
import { type CloudEvent, eventJson } from "../../change/event.ts";

/** The part of a POST that the CloudEvents HTTP binding defines. */
export interface HttpMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The `webhook-id`: identical for each attempt with the same events. */
  readonly id: string;
}

/** Structured mode: the whole event in the body. */
export const structuredMessage = (event: CloudEvent): HttpMessage => ({
  headers: { "content-type": "application/cloudevents+json; charset=utf-8" },
  body: eventJson(event),
  id: webhookId(event),
});

/** Binary mode: the event's data in the body, its attributes in `ce-` headers. */
export function binaryMessage(event: CloudEvent): HttpMessage {
  const { data, datacontenttype, ...attributes } = event;
  const headers = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, headerValue(value)]);
  return {
    headers: { "content-type": datacontenttype, ...Object.fromEntries(headers) },
    body: JSON.stringify(data),
    id: webhookId(event),
  };
}

/** Batched mode: several events in one body. */
export const batchMessage = (events: readonly CloudEvent[]): HttpMessage => ({
  headers: { "content-type": "application/cloudevents-batch+json; charset=utf-8" },
  body: `[${events.map(eventJson)}]`,
  id: batchId(events),
});

/** Encodes a header value by the binding: space, `"`, `%` and all but printable ASCII are percent-encoded UTF-8. */
export const headerValue = (text: string): string =>
  text.replace(/[^\x21\x23\x24\x26-\x7e]/gu, percentEncoded);

const percentEncoded = (character: string): string =>
  Array.from(Buffer.from(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(
    "",
  );

/** A message with a custom body, which is not a CloudEvent. */
export const ownMessage = (event: CloudEvent, contentType: string, body: string): HttpMessage => ({
  headers: { "content-type": contentType },
  body,
  id: webhookId(event),
});

/** Turns the event's id into a `webhook-id`: Standard Webhooks forbids dots in an id, so they are percent-encoded too. */
const webhookId = ({ id }: CloudEvent): string => id.replace(/[^\x21-\x2d\x2f-\x7e]/gu, percentEncoded);

function batchId(events: readonly CloudEvent[]): string {
  const ids = events.map(({ id }) => id).toSorted();
  return `batch-${createHash("sha256").update(JSON.stringify(ids)).digest("hex").slice(0, 32)}`;
}
